"""Train FastSpeech 2 on given durations.

    python -m tts.training.acoustic PREPARED -o RUN --steps 8000

RUN gets `state.pt` (to go on from: the same command again) every few minutes and `weights.safetensors` (the moving
average, what a voice ships).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.masks import length_mask
from tts.training.data import Item, PreparedCorpus
from tts.training.discriminators import SpectrogramDiscriminator
from tts.training.loop import Schedule, Trainer, descend
from tts.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss


@dataclass
class Utterances:
    """ids, durations, energy [B, S] with id_lengths [B]; mel [B, n_mels, T], log_f0 [B, T] (log2 Hz), voiced [B, T]."""

    ids: Tensor
    id_lengths: Tensor
    durations: Tensor
    energy: Tensor
    mel: Tensor
    log_f0: Tensor
    voiced: Tensor

    @property
    def frame_lengths(self) -> Tensor:
        return self.durations.sum(1)


def collate(corpus: PreparedCorpus, items: list[Item]) -> Utterances:
    """Whole clips, padded at the end."""
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(corpus.symbols.encode(item.phonemes).ids) for item in items]
    durations = [torch.tensor(item.known_durations) for item in items]
    mels = [corpus.mel_of(item.frames).T for item in items]
    return Utterances(
        ids=pad(ids, batch_first=True),
        id_lengths=torch.tensor([len(row) for row in ids]),
        durations=pad(durations, batch_first=True),
        energy=pad([symbol_energy(m, d) for m, d in zip(mels, durations, strict=True)], batch_first=True),
        mel=pad(mels, batch_first=True).transpose(1, 2),
        log_f0=pad([torch.from_numpy(np.log2(corpus.filled_f0[item.frames])) for item in items], batch_first=True),
        voiced=pad([torch.from_numpy(corpus.f0[item.frames] > 0) for item in items], batch_first=True),
    )


def symbol_energy(mel: Tensor, durations: Tensor) -> Tensor:
    """mel [T, n_mels] → mean log L2 norm of each symbol's frames [S]; the clip's least where it has none."""
    energy = 0.5 * torch.logsumexp(2 * mel, dim=1)
    owner = torch.repeat_interleave(torch.arange(len(durations)), durations)
    total = torch.zeros(len(durations)).index_add_(0, owner, energy)
    return torch.where(durations > 0, total / durations.clamp(min=1), energy.min())


@dataclass(frozen=True)
class AcousticSettings:
    """Sizes of a batch, and the weights of the losses in the sum."""

    batch_size: int = 8
    critic_frames: int = 64
    duration_weight: float = 1.0
    pitch_weight: float = 1.0
    energy_weight: float = 0.1
    adversarial_weight: float = 0.05
    feature_weight: float = 0.5


class AcousticTrainer(Trainer[Utterances]):
    network: FastSpeech2

    def __init__(self, corpus: PreparedCorpus, settings: AcousticSettings, schedule: Schedule, run: Path) -> None:
        torch.manual_seed(schedule.seed)
        network = FastSpeech2(FastSpeech2Dimensions(len(corpus.symbols), corpus.mels.shape[1]))
        super().__init__(network, SpectrogramDiscriminator(), schedule, run, decay=0.998)
        self.corpus, self.settings = corpus, settings
        self.items = sorted(corpus.split("train"), key=lambda item: item.n_frames)

    def network_options(self) -> tuple[str, dict[str, Any]]:
        return "fastspeech2", asdict(self.network.dimensions)

    def batch(self, random: np.random.Generator) -> Utterances:
        """Clips of like length: half of those in a window of twice the batch somewhere in the sorted list."""
        size = self.settings.batch_size
        start = max(0, int(random.integers(-size // 2, len(self.items) - size)))
        window = self.items[start : start + 2 * size]
        chosen = random.choice(len(window), size=min(size, len(window)), replace=False)
        return collate(self.corpus, [window[i] for i in chosen])

    def losses(self, batch: Utterances, adversarial: bool) -> dict[str, Tensor]:
        s = self.settings
        predicted = self.network(batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy)
        symbol_mask = length_mask(batch.id_lengths)
        frame_mask = length_mask(batch.frame_lengths)
        losses = {
            "mel": masked_l1(predicted.mel, batch.mel, frame_mask[:, None]),
            "duration": masked_l1(predicted.log_durations, torch.log1p(batch.durations.float()), symbol_mask),
            # Unvoiced frames carry only a filled-in pitch: it should be smooth there, not right.
            "pitch": masked_l1(predicted.log_f0, batch.log_f0, frame_mask * (0.1 + 0.9 * batch.voiced)),
            "energy": masked_l1(predicted.energy, batch.energy, symbol_mask),
        }
        total = losses["mel"] + s.duration_weight * losses["duration"]
        total = total + s.pitch_weight * losses["pitch"] + s.energy_weight * losses["energy"]
        if adversarial:
            losses |= self.adversarial_losses(*self.stretches(batch, predicted.mel))
            total = total + s.adversarial_weight * losses["adversarial"] + s.feature_weight * losses["features"]
        return losses | {"total": total}

    def adversarial_losses(self, real: Tensor, made: Tensor) -> dict[str, Tensor]:
        """Train the critic on two sets of spectrograms [B, n_mels, T]; give what it then makes of the second."""
        critic_loss = discriminator_loss([self.critic(real)[0]], [self.critic(made.detach())[0]])
        descend(self.critic_optimizer, critic_loss, self.critic, self.schedule.max_gradient)
        self.critic.requires_grad_(False)
        score, features = self.critic(made)
        real_features = self.critic(real)[1]
        self.critic.requires_grad_(True)
        matching = feature_matching_loss([real_features], [features])
        return {"critic": critic_loss, "adversarial": adversarial_loss([score]), "features": matching}

    def stretches(self, batch: Utterances, mel: Tensor) -> tuple[Tensor, Tensor]:
        """The same random stretch of each clip, recorded and made, as magnitudes (the critic takes the log)."""
        n = self.settings.critic_frames
        starts = [int(torch.randint(max(1, int(length) - n), ())) for length in batch.frame_lengths]
        real = torch.stack([batch.mel[i, :, start : start + n] for i, start in enumerate(starts)])
        made = torch.stack([mel[i, :, start : start + n] for i, start in enumerate(starts)])
        return real.exp(), made.exp()

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mel distance on the validation clips with true durations, predicted pitch and energy."""
        self.network.eval()
        batch = collate(self.corpus, self.corpus.split("val"))
        predicted = self.network(batch.ids, batch.id_lengths, batch.durations)
        self.network.train()
        frame_mask = length_mask(batch.frame_lengths)[:, None]
        return {"validation_mel": float(masked_l1(predicted.mel, batch.mel, frame_mask))}


def masked_l1(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute difference where `weight` is more than zero, weighted by it."""
    weight = weight.float().expand_as(target)
    return ((predicted - target).abs() * weight).sum() / weight.sum()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, default=1.5e-3)
    parser.add_argument("--adversarial-from", type=int, default=10**9)
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    corpus = PreparedCorpus(args.prepared)
    schedule = Schedule(args.steps, args.learning_rate, args.adversarial_from)
    trainer = AcousticTrainer(corpus, AcousticSettings(), schedule, args.out)
    trainer.restore(args.out / "state.pt")
    trainer.train()


if __name__ == "__main__":
    main()
