"""The pulses of `excitation.py` in NumPy, for speaking without PyTorch; tested to be equal to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tts.models.stages import Floats


def pulse_train(f0: Floats, hop_length: int, sample_rate: int) -> Floats:
    """F0 in Hz [T] → all harmonics below half the sample rate, in phase and of amplitude 1: [T * hop_length]."""
    phase, f0_samples = cycles(f0, hop_length, sample_rate)
    return harmonics(phase, f0_samples, sample_rate)


def harmonics(phase: npt.NDArray[np.float64], f0_samples: npt.NDArray[np.float64], sample_rate: int) -> Floats:
    """What `cycles` gives → all harmonics below half the sample rate."""
    return dirichlet_kernel(phase, np.floor(0.5 * sample_rate / f0_samples).astype(np.float32))


def cycles(f0: Floats, hop_length: int, sample_rate: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """F0 in Hz [T] → the phase in cycles and the pitch in Hz of every sample, each [T * hop_length]."""
    padded = np.append(f0, f0[-1:]).astype(np.float64)
    steps = np.arange(hop_length) / hop_length
    f0_samples = (padded[:-1, None] * (1 - steps) + padded[1:, None] * steps).ravel()
    return np.cumsum(f0_samples / sample_rate), f0_samples


def dirichlet_kernel(phase: npt.NDArray[np.float64], n_harmonics: Floats) -> Floats:
    """Phase in cycles → the sum of cos(2 π k phase) for k = 1 … n_harmonics, in closed form."""
    half_phase = (np.pi * (phase - np.floor(phase))).astype(np.float32)
    denominator = np.sin(half_phase)
    at_pulse = np.abs(denominator) < 1e-4
    denominator[at_pulse] = 1
    kernel: Floats = np.sin((2 * n_harmonics + 1) * half_phase) / denominator
    kernel -= 1
    kernel *= 0.5
    kernel[at_pulse] = n_harmonics[at_pulse]
    return kernel
