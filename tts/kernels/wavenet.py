"""WaveNet's loop over samples as one operation: each sample is drawn from parameters that depend on those before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from tts.kernels import wavenet_reference as reference
from tts.kernels.execution import cuda_kernels_chosen, is_reference_only
from tts.kernels.wavenet_reference import Conditions, Generated, Kind, Layer, Utterance, Weights

__all__ = ["Conditions", "Generated", "Kind", "Layer", "Utterance", "Weights", "generate", "generate_all"]


def generate(
    weights: Weights,
    conditions: Conditions,
    noise: Tensor,
    forced: Tensor | None = None,
    precision: str = "float32",
) -> Generated:
    """Generate one sample after the other.

    `noise` [B, n, k] float64 decides each sample. Classes: a uniform number, the position in the cumulative
    distribution; a negative one selects the likeliest class. Logistics: what is added to each component's logit before
    the greatest is chosen, then the sample's distance from the mean in scales. Gaussians: the latter only.

    With `forced` [B, n], each sample is predicted from the forced sample before it (teacher forcing) instead of the
    generated one, and the parameters are returned as well. `precision` is that of the weights, where the implementation
    supports several.
    """
    return _implementation(weights, forced)(weights, conditions, noise, forced, precision)


def generate_all(weights: Weights, utterances: Sequence[Utterance], precision: str = "float32") -> list[Tensor]:
    """The samples [n] of utterances of any lengths, each equal in every bit to what `generate` returns for it.

    The compiled loop generates them together, and reads each weight once for several of them.
    """
    if utterances and weights.first.device.type == "cpu" and _implementation(weights) is not reference.generate:
        from tts.kernels.cpu import wavenet as cpu

        return cpu.generate_all(weights, utterances, precision)
    return [generate(weights, *utterance, precision=precision).samples[0] for utterance in utterances]


def _implementation(weights: Weights, forced: Tensor | None = None) -> Callable[..., Generated]:
    if is_reference_only() or weights.first.dtype != torch.float32:
        return reference.generate
    device = weights.first.device
    try:
        if device.type == "cpu":
            from tts.kernels.cpu import wavenet as cpu

            return cpu.generate
        if cuda_kernels_chosen(device) and forced is None:
            from tts.kernels.cuda import wavenet as cuda

            return cuda.generate
    except (ImportError, RuntimeError):
        # Numba or Triton is not installed, or Numba cannot cache what it compiles.
        pass
    return reference.generate
