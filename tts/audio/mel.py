"""The mel spectrogram of the whole project, its inverse and conversion, and the only short-time Fourier transforms.

The defaults are those of NVIDIA's Tacotron 2, which the public WaveGlow, HiFi-GAN and Tacotron 2 checkpoints share:
22,050 Hz, 1,024-point Hann windows every 256 samples, 80 Slaney mels up to 8 kHz, natural log clamped at 1e-5.

The transforms exist twice, on PyTorch tensors [B, bins, T] and, as `numpy_stft` and `numpy_inverse_stft`, on arrays
[T, bins]. PyTorch is imported by the functions that need it, so that speech on ONNX Runtime runs without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tts.audio.mel_settings import MelSettings, same_mel
from tts.errors import TtsError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Floats = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]

# Slaney's mel scale: linear below 1 kHz, logarithmic above, with 27 steps from 1 kHz to 6.4 kHz.
_LINEAR_HZ_PER_MEL = 200 / 3
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27


def hann_window(n_fft: int, device: torch.device | None = None, dtype: torch.dtype | None = None) -> Tensor:
    """The periodic Hann window [n_fft]."""
    import torch

    return torch.hann_window(n_fft, periodic=True, device=device, dtype=dtype)


def analysis_window(settings: MelSettings, like: Tensor) -> Tensor:
    """[n_fft] with the dtype and device of `like`: the periodic Hann window, or half a sine over sqrt 2.

    The half sine, with which the library lws analyses, is the square root of half a Hann window.
    """
    import torch

    if settings.window == "hann":
        return hann_window(settings.n_fft, like.device, like.dtype)
    centres = torch.arange(settings.n_fft, device=like.device, dtype=like.dtype) + 0.5
    return torch.sin(math.pi * centres / settings.n_fft) / math.sqrt(2)


def stft(samples: Tensor, n_fft: int, hop_length: int, lead: int = 0, window: Tensor | None = None) -> Tensor:
    """samples [B, n] → complex spectrum [B, n_fft // 2 + 1, 1 + n // hop_length], reflected at the edges.

    With a `lead` the frames lie that many samples later, and there are n // hop_length. The default of `window`
    [n_fft] is the Hann window.
    """
    import torch

    before = n_fft // 2 - lead
    after = n_fft - before - (hop_length if lead else 0)
    padded = torch.nn.functional.pad(samples[:, None], (before, after), mode="reflect")[:, 0]
    window = hann_window(n_fft, samples.device, samples.dtype) if window is None else window
    return torch.stft(padded, n_fft, hop_length, window=window, center=False, return_complex=True)


def inverse_stft(spectrum: Tensor, n_fft: int, hop_length: int, length: int | None = None) -> Tensor:
    """Complex spectrum [B, n_fft // 2 + 1, T] → samples [B, length], by overlap-add."""
    import torch

    return torch.istft(
        spectrum, n_fft, hop_length, window=hann_window(n_fft, spectrum.device), center=True, length=length
    )


def numpy_stft(samples: Floats, n_fft: int, hop_length: int) -> Spectrum:
    """samples [n] → complex spectrum [1 + n // hop_length, n_fft // 2 + 1], reflected at the edges."""
    padded = np.pad(samples, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    return np.fft.rfft(frames * numpy_hann_window(n_fft), axis=1).astype(np.complex64, copy=False)


def numpy_inverse_stft(spectrum: Spectrum, n_fft: int, hop_length: int, length: int) -> Floats:
    """Complex spectrum [T, n_fft // 2 + 1] → samples [length], by overlap-add."""
    window = numpy_hann_window(n_fft)
    frames = np.fft.irfft(spectrum, n_fft, axis=1).astype(np.float32, copy=False)
    frames *= window
    valid = slice(n_fft // 2, n_fft // 2 + length)
    weights = overlap_add(np.broadcast_to(window * window, frames.shape), hop_length)[valid]
    samples = overlap_add(frames, hop_length)[valid]
    samples /= weights
    return samples


def overlap_add(frames: Floats, hop_length: int) -> Floats:
    """Frames [T, n], one hop apart → their sum, at least [(T - 1) * hop_length + n] samples."""
    n_frames, size = frames.shape
    n_hops = -(-size // hop_length)
    total = np.zeros((n_frames + n_hops - 1, hop_length), np.float32)
    for i in range(n_hops):
        part = frames[:, i * hop_length : (i + 1) * hop_length]
        total[i : i + n_frames, : part.shape[1]] += part
    return total.ravel()


@lru_cache(maxsize=8)
def numpy_hann_window(n_fft: int) -> Floats:
    """The periodic Hann window [n_fft], read-only."""
    window: Floats = (0.5 - 0.5 * np.cos(2 * np.pi / n_fft * np.arange(n_fft))).astype(np.float32)
    window.setflags(write=False)
    return window


@lru_cache(maxsize=8)
def mel_filters(settings: MelSettings) -> Floats:
    """Triangular filters of equal area (Slaney 1998), [n_mels, n_fft // 2 + 1].

    Written out because librosa, whose `filters.mel` gives the same numbers, needs a second to import.
    """

    def to_mel(hz: float) -> float:
        if hz < _LOG_START_HZ:
            return hz / _LINEAR_HZ_PER_MEL
        return _LOG_START_MEL + math.log(hz / _LOG_START_HZ) / _LOG_STEP

    mels = np.linspace(to_mel(settings.f_min), to_mel(settings.f_max), settings.n_mels + 2)
    logarithmic = _LOG_START_HZ * np.exp(_LOG_STEP * (mels - _LOG_START_MEL))
    edges = np.where(mels < _LOG_START_MEL, mels * _LINEAR_HZ_PER_MEL, logarithmic)

    bins = np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    filters: Floats = (np.maximum(0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)
    return filters


def mel_spectrogram(samples: Tensor, settings: MelSettings) -> Tensor:
    """samples [B, n] in -1 to 1 → log mel spectrogram [B, n_mels, 1 + n // hop_length].

    With a `lead` there are n // hop_length frames.

    Raises:
        TtsError: the statistics of its normalisation are unknown.
    """
    import torch

    window = analysis_window(settings, samples)
    spectrum = stft(samples, settings.n_fft, settings.hop_length, settings.lead, window)
    if settings.epsilon:
        magnitude = torch.sqrt(spectrum.real.square() + spectrum.imag.square() + settings.epsilon)
    else:
        magnitude = spectrum.abs()
    filters = torch.from_numpy(mel_filters(settings)).to(samples)
    return normalised(filters @ magnitude, settings)


def numpy_mel_spectrogram(samples: Floats, settings: MelSettings) -> Floats:
    """The same without PyTorch, for samples [n] and settings that differ from the defaults in numbers only."""
    magnitude = np.abs(numpy_stft(samples, settings.n_fft, settings.hop_length)).T
    mel: Floats = np.log(np.maximum(mel_filters(settings) @ magnitude, np.float32(settings.floor)))
    return mel


def normalised(magnitude: Tensor, settings: MelSettings) -> Tensor:
    """Mel magnitudes [B, n_mels, T] → the values that stages exchange; raises like `mel_spectrogram`."""
    _check_statistics(settings)
    floored = magnitude.clamp(min=settings.floor)
    mel = floored.log10() if settings.log == "10" else floored.log()
    if settings.mean:
        mel = mel - mel.new_tensor(settings.mean)[:, None]
    if settings.deviation:
        mel = mel / mel.new_tensor(settings.deviation)[:, None]
    return mel.clamp(*settings.limits) if settings.limits else mel


def magnitudes(mel: Tensor, settings: MelSettings) -> Tensor:
    """The inverse of `normalised`, except for what the floor and the limits removed; raises the same error."""
    _check_statistics(settings)
    if settings.deviation:
        mel = mel * mel.new_tensor(settings.deviation)[:, None]
    if settings.mean:
        mel = mel + mel.new_tensor(settings.mean)[:, None]
    return 10.0**mel if settings.log == "10" else mel.exp()


def _check_statistics(settings: MelSettings) -> None:
    if settings.unknown_statistics:
        raise TtsError("This mel is normalised with statistics that came with no file.")


def bin_magnitudes(mel: Tensor, filters: Tensor, n_iterations: int = 30) -> Tensor:
    """Mel magnitudes [B, n_mels, T] → non-negative bin magnitudes [B, n_bins, T] whose mels come closest.

    Multiplicative updates (Lee & Seung 2001, equation 4) from a flat start: plain least squares would go below zero.
    """
    target = filters.T @ mel
    magnitude = target.clamp(min=1e-9)
    for _ in range(n_iterations):
        magnitude = magnitude * target / (filters.T @ (filters @ magnitude)).clamp(min=1e-12)
    return magnitude


def mel_conversion(source: MelSettings, target: MelSettings) -> Callable[[Tensor], Tensor] | None:
    """A function that converts mels [B, n_mels, T] from one kind to the other; None where they are the same.

    Expects settings without a `conversion_problem`. A mel is spread over the Fourier bins and gathered by the target's
    filters. On recordings of LJ Speech the result is within 0.7 dB (mean absolute error per mel) of the true mel of
    r9y9's WaveNet of 2019, and within 1.5 dB of that of 2018, which uses another window.
    """
    import torch

    if same_mel(source, target):
        return None

    def window_level(settings: MelSettings) -> float:
        # A tone grows with the sum of the window, noise with the root of the sum of its squares; speech has both.
        window = analysis_window(settings, torch.zeros((), dtype=torch.float64))
        return float(torch.sqrt(window.sum() * window.square().sum().sqrt()))

    gather = torch.from_numpy(mel_filters(target)) * (window_level(target) / window_level(source))
    spread = torch.from_numpy(mel_filters(source))
    n_later = (target.lead - source.lead) // target.hop_length

    def convert(mel: Tensor) -> Tensor:
        bins = bin_magnitudes(magnitudes(mel, source), spread.to(mel))
        converted = normalised(gather.to(mel) @ bins, target)
        if n_later == 0:
            return converted
        # Frame t becomes frame t + n_later; at the edges a frame is repeated.
        index = (torch.arange(mel.shape[2], device=mel.device) + n_later).clamp(0, mel.shape[2] - 1)
        return converted[:, :, index]

    return convert
