"""The loop over frames of Tacotron 2's decoder, as each member of a team runs it.

A step's outputs are shared out, then the members meet. Hidden states are kept twice, since some members write the new
ones while others still read the old.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from tts.kernels.cpu.activations import sigmoid, tanh
from tts.kernels.cpu.panel_code import LANES, WIDTH
from tts.kernels.cpu.panels import (
    Floats,
    Panels,
    Vectors,
    add_mixture,
    add_products,
    add_products_of,
    most_steps,
)
from tts.kernels.cpu.team import Barrier, meet, share

Integers = npt.NDArray[np.int64]

# What is heard with less weight than this is not heard: all of it together is below a float32's last digit.
UNHEARD = np.float32(1e-8)


class LoopWeights(NamedTuple):
    """See `tts.kernels.cpu.tacotron2_packing.packed`; an LSTM's panel holds the four gates of 8 units, i f g o."""

    prenet_first: Panels
    prenet_others: Panels
    attention_input: Panels
    attention_hidden: Panels
    attention_bias: Floats
    query: Panels
    location: Panels
    energy: Floats
    decoder_input: Panels
    decoder_hidden: Panels
    decoder_bias: Floats
    projection: Panels
    projection_bias: Floats


class State(NamedTuple):
    """What a frame leaves for the next; R rows of a batch B, of which `place` says which they are.

    lengths [B] and keys [B, S, A] of the memory; symbols [B, S, gates and outputs]: what each symbol adds, heard in
    full. hidden states [2, R, units], the old ones at `now`; heard [R, 2 (S + k - 1 + 8)]: the last frame's weights
    and their sum over all frames, each with zeros around it; weights [R, S], zero outside windows [R, first and end].
    """

    place: Integers
    lengths: Integers
    keys: Floats
    symbols: Panels
    frame: Vectors
    prenet: Vectors
    prenet_between: Vectors
    attention_hidden: Vectors
    attention_cell: Floats
    query: Floats
    heard: Vectors
    energies: Floats
    weights: Vectors
    windows: Integers
    decoder_hidden: Vectors
    decoder_cell: Floats
    now: Integers


class Made(NamedTuple):
    """frames [B, T, n_mels], stop_logits [B, T], alignments [B, T, S]."""

    frames: Floats
    stop_logits: Floats
    alignments: Floats


