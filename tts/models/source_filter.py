"""The source-filter vocoder: a pulse train and noise, shaped in the Fourier domain by a network at frame rate.

The source is that of the neural source-filter model (Wang et al. 2019, arXiv 1904.12088, section II.C: harmonics of
F0 plus noise), the filter a time-varying frequency response as in the neural homomorphic vocoder (Liu et al. 2020,
"Neural Homomorphic Vocoder"), predicted by the network of Vocos (Siuzdak 2023, arXiv 2306.00814) and applied to the
source's short-time spectrum before one inverse transform. The pitch comes from the mel spectrogram itself.

Phase is missing from a mel spectrogram and is the hardest part for a network to learn; here the source provides it.
`Excitation` and `Guide` provide it to other vocoders too.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel import inverse_stft, mel_filters, stft
from tts.audio.mel_settings import MelSettings
from tts.models.torch_network import VocoderNetwork, standard_normal
from tts.models.vocos import ConvNeXtBackbone, ConvNeXtBlock, VocosDimensions

F0_CENTRE_HZ = 180.0

# Log gains of pulses and noise that bring both near the level of the mel spectrogram, the noise below; zero phase.
INITIAL_GAINS = (2.5, 3.5, 0.0)


def cycles(f0: Tensor, hop_length: int, sample_rate: int, initial_phase: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """F0 in Hz [B, T] → the phase in cycles (float64) and the pitch in Hz of every sample, each [B, T * hop_length].

    Pitch is interpolated linearly between frames. Phase is summed in float64, so that it does not drift over a long
    sentence. `initial_phase` in cycles is added to it: [B, 1], the phase at the start, or [B, T * hop_length], an
    offset that changes, as a recording's does (`tts.training.targets`); the pitch in Hz stays that of F0.
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


class PitchFromMel(nn.Module):
    """mel [B, n_mels, T] → F0 in Hz [B, T], continued smoothly through unvoiced frames."""

    def __init__(self, n_mels: int, channels: int = 128, hidden: int = 256, n_blocks: int = 3) -> None:
        super().__init__()
        self.embed = nn.Conv1d(n_mels, channels, 5, padding=2)
        self.norm = nn.LayerNorm(channels)
        self.blocks = nn.ModuleList(ConvNeXtBlock(channels, hidden) for _ in range(n_blocks))
        self.out = nn.Linear(channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        return self.in_hz(self.octaves(mel))

    def octaves(self, mel: Tensor) -> Tensor:
        """Octaves above `F0_CENTRE_HZ`, [B, T], without bounds: training needs gradients from beyond them too."""
        x = self.norm(self.embed(mel).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        octaves: Tensor = self.out(x).squeeze(-1)
        return octaves

    @staticmethod
    def in_hz(octaves: Tensor) -> Tensor:
        """At most two octaves up and down."""
        return F0_CENTRE_HZ * torch.exp2(octaves.clamp(-2.0, 2.0))


class SourceFilter(VocoderNetwork):
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
        """`f0` [B, T] in Hz replaces the pitch predicted from the mel; `initial_phase` in cycles as in `cycles`."""
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
        # The mel spectrogram itself is the first estimate of both envelopes; the network corrects it.
        envelope = self.spread @ features[:, : self.mel.n_mels]
        pulse_filter = torch.polar(torch.exp((envelope + pulse_gain).clamp(max=6.0)), phase)
        return pulse_filter, torch.exp((envelope + noise_gain).clamp(max=6.0))


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
        return excitation_channels(self.pitch(mel) if f0 is None else f0, self.mel, initial_phase)


class Guide(nn.Module):
    """The channels of `Excitation` and a fourth: the harmonics of a source-filter vocoder, white, `level` times.

    They are a first estimate of the samples for an autoregressive network: a small one then need not learn how a vocal
    tract filters pulses.
    """

    n_channels = 4

    def __init__(self, mel: MelSettings, dimensions: VocosDimensions, level: float) -> None:
        super().__init__()
        self.source, self.envelope, self.level = SourceFilter(mel, dimensions), MelEnvelope(mel), level

    @property
    def pitch(self) -> PitchFromMel:
        return self.source.pitch

    def forward(self, mel: Tensor, f0: Tensor | None = None, initial_phase: Tensor | None = None) -> Tensor:
        """Arguments as in `Excitation` → [B, 4, T * hop_length]."""
        f0 = self.pitch(mel) if f0 is None else f0
        white = self.envelope(self.source.harmonics(mel, f0, initial_phase), mel, undo=True)
        return torch.cat([excitation_channels(f0, self.source.mel, initial_phase), self.level * white[:, None]], dim=1)


def excitation_channels(f0: Tensor, mel: MelSettings, initial_phase: Tensor | None = None) -> Tensor:
    """F0 in Hz [B, T] → the channels of an `Excitation`, [B, 3, T * hop_length]."""
    phase, f0_samples = cycles(f0, mel.hop_length, mel.sample_rate, initial_phase)
    n_harmonics = torch.floor(0.5 * mel.sample_rate / f0_samples).float()
    pulses = dirichlet_kernel(phase, n_harmonics) * torch.rsqrt(0.5 * n_harmonics)
    angle = 2 * math.pi * torch.remainder(phase, 1.0).float()
    return torch.stack([pulses, torch.cos(angle), torch.sin(angle)], dim=1)


class MelEnvelope(nn.Module):
    """A zero-phase filter with the mel's smooth spectrum: it gives white sound the loudness and colour of the mel.

    Its inverse makes speech white. A network that generates white sound makes errors that the speech masks, because
    the filter gives them its colour (noise shaping from mel cepstra: Yoshimura et al. 2018, IEEE/ACM TASLP 26 (7)).
    """

    # So few keep the formants and drop the harmonics, which a filter would smear over time.
    N_CEPSTRA = 20

    spread: Tensor

    def __init__(self, mel: MelSettings) -> None:
        super().__init__()
        self.mel = mel
        self.register_buffer(
            "spread", mel_to_bins(mel) @ cepstral_smoothing(mel.n_mels, self.N_CEPSTRA), persistent=False
        )

    def forward(self, wave: Tensor, mel: Tensor, undo: bool = False) -> Tensor:
        """wave [B, T * hop_length], mel [B, n_mels, T] → the filtered samples; `undo`: by the inverse filter."""
        # One more frame, because the transform is centred: T hops have T + 1 frames.
        envelope = self.spread @ torch.cat([mel, mel[:, :, -1:]], dim=2)
        spectrum = stft(wave, self.mel.n_fft, self.mel.hop_length) * torch.exp(-envelope if undo else envelope)
        return inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, wave.shape[1])


def cepstral_smoothing(n_mels: int, n_cepstra: int) -> Tensor:
    """[n_mels, n_mels]: to mel cepstra by an orthonormal cosine transform, and back from only the first of them."""
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
