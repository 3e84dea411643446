"""Tacotron 2's decoder compiled by Numba; for one text it is as fast as its weights are read.

Differences to the reference, none of which changes more than the order of sums:
- The context is linear in the memory, so its products with the weights of both LSTMs and of the projection are computed
  once per symbol; a frame mixes those of the few symbols that it attends to. 18.2 M weights per frame become 13.8 M.
- The location's convolution and projection are one convolution; the frame's and the stop's projections are one.
- The outputs of each step are shared out between the cores, which meet after it (`tts.kernels.cpu.tacotron2_loop`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tts.kernels.cpu.matrices import LANES, PANEL, Floats, Panels, empty_vectors, most_steps
from tts.kernels.cpu.matrices import pack as pack_matrix
from tts.kernels.cpu.tacotron2_loop import (
    Attention,
    Context,
    LoopWeights,
    LstmPanels,
    LstmState,
    Output,
    Prenet,
    State,
    run,
)
from tts.kernels.cpu.team import run_together
from tts.kernels.execution import one_compute_thread
from tts.kernels.tacotron2_reference import FRAMES_PER_CHECK, Decoded, DecoderWeights, Draw, Ending, Lstm


class PackedDecoder(NamedTuple):
    """The loop's weights, and those that are used once per utterance: key [A, E], context [outputs, E]."""

    weights: LoopWeights
    key: Tensor
    context: Tensor
    n_mels: int

    def initial_state(self, memory: Tensor, lengths: Tensor) -> State:
        """All zeros, beside what every symbol of the memory [B, symbols, E] adds to keys and gates."""
        w = self.weights
        batch, n_symbols, _ = memory.shape
        n_attention, n_prenet = len(w.energy), len(w.prenet_first.scales)
        half = w.location.values.shape[1] // 4

        def of_every_symbol(matrix: Tensor) -> Floats:
            """matrix [n, E] times each symbol, zero after a row's end [B, symbols, n].

            Row by row on one thread: the order in which a library sums depends on the other rows and on its threads,
            and the last bit of a row must not.
            """
            product = np.zeros((batch, n_symbols, len(matrix)), np.float32)
            with one_compute_thread():
                for row, length in enumerate(lengths.tolist()):
                    product[row, :length] = (memory[row, :length].clone() @ matrix.T).numpy()
            return product

        def lstm_state(panels: LstmPanels) -> LstmState:
            units = len(panels.bias) // 4
            state = LstmState(empty_vectors(batch, units, 2), np.zeros((batch, units), np.float32))
            # Hidden states lie between -1 and 1.
            state.hidden.steps[:] = 1 / most_steps(units)
            return state

        keys = np.zeros((batch, n_symbols, n_attention), np.float32)
        keys[:, :, : len(self.key)] = of_every_symbol(self.key)
        return State(
            prenet=Prenet(empty_vectors(batch, self.n_mels), *(empty_vectors(batch, n_prenet) for _ in range(2))),
            attention_rnn=lstm_state(w.attention_rnn),
            attention=Attention(
                lengths=lengths.numpy().astype(np.int64),
                keys=keys,
                query=np.zeros((batch, n_attention), np.float32),
                energies=np.zeros((batch, n_symbols), np.float32),
                history=empty_vectors(batch, 2 * (n_symbols + 2 * half + LANES)),
            ),
            context=Context(
                item=np.arange(batch),
                symbols=Panels(of_every_symbol(self.context), np.ones(1, np.float32)),
                weights=empty_vectors(batch, n_symbols),
                windows=np.zeros((batch, 2), np.int64),
            ),
            decoder_rnn=lstm_state(w.decoder_rnn),
            now=np.zeros(1, np.int64),
        )


