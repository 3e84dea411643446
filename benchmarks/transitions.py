"""When a vowel turns into a sibilant (s, ʃ) and back, by the energy above 4 kHz against that below 1.5 kHz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

VOWELS = frozenset("aeiouæɐɑɔəɚɛɜɪʊʌᵻː")
SIBILANTS = frozenset("sʃ")
_WINDOW_SECONDS, _HOP_SECONDS = 0.012, 0.001
_HIGH_HZ, _LOW_HZ = 4000.0, (100.0, 1500.0)
# The time examined on either side of a boundary, and the least change in dB that counts.
_AROUND_SECONDS = 0.15
_CLEAR_DB = 25.0


def transition_errors(
    samples: npt.NDArray[np.float32], sample_rate: int, phonemes: str, bounds: Sequence[float]
) -> Iterator[tuple[str, float]]:
    """(kind, seconds from the boundary to the change of the sound) of each clear transition; `bounds` as in `Clip`."""
    slope = _brightness(samples, sample_rate)
    for i in range(1, len(phonemes) - 1):
        if phonemes[i] in SIBILANTS and phonemes[i - 1] in VOWELS:
            found = _crossing(slope, bounds[i], rising=True)
            if found is not None:
                yield "vowel to sibilant", found - bounds[i]
        if phonemes[i] in SIBILANTS and phonemes[i + 1] in VOWELS:
            found = _crossing(slope, bounds[i + 1], rising=False)
            if found is not None:
                yield "sibilant to vowel", found - bounds[i + 1]


def _brightness(samples: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.float64]:
    """High against low energy in dB, one value per `_HOP_SECONDS`; the first window is centred on 0 s."""
    size, hop = round(_WINDOW_SECONDS * sample_rate), round(_HOP_SECONDS * sample_rate)
    padded = np.pad(samples, (size // 2, size))
    n_frames = 1 + len(samples) // hop
    # Where a millisecond is not an integer number of samples, a hop is still a millisecond on average.
    starts = np.round(np.arange(n_frames) * _HOP_SECONDS * sample_rate).astype(int)
    starts = starts[starts + size <= len(padded)]
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[starts]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), 512, axis=1)) ** 2
    frequencies = np.fft.rfftfreq(512, 1 / sample_rate)
    low = power[:, (frequencies > _LOW_HZ[0]) & (frequencies < _LOW_HZ[1])].sum(axis=1)
    high = power[:, frequencies > _HIGH_HZ].sum(axis=1)
    slope: npt.NDArray[np.float64] = 10 * np.log10((high + 1e-9) / (low + 1e-9))
    return slope


def _crossing(slope: npt.NDArray[np.float64], around: float, *, rising: bool) -> float | None:
    """When the slope crosses the middle of its range near a moment, if it does so clearly and only once."""
    first = max(0, round((around - _AROUND_SECONDS) / _HOP_SECONDS))
    near = slope[first : round((around + _AROUND_SECONDS) / _HOP_SECONDS)]
    low, high = np.percentile(near, [10, 90])
    if high - low < _CLEAR_DB:
        return None
    above = near > (low + high) / 2
    changes = np.flatnonzero(~above[:-1] & above[1:] if rising else above[:-1] & ~above[1:])
    return float(first + changes[0] + 1) * _HOP_SECONDS if len(changes) == 1 else None
