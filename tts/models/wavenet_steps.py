"""WaveNet one sample at a time: each layer keeps its past inputs, so that a step costs one pass over the weights.

The idea is Fast WaveNet's (Le Paine et al. 2016, arXiv 1611.09482). What the mel adds to each layer is computed for
some hundred samples at once, because it does not depend on the samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from tts.models.wavenet import ResidualLayer, WaveNet

# How many samples the mel's part is computed for at once: enough to be worth it, and little beside the weights.
CHUNK = 256


@torch.inference_mode()
def generate(network: WaveNet, condition: Tensor, numbers: Sequence[Tensor] | None) -> Tensor:
    """See `WaveNet.generate` and `WaveNet.condition`."""
    steps = Steps(network, condition)
    previous = network.first_input(len(condition))
    samples = []
    for t, layer_conditions in enumerate(steps.conditions()):
        parameters = steps(previous, layer_conditions)
        if numbers is None:
            previous = network.distribution.likeliest(parameters)
        else:
            previous = network.distribution.sample(parameters, [n[t] for n in numbers])
        samples.append(previous)
    return torch.stack(samples, dim=1)


class Steps:
    """The state of one generation: weights as plain matrices, and every layer's memory."""

    def __init__(self, network: WaveNet, condition: Tensor) -> None:
        self.network = network
        self.upsampled = condition
        layers: list[ResidualLayer] = list(network.layers)  # type: ignore[arg-type]
        self.layers = [LayerSteps(layer, len(condition)) for layer in layers]
        self.condition_weight = torch.cat([layer.condition.weight[:, :, 0] for layer in layers])
        # The mel's bias and the dilated convolution's are one.
        biases = [_bias(layer.condition) + _bias(layer.dilated) for layer in layers]
        self.condition_bias = torch.cat(biases)
        self.first = network.first.weight[:, :, 0].T.contiguous()

    def conditions(self) -> Iterator[Tensor]:
        """What the mel adds in each layer, for one sample after the other: [n_layers, B, gate]."""
        for chunk in self.condition_chunks():
            yield from chunk.transpose(1, 2)

    def condition_chunks(self) -> Iterator[Tensor]:
        """The same for many samples at once: [n, B, n_layers, gate]."""
        for start in range(0, self.upsampled.shape[2], CHUNK):
            chunk = self.upsampled[:, :, start : start + CHUNK].permute(2, 0, 1)
            projected = torch.nn.functional.linear(chunk, self.condition_weight, self.condition_bias)
            yield projected.unflatten(2, (len(self.layers), -1))  # type: ignore[no-untyped-call]

    def __call__(self, samples: Tensor, condition: Tensor) -> Tensor:
        """The sample before [B] and one of `conditions` → parameters [B, n_outputs] of the next."""
        net = self.network
        bias = _bias(net.first)
        x = self.first[samples] + bias if net.dimensions.output == "mulaw" else samples[:, None] * self.first + bias
        skips: Tensor | None = None
        for layer, mel_part in zip(self.layers, condition, strict=True):
            x, skip = layer(x, mel_part)
            skips = skip if skips is None else net.add_skip(skips, skip)
        assert skips is not None
        hidden = torch.relu(_linear(torch.relu(net.scale_skips(skips)), net.hidden))
        return _linear(hidden, net.out)


class LayerSteps:
    """One layer: a ring of its past inputs [past, B, residual], and its two products."""

    def __init__(self, layer: ResidualLayer, batch: int) -> None:
        weight = layer.dilated.weight
        n_gate, n_residual, n_taps = weight.shape
        self.dilation = layer.dilated.dilation[0]
        self.n_taps, self.n_residual = n_taps, n_residual
        self.ring = weight.new_zeros(max(1, layer.past), batch, n_residual)
        self.place = 0
        # Inputs of all taps, the oldest first, side by side.
        self.taps = weight.permute(2, 1, 0).reshape(n_taps * n_residual, n_gate).contiguous()
        self.out = torch.cat([layer.residual.weight, layer.skip.weight])[:, :, 0].T.contiguous()
        self.out_bias = torch.cat([_bias(layer.residual), _bias(layer.skip)])

    def __call__(self, x: Tensor, mel_part: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, residual] → (x, skip)."""
        size = len(self.ring)
        # The ring holds as many steps as the oldest tap lies back, and is overwritten just after that one is read.
        past = [self.ring[(self.place - k * self.dilation) % size] for k in range(self.n_taps - 1, 0, -1)]
        signal, gate = torch.addmm(mel_part, torch.cat([*past, x], dim=1), self.taps).chunk(2, dim=1)
        self.ring[self.place] = x
        self.place = (self.place + 1) % size
        out = torch.addmm(self.out_bias, torch.tanh(signal) * torch.sigmoid(gate), self.out)
        return (x + out[:, : self.n_residual]) * math.sqrt(0.5), out[:, self.n_residual :]


def _bias(conv: torch.nn.Conv1d) -> Tensor:
    assert conv.bias is not None
    return conv.bias


def _linear(x: Tensor, conv: torch.nn.Conv1d) -> Tensor:
    return torch.nn.functional.linear(x, conv.weight[:, :, 0], conv.bias)
