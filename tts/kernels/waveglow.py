"""WaveGlow's synthesis as one operation: from noise and a mel through the flows to a waveform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tts.kernels import waveglow_reference as reference
from tts.kernels.execution import cuda_kernels_chosen, is_reference_only
from tts.kernels.waveglow_reference import FlowWeights, LayerWeights, Upsampling, WaveGlowWeights

if TYPE_CHECKING:
    from tts.kernels.cpu import waveglow as cpu
    from tts.kernels.cuda import waveglow as cuda

__all__ = ["FlowWeights", "LayerWeights", "Prepared", "Upsampling", "WaveGlowWeights", "infer"]


@dataclass
class Prepared:
    """A network's weights and what the implementations derive from them, each when it is first needed."""

    weights: WaveGlowWeights
    precision: str = "float32"

    @cached_property
    def folded(self) -> cpu.Folded:
        from tts.kernels.cpu import waveglow as cpu

        return cpu.fold(self.weights, self.precision)

    @cached_property
    def graphed(self) -> cuda.GraphedWaveGlow:
        from tts.kernels.cuda import waveglow as cuda

        return cuda.GraphedWaveGlow(self.weights, torch.bfloat16 if self.precision == "bfloat16" else None)

    @cached_property
    def fits_cpu(self) -> bool:
        """Whether the CPU implementation supports these weights: float32, three taps; it needs Numba."""
        first = self.weights.flows[0].layers[0].dilated
        fits = first.device.type == "cpu" and first.dtype == torch.float32 and first.shape[2] == 3
        return fits and find_spec("numba") is not None


def infer(prepared: Prepared, conditioning: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """Noise [B, channels, G] → waveform [B, G * n_group]; G groups of `n_group` samples.

    `conditioning`: a mel [B, n_mels, T] where the weights have an `upsampling`, with G * n_group == T * hop_length;
    else [B, n_conditions, G]. The first of `noise` is for the channels that pass through all flows, then one for each
    early output, the latest first; they are standard normal and multiplied by `sigma`.
    """
    if cuda_kernels_chosen(conditioning.device):
        from tts.kernels.cuda import waveglow as cuda

        return cuda.infer(prepared.graphed, conditioning, noise, sigma)
    is_supported = prepared.fits_cpu and conditioning.dtype == prepared.weights.flows[0].start.dtype
    if is_reference_only() or not is_supported:
        return reference.infer(prepared.weights, conditioning, noise, sigma)
    from tts.kernels.cpu import waveglow as cpu

    return cpu.infer(prepared.folded, conditioning, noise, sigma)
