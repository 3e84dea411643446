"""Tacotron 2's decoder compiled by Numba, at batch 1 as fast as its weights are read.

What it does differently from the reference, none of it changing what is computed but the order of sums:
- The context is linear in the memory, so its products with both LSTMs' weights and the projection's are made once for
  every symbol; a frame mixes those of the few symbols that it hears. 18.2 M weights a frame become 13.8 M.
- The location's convolution and projection are one convolution; the frame's and the stop's projections are one.
- The outputs of each step are shared out between the cores, which meet after it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tts.kernels.cpu.tacotron2_loop import Made, State, run
from tts.kernels.cpu.tacotron2_packing import PackedDecoder, begin, packed, rows_of
from tts.kernels.cpu.team import run_together
from tts.kernels.tacotron2 import FRAMES_A_LOOK, Decoded, Draw, Ending

__all__ = ["PackedDecoder", "decode", "packed"]


def decode(network: PackedDecoder, memory: Tensor, lengths: Tensor, draw: Draw, ending: Ending) -> Decoded:
    """See `tts.kernels.tacotron2.decode`."""
    state = begin(network, memory, lengths)
    made = _room(len(memory), ending.max_frames, network.n_mels, memory.shape[1])
    n_frames = np.zeros(len(memory), np.int64)
    is_running = np.ones(len(memory), dtype=bool)
    masks = np.zeros(0, np.float32)
    done, drawn = 0, 0
    while is_running.any() and done < ending.max_frames:
        if done == drawn:
            masks = draw(FRAMES_A_LOOK, [not ending.rows_leave or each for each in is_running.tolist()]).numpy()
            drawn += FRAMES_A_LOOK
        ahead = masks[FRAMES_A_LOOK - (drawn - done) :][: ending.max_frames - done, :, state.context.place]
        first, done = done, done + _run(network, state, np.ascontiguousarray(ahead), made, done, ending)
        _note_ends(made, first, done, ending, n_frames, is_running)
        if ending.rows_leave and not is_running[state.context.place].all() and is_running.any():
            state = rows_of(state, is_running[state.context.place])
    return _decoded(made, int(n_frames.max(initial=0)), n_frames, rows_leave=ending.rows_leave)


def _room(batch: int, n_frames: int, n_mels: int, n_symbols: int) -> Made:
    shapes = (batch, n_frames, n_mels), (batch, n_frames), (batch, n_frames, n_symbols)
    return Made(*(np.zeros(shape, np.float32) for shape in shapes))


def _run(
    network: PackedDecoder, state: State, masks: npt.NDArray[np.float32], made: Made, first: int, ending: Ending
) -> int:
    """Make the frames that there are masks for, or fewer when all rows seem to be over; how many."""
    p = ending.stop_threshold
    stop_logit = np.float32(math.inf if p >= 1 else -math.inf if p <= 0 else math.log(p / (1 - p)))
    count = np.zeros(1, np.int64)
    run_together(run, network.weights, state, masks, made, first, stop_logit, count)
    return int(count[0])


def _note_ends(
    made: Made,
    first: int,
    end: int,
    ending: Ending,
    n_frames: npt.NDArray[np.int64],
    is_running: npt.NDArray[np.bool_],
) -> None:
    """Each running row's frames so far, and whether it is over: to the frame, as the reference has it."""
    for row in np.flatnonzero(is_running).tolist():
        stops = (torch.sigmoid(torch.from_numpy(made.stop_logits[row, first:end])) > ending.stop_threshold).nonzero()
        own_end = first + int(stops[0]) + 1 if len(stops) else end
        over = _over_after(made, row, first, own_end, ending)
        n_frames[row] = over or own_end
        is_running[row] = over is None and len(stops) == 0


def _over_after(made: Made, row: int, first: int, end: int, ending: Ending) -> int | None:
    """The frame after which `is_over` ends a row, asked one frame after the other."""
    if ending.is_over is None:
        return None
    alignment = torch.from_numpy(made.alignments[row])
    return next((t + 1 for t in range(first, end) if ending.is_over(row, alignment[t])), None)


def _decoded(made: Made, n: int, n_frames: npt.NDArray[np.int64], *, rows_leave: bool) -> Decoded:
    if rows_leave:
        for row, end in enumerate(n_frames):
            for part in made:
                part[row, end:n] = 0
    frames, stop_logits, alignments = (torch.from_numpy(part[:, :n].copy()) for part in made)
    return Decoded(frames, stop_logits, alignments, torch.from_numpy(n_frames))
