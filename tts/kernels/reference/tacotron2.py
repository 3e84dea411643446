"""Tacotron 2's decoder frame by frame in PyTorch's own layers, as NVIDIA's implementation has it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tts.kernels.tacotron2 import FRAMES_A_LOOK, Decoded, DecoderWeights, Draw, Ending, Lstm

State = tuple[Tensor, Tensor]


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
        masks = masks or list(draw(FRAMES_A_LOOK, still(running, ending)).unbind(0))
        frame, stop_logit, attention = step(frame, masks.pop(0))
        steps.append((frame, stop_logit, attention))
        note_ends(stop_logit, attention, ending, n_frames, running)
    frames, stops, alignments = (torch.stack(parts, dim=1) for parts in zip(*steps, strict=True))
    if ending.rows_leave:
        heard = torch.arange(len(steps), device=memory.device) < n_frames[:, None]
        frames, alignments = frames * heard[:, :, None], alignments * heard[:, :, None]
        stops = stops * heard
    return Decoded(frames, stops, alignments, n_frames)


def still(running: Tensor, ending: Ending) -> list[bool]:
    """Which rows are computed on: [B], those that are not over or, where rows do not leave, all."""
    return [not ending.rows_leave or is_running for is_running in running.tolist()]


def note_ends(stop_logits: Tensor, attention: Tensor, ending: Ending, n_frames: Tensor, running: Tensor) -> None:
    """Of one frame: count it for the rows that are running [B], and note which of them it ends."""
    n_frames += running
    heard = running.nonzero()[:, 0].tolist() if ending.is_over else []
    running &= torch.sigmoid(stop_logits) <= ending.stop_threshold
    for row in heard:
        if ending.is_over is not None and ending.is_over(row, attention[row]):
            running[row] = False


class Step:
    """One frame after the other; what a step leaves for the next is kept here."""

    def __init__(self, weights: DecoderWeights, memory: Tensor, mask: Tensor) -> None:
        self.weights = weights
        self.memory, self.mask = memory, mask
        self.keys = functional.linear(memory, weights.memory)
        self.attention = memory.new_zeros(mask.shape)
        self.cumulative = memory.new_zeros(mask.shape)
        self.context = memory.new_zeros(len(memory), memory.shape[2])
        self.attention_state = self._nothing(weights.attention_rnn)
        self.decoder_state = self._nothing(weights.decoder_rnn)

    def __call__(self, frame: Tensor, masks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """frame [B, n_mels] and its dropout [layers, B, channels] → the next, its stop logit [B] and weights."""
        w = self.weights
        for layer, mask in zip(w.prenet, masks, strict=True):
            frame = torch.relu(functional.linear(frame, layer)) * mask
        self.attention_state = cell(w.attention_rnn, torch.cat([frame, self.context], dim=1), self.attention_state)
        query = self.attention_state[0]
        self.attention = self._attention(query)
        self.cumulative = self.cumulative + self.attention
        self.context = torch.bmm(self.attention[:, None], self.memory)[:, 0]
        self.decoder_state = cell(w.decoder_rnn, torch.cat([query, self.context], dim=1), self.decoder_state)
        heard = torch.cat([self.decoder_state[0], self.context], dim=1)
        made = functional.linear(heard, w.frame, w.frame_bias)
        return made, functional.linear(heard, w.stop, w.stop_bias)[:, 0], self.attention

    def _attention(self, query: Tensor) -> Tensor:
        w = self.weights
        heard = torch.stack([self.attention, self.cumulative], dim=1)
        filtered = functional.conv1d(heard, w.location_filters, padding=w.location_filters.shape[2] // 2)
        location = functional.linear(filtered.transpose(1, 2), w.location)
        sums = torch.tanh(functional.linear(query, w.query)[:, None] + location + self.keys)
        energies = functional.linear(sums, w.energy).squeeze(2)
        return torch.softmax(energies.masked_fill(~self.mask, -torch.inf), dim=1)

    def _nothing(self, lstm: Lstm) -> State:
        zeros = self.memory.new_zeros(len(self.memory), lstm.hidden.shape[1])
        return zeros, zeros


def cell(lstm: Lstm, x: Tensor, state: State) -> State:
    """What nn.LSTMCell computes."""
    hidden, memory = torch.lstm_cell(x, state, *lstm)
    return hidden, memory
