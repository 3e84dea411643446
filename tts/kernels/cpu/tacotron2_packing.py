"""A Tacotron 2 decoder's weights as the compiled loop reads them, and the state it begins with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tts.kernels.cpu.panel_code import LANES, WIDTH
from tts.kernels.cpu.panels import Floats, Panels, Vectors, empty_vectors, most_steps
from tts.kernels.cpu.panels import packed as packed_panels
from tts.kernels.cpu.tacotron2_loop import (
    Attention,
    Context,
    LoopWeights,
    LstmPanels,
    LstmState,
    Prenet,
    State,
)
from tts.kernels.tacotron2 import DecoderWeights, Lstm
from tts.kernels.threads import one_compute_thread


class PackedDecoder(NamedTuple):
    """The loop's weights, and those that are used once an utterance: key [A, E], context [outputs, E]."""

    weights: LoopWeights
    key: Tensor
    context: Tensor
    n_mels: int


def packed(weights: DecoderWeights, precision: str) -> PackedDecoder:
    """The LSTMs' weights in `precision`, the rest in float32: it is but a fiftieth."""
    w = weights
    n_attention, n_decoder = w.query.shape[1], w.decoder_rnn.hidden.shape[1]
    n_prenet, n_mels = w.prenet[-1].shape[0], len(w.frame)
    attention_input, decoder_input = (_interleaved(lstm.input) for lstm in (w.attention_rnn, w.decoder_rnn))
    projection = _to_whole_panels(np.concatenate([_array(w.frame), _array(w.stop)]))
    loop = LoopWeights(
        prenet_first=packed_panels(_array(w.prenet[0])),
        prenet_others=_stacked([packed_panels(_array(layer)) for layer in w.prenet[1:]]),
        attention_rnn=_lstm(w.attention_rnn, attention_input[:, :n_prenet], precision),
        query=packed_panels(_array(w.query)),
        location=packed_panels(_location(w)),
        energy=_to_whole_panels(_array(w.energy).T)[:, 0].copy(),
        decoder_rnn=_lstm(w.decoder_rnn, decoder_input[:, :n_attention], precision),
        projection=packed_panels(projection[:, :n_decoder]),
        projection_bias=_to_whole_panels(np.concatenate([_array(w.frame_bias), _array(w.stop_bias)])[:, None])[:, 0],
    )
    context = [attention_input[:, n_prenet:], decoder_input[:, n_attention:], projection[:, n_decoder:]]
    return PackedDecoder(loop, w.memory.detach(), torch.from_numpy(np.concatenate(context)), n_mels)


def begin(network: PackedDecoder, memory: Tensor, lengths: Tensor) -> State:
    """All zeros, beside what every symbol of the memory [B, symbols, E] adds to keys and gates."""
    w = network.weights
    batch, n_symbols, _ = memory.shape
    n_attention, n_prenet = len(w.energy), len(w.prenet_first.scales)
    half = w.location.values.shape[1] // 4
    keys = np.zeros((batch, n_symbols, n_attention), np.float32)
    keys[:, :, : len(network.key)] = _of_every_symbol(network.key, memory, lengths)
    return State(
        prenet=Prenet(empty_vectors(batch, network.n_mels), *(empty_vectors(batch, n_prenet) for _ in range(2))),
        attention_rnn=_lstm_state(w.attention_rnn, batch),
        attention=Attention(
            lengths=lengths.numpy().astype(np.int64),
            keys=keys,
            query=np.zeros((batch, n_attention), np.float32),
            energies=np.zeros((batch, n_symbols), np.float32),
            heard=empty_vectors(batch, 2 * (n_symbols + 2 * half + LANES)),
        ),
        context=Context(
            place=np.arange(batch),
            symbols=Panels(_of_every_symbol(network.context, memory, lengths), np.ones(1, np.float32)),
            weights=empty_vectors(batch, n_symbols),
            windows=np.zeros((batch, 2), np.int64),
        ),
        decoder_rnn=_lstm_state(w.decoder_rnn, batch),
        now=np.zeros(1, np.int64),
    )


