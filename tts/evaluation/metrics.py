"""How far one rendering of a sentence lies from another: pure functions of arrays, each with its equation and source.

Where two renderings are compared frame by frame, they come with equally many frames; `warping` brings them there when
they do not keep the same time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]

N_CEPSTRA = 13
"""Coefficients 1 to 13; the zeroth, which is the level, is left out."""
_DECIBELS_PER_NEPER = 20 / math.log(10)
_CENTS_PER_OCTAVE = 1200


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
    mel bands, of the difference in dB of two spectra that have been smoothed and brought to one level.
    """
    squares = np.square(cepstra.astype(np.float64) - other).sum(1)
    distortions: npt.NDArray[np.float64] = _DECIBELS_PER_NEPER / 2 * np.sqrt(2 * squares)
    return distortions


def mel_cepstral_distortion(cepstra: FloatArray, other: FloatArray) -> float:
    """The mean of `frame_distortions`, in dB."""
    return float(frame_distortions(cepstra, other).mean())


def log_spectral_distance(log_mel: FloatArray, other: FloatArray) -> float:
    """log_mel [n_mels, T] of both → root mean square over the bands of their difference in dB, mean over frames.

    Gray & Markel (1976), on mel bands: unlike the distortion of cepstra it hears the level and the finest detail.
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
    """Pearson's correlation of log F0 where both are voiced; None where one of them does not move."""
    logs = _voiced_in_both(f0, other)
    if logs.shape[1] < 2:
        return None
    centred = logs - logs.mean(1, keepdims=True)
    energies = np.square(centred).sum(1)
    # Below this a melody is one note, give or take the rounding of its logarithm.
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
