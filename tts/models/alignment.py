"""Reading an attention matrix [T, symbols]: how long each symbol is heard, and whether all of them were.

The limits below are for speech at 60 to 130 frames a second; a reader pauses for a second at a comma, never for two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

# Frames on one symbol (but the last) after which the attention will not go on.
STUCK_FRAMES = 150
# Frames on the last symbol after which the speech is over, though no stop was heard.
FINISHED_FRAMES = 60
# Symbols at the end that may be left unheard: punctuation has no sound.
TAIL_SYMBOLS = 3
# Symbols passed over in one frame, or gone back: a word, more or less. Silent letters come in twos and threes.
JUMP_SYMBOLS = 8
# Nobody speaks faster: LJ Speech has six frames a letter.
LEAST_FRAMES_A_SYMBOL = 1.5
# A frame is focused when one symbol and its neighbours hold this much of its attention.
FOCUS = 0.4


class AlignmentWatch:
    """Follows the attention of one utterance frame by frame and tells when there is no use in going on.

    That is after `most_frames` at the latest.
    """

    def __init__(self, n_symbols: int, most_frames: int) -> None:
        self.has_finished = False
        self._frames_left = most_frames
        self._last = n_symbols - 1
        self._symbol = 0
        self._n_frames = 0

    def is_over(self, weights: Tensor) -> bool:
        """weights [symbols] of the next frame → whether it should be the last."""
        symbol = int(weights.argmax())
        self._frames_left -= 1
        # To and fro between two neighbours is no progress either.
        self._n_frames = self._n_frames + 1 if abs(symbol - self._symbol) <= 1 else 0
        if self._n_frames == 0:
            self._symbol = symbol
        if self._last - symbol < TAIL_SYMBOLS and self._n_frames >= FINISHED_FRAMES:
            self.has_finished = True
        return self.has_finished or self._n_frames >= STUCK_FRAMES or self._frames_left <= 0


def alignment_failure(alignment: Tensor, *, stopped: bool) -> str | None:
    """What is wrong with the attention [T, symbols] of one utterance, as the end of a sentence; None: nothing."""
    weights = alignment.detach().float().cpu().numpy()
    if not stopped:
        return "the attention never came to the end"
    if focused_share(weights) < 0.5:
        return "the attention was spread over the whole text"
    path = weights.argmax(axis=1)
    furthest = np.maximum.accumulate(path)
    n_frames, n_symbols = weights.shape
    if furthest[-1] < n_symbols - 1 - TAIL_SYMBOLS or n_frames < LEAST_FRAMES_A_SYMBOL * n_symbols:
        return "it stopped before the end of the text"
    if np.diff(furthest, prepend=0).max() > JUMP_SYMBOLS:
        return "the attention skipped a part of the text"
    if (furthest - path).max() > JUMP_SYMBOLS:
        return "the attention went back in the text"
    return None


def focused_share(weights: npt.NDArray[np.float32]) -> float:
    """The share of frames [T, symbols] whose strongest symbol and its two neighbours hold most of the attention."""
    padded = np.pad(weights, ((0, 0), (1, 1)))
    threes = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return float((threes.max(axis=1) > FOCUS).mean())


def monotonic_durations(alignment: Tensor, frames: Tensor) -> Tensor:
    """How many of `frames` [T'] each symbol is heard in, along the best path that never goes back: [symbols].

    alignment [T, symbols]; `frames` are indices into its T frames, in order.
    """
    path = torch.from_numpy(best_path(alignment.detach().float().cpu().numpy()))
    return torch.bincount(path[frames.cpu()], minlength=alignment.shape[1]).to(alignment.device)


def best_path(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """weights [T, symbols] → the symbol of each frame, never falling, of the largest product of weights.

    Dynamic programming: score[t, j] = log w[t, j] + max over k ≤ j of score[t - 1, k].
    """
    log_weights = np.log(weights.astype(np.float64) + 1e-8)
    n_frames, n_symbols = log_weights.shape
    best_before = np.zeros((n_frames, n_symbols), dtype=np.int64)
    score = log_weights[0]
    for t in range(1, n_frames):
        reached = np.maximum.accumulate(score)
        # Where the running maximum was last set is the symbol to come from.
        is_new = score == reached
        best_before[t] = np.maximum.accumulate(np.where(is_new, np.arange(n_symbols), 0))
        score = reached + log_weights[t]
    path = np.empty(n_frames, dtype=np.int64)
    path[-1] = int(score.argmax())
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = best_before[t, path[t]]
    return path


def durations_of_all(log_weights: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """How many frames each symbol is heard in along the best path that goes neither back nor past a symbol: [B, S].

    log_weights [B, T, S], logarithms; the path of row b ends at its last frame and symbol. Unlike `best_path`, which
    follows an attention that may skip, each symbol gets a frame or more, so there must be as many frames as symbols.
    Viterbi: score[t, s] = log w[t, s] + max(score[t - 1, s], score[t - 1, s - 1]), all rows at once.
    """
    log_w = log_weights.detach().float().cpu().numpy()
    n_rows, n_frames, n_symbols = log_w.shape
    has_moved = np.zeros((n_frames, n_rows, n_symbols), dtype=bool)
    score = np.full((n_rows, n_symbols + 1), -np.inf)  # a place is kept before the first symbol, to come from
    score[:, 1] = log_w[:, 0, 0]
    for t in range(1, n_frames):
        np.greater(score[:, :-1], score[:, 1:], out=has_moved[t])
        score[:, 1:] = np.maximum(score[:, :-1], score[:, 1:]) + log_w[:, t]
    rows = np.arange(n_rows)
    last_frame, symbol = frame_lengths.cpu().numpy() - 1, symbol_lengths.cpu().numpy() - 1
    durations = np.zeros((n_rows, n_symbols), dtype=np.int64)
    for t in range(n_frames - 1, -1, -1):
        is_speech = t <= last_frame
        durations[rows, symbol] += is_speech
        symbol = symbol - (has_moved[t, rows, symbol] & is_speech)
    return torch.from_numpy(durations).to(log_weights.device)


def hard_alignment(durations: Tensor, n_frames: int) -> Tensor:
    """durations [B, S] → A_hard [B, n_frames, S], True where a frame belongs to a symbol."""
    ends = durations.cumsum(1)[:, None]
    frames = torch.arange(n_frames, device=durations.device)[:, None]
    return (frames < ends) & (frames >= ends - durations[:, None])
