"""Griffin-Lim with momentum (Perraudin, Balazs & Søndergaard 2013, "A fast Griffin-Lim algorithm"): no weights.

The mel spectrogram is first spread over the bins; then iterations find phases that are consistent with it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tts.audio.mel import bin_magnitudes, inverse_stft, magnitudes, mel_filters, stft
from tts.audio.mel_settings import MelSettings
from tts.models.torch_network import VocoderNetwork, uniform


class GriffinLim(VocoderNetwork):
    filters: Tensor

    def __init__(self, mel: MelSettings, n_iterations: int = 32, momentum: float = 0.99) -> None:
        super().__init__(mel)
        self.n_iterations, self.momentum = n_iterations, momentum
        self.register_buffer("filters", torch.from_numpy(mel_filters(mel)), persistent=False)

    def forward(self, mel: Tensor, generator: np.random.Generator | None = None, f0: Tensor | None = None) -> Tensor:
        length = mel.shape[2] * self.mel.hop_length
        magnitude = bin_magnitudes(magnitudes(torch.cat([mel, mel[:, :, -1:]], dim=2), self.mel), self.filters)
        phases = uniform(tuple(magnitude.shape), generator).to(mel.device)
        # Algorithm 2: c is the spectrum, t its projection onto spectra of real signals.
        spectrum = torch.polar(magnitude, 2 * torch.pi * phases)
        previous = torch.zeros_like(spectrum)
        for _ in range(self.n_iterations):
            signal = inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, length)
            consistent = stft(signal, self.mel.n_fft, self.mel.hop_length)
            accelerated = consistent + self.momentum * (consistent - previous)
            spectrum = magnitude * accelerated / accelerated.abs().clamp(min=1e-9)
            previous = consistent
        return inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, length)
