"""`Audio`, the waveform that every stage passes on, and what is computed from samples: the one 16-bit scale of the
project, gain, clipping, loudness, companding.

Loudness is that of ITU-R BS.1770-4 ("Algorithms to measure audio programme loudness", 2015), in NumPy. Mu-law is that
of ITU-T G.711 without its segments: f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu). PyTorch is needed only by functions
of tensors, and not imported here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tts.errors import TtsError

if TYPE_CHECKING:
    from torch import Tensor

# A full-scale sample of 1.0 is 32768, so that 16-bit files read by other programs come back as the same floats.
INT16_SCALE = 32768
# BS.1770-4: blocks of 400 ms every 100 ms; gates at -70 LUFS and 10 LU below the mean of the blocks that pass it.
_STEP_SECONDS = 0.1
_STEPS_PER_BLOCK = 4
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691
# The impulse response of the K filter is negligible after this time; its slowest pole falls by 2,000 dB in a second.
_FILTER_SECONDS = 0.5
_FILTER_BLOCK = 1 << 17

IntSamples = npt.NDArray[np.int16]
FloatArray = npt.NDArray[np.floating]
DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Audio:
    """Mono speech: `samples` float32 [n] in -1 to 1, at `sample_rate` Hz."""

    samples: npt.NDArray[np.float32]
    sample_rate: int

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate


def to_int16(samples: npt.NDArray[np.float32]) -> IntSamples:
    """float32 [n] → int16 [n]: times 32768, rounded half to even, clipped to -32768 … 32767.

    Raises:
        TtsError: a sample is not a finite number.
    """
    if not np.isfinite(samples).all():
        raise TtsError("The audio holds samples that are not numbers; the voice's files may be damaged.")
    scaled = np.rint(samples * np.float32(INT16_SCALE))
    clipped: IntSamples = np.clip(scaled, -INT16_SCALE, INT16_SCALE - 1).astype(np.int16)
    return clipped


def apply_gain(audio: Audio, decibels: float) -> Audio:
    if decibels == 0:
        return audio
    return Audio(audio.samples * np.float32(10 ** (decibels / 20)), audio.sample_rate)


def clipped_samples(audio: Audio) -> int:
    """The number of samples beyond full scale, which a 16-bit file would clip."""
    return int(np.count_nonzero(np.abs(audio.samples) > 1.0))


def integrated_loudness(audio: Audio) -> float:
    """The gated loudness of all of the audio, in LUFS; minus infinity for silence.

    The standard does not define the loudness of audio shorter than a block: here it counts as one block.
    """
    step = round(_STEP_SECONDS * audio.sample_rate)
    n_steps = len(audio.samples) // step
    if n_steps < _STEPS_PER_BLOCK:
        weighted = np.concatenate([*_k_weighted(audio)]) if len(audio.samples) else np.zeros(1)
        power = np.array([np.mean(weighted**2)])
    else:
        squares = np.empty(n_steps)
        rest, done = np.zeros(0), 0
        for weighted in _k_weighted(audio):
            rest = np.concatenate([rest, weighted**2])
            n_ready = min(len(rest) // step, n_steps - done)
            squares[done : done + n_ready] = rest[: n_ready * step].reshape(n_ready, step).sum(1)
            rest, done = rest[n_ready * step :], done + n_ready
        blocks = np.lib.stride_tricks.sliding_window_view(squares, _STEPS_PER_BLOCK)
        power = blocks.sum(1) / (_STEPS_PER_BLOCK * step)

    power = power[_lufs(power) > _ABSOLUTE_GATE]
    if not len(power):
        return -math.inf
    threshold = float(_lufs(power.mean())) + _RELATIVE_GATE
    return float(_lufs(power[_lufs(power) > threshold].mean()))


def k_weighting(sample_rate: int) -> tuple[tuple[DoubleArray, DoubleArray], tuple[DoubleArray, DoubleArray]]:
    """The two stages of the K filter as (b, a): a high shelf (the head) and a high pass.

    The standard gives coefficients for 48 kHz only. These come from its analogue filters by the bilinear transform, at
    any rate; at 48 kHz they are the standard's.
    """

    def denominator(k: float, quality: float) -> DoubleArray:
        return np.array([1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k])

    gain, quality, k = 3.999843853973347, 0.7071752369554196, math.tan(math.pi * 1681.974450955533 / sample_rate)
    high = 10 ** (gain / 20)
    # With this exponent the result is the standard's own table.
    band = high**0.4996667741545416
    shelf_b = np.array([high + band * k / quality + k * k, 2 * (k * k - high), high - band * k / quality + k * k])
    shelf_a = denominator(k, quality)
    pass_a = denominator(math.tan(math.pi * 38.13547087602444 / sample_rate), 0.5003270373238773)
    return (shelf_b / shelf_a[0], shelf_a / shelf_a[0]), (np.array([1.0, -2.0, 1.0]), pass_a / pass_a[0])


def _k_weighted(audio: Audio) -> Iterator[DoubleArray]:
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


def _lufs(power: npt.ArrayLike) -> DoubleArray:
    # The floor only keeps the logarithm of silence finite: it is far below the absolute gate.
    decibels: DoubleArray = _OFFSET + 10 * np.log10(np.maximum(power, 1e-30))
    return decibels


def mulaw(samples: Tensor, mu: int = 255) -> Tensor:
    """samples in -1 to 1 → companded samples in -1 to 1."""
    return samples.sign() * (mu * samples.abs()).log1p() / math.log1p(mu)


def inverse_mulaw(companded: Tensor, mu: int = 255) -> Tensor:
    return companded.sign() * ((1.0 + mu) ** companded.abs() - 1) / mu


def mulaw_codes(samples: Tensor, mu: int = 255) -> Tensor:
    """samples → integers from 0 to mu, truncated, not rounded: silence is mu // 2, and only the sample 1 gives mu."""
    return ((mulaw(samples, mu) + 1) / 2 * mu).long()


def inverse_mulaw_codes(codes: Tensor, mu: int = 255) -> Tensor:
    import torch

    return inverse_mulaw(2 * codes.to(torch.get_default_dtype()) / mu - 1, mu)


def preemphasis(samples: FloatArray, coefficient: float) -> FloatArray:
    """y[t] = x[t] - coefficient x[t - 1], along the last axis: amplifies high frequencies."""
    before = np.concatenate([np.zeros_like(samples[..., :1]), samples[..., :-1]], axis=-1)
    return samples - coefficient * before


def inverse_preemphasis(samples: FloatArray, coefficient: float) -> FloatArray:
    """x[t] = y[t] + coefficient x[t - 1], along the last axis.

    Computed in blocks: inside a block the recursion is a product with a triangular matrix, and only the last sample of
    each block is carried over. In NumPy this is some hundred times as fast as sample by sample.
    """
    size = 256
    n = samples.shape[-1]
    padded = np.concatenate([samples, np.zeros((*samples.shape[:-1], -n % size), samples.dtype)], axis=-1)
    blocks = padded.reshape(*samples.shape[:-1], -1, size).astype(np.float64)
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    inside = blocks @ np.where(distance >= 0, float(coefficient) ** np.maximum(distance, 0), 0.0).T
    decay = float(coefficient) ** np.arange(1, size + 1)
    carried = np.zeros(blocks.shape[:-2])
    for i in range(blocks.shape[-2]):
        inside[..., i, :] += carried[..., None] * decay
        carried = inside[..., i, -1]
    result: FloatArray = inside.reshape(*samples.shape[:-1], -1)[..., :n].astype(samples.dtype)
    return result
