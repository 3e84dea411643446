"""Train a vocoder: spectral losses first, discriminators from a chosen step on.

    python -m tts.training.vocoder PREPARED -o RUN --network source_filter --steps 20000 --adversarial-from 4000

RUN gets `state.pt` (to go on from: the same command again) every few minutes and `weights.safetensors` (the moving
average, what a voice ships).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tts.audio.mel import MelSettings
from tts.models.source_filter import SourceFilter
from tts.models.vocos import Vocos, VocosDimensions
from tts.training.data import PreparedCorpus, Segments
from tts.training.discriminators import MultiResolutionDiscriminator
from tts.training.loop import Schedule, Trainer, descend
from tts.training.losses import (
    adversarial_loss,
    discriminator_loss,
    feature_matching_loss,
    magnitudes,
    mel_loss,
    spectral_loss,
)

FFT_SIZES = (2048, 1024, 512, 256)
NETWORKS: dict[str, type[Vocos] | type[SourceFilter]] = {"vocos": Vocos, "source_filter": SourceFilter}


@dataclass(frozen=True)
class VocoderSettings:
    """Which network, the sizes of a batch, and the weights of the losses in the sum."""

    network: str
    dimensions: VocosDimensions = field(default_factory=VocosDimensions)
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
    critic: MultiResolutionDiscriminator

    def __init__(
        self, corpus: PreparedCorpus, settings: VocoderSettings, schedule: Schedule, mel: MelSettings, run: Path
    ) -> None:
        torch.manual_seed(schedule.seed)
        network = NETWORKS[settings.network](mel, settings.dimensions)
        super().__init__(network, MultiResolutionDiscriminator(len(FFT_SIZES)), schedule, run, decay=0.999)
        self.corpus, self.settings, self.mel = corpus, settings, mel
        self.items = corpus.split("train")

    def network_options(self) -> tuple[str, dict[str, Any]]:
        return self.settings.network, asdict(self.settings.dimensions)

    def batch(self, random: np.random.Generator) -> Segments:
        return self.corpus.segments(self.items, self.settings.batch_size, self.settings.segment_frames, random)

    def losses(self, batch: Segments, adversarial: bool) -> dict[str, Tensor]:
        s = self.settings
        made, losses = self.vocode(batch)
        real_spectra, made_spectra = magnitudes(batch.wave, FFT_SIZES), magnitudes(made, FFT_SIZES)
        losses["spectral"] = spectral_loss(made_spectra, real_spectra)
        losses["mel"] = mel_loss(made, batch.wave, self.mel)
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
        predicted = self.network.pitch(batch.mel)
        octaves_off = torch.log2(predicted / batch.f0).abs()
        pitch_loss = (octaves_off * batch.voiced).sum() / batch.voiced.sum().clamp(min=1)
        f0 = predicted.detach() if self.settings.predicted_pitch else batch.f0
        made = self.network(batch.mel, f0=f0, initial_phase=torch.rand(len(f0), 1))
        return made, {"pitch": pitch_loss}

    def adversarial_losses(self, real: list[Tensor], made: list[Tensor]) -> dict[str, Tensor]:
        """Train a random few of the critics on both sets of spectrograms; give what they then make of the second."""
        chosen = torch.randperm(len(FFT_SIZES))[: self.settings.critics_per_step].tolist()
        made_scores = self.critic([spectrum.detach() for spectrum in made], chosen)[0]
        critic_loss = discriminator_loss(self.critic(real, chosen)[0], made_scores)
        descend(self.critic_optimizer, critic_loss, self.critic, self.schedule.max_gradient)
        self.critic.requires_grad_(False)
        scores, features = self.critic(made, chosen)
        real_features = self.critic(real, chosen)[1]
        self.critic.requires_grad_(True)
        return {
            "critic": critic_loss / len(chosen),
            "adversarial": adversarial_loss(scores) / len(chosen),
            "features": feature_matching_loss(real_features, features),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--network", choices=sorted(NETWORKS), required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--adversarial-from", type=int, required=True)
    parser.add_argument("--mels", default="mels.npy", help="mels.npy, or a file of an acoustic model's mels")
    parser.add_argument("--predicted-pitch", action="store_true", help="drive the source with the predicted pitch")
    parser.add_argument("--warm-start", type=Path, help="state.pt of another run, whose steps are not counted")
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    corpus = PreparedCorpus(args.prepared, args.mels)
    schedule = Schedule(
        args.steps, args.learning_rate, args.adversarial_from, warmup_steps=200, betas=(0.8, 0.95), max_gradient=10.0
    )
    settings = VocoderSettings(args.network, predicted_pitch=args.predicted_pitch)
    trainer = VocoderTrainer(corpus, settings, schedule, corpus.mel, args.out)
    if not trainer.restore(args.out / "state.pt") and args.warm_start is not None:
        if not trainer.restore(args.warm_start):
            raise SystemExit(f"{args.warm_start} is not there")
        trainer.step = 0
    trainer.train()


if __name__ == "__main__":
    main()
