"""WaveNet's loop over samples, compiled by Numba: equal to `tts.kernels.reference.wavenet` up to the order of sums.

A sample of a small WaveNet is half a million products, some twenty microseconds of work, but a few hundred PyTorch
calls, which take a hundred times that. Of those products only a part must wait for the sample before: a tap that lies
`lag` samples back is known so long beforehand, and is applied to up to eight samples at once with its weights read
once. What frames add is projected at their rate, and mixed for eight samples at once.
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

from tts.kernels import wavenet as operation
from tts.kernels.cpu.tiles import PANEL, add, add_panel, add_product, gate, put, put_positive
from tts.kernels.cpu.wavenet_weights import BLOCK, HALF_PANEL, LOGISTICS, MULAW, Packed, Sizes, pack
from tts.kernels.threads import compute_threads

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Rows = TypeVar("Rows")

# So many samples are made before Python may look whether it was interrupted.
TURN = 4096


class Counts(NamedTuple):
    """How much is known beforehand; `n_steps` are whole blocks of samples."""

    batch: int
    hop_length: int
    n_steps: int
    n_frames: int
    n_frame_channels: int
    width: int
    n_channels: int


class Given(NamedTuple):
    """What is known beforehand, samples before channels.

    `lengths` [B] is how many samples each stream has, the longest first: the others leave when they have theirs. Flat
    are frames [B, T, channels], spread [B, n_steps, width] and samples [B, n_steps, channels]; noise [B, n, k]; told
    [B, n] or [B, 0].
    """

    counts: Counts
    lengths: npt.NDArray[np.int64]
    frames: Floats
    spread: Floats
    samples: Floats
    noise: Doubles
    told: Doubles


class Memory(NamedTuple):
    """The past of some streams, flat: the layers' inputs as rings, one layer after the other, [B, size, n_ring] each.

    `ahead` [layers, B, BLOCK, gates] is what is known of the gates of a block of samples; `projected`
    [B, width, layers * gates] what the frames around give, and `n_projected` how many frames have been projected.
    """

    rings: Floats
    ahead: Floats
    projected: Floats
    n_projected: npt.NDArray[np.int64]
    state: Floats
    gated: Floats
    hidden: Floats
    parameters: Floats
    previous: Doubles


class Made(NamedTuple):
    """samples [B, n]; parameters [B, n, n_outputs], or [B, 0, n_outputs] if they are not kept."""

    samples: Doubles
    parameters: Floats


def generate(
    weights: operation.Weights,
    conditions: operation.Conditions,
    noise: Tensor,
    told: Tensor | None = None,
    precision: str = "float32",
) -> operation.Generated:
    """See `tts.kernels.wavenet.generate`; the streams of a batch are shared out between the threads."""
    packed, noise = packed_for(weights, conditions.frames.shape[1], precision), noise.double()
    batch, n_steps = noise.shape[:2]
    kept = n_steps if told is not None else 0
    samples, parameters = np.zeros((batch, n_steps)), np.zeros((batch, kept, len(weights.last)), np.float32)

    def speak(rows: slice) -> None:
        heard = noise.new_zeros(batch, 0) if told is None else told
        given = given_of(conditions, rows, noise[rows], heard[rows], np.full(batch, n_steps)[rows])
        made = Made(samples[rows], parameters[rows])
        speak_rows(packed, given, made, weights.silence)

    n_shares = min(batch, compute_threads())
    ends = [batch * i // n_shares for i in range(n_shares + 1)]
    at_once(speak, [slice(*pair) for pair in pairwise(ends)])
    made = torch.from_numpy(samples)
    made = made.long() if weights.kind == "mulaw" else made.float()
    return operation.Generated(made, torch.from_numpy(parameters) if kept else None)


def packed_for(weights: operation.Weights, n_frame_channels: int, precision: str) -> Packed:
    """The weights as the loop reads them, made when first asked for."""
    key = f"cpu {precision} {n_frame_channels}"
    if key not in weights.packs:
        weights.packs[key] = pack(weights, precision, n_frame_channels)
    packed: Packed = weights.packs[key]
    return packed


def at_once(speak: Callable[[Rows], None], shares: Sequence[Rows]) -> None:
    """Have `speak` called with the rows of each share, on a thread each."""
    if len(shares) == 1:
        speak(shares[0])
        return
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(speak, shares))


def given_of(
    conditions: operation.Conditions, rows: slice, noise: Tensor, told: Tensor, lengths: npt.NDArray[np.int64]
) -> Given:
    """The rows of all conditions, and their noise, samples told [B, n] or [B, 0] and lengths."""
    spare = -noise.shape[1] % BLOCK

    def flat(tensor: Tensor, spare: int) -> npt.NDArray[Any]:
        return np.pad(tensor.detach().numpy(), ((0, 0), (0, spare), (0, 0))).reshape(-1)

    frames, spread, samples = conditions.frames[rows], conditions.spread, conditions.samples[rows]
    spread = spread.expand(len(noise), -1, -1) if len(spread) == 1 else spread[rows]
    return Given(
        Counts(
            len(noise),
            conditions.hop_length,
            noise.shape[1] + spare,
            frames.shape[2],
            frames.shape[1],
            spread.shape[2],
            samples.shape[1],
        ),
        lengths,
        flat(frames.transpose(1, 2), 0),
        flat(spread, spare),
        flat(samples.transpose(1, 2), spare),
        np.ascontiguousarray(noise.numpy()),
        np.ascontiguousarray(told.double().numpy()),
    )


def speak_rows(packed: Packed, given: Given, made: Made, silence: float) -> None:
    """Fill `made`, on this thread."""
    memory = empty_memory(packed, given, silence)
    n_steps = made.samples.shape[1]
    for start in range(0, n_steps, TURN):
        run(packed, given, memory, made, start, min(n_steps, start + TURN))


def empty_memory(packed: Packed, given: Given, first_input: float) -> Memory:
    batch, n_layers, n_gates = len(given.noise), packed.sizes.n_layers, packed.sizes.n_gates

    def zeros(*shape: int) -> Floats:
        return np.zeros(math.prod(shape), np.float32)

    return Memory(
        zeros(packed.ring_starts[-1], batch, packed.sizes.n_ring),
        zeros(n_layers, batch, BLOCK, n_gates),
        zeros(batch, given.counts.width, n_layers, n_gates),
        np.zeros(1, np.int64),
        zeros(batch, packed.sizes.n_state),
        zeros(batch, n_gates // 2),
        zeros(batch, packed.sizes.n_state - packed.sizes.n_ring),
        zeros(batch, packed.sizes.n_outputs),
        np.full(batch, first_input),
    )


@njit(nogil=True, cache=True)
def run(packed: Packed, given: Given, memory: Memory, made: Made, start: int, stop: int) -> None:
    """The samples from `start`, which is the first of a block, to `stop`; `memory` moves on."""
    sizes, counts, lengths = packed.sizes, given.counts, given.lengths
    batch, n_layers, n, n_state = counts.batch, sizes.n_layers, sizes.n_residual, sizes.n_state
    n_gates, n_z, n_ring, n_skip = sizes.n_gates, sizes.n_gates // 2, sizes.n_ring, sizes.n_state - sizes.n_ring
    # Arrays alone: to take them out of a tuple, or a part out of them, costs more than a product of a few rows.
    near, far, out_bias, head = packed.near, packed.far, packed.out_bias, packed.head
    lags, blocks, ring_starts = packed.lags, packed.blocks, packed.ring_starts
    rings, gates, state, z = memory.rings, memory.ahead, memory.state, memory.gated
    hidden, parameters, n_outputs = memory.hidden, memory.parameters, sizes.n_outputs
    projected, n_projected, previous, told = memory.projected, memory.n_projected, memory.previous, given.told
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
                        projected, n_projected[0], given.frames, packed.frame_weights, n_layers * n_gates, counts, live
                    )
                    n_projected[0] += 1
            _begin_block(
                gates, projected, given.spread, given.samples, packed.gate_bias, packed.sample_weights,
                sizes, counts, live, t, done, n_rows,
            )  # fmt: skip
            done += n_rows
        for row in range(live):
            if told.shape[1]:
                previous[row] = told[row, t]
            _begin(state, row * n_state, previous[row], packed.first, packed.first_bias, sizes.kind, n_state)
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
                _gate(z, row * n_z, gates, first_gate + row * BLOCK * n_gates, n_z)
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
            _draw(
                sizes.kind, packed.least_log_scale, given.noise, previous, parameters,
                row * n_outputs, made.samples, made.parameters, row, t,
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
    """What conditions add to the gates of `n_rows` samples of one frame, `done` after the first of their block, of each
    of the `live` streams."""
    n_gates, n_all, width, n_channels = sizes.n_gates, sizes.n_layers * sizes.n_gates, counts.width, counts.n_channels
    for layer in range(sizes.n_layers):
        for row in range(live):
            first = ((layer * counts.batch + row) * BLOCK + done) * n_gates
            for i in range(n_rows):
                put(ahead, first + i * n_gates, gate_bias, layer * n_gates, n_gates)
            place = row * counts.n_steps + first_sample + done
            for column in range(0, n_gates if width else 0, PANEL):
                table = row * width * n_all + layer * n_gates + column
                add_panel(
                    ahead, first + column, n_gates, spread, place * width, width, width, n_rows,
                    projected, table, n_all, min(PANEL, n_gates - column),
                )  # fmt: skip
            add_product(
                ahead, first, n_gates, n_gates, samples, place * n_channels, n_channels, n_channels, n_rows,
                sample_weights, layer * n_channels * n_gates,
            )  # fmt: skip


@njit(nogil=True)
def _project(
    projected: Floats, frame: int, frames: Floats, weights: Any, n_all: int, counts: Counts, live: int
) -> None:
    """What a frame gives to all gates, in place of the one that is `width` older."""
    for row in range(live):
        place = (row * counts.width + frame % counts.width) * n_all
        for i in range(place, place + n_all):
            projected[i] = 0
        first = (row * counts.n_frames + frame) * counts.n_frame_channels
        add_product(projected, place, 0, n_all, frames, first, 0, counts.n_frame_channels, 1, weights, 0)


@njit(nogil=True)
def _begin(state: Floats, at: int, previous: float, first: Floats, bias: Floats, kind: int, n_state: int) -> None:
    """The first layer: a row of the weights for a class, a multiple of the only row for a sample; no skips yet."""
    line, factor = (int(previous), np.float32(1)) if kind == MULAW else (0, np.float32(previous))
    for i in range(len(bias)):
        state[at + i] = first[line, i] * factor + bias[i]
    for i in range(at + len(bias), at + n_state):
        state[i] = 0


@njit(nogil=True)
def _gate(gated: Floats, first_output: int, gates: Floats, first_gate: int, n: int) -> None:
    """Gates come in panels, half of them signals, half gates of the same."""
    for place in range(0, n, HALF_PANEL):
        width = min(HALF_PANEL, n - place)
        signal = first_gate + 2 * place
        gate(gated, first_output + place, gates, signal, signal + width, width)  # type: ignore[call-arg]


@njit(nogil=True)
def _draw(
    kind: int,
    least_log_scale: float,
    noise: Doubles,
    previous: Doubles,
    parameters: Floats,
    first: int,
    samples: Doubles,
    kept: Floats,
    row: int,
    t: int,
) -> None:
    """The next sample of a stream, by the parameters from `first` on; they are kept where there is room."""
    n = kept.shape[2]
    for i in range(n if kept.shape[1] else 0):
        kept[row, t, i] = parameters[first + i]
    if kind == MULAW:
        sample = _drawn_class(parameters, first, n, noise[row, t, 0])
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


@njit(nogil=True)
def _drawn_class(logits: Floats, first: int, n: int, uniform: float) -> float:
    best = 0
    for k in range(n):
        if logits[first + k] > logits[first + best]:
            best = k
    if uniform < 0:
        return float(best)
    most = np.float64(logits[first + best])
    total = 0.0
    for k in range(n):
        total += math.exp(logits[first + k] - most)
    remaining = uniform * total
    for k in range(n - 1):
        remaining -= math.exp(logits[first + k] - most)
        if remaining < 0:
            return float(k)
    return float(n - 1)
