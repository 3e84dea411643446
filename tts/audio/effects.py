"""What is done to finished audio: gain; and its loudness after ITU-R BS.1770-4 ("Algorithms to measure audio programme
loudness", 2015), in numpy alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tts.audio.waveform import Audio

FloatArray = npt.NDArray[np.float64]

# BS.1770-4: blocks of 400 ms every 100 ms; gates at -70 LUFS and 10 LU under the mean of what passed it.
_STEP_SECONDS = 0.1
_STEPS_PER_BLOCK = 4
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691
# The K filter's impulse response is down to nothing after this; its slowest pole falls by 2,000 dB in a second.
_FILTER_SECONDS = 0.5
_FILTER_BLOCK = 1 << 17


def apply_gain(audio: Audio, decibels: float) -> Audio:
    if decibels == 0:
        return audio
    return Audio(audio.samples * np.float32(10 ** (decibels / 20)), audio.sample_rate)


def clipped_samples(audio: Audio) -> int:
    """How many samples are beyond full scale: a file would cut them off."""
    return int(np.count_nonzero(np.abs(audio.samples) > 1.0))


def integrated_loudness(audio: Audio) -> float:
    """The gated loudness of the whole, in LUFS; minus infinity for silence.

    The standard says nothing of audio shorter than a block: it counts as one block here.
    """
    power = _block_power(audio)
    power = power[_lufs(power) > _ABSOLUTE_GATE]
    if not len(power):
        return -math.inf
    threshold = float(_lufs(power.mean())) + _RELATIVE_GATE
    return float(_lufs(power[_lufs(power) > threshold].mean()))


def k_weighting(sample_rate: int) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """The two stages of the K filter as (b, a): a shelf (the head) and a high pass; at 48 kHz the standard's table.

    The standard gives coefficients for 48 kHz only; these are its analogue filters, taken back through the bilinear
    transform, at any rate.
    """
    return _head_shelf(sample_rate), _high_pass(sample_rate)


def _head_shelf(sample_rate: int) -> tuple[FloatArray, FloatArray]:
    gain, quality, k = 3.999843853973347, 0.7071752369554196, math.tan(math.pi * 1681.974450955533 / sample_rate)
    high = 10 ** (gain / 20)
    # The exponent is the one at which the standard's own table comes out.
    band = high**0.4996667741545416
    b = np.array([high + band * k / quality + k * k, 2 * (k * k - high), high - band * k / quality + k * k])
    a = _denominator(k, quality)
    return b / a[0], a / a[0]


def _high_pass(sample_rate: int) -> tuple[FloatArray, FloatArray]:
    a = _denominator(math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773)
    return np.array([1.0, -2.0, 1.0]), a / a[0]


def _denominator(k: float, quality: float) -> FloatArray:
    return np.array([1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k])


def _block_power(audio: Audio) -> FloatArray:
    """Mean square of the K-weighted samples in each block."""
    step = round(_STEP_SECONDS * audio.sample_rate)
    n_steps = len(audio.samples) // step
    if n_steps < _STEPS_PER_BLOCK:
        weighted = np.concatenate([*_k_weighted(audio)]) if len(audio.samples) else np.zeros(1)
        return np.array([np.mean(weighted**2)])
    squares = np.empty(n_steps)
    rest, done = np.zeros(0), 0
    for weighted in _k_weighted(audio):
        rest = np.concatenate([rest, weighted**2])
        whole = min(len(rest) // step, n_steps - done)
        squares[done : done + whole] = rest[: whole * step].reshape(whole, step).sum(1)
        rest, done = rest[whole * step :], done + whole
    blocks = np.lib.stride_tricks.sliding_window_view(squares, _STEPS_PER_BLOCK)
    power: FloatArray = blocks.sum(1) / (_STEPS_PER_BLOCK * step)
    return power


def _k_weighted(audio: Audio) -> Iterator[FloatArray]:
    """The samples through the K filter, block by block: overlap-save with its frequency response."""
    history = round(_FILTER_SECONDS * audio.sample_rate)
    size = _FILTER_BLOCK + history
    response = np.ones(size // 2 + 1, np.complex128)
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    for b, a in k_weighting(audio.sample_rate):
        response *= np.polyval(b[::-1], delay) / np.polyval(a[::-1], delay)
    before = np.zeros(history)
    for start in range(0, len(audio.samples), _FILTER_BLOCK):
        block = audio.samples[start : start + _FILTER_BLOCK].astype(np.float64)
        filtered = np.fft.irfft(np.fft.rfft(np.concatenate([before, block]), size) * response, size)
        yield filtered[history : history + len(block)]
        before = np.concatenate([before, block])[-history:]


def _lufs(power: npt.ArrayLike) -> FloatArray:
    # The floor only keeps the logarithm of silence finite: it is far below the absolute gate.
    decibels: FloatArray = _OFFSET + 10 * np.log10(np.maximum(power, 1e-30))
    return decibels
