"""The pulses of `excitation.py` in NumPy, for speaking without PyTorch; tested to be equal to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tts.models.stages import Floats


def pulse_train(f0: Floats, hop_length: int, sample_rate: int) -> Floats:
    """F0 in Hz [T] → all harmonics below half the sample rate, in phase and of amplitude 1: [T * hop_length]."""
    padded = np.append(f0, f0[-1:]).astype(np.float64)
    steps = np.arange(hop_length) / hop_length
    f0_samples = (padded[:-1, None] * (1 - steps) + padded[1:, None] * steps).ravel()
    phase = np.cumsum(f0_samples / sample_rate)
    return dirichlet_kernel(phase, np.floor(0.5 * sample_rate / f0_samples).astype(np.float32))


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
