"""Tacotron 2 (Shen et al. 2018, arXiv 1712.05884), up to the mel: symbols → frames, one after the other, by attention.

The sizes and details are those of NVIDIA's and TorchAudio's implementations, whose public weights it loads. They differ
from the paper in this: one LSTM before the attention and one after it, in place of two after it; dropout of the LSTMs'
outputs in place of zoneout; the mel and the stop token have a projection each. With several speakers, an embedding of
the speaker is added to the encoder's output.

In those implementations the convolutions read the padding of a batch. Here they do so only where `isolated` is False,
to compare numbers; else each row of a batch is computed as it is on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tts.kernels import tacotron2 as kernel
from tts.kernels.execution import WeightCache
from tts.models.base import MelRequest, similar_lengths
from tts.models.torch_network import (
    AcousticNetwork,
    MelResult,
    length_mask,
    mix_weights,
    speaker_embedding,
    uniform,
)

# The stop logit of padding: it must not look like speech that goes on.
PADDING_STOP_LOGIT = 1e3
# A stop token more probable than this ends the speech (section 2.2).
STOP_THRESHOLD = 0.5
# Of the frames in which the attention has stayed at the end, so many remain: the last sound fades in them.
END_FRAMES = 15
# Utterances decoded together; eight read the weights at 2.6 times the speed of one, sixteen at 2.9 times.
MAX_ROWS = 16
# The prenet's dropout masks are drawn for this many frames at a time: a draw per frame would cost more than the frame.
BLOCK_FRAMES = 64

# Limits of the attention, for speech at 60 to 130 frames a second; a reader pauses a second at a comma, never two.
# Frames on one symbol (but the last) after which the attention will not go on.
STUCK_FRAMES = 150
# Frames on the last symbol after which the speech is over, though there was no stop token.
FINISHED_FRAMES = 60
# Symbols at the end that the attention may leave out: punctuation has no sound.
TAIL_SYMBOLS = 3
# Symbols skipped in one frame, or gone back: about a word. Silent letters come in twos and threes.
JUMP_SYMBOLS = 8
# Nobody speaks faster: LJ Speech has six frames per letter.
MIN_FRAMES_PER_SYMBOL = 1.5
# A frame is focused when one symbol and its neighbours hold this much of its attention.
FOCUS = 0.4


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
    n_speakers: int = 1


@dataclass(frozen=True)
class Frames:
    """What the decoder returns for a batch.

    mel_before_postnet, mel [B, n_mels, T]; stop_logits [B, T]; alignments [B, T, symbols], each frame's sum to 1;
    lengths [B] in frames, the one on which a row stops counted.
    """

    mel_before_postnet: Tensor
    mel: Tensor
    stop_logits: Tensor
    alignments: Tensor
    lengths: Tensor


class Tacotron2(AcousticNetwork):
    precisions = ("float32", "bfloat16", "int8")

    def __init__(self, dimensions: Tacotron2Dimensions) -> None:
        super().__init__()
        d = self.dimensions = dimensions
        self.embedding = nn.Embedding(d.n_symbols, d.embedding_channels)
        self.encoder = Encoder(d)
        self.decoder = Decoder(d)
        self._cache = WeightCache()
        self.postnet = Postnet(d)
        self.speaker_embed = speaker_embedding(d.n_speakers, d.encoder_channels)

    def forward(
        self,
        ids: Tensor,
        lengths: Tensor,
        mel: Tensor,
        mel_lengths: Tensor,
        speaker_weights: Tensor | None = None,
        *,
        isolated: bool = True,
    ) -> Frames:
        """Predict every frame of a mel [B, n_mels, T] from the true frames before it (teacher forcing).

        ids [B, symbols], lengths and mel_lengths [B] count what is real; speaker_weights [B, n_speakers] add up to 1 in
        each row, and a network with several speakers needs them. The prenet's dropout is on here as everywhere
        (section 2.2); set `decoder.prenet.p` to 0 to turn it off.
        """
        memory = self.encode(ids, lengths, speaker_weights, isolated=isolated)
        # Contiguous, because PyTorch draws dropout in the order of memory.
        inputs = self.decoder.prenet(delay_one_frame(mel.transpose(1, 2)).contiguous())
        state = self.decoder.start(memory, lengths)
        steps = [self.decoder(frame, state) for frame in inputs.unbind(1)]
        before = torch.stack([step.frame for step in steps], dim=2)
        stops = torch.stack([step.stop_logit for step in steps], dim=1)
        alignments = torch.stack([step.weights for step in steps], dim=1)
        return self._frames(before, stops, alignments, mel_lengths, isolated=isolated)

    def encode(
        self, ids: Tensor, lengths: Tensor, speaker_weights: Tensor | None = None, *, isolated: bool = True
    ) -> Tensor:
        """ids [B, symbols] → the memory of the attention [B, symbols, encoder_channels], zero at padding."""
        mask = length_mask(lengths, ids.shape[1])[:, None] if isolated else None
        encoded: Tensor = self.encoder(self.embedding(ids).transpose(1, 2), lengths, mask)
        if self.speaker_embed is not None:
            assert speaker_weights is not None
            speaker = (speaker_weights @ self.speaker_embed.weight)[:, None]
            encoded = encoded + speaker * length_mask(lengths, ids.shape[1])[..., None]
        return encoded

    @torch.no_grad()
    def infer(
        self,
        ids: Tensor,
        lengths: Tensor,
        speaker_weights: Tensor | None = None,
        *,
        max_frames: int = 2000,
        stop_threshold: float = STOP_THRESHOLD,
        generators: list[np.random.Generator] | None = None,
        isolated: bool = True,
    ) -> Frames:
        """Speak ids [B, symbols] until every row's stop probability has passed the threshold, or `max_frames`.

        `generators` draw the prenet's dropout, one per row. Only a row's first `lengths` frames are speech; after them
        the decoder's are zero where `isolated`, else the row goes on until all have stopped.
        """
        memory = self.encode(ids, lengths, speaker_weights, isolated=isolated)
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
        """`speed` resamples the finished mel in time: the attention keeps the pace that it has learned."""
        generator = generator or np.random.default_rng(0)
        return self._speak_batch([MelRequest(ids.tolist(), speed, pitch, energy, generator)])[0]

    def speak_all(self, requests: Sequence[MelRequest]) -> list[MelResult]:
        """In batches, which read the weights once per frame, where that changes no bit of any utterance."""
        max_rows = MAX_ROWS if kernel.rows_are_independent(self.embedding.weight) else 1
        results: dict[int, MelResult] = {}
        for rows in similar_lengths([len(each.ids) for each in requests], max_rows):
            results |= zip(rows, self._speak_batch([requests[row] for row in rows]), strict=True)
        return [results[row] for row in range(len(requests))]

    @torch.no_grad()
    def _speak_batch(self, requests: Sequence[MelRequest]) -> list[MelResult]:
        """Only the decoder runs as a batch; convolutions would gain nothing, and change a row's last bits."""
        ids = [torch.tensor(each.ids, device=self.device) for each in requests]
        lengths = torch.tensor([len(row) for row in ids], device=self.device)
        weights = mix_weights([each.speakers for each in requests], self.dimensions.n_speakers, self.device)
        encoded = [
            self.encode(row[None], lengths[i : i + 1], None if weights is None else weights[i : i + 1])[0]
            for i, row in enumerate(ids)
        ]
        memory = nn.utils.rnn.pad_sequence(encoded, batch_first=True)

        limits = [frame_limit(len(row)) for row in ids]
        watches = [AlignmentWatch(len(row), limit) for row, limit in zip(ids, limits, strict=True)]
        ending = kernel.Ending(max(limits), STOP_THRESHOLD, lambda row, weights: watches[row].is_over(weights))
        decoded = self._decode(memory, lengths, [each.generator for each in requests], ending)

        results = []
        for row, (request, watch) in enumerate(zip(requests, watches, strict=True)):
            n_frames = int(decoded.lengths[row])
            has_stop_token = bool(torch.sigmoid(decoded.stop_logits[row, n_frames - 1]) > STOP_THRESHOLD)
            before = decoded.frames[row : row + 1, :n_frames].transpose(1, 2)
            used = slice(0, n_frames - (FINISHED_FRAMES - END_FRAMES) * watch.has_finished)
            mel = (before + self.postnet(before, None))[0, :, used]
            alignment = decoded.alignments[row, used, : len(ids[row])]
            failure = alignment_failure(alignment, stopped=has_stop_token or watch.has_finished)
            sources = resampled_frames(mel.shape[1], request.speed, mel.device)
            durations = monotonic_durations(alignment, sources.round().long())
            results.append(MelResult(interpolate_frames(mel, sources), durations, failure=failure))
        return results

    def _decode(
        self, memory: Tensor, lengths: Tensor, generators: list[np.random.Generator] | None, ending: kernel.Ending
    ) -> kernel.Decoded:
        dropout = PrenetDropout(self.dimensions, self.decoder.prenet.p, generators, memory.device)
        weights = self.decoder.weights()
        return kernel.decode(weights, memory, lengths, dropout.factors, ending, self.precision, self._cache)

    def _frames(self, before: Tensor, stops: Tensor, alignments: Tensor, lengths: Tensor, *, isolated: bool) -> Frames:
        mask = length_mask(lengths, before.shape[2])[:, None] if isolated else None
        return Frames(before, before + self.postnet(before, mask), stops, alignments, lengths)


