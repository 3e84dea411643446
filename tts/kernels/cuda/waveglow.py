"""WaveGlow on a GPU: one CUDA graph for each length, lengths filled up to steps of an eighth at most.

What is filled up changes nothing before it. A convolution reads zeros beyond the end of what is spoken alone, so its
inputs are set to zero there in every layer; the mel's transposed convolution reaches forward only; all else is done
group by group. Nothing of the fill is heard, however far the convolutions reach.

Besides, the skips sum linearly into the last convolution: both are one, an eighth or less of the products. The wave
and its inverse 1x1 convolutions are float32 whatever the layers compute in.

Tested on the CPU, where the same step runs over the same tensors without a graph; it has not run on a GPU yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from importlib.util import find_spec
from threading import Lock
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv1d

from tts.kernels.cuda.graphs import Latest, bucket, replayed
from tts.kernels.reference.waveglow import stretched
from tts.kernels.waveglow import FlowWeights, Stretch, WaveGlowWeights

LEAST_LENGTH = 32
STEPS_AN_OCTAVE = 8
GRAPHS_KEPT = 4


@dataclass(frozen=True)
class FoldedFlow:
    """A flow of n channels, with C in each of its L layers.

    told [L * 2 C, n_conditions, 1] is what all layers hear of the condition, with their biases; ends [2 m, L * C, 1]
    takes their gated outputs side by side to shift and log scale. unmix [n, n, 1] is float32.
    """

    start: Tensor
    start_bias: Tensor
    told: Tensor
    told_bias: Tensor
    dilated: tuple[Tensor, ...]
    residual: tuple[Tensor, ...]
    residual_bias: tuple[Tensor, ...]
    ends: Tensor
    ends_bias: Tensor
    unmix: Tensor


def folded(flow: FlowWeights, dtype: torch.dtype) -> FoldedFlow:
    """The layers in `dtype`, multiplied together in float64."""
    n_channels = len(flow.start)
    skips = [layer.out[-n_channels:, :, 0].double() for layer in flow.layers]
    skip_bias = torch.stack([layer.out_bias[-n_channels:].double() for layer in flow.layers]).sum(0)
    end = flow.end[:, :, 0].double()
    told_bias = torch.cat([layer.condition_bias + layer.dilated_bias for layer in flow.layers])
    inner = flow.layers[:-1]
    return FoldedFlow(
        start=flow.start.to(dtype),
        start_bias=flow.start_bias.to(dtype),
        told=torch.cat([layer.condition for layer in flow.layers]).to(dtype),
        told_bias=told_bias.to(dtype),
        dilated=tuple(layer.dilated.to(dtype) for layer in flow.layers),
        residual=tuple(layer.out[:n_channels].to(dtype) for layer in inner),
        residual_bias=tuple(layer.out_bias[:n_channels].to(dtype) for layer in inner),
        ends=torch.cat([end @ skip for skip in skips], dim=1)[:, :, None].to(dtype),
        ends_bias=(end @ skip_bias + flow.end_bias.double()).to(dtype),
        unmix=flow.unmix[:, :, None].float(),
    )


class GraphedWaveGlow:
    """A network's graphs, one for each batch size and length. `dtype`: what the layers compute in, if not their own."""

    def __init__(self, weights: WaveGlowWeights, dtype: torch.dtype | None = None) -> None:
        self.weights = weights
        self.dtype = dtype or weights.flows[0].start.dtype
        self.stretch = weights.stretch and _cast(weights.stretch, self.dtype)
        # Weights made in inference mode could not be read outside of it where gradients are on.
        with torch.inference_mode(False), torch.no_grad():
            self.flows = tuple(folded(flow, self.dtype) for flow in weights.flows)
        self._runs: Latest[Run] = Latest(GRAPHS_KEPT)
        # A graph's tensors serve one utterance at a time.
        self.lock = Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> GraphedWaveGlow:
        """A copy makes graphs of its own."""
        return GraphedWaveGlow(deepcopy(self.weights, memo), self.dtype)

    def run(self, heard: Tensor, noise: Sequence[Tensor]) -> Run:
        length = bucket(heard.shape[2], LEAST_LENGTH, STEPS_AN_OCTAVE)
        n_groups = length * noise[0].shape[2] // heard.shape[2]
        channels = tuple(z.shape[1] for z in noise)
        key = len(heard), length, n_groups, heard.device
        return self._runs.of(key, lambda: Run(self, heard.new_zeros(*heard.shape[:2], length), channels, n_groups))


