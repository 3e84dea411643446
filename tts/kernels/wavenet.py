"""WaveNet's loop over samples: each is drawn from what the network says of it, and is heard by all that follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from tts.kernels.choice import cuda_kernels_chosen, is_reference_only
from tts.kernels.reference import wavenet as reference

Kind = Literal["mulaw", "logistics", "gaussian"]


class Layer(NamedTuple):
    """One residual layer, as its convolutions keep their weights: [outputs, inputs, taps], the oldest tap first."""

    dilation: int
    dilated: Tensor
    dilated_bias: Tensor
    condition: Tensor
    condition_bias: Tensor
    residual: Tensor
    residual_bias: Tensor
    skip: Tensor
    skip_bias: Tensor


@dataclass(eq=False)
class Weights:
    """A WaveNet as its loop knows it. A layer's x becomes (x + residual) * sqrt(1/2).

    The sum of the skips is scaled by sqrt(1/2) after each layer but the first if `running_skips`, and else by
    sqrt(1 / layers) at the end. Scales are drawn no smaller than exp(least_log_scale).
    """

    kind: Kind
    running_skips: bool
    least_log_scale: float
    first: Tensor
    first_bias: Tensor
    layers: tuple[Layer, ...]
    hidden: Tensor
    hidden_bias: Tensor
    last: Tensor
    last_bias: Tensor
    packs: dict[str, Any] = field(default_factory=dict)
    """What an implementation made of the weights for itself, to be made but once."""

    @property
    def silence(self) -> float:
        """What stands before the first sample: the class in the middle, or 0."""
        return float((len(self.last) - 1) // 2) if self.kind == "mulaw" else 0.0

    @property
    def receptive_field(self) -> int:
        """As many samples before it the parameters of a sample hear."""
        return 1 + sum((layer.dilated.shape[2] - 1) * layer.dilation for layer in self.layers)


@dataclass(frozen=True)
class Conditions:
    """What the layers hear beside the samples: first the frames' channels, then those at sample rate.

    `frames` [B, channels, T] are heard through `spread` [B, n, width]: the sample t of the frame f = t // hop_length
    hears the `width` frames around f, each by a factor of its own, that of the frame g in place g % width. `samples`
    [B, channels, n] is heard as it is. Either may have no channels; without frames, T and width are 0.
    """

    frames: Tensor
    spread: Tensor
    samples: Tensor
    hop_length: int

    def at_sample_rate(self) -> Tensor:
        """All channels as every sample hears them: [B, channels, n]."""
        n, width = self.spread.shape[1:]
        if not width:
            return self.samples
        frame = torch.arange(n, device=self.spread.device) // self.hop_length
        spread = self.frames.new_zeros(len(self.frames), self.frames.shape[1], n)
        for offset in range(-(width // 2), width // 2 + 1):
            near = (frame + offset).clamp(0, self.frames.shape[2] - 1)
            factor = self.spread.gather(2, ((frame + offset) % width)[None, :, None].expand(len(self.spread), -1, 1))
            there = (frame + offset == near).to(factor.dtype)
            spread += self.frames[:, :, near] * (factor[:, :, 0] * there)[:, None]
        return torch.cat([spread, self.samples], dim=1)

    def cut(self, first: int, n_frames: int) -> Conditions:
        """Those of `n_frames` from the frame `first` on; those near the cut no longer hear what lies beyond it."""
        hop, width = self.hop_length, self.spread.shape[2]
        part = slice(first * hop, (first + n_frames) * hop)
        spread = self.spread[:, part].roll(-first % width, 2) if width else self.spread[:, part]
        return Conditions(self.frames[:, :, first : first + n_frames], spread, self.samples[:, :, part], hop)


class Generated(NamedTuple):
    """samples [B, n]: classes as whole numbers, else floats; parameters [B, n, n_outputs] if they were asked for."""

    samples: Tensor
    parameters: Tensor | None


class Row(NamedTuple):
    """One utterance: its conditions, a batch of one, and the noise [1, n, k] of its draws."""

    conditions: Conditions
    noise: Tensor


def generate(
    weights: Weights,
    conditions: Conditions,
    noise: Tensor,
    told: Tensor | None = None,
    precision: str = "float32",
) -> Generated:
    """Draw one sample after the other.

    `noise` [B, n, k] float64 decides the draws. Classes: a uniform number, the place in the cumulative distribution;
    a negative one takes the likeliest class. Logistics: what is added to each component's logit before the greatest
    is taken, then how many scales the sample lies from the mean. Gaussians: the latter alone.

    With `told` [B, n], each is drawn after the sample told in its place instead of the one drawn before, and the
    parameters are given as well. `precision` is how an implementation that can keeps its weights.
    """
    return _implementation(weights, told)(weights, conditions, noise, told, precision)


def generate_all(weights: Weights, rows: Sequence[Row], precision: str = "float32") -> list[Tensor]:
    """The samples [n] of utterances of any lengths, each in every bit what `generate` makes of it alone.

    The compiled loop makes them together, and reads each weight once for several of them.
    """
    if rows and weights.first.device.type == "cpu" and _implementation(weights) is not reference.generate:
        from tts.kernels.cpu import wavenet_rows as cpu

        return cpu.generate_all(weights, rows, precision)
    return [generate(weights, *row, precision=precision).samples[0] for row in rows]


def _implementation(weights: Weights, told: Tensor | None = None) -> Callable[..., Generated]:
    if is_reference_only() or weights.first.dtype != torch.float32:
        return reference.generate
    try:
        return _fast(weights.first.device, told) or reference.generate
    except (ImportError, RuntimeError):  # Numba or Triton is not there, or Numba cannot keep what it compiles.
        return reference.generate


def _fast(device: torch.device, told: Tensor | None) -> Callable[..., Generated] | None:
    if device.type == "cpu":
        from tts.kernels.cpu import wavenet as cpu

        return cpu.generate
    if cuda_kernels_chosen(device) and told is None:
        from tts.kernels.cuda import wavenet as cuda

        return cuda.generate
    return None
