"""The loop over frames of Tacotron 2's decoder, as each member of a team runs it.

A step's outputs are shared out, then the members meet. Hidden states are kept twice, since some members write the new
ones while others still read the old.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

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


class LstmPanels(NamedTuple):
    """A panel holds the gates i, f, g and o of 8 units."""

    input: Panels
    hidden: Panels
    bias: Floats


class LoopWeights(NamedTuple):
    """See `tts.kernels.cpu.tacotron2_packing.packed`."""

    prenet_first: Panels
    prenet_others: Panels
    attention_rnn: LstmPanels
    query: Panels
    location: Panels
    energy: Floats
    decoder_rnn: LstmPanels
    projection: Panels
    projection_bias: Floats


class LstmState(NamedTuple):
    """hidden [2, R, units], of which one is the last frame's; cell [R, units]."""

    hidden: Vectors
    cell: Floats


class Context(NamedTuple):
    """What the rows hear of the memory.

    place [R]: which of the batch each row is; symbols [B, S, gates and outputs]: what each symbol adds when heard in
    full; weights [R, S], those outside windows [R, first and end] too small to be heard.
    """

    place: Integers
    symbols: Panels
    weights: Vectors
    windows: Integers


class Attention(NamedTuple):
    """lengths [B]; keys [B, S, A]; query [R, A]; energies [R, S]; heard [R, 2 (S + k - 1 + 8)]: the last frame's
    weights and their sum over all frames, each with zeros around it."""

    lengths: Integers
    keys: Floats
    query: Floats
    energies: Floats
    heard: Vectors


class Prenet(NamedTuple):
    """The last frame [R, n_mels], and what the layers make of it in turns [R, channels]."""

    frame: Vectors
    out: Vectors
    between: Vectors