class Run:
    """All flows over tensors that stay in place."""

    def __init__(self, network: GraphedWaveGlow, like: Tensor, channels: Sequence[int], n_groups: int) -> None:
        self.network = network
        # Tensors made in inference mode could not be written to outside of it.
        with torch.inference_mode(False), torch.no_grad():
            self.heard = torch.zeros(like.shape, dtype=network.dtype, device=like.device)
            self.noise = [torch.zeros(len(like), c, n_groups, device=like.device) for c in channels]
            self.beyond = torch.zeros(n_groups, dtype=torch.bool, device=like.device)
            self.wave = torch.zeros(len(like), n_groups * network.weights.n_group, device=like.device)
            self._gate, self._add = between_convolutions(like.device)
            self._replay = replayed(self._speak, like.device)

    def __call__(self, heard: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
        """As `infer`; the next call writes over what is given back."""
        n_groups = noise[0].shape[2]
        _fill(self.heard, heard)
        for kept, z in zip(self.noise, noise, strict=True):
            _fill(kept, sigma * z)
        self.beyond[:n_groups] = False
        self.beyond[n_groups:] = True
        self._replay()
        return self.wave[:, : n_groups * self.network.weights.n_group]

    def _speak(self) -> None:
        network, draws = self.network, iter(self.noise)
        weights = network.weights
        condition = self.heard if network.stretch is None else stretched(network.stretch, self.heard, weights.n_group)
        x = next(draws)
        for k in reversed(range(len(network.flows))):
            x = self._unflowed(network.flows[k], x, condition)
            if weights.is_early_output(k):
                x = torch.cat([next(draws), x], dim=1)
        self.wave.copy_(x.transpose(1, 2).flatten(1))

    def _unflowed(self, flow: FoldedFlow, x: Tensor, condition: Tensor) -> Tensor:
        n_first = x.shape[1] // 2
        first, second = x[:, :n_first], x[:, n_first:]
        shift, log_s = self._transform(flow, first.to(self.network.dtype), condition).float().chunk(2, dim=1)
        return conv1d(torch.cat([first, (second - shift) * torch.exp(-log_s)], dim=1), flow.unmix)

    def _transform(self, flow: FoldedFlow, x: Tensor, condition: Tensor) -> Tensor:
        """x [B, n_first, G] → shifts and log scales, one above the other."""
        x = conv1d(x, flow.start, flow.start_bias).masked_fill(self.beyond, 0)
        told = conv1d(condition, flow.told, flow.told_bias)
        n_channels = x.shape[1]
        gated = x.new_empty(len(x), len(flow.dilated) * n_channels, x.shape[2])
        for i, dilated in enumerate(flow.dilated):
            padding = 2**i * (dilated.shape[2] - 1) // 2
            self._gate(conv1d(x, dilated, padding=padding, dilation=2**i), told, gated, i)
            if i < len(flow.residual):
                mine = gated[:, i * n_channels : (i + 1) * n_channels]
                self._add(x, conv1d(mine, flow.residual[i], flow.residual_bias[i]), self.beyond)
        return conv1d(gated, flow.ends, flow.ends_bias)


@torch.no_grad()
def infer(network: GraphedWaveGlow, heard: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """See `tts.kernels.waveglow.infer`."""
    with network.lock:
        return network.run(heard, noise)(heard, noise, sigma).to(heard.dtype, copy=True)


def _fill(kept: Tensor, given: Tensor) -> None:
    """given in the first columns of `kept`, zeros behind it."""
    n = given.shape[2]
    kept[:, :, :n] = given
    kept[:, :, n:] = 0


def _cast(stretch: Stretch, dtype: torch.dtype) -> Stretch:
    return stretch._replace(weight=stretch.weight.to(dtype), bias=stretch.bias.to(dtype))


def between_convolutions(device: torch.device) -> tuple[Callable[..., None], Callable[..., None]]:
    """`gate` and `add`, on a GPU each as a kernel of its own where Triton is there."""
    if device.type == "cuda" and find_spec("triton") is not None:
        from tts.kernels.cuda import waveglow_program

        return waveglow_program.gate, waveglow_program.add
    return gate, add


def gate(heard: Tensor, told: Tensor, gated: Tensor, layer: int) -> None:
    """heard [B, 2 C, G] plus what the layer is told [B, layers * 2 C, G], gated into [B, layers * C, G]."""
    n_channels = heard.shape[1] // 2
    mine = told[:, 2 * layer * n_channels : 2 * (layer + 1) * n_channels]
    signal, opening = (heard + mine).chunk(2, dim=1)
    gated[:, layer * n_channels : (layer + 1) * n_channels] = torch.tanh(signal) * torch.sigmoid(opening)


def add(x: Tensor, residual: Tensor, beyond: Tensor) -> None:
    """residual [B, C, G] onto x, which is zero where it lies `beyond` [G]."""
    x.add_(residual).masked_fill_(beyond, 0)
