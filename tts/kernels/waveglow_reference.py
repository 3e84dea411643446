"""WaveGlow's synthesis (Prenger et al. 2018, arXiv 1811.00002) as one operation: its weights and its reference.

The reference computes flow by flow and layer by layer with PyTorch's convolutions, as NVIDIA's `glow.py` does. It
defines what `tts.kernels.waveglow.infer` returns; the implementations for CPU and GPU import the weights from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv1d, conv_transpose1d


class Upsampling(NamedTuple):
    """The transposed convolution from mel frames to sample rate: weight [n_mels, n_mels, kernel], bias [n_mels]."""

    weight: Tensor
    bias: Tensor
    hop_length: int

    def conditioning(self, mel: Tensor, n_group: int) -> Tensor:
        """mel [B, n_mels, T] → the conditioning of each group of samples [B, n_mels * n_group, G].

        A group is conditioned on the channels of all its samples, at index channel * n_group + sample. What the
        convolution computes beyond the last frame is cut.
        """
        n_samples = mel.shape[2] * self.hop_length
        upsampled = conv_transpose1d(mel, self.weight, self.bias, stride=self.hop_length)[:, :, :n_samples]
        return upsampled.unfold(2, n_group, n_group).transpose(2, 3).flatten(1, 2)


class LayerWeights(NamedTuple):
    """A gated layer of C channels: dilated [2 C, C, kernel], condition [2 C, n_conditions, 1], out [2 C, C, 1].

    The upper half of the first two is the gate; that of `out` is the skip. The last layer's `out` [C, C, 1] is all
    skip.
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
    """`flows` in the order of training; synthesis begins with the last. Channels join after an `is_early_output`.

    `upsampling` None: the conditioning is given at the rate of groups.
    """

    flows: tuple[FlowWeights, ...]
    upsampling: Upsampling | None
    n_group: int
    n_early_every: int

    def is_early_output(self, flow: int) -> bool:
        return flow > 0 and flow % self.n_early_every == 0


def infer(weights: WaveGlowWeights, conditioning: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """See `tts.kernels.waveglow.infer`."""
    remaining_noise = iter(noise)
    if weights.upsampling is not None:
        conditioning = weights.upsampling.conditioning(conditioning, weights.n_group)
    x = sigma * next(remaining_noise)
    for k in reversed(range(len(weights.flows))):
        flow = weights.flows[k]
        n_first = x.shape[1] // 2
        first, second = x[:, :n_first], x[:, n_first:]
        shift, log_s = _transform(flow, first, conditioning).chunk(2, dim=1)
        second = (second - shift) / torch.exp(log_s)
        x = conv1d(torch.cat([first, second], dim=1), flow.unmix[:, :, None])
        if weights.is_early_output(k):
            x = torch.cat([sigma * next(remaining_noise), x], dim=1)
    return x.transpose(1, 2).flatten(1)


def _transform(flow: FlowWeights, x: Tensor, conditioning: Tensor) -> Tensor:
    """x [B, n_first, G] → shifts, then log scales [B, 2 (n - n_first), G]."""
    conditions = [conv1d(conditioning, layer.condition, layer.condition_bias) for layer in flow.layers]
    x = conv1d(x, flow.start, flow.start_bias)
    n_channels = x.shape[1]
    skips = torch.zeros_like(x)
    for i, layer in enumerate(flow.layers):
        padding = 2**i * (layer.dilated.shape[2] - 1) // 2
        gates = conv1d(x, layer.dilated, layer.dilated_bias, padding=padding, dilation=2**i) + conditions[i]
        gated = torch.tanh(gates[:, :n_channels]) * torch.sigmoid(gates[:, n_channels:])
        out = conv1d(gated, layer.out, layer.out_bias)
        if i < len(flow.layers) - 1:
            x = x + out[:, :n_channels]
            skips = skips + out[:, n_channels:]
        else:
            skips = skips + out
    return conv1d(skips, flow.end, flow.end_bias)
