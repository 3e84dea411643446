"""Tacotron 2's decoder (Shen et al. 2018, arXiv 1712.05884) as one operation: its weights, its types and its reference.

The reference computes frame by frame with PyTorch's own layers, as NVIDIA's implementation does. It defines what
`tts.kernels.tacotron2.decode` returns; the implementations for CPU and GPU import weights and types from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

# The number of frames between two checks of whether to continue; frames computed beyond an end are discarded.
FRAMES_PER_CHECK = 32

Draw = Callable[[int, Sequence[bool]], Tensor]
"""Samples the prenet's dropout of the next n frames: factors [n, layers, B, channels].

The second argument says which of the B rows are still running; the factors of the others are not used.
"""


class Lstm(NamedTuple):
    """input [4 H, inputs], hidden [4 H, H] and their biases [4 H], the gates in PyTorch's order."""

    input: Tensor
    hidden: Tensor
    input_bias: Tensor
    hidden_bias: Tensor


class DecoderWeights(NamedTuple):
    """The weights of NVIDIA's decoder, outputs before inputs.

    prenet: one per layer; both LSTMs read the context last; query [A, H], memory [A, E], location_filters [F, 2, k],
    location [A, F] and energy [1, A] of the attention; frame [n_mels, H + E] and stop [1, H + E] with their biases.
    """

    prenet: tuple[Tensor, ...]
    attention_rnn: Lstm
    query: Tensor
    memory: Tensor
    location_filters: Tensor
    location: Tensor
    energy: Tensor
    decoder_rnn: Lstm
    frame: Tensor
    frame_bias: Tensor
    stop: Tensor
    stop_bias: Tensor

    def tensors(self) -> list[Tensor]:
        """All tensors in one list."""
        single = (part for part in self if isinstance(part, Tensor))
        return [*self.prenet, *self.attention_rnn, *self.decoder_rnn, *single]


class Ending(NamedTuple):
    """When decoding ends: for all rows after `max_frames`; for one row when its stop probability exceeds
    `stop_threshold`, or when `is_over` returns True for the row and its frame's attention weights [symbols]. `is_over`
    is called for each frame in order until the row has ended.

    With `rows_leave`, a row that has ended leaves the computation and its later frames are zero; without, it continues
    until all rows have ended.
    """

    max_frames: int
    stop_threshold: float
    is_over: Callable[[int, Tensor], bool] | None = None
    rows_leave: bool = True

    def computed_rows(self, running: list[bool]) -> list[bool]:
        """Which rows [B] the next frames are computed for: the running ones or, where rows do not leave, all."""
        return [not self.rows_leave or is_running for is_running in running]

    def update(self, stop_logits: Tensor, attention: Tensor, n_frames: Tensor, running: Tensor) -> None:
        """Count one frame for each `running` row [B] in `n_frames` [B], and mark the rows that it ends."""
        n_frames += running
        watched = running.nonzero()[:, 0].tolist() if self.is_over else []
        running &= torch.sigmoid(stop_logits) <= self.stop_threshold
        for row in watched:
            if self.is_over is not None and self.is_over(row, attention[row]):
                running[row] = False


class Decoded(NamedTuple):
    """frames [B, T, n_mels], stop_logits [B, T], alignments [B, T, symbols]; lengths [B], in frames, with the last."""

    frames: Tensor
    stop_logits: Tensor
    alignments: Tensor
    lengths: Tensor


def decode(weights: DecoderWeights, memory: Tensor, lengths: Tensor, draw: Draw, ending: Ending) -> Decoded:
    """See `tts.kernels.tacotron2.decode`."""
    batch, n_symbols, _ = memory.shape
    step = Step(weights, memory, torch.arange(n_symbols, device=memory.device) < lengths.to(memory.device)[:, None])
    frame = memory.new_zeros(batch, len(weights.frame))
    n_frames = torch.zeros(batch, dtype=torch.long, device=memory.device)
    running = torch.ones(batch, dtype=torch.bool, device=memory.device)
    steps: list[tuple[Tensor, Tensor, Tensor]] = []
    masks: list[Tensor] = []
    while running.any() and len(steps) < ending.max_frames:
        masks = masks or list(draw(FRAMES_PER_CHECK, ending.computed_rows(running.tolist())).unbind(0))
        frame, stop_logit, attention = step(frame, masks.pop(0))
        steps.append((frame, stop_logit, attention))
        ending.update(stop_logit, attention, n_frames, running)

    frames, stops, alignments = (torch.stack(parts, dim=1) for parts in zip(*steps, strict=True))
    if ending.rows_leave:
        is_real = torch.arange(len(steps), device=memory.device) < n_frames[:, None]
        frames, alignments = frames * is_real[:, :, None], alignments * is_real[:, :, None]
        stops = stops * is_real
    return Decoded(frames, stops, alignments, n_frames)


class Step:
    """Computes one frame per call, and holds the state between calls."""

    def __init__(self, weights: DecoderWeights, memory: Tensor, mask: Tensor) -> None:
        def zero_state(lstm: Lstm) -> tuple[Tensor, Tensor]:
            zeros = memory.new_zeros(len(memory), lstm.hidden.shape[1])
            return zeros, zeros

        self.weights = weights
        self.memory, self.mask = memory, mask
        self.keys = functional.linear(memory, weights.memory)
        self.attention = memory.new_zeros(mask.shape)
        self.cumulative = memory.new_zeros(mask.shape)
        self.context = memory.new_zeros(len(memory), memory.shape[2])
        self.attention_state = zero_state(weights.attention_rnn)
        self.decoder_state = zero_state(weights.decoder_rnn)

    def __call__(self, frame: Tensor, masks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """frame [B, n_mels] and its dropout [layers, B, channels] → the next frame, its stop logit [B], its attention
        weights [B, symbols]."""
        w = self.weights
        for layer, mask in zip(w.prenet, masks, strict=True):
            frame = torch.relu(functional.linear(frame, layer)) * mask
        attention_input = torch.cat([frame, self.context], dim=1)
        self.attention_state = torch.lstm_cell(attention_input, self.attention_state, *w.attention_rnn)
        query = self.attention_state[0]
        self.attention = self.attention_weights(query)
        self.cumulative = self.cumulative + self.attention
        self.context = torch.bmm(self.attention[:, None], self.memory)[:, 0]
        self.decoder_state = torch.lstm_cell(
            torch.cat([query, self.context], dim=1), self.decoder_state, *w.decoder_rnn
        )
        output = torch.cat([self.decoder_state[0], self.context], dim=1)
        next_frame = functional.linear(output, w.frame, w.frame_bias)
        return next_frame, functional.linear(output, w.stop, w.stop_bias)[:, 0], self.attention

    def attention_weights(self, query: Tensor) -> Tensor:
        """Location-sensitive attention (Chorowski et al. 2015, arXiv 1506.07503): query [B, H] → [B, symbols]."""
        w = self.weights
        energies = functional.linear(
            torch.tanh(functional.linear(query, w.query)[:, None] + self.location_features() + self.keys), w.energy
        ).squeeze(2)
        return torch.softmax(energies.masked_fill(~self.mask, -torch.inf), dim=1)

    def location_features(self) -> Tensor:
        """The previous and the cumulative attention weights, filtered and projected [B, symbols, A]."""
        w = self.weights
        previous = torch.stack([self.attention, self.cumulative], dim=1)
        filtered = functional.conv1d(previous, w.location_filters, padding=w.location_filters.shape[2] // 2)
        return functional.linear(filtered.transpose(1, 2), w.location)
