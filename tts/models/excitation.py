"""What drives a voice: the pitch heard in a mel spectrogram, and the pulses of that pitch, sample by sample.

Phase is what a mel spectrogram lacks and what costs a vocoder the most to learn; here the pulses bring it (Wang et al.
2019, the neural source-filter model, arXiv 1904.12088, section II.C).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tts.audio.mel import inverse_stft, mel_filters, stft
from tts.audio.mel_settings import MelSettings
from tts.models.layers import ConvNeXtBlock

F0_CENTRE_HZ = 180.0


class PitchFromMel(nn.Module):
    """mel [B, n_mels, T] → F0 in Hz [B, T], carried smoothly through unvoiced frames."""

    def __init__(self, n_mels: int, channels: int = 128, hidden: int = 256, n_blocks: int = 3) -> None:
        super().__init__()
        self.embed = nn.Conv1d(n_mels, channels, 5, padding=2)
        self.norm = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(ConvNeXtBlock(channels, hidden) for _ in range(n_blocks))
        self.out = nn.Linear(channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        return self.in_hz(self.octaves(mel))

    def octaves(self, mel: Tensor) -> Tensor:
        """How far above `F0_CENTRE_HZ` in octaves, [B, T], without bounds: to be learned also from beyond them."""
        x = self.norm(self.embed(mel).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        octaves: Tensor = self.out(x).squeeze(-1)
        return octaves

    @staticmethod
    def in_hz(octaves: Tensor) -> Tensor:
        """Within two octaves up and down."""
        return F0_CENTRE_HZ * torch.exp2(octaves.clamp(-2.0, 2.0))


def cycles(f0: Tensor, hop_length: int, sample_rate: int, initial_phase: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """F0 in Hz [B, T] → the phase in cycles (float64) and the pitch in Hz of every sample, each [B, T * hop_length].

    Pitch is a straight line from frame to frame. Phase is summed in float64, so that it does not drift over a long
    sentence. `initial_phase` in cycles is added to it: [B, 1], where the pulses begin, or [B, T * hop_length], an
    offset that moves, as a recording's does (`tts.training.phase`); the pitch in Hz stays that of F0.
    """
    padded = torch.cat([f0, f0[:, -1:]], dim=1).double()
    steps = torch.arange(hop_length, dtype=torch.float64, device=f0.device) / hop_length
    f0_samples = (padded[:, :-1, None] * (1 - steps) + padded[:, 1:, None] * steps).flatten(1)
    phase = torch.cumsum(f0_samples / sample_rate, dim=1)
    return (phase if initial_phase is None else phase + initial_phase.double()), f0_samples


def pulse_train(f0: Tensor, hop_length: int, sample_rate: int, initial_phase: Tensor | None = None) -> Tensor:
    """F0 in Hz [B, T] → all harmonics below half the sample rate, in phase and of amplitude 1: [B, T * hop_length].

    `initial_phase` as in `cycles`.
    """
    phase, f0_samples = cycles(f0, hop_length, sample_rate, initial_phase)
    return dirichlet_kernel(phase, torch.floor(0.5 * sample_rate / f0_samples).float())


def dirichlet_kernel(phase: Tensor, n_harmonics: Tensor) -> Tensor:
    """Phase in cycles → the sum of cos(2 π k phase) for k = 1 … n_harmonics, in closed form.

    (sin((K + 1/2) φ) / sin(φ / 2) - 1) / 2, with φ = 2 π phase.
    """
    half_phase = (math.pi * torch.remainder(phase, 1.0)).float()
    denominator = torch.sin(half_phase)
    at_pulse = denominator.abs() < 1e-4
    kernel = torch.sin((2 * n_harmonics + 1) * half_phase) / torch.where(at_pulse, 1.0, denominator)
    return torch.where(at_pulse, n_harmonics, 0.5 * (kernel - 1))


class Excitation(nn.Module):
    """mel [B, n_mels, T] → [B, 3, T * hop_length]: pulses of unit power at its pitch, and cos and sin of their phase.

    The last two say when the next pulse is due, which the pulses themselves do not.
    """

    n_channels = 3

    def __init__(self, mel: MelSettings) -> None:
        super().__init__()
        self.mel = mel
        self.pitch = PitchFromMel(mel.n_mels)

    def forward(self, mel: Tensor, f0: Tensor | None = None, initial_phase: Tensor | None = None) -> Tensor:
        """`f0` [B, T] in Hz replaces the pitch predicted from the mel; `initial_phase` in cycles as in `cycles`."""
        return driving(self.pitch(mel) if f0 is None else f0, self.mel, initial_phase)


def driving(f0: Tensor, mel: MelSettings, initial_phase: Tensor | None = None) -> Tensor:
    """F0 in Hz [B, T] → [B, 3, T * hop_length], the channels of an `Excitation`."""
    phase, f0_samples = cycles(f0, mel.hop_length, mel.sample_rate, initial_phase)
    n_harmonics = torch.floor(0.5 * mel.sample_rate / f0_samples).float()
    pulses = dirichlet_kernel(phase, n_harmonics) * torch.rsqrt(0.5 * n_harmonics)
    angle = 2 * math.pi * torch.remainder(phase, 1.0).float()
    return torch.stack([pulses, torch.cos(angle), torch.sin(angle)], dim=1)


class MelEnvelope(nn.Module):
    """A filter with the mel's smooth spectrum, of zero phase: white sound becomes as loud and coloured as the mel says.

    Undoing it makes speech white, and a network that speaks white makes errors that the speech then hides, because
    they get its colour (noise shaping from mel cepstra: Yoshimura et al. 2018, IEEE/ACM TASLP 26 (7)).
    """

    # So few keep the formants and let go of the harmonics, which a filter would smear over time.
    N_CEPSTRA = 20

    spread: Tensor

    def __init__(self, mel: MelSettings) -> None:
        super().__init__()
        self.mel = mel
        self.register_buffer(
            "spread", mel_to_bins(mel) @ cepstral_smoothing(mel.n_mels, self.N_CEPSTRA), persistent=False
        )

    def forward(self, wave: Tensor, mel: Tensor, undo: bool = False) -> Tensor:
        """wave [B, T * hop_length], mel [B, n_mels, T] → the samples with the envelope, or without it if `undo`."""
        # One more frame, because the transform is centred: T hops have T + 1 frames.
        envelope = self.spread @ torch.cat([mel, mel[:, :, -1:]], dim=2)
        spectrum = stft(wave, self.mel.n_fft, self.mel.hop_length) * torch.exp(-envelope if undo else envelope)
        return inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, wave.shape[1])


def cepstral_smoothing(n_mels: int, n_cepstra: int) -> Tensor:
    """[n_mels, n_mels]: to mel cepstra by an orthonormal cosine transform, and back from the first of them alone."""
    k, j = torch.arange(n_mels)[:n_cepstra, None], torch.arange(n_mels)
    cosines = torch.cos(math.pi / n_mels * (j + 0.5) * k) * math.sqrt(2 / n_mels)
    cosines[0] *= math.sqrt(0.5)
    return cosines.T @ cosines


def mel_to_bins(settings: MelSettings) -> Tensor:
    """[n_bins, n_mels]: log magnitudes of the bins as means of the log mels they lie in; the last mel above f_max."""
    weights = torch.from_numpy(mel_filters(settings).T.copy())
    outside = weights.sum(1) < 1e-8
    above = torch.arange(len(weights)) > len(weights) // 2
    weights[outside & above, -1] = 1.0
    weights[outside & ~above, 0] = 1.0
    return weights / weights.sum(1, keepdim=True)