def masked(frames: Frames) -> Frames:
    """The same with the padding of the mels at 0 and that of the stop logits at `PADDING_STOP_LOGIT`."""
    mask = length_mask(frames.lengths, frames.mel.shape[2])
    return replace(
        frames,
        mel_before_postnet=frames.mel_before_postnet * mask[:, None],
        mel=frames.mel * mask[:, None],
        stop_logits=frames.stop_logits.masked_fill(~mask, PADDING_STOP_LOGIT),
    )


def frame_limit(n_symbols: int) -> int:
    """Frames after which speech of `n_symbols` must have ended: twice those of a slow reader of letters."""
    return 100 + 15 * n_symbols


def resampled_frames(n_frames: int, speed: float, device: torch.device) -> Tensor:
    """Fractional indices into `n_frames` frames that play them at `speed`: [round(n_frames / speed)], at least one."""
    count = max(1, round(n_frames / speed))
    return ((torch.arange(count, device=device) + 0.5) * (n_frames / count) - 0.5).clamp(0, n_frames - 1)


def interpolate_frames(mel: Tensor, sources: Tensor) -> Tensor:
    """mel [n_mels, T] at the fractional indices `sources` [T'], interpolated linearly: [n_mels, T']."""
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
        """mask [B, 1, T]: the padding is read as zero, as is everything beyond the end of a row."""
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
        previous = torch.stack([state.weights, state.cumulative_weights], dim=1)
        location = self.location(self.location_filters(previous).transpose(1, 2))
        energies = self.energy(torch.tanh(self.query(query)[:, None] + location + state.keys)).squeeze(2)
        return torch.softmax(energies.masked_fill(~state.mask, -torch.inf), dim=1)


