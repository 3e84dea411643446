"""WaveGlow's synthesis on the CPU: what the reference computes, with a third fewer products and fewer passes.

Everything is [time, channels], so that all convolutions are matrix products. What is folded, all of it exact:

- skips are summed and only then projected to the few outputs of `end`: each layer adds to those at once;
- the first layer reads the flow's few channels through `start` and its three taps at once;
- biases before a dilated convolution become one behind it; outside the utterance, where there are none, the padding is
  the negative of what was folded;
- the other dilated convolutions are by Winograd's F(4, 3), see `tts.kernels.cpu.winograd`;
- in bfloat16, layers read their conditioning from the mel's frames instead of from samples, see `FrameConditioning`.

A layer is computed in chunks that stay in the cache, each on one core. The chunks depend on the length only, so the
waveform does not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import local
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from tts.kernels.cpu import winograd
from tts.kernels.cpu.matrices import Bits
from tts.kernels.execution import compute_threads, one_compute_thread
from tts.kernels.waveglow_reference import FlowWeights, LayerWeights, Upsampling, WaveGlowWeights

# Steps of a chunk: enough for matrix products at full speed, few enough for the last-level cache.
CHUNK_STEPS = 1024


class Layer(NamedTuple):
    """`taps` [6, C, 2 C] after Winograd's transform; of a flow's first layer [3 * n_first, 2 C].

    condition [n_conditions, 2 C], or as `FrameMatrices` computes it; bias [2 C] is the sum of all before the gate;
    outside [C]; residual [C, C], None in the last layer; ends [C, outputs].
    """

    taps: Tensor
    condition: Any
    bias: Tensor
    outside: Tensor
    residual: Tensor | None
    ends: Tensor


class FoldedFlow(NamedTuple):
    """start [n_first, C]; `edges` [2, 2 C] is the excess of the first layer's bias at the first and the last step."""

    start: Tensor
    layers: tuple[Layer, ...]
    edges: Tensor
    end_bias: Tensor
    unmix: Tensor


class Folded(NamedTuple):
    """joins: whether noise joins after the flow; n_phases: groups per frame where layers read frames, else 0."""

    flows: tuple[FoldedFlow, ...]
    upsampling: Upsampling | None
    n_group: int
    joins: tuple[bool, ...]
    n_phases: int


@torch.inference_mode()
def fold(weights: WaveGlowWeights, precision: str) -> Folded:
    """`precision` "bfloat16" reads conditioning from frames, where a sample depends on few enough of them."""
    joins = tuple(weights.is_early_output(k) for k in range(len(weights.flows)))
    upsampling, n_group = weights.upsampling, weights.n_group
    by_frame = None
    if precision == "bfloat16" and upsampling is not None:
        reaches = upsampling.weight.shape[2] <= winograd.FRAME_TAPS * upsampling.hop_length
        if reaches and upsampling.hop_length % n_group == 0:
            by_frame = FrameMatrices(upsampling, n_group)
    flows = tuple(_fold_flow(flow, by_frame) for flow in weights.flows)
    return Folded(flows, upsampling, n_group, joins, by_frame.n_phases if by_frame else 0)


def _fold_flow(flow: FlowWeights, by_frame: FrameMatrices | None) -> FoldedFlow:
    # Sums of biases are computed in float64, which costs nothing here.
    start, end = flow.start[:, :, 0], flow.end[:, :, 0]
    offset, end_bias = flow.start_bias.double(), flow.end_bias.double()
    edges = [flow.layers[0].dilated[:, :, tap].double() @ offset for tap in (0, 2)]
    layers, n_skip = [], len(start)
    for i, layer in enumerate(flow.layers):
        out, out_bias = layer.out[:, :, 0], layer.out_bias.double()
        residual = out[:-n_skip].T.contiguous() if len(out) > n_skip else None
        bias = layer.dilated_bias.double() + layer.condition_bias.double() + layer.dilated.double().sum(2) @ offset
        if i == 0:
            taps = torch.cat([(layer.dilated[:, :, tap].double() @ start.double()).T for tap in range(3)]).float()
        else:
            taps = torch.tensordot(torch.tensor(winograd.TAPS_TRANSFORM), layer.dilated.permute(2, 1, 0), dims=1)
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


