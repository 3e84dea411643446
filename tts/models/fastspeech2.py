"""FastSpeech 2 (Ren et al. 2020, arXiv 2006.04558): symbols → durations, pitch, energy → mel, all frames at once.

Deviations, each for speed or stability on small hardware:
- the decoder consists of ConvNeXt blocks (no attention over frames): its cost is linear in time and its receptive field
  is bounded, so long sentences are as safe as short ones;
- layer norm comes before each sublayer, not after it (Xiong et al. 2020, arXiv 2002.04745);
- pitch is predicted per frame, as log F0 without the wavelet transform, energy as the mean over a symbol; both enter
  through 256 bins as in section 2.3, interpolated between neighbouring bins;
- frames receive their position in their symbol (fraction, duration) in place of the decoder's positional encoding.

With several speakers, an embedding of the speaker is added to the encoder's output, before the predictors, and each
speaker has an offset of log F0: what tells a man's pitch from a woman's is one number, which the embedding alone learns
slowly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from tts.models.base import MelRequest, SpeakerMix
from tts.models.torch_network import AcousticNetwork, MelResult, length_mask, mix_weights, speaker_embedding
from tts.models.vocos import ConvNeXtBlock

# log2 of F0 in Hz, and natural log of the mel frame's L2 norm: the ranges that the bins of section 2.3 cover.
PITCH_RANGE = (math.log2(60.0), math.log2(520.0))
ENERGY_RANGE = (-8.0, 5.0)


@dataclass(frozen=True)
class FastSpeech2Dimensions:
    n_symbols: int
    n_mels: int = 80
    channels: int = 192
    n_heads: int = 2
    encoder_hidden: int = 768
    encoder_kernel_size: int = 3
    n_encoder_blocks: int = 4
    decoder_hidden: int = 768
    decoder_kernel_size: int = 7
    n_decoder_blocks: int = 6
    predictor_channels: int = 192
    n_bins: int = 256
    n_postnet_layers: int = 0
    dropout: float = 0.1
    n_speakers: int = 1


@dataclass(frozen=True)
class Prediction:
    """The results of one pass over a batch of S symbols and T frames; in training, later stages use the targets."""

    mel: Tensor  # [B, n_mels, T]
    mel_before_postnet: Tensor  # [B, n_mels, T]
    log_durations: Tensor  # [B, S], log(frames + 1)
    log_f0: Tensor  # [B, T], log2 Hz
    energy: Tensor  # [B, S]
    durations: Tensor  # [B, S], the frames in use


class FastSpeech2(AcousticNetwork):
    controls = frozenset({"speed", "pitch", "energy"})

    def __init__(self, dimensions: FastSpeech2Dimensions) -> None:
        super().__init__()
        d = self.dimensions = dimensions
        self.embed = nn.Embedding(d.n_symbols, d.channels)
        self.encoder = nn.ModuleList(FeedForwardTransformerBlock(d) for _ in range(d.n_encoder_blocks))
        self.encoder_norm = nn.LayerNorm(d.channels)
        self.duration_predictor = VariancePredictor(d)
        self.energy_predictor = VariancePredictor(d)
        self.energy_embed = BinnedEmbedding(ENERGY_RANGE, d.n_bins, d.channels)
        self.place_in_symbol = nn.Linear(3, d.channels)
        self.pitch_predictor = VariancePredictor(d)
        self.pitch_embed = BinnedEmbedding(PITCH_RANGE, d.n_bins, d.channels)
        self.decoder = nn.ModuleList(
            ConvNeXtBlock(d.channels, d.decoder_hidden, d.decoder_kernel_size) for _ in range(d.n_decoder_blocks)
        )
        self.decoder_norm = nn.LayerNorm(d.channels)
        self.to_mel = nn.Linear(d.channels, d.n_mels)
        self.postnet = Postnet(d.n_mels, d.n_postnet_layers) if d.n_postnet_layers else None
        self.speaker_embed = speaker_embedding(d.n_speakers, d.channels)
        self.speaker_pitch = speaker_embedding(d.n_speakers, 1)

    def forward(
        self,
        ids: Tensor,
        id_lengths: Tensor,
        durations: Tensor | None = None,
        log_f0: Tensor | None = None,
        energy: Tensor | None = None,
        *,
        speed: float = 1.0,
        pitch: float = 0.0,
        energy_scale: float = 1.0,
        speaker_weights: Tensor | None = None,
    ) -> Prediction:
        """ids [B, S]; durations [B, S], log_f0 [B, T] and energy [B, S] replace the predictions where given.

        speaker_weights [B, n_speakers] add up to 1 in each row; a network with several speakers needs them.
        """
        symbol_mask = length_mask(id_lengths, ids.shape[1])[..., None]
        x = self.embed(ids) + sinusoids(ids.shape[1], self.dimensions.channels, ids.device)
        for block in self.encoder:
            x = block(x, symbol_mask)
        x = self.encoder_norm(x) * symbol_mask
        if self.speaker_embed is not None:
            assert speaker_weights is not None
            x = x + (speaker_weights @ self.speaker_embed.weight)[:, None] * symbol_mask

        log_durations = self.duration_predictor(x, symbol_mask)
        predicted_energy = self.energy_predictor(x, symbol_mask)
        used_energy = predicted_energy + math.log(energy_scale) if energy is None else energy
        x = x + self.energy_embed(used_energy)
        if durations is None:
            durations = round_durations(torch.expm1(log_durations).clamp(min=0) / speed * symbol_mask[..., 0])

        frames = regulate_length(x, durations) + self.place_in_symbol(positions_in_symbols(durations).to(x.dtype))
        frame_mask = length_mask(durations.sum(1), frames.shape[1])[..., None]
        predicted_log_f0 = self.pitch_predictor(frames, frame_mask) + sum(PITCH_RANGE) / 2
        if self.speaker_pitch is not None:
            assert speaker_weights is not None
            predicted_log_f0 = predicted_log_f0 + speaker_weights @ self.speaker_pitch.weight
        used_log_f0 = predicted_log_f0 + pitch / 12 if log_f0 is None else log_f0

        x = frames + self.pitch_embed(used_log_f0)
        for block in self.decoder:
            x = block(x, frame_mask)
        mel = self.to_mel(self.decoder_norm(x)).transpose(1, 2)
        refined = mel if self.postnet is None else mel + self.postnet(mel * frame_mask.transpose(1, 2))
        return Prediction(refined, mel, log_durations, predicted_log_f0, predicted_energy, durations)

    @torch.inference_mode()
    def speak(
        self,
        ids: Tensor,
        *,
        speed: float = 1.0,
        pitch: float = 0.0,
        energy: float = 1.0,
        generator: np.random.Generator | None = None,
        speakers: SpeakerMix = (),
    ) -> MelResult:
        """ids [symbols] → mel; of several speakers, the first one speaks if none is given."""
        lengths = torch.tensor([len(ids)], device=ids.device)
        weights = mix_weights([speakers], self.dimensions.n_speakers, ids.device)
        result = self(ids[None], lengths, speed=speed, pitch=pitch, energy_scale=energy, speaker_weights=weights)
        return MelResult(result.mel[0], result.durations[0], torch.exp2(result.log_f0[0] + pitch / 12))

    def speak_all(self, requests: Sequence[MelRequest]) -> list[MelResult]:
        return [
            self.speak(
                torch.tensor(each.ids, device=self.device),
                speed=each.speed,
                pitch=each.pitch,
                energy=each.energy,
                speakers=each.speakers,
            )
            for each in requests
        ]


class FeedForwardTransformerBlock(nn.Module):
    """Self-attention, then two convolutions over time (figure 1b): x [B, S, channels] → the same shape."""

    def __init__(self, d: FastSpeech2Dimensions) -> None:
        super().__init__()
        self.n_heads = d.n_heads
        self.attention_norm = nn.LayerNorm(d.channels)
        self.qkv = nn.Linear(d.channels, 3 * d.channels)
        self.attention_out = nn.Linear(d.channels, d.channels)
        self.conv_norm = nn.LayerNorm(d.channels)
        self.expand = nn.Conv1d(d.channels, d.encoder_hidden, d.encoder_kernel_size, padding=d.encoder_kernel_size // 2)
        self.contract = nn.Conv1d(d.encoder_hidden, d.channels, 1)
        self.dropout = nn.Dropout(d.dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, channels = x.shape
        qkv = self.qkv(self.attention_norm(x)).view(batch, length, 3, self.n_heads, channels // self.n_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask.view(batch, 1, 1, length))
        x = x + self.dropout(self.attention_out(y.transpose(1, 2).reshape(batch, length, channels)))
        y = (self.conv_norm(x) * mask).transpose(1, 2)
        y = self.contract(torch.relu(self.expand(y))).transpose(1, 2)
        out: Tensor = x + self.dropout(y)
        return out


class VariancePredictor(nn.Module):
    """Two convolutions with ReLU, layer norm, dropout, then a number per position (figure 1c): [B, T, C] → [B, T]."""

    def __init__(self, d: FastSpeech2Dimensions, kernel_size: int = 5) -> None:
        super().__init__()
        channels = (d.channels, d.predictor_channels, d.predictor_channels)
        self.convs = nn.ModuleList(
            nn.Conv1d(n_in, n_out, kernel_size, padding=kernel_size // 2) for n_in, n_out in pairwise(channels)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(c) for c in channels[1:])
        self.dropout = nn.Dropout(d.dropout)
        self.out = nn.Linear(channels[-1], 1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = conv((x * mask).transpose(1, 2)).transpose(1, 2)
            x = self.dropout(norm(torch.relu(x)))
        out: Tensor = self.out(x).squeeze(-1)
        return out


class BinnedEmbedding(nn.Module):
    """Numbers in `limits` → the embeddings of the two bins around each, interpolated: [B, T] → [B, T, C]."""

    def __init__(self, limits: tuple[float, float], n_bins: int, channels: int) -> None:
        super().__init__()
        self.low, self.high = limits
        self.embed = nn.Embedding(n_bins, channels)
        nn.init.normal_(self.embed.weight, std=0.1)

    def forward(self, values: Tensor) -> Tensor:
        last = self.embed.num_embeddings - 1
        position = ((values - self.low) / (self.high - self.low) * last).clamp(0, last - 1e-3)
        lower = position.floor()
        weight = (position - lower)[..., None]
        lower = lower.long()
        blended: Tensor = self.embed(lower) * (1 - weight) + self.embed(lower + 1) * weight
        return blended


class Postnet(nn.Module):
    """Convolutions that add detail to a mel [B, n_mels, T] (Shen et al. 2018, section 2.3)."""

    def __init__(self, n_mels: int, n_layers: int, channels: int = 256, kernel_size: int = 5) -> None:
        super().__init__()
        widths = (n_mels, *[channels] * (n_layers - 1), n_mels)
        self.convs = nn.ModuleList(
            nn.Conv1d(n_in, n_out, kernel_size, padding=kernel_size // 2) for n_in, n_out in pairwise(widths)
        )

    def forward(self, mel: Tensor) -> Tensor:
        for conv in self.convs[:-1]:
            mel = torch.tanh(conv(mel))
        out: Tensor = self.convs[-1](mel)
        return out


def round_durations(durations: Tensor) -> Tensor:
    """Real durations [B, S] in frames → integers; boundaries are rounded, so that errors do not accumulate."""
    boundaries = torch.round(torch.cumsum(durations, dim=1)).long()
    return torch.diff(boundaries, dim=1, prepend=boundaries.new_zeros(len(boundaries), 1))


def regulate_length(x: Tensor, durations: Tensor) -> Tensor:
    """x [B, S, C], integer durations [B, S] → each symbol repeated over its frames [B, T, C], padded with zeros."""
    repeated = [torch.repeat_interleave(row, d, dim=0) for row, d in zip(x, durations, strict=True)]
    return nn.utils.rnn.pad_sequence(repeated, batch_first=True)


def positions_in_symbols(durations: Tensor) -> Tensor:
    """Integer durations [B, S] → each frame's fraction of its symbol from both ends, and log duration: [B, T, 3]."""
    rows = []
    for d in durations:
        each = torch.repeat_interleave(d, d).float()
        starts = torch.repeat_interleave(torch.cumsum(d, 0) - d, d)
        fraction = (torch.arange(len(each), device=d.device) - starts + 0.5) / each
        rows.append(torch.stack([fraction, 1 - fraction, torch.log(each)], dim=1))
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)


def sinusoids(length: int, channels: int, device: torch.device) -> Tensor:
    """Positions as sines and cosines [length, channels] (Vaswani et al. 2017, section 3.5)."""
    rates = torch.exp(torch.arange(0, channels, 2, device=device) * (-math.log(10_000.0) / channels))
    angles = torch.arange(length, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