def decode(network: PackedDecoder, memory: Tensor, lengths: Tensor, draw: Draw, ending: Ending) -> Decoded:
    """See `tts.kernels.tacotron2.decode`."""
    batch, n_symbols, _ = memory.shape
    state = network.initial_state(memory, lengths)
    shapes = (network.n_mels,), (), (n_symbols,)
    output = Output(*(np.zeros((batch, ending.max_frames, *shape), np.float32) for shape in shapes))
    threshold = ending.stop_threshold
    stop_logit = np.float32(
        math.inf if threshold >= 1 else -math.inf if threshold <= 0 else math.log(threshold / (1 - threshold))
    )
    n_frames, is_running = np.zeros(batch, np.int64), np.ones(batch, dtype=bool)
    masks, count = np.zeros(0, np.float32), np.zeros(1, np.int64)
    done, n_masks = 0, 0
    while is_running.any() and done < ending.max_frames:
        if done == n_masks:
            masks = draw(FRAMES_PER_CHECK, ending.computed_rows(is_running.tolist())).numpy()
            n_masks += FRAMES_PER_CHECK
        ahead = masks[FRAMES_PER_CHECK - (n_masks - done) :][: ending.max_frames - done, :, state.context.item]
        run_together(run, network.weights, state, np.ascontiguousarray(ahead), output, done, stop_logit, count)
        first, done = done, done + int(count[0])

        # Which rows these frames end, and at which frame: exactly as the reference decides it.
        for row in np.flatnonzero(is_running).tolist():
            probabilities = torch.sigmoid(torch.from_numpy(output.stop_logits[row, first:done]))
            stops = (probabilities > ending.stop_threshold).nonzero()
            end = first + int(stops[0]) + 1 if len(stops) else done
            is_running[row] = len(stops) == 0
            if ending.is_over is not None:
                alignment = torch.from_numpy(output.alignments[row])
                over = next((t + 1 for t in range(first, end) if ending.is_over(row, alignment[t])), None)
                if over is not None:
                    end, is_running[row] = over, False
            n_frames[row] = end
        is_kept = is_running[state.context.item]
        if ending.rows_leave and not is_kept.all() and is_running.any():
            state = state.select(is_kept)

    n = int(n_frames.max(initial=0))
    if ending.rows_leave:
        for row, end in enumerate(n_frames.tolist()):
            for part in output:
                part[row, end:n] = 0
    frames, stop_logits, alignments = (torch.from_numpy(part[:, :n].copy()) for part in output)
    return Decoded(frames, stop_logits, alignments, torch.from_numpy(n_frames))


def pack(weights: DecoderWeights, precision: str) -> PackedDecoder:
    """The LSTMs' weights in `precision`, the rest in float32: they are only a fiftieth."""
    w = weights
    n_attention, n_decoder = w.query.shape[1], w.decoder_rnn.hidden.shape[1]
    n_prenet, n_mels = w.prenet[-1].shape[0], len(w.frame)
    attention_input, decoder_input = (_interleaved(lstm.input) for lstm in (w.attention_rnn, w.decoder_rnn))
    projection = _to_full_panels(np.concatenate([_array(w.frame), _array(w.stop)]))
    # The location's convolution and its projection as one matrix [A, 2 k].
    filters, location = w.location_filters.detach().double(), w.location.detach().double()
    folded_location = torch.einsum("af,fck->ack", location, filters).float().flatten(1)
    # The other layers' panels are of one size, so they are concatenated; there may be none.
    others = [pack_matrix(_array(layer)) for layer in w.prenet[1:]]
    values, scales = zip(
        *(others or [Panels(np.zeros((0, 1, PANEL), np.float32), np.zeros(0, np.float32))]), strict=True
    )

    def lstm(given: Lstm, inputs: Floats) -> LstmPanels:
        """`inputs`: the columns of the input weights, in the panels' order, that are not those of the context."""
        bias = _interleaved((given.input_bias + given.hidden_bias)[:, None])[:, 0].copy()
        return LstmPanels(pack_matrix(inputs, precision), pack_matrix(_interleaved(given.hidden), precision), bias)

    loop = LoopWeights(
        prenet_first=pack_matrix(_array(w.prenet[0])),
        prenet_others=Panels(np.concatenate(values), np.concatenate(scales)),
        attention_rnn=lstm(w.attention_rnn, attention_input[:, :n_prenet]),
        query=pack_matrix(_array(w.query)),
        location=pack_matrix(_array(folded_location)),
        energy=_to_full_panels(_array(w.energy).T)[:, 0].copy(),
        decoder_rnn=lstm(w.decoder_rnn, decoder_input[:, :n_attention]),
        projection=pack_matrix(projection[:, :n_decoder]),
        projection_bias=_to_full_panels(np.concatenate([_array(w.frame_bias), _array(w.stop_bias)])[:, None])[:, 0],
    )
    context = [attention_input[:, n_prenet:], decoder_input[:, n_attention:], projection[:, n_decoder:]]
    return PackedDecoder(loop, w.memory.detach(), torch.from_numpy(np.concatenate(context)), n_mels)


def _interleaved(matrix: Tensor) -> Floats:
    """Rows in PyTorch's order of gates (i, f, g, o) → panels of the four gates of 8 units: [full panels * 32, n]."""
    gates = _array(matrix).reshape(4, -1, matrix.shape[1])
    padded = np.pad(gates, ((0, 0), (0, -gates.shape[1] % LANES), (0, 0)))
    return np.ascontiguousarray(padded.reshape(4, -1, LANES, matrix.shape[1]).transpose(1, 0, 2, 3)).reshape(
        -1, matrix.shape[1]
    )


def _to_full_panels(matrix: Floats) -> Floats:
    return np.pad(matrix, ((0, -len(matrix) % PANEL), (0, 0)))


def _array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().contiguous().numpy()
    return array
