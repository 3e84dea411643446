"""WaveNet's loop over samples (van den Oord et al. 2016, arXiv 1609.03499) as one operation: weights, conditioning and
reference.

The reference is r9y9/wavenet_vocoder's loop in PyTorch, with a buffer of past inputs per layer. It defines what
`tts.kernels.wavenet.generate` returns; the implementations for CPU and GPU import weights and types from here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear, one_hot

Kind = Literal["mulaw", "logistics", "gaussian"]


class Layer(NamedTuple):
    """One residual layer, with weights as its convolutions store them: [outputs, inputs, taps], the oldest tap
    first."""

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
    """The weights of a WaveNet. A layer's x becomes (x + residual) * sqrt(1/2).

    The sum of the skips is scaled by sqrt(1/2) after each layer but the first if `running_skips`, and else by
    sqrt(1 / layers) at the end. Samples are drawn with scales of at least exp(least_log_scale).
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
    packed: dict[str, Any] = field(default_factory=dict)
    """What implementations derive from the weights, cached by a key of their own."""

    @property
    def silence(self) -> float:
        """The value before the first sample: the middle class, or 0."""
        return float((len(self.last) - 1) // 2) if self.kind == "mulaw" else 0.0

    @property
    def receptive_field(self) -> int:
        """The number of previous samples that a sample's parameters depend on."""
        return 1 + sum((layer.dilated.shape[2] - 1) * layer.dilation for layer in self.layers)


@dataclass(frozen=True)
class Conditions:
    """The layers' conditioning: first the channels of frames, then those at sample rate.

    `frames` [B, channels, T] are mixed by `spread` [B, n, width]: sample t in frame f = t // hop_length depends on the
    `width` frames around f, each with its own factor, that of frame g at index g % width. `samples` [B, channels, n]
    are used as they are. Either may have no channels; without frames, T and width are 0.
    """

    frames: Tensor
    spread: Tensor
    samples: Tensor
    hop_length: int

    def at_sample_rate(self) -> Tensor:
        """All channels at sample rate: [B, channels, n]."""
        n, width = self.spread.shape[1:]
        if not width:
            return self.samples
        frame = torch.arange(n, device=self.spread.device) // self.hop_length
        mixed = self.frames.new_zeros(len(self.frames), self.frames.shape[1], n)
        for offset in range(-(width // 2), width // 2 + 1):
            near = (frame + offset).clamp(0, self.frames.shape[2] - 1)
            factor = self.spread.gather(2, ((frame + offset) % width)[None, :, None].expand(len(self.spread), -1, 1))
            exists = (frame + offset == near).to(factor.dtype)
            mixed += self.frames[:, :, near] * (factor[:, :, 0] * exists)[:, None]
        return torch.cat([mixed, self.samples], dim=1)

    def cut(self, first: int, n_frames: int) -> Conditions:
        """The conditioning of `n_frames` from frame `first` on; samples near the cut lose the frames beyond it."""
        hop, width = self.hop_length, self.spread.shape[2]
        part = slice(first * hop, (first + n_frames) * hop)
        spread = self.spread[:, part].roll(-first % width, 2) if width else self.spread[:, part]
        return Conditions(self.frames[:, :, first : first + n_frames], spread, self.samples[:, :, part], hop)


class Generated(NamedTuple):
    """samples [B, n]: integer classes or floats; parameters [B, n, n_outputs] where samples were forced, else None."""

    samples: Tensor
    parameters: Tensor | None


class Utterance(NamedTuple):
    """One utterance to generate: its conditioning, a batch of one, and the noise [1, n, k] of its samples."""

    conditions: Conditions
    noise: Tensor


@torch.inference_mode()
def generate(
    weights: Weights,
    conditions: Conditions,
    noise: Tensor,
    forced: Tensor | None = None,
    precision: str = "float32",
) -> Generated:
    """See `tts.kernels.wavenet.generate`; the weights are used as they are, whatever the precision."""
    channels = conditions.at_sample_rate().transpose(1, 2).contiguous()
    batch, n_steps = channels.shape[:2]
    buffers = []
    for layer in weights.layers:
        _, n_residual, n_taps = layer.dilated.shape
        buffers.append(layer.dilated.new_zeros(batch, (n_taps - 1) * layer.dilation + 1, n_residual))
    sample = noise.new_full((batch,), weights.silence)
    samples, parameters = [], []
    for t in range(n_steps):
        predicted = _predict(weights, buffers, sample if forced is None else forced[:, t], channels[:, t])
        sample = sample_from(weights.kind, predicted, noise[:, t], weights.least_log_scale)
        samples.append(sample)
        if forced is not None:
            parameters.append(predicted)
    generated = torch.stack(samples, 1)
    generated = generated.long() if weights.kind == "mulaw" else generated.to(weights.first.dtype)
    return Generated(generated, torch.stack(parameters, 1) if forced is not None else None)


def _predict(weights: Weights, buffers: list[Tensor], sample: Tensor, channels: Tensor) -> Tensor:
    """The previous sample [B] and the conditioning [B, channels] → parameters [B, n_outputs]; `buffers` move on."""
    inputs = one_hot(sample.long(), len(weights.last)) if weights.kind == "mulaw" else sample[:, None]
    x = linear(inputs.to(weights.first.dtype), weights.first[:, :, 0], weights.first_bias)
    skips: Tensor | None = None
    running_scale = math.sqrt(0.5) if weights.running_skips else 1.0
    final_scale = 1.0 if weights.running_skips else math.sqrt(1 / len(weights.layers))
    for layer, buffer in zip(weights.layers, buffers, strict=True):
        buffer[:, :-1] = buffer[:, 1:].clone()
        buffer[:, -1] = x
        taps = buffer[:, :: layer.dilation].flatten(1)
        # Weights [gate, residual, taps] with the inputs of a tap side by side.
        y = linear(taps, layer.dilated.transpose(1, 2).flatten(1), layer.dilated_bias)
        # Equation 2 of the paper, with the conditioning added inside both functions.
        y = y + linear(channels, layer.condition[:, :, 0], layer.condition_bias)
        signal, gate = y.chunk(2, dim=1)
        gated = torch.tanh(signal) * torch.sigmoid(gate)
        skip = linear(gated, layer.skip[:, :, 0], layer.skip_bias)
        x = (x + linear(gated, layer.residual[:, :, 0], layer.residual_bias)) * math.sqrt(0.5)
        skips = skip if skips is None else (skips + skip) * running_scale
    assert skips is not None
    hidden = linear(torch.relu(skips * final_scale), weights.hidden[:, :, 0], weights.hidden_bias)
    return linear(torch.relu(hidden), weights.last[:, :, 0], weights.last_bias)


def sample_from(kind: str, parameters: Tensor, noise: Tensor, least_log_scale: float) -> Tensor:
    """parameters [B, n_outputs] and noise [B, k], as `tts.kernels.wavenet.generate` says → samples [B]."""
    if kind == "mulaw":
        # The inverse of the cumulative distribution: how many of its values do not exceed the uniform number.
        uniform = noise[:, 0]
        cumulative = torch.softmax(parameters.double(), -1).cumsum(-1)
        found = torch.searchsorted(cumulative, uniform[:, None].contiguous(), right=True)[:, 0]
        return torch.where(uniform < 0, parameters.argmax(-1), found.clamp(max=parameters.shape[1] - 1))
    mean, log_scale = parameters[:, 0], parameters[:, -1]
    if kind == "logistics":
        logits, means, log_scales = parameters.chunk(3, -1)
        # The Gumbel-max trick.
        chosen = one_hot((logits + noise[:, :-1]).argmax(-1), logits.shape[1])
        mean, log_scale = (means * chosen).sum(-1), (log_scales * chosen).sum(-1)
    return (mean + torch.exp(log_scale.clamp(min=least_log_scale)) * noise[:, -1]).clamp(-1, 1).to(parameters.dtype)
