"""Train HiFi-GAN's generator against its discriminators (Kong, Kim & Bae 2020, arXiv 2010.05646, section 2.4).

Deviations: the generator has no weight norm, and what is kept is a moving average of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.training.corpora import Stretches
from tts.training.data import PreparedCorpus, Segments
from tts.training.loop import Trainer
from tts.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss, mel_loss
from tts.training.samples import Samples
from tts.training.schedule import Schedule
from tts.training.vocoder import copy_synthesis_figures, copy_synthesis_samples
from tts.training.wave_discriminators import FULL_CHANNELS, WaveDiscriminator


@dataclass(frozen=True)
class HiFiGANSettings:
    """Which mels are heard (of several files one is drawn for every batch), the sizes of a batch, the width of the
    discriminators' widest layers, and the weights of the losses in the sum (equation 5)."""

    mels: str | tuple[str, ...] = "mels.npy"
    batch_size: int = 16
    segment_frames: int = 32
    critic_channels: int = FULL_CHANNELS
    adversarial_weight: float = 1.0
    feature_weight: float = 2.0
    mel_weight: float = 45.0


class HiFiGANTrainer(Trainer[Segments]):
    kind = "vocoder"
    network_name = "hifigan"
    Dimensions = HiFiGANDimensions
    Settings = HiFiGANSettings
    network: HiFiGAN
    critic: WaveDiscriminator

    def __init__(
        self,
        corpus: PreparedCorpus,
        dimensions: HiFiGANDimensions,
        settings: HiFiGANSettings,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        torch.manual_seed(schedule.seed)
        network = HiFiGAN(corpus.mel, dimensions)
        super().__init__(corpus, network, WaveDiscriminator(settings.critic_channels), schedule, run, fabric)
        self.settings = settings
        # The distance is over the whole band, also where the mel that is heard stops earlier, as in the authors' code.
        self.full_band = replace(corpus.mel, f_max=corpus.mel.sample_rate / 2)
        self.stretches = Stretches(corpus, settings.mels, settings.batch_size, settings.segment_frames)

    def batch(self, random: np.random.Generator) -> Segments:
        return self.stretches.draw(random)

    def losses(self, batch: Segments, adversarial: bool) -> dict[str, Tensor]:
        s = self.settings
        made: Tensor = self.network(batch.mel).float()
        losses = {"mel": mel_loss(made, batch.wave, self.full_band)}
        total = s.mel_weight * losses["mel"]
        if adversarial:
            losses |= self.adversarial_losses(batch.wave, made)
            total = total + s.adversarial_weight * losses["adversarial"] + s.feature_weight * losses["features"]
        return losses | {"total": total}

    def adversarial_losses(self, real: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Train the critic on two sets of waves [B, n]; give what it then makes of the second (equations 1 to 4)."""
        critic_loss = discriminator_loss(self.critic(real)[0], self.critic(made.detach())[0])
        self.descend(self.critic_optimizer, critic_loss, self.critic)
        self.critic.requires_grad_(False)
        scores, features = self.critic(made)
        with torch.no_grad():
            real_features = self.critic(real)[1]
        self.critic.requires_grad_(True)
        # The paper sums over layers and discriminators.
        n_features = sum(map(len, features))
        return {
            "critic": critic_loss,
            "adversarial": adversarial_loss(scores),
            "features": n_features * feature_matching_loss(real_features, features),
        }

    def validate(self) -> dict[str, float]:
        """Mel distance of the validation clips spoken from their mels."""
        return copy_synthesis_figures(self.network, self.stretches.corpora[-1])

    def samples(self) -> Samples:
        return copy_synthesis_samples(self.network, self.stretches.corpora[-1])
