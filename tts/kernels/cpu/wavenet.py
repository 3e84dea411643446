"""WaveNet's loop over samples, compiled by Numba: equal to `tts.kernels.wavenet_reference` up to the order of sums.

A sample of a small WaveNet is half a million products, some twenty microseconds of work, but a few hundred PyTorch
calls, which last a hundred times that. Only some of those products depend on the previous sample: the inputs of a tap
that lies `lag` samples back are known that long before, so it is applied to up to eight samples at once with its
weights read once. What frames add is projected at their rate, and mixed for eight samples at once. Weights are packed
with all constant factors folded in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from numba import njit
from torch import Tensor

from tts.kernels.cpu.matrices import (
    WIDE_PANEL,
    Floats,
    add,
    add_panel,
    add_product,
    gate,
    pack_flat,
    padded,
    put,
    put_positive,
)
from tts.kernels.execution import compute_threads
from tts.kernels.wavenet_reference import Conditions, Generated, Utterance, Weights

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
Matrices = npt.NDArray[Any]
Rows = TypeVar("Rows")

MULAW, LOGISTICS, GAUSSIAN = 0, 1, 2
KINDS = {"mulaw": MULAW, "logistics": LOGISTICS, "gaussian": GAUSSIAN}
# A tap is applied to this many samples at once, where its lag permits.
BLOCK = 8
# Signals and gates alternate every so many outputs, so that a panel has both of the same channels.
HALF_PANEL = 32
# Samples computed between two returns to Python, where an interrupt is noticed.
SAMPLES_PER_CALL = 4096
# Below e^-87 a float32 has no scale.
LEAST_LOG_SCALE = -87.0


class Sizes(NamedTuple):
    """n_residual, n_gated and n_skip count real inputs; outputs are padded to groups: n_gates, n_outputs, and n_state,
    of which the first n_ring are x, the others skips.
    """

    kind: int
    n_layers: int
    n_residual: int
    n_gated: int
    n_skip: int
    n_gates: int
    n_ring: int
    n_state: int
    n_outputs: int


class Packed(NamedTuple):
    """Flat weights, one layer after the other: `near`, the taps of the current sample, then residuals and skips
    together; `far`, those of the `lags` [layers, taps] before, the oldest first, each applied to `blocks` [layers,
    taps] samples at once; `sample_weights`. `frame_weights` are one matrix for all layers. `head`: hidden, then last.

    A layer's ring begins after `ring_starts` [layers + 1] rows. Instead of multiplying x by sqrt(1/2) after each layer,
    x grows by sqrt(2), and the weights applied to it shrink.
    """

    sizes: Sizes
    least_log_scale: float
    lags: Integers
    blocks: Integers
    ring_starts: Integers
    first: Floats
    first_bias: Floats
    near: Matrices
    far: Matrices
    frame_weights: Matrices
    sample_weights: Matrices
    gate_bias: Floats
    out_bias: Floats
    head: Matrices
    hidden_bias: Floats
    last_bias: Floats


class Counts(NamedTuple):
    """The sizes of the inputs; `n_steps` is a multiple of BLOCK."""

    batch: int
    hop_length: int
    n_steps: int
    n_frames: int
    n_frame_channels: int
    width: int
    n_channels: int


class Inputs(NamedTuple):
    """What is known before the loop begins, samples before channels.

    `lengths` [B] is the number of samples of each stream, the longest first: a shorter one leaves when it is complete.
    Flat are frames [B, T, channels], spread [B, n_steps, width] and samples [B, n_steps, channels]; noise [B, n, k];
    forced [B, n] or [B, 0].
    """

    counts: Counts
    lengths: Integers
    frames: Floats
    spread: Floats
    samples: Floats
    noise: Doubles
    forced: Doubles


class LoopState(NamedTuple):
    """The past of some streams, flat: the layers' inputs as rings, one layer after the other, [B, size, n_ring] each.

    `ahead` [layers, B, BLOCK, gates]: what is known of the gates of a block of samples; `projected`
    [B, width, layers * gates]: what the frames around add, and `n_projected`: how many frames have been projected.
    """

    rings: Floats
    ahead: Floats
    projected: Floats
    n_projected: Integers
    state: Floats
    gated: Floats
    hidden: Floats
    parameters: Floats
    previous: Doubles


class Output(NamedTuple):
    """samples [B, n]; parameters [B, n, n_outputs], or [B, 0, n_outputs] where they are not returned."""

    samples: Doubles
    parameters: Floats


def generate(
    weights: Weights,
    conditions: Conditions,
    noise: Tensor,
    forced: Tensor | None = None,
    precision: str = "float32",
) -> Generated:
    """See `tts.kernels.wavenet.generate`; the streams of a batch are shared out between the threads."""
    packed, noise = packed_weights(weights, conditions.frames.shape[1], precision), noise.double()
    batch, n_steps = noise.shape[:2]
    n_returned = n_steps if forced is not None else 0
    output = Output(np.zeros((batch, n_steps)), np.zeros((batch, n_returned, len(weights.last)), np.float32))
    forced = noise.new_zeros(batch, 0) if forced is None else forced

    def run_rows(rows: slice) -> None:
        lengths = np.full(batch, n_steps)[rows]
        inputs = _inputs(conditions, rows, noise[rows], forced[rows], lengths)
        _run_all(packed, inputs, Output(output.samples[rows], output.parameters[rows]), weights.silence)

    n_shares = min(batch, compute_threads())
    ends = [batch * i // n_shares for i in range(n_shares + 1)]
    _on_threads(run_rows, [slice(*pair) for pair in pairwise(ends)])
    samples = torch.from_numpy(output.samples)
    samples = samples.long() if weights.kind == "mulaw" else samples.float()
    return Generated(samples, torch.from_numpy(output.parameters) if n_returned else None)


def generate_all(weights: Weights, utterances: Sequence[Utterance], precision: str) -> list[Tensor]:
    """See `tts.kernels.wavenet.generate_all`; each thread computes some long and some short utterances."""
    packed = packed_weights(weights, utterances[0].conditions.frames.shape[1], precision)
    longest_first = sorted(range(len(utterances)), key=lambda index: -utterances[index].noise.shape[1])
    n_shares = min(len(utterances), compute_threads())
    samples: dict[int, Tensor] = {}

    def run_batch(indices: Sequence[int]) -> None:
        batch = [utterances[index] for index in indices]
        each = [utterance.conditions for utterance in batch]
        conditions = Conditions(
            _padded_batch([one.frames for one in each]),
            _padded_batch([one.spread for one in each]),
            _padded_batch([one.samples for one in each]),
            each[0].hop_length,
        )
        noise = _padded_batch([utterance.noise.double() for utterance in batch])
        lengths = [utterance.noise.shape[1] for utterance in batch]
        inputs = _inputs(conditions, slice(None), noise, noise[:, :0, 0], np.array(lengths))
        output = Output(np.zeros(noise.shape[:2]), np.zeros((len(batch), 0, len(weights.last)), np.float32))
        _run_all(packed, inputs, output, weights.silence)
        for index, row, length in zip(indices, torch.from_numpy(output.samples), lengths, strict=True):
            samples[index] = row[:length].long() if weights.kind == "mulaw" else row[:length].float()

    _on_threads(run_batch, [longest_first[i::n_shares] for i in range(n_shares)])
    return [samples[index] for index in range(len(utterances))]


def _padded_batch(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors [1, n, m] → [B, largest n, largest m], padded with zeros."""
    n, m = (max(tensor.shape[i] for tensor in tensors) for i in (1, 2))
    batch = tensors[0].new_zeros(len(tensors), n, m)
    for row, tensor in zip(batch, tensors, strict=True):
        row[: tensor.shape[1], : tensor.shape[2]] = tensor[0]
    return batch


