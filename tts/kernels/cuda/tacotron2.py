"""Tacotron 2's decoder on a GPU: a CUDA graph of some frames, then one look at whether to go on.

A frame alone is some thirty kernels of a few microseconds each, which a processor cannot launch as fast as they end,
and a question to the GPU whether it was the last. Frames that were made beyond the end are cut.

Tested on the CPU, where the same steps run over the same tensors without a graph; it has not run on a GPU yet.
"""

from __future__ import annotations

from threading import Lock

import torch
from torch import Tensor
from torch.nn import functional

from tts.kernels.cuda.graphs import Latest, bucket, replayed
from tts.kernels.reference.tacotron2 import Step, note_ends, still
from tts.kernels.tacotron2 import FRAMES_A_LOOK, Decoded, DecoderWeights, Draw, Ending

# In a graph; a divisor of FRAMES_A_LOOK, so that as many random numbers are drawn as by the reference.
FRAMES_A_GRAPH = 16
LEAST_SYMBOLS = 32
GRAPHS_KEPT = 8


class GraphedDecoder:
    """A decoder's graphs, one for each batch size and number of symbols, the latter filled up to powers of two."""

    def __init__(self, weights: DecoderWeights) -> None:
        self.weights = weights
        self._location = folded_location(weights)
        self._blocks: Latest[FrameBlock] = Latest(GRAPHS_KEPT)
        # A graph's tensors serve one batch at a time.
        self.lock = Lock()

    def block(self, batch: int, n_symbols: int, like: Tensor) -> FrameBlock:
        width = bucket(n_symbols, LEAST_SYMBOLS, steps=1)
        key = batch, width, like.dtype, like.device
        return self._blocks.of(key, lambda: FrameBlock(self.weights, self._location, batch, width, like))


class FrameBlock:
    """FRAMES_A_GRAPH frames over tensors that stay in place, which also hold what the next frames go on from."""

    def __init__(self, weights: DecoderWeights, location: Tensor, batch: int, n_symbols: int, like: Tensor) -> None:
        self.n_mels = len(weights.frame)
        # Tensors made in inference mode could not be written to outside of it.
        with torch.inference_mode(False), torch.no_grad():
            memory = like.new_zeros(batch, n_symbols, weights.memory.shape[1])
            mask = torch.ones(batch, n_symbols, dtype=torch.bool, device=like.device)
            self.step = FoldedStep(weights, location, memory, mask)
            self.state = [t.clone() for t in (like.new_zeros(batch, self.n_mels), *self.step.state())]
            self.masks = like.new_zeros(FRAMES_A_GRAPH, len(weights.prenet), batch, len(weights.prenet[0]))
            self.made = like.new_zeros(FRAMES_A_GRAPH, batch, self.n_mels + 1 + n_symbols)
            self._replay = replayed(self._frames, like.device)

    def begin(self, memory: Tensor, lengths: Tensor) -> None:
        """memory [B, symbols, E], of which `lengths` symbols are real; the symbols that fill it up are none."""
        n_symbols = memory.shape[1]
        self.step.memory.zero_()
        self.step.memory[:, :n_symbols] = memory
        self.step.keys.copy_(functional.linear(self.step.memory, self.step.weights.memory))
        places = torch.arange(self.step.mask.shape[1], device=memory.device)
        self.step.mask.copy_(places < lengths.to(memory.device)[:, None])
        for tensor in self.state:
            tensor.zero_()

    def frames(self, masks: Tensor) -> Tensor:
        """Dropout [FRAMES_A_GRAPH, layers, B, channels] → [FRAMES_A_GRAPH, B, n_mels + 1 + symbols]: frames, stop
        logits and attention weights. The next call writes over them."""
        self.masks.copy_(masks)
        self._replay()
        return self.made

    def _frames(self) -> None:
        frame = self.state[0]
        self.step.go_on_from(self.state[1:])
        for masks, made in zip(self.masks, self.made, strict=True):
            frame, stop_logit, attention = self.step(frame, masks)
            made.copy_(torch.cat([frame, stop_logit[:, None], attention], dim=1))
        for kept, tensor in zip(self.state, [frame, *self.step.state()], strict=True):
            kept.copy_(tensor)


