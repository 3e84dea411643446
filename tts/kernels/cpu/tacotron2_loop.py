"""The loop over frames of Tacotron 2's decoder, as each member of a team runs it; compiled by Numba.

The outputs of each step are shared out, then the members meet. Hidden states are stored twice, since some members write
the new ones while others still read the old.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from tts.kernels.cpu.matrices import (
    LANES,
    PANEL,
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

# Attention weights up to this are ignored: all of them together are below a float32's last digit.
NEGLIGIBLE = np.float32(1e-8)


class LstmPanels(NamedTuple):
    """A panel holds the gates i, f, g and o of 8 units."""

    input: Panels
    hidden: Panels
    bias: Floats


class LoopWeights(NamedTuple):
    """See `tts.kernels.cpu.tacotron2.pack`."""

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
    """The memory as the rows read it.

    item [R]: the batch item of each row; symbols [B, S, gates and outputs]: what each symbol adds at a weight of 1;
    weights [R, S], of which those outside windows [R, first and end] are negligible.
    """

    item: Integers
    symbols: Panels
    weights: Vectors
    windows: Integers


class Attention(NamedTuple):
    """lengths [B]; keys [B, S, A]; query [R, A]; energies [R, S]; history [R, 2 (S + k - 1 + 8)]: the last frame's
    weights and their sum over all frames, each with zeros around it."""

    lengths: Integers
    keys: Floats
    query: Floats
    energies: Floats
    history: Vectors


class Prenet(NamedTuple):
    """The last frame [R, n_mels], and the outputs of the layers [R, channels], which alternate between the other
    two."""

    frame: Vectors
    out: Vectors
    between: Vectors


class State(NamedTuple):
    """What a frame passes to the next, for R rows of a batch B; `now`: the index of the last frame's hidden states."""

    prenet: Prenet
    attention_rnn: LstmState
    attention: Attention
    context: Context
    decoder_rnn: LstmState
    now: Integers

    def select(self, is_kept: npt.NDArray[np.bool_]) -> State:
        """The state of some rows only; keys and symbols are large, and are not copied."""

        def rows(vectors: Vectors) -> Vectors:
            values, ints, steps = vectors
            values = np.ascontiguousarray(values[:, is_kept])
            return Vectors(values, np.ascontiguousarray(ints[:, is_kept]), steps[is_kept])

        attention, context = self.attention, self.context
        return State(
            prenet=Prenet(*(rows(vectors) for vectors in self.prenet)),
            attention_rnn=LstmState(rows(self.attention_rnn.hidden), self.attention_rnn.cell[is_kept]),
            attention=attention._replace(
                query=attention.query[is_kept], energies=attention.energies[is_kept], history=rows(attention.history)
            ),
            context=context._replace(
                item=context.item[is_kept], weights=rows(context.weights), windows=context.windows[is_kept]
            ),
            decoder_rnn=LstmState(rows(self.decoder_rnn.hidden), self.decoder_rnn.cell[is_kept]),
            now=self.now,
        )


