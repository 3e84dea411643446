"""Tacotron 2's decoder as one operation: from what the encoder heard to all frames, each made from the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NamedTuple

import torch
from torch import Tensor

from tts.kernels.choice import cuda_kernels_chosen, is_reference_only
from tts.kernels.kept import Kept

# So many frames are made between two looks at whether to go on; what was made beyond an end is thrown away.
FRAMES_A_LOOK = 32

Draw = Callable[[int, Sequence[bool]], Tensor]
"""The prenet's dropout of the next n frames: factors [n, layers, B, channels]. It is also told which of the B rows
still go on: for the others nothing need be drawn, and what is given is not heard."""


class Lstm(NamedTuple):
    """input [4 H, inputs], hidden [4 H, H] and their biases [4 H], the gates in PyTorch's order."""

    input: Tensor
    hidden: Tensor
    input_bias: Tensor
    hidden_bias: Tensor


class DecoderWeights(NamedTuple):
    """The weights of NVIDIA's decoder, outputs before inputs.

    prenet, one a layer; both LSTMs read the context last; query [A, H], memory [A, E], location_filters [F, 2, k],
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


class Ending(NamedTuple):
    """When speech is over: all of it after `max_frames`; a row, when its stop probability is above `stop_threshold` or
    `is_over` says so of the row and its frame's weights [symbols], asked of each frame until the row is over.

    A row that is over leaves the computation where `rows_leave`: its frames are zero from there on. Else it goes on
    until all are over.
    """

    max_frames: int
    stop_threshold: float
    is_over: Callable[[int, Tensor], bool] | None = None
    rows_leave: bool = True


class Decoded(NamedTuple):
    """frames [B, T, n_mels], stop_logits [B, T], alignments [B, T, symbols]; lengths [B], each row's last frame in."""

    frames: Tensor
    stop_logits: Tensor
    alignments: Tensor
    lengths: Tensor


def decode(
    weights: DecoderWeights,
    memory: Tensor,
    lengths: Tensor,
    draw: Draw,
    ending: Ending,
    precision: str = "float32",
    kept: Kept | None = None,
) -> Decoded:
    """memory [B, symbols, E], of which `lengths` [B] symbols are real → frames.

    `precision` is that of the LSTMs' weights where the implementation has a choice: the reference speaks in the
    weights' own. `kept` holds what the implementation made of the weights, for the next call.
    """
    if (cpu := _compiled(memory)) is not None:
        packed = (kept or Kept()).made(lambda: cpu.packed(weights, precision), flat(weights), precision)
        decoded: Decoded = cpu.decode(packed, memory, lengths, draw, ending)
        return decoded
    if not is_reference_only() and cuda_kernels_chosen(memory.device):
        from tts.kernels.cuda import tacotron2 as cuda

        graphed = (kept or Kept()).made(lambda: cuda.GraphedDecoder(weights), flat(weights), "cuda")
        return cuda.decode(graphed, memory, lengths, draw, ending)
    from tts.kernels.reference import tacotron2 as reference

    return reference.decode(weights, memory, lengths, draw, ending)


def rows_are_apart(memory: Tensor) -> bool:
    """Whether each row of such a memory becomes, in every bit, what it does alone.

    So do the compiled loop's. Libraries sum in another order for more rows, and from frame to frame the last bits grow.
    """
    return _compiled(memory) is not None


def _compiled(memory: Tensor) -> ModuleType | None:
    """The compiled loop, where it can take such a memory; it needs Numba, and one that can keep what it compiles."""
    if is_reference_only() or memory.device.type != "cpu" or memory.dtype != torch.float32:
        return None
    try:
        from tts.kernels.cpu import tacotron2 as cpu
    except (ImportError, RuntimeError):
        return None
    return cpu


def flat(weights: DecoderWeights) -> list[Tensor]:
    """All tensors."""
    single = (part for part in weights if isinstance(part, Tensor))
    return [*weights.prenet, *weights.attention_rnn, *weights.decoder_rnn, *single]
