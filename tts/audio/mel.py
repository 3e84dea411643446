"""The mel spectrogram of the whole project, and the only short-time Fourier transform in it.

The defaults are those of NVIDIA's Tacotron 2, which the public WaveGlow, HiFi-GAN and Tacotron 2 checkpoints share:
22,050 Hz, 1,024-point Hann windows every 256 samples, 80 Slaney mels up to 8 kHz, natural log clamped at 1e-5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

LOG_FLOOR = 1e-5


@dataclass(frozen=True)
class MelSettings:
    """What a mel spectrogram means; two stages fit each other only where these are equal."""

    sample_rate: int = 22050
    n_fft: int = 1024
    hop_length: int = 256
    n_mels: int = 80
    f_min: float = 0.0
    f_max: float = 8000.0


def hann_window(n_fft: int, device: torch.device | None = None) -> Tensor:
    """The periodic Hann window [n_fft]."""
    return torch.hann_window(n_fft, periodic=True, device=device)


def stft(samples: Tensor, n_fft: int, hop_length: int) -> Tensor:
    """samples [B, n] → complex spectrum [B, n_fft // 2 + 1, 1 + n // hop_length], reflected at the edges."""
    return torch.stft(
        samples, n_fft, hop_length, window=hann_window(n_fft, samples.device), center=True, return_complex=True
    )


def inverse_stft(spectrum: Tensor, n_fft: int, hop_length: int, length: int | None = None) -> Tensor:
    """Complex spectrum [B, n_fft // 2 + 1, T] → samples [B, length], by overlap and add."""
    return torch.istft(
        spectrum, n_fft, hop_length, window=hann_window(n_fft, spectrum.device), center=True, length=length
    )


def mel_spectrogram(samples: Tensor, settings: MelSettings) -> Tensor:
    """samples [B, n] in -1 to 1 → log mel spectrogram [B, n_mels, 1 + n // hop_length]."""
    magnitude = stft(samples, settings.n_fft, settings.hop_length).abs()
    filters = torch.from_numpy(mel_filters(settings)).to(samples.device)
    return torch.log(torch.clamp(filters @ magnitude, min=LOG_FLOOR))


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