class Output(NamedTuple):
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
    output: Output,
    first: int,
    stop_logit: float,
    count: Integers,
) -> None:
    """Compute frame `first` and those after it, one per dropout mask [n, layers, R, channels]; count[0] is their
    number.

    It ends earlier when every row has had a stop logit above `stop_logit` in this call.
    """
    item = state.context.item
    n_rows = len(item)
    sums = np.zeros((max(n_rows, LANES), PANEL), np.float32)
    is_over = np.zeros(n_rows, np.bool_)
    # Each member has its own, since all of them need all of it.
    out = state.prenet.out
    out = Vectors(out.values, np.zeros_like(out.ints), np.zeros_like(out.steps))
    query, decoded = state.attention_rnn.hidden, state.decoder_rnn.hidden
    start = 0 * first  # were it a constant, Numba would compile a second version for it
    decoder_from = len(w.attention_rnn.bias)
    projection_from = decoder_from + len(w.decoder_rnn.bias)
    old = state.now[0]
    meet(barrier, n_members)
    for t in range(len(masks)):
        _prenet(rank, n_members, barrier, w.prenet_first, w.prenet_others, state.prenet, masks[t], sums)
        _quantize(out, w.attention_rnn.input.values.size // w.attention_rnn.input.scales.size)
        _lstm(rank, n_members, w.attention_rnn, out, start, state.attention_rnn, old, state.context, start, sums)
        meet(barrier, n_members)

        new_query = (1 - old) * n_rows * query.values.shape[2]
        first_panel, end_panel = share(len(w.query.values), rank, n_members)
        for p in range(first_panel, end_panel):
            sums[:] = 0
            add_products(sums, n_rows, query, new_query, query.values.shape[2], w.query, p)
            for row in range(n_rows):
                for j in range(PANEL):
                    state.attention.query[row, p * PANEL + j] = sums[row, j]
        meet(barrier, n_members)
        _energies(rank, n_members, w.location, w.energy, state.attention, item, sums)
        meet(barrier, n_members)
        first_row, end_row = share(n_rows, rank, n_members)
        for row in range(first_row, end_row):
            alignment = output.alignments[item[row], first + t]
            _attend(state.attention, state.context.weights.values[0], state.context.windows, item, row, alignment)
        meet(barrier, n_members)

        _lstm(
            rank, n_members, w.decoder_rnn, query, new_query, state.decoder_rnn, old, state.context, decoder_from, sums
        )
        meet(barrier, n_members)
        new_decoded = (1 - old) * n_rows * decoded.values.shape[2]
        _project(
            rank, n_members, w.projection, w.projection_bias, decoded, new_decoded, state.context, projection_from,
            state.prenet.frame.values[0], output, first + t, sums,
        )  # fmt: skip
        old = 1 - old
        meet(barrier, n_members)

        if rank == 0:
            count[0] = t + 1
            state.now[0] = old
        for row in range(n_rows):
            is_over[row] |= output.stop_logits[item[row], first + t] > stop_logit
        if is_over.all():
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
    """frame → out, by layers with ReLU and dropout masks [layers, R, channels]."""
    n_layers, n_rows, n_channels = masks.shape
    n_panels = len(first.values)
    first_panel, end_panel = share(n_panels, rank, n_members)
    for layer in range(n_layers):
        # So that the last layer's outputs are at `out`.
        x, y = (prenet.between, prenet.out) if (n_layers - layer) % 2 == 1 else (prenet.out, prenet.between)
        values, mask = y.values[0], masks[layer]
        for p in range(first_panel, end_panel):
            sums[:] = 0
            if layer == 0:
                add_products(sums, n_rows, prenet.frame, 0, prenet.frame.values.shape[2], first, p)
            else:
                add_products(sums, n_rows, x, 0, x.values.shape[2], others, (layer - 1) * n_panels + p)
            start = p * PANEL
            for row in range(n_rows):
                for j in range(min(PANEL, n_channels - start)):
                    values[row, start + j] = max(sums[row, j], np.float32(0)) * mask[row, start + j]
        meet(barrier, n_members)


@njit(nogil=True, cache=True)
def _quantize(x: Vectors, n: int) -> None:
    """Values of any size → integer multiples of a step; the largest of a row becomes the largest integer."""
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
    first_panel, end_panel = share(len(w.bias) // PANEL, rank, n_members)
    for p in range(first_panel, end_panel):
        _begin(sums, n_rows, w.bias, p)
        add_products(sums, n_rows, x, x_at, x.values.shape[2], w.input, p)
        add_products(sums, n_rows, state.hidden, old * n_rows * size, size, w.hidden, p)
        _add_context(sums, n_rows, context, output + p * PANEL)
        _update_units(sums, state.cell, state.hidden.values[1 - old], state.hidden.ints[1 - old], p)


@njit(nogil=True, cache=True)
def _begin(sums: Floats, n_rows: int, bias: Floats, panel: int) -> None:
    for row in range(n_rows):
        for j in range(PANEL):
            sums[row, j] = bias[panel * PANEL + j]


@njit(nogil=True, cache=True)
def _add_context(sums: Floats, n_rows: int, context: Context, output: int) -> None:
    """sums [R, 32] += what the symbols of each row's window add to the outputs from `output` on."""
    _, n_symbols, n_outputs = context.symbols.values.shape
    stride = context.weights.values.shape[2]
    for row in range(n_rows):
        start, end = context.windows[row, 0], context.windows[row, 1]
        w_at = (context.item[row] * n_symbols + start) * n_outputs + output
        add_mixture(sums, row, context.weights, row * stride + start, context.symbols, w_at, n_outputs, end - start)


@njit(nogil=True, cache=True, fastmath={"contract"})
def _update_units(sums: Floats, cell: Floats, hidden: Floats, ints: npt.NDArray[np.int16], panel: int) -> None:
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
def _energies(
    rank: int,
    n_members: int,
    location: Panels,
    energy: Floats,
    attention: Attention,
    item: Integers,
    sums: Floats,
) -> None:
    """The energy of each symbol of each row, 8 symbols at a time; sums [8, 32] is scratch memory."""
    n_rows, n_symbols = attention.energies.shape
    n_blocks = (n_symbols + LANES - 1) // LANES
    size, n_taps = attention.history.values.shape[2] // 2, location.values.shape[1] // 2
    first_block, end_block = share(n_rows * n_blocks, rank, n_members)
    for block in range(first_block, end_block):
        row, start = block // n_blocks, block % n_blocks * LANES
        b = item[row]
        end = min(start + LANES, attention.lengths[b])
        for s in range(start, end):
            attention.energies[row, s] = 0
        for p in range(len(location.values) if start < end else 0):
            sums[:] = 0
            for channel in range(2):
                at = (2 * row + channel) * size + start
                add_products_of(sums, LANES, attention.history, at, 1, location, p, channel * n_taps, n_taps)
            for s in range(start, end):
                attention.energies[row, s] += _energy(
                    sums[s - start], attention.keys[b, s], attention.query[row], energy, p
                )


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc", "nsz"})
def _energy(location: Floats, keys: Floats, query: Floats, energy: Floats, panel: int) -> Any:
    """What a panel's outputs add to the energy of a symbol."""
    total = np.float32(0)
    for j in range(PANEL):
        i = panel * PANEL + j
        total += energy[i] * tanh(location[j] + keys[i] + query[i])
    return total


@njit(nogil=True, cache=True)
def _attend(
    attention: Attention, all_weights: Floats, windows: Integers, item: Integers, row: int, alignment: Floats
) -> None:
    """A row's energies → its weights and their window, the history, and the alignment [S] of this frame."""
    n, n_symbols = attention.lengths[item[row]], attention.energies.shape[1]
    energies, weights, history = attention.energies[row], all_weights[row], attention.history.values[0, row]
    most = energies[0]
    for s in range(1, n):
        most = max(most, energies[s])
    total = np.float32(0)
    for s in range(n):
        weights[s] = math.exp(energies[s] - most)
        total += weights[s]
    size = len(history) // 2
    half = (size - n_symbols - LANES) // 2
    start, end = n, 0
    for s in range(n):
        weight = weights[s] / total
        weights[s] = weight
        alignment[s] = weight
        history[half + s] = weight
        history[size + half + s] += weight
        if weight > NEGLIGIBLE:
            start, end = min(start, s), s + 1
    windows[row, 0], windows[row, 1] = start, end


@njit(nogil=True, cache=True)
def _project(
    rank: int,
    n_members: int,
    panels: Panels,
    bias: Floats,
    hidden: Vectors,
    at: int,
    context: Context,
    first_output: int,
    frame: Floats,
    output: Output,
    t: int,
    sums: Floats,
) -> None:
    """Frame t, also as the prenet's next input [R, n_mels], and the stop logit, which is the output after it."""
    n_rows, n_mels = len(context.item), output.frames.shape[2]
    first_panel, end_panel = share(len(panels.values), rank, n_members)
    for p in range(first_panel, end_panel):
        _begin(sums, n_rows, bias, p)
        add_products(sums, n_rows, hidden, at, hidden.values.shape[2], panels, p)
        _add_context(sums, n_rows, context, first_output + p * PANEL)
        for row in range(n_rows):
            b = context.item[row]
            for j in range(PANEL):
                mel = p * PANEL + j
                if mel < n_mels:
                    output.frames[b, t, mel] = sums[row, j]
                    frame[row, mel] = sums[row, j]
                elif mel == n_mels:
                    output.stop_logits[b, t] = sums[row, j]


@njit(nogil=True, cache=True, fastmath={"contract"})
def tanh(x: np.float32) -> Any:
    """Lambert's continued fraction, eleven levels: to 5e-7, constant beyond ±7.35. LLVM vectorizes it."""
    x = min(max(x, np.float32(-7.35)), np.float32(7.35))
    s = x * x
    above = np.float32(64324260) + s * (np.float32(675675) + s * (np.float32(2145) + s))
    above = np.float32(13749310575) + s * (np.float32(1964187225) + s * above)
    below = np.float32(413513100) + s * (np.float32(7567560) + s * (np.float32(45045) + s * np.float32(66)))
    below = np.float32(13749310575) + s * (np.float32(6547290750) + s * below)
    return x * above / below


@njit(nogil=True, cache=True, fastmath={"contract"})
def sigmoid(x: np.float32) -> Any:
    return np.float32(0.5) * tanh(np.float32(0.5) * x) + np.float32(0.5)