def _on_threads(work: Callable[[Rows], None], shares: Sequence[Rows]) -> None:
    """Call `work` with the rows of each share, each on its own thread."""
    if len(shares) == 1:
        work(shares[0])
        return
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(work, shares))


def _inputs(conditions: Conditions, rows: slice, noise: Tensor, forced: Tensor, lengths: Integers) -> Inputs:
    """Some rows of the conditioning, with their noise, forced samples [B, n] or [B, 0] and lengths."""
    missing = -noise.shape[1] % BLOCK

    def flat(tensor: Tensor, missing: int) -> Matrices:
        return np.pad(tensor.detach().numpy(), ((0, 0), (0, missing), (0, 0))).reshape(-1)

    frames, spread, samples = conditions.frames[rows], conditions.spread, conditions.samples[rows]
    spread = spread.expand(len(noise), -1, -1) if len(spread) == 1 else spread[rows]
    counts = Counts(
        batch=len(noise),
        hop_length=conditions.hop_length,
        n_steps=noise.shape[1] + missing,
        n_frames=frames.shape[2],
        n_frame_channels=frames.shape[1],
        width=spread.shape[2],
        n_channels=samples.shape[1],
    )
    return Inputs(
        counts,
        lengths,
        flat(frames.transpose(1, 2), 0),
        flat(spread, missing),
        flat(samples.transpose(1, 2), missing),
        np.ascontiguousarray(noise.numpy()),
        np.ascontiguousarray(forced.double().numpy()),
    )