class PrenetDropout:
    """The dropout masks of the prenet, from one generator per row: the same on every device and in every batch.

    Without generators they are torch's own, from the global generator.
    """

    def __init__(
        self, d: Tacotron2Dimensions, p: float, generators: list[np.random.Generator] | None, device: torch.device
    ) -> None:
        self.p = p
        self._n_layers, self._channels = d.n_prenet_layers, d.prenet_channels
        self._generators = generators
        self._device = device
        self._masks: list[Tensor] = []

    def factors(self, n_frames: int, running: Sequence[bool]) -> Tensor:
        """The factors on the outputs of the next frames' layers: [n_frames, n_layers, batch, channels].

        A row that is not `running` has ended and draws no more numbers, as it would on its own.
        """
        shape = (n_frames, self._n_layers, len(running), self._channels)
        if self._generators is None or self.p == 0:
            return functional.dropout(torch.ones(shape, device=self._device), self.p, training=True)
        n_masks = n_frames * self._n_layers
        while len(self._masks) < n_masks:
            block = (BLOCK_FRAMES, self._channels)
            rows = [
                uniform(block, generator) if is_running else torch.zeros(block)
                for generator, is_running in zip(self._generators, running, strict=True)
            ]
            masks = (torch.stack(rows, dim=1) >= self.p).float() / (1 - self.p)
            self._masks = list(masks.to(self._device).unbind(0))[::-1] + self._masks
        return torch.stack([self._masks.pop() for _ in range(n_masks)]).reshape(shape)


