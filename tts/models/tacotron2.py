"""Tacotron 2 (Shen et al. 2018, arXiv 1712.05884), up to the mel: symbols → frames, one after the other, by attention.

The sizes and details are those of NVIDIA's and TorchAudio's implementations, whose public weights it takes. They leave
the paper in this: one LSTM before the attention and one after it, in place of two after it; weights are dropped out of
the LSTMs' outputs in place of zoneout; the mel and the stop token have a projection each.

What such models do at the edges of a batch (their convolutions read the padding) is done here only where `isolated` is
False, to compare numbers; else each row comes out as it does alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tts.models.acoustic import AcousticModel, MelResult
from tts.models.alignment import FINISHED_FRAMES, AlignmentWatch, alignment_failure, monotonic_durations
from tts.models.masks import length_mask
from tts.models.prenet import Dropout, Prenet

# A frame that will not be heard must not look like speech still to come: the stop logit of padding.
PADDING_STOP_LOGIT = 1e3
# A stop more probable than this is one (section 2.2).
STOP_THRESHOLD = 0.5
# Of the frames in which the attention has stayed at the end, these are kept: the last sound fades in them.
END_FRAMES = 15


@dataclass(frozen=True)
class Tacotron2Dimensions:
    n_symbols: int
    n_mels: int = 80
    embedding_channels: int = 512
    encoder_channels: int = 512
    encoder_kernel_size: int = 5
    n_encoder_convolutions: int = 3
    attention_rnn_channels: int = 1024
    decoder_rnn_channels: int = 1024
    prenet_channels: int = 256
    n_prenet_layers: int = 2
    attention_channels: int = 128
    location_filters: int = 32
    location_kernel_size: int = 31
    postnet_channels: int = 512
    postnet_kernel_size: int = 5
    n_postnet_convolutions: int = 5
    rnn_dropout: float = 0.1


@dataclass(frozen=True)
class Frames:
    """What the decoder makes, for a batch.

    mel_before_postnet, mel [B, n_mels, T]; stop_logits [B, T]; alignments [B, T, symbols], each frame's sum to 1;
    lengths [B] in frames, the one on which a row stops counted.
    """

    mel_before_postnet: Tensor
    mel: Tensor
    stop_logits: Tensor
    alignments: Tensor
    lengths: Tensor


class Tacotron2(AcousticModel):
    def __init__(self, dimensions: Tacotron2Dimensions) -> None:
        super().__init__()
        d = self.dimensions = dimensions
        self.embedding = nn.Embedding(d.n_symbols, d.embedding_channels)
        self.encoder = Encoder(d)
        self.decoder = Decoder(d)
        self.postnet = Postnet(d)

    def forward(
        self, ids: Tensor, lengths: Tensor, mel: Tensor, mel_lengths: Tensor, *, isolated: bool = True
    ) -> Frames:
        """Predict every frame of a mel [B, n_mels, T] from the true frames before it (teacher forcing).

        ids [B, symbols], lengths and mel_lengths [B] count what is real. The prenet's dropout is on here as everywhere
        (section 2.2); set `decoder.prenet.p` to 0 to be without it.
        """
        memory = self.encode(ids, lengths, isolated=isolated)
        inputs = torch.cat([mel.new_zeros(len(mel), 1, mel.shape[1]), mel.transpose(1, 2)[:, :-1]], dim=1)
        inputs = self.decoder.prenet(inputs)
        state = self.decoder.start(memory, lengths)
        steps = [self.decoder(frame, state) for frame in inputs.unbind(1)]
        return self._frames(steps, mel_lengths, isolated=isolated)

    def encode(self, ids: Tensor, lengths: Tensor, *, isolated: bool = True) -> Tensor:
        """ids [B, symbols] → what the attention reads [B, symbols, encoder_channels], zero at padding."""
        mask = length_mask(lengths, ids.shape[1])[:, None] if isolated else None
        encoded: Tensor = self.encoder(self.embedding(ids).transpose(1, 2), lengths, mask)
        return encoded

    @torch.no_grad()
    def infer(
        self,
        ids: Tensor,
        lengths: Tensor,
        *,
        max_frames: int = 2000,
        stop_threshold: float = STOP_THRESHOLD,
        generators: list[np.random.Generator] | None = None,
        isolated: bool = True,
        watch: AlignmentWatch | None = None,
    ) -> Frames:
        """Speak ids [B, symbols] until every row's stop probability has passed the threshold, or `max_frames`.

        `generators` draw the prenet's dropout, one a row. A row that has stopped goes on until all have; only its first
        `lengths` frames are speech. `watch` may end it all earlier.
        """
        state = self.decoder.start(self.encode(ids, lengths, isolated=isolated), lengths)
        dropout = Dropout(self.decoder.prenet.p, generators, ids.device)
        frame = state.memory.new_zeros(len(ids), self.dimensions.n_mels)
        n_frames = torch.zeros(len(ids), dtype=torch.long, device=ids.device)
        running = torch.ones(len(ids), dtype=torch.bool, device=ids.device)
        steps: list[Step] = []
        while running.any() and len(steps) < max_frames:
            step = self.decoder(self.decoder.prenet(frame, dropout), state)
            steps.append(step)
            frame = step.frame
            n_frames += running
            running &= torch.sigmoid(step.stop_logit) <= stop_threshold
            if watch is not None and watch.is_over(step.weights):
                break
        return self._frames(steps, n_frames, isolated=isolated)

    def speak(
        self,
        ids: Tensor,
        *,
        speed: float = 1.0,
        pitch: float = 0.0,
        energy: float = 1.0,
        generator: np.random.Generator | None = None,
    ) -> MelResult:
        """The mel is stretched to the speed after it is made: the attention keeps the pace that it has learned."""
        generator = generator or np.random.default_rng(0)
        watch = AlignmentWatch(len(ids))
        limit = frame_limit(len(ids))
        lengths = torch.tensor([len(ids)], device=ids.device)
        frames = self.infer(ids[None], lengths, max_frames=limit, generators=[generator], watch=watch)
        heard = slice(0, frames.mel.shape[2] - (FINISHED_FRAMES - END_FRAMES) * watch.has_finished)
        mel, alignment = frames.mel[0, :, heard], frames.alignments[0, heard]
        stopped = bool(torch.sigmoid(frames.stop_logits[0, -1]) > STOP_THRESHOLD) or watch.has_finished
        sources = stretched(mel.shape[1], speed, mel.device)
        durations = monotonic_durations(alignment, sources.round().long())
        return MelResult(at_times(mel, sources), durations, failure=alignment_failure(alignment, stopped=stopped))

    def _frames(self, steps: list[Step], lengths: Tensor, *, isolated: bool) -> Frames:
        before = torch.stack([step.frame for step in steps], dim=2)
        mask = length_mask(lengths, len(steps))[:, None] if isolated else None
        stops = torch.stack([step.stop_logit for step in steps], dim=1)
        alignments = torch.stack([step.weights for step in steps], dim=1)
        return Frames(before, before + self.postnet(before, mask), stops, alignments, lengths)


def masked(frames: Frames) -> Frames:
    """The same with the mels' padding at 0 and the stop logits' where it cannot be taken for speech."""
    mask = length_mask(frames.lengths, frames.mel.shape[2])
    return replace(
        frames,
        mel_before_postnet=frames.mel_before_postnet * mask[:, None],
        mel=frames.mel * mask[:, None],
        stop_logits=frames.stop_logits.masked_fill(~mask, PADDING_STOP_LOGIT),
    )


def frame_limit(n_symbols: int) -> int:
    """Frames after which speech of `n_symbols` must have ended: twice what a slow reader takes for letters."""
    return 100 + 15 * n_symbols


def stretched(n_frames: int, speed: float, device: torch.device) -> Tensor:
    """Where in `n_frames` frames those of `speed` times the speed lie: [round(n_frames / speed)], at least one."""
    count = max(1, round(n_frames / speed))
    return ((torch.arange(count, device=device) + 0.5) * (n_frames / count) - 0.5).clamp(0, n_frames - 1)


def at_times(mel: Tensor, sources: Tensor) -> Tensor:
    """mel [n_mels, T] read at fractional frames [T'], straight lines between: [n_mels, T']."""
    lower = sources.floor().long()
    upper = (lower + 1).clamp(max=mel.shape[1] - 1)
    return torch.lerp(mel[:, lower], mel[:, upper], sources - lower)


class ConvolutionWithNorm(nn.Module):
    """A convolution over time with batch norm behind it: x [B, C, T] → [B, C', T]."""

    def __init__(self, n_in: int, n_out: int, kernel_size: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(n_in, n_out, kernel_size, padding=kernel_size // 2)
        self.norm = nn.BatchNorm1d(n_out)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """mask [B, 1, T]: what lies in the padding is read as zero, which is what lies beyond the end of a row."""
        y: Tensor = self.norm(self.convolution(x if mask is None else x * mask))
        return y


class Encoder(nn.Module):
    """Three convolutions and a bidirectional LSTM (section 2.2): x [B, C, symbols] → [B, symbols, C]."""

    def __init__(self, d: Tacotron2Dimensions) -> None:
        super().__init__()
        widths = (d.embedding_channels, *[d.encoder_channels] * d.n_encoder_convolutions)
        self.layers = nn.ModuleList(ConvolutionWithNorm(*pair, d.encoder_kernel_size) for pair in pairwise(widths))
        self.lstm = nn.LSTM(widths[-1], d.encoder_channels // 2, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor, lengths: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layers:
            x = functional.dropout(torch.relu(layer(x, mask)), 0.5, self.training)
        packed = pack_padded_sequence(x.transpose(1, 2), lengths.cpu(), batch_first=True, enforce_sorted=False)
        memory, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.shape[2])
        return memory


class Attention(nn.Module):
    """Location-sensitive attention (Chorowski et al. 2015, arXiv 1506.07503, eq. 8 and 9)."""

    def __init__(self, d: Tacotron2Dimensions) -> None:
        super().__init__()
        self.query = nn.Linear(d.attention_rnn_channels, d.attention_channels, bias=False)
        self.memory = nn.Linear(d.encoder_channels, d.attention_channels, bias=False)
        self.location_filters = nn.Conv1d(
            2, d.location_filters, d.location_kernel_size, padding=d.location_kernel_size // 2, bias=False
        )
        self.location = nn.Linear(d.location_filters, d.attention_channels, bias=False)
        self.energy = nn.Linear(d.attention_channels, 1, bias=False)

    def forward(self, query: Tensor, state: DecoderState) -> Tensor:
        """query [B, C] → weights over the symbols [B, symbols], zero at padding."""
        heard = torch.stack([state.weights, state.cumulative_weights], dim=1)
        location = self.location(self.location_filters(heard).transpose(1, 2))
        energies = self.energy(torch.tanh(self.query(query)[:, None] + location + state.keys)).squeeze(2)
        return torch.softmax(energies.masked_fill(~state.mask, -torch.inf), dim=1)


@dataclass
class DecoderState:
    """What a step reads and leaves behind: memory [B, symbols, C], keys (its projection), mask and weights
    [B, symbols], context [B, C], and hidden and cell of either LSTM [B, C]."""

    memory: Tensor
    keys: Tensor
    mask: Tensor
    weights: Tensor
    cumulative_weights: Tensor
    context: Tensor
    attention_rnn: tuple[Tensor, Tensor]
    decoder_rnn: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Step:
    """One frame [B, n_mels], its stop logit [B] and attention weights [B, symbols]."""

    frame: Tensor
    stop_logit: Tensor
    weights: Tensor


class Decoder(nn.Module):
    """One frame from the one before (section 2.2): LSTM, attention, LSTM, then the frame and the stop token."""

    def __init__(self, d: Tacotron2Dimensions) -> None:
        super().__init__()
        self.dimensions = d
        self.prenet = Prenet(d.n_mels, d.prenet_channels, d.n_prenet_layers)
        self.attention_rnn = nn.LSTMCell(d.prenet_channels + d.encoder_channels, d.attention_rnn_channels)
        self.attention = Attention(d)
        self.decoder_rnn = nn.LSTMCell(d.attention_rnn_channels + d.encoder_channels, d.decoder_rnn_channels)
        self.to_frame = nn.Linear(d.decoder_rnn_channels + d.encoder_channels, d.n_mels)
        self.to_stop = nn.Linear(d.decoder_rnn_channels + d.encoder_channels, 1)

    def start(self, memory: Tensor, lengths: Tensor) -> DecoderState:
        """The state before the first frame: all zeros beside the memory [B, symbols, C]."""
        batch, n_symbols, channels = memory.shape
        d = self.dimensions
        return DecoderState(
            memory=memory,
            keys=self.attention.memory(memory),
            mask=length_mask(lengths, n_symbols),
            weights=memory.new_zeros(batch, n_symbols),
            cumulative_weights=memory.new_zeros(batch, n_symbols),
            context=memory.new_zeros(batch, channels),
            attention_rnn=(memory.new_zeros(batch, d.attention_rnn_channels),) * 2,
            decoder_rnn=(memory.new_zeros(batch, d.decoder_rnn_channels),) * 2,
        )

    def forward(self, frame: Tensor, state: DecoderState) -> Step:
        """frame [B, prenet_channels], already through the prenet; the state is brought forward."""
        state.attention_rnn = self._rnn(self.attention_rnn, [frame, state.context], state.attention_rnn)
        query = state.attention_rnn[0]
        state.weights = self.attention(query, state)
        state.cumulative_weights = state.cumulative_weights + state.weights
        state.context = torch.bmm(state.weights[:, None], state.memory)[:, 0]
        state.decoder_rnn = self._rnn(self.decoder_rnn, [query, state.context], state.decoder_rnn)
        heard = torch.cat([state.decoder_rnn[0], state.context], dim=1)
        return Step(self.to_frame(heard), self.to_stop(heard)[:, 0], state.weights)

    def _rnn(self, cell: nn.LSTMCell, inputs: list[Tensor], state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        hidden, memory = cell(torch.cat(inputs, dim=1), state)
        return functional.dropout(hidden, self.dimensions.rnn_dropout, self.training), memory


class Postnet(nn.Module):
    """Five convolutions that refine the mel (section 2.2); what they give is added: [B, n_mels, T] → the same shape."""

    def __init__(self, d: Tacotron2Dimensions) -> None:
        super().__init__()
        widths = (d.n_mels, *[d.postnet_channels] * (d.n_postnet_convolutions - 1), d.n_mels)
        self.layers = nn.ModuleList(ConvolutionWithNorm(*pair, d.postnet_kernel_size) for pair in pairwise(widths))

    def forward(self, mel: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layers[:-1]:
            mel = functional.dropout(torch.tanh(layer(mel, mask)), 0.5, self.training)
        return functional.dropout(self.layers[-1](mel, mask), 0.5, self.training)
