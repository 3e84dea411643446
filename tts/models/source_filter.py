"""The source-filter vocoder: a pulse train and noise, shaped in the Fourier domain by a network at frame rate.

The source is that of the neural source-filter model (Wang et al. 2019, arXiv 1904.12088, section II.C: harmonics of
F0 plus noise), the filter a time-varying frequency response as in the neural homomorphic vocoder (Liu et al. 2020,
"Neural Homomorphic Vocoder"), predicted by the network of Vocos (Siuzdak 2023, arXiv 2306.00814) and applied to the
source's short-time spectrum before one inverse transform. The pitch comes from the mel spectrogram itself. Within a
frame, where the response is constant, sources can have gains that change (`envelope_steps`).

Phase is missing from a mel spectrogram and is the hardest part for a network to learn; here the source provides it.
`Excitation` and `Guide` provide it to other vocoders too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel import inverse_stft, mel_filters, stft
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.torch_network import VocoderNetwork, standard_normal
from tts.models.vocos import ConvNeXtBackbone, ConvNeXtBlock, VocosDimensions

F0_CENTRE_HZ = 180.0

# Log gains of pulses and noise that bring both near the level of the mel spectrogram, the noise below; zero phase.
INITIAL_GAINS = (2.5, 3.5, 0.0)
# The bound on the log gains within frames.
MAX_ENVELOPE = 3.0


@dataclass(frozen=True)
class SourceFilterDimensions(VocosDimensions):
    envelope_steps: int = 0
    """The number of gains per frame that pulses and noise each have before the Fourier transform, whose windows are
    longer than a plosive's burst or the onset of a voice. It must divide the hop length; 0: none."""


