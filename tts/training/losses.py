"""Losses, one place each, with the equations they come from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tts.audio.mel import MelSettings, mel_spectrogram, stft
from tts.models.waveglow import Encoding

MAGNITUDE_FLOOR = 1e-4


def magnitudes(wave: Tensor, fft_sizes: Sequence[int]) -> list[Tensor]:
    """wave [B, n] → a magnitude spectrogram [B, n_fft // 2 + 1, frames] a size, hop n_fft // 4."""
    spectra = (stft(wave, n_fft, n_fft // 4) for n_fft in fft_sizes)
    return [torch.sqrt(s.real.square() + s.imag.square() + MAGNITUDE_FLOOR**2) for s in spectra]


def spectral_loss(predicted: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Spectral convergence plus log magnitude distance, mean over resolutions.

    Yamamoto et al. 2020 (Parallel WaveGAN, arXiv 1910.11480), equations 4 to 6.
    """
    total = predicted[0].new_zeros(())
    for p, t in zip(predicted, target, strict=True):
        convergence = torch.linalg.vector_norm(t - p) / torch.linalg.vector_norm(t)
        total = total + convergence + torch.nn.functional.l1_loss(p.log(), t.log())
    return total / len(predicted)


def mel_loss(predicted: Tensor, target: Tensor, settings: MelSettings) -> Tensor:
    """L1 between log mel spectrograms of two waves [B, n] (Kong et al. 2020, HiFi-GAN, equation 3)."""
    # In low precision, sums over bins would drown what is quiet.
    with torch.autocast(predicted.device.type, enabled=False):
        return torch.nn.functional.l1_loss(mel_spectrogram(predicted, settings), mel_spectrogram(target, settings))


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Least squares (Mao et al. 2017; HiFi-GAN, equation 1): real scores to 1, made ones to 0."""
    return sum((((1 - r) ** 2).mean() + (f**2).mean() for r, f in zip(real, fake, strict=True)), torch.zeros(()))


def adversarial_loss(fake: Sequence[Tensor]) -> Tensor:
    """The generator's side of `discriminator_loss` (HiFi-GAN, equation 2)."""
    return sum((((1 - f) ** 2).mean() for f in fake), torch.zeros(()))


def feature_matching_loss(real: Sequence[Sequence[Tensor]], fake: Sequence[Sequence[Tensor]]) -> Tensor:
    """L1 between the discriminators' inner features (HiFi-GAN, equation 4), mean over layers and discriminators."""
    pairs = [(r, f) for rs, fs in zip(real, fake, strict=True) for r, f in zip(rs, fs, strict=True)]
    return sum(((r.detach() - f).abs().mean() for r, f in pairs), torch.zeros(())) / len(pairs)


def waveglow_loss(encoding: Encoding, sigma: float = 1.0) -> Tensor:
    """Negative log likelihood in nats a sample, without the Gaussian's constant (WaveGlow, equation 12)."""
    z, log_s, log_det = encoding
    total = z.square().sum() / (2 * sigma**2) - sum(s.sum() for s in log_s) - sum(log_det)
    return total / z.numel()
