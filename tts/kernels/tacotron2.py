"""Tacotron 2's decoder as one operation: from the encoder's output to all frames, each computed from the one before."""

from __future__ import annotations

from types import ModuleType

import torch
from torch import Tensor

from tts.kernels import tacotron2_reference as reference
from tts.kernels.execution import WeightCache, cuda_kernels_chosen, is_reference_only
from tts.kernels.tacotron2_reference import FRAMES_PER_CHECK, Decoded, DecoderWeights, Draw, Ending, Lstm

__all__ = [
    "FRAMES_PER_CHECK", "Decoded", "DecoderWeights", "Draw", "Ending", "Lstm", "decode", "rows_are_independent"
]  # fmt: skip


def decode(
    weights: DecoderWeights,
    memory: Tensor,
    lengths: Tensor,
    draw: Draw,
    ending: Ending,
    precision: str = "float32",
    cache: WeightCache | None = None,
) -> Decoded:
    """memory [B, symbols, E], of which `lengths` [B] symbols are real → frames.

    `precision` is that of the LSTMs' weights where the implementation supports several; the reference uses the weights
    as they are. `cache` stores what the implementation derives from the weights, for the next call.
    """
    if (cpu := _compiled(memory)) is not None:
        packed = (cache or WeightCache()).get(lambda: cpu.pack(weights, precision), weights.tensors(), precision)
        decoded: Decoded = cpu.decode(packed, memory, lengths, draw, ending)
        return decoded
    if cuda_kernels_chosen(memory.device):
        from tts.kernels.cuda import tacotron2 as cuda

        graphed = (cache or WeightCache()).get(lambda: cuda.GraphedDecoder(weights), weights.tensors(), "cuda")
        return cuda.decode(graphed, memory, lengths, draw, ending)
    return reference.decode(weights, memory, lengths, draw, ending)


def rows_are_independent(memory: Tensor) -> bool:
    """Whether each row of such a batch gives, in every bit, what it gives as a batch of one.

    The compiled loop does. Libraries sum in another order for more rows, and the last bits grow from frame to frame.
    """
    return _compiled(memory) is not None


def _compiled(memory: Tensor) -> ModuleType | None:
    """The compiled loop, where it supports such a memory and Numba is installed and can cache what it compiles."""
    if is_reference_only() or memory.device.type != "cpu" or memory.dtype != torch.float32:
        return None
    try:
        from tts.kernels.cpu import tacotron2 as cpu
    except (ImportError, RuntimeError):
        return None
    return cpu
