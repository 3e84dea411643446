"""Tacotron 2 (Shen et al. 2018, arXiv 1712.05884), up to the mel: symbols → frames, one after the other, by attention.

The sizes and details are those of NVIDIA's and TorchAudio's implementations, whose public weights it takes. They leave
the paper in this: one LSTM before the attention and one after it, in place of two after it; weights are dropped out of
the LSTMs' outputs in place of zoneout; the mel and the stop token have a projection each.

What such models do at the edges of a batch (their convolutions read the padding) is done here only where `isolated` is
False, to compare numbers; else each row comes out as it does alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tts.kernels import tacotron2 as kernel
from tts.kernels.kept import Kept
from tts.models.acoustic import AcousticModel, MelResult
from tts.models.alignment import FINISHED_FRAMES, AlignmentWatch, alignment_failure, monotonic_durations
from tts.models.masks import length_mask
from tts.models.prenet import Dropout, Prenet
from tts.models.rows import alike
from tts.models.stages import MelRequest

# A frame that will not be heard must not look like speech still to come: the stop logit of padding.
PADDING_STOP_LOGIT = 1e3
# A stop more probable than this is one (section 2.2).
STOP_THRESHOLD = 0.5
# Of the frames in which the attention has stayed at the end, these are kept: the last sound fades in them.
END_FRAMES = 15
# So many utterances are spoken together; eight read weights at 2.6 times the speed of one, sixteen at 2.9 times.
MOST_ROWS = 16


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
    precisions = ("float32", "bfloat16", "int8")

    def __init__(self, dimensions: Tacotron2Dimensions) -> None:
        super().__init__()
        d = self.dimensions = dimensions
        self.embedding = nn.Embedding(d.n_symbols, d.embedding_channels)
        self.encoder = Encoder(d)
        self.decoder = Decoder(d)
        self._kept = Kept()
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
        before = torch.stack([step.frame for step in steps], dim=2)
        stops = torch.stack([step.stop_logit for step in steps], dim=1)
        alignments = torch.stack([step.weights for step in steps], dim=1)
        return self._frames(before, stops, alignments, mel_lengths, isolated=isolated)

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
    ) -> Frames:
        """Speak ids [B, symbols] until every row's stop probability has passed the threshold, or `max_frames`.

        `generators` draw the prenet's dropout, one a row. Only a row's first `lengths` frames are speech; the decoder's
        own are zero after them where `isolated`, else the row goes on until all have stopped.
        """
        memory = self.encode(ids, lengths, isolated=isolated)
        ending = kernel.Ending(max_frames, stop_threshold, rows_leave=isolated)
        decoded = self._decode(memory, lengths, generators, ending)
        before = decoded.frames.transpose(1, 2)
        return self._frames(before, decoded.stop_logits, decoded.alignments, decoded.lengths, isolated=isolated)

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
        return self._speak_together([MelRequest(ids.tolist(), speed, pitch, energy, generator)])[0]

    def speak_all(self, requests: Sequence[MelRequest]) -> list[MelResult]:
        """Several at a time share each frame's reading of the weights, where that changes no bit of any."""
        most = MOST_ROWS if kernel.rows_are_apart(self.embedding.weight) else 1
        made: dict[int, MelResult] = {}
        for rows in alike([len(each.ids) for each in requests], most):
            made |= zip(rows, self._speak_together([requests[row] for row in rows]), strict=True)
        return [made[row] for row in range(len(requests))]

    @torch.no_grad()
    def _speak_together(self, requests: Sequence[MelRequest]) -> list[MelResult]:
        """Only the decoder speaks them together; convolutions would gain nothing, and change a row's last bits."""
        ids = [torch.tensor(each.ids, device=self.device) for each in requests]
        lengths = torch.tensor([len(row) for row in ids], device=self.device)
        encoded = [self.encode(row[None], lengths[i : i + 1])[0] for i, row in enumerate(ids)]
        memory = nn.utils.rnn.pad_sequence(encoded, batch_first=True)
        watches = [AlignmentWatch(len(row), frame_limit(len(row))) for row in ids]
        ending = kernel.Ending(
            max(frame_limit(len(row)) for row in ids),
            STOP_THRESHOLD,
            lambda row, weights: watches[row].is_over(weights),
        )
        decoded = self._decode(memory, lengths, [each.generator for each in requests], ending)
        return [
            self._spoken(decoded, row, len(ids[row]), watches[row].has_finished, requests[row].speed)
            for row in range(len(requests))
        ]

    def _decode(
        self, memory: Tensor, lengths: Tensor, generators: list[np.random.Generator] | None, ending: kernel.Ending
    ) -> kernel.Decoded:
        d = self.dimensions
        dropout = Dropout(self.decoder.prenet.p, generators, memory.device)

        def draw(n_frames: int, running: Sequence[bool]) -> Tensor:
            return dropout.factors(n_frames, d.n_prenet_layers, d.prenet_channels, running)

        weights = self.decoder.weights()
        return kernel.decode(weights, memory, lengths, draw, ending, self.precision, self._kept)

    def _spoken(self, decoded: kernel.Decoded, row: int, n_symbols: int, has_finished: bool, speed: float) -> MelResult:
        """What the decoder made of one row, as speech; `has_finished`: the attention has stayed at the end."""
        n_frames = int(decoded.lengths[row])
        stopped = bool(torch.sigmoid(decoded.stop_logits[row, n_frames - 1]) > STOP_THRESHOLD) or has_finished
        before = decoded.frames[row : row + 1, :n_frames].transpose(1, 2)
        heard = slice(0, n_frames - (FINISHED_FRAMES - END_FRAMES) * has_finished)
        mel = (before + self.postnet(before, None))[0, :, heard]
        alignment = decoded.alignments[row, heard, :n_symbols]
        sources = stretched(mel.shape[1], speed, mel.device)
        durations = monotonic_durations(alignment, sources.round().long())
        return MelResult(at_times(mel, sources), durations, failure=alignment_failure(alignment, stopped=stopped))

    def _frames(self, before: Tensor, stops: Tensor, alignments: Tensor, lengths: Tensor, *, isolated: bool) -> Frames:
        mask = length_mask(lengths, before.shape[2])[:, None] if isolated else None
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

    def weights(self) -> kernel.DecoderWeights:
        """As the operation takes them."""
        return kernel.DecoderWeights(
            prenet=tuple(self.prenet.parameters()),
            attention_rnn=kernel.Lstm(*self.attention_rnn.parameters()),
            query=self.attention.query.weight,
            memory=self.attention.memory.weight,
            location_filters=self.attention.location_filters.weight,
            location=self.attention.location.weight,
            energy=self.attention.energy.weight,
            decoder_rnn=kernel.Lstm(*self.decoder_rnn.parameters()),
            frame=self.to_frame.weight,
            frame_bias=self.to_frame.bias,
            stop=self.to_stop.weight,
            stop_bias=self.to_stop.bias,
        )

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