def _run_all(packed: Packed, inputs: Inputs, output: Output, silence: float) -> None:
    """Fill `output`, on this thread."""
    sizes, batch = packed.sizes, len(inputs.noise)

    def zeros(*shape: int) -> Floats:
        return np.zeros(math.prod(shape), np.float32)

    state = LoopState(
        rings=zeros(packed.ring_starts[-1], batch, sizes.n_ring),
        ahead=zeros(sizes.n_layers, batch, BLOCK, sizes.n_gates),
        projected=zeros(batch, inputs.counts.width, sizes.n_layers, sizes.n_gates),
        n_projected=np.zeros(1, np.int64),
        state=zeros(batch, sizes.n_state),
        gated=zeros(batch, sizes.n_gates // 2),
        hidden=zeros(batch, sizes.n_state - sizes.n_ring),
        parameters=zeros(batch, sizes.n_outputs),
        previous=np.full(batch, silence),
    )
    n_steps = output.samples.shape[1]
    for start in range(0, n_steps, SAMPLES_PER_CALL):
        run(packed, inputs, state, output, start, min(n_steps, start + SAMPLES_PER_CALL))


def packed_weights(weights: Weights, n_frame_channels: int, precision: str) -> Packed:
    """The weights as the loop reads them, cached; `n_frame_channels` of the conditioning are given as frames."""
    key = f"cpu {precision} {n_frame_channels}"
    if key in weights.packed:
        cached: Packed = weights.packed[key]
        return cached
    layers = [_fold_layer(weights, index) for index in range(len(weights.layers))]
    dilations = np.array([layer.dilation for layer in weights.layers])
    n_past = len(layers[0].taps) - 1
    lags = dilations[:, None] * np.arange(n_past, 0, -1)
    sizes = -(-dilations * n_past // BLOCK) * BLOCK

    def each(matrices: Callable[[FoldedLayer], Sequence[Floats]]) -> Matrices:
        return pack_flat(*(matrix for layer in layers for matrix in matrices(layer)), precision=precision)

    packed = Packed(
        sizes=Sizes(
            kind=KINDS[weights.kind],
            n_layers=len(layers),
            n_residual=len(weights.first),
            n_gated=weights.layers[0].residual.shape[1],
            n_skip=len(weights.hidden),
            n_gates=len(layers[0].gate_bias),
            n_ring=padded(len(weights.first)),
            n_state=len(layers[0].out_bias),
            n_outputs=padded(len(weights.last)),
        ),
        least_log_scale=max(weights.least_log_scale, LEAST_LOG_SCALE),
        lags=lags,
        blocks=np.gcd(lags, BLOCK),
        ring_starts=np.concatenate([[0], np.cumsum(sizes)]),
        first=_wide(_matrix(weights.first)),
        first_bias=_wide(_numbers(weights.first_bias)),
        near=each(lambda layer: [layer.taps[-1], layer.out]),
        far=each(lambda layer: layer.taps[:-1]),
        frame_weights=pack_flat(
            np.concatenate([layer.condition[:n_frame_channels] for layer in layers], axis=1), precision=precision
        ),
        sample_weights=each(lambda layer: [layer.condition[n_frame_channels:]]),
        gate_bias=np.concatenate([layer.gate_bias for layer in layers]),
        out_bias=np.concatenate([layer.out_bias for layer in layers]),
        head=pack_flat(_wide(_matrix(weights.hidden)), _wide(_matrix(weights.last)), precision=precision),
        hidden_bias=_wide(_numbers(weights.hidden_bias)),
        last_bias=_wide(_numbers(weights.last_bias)),
    )
    weights.packed[key] = packed
    return packed


class FoldedLayer(NamedTuple):
    """taps, each [residual, gates]; condition [channels, gates]; out [gated, residual + skip]; padded outputs."""

    taps: list[Floats]
    condition: Floats
    gate_bias: Floats
    out: Floats
    out_bias: Floats


def _fold_layer(weights: Weights, index: int) -> FoldedLayer:
    layer = weights.layers[index]
    grown, half = 2 ** (index / 2), math.sqrt(0.5)
    n_layers = len(weights.layers)
    skip_scale = half ** (n_layers - max(index, 1)) if weights.running_skips else math.sqrt(1 / n_layers)
    # Weights applied to x shrink as x grows; what is added to x grows with it, and is halved because gates are doubled.
    taps = _numbers(layer.dilated).transpose(2, 1, 0) / grown
    outs = (layer.residual, layer.residual_bias, grown), (layer.skip, layer.skip_bias, skip_scale)
    return FoldedLayer(
        taps=[_gates(tap) for tap in taps],
        condition=_gates(_matrix(layer.condition)),
        gate_bias=_gates(_numbers(layer.dilated_bias) + _numbers(layer.condition_bias)),
        out=np.concatenate([_wide(_matrix(matrix) * (scale / 2)) for matrix, _, scale in outs], axis=1),
        out_bias=np.concatenate([_wide(_numbers(bias) * scale) for _, bias, scale in outs]).astype(np.float32),
    )


def _gates(outputs: npt.NDArray[np.floating]) -> Floats:
    """[…, 2 n], signals before gates → both alternating; gates halved: a sigmoid is a tanh of half its argument."""
    signals, gates = np.split(outputs, 2, axis=-1)
    signals, gates = _wide(signals), _wide(gates / 2)
    starts = range(0, signals.shape[-1], HALF_PANEL)
    parts = [half[..., start : start + HALF_PANEL] for start in starts for half in (signals, gates)]
    return np.concatenate(parts, axis=-1)


def _wide(outputs: npt.NDArray[np.floating]) -> Floats:
    """Outputs padded with zeros to complete groups."""
    n = outputs.shape[-1]
    zeros = np.zeros((*outputs.shape[:-1], padded(n) - n))
    return np.concatenate([outputs, zeros], axis=-1).astype(np.float32)


def _matrix(convolution: Tensor) -> Doubles:
    """[outputs, inputs, 1] → [inputs, outputs]."""
    return _numbers(convolution[:, :, 0].T)


def _numbers(tensor: Tensor) -> Doubles:
    numbers: Doubles = tensor.detach().double().numpy()
    return numbers


@njit(nogil=True, cache=True)
def run(packed: Packed, inputs: Inputs, loop: LoopState, output: Output, start: int, stop: int) -> None:
    """The samples from `start`, which is the first of a block, to `stop`; `loop` moves on."""
    sizes, counts, lengths = packed.sizes, inputs.counts, inputs.lengths
    batch, n_layers, n, n_state = counts.batch, sizes.n_layers, sizes.n_residual, sizes.n_state
    n_gates, n_z, n_ring, n_skip = sizes.n_gates, sizes.n_gates // 2, sizes.n_ring, sizes.n_state - sizes.n_ring
    # As plain arrays: reading them from a tuple, or slicing them, costs more than a product of a few rows.
    near, far, out_bias, head = packed.near, packed.far, packed.out_bias, packed.head
    lags, blocks, ring_starts = packed.lags, packed.blocks, packed.ring_starts
    rings, gates, state, z = loop.rings, loop.ahead, loop.state, loop.gated
    hidden, parameters, n_outputs = loop.hidden, loop.parameters, sizes.n_outputs
    projected, n_projected, previous, forced = loop.projected, loop.n_projected, loop.previous, inputs.forced
    first_weights, first_bias = packed.first, packed.first_bias
    n_past, n_near = lags.shape[1], n * n_gates + sizes.n_gated * n_state
    live = batch
    for t in range(start, stop):
        while lengths[live - 1] <= t:
            live -= 1
        now = t % BLOCK
        done = 0 if now == 0 else BLOCK
        while done < BLOCK:
            n_rows, frame = BLOCK, (t + done) // counts.hop_length
            if counts.width:
                n_rows = min(BLOCK - done, (frame + 1) * counts.hop_length - t - done)
                while n_projected[0] <= min(frame + counts.width // 2, counts.n_frames - 1):
                    _project(
                        projected, n_projected[0], inputs.frames, packed.frame_weights, n_layers * n_gates, counts, live
                    )
                    n_projected[0] += 1
            _begin_block(
                gates, projected, inputs.spread, inputs.samples, packed.gate_bias, packed.sample_weights,
                sizes, counts, live, t, done, n_rows,
            )  # fmt: skip
            done += n_rows
        for row in range(live):
            if forced.shape[1]:
                previous[row] = forced[row, t]
            # The first layer: a row of the weights for a class, a multiple of the only row for a sample; no skips yet.
            class_row, factor = 0, np.float32(previous[row])
            if sizes.kind == MULAW:
                class_row, factor = int(previous[row]), np.float32(1)
            for i in range(len(first_bias)):
                state[row * n_state + i] = first_weights[class_row, i] * factor + first_bias[i]
            for i in range(len(first_bias), n_state):
                state[row * n_state + i] = 0
        for layer in range(n_layers):
            first_ring, size = ring_starts[layer] * batch, ring_starts[layer + 1] - ring_starts[layer]
            for tap in range(n_past):
                lag, block = lags[layer, tap], blocks[layer, tap]
                for row in range(live if t % block == 0 else 0):
                    past = (first_ring + row * size + (t - lag) % size) * n_ring
                    add_product(
                        gates, ((layer * batch + row) * BLOCK + now) * n_gates, n_gates, n_gates,
                        rings, past, n_ring, n, block, far, (layer * n_past + tap) * n * n_gates,
                    )  # fmt: skip
            first_gate, weight = (layer * batch * BLOCK + now) * n_gates, layer * n_near
            add_product(gates, first_gate, BLOCK * n_gates, n_gates, state, 0, n_state, n, live, near, weight)
            for row in range(live):
                if size:
                    put(rings, (first_ring + row * size + t % size) * n_ring, state, row * n_state, n_ring)
                # Gates come in panels, half of them signals, half the gates of the same channels.
                for first in range(0, n_z, HALF_PANEL):
                    half = min(HALF_PANEL, n_z - first)
                    signal = first_gate + row * BLOCK * n_gates + 2 * first
                    gate(z, row * n_z + first, gates, signal, signal + half, half)  # type: ignore[call-arg]
                add(state, row * n_state, out_bias, layer * n_state, n_state)
            add_product(state, 0, n_state, n_state, z, 0, n_z, sizes.n_gated, live, near, weight + n * n_gates)
        for row in range(live):
            skips = row * n_state + n_ring
            put_positive(state, skips, state, skips, n_skip)
            put(hidden, row * n_skip, packed.hidden_bias, 0, n_skip)
            put(parameters, row * n_outputs, packed.last_bias, 0, n_outputs)
        add_product(hidden, 0, n_skip, n_skip, state, n_ring, n_state, sizes.n_skip, live, head, 0)
        put_positive(hidden, 0, hidden, 0, live * n_skip)
        add_product(
            parameters, 0, n_outputs, n_outputs, hidden, 0, n_skip, sizes.n_skip, live, head, sizes.n_skip * n_skip
        )
        for row in range(live):
            _sample(
                sizes.kind, packed.least_log_scale, inputs.noise, previous, parameters,
                row * n_outputs, output.samples, output.parameters, row, t,
            )  # fmt: skip


@njit(nogil=True)
def _begin_block(
    ahead: Floats,
    projected: Floats,
    spread: Floats,
    samples: Floats,
    gate_bias: Floats,
    sample_weights: Any,
    sizes: Sizes,
    counts: Counts,
    live: int,
    first_sample: int,
    done: int,
    n_rows: int,
) -> None:
    """What the conditioning adds to the gates of `n_rows` samples of one frame, which begin `done` samples after the
    first of their block, for each of the `live` streams."""
    n_gates, n_all, width, n_channels = sizes.n_gates, sizes.n_layers * sizes.n_gates, counts.width, counts.n_channels
    for layer in range(sizes.n_layers):
        for row in range(live):
            first = ((layer * counts.batch + row) * BLOCK + done) * n_gates
            for i in range(n_rows):
                put(ahead, first + i * n_gates, gate_bias, layer * n_gates, n_gates)
            step = row * counts.n_steps + first_sample + done
            for column in range(0, n_gates if width else 0, WIDE_PANEL):
                table = row * width * n_all + layer * n_gates + column
                add_panel(
                    ahead, first + column, n_gates, spread, step * width, width, width, n_rows,
                    projected, table, n_all, min(WIDE_PANEL, n_gates - column),
                )  # fmt: skip
            add_product(
                ahead, first, n_gates, n_gates, samples, step * n_channels, n_channels, n_channels, n_rows,
                sample_weights, layer * n_channels * n_gates,
            )  # fmt: skip


@njit(nogil=True)
def _project(
    projected: Floats, frame: int, frames: Floats, weights: Any, n_all: int, counts: Counts, live: int
) -> None:
    """What a frame adds to all gates; it overwrites that of the frame `width` before."""
    for row in range(live):
        start = (row * counts.width + frame % counts.width) * n_all
        for i in range(start, start + n_all):
            projected[i] = 0
        first = (row * counts.n_frames + frame) * counts.n_frame_channels
        add_product(projected, start, 0, n_all, frames, first, 0, counts.n_frame_channels, 1, weights, 0)


@njit(nogil=True)
def _sample(
    kind: int,
    least_log_scale: float,
    noise: Doubles,
    previous: Doubles,
    parameters: Floats,
    first: int,
    samples: Doubles,
    returned: Floats,
    row: int,
    t: int,
) -> None:
    """The next sample of a stream, by the parameters from `first` on, which are copied to `returned` if it has room."""
    n = returned.shape[2]
    for i in range(n if returned.shape[1] else 0):
        returned[row, t, i] = parameters[first + i]
    if kind == MULAW:
        # The inverse of the cumulative distribution; for a negative number the likeliest class.
        best = 0
        for k in range(n):
            if parameters[first + k] > parameters[first + best]:
                best = k
        sample, uniform = float(best), noise[row, t, 0]
        if uniform >= 0:
            most, total = np.float64(parameters[first + best]), 0.0
            for k in range(n):
                total += math.exp(parameters[first + k] - most)
            remaining = uniform * total
            sample = float(n - 1)
            for k in range(n - 1):
                remaining -= math.exp(parameters[first + k] - most)
                if remaining < 0:
                    sample = float(k)
                    break
    else:
        mean, scale, third = first, first + n - 1, n // 3
        if kind == LOGISTICS:
            best = 0
            for k in range(1, third):
                if parameters[first + k] + noise[row, t, k] > parameters[first + best] + noise[row, t, best]:
                    best = k
            mean, scale = first + third + best, first + 2 * third + best
        deviation = math.exp(max(np.float64(parameters[scale]), least_log_scale))
        sample = parameters[mean] + deviation * noise[row, t, noise.shape[2] - 1]
        sample = min(max(sample, -1.0), 1.0)
    samples[row, t] = previous[row] = sample
