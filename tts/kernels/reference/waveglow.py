"""WaveGlow speaking as NVIDIA's `glow.py` does it: convolutions a flow and a layer at a time, skips summed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import conv1d, conv_transpose1d

if TYPE_CHECKING:
    from tts.kernels.waveglow import FlowWeights, Stretch, WaveGlowWeights


def infer(weights: WaveGlowWeights, heard: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """See `tts.kernels.waveglow.infer`."""
    draws = iter(noise)
    condition = heard if weights.stretch is None else stretched(weights.stretch, heard, weights.n_group)
    x = sigma * next(draws)
    for k in reversed(range(len(weights.flows))):
        flow = weights.flows[k]
        n_first = x.shape[1] // 2
        first, second = x[:, :n_first], x[:, n_first:]
        shift, log_s = _transform(flow, first, condition).chunk(2, dim=1)
        second = (second - shift) / torch.exp(log_s)
        x = conv1d(torch.cat([first, second], dim=1), flow.unmix[:, :, None])
        if weights.is_early_output(k):
            x = torch.cat([sigma * next(draws), x], dim=1)
    return x.transpose(1, 2).flatten(1)


def stretched(stretch: Stretch, mel: Tensor, n_group: int) -> Tensor:
    """mel [B, n_mels, T] → what each group hears [B, n_mels * n_group, G]; cut behind the last frame."""
    n_samples = mel.shape[2] * stretch.hop_length
    upsampled = conv_transpose1d(mel, stretch.weight, stretch.bias, stride=stretch.hop_length)[:, :, :n_samples]
    return upsampled.unfold(2, n_group, n_group).transpose(2, 3).flatten(1, 2)


def _transform(flow: FlowWeights, x: Tensor, condition: Tensor) -> Tensor:
    """x [B, n_first, G] → shifts and log scales, one above the other: [B, 2 (n - n_first), G]."""
    conditions = [conv1d(condition, layer.condition, layer.condition_bias) for layer in flow.layers]
    x = conv1d(x, flow.start, flow.start_bias)
    n_channels = x.shape[1]
    skips = torch.zeros_like(x)
    for i, layer in enumerate(flow.layers):
        padding = 2**i * (layer.dilated.shape[2] - 1) // 2
        heard = conv1d(x, layer.dilated, layer.dilated_bias, padding=padding, dilation=2**i) + conditions[i]
        gated = torch.tanh(heard[:, :n_channels]) * torch.sigmoid(heard[:, n_channels:])
        out = conv1d(gated, layer.out, layer.out_bias)
        if i < len(flow.layers) - 1:
            x = x + out[:, :n_channels]
            skips = skips + out[:, n_channels:]
        else:
            skips = skips + out
    return conv1d(skips, flow.end, flow.end_bias)
