"""A source-filter vocoder: a pulse train and noise, shaped in the Fourier domain by a network at frame rate.

The source is that of the neural source-filter model (Wang et al. 2019, arXiv 1904.12088, section II.C: harmonics of
F0 plus noise), the filter a time-varying frequency response as in the neural homomorphic vocoder (Liu et al. 2020,
"Neural Homomorphic Vocoder"), predicted by the network of Vocos (Siuzdak 2023, arXiv 2306.00814) and applied to the
source's short-time spectrum before one inverse transform. The pitch comes from the mel spectrogram itself.

Phase is what a mel spectrogram lacks and what costs a network the most to learn; here the source brings it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel import inverse_stft, stft
from tts.audio.mel_settings import MelSettings
from tts.models.draws import standard_normal
from tts.models.excitation import F0_CENTRE_HZ, PitchFromMel, mel_to_bins, pulse_train
from tts.models.vocoder import Vocoder
from tts.models.vocos import ConvNeXtBackbone, VocosDimensions

# Log gains of pulses and noise that bring both near the level of the mel spectrogram, the noise below; zero phase.
INITIAL_GAINS = (2.5, 3.5, 0.0)


class SourceFilter(Vocoder):
    """The network predicts, for every bin of every frame, the gain and phase for the pulses and the gain for noise."""

    spread: Tensor

    def __init__(self, mel: MelSettings, dimensions: VocosDimensions) -> None:
        super().__init__(mel)
        self.dimensions = dimensions
        n_bins = mel.n_fft // 2 + 1
        self.pitch = PitchFromMel(mel.n_mels)
        self.backbone = ConvNeXtBackbone(mel.n_mels + 1, dimensions)
        self.head = nn.Linear(dimensions.channels, 3 * n_bins)
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor(INITIAL_GAINS).repeat_interleave(n_bins))
        self.register_buffer("spread", mel_to_bins(mel), persistent=False)

    def forward(
        self,
        mel: Tensor,
        generator: np.random.Generator | None = None,
        f0: Tensor | None = None,
        initial_phase: Tensor | None = None,
    ) -> Tensor:
        """`f0` [B, T] in Hz replaces the pitch predicted from the mel."""
        n_frames = mel.shape[2]
        f0 = self.pitch(mel) if f0 is None else f0
        pulses = pulse_train(f0, self.mel.hop_length, self.mel.sample_rate, initial_phase)
        noise = standard_normal(tuple(pulses.shape), generator).to(mel.device)
        pulse_filter, noise_filter = self._filters(mel, f0)
        spectrum = pulse_filter * self._spectrum(pulses) + noise_filter * self._spectrum(noise)
        return inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, n_frames * self.mel.hop_length)

    def harmonics(self, mel: Tensor, f0: Tensor, initial_phase: Tensor | None = None) -> Tensor:
        """The same speech without its noise."""
        pulses = pulse_train(f0, self.mel.hop_length, self.mel.sample_rate, initial_phase)
        spectrum = self._filters(mel, f0)[0] * self._spectrum(pulses)
        return inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, mel.shape[2] * self.mel.hop_length)

    def _spectrum(self, source: Tensor) -> Tensor:
        """[B, T * hop] → [B, n_bins, T + 1]; a sinusoid of amplitude 1 becomes a peak of about 1."""
        return stft(source, self.mel.n_fft, self.mel.hop_length) * (4 / self.mel.n_fft)

    def _filters(self, mel: Tensor, f0: Tensor) -> tuple[Tensor, Tensor]:
        """The responses for the pulses (complex) and for the noise, each [B, n_bins, T + 1]."""
        octaves = torch.log2(f0 / F0_CENTRE_HZ)[:, None]
        features = torch.cat([mel, octaves], dim=1)
        # One more frame, because the inverse transform is centred: T frames give (T - 1) hops.
        features = torch.cat([features, features[:, :, -1:]], dim=2)
        # In float32 also where the network computes in less: complex numbers have no lower precision.
        correction = self.head(self.backbone(features)).float().transpose(1, 2)
        pulse_gain, noise_gain, phase = correction.chunk(3, dim=1)
        # The mel spectrogram itself is the first guess of both envelopes; the network corrects it.
        envelope = self.spread @ features[:, : self.mel.n_mels]
        pulse_filter = torch.polar(torch.exp((envelope + pulse_gain).clamp(max=6.0)), phase)
        return pulse_filter, torch.exp((envelope + noise_gain).clamp(max=6.0))
