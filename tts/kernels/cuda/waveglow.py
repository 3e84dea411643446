"""WaveGlow on a GPU: one CUDA graph for each length, where lengths are padded by an eighth at most.

Padding changes nothing before it. Without padding a convolution reads zeros beyond the end, so its inputs are set to
zero there in every layer; the mel's transposed convolution reaches forward only; all else is computed group by group.

Besides, the skips sum linearly into the last convolution: both are one, an eighth or less of the products. The waveform
and the inverse 1x1 convolutions are float32 whatever the layers compute in.

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

from tts.kernels.cuda.graphs import RecentCache, bucket, replayed
from tts.kernels.waveglow_reference import FlowWeights, WaveGlowWeights

LEAST_LENGTH = 32
STEPS_PER_OCTAVE = 8
MOST_GRAPHS = 4


@dataclass(frozen=True)
class FoldedFlow:
    """A flow of n channels, with C in each of its L layers.

    condition [L * 2 C, n_conditions, 1] projects the conditioning for all layers, with their biases; ends [2 m, L * C,
    1] projects their concatenated gated outputs to shift and log scale. unmix [n, n, 1] is float32.
    """

    start: Tensor
    start_bias: Tensor
    condition: Tensor
    condition_bias: Tensor
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
    condition_bias = torch.cat([layer.condition_bias + layer.dilated_bias for layer in flow.layers])
    inner = flow.layers[:-1]
    return FoldedFlow(
        start=flow.start.to(dtype),
        start_bias=flow.start_bias.to(dtype),
        condition=torch.cat([layer.condition for layer in flow.layers]).to(dtype),
        condition_bias=condition_bias.to(dtype),
        dilated=tuple(layer.dilated.to(dtype) for layer in flow.layers),
        residual=tuple(layer.out[:n_channels].to(dtype) for layer in inner),
        residual_bias=tuple(layer.out_bias[:n_channels].to(dtype) for layer in inner),
        ends=torch.cat([end @ skip for skip in skips], dim=1)[:, :, None].to(dtype),
        ends_bias=(end @ skip_bias + flow.end_bias.double()).to(dtype),
        unmix=flow.unmix[:, :, None].float(),
    )


class GraphedWaveGlow:
    """A network's graphs, one for each batch size and length. `dtype`: the layers' number format, if not the
    weights'."""

    def __init__(self, weights: WaveGlowWeights, dtype: torch.dtype | None = None) -> None:
        self.weights = weights
        self.dtype = dtype or weights.flows[0].start.dtype
        self.upsampling = weights.upsampling
        if self.upsampling is not None:
            weight, bias = (t.to(self.dtype) for t in (self.upsampling.weight, self.upsampling.bias))
            self.upsampling = self.upsampling._replace(weight=weight, bias=bias)
        # Weights created in inference mode could not be read outside of it where gradients are on.
        with torch.inference_mode(False), torch.no_grad():
            self.flows = tuple(folded(flow, self.dtype) for flow in weights.flows)
        self._graphs: RecentCache[FlowGraph] = RecentCache(MOST_GRAPHS)
        # A graph's tensors serve one utterance at a time.
        self.lock = Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> GraphedWaveGlow:
        """A copy has graphs of its own."""
        return GraphedWaveGlow(deepcopy(self.weights, memo), self.dtype)

    def graph(self, conditioning: Tensor, noise: Sequence[Tensor]) -> FlowGraph:
        batch, n_channels, n = conditioning.shape
        length = bucket(n, LEAST_LENGTH, STEPS_PER_OCTAVE)
        n_groups = length * noise[0].shape[2] // n
        channels = tuple(z.shape[1] for z in noise)
        like = conditioning.new_empty(batch, n_channels, length)
        key = batch, length, n_groups, conditioning.device
        return self._graphs.get(key, lambda: FlowGraph(self, like, channels, n_groups))