class Prenet(nn.Module):
    """Linear layers with ReLU and dropout (section 2.2): x [..., n_mels] → [..., channels].

    The dropout is on also when speaking: without it the attention fails.
    """

    def __init__(self, n_mels: int, channels: int, n_layers: int, p: float = 0.5) -> None:
        super().__init__()
        self.p = p
        widths = (n_mels, *[channels] * n_layers)
        self.layers = nn.ModuleList(nn.Linear(n_in, n_out, bias=False) for n_in, n_out in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = functional.dropout(torch.relu(layer(x)), self.p, training=True)
        return x


@dataclass
class DecoderState:
    """What a step reads and updates: memory [B, symbols, C], keys (its projection), mask and weights
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
        """frame [B, prenet_channels], the output of the prenet; updates the state."""
        state.attention_rnn = self._rnn(self.attention_rnn, [frame, state.context], state.attention_rnn)
        query = state.attention_rnn[0]
        state.weights = self.attention(query, state)
        state.cumulative_weights = state.cumulative_weights + state.weights
        state.context = torch.bmm(state.weights[:, None], state.memory)[:, 0]
        state.decoder_rnn = self._rnn(self.decoder_rnn, [query, state.context], state.decoder_rnn)
        output = torch.cat([state.decoder_rnn[0], state.context], dim=1)
        return Step(self.to_frame(output), self.to_stop(output)[:, 0], state.weights)

    def weights(self) -> kernel.DecoderWeights:
        """The weights as the kernel expects them."""
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
    """Five convolutions that refine the mel (section 2.2); their output is added: [B, n_mels, T] → the same shape."""

    def __init__(self, d: Tacotron2Dimensions) -> None:
        super().__init__()
        widths = (d.n_mels, *[d.postnet_channels] * (d.n_postnet_convolutions - 1), d.n_mels)
        self.layers = nn.ModuleList(ConvolutionWithNorm(*pair, d.postnet_kernel_size) for pair in pairwise(widths))

    def forward(self, mel: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layers[:-1]:
            mel = functional.dropout(torch.tanh(layer(mel, mask)), 0.5, self.training)
        return functional.dropout(self.layers[-1](mel, mask), 0.5, self.training)


def forward_with_alignment(
    network: Tacotron2,
    ids: Tensor,
    lengths: Tensor,
    mel: Tensor,
    mel_lengths: Tensor,
    alignment: Tensor,
    speaker_weights: Tensor | None = None,
    *,
    echoes: int = 0,
) -> Frames:
    """Teacher forcing of all frames at once, the attention of each frame given by `alignment` [B, T, symbols].

    An LSTM is fast over a complete sequence and slow frame by frame. What makes Tacotron 2 slow is the attention, whose
    weights at one frame depend on those before. Where these are known, so are all inputs of both LSTMs. The result is
    that of `network(ids, lengths, mel, mel_lengths)` if its attention returned `alignment`; its `alignments` are the
    weights that the attention computes from that history, and a loss on them trains it.

    At inference the history is not the given alignment. `echoes` comes closer to that: so many times, the attention
    runs again on the weights that it computed the time before, and the frames are then computed from its own weights.
    (The same idea for Transformers: Mihaylova and Martins 2019, arXiv 1906.07651.)
    """
    decoder = network.decoder
    memory = network.encode(ids, lengths, speaker_weights)
    prenet = decoder.prenet(delay_one_frame(mel.transpose(1, 2)))
    symbol_mask = length_mask(lengths, memory.shape[1])[:, None]

    def run_lstm(cell: nn.LSTMCell, *inputs: Tensor) -> Tensor:
        """The cell's hidden states [B, T, C] over complete sequences [B, T, …]; the recurrence has no dropout."""
        x = torch.cat(inputs, dim=2)
        start = x.new_zeros(1, len(x), cell.hidden_size)
        weights = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
        # Biases, one layer, no dropout between layers, one direction, the batch first.
        hidden: Tensor = torch.lstm(x, (start, start), weights, True, 1, 0.0, network.training, False, True)[0]
        return functional.dropout(hidden, network.dimensions.rnn_dropout, network.training)

    def attend(history: Tensor) -> tuple[Tensor, Tensor]:
        """`Attention.forward` of all frames: queries [B, T, C] and weights [B, T, symbols], from those in `history`."""
        previous = delay_one_frame(history)
        query = run_lstm(decoder.attention_rnn, prenet, previous @ memory)
        attention = decoder.attention
        stacked = torch.stack([previous, previous.cumsum(1)], dim=2).flatten(0, 1)
        location = attention.location(attention.location_filters(stacked).transpose(1, 2)).unflatten(0, query.shape[:2])
        summed = attention.query(query)[:, :, None] + location + attention.memory(memory)[:, None]
        energies = attention.energy(torch.tanh(summed))[..., 0]
        return query, torch.softmax(energies.masked_fill(~symbol_mask, -torch.inf), dim=2)

    history = alignment
    with torch.no_grad():
        for _ in range(echoes):
            history = attend(history)[1]
    query, weights = attend(history)
    context = (weights if echoes else alignment) @ memory
    output = torch.cat([run_lstm(decoder.decoder_rnn, query, context), context], dim=2)
    before = decoder.to_frame(output).transpose(1, 2)
    mask = length_mask(mel_lengths, mel.shape[2])[:, None]
    return Frames(before, before + network.postnet(before, mask), decoder.to_stop(output)[..., 0], weights, mel_lengths)


def delay_one_frame(x: Tensor) -> Tensor:
    """x [B, T, C], one frame later: zeros first, the last frame dropped."""
    return functional.pad(x, (0, 0, 1, 0))[:, :-1]


class AlignmentWatch:
    """Follows the attention of one utterance frame by frame and ends it where it cannot succeed any more.

    That is after `max_frames` at the latest.
    """

    def __init__(self, n_symbols: int, max_frames: int) -> None:
        self.has_finished = False
        self._frames_left = max_frames
        self._last = n_symbols - 1
        self._symbol = 0
        self._n_frames = 0

    def is_over(self, weights: Tensor) -> bool:
        """weights [symbols] of the next frame → whether it should be the last."""
        symbol = int(weights.argmax())
        self._frames_left -= 1
        # To and fro between two neighbours is no progress either.
        self._n_frames = self._n_frames + 1 if abs(symbol - self._symbol) <= 1 else 0
        if self._n_frames == 0:
            self._symbol = symbol
        if self._last - symbol < TAIL_SYMBOLS and self._n_frames >= FINISHED_FRAMES:
            self.has_finished = True
        return self.has_finished or self._n_frames >= STUCK_FRAMES or self._frames_left <= 0


def alignment_failure(alignment: Tensor, *, stopped: bool) -> str | None:
    """What is wrong with the attention [T, symbols] of one utterance, as the end of a sentence; None: nothing."""
    weights = alignment.detach().float().cpu().numpy()
    if not stopped:
        return "the attention never came to the end"
    n_frames, n_symbols = weights.shape
    padded = np.pad(weights, ((0, 0), (1, 1)))
    around = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    if float((around.max(axis=1) > FOCUS).mean()) < 0.5:
        return "the attention was spread over the whole text"
    path = weights.argmax(axis=1)
    furthest = np.maximum.accumulate(path)
    if furthest[-1] < n_symbols - 1 - TAIL_SYMBOLS or n_frames < MIN_FRAMES_PER_SYMBOL * n_symbols:
        return "it stopped before the end of the text"
    if np.diff(furthest, prepend=0).max() > JUMP_SYMBOLS:
        return "the attention skipped a part of the text"
    if (furthest - path).max() > JUMP_SYMBOLS:
        return "the attention went back in the text"
    return None


def monotonic_durations(alignment: Tensor, frames: Tensor) -> Tensor:
    """How many of `frames` [T'] belong to each symbol, along the best path that never goes back: [symbols].

    alignment [T, symbols]; `frames` are indices into its T frames, in order.
    """
    path = torch.from_numpy(best_path(alignment.detach().float().cpu().numpy()))
    return torch.bincount(path[frames.cpu()], minlength=alignment.shape[1]).to(alignment.device)


def best_path(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """weights [T, symbols] → the symbol of each frame, never falling, of the largest product of weights.

    Dynamic programming: score[t, j] = log w[t, j] + max over k ≤ j of score[t - 1, k].
    """
    log_weights = np.log(weights.astype(np.float64) + 1e-8)
    n_frames, n_symbols = log_weights.shape
    best_before = np.zeros((n_frames, n_symbols), dtype=np.int64)
    score = log_weights[0]
    for t in range(1, n_frames):
        reached = np.maximum.accumulate(score)
        # The symbol to come from is the one that last raised the running maximum.
        is_new = score == reached
        best_before[t] = np.maximum.accumulate(np.where(is_new, np.arange(n_symbols), 0))
        score = reached + log_weights[t]
    path = np.empty(n_frames, dtype=np.int64)
    path[-1] = int(score.argmax())
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = best_before[t, path[t]]
    return path
