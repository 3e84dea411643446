"""Train a vocoder at frame rate: spectral losses first, discriminators from a chosen step on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from tts.audio.mel import mel_spectrogram
from tts.models.source_filter import SourceFilter
from tts.models.torch_network import VocoderNetwork
from tts.models.vocos import Vocos, VocosDimensions
from tts.training.corpora import Stretches
from tts.training.data import Item, PreparedCorpus, Segments
from tts.training.discriminators import MultiResolutionDiscriminator
from tts.training.loop import Trainer
from tts.training.losses import (
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
    magnitudes,
    mel_loss,
    pitch_loss,
    spectral_loss,
)
from tts.training.samples import Samples
from tts.training.schedule import Schedule

FFT_SIZES = (2048, 1024, 512, 256)
# Clips that are spoken to validate, and the most frames of each.
MOST_VALIDATION_CLIPS = 8
MOST_VALIDATION_FRAMES = 400


@dataclass(frozen=True)
class VocoderSettings:
    """Which mels are heard (of several files one is drawn for every batch), the sizes of a batch, and the weights of
    the losses in the sum."""

    mels: str | tuple[str, ...] = "mels.npy"
    predicted_pitch: bool = False
    batch_size: int = 16
    segment_frames: int = 40
    critics_per_step: int = 2
    # Spectral distances alone ask for the mean of what is random in speech; the critics must weigh about as much.
    spectral_weight: float = 1.0
    mel_weight: float = 5.0
    adversarial_weight: float = 1.5
    feature_weight: float = 10.0
    pitch_weight: float = 2.0


class VocoderTrainer(Trainer[Segments]):
    """Trains `Network`; a subclass names it."""

    kind = "vocoder"
    Network: type[Vocos] | type[SourceFilter]
    Dimensions = VocosDimensions
    Settings = VocoderSettings
    network: Vocos | SourceFilter
    critic: MultiResolutionDiscriminator

    def __init__(
        self,
        corpus: PreparedCorpus,
        dimensions: VocosDimensions,
        settings: VocoderSettings,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        torch.manual_seed(schedule.seed)
        network = self.Network(corpus.mel, dimensions)
        super().__init__(corpus, network, MultiResolutionDiscriminator(len(FFT_SIZES)), schedule, run, fabric)
        self.settings = settings
        self.stretches = Stretches(corpus, settings.mels, settings.batch_size, settings.segment_frames)

    def batch(self, random: np.random.Generator) -> Segments:
        return self.stretches.draw(random)

    def losses(self, batch: Segments, adversarial: bool) -> dict[str, Tensor]:
        s = self.settings
        made, losses = self.vocode(batch)
        real_spectra, made_spectra = magnitudes(batch.wave, FFT_SIZES), magnitudes(made, FFT_SIZES)
        losses["spectral"] = spectral_loss(made_spectra, real_spectra)
        losses["mel"] = mel_loss(made, batch.wave, self.corpus.mel)
        total = s.spectral_weight * losses["spectral"] + s.mel_weight * losses["mel"]
        if "pitch" in losses:
            total = total + s.pitch_weight * losses["pitch"]
        if adversarial:
            losses |= self.adversarial_losses(real_spectra, made_spectra)
            total = total + s.adversarial_weight * losses["adversarial"] + s.feature_weight * losses["features"]
        return losses | {"total": total}

    def vocode(self, batch: Segments) -> tuple[Tensor, dict[str, Tensor]]:
        """The wave made of the batch's mels, and the loss of the pitch where the network predicts one."""
        if not isinstance(self.network, SourceFilter):
            return self.network(batch.mel), {}
        octaves = self.network.pitch.octaves(batch.mel)
        f0 = self.network.pitch.in_hz(octaves).detach() if self.settings.predicted_pitch else batch.f0
        made = self.network(batch.mel, f0=f0, initial_phase=torch.rand(len(f0), 1, device=f0.device))
        return made, {"pitch": pitch_loss(octaves, batch.f0, batch.voiced)}

    def adversarial_losses(self, real: list[Tensor], made: list[Tensor]) -> dict[str, Tensor]:
        """Train a random few of the critics on both sets of spectrograms; give what they then make of the second."""
        chosen = torch.randperm(len(FFT_SIZES))[: self.settings.critics_per_step].tolist()
        made_scores = self.critic([spectrum.detach() for spectrum in made], chosen)[0]
        critic_loss = discriminator_loss(self.critic(real, chosen)[0], made_scores)
        self.descend(self.critic_optimizer, critic_loss, self.critic)
        self.critic.requires_grad_(False)
        scores, features = self.critic(made, chosen)
        real_features = self.critic(real, chosen)[1]
        self.critic.requires_grad_(True)
        return {
            "critic": critic_loss / len(chosen),
            "adversarial": adversarial_loss(scores) / len(chosen),
            "features": feature_matching_loss(real_features, features),
        }

    def validate(self) -> dict[str, float]:
        """Mel distance of the validation clips spoken from their mels, at the pitch that the network hears in them."""
        return copy_synthesis_figures(self.network, self.stretches.corpora[-1])

    def samples(self) -> Samples:
        return copy_synthesis_samples(self.network, self.stretches.corpora[-1])


class VocosTrainer(VocoderTrainer):
    network_name = "vocos"
    Network = Vocos


class SourceFilterTrainer(VocoderTrainer):
    network_name = "source_filter"
    Network = SourceFilter


def copy_synthesis_figures(vocoder: VocoderNetwork, corpus: PreparedCorpus) -> dict[str, float]:
    """Mel distance on the middles of some validation clips, spoken from the corpus' mels."""
    clips = corpus.split("val")[:MOST_VALIDATION_CLIPS]
    if not clips:
        return {}
    distances = [float(mel_loss(made, recorded, corpus.mel)) for made, recorded in map(_copier(vocoder, corpus), clips)]
    return {"validation_mel": sum(distances) / len(distances)}


def copy_synthesis_samples(
    vocoder: VocoderNetwork, corpus: PreparedCorpus, most_frames: int = MOST_VALIDATION_FRAMES
) -> Samples:
    """The first validation clip, or its middle, recorded and spoken from its mel."""
    clips = corpus.split("val")[:1]
    if not clips:
        return Samples()
    made, recorded = (wave.clamp(-1, 1) for wave in _copier(vocoder, corpus, most_frames)(clips[0]))
    audio = {"recorded": recorded[0].numpy(), "spoken": made[0].numpy()}
    mels = {name: mel_spectrogram(torch.from_numpy(wave)[None], corpus.mel)[0].numpy() for name, wave in audio.items()}
    return Samples(corpus.mel.sample_rate, audio, mels)


def _copier(
    vocoder: VocoderNetwork, corpus: PreparedCorpus, most_frames: int = MOST_VALIDATION_FRAMES
) -> Callable[[Item], tuple[Tensor, Tensor]]:
    """From a clip to the waves [1, n] of its middle, made and recorded."""
    device = next(vocoder.parameters()).device

    def copy(item: Item) -> tuple[Tensor, Tensor]:
        n_frames = min(item.n_frames, most_frames)
        start = item.first_frame + (item.n_frames - n_frames) // 2
        frames = slice(start, start + n_frames)
        made = vocoder(corpus.mel_of(frames)[None].to(device), np.random.default_rng(0))
        return made.cpu(), corpus.wave(frames)[None]

    return copy