def infer(folded: Folded, conditioning: Tensor, noise: Sequence[Tensor], sigma: float) -> Tensor:
    """See `tts.kernels.waveglow.infer`."""
    n_channels, longest_block = folded.flows[0].start.shape[1], winograd.OUTPUTS << (len(folded.flows[0].layers) - 1)
    upsampling, by_frame = folded.upsampling, folded.n_phases > 0
    with torch.inference_mode(), Workers.started(n_channels, max(CHUNK_STEPS, longest_block)) as workers:
        given = conditioning
        if upsampling is not None and not by_frame:
            given = upsampling.conditioning(conditioning, folded.n_group)
        waves = []
        for i, item in enumerate(given):
            layer_input: Conditioning
            if by_frame:
                layer_input = FrameConditioning(item, folded.n_phases, workers)
            else:
                layer_input = GroupConditioning(item.T.contiguous())
            remaining_noise = iter([z[i].T for z in noise])
            x = sigma * next(remaining_noise)
            for flow, joined in zip(reversed(folded.flows), reversed(folded.joins), strict=True):
                n_first = x.shape[1] // 2
                first, second = x[:, :n_first], x[:, n_first:]
                shift, log_s = Transform(flow, first, layer_input).computed(workers).chunk(2, dim=1)
                x = torch.cat([first, (second - shift) * torch.exp(-log_s)], dim=1) @ flow.unmix
                if joined:
                    x = torch.cat([sigma * next(remaining_noise), x], dim=1)
            waves.append(x.flatten())
        wave = torch.stack(waves)
    # A tensor of inference mode may not be modified outside of it; a copy may.
    return wave.clone()


class Scratch:
    """A thread's memory for a chunk of up to n steps and C channels; its previous content is not used."""

    def __init__(self, n_steps: int, n_channels: int) -> None:
        self.n_channels = n_channels
        self.gates = torch.empty(n_steps, 2 * n_channels)
        self.gated = torch.empty(n_steps, n_channels)
        n_tiled = winograd.PRODUCTS * n_steps // winograd.OUTPUTS
        self._inputs = torch.empty(n_tiled * n_channels)
        self._products = torch.empty(n_tiled * 2 * n_channels)

    def tiles(self, n: int) -> tuple[Tensor, Tensor]:
        """Winograd's inputs [6, n, C] and products [6, n, 2 C]; contiguous, which compiled loops are fastest on."""
        inner = n * self.n_channels
        inputs = self._inputs[: winograd.PRODUCTS * inner].view(winograd.PRODUCTS, n, self.n_channels)
        products = self._products[: winograd.PRODUCTS * 2 * inner]
        return inputs, products.view(winograd.PRODUCTS, n, 2 * self.n_channels)