class FlowGraph:
    """All flows over tensors with fixed addresses."""

    def __init__(self, network: GraphedWaveGlow, like: Tensor, channels: Sequence[int], n_groups: int) -> None:
        self.network = network
        # Tensors created in inference mode could not be written to outside of it.
        with torch.inference_mode(False), torch.no_grad():
            self.conditioning = torch.zeros(like.shape, dtype=network.dtype, device=like.device)
            self.noise = [torch.zeros(len(like), c, n_groups, device=like.device) for c in channels]
            self.beyond = torch.zeros(n_groups, dtype=torch.bool, device=like.device)
            self.wave = torch.zeros(len(like), n_groups * network.weights.n_group, device=like.device)
            self._gate, self._add = between_convolutions(like.device)
            self._replay = replayed(self._compute, like.device)

    def __call__(self, conditioning: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
        """As `infer`; the next call overwrites the result."""
        n_groups = noise[0].shape[2]
        _copy_padded(self.conditioning, conditioning)
        for padded, z in zip(self.noise, noise, strict=True):
            _copy_padded(padded, sigma * z)
        self.beyond[:n_groups] = False
        self.beyond[n_groups:] = True
        self._replay()
        return self.wave[:, : n_groups * self.network.weights.n_group]

    def _compute(self) -> None:
        network, remaining_noise = self.network, iter(self.noise)
        weights = network.weights
        conditioning = self.conditioning
        if network.upsampling is not None:
            conditioning = network.upsampling.conditioning(conditioning, weights.n_group)
        wave = next(remaining_noise)
        for k in reversed(range(len(network.flows))):
            flow, n_first = network.flows[k], wave.shape[1] // 2
            first, second = wave[:, :n_first], wave[:, n_first:]
            x = conv1d(first.to(network.dtype), flow.start, flow.start_bias).masked_fill(self.beyond, 0)
            conditions = conv1d(conditioning, flow.condition, flow.condition_bias)
            n_channels = x.shape[1]
            gated = x.new_empty(len(x), len(flow.dilated) * n_channels, x.shape[2])
            for i, dilated in enumerate(flow.dilated):
                padding = 2**i * (dilated.shape[2] - 1) // 2
                self._gate(conv1d(x, dilated, padding=padding, dilation=2**i), conditions, gated, i)
                if i < len(flow.residual):
                    own = gated[:, i * n_channels : (i + 1) * n_channels]
                    self._add(x, conv1d(own, flow.residual[i], flow.residual_bias[i]), self.beyond)

            shift, log_s = conv1d(gated, flow.ends, flow.ends_bias).float().chunk(2, dim=1)
            wave = conv1d(torch.cat([first, (second - shift) * torch.exp(-log_s)], dim=1), flow.unmix)
            if weights.is_early_output(k):
                wave = torch.cat([next(remaining_noise), wave], dim=1)
        self.wave.copy_(wave.transpose(1, 2).flatten(1))


@torch.no_grad()
def infer(network: GraphedWaveGlow, conditioning: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """See `tts.kernels.waveglow.infer`."""
    with network.lock:
        wave = network.graph(conditioning, noise)(conditioning, noise, sigma)
        return wave.to(conditioning.dtype, copy=True)


def _copy_padded(target: Tensor, source: Tensor) -> None:
    n = source.shape[2]
    target[:, :, :n] = source
    target[:, :, n:] = 0


def between_convolutions(device: torch.device) -> tuple[Callable[..., None], Callable[..., None]]:
    """`gate` and `add`; on a GPU each as one Triton program, where Triton is installed."""
    if device.type == "cuda" and find_spec("triton") is not None:
        from tts.kernels.cuda import triton_program

        return triton_program.gate, triton_program.add
    return gate, add


def gate(convolved: Tensor, conditions: Tensor, gated: Tensor, layer: int) -> None:
    """convolved [B, 2 C, G] plus the layer's part of conditions [B, layers * 2 C, G], gated into [B, layers * C, G]."""
    n_channels = convolved.shape[1] // 2
    own = conditions[:, 2 * layer * n_channels : 2 * (layer + 1) * n_channels]
    signal, opening = (convolved + own).chunk(2, dim=1)
    gated[:, layer * n_channels : (layer + 1) * n_channels] = torch.tanh(signal) * torch.sigmoid(opening)


def add(x: Tensor, residual: Tensor, beyond: Tensor) -> None:
    """x += residual [B, C, G]; x becomes zero where `beyond` [G] is True."""
    x.add_(residual).masked_fill_(beyond, 0)
