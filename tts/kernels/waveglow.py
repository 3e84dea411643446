"""WaveGlow speaking (Prenger et al. 2018, arXiv 1811.00002): from noise and a mel through the flows to a wave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from tts.kernels.choice import cuda_kernels_chosen, is_reference_only
from tts.kernels.reference import waveglow as reference

if TYPE_CHECKING:
    from tts.kernels.cpu import waveglow as cpu
    from tts.kernels.cuda import waveglow as cuda


class Stretch(NamedTuple):
    """The transposed convolution that brings a mel to sample rate: weight [n_mels, n_mels, kernel], bias [n_mels].

    A group hears its samples' channels all at once, the mel's outer: channel * n_group + sample.
    """

    weight: Tensor
    bias: Tensor
    hop_length: int


class LayerWeights(NamedTuple):
    """A gated layer of C channels: dilated [2 C, C, kernel], condition [2 C, n_conditions, 1], out [2 C, C, 1].

    Of the first two, the upper half is the gate; of `out`, the skip. The last layer's `out` [C, C, 1] is all skip.
    """

    dilated: Tensor
    dilated_bias: Tensor
    condition: Tensor
    condition_bias: Tensor
    out: Tensor
    out_bias: Tensor


class FlowWeights(NamedTuple):
    """A flow of n channels: unmix [n, n] is the inverse of its 1x1 convolution; start [C, n // 2, 1].

    Layer i has a dilation of 2^i. end [2 (n - n // 2), C, 1] gives shifts, then log scales.
    """

    unmix: Tensor
    start: Tensor
    start_bias: Tensor
    layers: tuple[LayerWeights, ...]
    end: Tensor
    end_bias: Tensor


class WaveGlowWeights(NamedTuple):
    """`flows` in the order of training; speaking, the last comes first. Channels join after an `is_early_output`.

    `stretch` None: what the flows hear is given as it is.
    """

    flows: tuple[FlowWeights, ...]
    stretch: Stretch | None
    n_group: int
    n_early_every: int

    def is_early_output(self, flow: int) -> bool:
        return flow > 0 and flow % self.n_early_every == 0


@dataclass
class Prepared:
    """A network's weights and what an implementation makes of them once, when it is first needed."""

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
        """Whether the fast way for the CPU can be had: it is written for float32 and three taps, and needs Numba."""
        first = self.weights.flows[0].layers[0].dilated
        fits = first.device.type == "cpu" and first.dtype == torch.float32 and first.shape[2] == 3
        return fits and find_spec("numba") is not None


def infer(prepared: Prepared, heard: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """Noise [B, channels, G] → waveform [B, G * n_group]; G groups of `n_group` samples.

    `heard`: a mel [B, n_mels, T] where the weights have a `stretch`, with G * n_group == T * hop_length; else
    [B, n_conditions, G]. The first of `noise` is for the channels that stay to the end, then one for each early output,
    the latest first; they are standard normal and multiplied by `sigma`.
    """
    if cuda_kernels_chosen(heard.device):
        from tts.kernels.cuda import waveglow as cuda

        return cuda.infer(prepared.graphed, heard, noise, sigma)
    if is_reference_only() or not prepared.fits_cpu or heard.dtype != prepared.weights.flows[0].start.dtype:
        return reference.infer(prepared.weights, heard, noise, sigma)
    from tts.kernels.cpu import waveglow as cpu

    return cpu.infer(prepared.folded, heard, noise, sigma)