def cycles(f0: Tensor, hop_length: int, sample_rate: int, initial_phase: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """F0 in Hz [B, T] → the phase in cycles (float64) and the pitch in Hz of every sample, each [B, T * hop_length].

    Pitch is interpolated linearly between frames. Phase is summed in float64, so that it does not drift over a long
    sentence. `initial_phase` in cycles is added to it: [B, 1], the phase at the start, or [B, T * hop_length], an
    offset that changes, as a recording's does (`tts.training.targets`); the pitch in Hz stays that of F0.
    """
    f0_samples = interpolate(torch.cat([f0, f0[:, -1:]], dim=1).double(), hop_length)
    phase = torch.cumsum(f0_samples / sample_rate, dim=1)
    return (phase if initial_phase is None else phase + initial_phase.double()), f0_samples


def interpolate(values: Tensor, n_steps: int) -> Tensor:
    """Values [B, n + 1] → `n_steps` of the straight line from each to the next, [B, n * n_steps]."""
    steps = torch.arange(n_steps, dtype=values.dtype, device=values.device) / n_steps
    return (values[:, :-1, None] * (1 - steps) + values[:, 1:, None] * steps).flatten(1)


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


@dataclass(frozen=True)
class Shaping:
    """What a source-filter network predicts, by which its sources become speech.

    pulse_filter (complex) and noise_filter [B, n_bins, T + 1] are frequency responses; pulse_gain and noise_gain
    [B, T * hop_length], which apply before them, are None in a network without `envelope_steps`.
    """

    pulse_filter: Tensor
    noise_filter: Tensor
    pulse_gain: Tensor | None = None
    noise_gain: Tensor | None = None


class SourceFilter(VocoderNetwork):
    """The network predicts, for every bin of every frame, the gain and phase for the pulses and the gain for noise.

    With `envelope_steps` it also predicts gains of both within each frame.

    Raises:
        TtsError: the hop length is not a multiple of `envelope_steps`.
    """

    spread: Tensor

    def __init__(self, mel: MelSettings, dimensions: SourceFilterDimensions) -> None:
        super().__init__(mel)
        self.dimensions = dimensions
        n_bins = mel.n_fft // 2 + 1
        self.pitch = PitchFromMel(mel.n_mels)
        self.backbone = ConvNeXtBackbone(mel.n_mels + 1, dimensions)
        self.head = nn.Linear(dimensions.channels, 3 * n_bins)
        nn.init.normal_(self.head.weight, std=0.01)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor(INITIAL_GAINS).repeat_interleave(n_bins))
        if n_steps := dimensions.envelope_steps:
            if n_steps < 0 or mel.hop_length % n_steps:
                raise TtsError(f"The source-filter network's envelope_steps, {n_steps}, must divide {mel.hop_length}.")
            # It begins as gains of 1, so that trained weights without it can be trained further with it.
            self.envelope = nn.Linear(dimensions.channels, 2 * n_steps)
            nn.init.zeros_(self.envelope.weight)
            nn.init.zeros_(self.envelope.bias)
        self.register_buffer("spread", mel_to_bins(mel), persistent=False)

    def forward(
        self,
        mel: Tensor,
        generator: np.random.Generator | None = None,
        f0: Tensor | None = None,
        initial_phase: Tensor | None = None,
    ) -> Tensor:
        """`f0` [B, T] in Hz replaces the pitch predicted from the mel; `initial_phase` in cycles as in `cycles`."""
        f0 = self.pitch(mel) if f0 is None else f0
        shaping = self.shaping(mel, f0)
        pulses = self.pulse_spectrum(shaping, f0, initial_phase)
        noise = standard_normal((len(f0), f0.shape[1] * self.mel.hop_length), generator).to(mel.device)
        return self.samples(pulses + self.noise_spectrum(shaping, noise))

    def harmonics(self, mel: Tensor, f0: Tensor, initial_phase: Tensor | None = None) -> Tensor:
        """The same speech without its noise."""
        return self.samples(self.pulse_spectrum(self.shaping(mel, f0), f0, initial_phase))

    def shaping(self, mel: Tensor, f0: Tensor) -> Shaping:
        """Run the network: mel [B, n_mels, T] and f0 [B, T] in Hz → what shapes the pulses and the noise."""
        octaves = torch.log2(f0 / F0_CENTRE_HZ)[:, None]
        features = torch.cat([mel, octaves], dim=1)
        # One more frame, because the inverse transform is centred: T frames give (T - 1) hops.
        features = torch.cat([features, features[:, :, -1:]], dim=2)
        hidden = self.backbone(features)
        # In float32 also where the network computes in less: complex numbers have no lower precision.
        correction = self.head(hidden).float().transpose(1, 2)
        pulse_gain, noise_gain, phase = correction.chunk(3, dim=1)
        # The mel spectrogram itself is the first estimate of both envelopes; the network corrects it.
        envelope = self.spread @ features[:, : self.mel.n_mels]
        pulse_filter = torch.polar(torch.exp((envelope + pulse_gain).clamp(max=6.0)), phase)
        noise_filter = torch.exp((envelope + noise_gain).clamp(max=6.0))
        if not self.dimensions.envelope_steps:
            return Shaping(pulse_filter, noise_filter)
        log_gains = MAX_ENVELOPE * torch.tanh(self.envelope(hidden).float() / MAX_ENVELOPE)
        of_pulses, of_noise = (sample_gains(each, self.mel.hop_length) for each in log_gains.chunk(2, dim=2))
        return Shaping(pulse_filter, noise_filter, of_pulses, of_noise)

    def pulse_spectrum(self, shaping: Shaping, f0: Tensor, initial_phase: Tensor | None = None) -> Tensor:
        """The shaped pulses at a pitch `f0` [B, T] in Hz, [B, n_bins, T + 1]."""
        pulses = pulse_train(f0, self.mel.hop_length, self.mel.sample_rate, initial_phase)
        return shaping.pulse_filter * self._spectrum(pulses, shaping.pulse_gain)

    def noise_spectrum(self, shaping: Shaping, noise: Tensor) -> Tensor:
        """White noise [B, T * hop_length] → the shaped noise, [B, n_bins, T + 1]."""
        return shaping.noise_filter * self._spectrum(noise, shaping.noise_gain)

    def _spectrum(self, source: Tensor, gain: Tensor | None) -> Tensor:
        """[B, T * hop] → [B, n_bins, T + 1]; a sinusoid of amplitude 1 becomes a peak of about 1."""
        source = source if gain is None else gain * source
        return stft(source, self.mel.n_fft, self.mel.hop_length) * (4 / self.mel.n_fft)

    def samples(self, spectrum: Tensor) -> Tensor:
        """[B, n_bins, T + 1] → samples [B, T * hop_length]."""
        n_samples = (spectrum.shape[2] - 1) * self.mel.hop_length
        return inverse_stft(spectrum, self.mel.n_fft, self.mel.hop_length, n_samples)


def sample_gains(log_gains: Tensor, hop_length: int) -> Tensor:
    """Log gains at equal steps of each frame [B, T + 1, n_steps] → the gain of each sample, [B, T * hop_length].

    Log gains are interpolated linearly from step to step; the last frame only ends the last line.
    """
    points = torch.cat([log_gains[:, :-1].flatten(1), log_gains[:, -1, :1]], dim=1)
    return torch.exp(interpolate(points, hop_length // log_gains.shape[2]))


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

    def __init__(self, mel: MelSettings, dimensions: SourceFilterDimensions, level: float) -> None:
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
