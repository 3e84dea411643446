"""The mel spectrogram of the whole project, and the only short-time Fourier transform in it.

The defaults are those of NVIDIA's Tacotron 2, which the public WaveGlow, HiFi-GAN and Tacotron 2 checkpoints share:
22,050 Hz, 1,024-point Hann windows every 256 samples, 80 Slaney mels up to 8 kHz, natural log clamped at 1e-5.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError


def hann_window(n_fft: int, device: torch.device | None = None, dtype: torch.dtype | None = None) -> Tensor:
    """The periodic Hann window [n_fft]."""
    return torch.hann_window(n_fft, periodic=True, device=device, dtype=dtype)


def analysis_window(settings: MelSettings, like: Tensor) -> Tensor:
    """[n_fft] in the type and on the device of `like`: the periodic Hann window, or half a sine over sqrt 2.

    The latter, with which the library lws analyses, is the square root of half a Hann window.
    """
    if settings.window == "hann":
        return hann_window(settings.n_fft, like.device, like.dtype)
    places = torch.arange(settings.n_fft, device=like.device, dtype=like.dtype) + 0.5
    return torch.sin(math.pi * places / settings.n_fft) / math.sqrt(2)


def stft(samples: Tensor, n_fft: int, hop_length: int, lead: int = 0, window: Tensor | None = None) -> Tensor:
    """samples [B, n] → complex spectrum [B, n_fft // 2 + 1, 1 + n // hop_length], reflected at the edges.

    With a `lead` the frames lie so many samples later, and there are n // hop_length. `window` [n_fft] is Hann's or
    another.
    """
    before = n_fft // 2 - lead
    after = n_fft - before - (hop_length if lead else 0)
    padded = torch.nn.functional.pad(samples[:, None], (before, after), mode="reflect")[:, 0]
    window = hann_window(n_fft, samples.device, samples.dtype) if window is None else window
    return torch.stft(padded, n_fft, hop_length, window=window, center=False, return_complex=True)


def inverse_stft(spectrum: Tensor, n_fft: int, hop_length: int, length: int | None = None) -> Tensor:
    """Complex spectrum [B, n_fft // 2 + 1, T] → samples [B, length], by overlap and add."""
    return torch.istft(
        spectrum, n_fft, hop_length, window=hann_window(n_fft, spectrum.device), center=True, length=length
    )


def mel_spectrogram(samples: Tensor, settings: MelSettings) -> Tensor:
    """samples [B, n] in -1 to 1 → log mel spectrogram [B, n_mels, 1 + n // hop_length].

    With a `lead` there are n // hop_length frames.

    Raises:
        TtsError: the statistics of its normalisation are unknown.
    """
    window = analysis_window(settings, samples)
    spectrum = stft(samples, settings.n_fft, settings.hop_length, settings.lead, window)
    if settings.epsilon:
        magnitude = torch.sqrt(spectrum.real.square() + spectrum.imag.square() + settings.epsilon)
    else:
        magnitude = spectrum.abs()
    filters = torch.from_numpy(mel_filters(settings)).to(samples)
    return normalised(filters @ magnitude, settings)


def normalised(magnitude: Tensor, settings: MelSettings) -> Tensor:
    """Mel magnitudes [B, n_mels, T] → the values that stages exchange; raises like `mel_spectrogram`."""
    if settings.unknown_statistics:
        raise TtsError("This mel is normalised with statistics that came with no file.")
    floored = torch.clamp(magnitude, min=settings.floor)
    mel = torch.log10(floored) if settings.log == "10" else torch.log(floored)
    if settings.mean:
        mel = mel - _column(settings.mean, mel)
    if settings.deviation:
        mel = mel / _column(settings.deviation, mel)
    return mel.clamp(*settings.limits) if settings.limits else mel


def magnitudes(mel: Tensor, settings: MelSettings) -> Tensor:
    """What `normalised` undone gives, as far as it can be undone."""
    if settings.unknown_statistics:
        raise TtsError("This mel is normalised with statistics that came with no file.")
    if settings.deviation:
        mel = mel * _column(settings.deviation, mel)
    if settings.mean:
        mel = mel + _column(settings.mean, mel)
    return torch.pow(10.0, mel) if settings.log == "10" else torch.exp(mel)


def bin_magnitudes(mel: Tensor, filters: Tensor, n_iterations: int = 30) -> Tensor:
    """Mel magnitudes [B, n_mels, T] → bin magnitudes [B, n_bins, T], none negative, whose mels come closest.

    Multiplicative updates (Lee & Seung 2001, equation 4) from a flat start: plain least squares would go below zero.
    """
    target = filters.T @ mel
    magnitude = target.clamp(min=1e-9)
    for _ in range(n_iterations):
        magnitude = magnitude * target / (filters.T @ (filters @ magnitude)).clamp(min=1e-12)
    return magnitude


def _column(numbers: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(numbers, dtype=like.dtype, device=like.device)[:, None]


@lru_cache(maxsize=8)
def mel_filters(settings: MelSettings) -> npt.NDArray[np.float32]:
    """Triangular filters of equal area (Slaney 1998), [n_mels, n_fft // 2 + 1].

    Written out because librosa, whose `filters.mel` gives the same numbers, takes a second to import.
    """
    edges = _mel_to_hz(np.linspace(_hz_to_mel(settings.f_min), _hz_to_mel(settings.f_max), settings.n_mels + 2))
    bins = np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return (np.maximum(0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


# Slaney's mel scale: linear below 1 kHz, logarithmic above, with 27 steps from 1 kHz to 6.4 kHz.
_LINEAR_HZ_PER_MEL = 200 / 3
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    if hz < _LOG_START_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return _LOG_START_MEL + math.log(hz / _LOG_START_HZ) / _LOG_STEP


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    logarithmic = _LOG_START_HZ * np.exp(_LOG_STEP * (mel - _LOG_START_MEL))
    return np.where(mel < _LOG_START_MEL, mel * _LINEAR_HZ_PER_MEL, logarithmic)
