"""Train vocoders by comparing spectra, and by discriminators from a chosen step on: Vocos, source-filter, HiFi-GAN.

`VocoderTrainer` is what all trainers of vocoders share; `tts.training.likelihood` has the others. To train another
vocoder, subclass `VocoderTrainer` (or `SpectralTrainer` if its losses fit), add it to `tts.training.trainer.TRAINERS`,
and write a recipe.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from tts.audio.mel import mel_spectrogram, stft
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.source_filter import SourceFilter, SourceFilterDimensions
from tts.models.vocos import Vocos, VocosDimensions
from tts.training.data import Item, Segments, SegmentSampler, spread_over_speakers
from tts.training.discriminators import FULL_CHANNELS, MultiResolutionDiscriminator, WaveDiscriminator
from tts.training.losses import magnitudes, mel_loss, phase_loss, pitch_loss, spectral_loss
from tts.training.targets import aligned_phase
from tts.training.trainer import Samples, Trainer

FFT_SIZES = (2048, 1024, 512, 256)
# Clips that are generated in validation, and the maximum length of each.
MOST_VALIDATION_CLIPS = 8
MOST_VALIDATION_FRAMES = 400


class VocoderTrainer(Trainer[Segments]):
    """What the trainers of vocoders share: batches of segments, and copy synthesis of validation clips.

    Settings have `mels` (of several files one is sampled for each batch), `batch_size` and `segment_frames`.
    """

    kind = "vocoder"
    sample_frames = MOST_VALIDATION_FRAMES
    """The maximum length of the example that `samples` generates."""
    sampler: SegmentSampler

    @property
    def margin_frames(self) -> int:
        """The number of frames that a segment has in addition to `segment_frames` at each end, as context."""
        return 0

    def select_clips(self) -> None:
        s = self.settings
        self.sampler = SegmentSampler(self.corpus, s.mels, s.batch_size, s.segment_frames + 2 * self.margin_frames)

    def build_network(self) -> nn.Module:
        return self.Network(self.corpus.mel, self.dimensions)

    def batch(self, random: np.random.Generator) -> Segments:
        return self.sampler.sample(random)

    def copy_synthesis(self, item: Item, most_frames: int) -> tuple[Tensor, Tensor]:
        """Return the waves [1, n] of a clip, or of its middle: generated from its mel, and recorded."""
        corpus = self.sampler.corpora[-1]
        n_frames = min(item.n_frames, most_frames)
        start = item.first_frame + (item.n_frames - n_frames) // 2
        frames = slice(start, start + n_frames)
        mel = corpus.mel_of(frames)[None].to(self.fabric.device)
        generated: Tensor = self.network(mel, np.random.default_rng(0))
        return generated.cpu(), corpus.wave(frames)[None]

    def validate(self) -> dict[str, float]:
        """Return the mean mel distance between validation clips and their copy synthesis."""
        clips = spread_over_speakers(self.corpus.split("val"), MOST_VALIDATION_CLIPS)
        if not clips:
            return {}
        pairs = (self.copy_synthesis(clip, MOST_VALIDATION_FRAMES) for clip in clips)
        distances = [float(mel_loss(generated, recorded, self.corpus.mel)) for generated, recorded in pairs]
        return {"validation_mel": sum(distances) / len(distances)}

    def samples(self) -> Samples:
        """Return the first validation clip, or its middle, recorded and generated from its mel."""
        clips = self.corpus.split("val")[:1]
        if not clips:
            return Samples()
        spoken, recorded = (wave.clamp(-1, 1) for wave in self.copy_synthesis(clips[0], self.sample_frames))
        mel = self.corpus.mel
        audio = {"recorded": recorded[0].numpy(), "spoken": spoken[0].numpy()}
        mels = {name: mel_spectrogram(torch.from_numpy(wave)[None], mel)[0].numpy() for name, wave in audio.items()}
        return Samples(mel.sample_rate, audio, mels)


@dataclass(frozen=True)
class SpectralSettings:
    """The files of mels, of which one is sampled for each batch; batch sizes; the weights of the losses in the sum."""

    mels: str | tuple[str, ...] = "mels.npy"
    predicted_pitch: float = 0.0
    """The share of batches that are generated at the predicted pitch, the others at that of the recordings."""
    aligned_pulses: bool = False
    """Whether pulses fall where the recording's do, so that spectra are compared in phase, or begin at random."""
    batch_size: int = 16
    segment_frames: int = 40
    critics_per_step: int = 2
    critic_bands: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    """The share of the bins, from the lowest up, that the critic of each of `FFT_SIZES` judges."""
    standard_critics: bool = False
    """Whether critics standardise log magnitudes."""
    relative_features: bool = False
    """Whether distances of features are relative to their magnitude; `feature_weight` should then be a third."""
    # Spectral distances by themselves favour the mean of what is random in speech: the critics need a similar weight.
    spectral_weight: float = 1.0
    mel_weight: float = 5.0
    adversarial_weight: float = 1.5
    feature_weight: float = 10.0
    pitch_weight: float = 2.0
    phase_weight: float = 1.0
    """Of the phase of aligned pulses."""


