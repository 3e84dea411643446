"""Tacotron 2's decoder on a GPU: a CUDA graph of some frames, then one check of whether to continue.

A frame by itself is some thirty kernels of a few microseconds each, which a processor cannot launch as fast as they
end, and a wait for the GPU to know whether it was the last. Frames that were computed beyond the end are cut.

Tested on the CPU, where the same steps run over the same tensors without a graph; it has not run on a GPU yet.
"""

from __future__ import annotations

from threading import Lock

import torch
from torch import Tensor
from torch.nn import functional

from tts.kernels.cuda.graphs import RecentCache, bucket, replayed
from tts.kernels.tacotron2_reference import FRAMES_PER_CHECK, Decoded, DecoderWeights, Draw, Ending, Step

# In a graph; a divisor of FRAMES_PER_CHECK, so that the random numbers sampled are as many as the reference's.
FRAMES_PER_GRAPH = 16
LEAST_SYMBOLS = 32
MOST_GRAPHS = 8


class GraphedDecoder:
    """A decoder's graphs, one for each batch size and number of symbols, the latter padded to powers of two."""

    def __init__(self, weights: DecoderWeights) -> None:
        self.weights = weights
        # The location's convolution and its projection as one convolution [A, 2, k].
        self._location = torch.einsum("af,fck->ack", weights.location, weights.location_filters)
        self._blocks: RecentCache[FrameBlock] = RecentCache(MOST_GRAPHS)
        # A graph's tensors serve one batch at a time.
        self.lock = Lock()

    def block(self, batch: int, n_symbols: int, like: Tensor) -> FrameBlock:
        width = bucket(n_symbols, LEAST_SYMBOLS, steps=1)
        key = batch, width, like.dtype, like.device
        return self._blocks.get(key, lambda: FrameBlock(self.weights, self._location, batch, width, like))


class FrameBlock:
    """FRAMES_PER_GRAPH frames over tensors with fixed addresses, which also hold the state for the next frames."""

    def __init__(self, weights: DecoderWeights, location: Tensor, batch: int, n_symbols: int, like: Tensor) -> None:
        self.n_mels = len(weights.frame)
        # Tensors created in inference mode could not be written to outside of it.
        with torch.inference_mode(False), torch.no_grad():
            memory = like.new_zeros(batch, n_symbols, weights.memory.shape[1])
            mask = torch.ones(batch, n_symbols, dtype=torch.bool, device=like.device)
            self.step = FoldedStep(weights, location, memory, mask)
            self.state = [t.clone() for t in (like.new_zeros(batch, self.n_mels), *self.step.state())]
            self.masks = like.new_zeros(FRAMES_PER_GRAPH, len(weights.prenet), batch, len(weights.prenet[0]))
            self.output = like.new_zeros(FRAMES_PER_GRAPH, batch, self.n_mels + 1 + n_symbols)
            self._replay = replayed(self._frames, like.device)

    def begin(self, memory: Tensor, lengths: Tensor) -> None:
        """memory [B, symbols, E], of which `lengths` symbols are real; the padding symbols are not."""
        n_symbols = memory.shape[1]
        self.step.memory.zero_()
        self.step.memory[:, :n_symbols] = memory
        self.step.keys.copy_(functional.linear(self.step.memory, self.step.weights.memory))
        indices = torch.arange(self.step.mask.shape[1], device=memory.device)
        self.step.mask.copy_(indices < lengths.to(memory.device)[:, None])
        for tensor in self.state:
            tensor.zero_()

    def frames(self, masks: Tensor) -> Tensor:
        """Dropout [FRAMES_PER_GRAPH, layers, B, channels] → [FRAMES_PER_GRAPH, B, n_mels + 1 + symbols]: frames, stop
        logits and attention weights. The next call overwrites them."""
        self.masks.copy_(masks)
        self._replay()
        return self.output

    def _frames(self) -> None:
        frame = self.state[0]
        self.step.restore(self.state[1:])
        for masks, output in zip(self.masks, self.output, strict=True):
            frame, stop_logit, attention = self.step(frame, masks)
            output.copy_(torch.cat([frame, stop_logit[:, None], attention], dim=1))
        for stored, tensor in zip(self.state, [frame, *self.step.state()], strict=True):
            stored.copy_(tensor)


class FoldedStep(Step):
    """The reference's step, in which the location's convolution and projection are one convolution: fewer kernels."""

    def __init__(self, weights: DecoderWeights, location: Tensor, memory: Tensor, mask: Tensor) -> None:
        super().__init__(weights, memory, mask)
        self.location = location

    def state(self) -> list[Tensor]:
        return [self.attention, self.cumulative, self.context, *self.attention_state, *self.decoder_state]

    def restore(self, state: list[Tensor]) -> None:
        self.attention, self.cumulative, self.context = state[:3]
        self.attention_state, self.decoder_state = (state[3], state[4]), (state[5], state[6])

    def location_features(self) -> Tensor:
        previous = torch.stack([self.attention, self.cumulative], dim=1)
        return functional.conv1d(previous, self.location, padding=self.location.shape[2] // 2).transpose(1, 2)


@torch.no_grad()
def decode(decoder: GraphedDecoder, memory: Tensor, lengths: Tensor, draw: Draw, ending: Ending) -> Decoded:
    """See `tts.kernels.tacotron2.decode`."""
    batch, n_symbols, _ = memory.shape
    n_frames, running = torch.zeros(batch, dtype=torch.long), torch.ones(batch, dtype=torch.bool)
    pieces: list[Tensor] = []
    with decoder.lock:
        block = decoder.block(batch, n_symbols, memory)
        block.begin(memory, lengths)
        masks, done = block.masks, 0
        while running.any() and done < ending.max_frames:
            first = done % FRAMES_PER_CHECK
            masks = masks if first else draw(FRAMES_PER_CHECK, ending.computed_rows(running.tolist()))
            output = block.frames(masks[first : first + FRAMES_PER_GRAPH])[: ending.max_frames - done]
            # The only wait for the GPU.
            on_cpu = output[:, :, block.n_mels :].to("cpu", copy=True)
            n_done = 0
            for stop_logits, attention in zip(on_cpu[:, :, 0], on_cpu[:, :, 1 : n_symbols + 1], strict=True):
                ending.update(stop_logits, attention, n_frames, running)
                n_done += 1
                if not running.any():
                    break
            pieces.append(output[:n_done].clone())
            done += n_done

    n_frames = n_frames.to(memory.device)
    rows = torch.cat(pieces).transpose(0, 1)
    if ending.rows_leave:
        rows = rows * (torch.arange(rows.shape[1], device=rows.device) < n_frames[:, None])[:, :, None]
    frames, stop_logits, attention = torch.split(rows, [block.n_mels, 1, rows.shape[2] - block.n_mels - 1], dim=2)
    return Decoded(frames, stop_logits[:, :, 0], attention[:, :, :n_symbols], n_frames)
