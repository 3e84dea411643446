"""Train WaveGlow: the likelihood of speech (as published) and, if wanted, the spectrum of what it speaks.

The likelihood asks for every sample, which a small network can spend all it has on; the spectrum is what is heard.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from tts.models.lapped_waveglow import LappedWaveGlow, LappedWaveGlowDimensions
from tts.models.waveglow import Encoding, WaveGlow, WaveGlowDimensions
from tts.training.data import Segments
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


class FlowTrainer(PulsedTrainer):
    """Trains a flow; a subclass says how it is asked."""

    Settings = WaveGlowSettings
    settings: WaveGlowSettings

    @abstractmethod
    def encoded(self, segments: Segments, wave: Tensor, pulses: Tensor | None) -> Encoding:
        """The noise that `wave` [B, n] is, where the segments' mels and pitch are heard."""

    @abstractmethod
    def spoken(self, segments: Segments, noise: list[Tensor], pulses: Tensor | None) -> Tensor:
        """What is made of the segments' mels and noise: [B, n]."""

    def lesson_losses(self, lesson: Lesson, pulses: Tensor | None) -> dict[str, Tensor]:
        s, segments = self.settings, lesson.segments
        dithered = segments.wave + s.dither * torch.randn_like(segments.wave)
        losses = {"likelihood": waveglow_loss(_precise(self.encoded(segments, dithered, pulses)))}
        total = s.likelihood_weight * losses["likelihood"]
        if s.spectral_weight or s.mel_weight:
            made = self.spoken(segments, self.noise(segments), pulses).float()
            losses["spectral"] = spectral_loss(magnitudes(made, FFT_SIZES), magnitudes(segments.wave, FFT_SIZES))
            losses["mel"] = mel_loss(made, segments.wave, self.corpus.mel)
            total = total + s.spectral_weight * losses["spectral"] + s.mel_weight * losses["mel"]
        return losses | {"total": total}

    def noise(self, segments: Segments) -> list[Tensor]:
        """New draws for the network to speak from."""
        assert isinstance(self.network, WaveGlow | LappedWaveGlow)
        return [z.to(segments.mel) for z in self.network.noise(len(segments.mel), segments.mel.shape[2])]


class WaveGlowTrainer(FlowTrainer):
    network_name = "waveglow"
    Network = WaveGlow
    Dimensions = WaveGlowDimensions
    network: WaveGlow

    def encoded(self, segments: Segments, wave: Tensor, pulses: Tensor | None) -> Encoding:
        return self.network.encode(segments.mel, wave, pulses)

    def spoken(self, segments: Segments, noise: list[Tensor], pulses: Tensor | None) -> Tensor:
        return self.network.infer(segments.mel, noise, self.network.dimensions.sigma, pulses)


class LappedWaveGlowTrainer(FlowTrainer):
    network_name = "lapped_waveglow"
    voice_name = "waveglow"
    Network = LappedWaveGlow
    Dimensions = LappedWaveGlowDimensions
    network: LappedWaveGlow

    def encoded(self, segments: Segments, wave: Tensor, pulses: Tensor | None) -> Encoding:
        assert pulses is not None
        return self.network.encode(segments.mel, faded(wave, self.network.mel.hop_length // 2), segments.f0, pulses)

    def spoken(self, segments: Segments, noise: list[Tensor], pulses: Tensor | None) -> Tensor:
        assert pulses is not None
        return self.network.infer(segments.mel, noise, self.network.dimensions.sigma, segments.f0, pulses)


def faded(wave: Tensor, n: int) -> Tensor:
    """wave [B, samples] with its first and last `n` samples faded, as the transform joins the ends."""
    fade = torch.sin(0.5 * torch.pi * (torch.arange(n, device=wave.device) + 0.5) / n).square()
    ends = [wave[:, :n] * fade, wave[:, n:-n], wave[:, -n:] * fade.flip(0)]
    return torch.cat(ends, dim=1)


def _precise(encoding: Encoding) -> Encoding:
    """In float32, also where the layers are not: the sums go over all samples."""
    z, log_s, log_det = encoding
    return Encoding(z.float(), [s.float() for s in log_s], log_det)