def _of_every_symbol(matrix: Tensor, memory: Tensor, lengths: Tensor) -> npt.NDArray[np.float32]:
    """matrix [n, E] times each symbol of the memory [B, symbols, E], zero after a row's end.

    A row by itself, on one thread: how a library sums depends on the rows beside and on its threads, and the last bit
    of a row must not.
    """
    made = np.zeros((*memory.shape[:2], len(matrix)), np.float32)
    with one_compute_thread():
        for row, length in enumerate(lengths.tolist()):
            made[row, :length] = (memory[row, :length].clone() @ matrix.T).numpy()
    return made


def rows_of(state: State, kept: npt.NDArray[np.bool_]) -> State:
    """The state of some rows only; keys and symbols are large, and stay where they are."""
    attention, context = state.attention, state.context
    return State(
        prenet=Prenet(*(_rows(vectors, kept) for vectors in state.prenet)),
        attention_rnn=_lstm_rows(state.attention_rnn, kept),
        attention=attention._replace(
            query=attention.query[kept], energies=attention.energies[kept], heard=_rows(attention.heard, kept)
        ),
        context=context._replace(
            place=context.place[kept], weights=_rows(context.weights, kept), windows=context.windows[kept]
        ),
        decoder_rnn=_lstm_rows(state.decoder_rnn, kept),
        now=state.now,
    )


def _rows(vectors: Vectors, kept: npt.NDArray[np.bool_]) -> Vectors:
    values, ints, steps = vectors
    return Vectors(np.ascontiguousarray(values[:, kept]), np.ascontiguousarray(ints[:, kept]), steps[kept])


def _lstm_rows(state: LstmState, kept: npt.NDArray[np.bool_]) -> LstmState:
    return LstmState(_rows(state.hidden, kept), state.cell[kept])


def _lstm_state(panels: LstmPanels, batch: int) -> LstmState:
    units = len(panels.bias) // 4
    state = LstmState(empty_vectors(batch, units, 2), np.zeros((batch, units), np.float32))
    # Hidden states lie between -1 and 1.
    state.hidden.steps[:] = 1 / most_steps(units)
    return state


def _lstm(lstm: Lstm, inputs: Floats, precision: str) -> LstmPanels:
    """`inputs`: the columns of its input weights, in the panels' order, that are read as they are."""
    bias = _interleaved((lstm.input_bias + lstm.hidden_bias)[:, None])[:, 0].copy()
    return LstmPanels(packed_panels(inputs, precision), packed_panels(_interleaved(lstm.hidden), precision), bias)


def _interleaved(matrix: Tensor) -> Floats:
    """Rows in PyTorch's order of gates (i, f, g, o) → panels of the four gates of 8 units: [whole panels * 32, n]."""
    gates = _array(matrix).reshape(4, -1, matrix.shape[1])
    padded = np.pad(gates, ((0, 0), (0, -gates.shape[1] % LANES), (0, 0)))
    return np.ascontiguousarray(padded.reshape(4, -1, LANES, matrix.shape[1]).transpose(1, 0, 2, 3)).reshape(
        -1, matrix.shape[1]
    )


def _location(weights: DecoderWeights) -> Floats:
    """The convolution and the projection behind it as one matrix [A, 2 k]."""
    folded = torch.einsum("af,fck->ack", weights.location.detach().double(), weights.location_filters.detach().double())
    return _array(folded.float().flatten(1))


def _stacked(layers: list[Panels]) -> Panels:
    """Panels of several matrices of one size, one after the other; none: none of them."""
    nothing = Panels(np.zeros((0, 1, WIDTH), np.float32), np.zeros(0, np.float32))
    values, scales = zip(*(layers or [nothing]), strict=True)
    return Panels(np.concatenate(values), np.concatenate(scales))


def _to_whole_panels(matrix: Floats) -> Floats:
    return np.pad(matrix, ((0, -len(matrix) % WIDTH), (0, 0)))


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().contiguous().numpy()
    return array