class SpectralTrainer(VocoderTrainer):
    """Trains vocoders at frame rate by spectral losses, and by discriminators of spectrograms."""

    Dimensions = VocosDimensions
    Settings = SpectralSettings
    settings: SpectralSettings
    critic: MultiResolutionDiscriminator

    def build_critic(self) -> MultiResolutionDiscriminator:
        return MultiResolutionDiscriminator(self.settings.critic_bands, self.settings.standard_critics)

    @abstractmethod
    def generate(self, batch: Segments) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the wave generated from the batch's mels, and the losses of what the network predicts besides."""

    def losses(self, batch: Segments, adversarial: bool) -> dict[str, Tensor]:
        s = self.settings
        wave, losses = self.generate(batch)
        real, fake = magnitudes(batch.wave, FFT_SIZES), magnitudes(wave, FFT_SIZES)
        losses["spectral"] = spectral_loss(fake, real)
        losses["mel"] = mel_loss(wave, batch.wave, self.corpus.mel)
        total = s.spectral_weight * losses["spectral"] + s.mel_weight * losses["mel"]
        if "pitch" in losses:
            total = total + s.pitch_weight * losses["pitch"]
        if "phase" in losses:
            total = total + s.phase_weight * losses["phase"]
        if adversarial:
            # A random few of the critics, to save time.
            chosen = torch.randperm(len(FFT_SIZES))[: s.critics_per_step].tolist()
            judge = partial(self.critic, chosen=chosen)
            losses |= self.adversarial_losses(judge, real, fake, s.relative_features)
            losses |= {name: losses[name] / len(chosen) for name in ("critic", "adversarial")}
            total = total + s.adversarial_weight * losses["adversarial"] + s.feature_weight * losses["features"]
        return losses | {"total": total}


class VocosTrainer(SpectralTrainer):
    network_name = "vocos"
    Network = Vocos
    network: Vocos

    def generate(self, batch: Segments) -> tuple[Tensor, dict[str, Tensor]]:
        return self.network(batch.mel), {}


class SourceFilterTrainer(SpectralTrainer):
    network_name = "source_filter"
    Network = SourceFilter
    Dimensions = SourceFilterDimensions
    network: SourceFilter

    def generate(self, batch: Segments) -> tuple[Tensor, dict[str, Tensor]]:
        """Generate at the recordings' pitch, or the predicted one, with aligned pulses or a random initial phase."""
        network, mel = self.network, self.network.mel
        octaves = network.pitch.octaves(batch.mel)
        losses = {"pitch": pitch_loss(octaves, batch.f0, batch.voiced)}
        predicted = float(torch.rand(())) < self.settings.predicted_pitch
        f0 = network.pitch.in_hz(octaves.float()).detach() if predicted else batch.f0
        if not self.settings.aligned_pulses:
            return network(batch.mel, f0=f0, initial_phase=torch.rand(len(f0), 1, device=f0.device)), losses
        shaping = network.shaping(batch.mel, f0)
        recorded = stft(batch.wave, mel.n_fft, mel.hop_length)
        pulses = network.pulse_spectrum(shaping, f0, aligned_phase(network, shaping, f0, batch, recorded))
        losses["phase"] = phase_loss(pulses, recorded, batch.voiced, int(mel.f_max * mel.n_fft / mel.sample_rate) + 1)
        noise = network.noise_spectrum(shaping, torch.randn_like(batch.wave))
        return network.samples(pulses + noise), losses


@dataclass(frozen=True)
class HiFiGANSettings:
    """The files of mels, of which one is sampled for each batch; batch sizes; the width of the discriminators' widest
    layers; the weights of the losses in the sum (equation 5)."""

    mels: str | tuple[str, ...] = "mels.npy"
    batch_size: int = 16
    segment_frames: int = 32
    critic_channels: int = FULL_CHANNELS
    adversarial_weight: float = 1.0
    feature_weight: float = 2.0
    mel_weight: float = 45.0


class HiFiGANTrainer(VocoderTrainer):
    """Trains HiFi-GAN's generator against its discriminators (Kong, Kim & Bae 2020, arXiv 2010.05646, section 2.4).

    Deviations: the generator has no weight norm, and the moving average of its weights is used.
    """

    network_name = "hifigan"
    Network = HiFiGAN
    Dimensions = HiFiGANDimensions
    Settings = HiFiGANSettings
    network: HiFiGAN
    critic: WaveDiscriminator
    settings: HiFiGANSettings

    def build_critic(self) -> WaveDiscriminator:
        return WaveDiscriminator(self.settings.critic_channels)

    def losses(self, batch: Segments, adversarial: bool) -> dict[str, Tensor]:
        s, mel = self.settings, self.corpus.mel
        wave: Tensor = self.network(batch.mel).float()
        # Over the full band, even if the network's mel ends earlier, as in the authors' code.
        losses = {"mel": mel_loss(wave, batch.wave, replace(mel, f_max=mel.sample_rate / 2))}
        total = s.mel_weight * losses["mel"]
        if adversarial:
            losses |= self.adversarial_losses(self.judge, [batch.wave], [wave])
            # The paper sums over layers and discriminators (equation 4).
            losses["features"] = self.critic.n_features * losses["features"]
            total = total + s.adversarial_weight * losses["adversarial"] + s.feature_weight * losses["features"]
        return losses | {"total": total}

    def judge(self, waves: Sequence[Tensor]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Return the discriminators' scores and features of one batch of waves [B, n] (equations 1 to 4)."""
        scores: tuple[list[Tensor], list[list[Tensor]]] = self.critic(waves[0])
        return scores
