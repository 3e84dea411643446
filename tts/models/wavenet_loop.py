"""From a WaveNet to `tts.kernels.wavenet`, which speaks: its weights, and what its layers hear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tts.kernels.wavenet import Conditions, Layer, Weights

if TYPE_CHECKING:
    from tts.models.wavenet import ResidualLayer, WaveNet


def weights_of(network: WaveNet) -> Weights:
    """The network's own tensors, not copies."""
    return Weights(
        kind=network.dimensions.output,
        running_skips=network.dimensions.running_skips,
        least_log_scale=network.distribution.sampling_log_scale_min,
        first=network.first.weight,
        first_bias=_bias(network.first),
        layers=tuple(_layer(layer) for layer in network.layers),  # type: ignore[arg-type]
        hidden=network.hidden.weight,
        hidden_bias=_bias(network.hidden),
        last=network.out.weight,
        last_bias=_bias(network.out),
    )


def _layer(layer: ResidualLayer) -> Layer:
    parts = layer.dilated, layer.condition, layer.residual, layer.skip
    return Layer(layer.dilated.dilation[0], *(t for part in parts for t in (part.weight, _bias(part))))


def _bias(convolution: torch.nn.Conv1d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias


@torch.inference_mode()
def conditions_of(network: WaveNet, mel: Tensor, pulses: Tensor | None) -> Conditions:
    """As `WaveNet.condition`, but with the mel as frames where the upsampling only spreads them over time."""
    if network.upsample.spreads:
        frames = network.upsample.context(mel)
        spread = network.upsample.spread(frames.shape[2])
        samples = frames.new_zeros(len(frames), 0, spread.shape[1]) if pulses is None else pulses.roll(-1, dims=2)
        return Conditions(frames, spread, samples, network.mel.hop_length)
    samples = network.condition(mel, pulses)
    none, nowhere = samples.new_zeros(len(samples), 0, 0), samples.new_zeros(1, samples.shape[2], 0)
    return Conditions(none, nowhere, samples, network.mel.hop_length)