class State(NamedTuple):
    """What a frame leaves for the next, for R rows of a batch B; `now`: which hidden states are the last frame's."""

    prenet: Prenet
    attention_rnn: LstmState
    attention: Attention
    context: Context
    decoder_rnn: LstmState
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
    place = state.context.place
    n_rows = len(place)
    sums = np.zeros((max(n_rows, LANES), WIDTH), np.float32)
    is_over = np.zeros(n_rows, np.bool_)
    # Beside the other members this is another array each, since all of them need all of it.
    out = state.prenet.out
    out = Vectors(out.values, np.zeros_like(out.ints), np.zeros_like(out.steps))
    query, decoded = state.attention_rnn.hidden, state.decoder_rnn.hidden
    start = 0 * first  # were it a constant, Numba would compile for it once more
    decoder_from = len(w.attention_rnn.bias)
    projection_from = decoder_from + len(w.decoder_rnn.bias)
    old = state.now[0]
    meet(barrier, n_members)
    for t in range(len(masks)):
        _prenet(rank, n_members, barrier, w.prenet_first, w.prenet_others, state.prenet, masks[t], sums)
        _to_steps(out, w.attention_rnn.input.values.size // w.attention_rnn.input.scales.size)
        _lstm(rank, n_members, w.attention_rnn, out, start, state.attention_rnn, old, state.context, start, sums)
        meet(barrier, n_members)
        new_query = (1 - old) * n_rows * query.values.shape[2]
        _query(rank, n_members, w.query, query, new_query, state.attention.query, sums)
        meet(barrier, n_members)
        _energies(rank, n_members, w.location, w.energy, state.attention, place, sums)
        meet(barrier, n_members)
        first_row, end_row = share(n_rows, rank, n_members)
        for row in range(first_row, end_row):
            alignment = made.alignments[place[row], first + t]
            _attend(state.attention, state.context.weights.values[0], state.context.windows, place, row, alignment)
        meet(barrier, n_members)
        _lstm(
            rank, n_members, w.decoder_rnn, query, new_query, state.decoder_rnn, old, state.context, decoder_from, sums
        )
        meet(barrier, n_members)
        first_panel, end_panel = share(len(w.projection_bias) // WIDTH, rank, n_members)
        for p in range(first_panel, end_panel):
            size = decoded.values.shape[2]
            _begin(sums, n_rows, w.projection_bias, p)
            add_products(sums, n_rows, decoded, (1 - old) * n_rows * size, size, w.projection, p)
            _hear(sums, n_rows, state.context, projection_from + p * WIDTH)
            _put(sums, place, state.prenet.frame.values[0], made.frames, made.stop_logits, first + t, p)
        old = 1 - old
        meet(barrier, n_members)
        n_over = 0
        for row in range(n_rows):
            is_over[row] |= made.stop_logits[place[row], first + t] > stop_logit
            n_over += is_over[row]
        if rank == 0:
            count[0] = t + 1
            state.now[0] = old
        if n_over == n_rows:
            break


@njit(nogil=True, cache=True)
def _prenet(
    rank: int,
    n_members: int,
    barrier: Barrier,
    first: Panels,
    others: Panels,
    prenet: Prenet,
    masks: Floats,
    sums: Floats,
) -> None:
    """frame → out, by layers with masks [layers, R, channels]."""
    n_layers, n_rows, _ = masks.shape
    n_panels = len(first.values)
    first_panel, end_panel = share(n_panels, rank, n_members)
    for layer in range(n_layers):
        # So that the last layer's outputs are at `out`.
        x, y = (prenet.between, prenet.out) if (n_layers - layer) % 2 == 1 else (prenet.out, prenet.between)
        for p in range(first_panel, end_panel):
            sums[:] = 0
            if layer == 0:
                add_products(sums, n_rows, prenet.frame, 0, prenet.frame.values.shape[2], first, p)
            else:
                add_products(sums, n_rows, x, 0, x.values.shape[2], others, (layer - 1) * n_panels + p)
            _keep_some(y.values[0], sums, masks[layer], p)
        meet(barrier, n_members)


@njit(nogil=True, cache=True)
def _keep_some(y: Floats, sums: Floats, mask: Floats, panel: int) -> None:
    """A panel's outputs: ReLU and dropout."""
    n_rows, n_channels = mask.shape
    start = panel * WIDTH
    for row in range(n_rows):
        for j in range(min(WIDTH, n_channels - start)):
            y[row, start + j] = max(sums[row, j], np.float32(0)) * mask[row, start + j]


@njit(nogil=True, cache=True)
def _to_steps(x: Vectors, n: int) -> None:
    """Bring values of any size to whole steps, the largest of a row to the most there are."""
    most = most_steps(n)
    for row in range(len(x.steps)):
        largest = np.float32(1e-30)
        for i in range(n):
            largest = max(largest, abs(x.values[0, row, i]))
        x.steps[row] = largest / np.float32(most)
        scale = np.float32(most) / largest
        for i in range(n):
            x.ints[0, row, i] = np.int16(np.rint(x.values[0, row, i] * scale))


@njit(nogil=True, cache=True)
def _lstm(
    rank: int,
    n_members: int,
    w: LstmPanels,
    x: Vectors,
    x_at: int,
    state: LstmState,
    old: int,
    context: Context,
    output: int,
    sums: Floats,
) -> None:
    """The next hidden state, from rows of x from x_at on and from what the context adds from `output` on."""
    _, n_rows, size = state.hidden.values.shape
    first_panel, end_panel = share(len(w.bias) // WIDTH, rank, n_members)
    for p in range(first_panel, end_panel):
        _begin(sums, n_rows, w.bias, p)
        add_products(sums, n_rows, x, x_at, x.values.shape[2], w.input, p)
        add_products(sums, n_rows, state.hidden, old * n_rows * size, size, w.hidden, p)
        _hear(sums, n_rows, context, output + p * WIDTH)
        _update(sums, state.cell, state.hidden.values[1 - old], state.hidden.ints[1 - old], p)


@njit(nogil=True, cache=True)
def _begin(sums: Floats, n_rows: int, bias: Floats, panel: int) -> None:
    for row in range(n_rows):
        for j in range(WIDTH):
            sums[row, j] = bias[panel * WIDTH + j]


@njit(nogil=True, cache=True)
def _hear(sums: Floats, n_rows: int, context: Context, output: int) -> None:
    """sums [R, 32] += what the symbols of each row's window add to the outputs from `output` on."""
    _, n_symbols, n_outputs = context.symbols.values.shape
    stride = context.weights.values.shape[2]
    for row in range(n_rows):
        start, end = context.windows[row, 0], context.windows[row, 1]
        w_at = (context.place[row] * n_symbols + start) * n_outputs + output
        add_mixture(sums, row, context.weights, row * stride + start, context.symbols, w_at, n_outputs, end - start)


@njit(nogil=True, cache=True, fastmath={"contract"})
def _update(sums: Floats, cell: Floats, hidden: Floats, ints: npt.NDArray[np.int16], panel: int) -> None:
    """An LSTM's 8 units of a panel, from their gates in sums [R, 32]."""
    n_rows, size = hidden.shape
    most = np.float32(most_steps(size))
    for row in range(n_rows):
        for j in range(LANES):
            unit = panel * LANES + j
            c = sigmoid(sums[row, LANES + j]) * cell[row, unit] + sigmoid(sums[row, j]) * tanh(sums[row, 2 * LANES + j])
            h = sigmoid(sums[row, 3 * LANES + j]) * tanh(c)
            cell[row, unit] = c
            hidden[row, unit] = h
            ints[row, unit] = np.int16(np.rint(h * most))


@njit(nogil=True, cache=True)
def _query(rank: int, n_members: int, w: Panels, hidden: Vectors, at: int, query: Floats, sums: Floats) -> None:
    n_rows = len(query)
    first_panel, end_panel = share(len(w.values), rank, n_members)
    for p in range(first_panel, end_panel):
        sums[:] = 0
        add_products(sums, n_rows, hidden, at, hidden.values.shape[2], w, p)
        for row in range(n_rows):
            for j in range(WIDTH):
                query[row, p * WIDTH + j] = sums[row, j]


@njit(nogil=True, cache=True)
def _energies(
    rank: int,
    n_members: int,
    location: Panels,
    energy: Floats,
    attention: Attention,
    place: Integers,
    sums: Floats,
) -> None:
    """The energy of each symbol of each row, 8 symbols at a time; sums [8, 32] is room to work in."""
    n_rows, n_symbols = attention.energies.shape
    n_blocks = (n_symbols + LANES - 1) // LANES
    size, n_taps = attention.heard.values.shape[2] // 2, location.values.shape[1] // 2
    first_item, end_item = share(n_rows * n_blocks, rank, n_members)
    for item in range(first_item, end_item):
        row, start = item // n_blocks, item % n_blocks * LANES
        b = place[row]
        end = min(start + LANES, attention.lengths[b])
        for s in range(start, end):
            attention.energies[row, s] = 0
        for p in range(len(location.values) if start < end else 0):
            sums[:] = 0
            for channel in range(2):
                at = (2 * row + channel) * size + start
                add_products_of(sums, LANES, attention.heard, at, 1, location, p, channel * n_taps, n_taps)
            for s in range(start, end):
                attention.energies[row, s] += _energy(
                    sums[s - start], attention.keys[b, s], attention.query[row], energy, p
                )


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc", "nsz"})
def _energy(location: Floats, keys: Floats, query: Floats, energy: Floats, panel: int) -> Any:
    total = np.float32(0)
    for j in range(WIDTH):
        i = panel * WIDTH + j
        total += energy[i] * tanh(location[j] + keys[i] + query[i])
    return total


@njit(nogil=True, cache=True)
def _attend(
    attention: Attention, all_weights: Floats, windows: Integers, place: Integers, row: int, alignment: Floats
) -> None:
    """Energies → weights and the window in which they can be heard, what was heard so far, and the alignment's row."""
    n, n_symbols = attention.lengths[place[row]], attention.energies.shape[1]
    energies, weights, heard = attention.energies[row], all_weights[row], attention.heard.values[0, row]
    most = energies[0]
    for s in range(1, n):
        most = max(most, energies[s])
    total = np.float32(0)
    for s in range(n):
        weights[s] = math.exp(energies[s] - most)
        total += weights[s]
    size = len(heard) // 2
    half = (size - n_symbols - LANES) // 2
    start, end = n, 0
    for s in range(n):
        weight = weights[s] / total
        weights[s] = weight
        alignment[s] = weight
        heard[half + s] = weight
        heard[size + half + s] += weight
        if weight > UNHEARD:
            start, end = min(start, s), s + 1
    windows[row, 0], windows[row, 1] = start, end


@njit(nogil=True, cache=True)
def _put(sums: Floats, place: Integers, frame: Floats, frames: Floats, stop_logits: Floats, t: int, panel: int) -> None:
    """The projection's outputs: the frame, also to be read by the prenet, and after it the stop logit."""
    n_mels = frames.shape[2]
    for row in range(len(place)):
        for j in range(WIDTH):
            output = panel * WIDTH + j
            if output < n_mels:
                frames[place[row], t, output] = sums[row, j]
                frame[row, output] = sums[row, j]
            elif output == n_mels:
                stop_logits[place[row], t] = sums[row, j]
