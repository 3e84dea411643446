"""The source-filter vocoder (`source_filter.py`) without PyTorch: its network on ONNX Runtime, the rest in NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tts.audio.mel import MelSettings
from tts.models.onnx_session import Session
from tts.models.stages import Floats

Doubles = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex64]


class OnnxSourceFilter:
    """A `VocoderStage`; `session` runs the graph of `source_filter_graph`."""

    def __init__(self, mel: MelSettings, session: Session) -> None:
        self.mel = mel
        self._session = session

    def __call__(self, mel: Floats, generator: np.random.Generator, f0: Floats | None = None) -> Floats:
        """mel [B, n_mels, T] → samples [B, T * hop_length] in -1 to 1; `f0` [B, T] in Hz is the pitch to sound at."""
        noise = generator.standard_normal((len(mel), mel.shape[2] * self.mel.hop_length), dtype=np.float32)
        told = np.zeros((len(mel), mel.shape[2]), np.float32) if f0 is None else f0
        return np.stack([self._one(*each) for each in zip(mel, noise, told, strict=True)])

    def _one(self, mel: Floats, noise: Floats, told_f0: Floats) -> Floats:
        pulse_gain, noise_gain, phase, f0 = self._session.run(mel=mel, told_f0=told_f0)
        pulses = pulse_train(f0, self.mel.hop_length, self.mel.sample_rate)
        pulse_filter = np.empty(phase.shape, np.complex64)
        np.multiply(pulse_gain, np.cos(phase), out=pulse_filter.real)
        np.multiply(pulse_gain, np.sin(phase), out=pulse_filter.imag)
        spectrum = pulse_filter * self._spectrum(pulses)
        spectrum += noise_gain * self._spectrum(noise)
        return inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, len(noise))

    def _spectrum(self, source: Floats) -> Complexes:
        return stft(source, self.mel.n_fft, self.mel.hop_length) * np.float32(4 / self.mel.n_fft)


def pulse_train(f0: Floats, hop_length: int, sample_rate: int) -> Floats:
    """As `excitation.pulse_train`: F0 in Hz [T] → [T * hop_length]."""
    padded = np.append(f0, f0[-1:]).astype(np.float64)
    steps = np.arange(hop_length) / hop_length
    f0_samples = (padded[:-1, None] * (1 - steps) + padded[1:, None] * steps).ravel()
    phase = np.cumsum(f0_samples / sample_rate)
    return dirichlet_kernel(phase, np.floor(0.5 * sample_rate / f0_samples).astype(np.float32))


def dirichlet_kernel(phase: Doubles, n_harmonics: Floats) -> Floats:
    """As `excitation.dirichlet_kernel`."""
    half_phase = (np.pi * (phase - np.floor(phase))).astype(np.float32)
    denominator = np.sin(half_phase)
    at_pulse = np.abs(denominator) < 1e-4
    kernel = np.sin((2 * n_harmonics + 1) * half_phase) / np.where(at_pulse, np.float32(1), denominator)
    kernel = np.where(at_pulse, n_harmonics, np.float32(0.5) * (kernel - 1))
    return kernel


def hann_window(n_fft: int) -> Floats:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def stft(samples: Floats, n_fft: int, hop_length: int) -> Complexes:
    """As `tts.audio.mel.stft`, laid out by frames: samples [n] → [1 + n // hop_length, n_fft // 2 + 1]."""
    padded = np.pad(samples, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    return np.fft.rfft(frames * hann_window(n_fft), axis=1).astype(np.complex64, copy=False)


def inverse_stft(spectrum: Complexes, n_fft: int, hop_length: int, length: int) -> Floats:
    """As `tts.audio.mel.inverse_stft`: [T, n_fft // 2 + 1] → samples [length]."""
    window = hann_window(n_fft)
    frames = np.fft.irfft(spectrum, n_fft, axis=1).astype(np.float32, copy=False)
    frames *= window
    weights = np.broadcast_to(window * window, frames.shape)
    start = n_fft // 2
    added, weight = (overlap_add(each, hop_length)[start : start + length] for each in (frames, weights))
    return added / weight


def overlap_add(frames: Floats, hop_length: int) -> Floats:
    """Frames [T, n], a hop apart → their sum [at least (T - 1) * hop_length + n]."""
    n_hops = -(-frames.shape[1] // hop_length)
    padded = np.pad(frames, ((0, 0), (0, n_hops * hop_length - frames.shape[1])))
    parts = padded.reshape(len(frames), n_hops, hop_length)
    total = np.zeros((len(frames) + n_hops - 1, hop_length), np.float32)
    for i in range(n_hops):
        total[i : i + len(frames)] += parts[:, i]
    return total.ravel()
