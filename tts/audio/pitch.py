"""Fundamental frequency (F0) of recorded speech, for training: normalised autocorrelation and a Viterbi path.

After Boersma (1993, "Accurate short-term analysis of the fundamental frequency"): the autocorrelation of a windowed
frame divided by the window's own, its highest peaks as candidates, and the cheapest path through them over time
(Viterbi), where octave jumps and changes of voicing have a cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class PitchSettings:
    """Search range in Hz and the path's costs (dimensionless; the names are Boersma's)."""

    f_min: float = 75.0
    f_max: float = 500.0
    window: int = 1024
    n_candidates: int = 6
    voicing_threshold: float = 0.45
    silence_threshold: float = 0.01
    octave_cost: float = 0.01
    octave_jump_cost: float = 0.5
    voiced_unvoiced_cost: float = 0.14


def fundamental_frequency(
    samples: FloatArray, sample_rate: int, hop_length: int, settings: PitchSettings | None = None
) -> FloatArray:
    """samples [n] → F0 in Hz [1 + n // hop_length], 0 where the frame is unvoiced."""
    settings = settings or PitchSettings()
    padded = np.pad(samples, settings.window // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, settings.window)
    frames = windows[::hop_length][: 1 + len(samples) // hop_length]
    frequencies, strengths = _candidates(frames, sample_rate, settings)

    log_frequencies = np.log2(np.maximum(frequencies, 1.0))
    voiced = frequencies > 0
    score, back = strengths[0].copy(), np.zeros(frequencies.shape, np.int64)
    for t in range(1, len(frequencies)):
        jump = settings.octave_jump_cost * np.abs(log_frequencies[t][:, None] - log_frequencies[t - 1])
        both = voiced[t][:, None] & voiced[t - 1]
        differ = voiced[t][:, None] ^ voiced[t - 1]
        total = score - np.where(both, jump, settings.voiced_unvoiced_cost * differ)
        back[t] = total.argmax(1)
        score = total.max(1) + strengths[t]
    path = np.zeros(len(frequencies), np.int64)
    path[-1] = score.argmax()
    for t in range(len(frequencies) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return np.take_along_axis(frequencies, path[:, None], 1)[:, 0]


def fill_unvoiced(f0: FloatArray) -> FloatArray:
    """F0 [T] with unvoiced frames (0) interpolated linearly in log frequency between voiced neighbours."""
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced) == 0:
        return np.full_like(f0, 200.0)
    return np.exp(np.interp(np.arange(len(f0)), voiced, np.log(f0[voiced]))).astype(np.float32)


def _candidates(frames: FloatArray, sample_rate: int, settings: PitchSettings) -> tuple[FloatArray, FloatArray]:
    """frames [T, window] → frequencies and strengths [T, n_candidates]; candidate 0 is "unvoiced" (0 Hz)."""
    n_fft = 2 * settings.window
    window = np.hanning(settings.window + 2)[1:-1].astype(np.float32)
    centred = (frames - frames.mean(1, keepdims=True)) * window
    spectrum = np.fft.rfft(centred, n_fft)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, n_fft)[:, : settings.window]
    own = np.fft.irfft(np.abs(np.fft.rfft(window, n_fft)) ** 2, n_fft)[: settings.window]
    first, last = int(sample_rate / settings.f_max), int(np.ceil(sample_rate / settings.f_min)) + 1
    energy = np.maximum(correlation[:, :1], 1e-9)
    normalised = (correlation[:, first - 1 : last + 2] / energy) / (own[first - 1 : last + 2] / own[0])

    left, centre, right = normalised[:, :-2], normalised[:, 1:-1], normalised[:, 2:]
    is_peak = (centre > left) & (centre >= right)
    curvature = np.where(is_peak, left - 2 * centre + right, -1.0)
    shift = np.where(is_peak, 0.5 * (left - right) / curvature, 0.0)
    height = np.where(is_peak, np.minimum(centre - 0.25 * (left - right) * shift, 1.0), -1.0)
    lags = np.arange(first, first + centre.shape[1]) + shift
    strength = height - settings.octave_cost * np.log2(settings.f_min * lags / sample_rate)

    best = np.argpartition(-strength, settings.n_candidates - 1, axis=1)[:, : settings.n_candidates - 1]
    frequencies = sample_rate / np.take_along_axis(lags, best, 1)
    strengths = np.take_along_axis(strength, best, 1)
    loudness = np.abs(frames).max(1, keepdims=True) / max(float(np.abs(frames).max()), 1e-9)
    quiet = np.maximum(0.0, 2 - (loudness / settings.silence_threshold) / (1 + settings.voicing_threshold))
    unvoiced = settings.voicing_threshold + quiet
    return (
        np.concatenate([np.zeros_like(unvoiced), frequencies], 1).astype(np.float32),
        np.concatenate([unvoiced, strengths], 1).astype(np.float32),
    )
