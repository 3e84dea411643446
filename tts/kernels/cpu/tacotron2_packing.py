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
from tts.kernels.cpu.tacotron2_loop import LoopWeights, State
from tts.kernels.tacotron2 import DecoderWeights, Lstm


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
        attention_input=packed_panels(attention_input[:, :n_prenet], precision),
        attention_hidden=packed_panels(_interleaved(w.attention_rnn.hidden), precision),
        attention_bias=_bias(w.attention_rnn),
        query=packed_panels(_array(w.query)),
        location=packed_panels(_location(w)),
        energy=_to_whole_panels(_array(w.energy).reshape(-1, 1))[:, 0].copy(),
        decoder_input=packed_panels(decoder_input[:, :n_attention], precision),
        decoder_hidden=packed_panels(_interleaved(w.decoder_rnn.hidden), precision),
        decoder_bias=_bias(w.decoder_rnn),
        projection=packed_panels(projection[:, :n_decoder]),
        projection_bias=_to_whole_panels(np.concatenate([_array(w.frame_bias), _array(w.stop_bias)])[:, None])[:, 0],
    )
    context = [attention_input[:, n_prenet:], decoder_input[:, n_attention:], projection[:, n_decoder:]]
    return PackedDecoder(loop, w.memory.detach(), torch.from_numpy(np.concatenate(context)), n_mels)


def begin(network: PackedDecoder, memory: Tensor, lengths: Tensor) -> State:
    """All zeros, beside what every symbol of the memory [B, symbols, E] adds to keys and gates."""
    w = network.weights
    batch, n_symbols, _ = memory.shape
    n_attention, n_decoder = w.attention_bias.size // 4, w.decoder_bias.size // 4
    half = w.location.values.shape[1] // 4
    keys = np.zeros((batch, n_symbols, w.energy.size), np.float32)
    keys[:, :, : len(network.key)] = (memory @ network.key.T).numpy()
    state = State(
        place=np.arange(batch),
        lengths=lengths.numpy().astype(np.int64),
        keys=keys,
        symbols=Panels((memory @ network.context.T).numpy(), np.ones(1, np.float32)),
        frame=empty_vectors(batch, network.n_mels),
        prenet=empty_vectors(batch, w.prenet_first.scales.size),
        prenet_between=empty_vectors(batch, w.prenet_first.scales.size),
        attention_hidden=empty_vectors(2, batch, n_attention),
        attention_cell=np.zeros((batch, n_attention), np.float32),
        query=np.zeros((batch, w.energy.size), np.float32),
        heard=empty_vectors(batch, 2 * (n_symbols + 2 * half + LANES)),
        energies=np.zeros((batch, n_symbols), np.float32),
        weights=empty_vectors(batch, n_symbols),
        windows=np.zeros((batch, 2), np.int64),
        decoder_hidden=empty_vectors(2, batch, n_decoder),
        decoder_cell=np.zeros((batch, n_decoder), np.float32),
        now=np.zeros(1, np.int64),
    )
    # Hidden states lie between -1 and 1.
    state.attention_hidden.steps[:] = 1 / most_steps(n_attention)
    state.decoder_hidden.steps[:] = 1 / most_steps(n_decoder)
    return state


def rows_of(state: State, kept: npt.NDArray[np.bool_]) -> State:
    """The state of some rows only; keys and symbols are large, and stay where they are."""
    small = ("place", "attention_cell", "query", "energies", "windows", "decoder_cell")
    vectors = ("frame", "prenet", "prenet_between", "heard", "weights")
    turning = ("attention_hidden", "decoder_hidden")
    return state._replace(
        **{name: getattr(state, name)[kept] for name in small},
        **{name: _taken(getattr(state, name), kept, 0) for name in vectors},
        **{name: _taken(getattr(state, name), kept, 1) for name in turning},
    )


def _taken(vectors: Vectors, kept: npt.NDArray[np.bool_], axis: int) -> Vectors:
    values, ints = (np.ascontiguousarray(part.compress(kept, axis)) for part in vectors[:2])
    return Vectors(values, ints, vectors.steps[kept])


def _interleaved(matrix: Tensor) -> Floats:
    """Rows in PyTorch's order of gates (i, f, g, o) → panels of the four gates of 8 units: [whole panels * 32, n]."""
    gates = _array(matrix).reshape(4, -1, matrix.shape[1])
    padded = np.pad(gates, ((0, 0), (0, -gates.shape[1] % LANES), (0, 0)))
    return np.ascontiguousarray(padded.reshape(4, -1, LANES, matrix.shape[1]).transpose(1, 0, 2, 3)).reshape(
        -1, matrix.shape[1]
    )


def _bias(lstm: Lstm) -> Floats:
    return _interleaved((lstm.input_bias + lstm.hidden_bias)[:, None])[:, 0].copy()


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
