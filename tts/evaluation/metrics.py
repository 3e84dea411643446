"""How far one recording of a sentence is from another: pure functions of arrays and texts, each with its source.

Frame-by-frame comparisons expect equally many frames; `warping_path` aligns two recordings of different pace.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.text.normalize import normalize

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]

N_CEPSTRA = 13
"""Coefficients 1 to 13; the zeroth, which is the level, is not compared."""
_DECIBELS_PER_NEPER = 20 / math.log(10)
_CENTS_PER_OCTAVE = 1200
# The steps of a warping path to a pair of frames: both advance, or only one of them.
_BOTH, _ONLY_SECOND, _ONLY_FIRST = 0, 1, 2
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def mel_cepstra(log_mel: FloatArray, n_cepstra: int = N_CEPSTRA) -> npt.NDArray[np.float64]:
    """log_mel [n_mels, T], natural logarithm of magnitudes → cepstral coefficients 1 to `n_cepstra`, [T, n_cepstra].

    The cosine series of the log mel spectrum, log S_j = c_0 + Σ_m c_m cos(π m (j + ½) / N), whose coefficients are
    c_m = 2/N Σ_j log S_j cos(π m (j + ½) / N) (Davis & Mermelstein 1980).
    """
    n_mels = log_mel.shape[0]
    orders, bands = np.arange(1, n_cepstra + 1)[:, None], np.arange(n_mels)
    cosines = np.cos(np.pi * orders * (bands + 0.5) / n_mels)
    cepstra: npt.NDArray[np.float64] = (2 / n_mels * cosines @ log_mel.astype(np.float64)).T
    return cepstra


def frame_distortions(cepstra: FloatArray, other: FloatArray) -> npt.NDArray[np.float64]:
    """Cepstra [T, D] of both → mel-cepstral distortion of each frame [T], in dB.

    10 / ln 10 · sqrt(2 Σ_d (c_d − c'_d)²) (Kubichek 1993). By Parseval's theorem it is the root mean square, over the
    mel bands, of the difference in dB of two smoothed spectra of equal level.
    """
    squares = np.square(cepstra.astype(np.float64) - other).sum(1)
    distortions: npt.NDArray[np.float64] = _DECIBELS_PER_NEPER / 2 * np.sqrt(2 * squares)
    return distortions


def mel_cepstral_distortion(cepstra: FloatArray, other: FloatArray) -> float:
    """The mean of `frame_distortions`, in dB."""
    return float(frame_distortions(cepstra, other).mean())


def log_spectral_distance(log_mel: FloatArray, other: FloatArray) -> float:
    """log_mel [n_mels, T] of both → root mean square over the bands of their difference in dB, mean over frames.

    Gray & Markel (1976), on mel bands: unlike mel-cepstral distortion it includes the level and the finest detail.
    """
    difference = _DECIBELS_PER_NEPER * (log_mel.astype(np.float64) - other)
    return float(np.sqrt(np.square(difference).mean(0)).mean())


def f0_error(f0: FloatArray, other: FloatArray) -> float | None:
    """F0 [T] of both in Hz, 0 unvoiced → root mean square of 1200 log2(f / f') in cents, where both are voiced.

    None: no frame is voiced in both.
    """
    logs = _voiced_in_both(f0, other)
    if logs.shape[1] == 0:
        return None
    return float(_CENTS_PER_OCTAVE * np.sqrt(np.square(logs[0] - logs[1]).mean()))


def f0_correlation(f0: FloatArray, other: FloatArray) -> float | None:
    """Pearson's correlation of log F0 where both are voiced; None where one of them is constant."""
    logs = _voiced_in_both(f0, other)
    if logs.shape[1] < 2:
        return None
    centred = logs - logs.mean(1, keepdims=True)
    energies = np.square(centred).sum(1)
    # Below this F0 is constant except for the rounding of its logarithm.
    if energies.min() <= 1e-12 * logs.shape[1]:
        return None
    return float((centred[0] * centred[1]).sum() / math.sqrt(float(energies.prod())))


def voicing_error(f0: FloatArray, other: FloatArray) -> float:
    """F0 [T] of both, 0 unvoiced → the share of frames, 0 to 1, that only one of them voices."""
    return float(((f0 > 0) != (other > 0)).mean())


def duration_error(seconds: Sequence[float], other: Sequence[float]) -> float:
    """Durations of the same symbols → mean absolute difference in milliseconds."""
    return float(1000 * np.abs(np.subtract(seconds, other)).mean())


def _voiced_in_both(f0: FloatArray, other: FloatArray) -> npt.NDArray[np.float64]:
    """log2 F0 of both, [2, frames that both voice]."""
    both = (f0 > 0) & (other > 0)
    voiced: npt.NDArray[np.float64] = np.log2(np.stack([f0[both], other[both]]).astype(np.float64))
    return voiced


def warping_path(first: FloatArray, second: FloatArray) -> tuple[IntArray, IntArray]:
    """Features [T, D] and [U, D] → the frames [P] of each along the cheapest path from both starts to both ends.

    Dynamic time warping (Sakoe & Chiba 1978) with the steps (1, 1), (0, 1) and (1, 0) of equal weight and Euclidean
    distance. Needs memory for T · U numbers.
    """
    squares = np.square(first).sum(1)[:, None] + np.square(second).sum(1) - 2 * first @ second.T
    distances = np.sqrt(np.maximum(squares, 0))

    # The step of the cheapest path to each pair [T, U], computed along anti-diagonals: the pairs of one depend only on
    # the two before.
    n_first, n_second = distances.shape
    steps = np.zeros(distances.shape, np.int8)
    # Costs by index of the first's frame plus one; index 0 is the border, which no path crosses.
    before, last = np.full(n_first + 1, np.inf), np.full(n_first + 1, np.inf)
    for diagonal in range(n_first + n_second - 1):
        i = np.arange(max(0, diagonal - n_second + 1), min(diagonal + 1, n_first))
        options = np.stack([before[i], last[i + 1], last[i]])
        if diagonal == 0:
            options[_BOTH] = 0.0
        chosen = options.argmin(0)
        steps[i, diagonal - i] = chosen
        costs = np.full(n_first + 1, np.inf)
        costs[i + 1] = options[chosen, np.arange(len(i))] + distances[i, diagonal - i]
        before, last = last, costs

    row, column = n_first - 1, n_second - 1
    path = [(row, column)]
    while row or column:
        step = steps[row, column]
        row, column = row - (step != _ONLY_SECOND), column - (step != _ONLY_FIRST)
        path.append((row, column))
    pairs = np.array(path[::-1], np.int64)
    return pairs[:, 0], pairs[:, 1]


@dataclass(frozen=True)
class WordErrors:
    """The number of inserted, deleted and substituted words, and of words in the reference."""

    n_errors: int
    n_words: int

    @property
    def rate(self) -> float | None:
        """Errors per word of the reference; above 1 with many insertions. None: the reference has no words."""
        return self.n_errors / self.n_words if self.n_words else None


def spoken_words(text: str) -> list[str]:
    """The words as our normalizer speaks them, in lower case: "Dr. Lee, 21" → doctor lee twenty one."""
    return _WORD.findall(normalize(text).lower().replace("’", "'"))


def word_errors(text: str, transcript: str) -> WordErrors:
    """Compare a transcript to the text word by word, both as they are spoken."""
    reference = spoken_words(text)
    return WordErrors(edit_distance(reference, spoken_words(transcript)), len(reference))


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions from one to the other (Levenshtein 1966)."""
    row = list(range(len(second) + 1))
    for i, item in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (item != other))
    return row[-1]