class FoldedStep(Step):
    """The reference's step, in which the location's convolution and projection are one convolution: fewer kernels."""

    def __init__(self, weights: DecoderWeights, location: Tensor, memory: Tensor, mask: Tensor) -> None:
        super().__init__(weights, memory, mask)
        self.location = location

    def state(self) -> list[Tensor]:
        return [self.attention, self.cumulative, self.context, *self.attention_state, *self.decoder_state]

    def go_on_from(self, state: list[Tensor]) -> None:
        self.attention, self.cumulative, self.context = state[:3]
        self.attention_state, self.decoder_state = (state[3], state[4]), (state[5], state[6])

    def _attention(self, query: Tensor) -> Tensor:
        w = self.weights
        heard = torch.stack([self.attention, self.cumulative], dim=1)
        location = functional.conv1d(heard, self.location, padding=self.location.shape[2] // 2).transpose(1, 2)
        sums = torch.tanh(functional.linear(query, w.query)[:, None] + location + self.keys)
        energies = functional.linear(sums, w.energy).squeeze(2)
        return torch.softmax(energies.masked_fill(~self.mask, -torch.inf), dim=1)


def folded_location(weights: DecoderWeights) -> Tensor:
    """[A, 2, k]: nothing stands between the location's convolution and its projection."""
    return torch.einsum("af,fck->ack", weights.location, weights.location_filters)


@torch.no_grad()
def decode(decoder: GraphedDecoder, memory: Tensor, lengths: Tensor, draw: Draw, ending: Ending) -> Decoded:
    """See `tts.kernels.tacotron2.decode`."""
    with decoder.lock:
        block = decoder.block(len(memory), memory.shape[1], memory)
        block.begin(memory, lengths)
        made, n_frames = _made(block, memory.shape[1], draw, ending)
    return _decoded(made, memory.shape[1], block.n_mels, n_frames.to(memory.device), ending)


def _made(block: FrameBlock, n_symbols: int, draw: Draw, ending: Ending) -> tuple[Tensor, Tensor]:
    """All frames in a row, as `FrameBlock.frames` gives them, and how many are each row's [B]."""
    batch = block.made.shape[1]
    n_frames, running = torch.zeros(batch, dtype=torch.long), torch.ones(batch, dtype=torch.bool)
    pieces: list[Tensor] = []
    masks, done = block.masks, 0
    while running.any() and done < ending.max_frames:
        place = done % FRAMES_A_LOOK
        masks = masks if place else draw(FRAMES_A_LOOK, still(running, ending))
        made = block.frames(masks[place : place + FRAMES_A_GRAPH])[: ending.max_frames - done]
        # The only wait for the GPU.
        n_made = _heard(made[:, :, block.n_mels :].to("cpu", copy=True), n_symbols, ending, n_frames, running)
        pieces.append(made[:n_made].clone())
        done += n_made
    return torch.cat(pieces), n_frames


def _heard(made: Tensor, n_symbols: int, ending: Ending, n_frames: Tensor, running: Tensor) -> int:
    """Stop logits and attention weights [n, B, 1 + symbols] → how many of the frames count.

    Each row's frames are counted and the rows that go on are noted, frame by frame as the reference does.
    """
    for t, (stop_logits, attention) in enumerate(zip(made[:, :, 0], made[:, :, 1:], strict=True)):
        note_ends(stop_logits, attention[:, :n_symbols], ending, n_frames, running)
        if not running.any():
            return t + 1
    return len(made)


def _decoded(made: Tensor, n_symbols: int, n_mels: int, n_frames: Tensor, ending: Ending) -> Decoded:
    """made as `FrameBlock.frames` gives it, all frames in a row."""
    made = made.transpose(0, 1)
    if ending.rows_leave:
        made = made * (torch.arange(made.shape[1], device=made.device) < n_frames[:, None])[:, :, None]
    frames, stop_logits, attention = torch.split(made, [n_mels, 1, made.shape[2] - n_mels - 1], dim=2)
    return Decoded(frames, stop_logits[:, :, 0], attention[:, :, :n_symbols], n_frames)
