"""WaveGlow speaking on the CPU: what the reference computes, with a third fewer products and fewer passes.

Everything is [time, channels], so that all convolutions are matrix products. What is folded, all of it exact:

- skips are summed and only then brought down to the few outputs of `end`: each layer adds to those at once;
- the first layer reads the flow's few channels through `start` and its three taps at once;
- biases before a dilated convolution become one behind it; outside of the utterance, where there are none, what is
  left of a bias stands with its sign changed;
- the other dilated convolutions are by Winograd's F(4, 3), see `tts.kernels.cpu.winograd`.

A layer is computed in chunks that stay in the cache, each on one core. Which they are depends on the length alone, so
that the wave does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from tts.kernels.cpu import winograd
from tts.kernels.cpu.frame_condition import ByFrame, FrameCondition, can_hear_frames
from tts.kernels.cpu.workers import Scratch, Workers, working
from tts.kernels.reference.waveglow import stretched

if TYPE_CHECKING:
    from tts.kernels.waveglow import FlowWeights, LayerWeights, Stretch, WaveGlowWeights

# Steps of a chunk: enough for matrix products at full speed, few enough for the last cache.
CHUNK_STEPS = 1024


class Layer(NamedTuple):
    """`taps` [6, C, 2 C] after Winograd's transform; of a flow's first layer [3 * n_first, 2 C].

    condition [n_conditions, 2 C], or as `ByFrame` makes it; bias [2 C] is all that is added before the gate;
    outside [C]; residual [C, C], None in the last layer; ends [C, outputs].
    """

    taps: Tensor
    condition: Any
    bias: Tensor
    outside: Tensor
    residual: Tensor | None
    ends: Tensor


class FoldedFlow(NamedTuple):
    """start [n_first, C]; `edges` [2, 2 C] is what the first layer's bias has too much at the first and last step."""

    start: Tensor
    layers: tuple[Layer, ...]
    edges: Tensor
    end_bias: Tensor
    unmix: Tensor


class Folded(NamedTuple):
    """joins: where a draw of noise comes in behind the flow; n_phases above 0: layers hear frames of so many groups."""

    flows: tuple[FoldedFlow, ...]
    stretch: Stretch | None
    n_group: int
    joins: tuple[bool, ...]
    n_phases: int


@torch.inference_mode()
def fold(weights: WaveGlowWeights, precision: str) -> Folded:
    """In bfloat16 the published network hears frames instead of samples, see `tts.kernels.cpu.frame_condition`."""
    joins = tuple(weights.is_early_output(k) for k in range(len(weights.flows)))
    if precision == "bfloat16" and weights.stretch is not None and can_hear_frames(weights.stretch, weights.n_group):
        by_frame = ByFrame(weights.stretch, weights.n_group)
        flows = tuple(_folded_flow(flow, by_frame) for flow in weights.flows)
        return Folded(flows, weights.stretch, weights.n_group, joins, by_frame.n_phases)
    return Folded(tuple(_folded_flow(flow, None) for flow in weights.flows), weights.stretch, weights.n_group, joins, 0)


def _folded_flow(flow: FlowWeights, by_frame: ByFrame | None) -> FoldedFlow:
    """Sums of biases are made in float64, which costs nothing here."""
    start, end = flow.start[:, :, 0], flow.end[:, :, 0]
    offset, end_bias = flow.start_bias.double(), flow.end_bias.double()
    edges = [flow.layers[0].dilated[:, :, tap].double() @ offset for tap in (0, 2)]
    layers, n_skip = [], len(start)
    for i, layer in enumerate(flow.layers):
        out, out_bias = layer.out[:, :, 0], layer.out_bias.double()
        residual = out[:-n_skip].T.contiguous() if len(out) > n_skip else None
        bias = layer.dilated_bias.double() + layer.condition_bias.double() + layer.dilated.double().sum(2) @ offset
        taps = _first_taps(layer, start) if i == 0 else _winograd_taps(layer)
        ends = (end.double() @ out[-n_skip:].double()).float().T
        condition: Any = layer.condition[:, :, 0].T
        if by_frame is not None:
            condition, bias = by_frame.matrices(layer), bias + by_frame.bias(layer)
        layers.append(Layer(taps, condition, bias.float(), -offset.float(), residual, ends))
        end_bias = end_bias + end.double() @ out_bias[-n_skip:]
        if residual is not None:
            offset = offset + out_bias[:-n_skip]
    return FoldedFlow(
        start.T.contiguous(), tuple(layers), torch.stack(edges).float(), end_bias.float(), flow.unmix.T.contiguous()
    )


def _first_taps(layer: LayerWeights, start: Tensor) -> Tensor:
    return torch.cat([(layer.dilated[:, :, tap].double() @ start.double()).T for tap in range(3)]).float()


def _winograd_taps(layer: LayerWeights) -> Tensor:
    transform = torch.tensor(winograd.TAPS_TRANSFORM)
    taps: Tensor = torch.tensordot(transform, layer.dilated.permute(2, 1, 0), dims=1)
    return taps