@njit(nogil=True, cache=True)
def run(
    rank: int,
    n_members: int,
    barrier: Barrier,
    w: LoopWeights,
    state: State,
    masks: Floats,
    made: Made,
    first: int,
    stop_logit: float,
    count: Integers,
) -> None:
    """Make frames `first` and on, as many as there are masks [n, layers, R, channels]; count[0]: so many were made.

    It ends before that when every row has had a stop logit above `stop_logit` since the beginning.
    """
    n_rows = len(state.place)
    sums = np.zeros((max(n_rows, LANES), WIDTH), np.float32)
    is_over = np.zeros(n_rows, np.bool_)
    # Beside the other members this is another array each, since all of them need all of it.
    prenet = Vectors(state.prenet.values, np.zeros_like(state.prenet.ints), np.zeros_like(state.prenet.steps))
    old = state.now[0]
    attention_from = 0
    decoder_from = len(w.attention_bias)
    projection_from = decoder_from + len(w.decoder_bias)
    meet(barrier, n_members)
    for t in range(len(masks)):
        _prenet(rank, n_members, barrier, w, state, masks[t], sums[:n_rows])
        _to_steps(prenet, w.attention_input.values.size // w.attention_input.scales.size)
        a, b = share(len(w.attention_bias) // WIDTH, rank, n_members)
        hidden, size = state.attention_hidden, state.attention_hidden.values.shape[2]
        for p in range(a, b):
            _begin(sums[:n_rows], w.attention_bias, p)
            add_products(sums[:n_rows], prenet, 0, prenet.values.shape[1], w.attention_input, p)
            add_products(sums[:n_rows], hidden, old * n_rows * size, size, w.attention_hidden, p)
            _hear(sums[:n_rows], state, attention_from + p * WIDTH)
            _update(sums[:n_rows], state.attention_cell, hidden, 1 - old, p)
        meet(barrier, n_members)
        a, b = share(len(w.energy) // WIDTH, rank, n_members)
        for p in range(a, b):
            sums[:] = 0
            add_products(sums[:n_rows], hidden, (1 - old) * n_rows * size, size, w.query, p)
            state.query[:, p * WIDTH : (p + 1) * WIDTH] = sums[:n_rows]
        meet(barrier, n_members)
        _energies(rank, n_members, w, state, sums[:LANES])
        meet(barrier, n_members)
        a, b = share(n_rows, rank, n_members)
        for row in range(a, b):
            _attend(w, state, row, made.alignments[state.place[row], first + t])
        meet(barrier, n_members)
        a, b = share(len(w.decoder_bias) // WIDTH, rank, n_members)
        for p in range(a, b):
            n = state.decoder_hidden.values.shape[2]
            _begin(sums[:n_rows], w.decoder_bias, p)
            add_products(sums[:n_rows], hidden, (1 - old) * n_rows * size, size, w.decoder_input, p)
            add_products(sums[:n_rows], state.decoder_hidden, old * n_rows * n, n, w.decoder_hidden, p)
            _hear(sums[:n_rows], state, decoder_from + p * WIDTH)
            _update(sums[:n_rows], state.decoder_cell, state.decoder_hidden, 1 - old, p)
        meet(barrier, n_members)
        a, b = share(len(w.projection_bias) // WIDTH, rank, n_members)
        for p in range(a, b):
            n = state.decoder_hidden.values.shape[2]
            _begin(sums[:n_rows], w.projection_bias, p)
            add_products(sums[:n_rows], state.decoder_hidden, (1 - old) * n_rows * n, n, w.projection, p)
            _hear(sums[:n_rows], state, projection_from + p * WIDTH)
            _put(sums[:n_rows], state, made, first + t, p)
        old = 1 - old
        meet(barrier, n_members)
        n_over = 0
        for row in range(n_rows):
            is_over[row] |= made.stop_logits[state.place[row], first + t] > stop_logit
            n_over += is_over[row]
        if rank == 0:
            count[0] = t + 1
            state.now[0] = old
        if n_over == n_rows:
            break


@njit(nogil=True, cache=True)
def _prenet(
    rank: int, n_members: int, barrier: Barrier, w: LoopWeights, state: State, masks: Floats, sums: Floats
) -> None:
    """frame → prenet; masks [layers, R, channels]."""
    n_layers, n_rows, n_channels = masks.shape
    n_panels = len(w.prenet_first.values)
    a, b = share(n_panels, rank, n_members)
    for layer in range(n_layers):
        # The last layer's outputs are at `prenet`, those before it take turns.
        is_last = (n_layers - 1 - layer) % 2 == 0
        y = state.prenet.values if is_last else state.prenet_between.values
        x = state.prenet_between if is_last else state.prenet
        for p in range(a, b):
            sums[:] = 0
            if layer == 0:
                add_products(sums, state.frame, 0, state.frame.values.shape[1], w.prenet_first, p)
            else:
                add_products(sums, x, 0, x.values.shape[1], w.prenet_others, (layer - 1) * n_panels + p)
            for row in range(n_rows):
                for j in range(min(WIDTH, n_channels - p * WIDTH)):
                    y[row, p * WIDTH + j] = max(sums[row, j], np.float32(0)) * masks[layer, row, p * WIDTH + j]
        meet(barrier, n_members)


@njit(nogil=True, cache=True)
def _to_steps(x: Vectors, n: int) -> None:
    """Bring values of any size to whole steps, the largest of a row to the most there are."""
    most = most_steps(n)
    for row in range(len(x.values)):
        largest = np.float32(1e-30)
        for i in range(n):
            largest = max(largest, abs(x.values[row, i]))
        x.steps[row] = largest / np.float32(most)
        scale = np.float32(most) / largest
        for i in range(n):
            x.ints[row, i] = np.int16(np.rint(x.values[row, i] * scale))


@njit(nogil=True, cache=True, inline="always")
def _begin(sums: Floats, bias: Floats, panel: int) -> None:
    for row in range(len(sums)):
        for j in range(WIDTH):
            sums[row, j] = bias[panel * WIDTH + j]


@njit(nogil=True, cache=True)
def _hear(sums: Floats, state: State, output: int) -> None:
    """sums [R, 32] += what the symbols of each row's window add to the outputs from `output` on."""
    _, n_symbols, n_outputs = state.symbols.values.shape
    stride = state.weights.values.shape[1]
    for row in range(len(sums)):
        start, end = state.windows[row]
        w_at = (state.place[row] * n_symbols + start) * n_outputs + output
        add_mixture(sums, row, state.weights, row * stride + start, state.symbols, w_at, n_outputs, end - start)


@njit(nogil=True, cache=True, fastmath={"contract"})
def _update(sums: Floats, cell: Floats, hidden: Vectors, new: int, panel: int) -> None:
    """An LSTM's 8 units of a panel, from their gates in sums [R, 32]."""
    most = np.float32(most_steps(hidden.values.shape[2]))
    for row in range(len(sums)):
        for j in range(LANES):
            unit = panel * LANES + j
            c = sigmoid(sums[row, LANES + j]) * cell[row, unit] + sigmoid(sums[row, j]) * tanh(sums[row, 2 * LANES + j])
            h = sigmoid(sums[row, 3 * LANES + j]) * tanh(c)
            cell[row, unit] = c
            hidden.values[new, row, unit] = h
            hidden.ints[new, row, unit] = np.int16(np.rint(h * most))


@njit(nogil=True, cache=True)
def _energies(rank: int, n_members: int, w: LoopWeights, state: State, sums: Floats) -> None:
    """The energy of each symbol of each row, 8 symbols at a time; sums [8, 32] is room to work in."""
    n_rows, n_symbols = state.energies.shape
    n_blocks = (n_symbols + LANES - 1) // LANES
    size = state.heard.values.shape[1] // 2
    n_taps = w.location.values.shape[1] // 2
    a, b = share(n_rows * n_blocks, rank, n_members)
    for item in range(a, b):
        row, block = item // n_blocks, item % n_blocks
        start, end = block * LANES, min((block + 1) * LANES, state.lengths[state.place[row]])
        for s in range(start, end):
            state.energies[row, s] = 0
        for p in range(len(w.energy) // WIDTH if start < end else 0):
            sums[:] = 0
            for channel in range(2):
                at = (2 * row + channel) * size + start
                add_products_of(sums, state.heard, at, 1, w.location, p, channel * n_taps, n_taps)
            for s in range(start, end):
                keys = state.keys[state.place[row], s, p * WIDTH : (p + 1) * WIDTH]
                query = state.query[row, p * WIDTH : (p + 1) * WIDTH]
                state.energies[row, s] += _energy(
                    sums[s - start], keys, query, w.energy[p * WIDTH : (p + 1) * WIDTH]
                )


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc", "nsz"})
def _energy(location: Floats, keys: Floats, query: Floats, energy: Floats) -> np.float32:
    total = np.float32(0)
    for j in range(WIDTH):
        total += energy[j] * tanh(location[j] + keys[j] + query[j])
    return total


@njit(nogil=True, cache=True)
def _attend(w: LoopWeights, state: State, row: int, alignment: Floats) -> None:
    """Energies → weights and the window in which they can be heard, what was heard so far, and the alignment's row."""
    n = state.lengths[state.place[row]]
    energies, weights = state.energies[row], state.weights.values[row]
    most = energies[0]
    for s in range(1, n):
        most = max(most, energies[s])
    total = np.float32(0)
    for s in range(n):
        weights[s] = math.exp(energies[s] - most)
        total += weights[s]
    size, half = state.heard.values.shape[1] // 2, w.location.values.shape[1] // 4
    start, end = n, 0
    for s in range(n):
        weight = weights[s] / total
        weights[s] = weight
        alignment[s] = weight
        state.heard.values[row, half + s] = weight
        state.heard.values[row, size + half + s] += weight
        if weight > UNHEARD:
            start, end = min(start, s), s + 1
    state.windows[row, 0], state.windows[row, 1] = start, end


@njit(nogil=True, cache=True)
def _put(sums: Floats, state: State, made: Made, t: int, panel: int) -> None:
    """The projection's outputs: the frame, also to be read by the prenet, and after it the stop logit."""
    n_mels = made.frames.shape[2]
    for row in range(len(sums)):
        place = state.place[row]
        for j in range(WIDTH):
            output = panel * WIDTH + j
            if output < n_mels:
                made.frames[place, t, output] = sums[row, j]
                state.frame.values[row, output] = sums[row, j]
            elif output == n_mels:
                made.stop_logits[place, t] = sums[row, j]
