"""Train WaveGlow: the likelihood of speech (as published) and, if wanted, the spectrum of what it speaks.

The likelihood asks for every sample, which a small network can spend all it has on; the spectrum is what is heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tts.models.waveglow import Encoding, WaveGlow, WaveGlowDimensions
from tts.training.losses import magnitudes, mel_loss, spectral_loss, waveglow_loss
from tts.training.pulsed import PulsedSettings, PulsedTrainer
from tts.training.teaching import Lesson
from tts.training.vocoder import FFT_SIZES


@dataclass(frozen=True)
class WaveGlowSettings(PulsedSettings):
    """Also the weights of the losses in the sum; as published it is the likelihood alone.

    With a teacher `dither` must be above 0, or the likelihood of what is certain would grow without bound.
    """

    likelihood_weight: float = 1.0
    spectral_weight: float = 0.0
    mel_weight: float = 0.0


class WaveGlowTrainer(PulsedTrainer):
    network_name = "waveglow"
    Network = WaveGlow
    Dimensions = WaveGlowDimensions
    Settings = WaveGlowSettings
    network: WaveGlow
    settings: WaveGlowSettings

    def lesson_losses(self, lesson: Lesson, pulses: Tensor | None) -> dict[str, Tensor]:
        s, mel, wave = self.settings, lesson.segments.mel, lesson.segments.wave
        dithered = wave + s.dither * torch.randn_like(wave)
        losses = {"likelihood": waveglow_loss(_precise(self.network.encode(mel, dithered, pulses)))}
        total = s.likelihood_weight * losses["likelihood"]
        if s.spectral_weight or s.mel_weight:
            made = self.spoken(mel, pulses)
            losses["spectral"] = spectral_loss(magnitudes(made, FFT_SIZES), magnitudes(wave, FFT_SIZES))
            losses["mel"] = mel_loss(made, wave, self.corpus.mel)
            total = total + s.spectral_weight * losses["spectral"] + s.mel_weight * losses["mel"]
        return losses | {"total": total}

    def spoken(self, mel: Tensor, pulses: Tensor | None) -> Tensor:
        """What it makes of a mel and new noise, [B, T * hop_length], to be learned from."""
        noise = [z.to(mel) for z in self.network.noise(len(mel), mel.shape[2])]
        return self.network.infer(mel, noise, self.network.dimensions.sigma, pulses).float()


def _precise(encoding: Encoding) -> Encoding:
    """In float32, also where the layers are not: the sums go over all samples."""
    z, log_s, log_det = encoding
    return Encoding(z.float(), [s.float() for s in log_s], log_det)
