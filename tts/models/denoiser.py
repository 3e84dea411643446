"""The bias denoiser of WaveGlow (NVIDIA's `denoiser.py`, released with Prenger et al. 2018).

A vocoder adds a faint hum that does not depend on its input. Its spectrum is measured once and subtracted from every
frame (spectral subtraction, Boll 1979); the phase stays.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tts.audio.mel import inverse_stft, stft


class Denoiser:
    """Subtracts `hum` [1, n]; `bias` [1, n_fft // 2 + 1, 1] holds the magnitudes of its first frame."""

    def __init__(self, hum: Tensor, n_fft: int) -> None:
        self.n_fft, self.hop_length = n_fft, n_fft // 4
        self.bias = stft(hum.float(), self.n_fft, self.hop_length).abs()[:, :, :1]

    @torch.no_grad()
    def __call__(self, samples: Tensor, strength: float) -> Tensor:
        """samples [B, n] → the same shape; a strength of 1 subtracts all of the hum, 0 nothing."""
        n_samples = samples.shape[1]
        # The transform reflects half a window at the edges, so the input must be longer than that.
        padded = torch.nn.functional.pad(samples, (0, max(0, self.n_fft - n_samples)))
        spectrum = stft(padded, self.n_fft, self.hop_length)
        magnitude = spectrum.abs()
        quieter = (magnitude - strength * self.bias).clamp(min=0)
        spectrum = torch.where(magnitude > 0, spectrum * (quieter / magnitude.clamp(min=1e-30)), spectrum)
        return inverse_stft(spectrum, self.n_fft, self.hop_length, padded.shape[1])[:, :n_samples]