def infer(folded: Folded, heard: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """See `tts.kernels.waveglow.infer`."""
    n_channels, longest_block = folded.flows[0].start.shape[1], winograd.OUTPUTS << (len(folded.flows[0].layers) - 1)
    with torch.inference_mode(), working(n_channels, max(CHUNK_STEPS, longest_block)) as workers:
        conditions = _conditions(folded, heard, workers)
        waves = [
            _infer_one(folded, condition, [z[i].T for z in noise], sigma, workers)
            for i, condition in enumerate(conditions)
        ]
        wave = torch.stack(waves)
    # What is made in inference mode may not be changed outside of it; a copy may.
    return wave.clone()


def _conditions(folded: Folded, heard: Tensor, workers: Workers) -> Iterator[Condition]:
    """What each item of a batch hears."""
    if folded.stretch is not None and folded.n_phases:
        for mel in heard:
            yield FrameCondition(mel, folded.n_phases, workers)
    else:
        condition = heard if folded.stretch is None else stretched(folded.stretch, heard, folded.n_group)
        for item in condition:
            yield GroupCondition(item.T.contiguous())


def _infer_one(folded: Folded, condition: Condition, noise: Sequence[Tensor], sigma: float, workers: Workers) -> Tensor:
    """noise [G, channels] → waveform [G * n_group]."""
    draws = iter(noise)
    x = sigma * next(draws)
    for flow, joined in zip(reversed(folded.flows), reversed(folded.joins), strict=True):
        n_first = x.shape[1] // 2
        first, second = x[:, :n_first], x[:, n_first:]
        shift, log_s = Transform(flow, first, condition).computed(workers).chunk(2, dim=1)
        x = torch.cat([first, (second - shift) * torch.exp(-log_s)], dim=1) @ flow.unmix
        if joined:
            x = torch.cat([sigma * next(draws), x], dim=1)
    return x.flatten()


class Condition(Protocol):
    def begin(self, weights: Any) -> None:
        """From now on it is about the layer with these weights, a `Layer`'s condition."""

    def heard(self, begin: int, stop: int, scratch: Scratch) -> Tensor:
        """What these steps hear [stop - begin, 2 C]; it may be written to."""


class GroupCondition:
    """What each group hears [G, n_conditions], made what a layer hears chunk by chunk."""

    def __init__(self, condition: Tensor) -> None:
        self.condition = condition

    def begin(self, weights: Tensor) -> None:
        self.weights = weights

    def heard(self, begin: int, stop: int, scratch: Scratch) -> Tensor:
        heard = scratch.heard[: stop - begin]
        torch.mm(self.condition[begin:stop], self.weights, out=heard)
        return heard


class Transform:
    """A flow's network at work on first [G, n_first] and what it hears."""

    def __init__(self, flow: FoldedFlow, first: Tensor, condition: Condition) -> None:
        self.flow, self.condition = flow, condition
        padded = pad(first, (0, 0, 1, 1))
        self.first_taps = torch.cat([padded[:-2], first, padded[2:]], dim=1)
        # A layer's chunks read the rows of their neighbours, so what it makes of x is written elsewhere.
        self.x = first @ flow.start
        self.after = torch.empty_like(self.x)
        self.ends = flow.end_bias.repeat(len(first), 1)

    def computed(self, workers: Workers) -> Tensor:
        """Shifts and log scales beside each other [G, outputs]."""
        for i, layer in enumerate(self.flow.layers):
            self.condition.begin(layer.condition)
            block = 1 if i == 0 else winograd.OUTPUTS << i
            workers.each(partial(self._layer, i), len(self.x), block)
            self.x, self.after = self.after, self.x
        return self.ends

    def _layer(self, i: int, begin: int, stop: int, scratch: Scratch) -> None:
        """Steps `begin` to `stop` of layer i."""
        layer = self.flow.layers[i]
        heard, gated = self.condition.heard(begin, stop, scratch), scratch.gated[: stop - begin]
        if i == 0:
            self._first(layer, begin, stop, heard, gated)
        else:
            self._dilated(layer, 1 << i, begin, scratch, heard, gated)
        if layer.residual is not None:
            torch.addmm(self.x[begin:stop], gated, layer.residual, out=self.after[begin:stop])
        self.ends[begin:stop].addmm_(gated, layer.ends)

    def _first(self, layer: Layer, begin: int, stop: int, heard: Tensor, gated: Tensor) -> None:
        heard.addmm_(self.first_taps[begin:stop], layer.taps)
        if begin == 0:
            heard[0] -= self.flow.edges[0]
        if stop == len(self.x):
            heard[-1] -= self.flow.edges[1]
        winograd.gate_all(heard.numpy(), layer.bias.numpy(), gated.numpy())

    def _dilated(self, layer: Layer, dilation: int, begin: int, scratch: Scratch, heard: Tensor, gated: Tensor) -> None:
        tiles, products = scratch.tiles(winograd.tiles_in(len(gated), dilation))
        first_tile = begin // winograd.OUTPUTS
        winograd.spread(self.x.numpy(), layer.outside.numpy(), dilation, first_tile, tiles.numpy())
        for k in range(winograd.PRODUCTS):
            torch.mm(tiles[k], layer.taps[k], out=products[k])
        winograd.gather_gated(products.numpy(), heard.numpy(), layer.bias.numpy(), dilation, gated.numpy())