class Workers:
    """Threads that share the steps of an utterance; `pool` None: the calling thread does everything."""

    def __init__(self, pool: ThreadPoolExecutor | None, n_channels: int, chunk_steps: int) -> None:
        self.pool, self.n_channels, self.chunk_steps = pool, n_channels, chunk_steps
        self.own = local()

    @classmethod
    @contextmanager
    def started(cls, n_channels: int, chunk_steps: int) -> Iterator[Workers]:
        """As many workers as `compute_threads`, on each of which PyTorch computes with one thread."""
        n_threads = compute_threads()
        with one_compute_thread():
            if n_threads == 1:
                yield cls(None, n_channels, chunk_steps)
                return
            with ThreadPoolExecutor(n_threads, "tts-waveglow", lambda: torch.set_num_threads(1)) as pool:
                yield cls(pool, n_channels, chunk_steps)

    def each_chunk(self, work: Callable[[int, int, Scratch], None], n_steps: int, block: int) -> None:
        """work(begin, stop, scratch) for chunks of complete blocks of steps; it returns when all are done.

        A chunk has up to `chunk_steps` steps. All have the same length, and they are an even number if there are enough
        blocks, so that two cores have equal shares.
        """
        n_blocks = -(-n_steps // block)
        n_chunks = -(-n_blocks // (self.chunk_steps // block))
        size = -(-n_blocks // (n_chunks + n_chunks % 2)) * block

        def work_on(i: int) -> None:
            if not hasattr(self.own, "scratch"):
                self.own.scratch = Scratch(self.chunk_steps, self.n_channels)
            work(i * size, min((i + 1) * size, n_steps), self.own.scratch)

        self.each(work_on, -(-n_steps // size))

    def each(self, work: Callable[[int], None], n: int) -> None:
        """work(0) to work(n - 1); it returns when all are done."""
        if self.pool is None:
            for i in range(n):
                work(i)
            return

        def work_in_inference_mode(i: int) -> None:
            # Inference mode is per thread.
            with torch.inference_mode():
                work(i)

        # Collecting the results raises the errors.
        list(self.pool.map(work_in_inference_mode, range(n)))


class Conditioning(Protocol):
    """The conditioning of a layer's gates."""

    def begin(self, weights: Any) -> None:
        """From now on it is that of the layer with these weights, a `Layer`'s condition."""

    def gates(self, begin: int, stop: int, scratch: Scratch) -> Tensor:
        """What these steps' conditioning adds to the gates [stop - begin, 2 C]; the caller may overwrite it."""


class GroupConditioning:
    """From the conditioning of each group [G, n_conditions], chunk by chunk."""

    def __init__(self, conditioning: Tensor) -> None:
        self.conditioning = conditioning

    def begin(self, weights: Tensor) -> None:
        self.weights = weights

    def gates(self, begin: int, stop: int, scratch: Scratch) -> Tensor:
        gates = scratch.gates[: stop - begin]
        torch.mm(self.conditioning[begin:stop], self.weights, out=gates)
        return gates


class FrameMatrices:
    """Computes the matrices by which layers read frames.

    A frame's samples are linear in the frame and the three before it; so are its groups, each in its own way, a phase.
    A layer's matrix for a phase [4, n_mels, 2 C] is the product of what the published network does in two steps. These
    matrices are many times the network's own, so they are stored in bfloat16 and widened as they are used.
    """

    def __init__(self, upsampling: Upsampling, n_group: int) -> None:
        taps = winograd.FRAME_TAPS
        n_mels, hop_length = len(upsampling.weight), upsampling.hop_length
        self.n_phases = hop_length // n_group
        kernel = pad(upsampling.weight, (0, taps * hop_length - upsampling.weight.shape[2]))
        # [in, out, taps, phases, n_group], where tap 0 is the newest frame; the result has the oldest first.
        parts = kernel.view(n_mels, n_mels, taps, self.n_phases, n_group)
        self.upsampling_by_phase = parts.permute(3, 2, 0, 1, 4).flip(1).reshape(-1, n_mels * n_group)
        self.group_bias = upsampling.bias.double().repeat_interleave(n_group)

    def matrices(self, layer: LayerWeights) -> Bits:
        """[phases, 4, n_mels, 2 C] in bfloat16."""
        matrices = (self.upsampling_by_phase @ layer.condition[:, :, 0].T).bfloat16().view(torch.uint16)
        bits: Bits = matrices.view(self.n_phases, winograd.FRAME_TAPS, -1, matrices.shape[1]).numpy()
        return bits

    def bias(self, layer: LayerWeights) -> Tensor:
        """What the transposed convolution's bias adds [2 C]."""
        return layer.condition[:, :, 0].double() @ self.group_bias


class FrameConditioning:
    """From the frames of a mel [n_mels, T], with a quarter of the products; all of a layer at once.

    Over frames, a layer's matrices are a filter of four taps: four outputs by seven products, Winograd's F(4, 4).
    """

    def __init__(self, mel: Tensor, n_phases: int, workers: Workers) -> None:
        n_frames = mel.shape[1]
        self.n_phases, self.workers, self.own = n_phases, workers, local()
        self.n_tiles = -(-n_frames // winograd.FRAME_OUTPUTS)
        self.transforms = winograd.frame_transforms()
        padded = pad(mel, (winograd.FRAME_TAPS - 1, self.n_tiles * winograd.FRAME_OUTPUTS - n_frames))
        frames = padded.unfold(1, winograd.FRAME_PRODUCTS, winograd.FRAME_OUTPUTS).permute(2, 1, 0)
        self.tiles = torch.tensordot(torch.from_numpy(self.transforms.inputs), frames, dims=1).contiguous()
        self.by_frame = torch.empty(self.n_tiles * winograd.FRAME_OUTPUTS, n_phases, 2 * workers.n_channels)
        self.by_group = self.by_frame.view(-1, 2 * workers.n_channels)

    def begin(self, weights: Bits) -> None:
        n_mels, width = weights.shape[2:]

        def compute_phase(phase: int) -> None:
            # A thread's own memory: new memory is mapped page by page, which lasts as long as the products.
            if not hasattr(self.own, "scratch"):
                shapes = (n_mels, width), (self.n_tiles, width)
                self.own.scratch = [torch.empty(winograd.FRAME_PRODUCTS, *shape) for shape in shapes]
            taps, products = self.own.scratch
            winograd.widen_taps(weights[phase], self.transforms.taps, taps.numpy())
            torch.bmm(self.tiles, taps, out=products)
            winograd.combine(products.numpy(), self.transforms.outputs, self.by_frame.numpy(), phase)

        self.workers.each(compute_phase, self.n_phases)

    def gates(self, begin: int, stop: int, scratch: Scratch) -> Tensor:
        return self.by_group[begin:stop]


class Transform:
    """A flow's network, applied to first [G, n_first] and the conditioning."""

    def __init__(self, flow: FoldedFlow, first: Tensor, conditioning: Conditioning) -> None:
        self.flow, self.conditioning = flow, conditioning
        padded = pad(first, (0, 0, 1, 1))
        self.first_taps = torch.cat([padded[:-2], first, padded[2:]], dim=1)
        # A layer's chunks read the rows of their neighbours, so the layer's output is written elsewhere.
        self.x = first @ flow.start
        self.after = torch.empty_like(self.x)
        self.ends = flow.end_bias.repeat(len(first), 1)

    def computed(self, workers: Workers) -> Tensor:
        """Shifts and log scales beside each other [G, outputs]."""
        for i, layer in enumerate(self.flow.layers):
            self.conditioning.begin(layer.condition)
            block = 1 if i == 0 else winograd.OUTPUTS << i
            workers.each_chunk(partial(self._layer, i), len(self.x), block)
            self.x, self.after = self.after, self.x
        return self.ends

    def _layer(self, i: int, begin: int, stop: int, scratch: Scratch) -> None:
        """Steps `begin` to `stop` of layer i."""
        layer, bias = self.flow.layers[i], self.flow.layers[i].bias.numpy()
        gates, gated = self.conditioning.gates(begin, stop, scratch), scratch.gated[: stop - begin]
        if i == 0:
            gates.addmm_(self.first_taps[begin:stop], layer.taps)
            if begin == 0:
                gates[0] -= self.flow.edges[0]
            if stop == len(self.x):
                gates[-1] -= self.flow.edges[1]
            winograd.gate_all(gates.numpy(), bias, gated.numpy())
        else:
            dilation = 1 << i
            tiles, products = scratch.tiles(winograd.tiles_in(len(gated), dilation))
            first_tile = begin // winograd.OUTPUTS
            winograd.spread(self.x.numpy(), layer.outside.numpy(), dilation, first_tile, tiles.numpy())
            for k in range(winograd.PRODUCTS):
                torch.mm(tiles[k], layer.taps[k], out=products[k])
            winograd.gather_gated(products.numpy(), gates.numpy(), bias, dilation, gated.numpy())
        if layer.residual is not None:
            torch.addmm(self.x[begin:stop], gated, layer.residual, out=self.after[begin:stop])
        self.ends[begin:stop].addmm_(gated, layer.ends)
