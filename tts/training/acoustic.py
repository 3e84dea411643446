"""Train FastSpeech 2 on known durations; batches of whole clips, which other trainers use too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.griffinlim import GriffinLim
from tts.models.torch_network import length_mask
from tts.training.corpora import clips_of_like_length, training_clips
from tts.training.data import Item, PreparedCorpus
from tts.training.discriminators import SpectrogramDiscriminator
from tts.training.loop import Trainer, on_device
from tts.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss
from tts.training.samples import Samples
from tts.training.schedule import Schedule

# More say little more, and validating should be short.
MOST_VALIDATION_CLIPS = 40


@dataclass
class Utterances:
    """ids, durations, energy [B, S] with id_lengths [B]; mel [B, n_mels, T], log_f0 [B, T] (log2 Hz), voiced [B, T]
    with frame_lengths [B]."""

    ids: Tensor
    id_lengths: Tensor
    durations: Tensor
    energy: Tensor
    mel: Tensor
    log_f0: Tensor
    voiced: Tensor
    frame_lengths: Tensor
    item_ids: list[str]


def collate(corpus: PreparedCorpus, items: list[Item], *, unknown_durations: bool = False) -> Utterances:
    """Whole clips, padded at the end.

    With `unknown_durations` a clip may have none: its durations and energy are zeros.

    Raises:
        TtsError: a clip has no durations, where it must.
    """
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(corpus.symbols.encode(item.phonemes).ids) for item in items]
    if unknown_durations:
        durations = [torch.tensor(i.durations or [0] * len(row)) for i, row in zip(items, ids, strict=True)]
    else:
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
        frame_lengths=torch.tensor([item.n_frames for item in items]),
        item_ids=[item.id for item in items],
    )


def symbol_energy(mel: Tensor, durations: Tensor) -> Tensor:
    """mel [T, n_mels] → mean log L2 norm of each symbol's frames [S]; the clip's least where it has none.

    Durations that are not known, all of them 0, give zeros.
    """
    if not durations.any():
        return torch.zeros(len(durations))
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
    kind = "acoustic"
    network_name = "fastspeech2"
    Dimensions = FastSpeech2Dimensions
    Settings = AcousticSettings
    needs_durations = True
    symbol_embedding = "embed.weight"
    network: FastSpeech2

    def __init__(
        self,
        corpus: PreparedCorpus,
        dimensions: FastSpeech2Dimensions,
        settings: AcousticSettings,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        torch.manual_seed(schedule.seed)
        super().__init__(corpus, FastSpeech2(dimensions), SpectrogramDiscriminator(), schedule, run, fabric)
        self.settings = settings
        known = [item for item in corpus.items if item.durations is not None]
        self.items = training_clips((i for i in known if i.split == "train"), "with durations")
        self.held_out = [item for item in known if item.split == "val"][:MOST_VALIDATION_CLIPS]

    @classmethod
    def options_from(cls, corpus: PreparedCorpus) -> dict[str, Any]:
        return {"n_symbols": len(corpus.symbols), "n_mels": corpus.mel.n_mels}

    def batch(self, random: np.random.Generator) -> Utterances:
        return collate(self.corpus, clips_of_like_length(self.items, self.settings.batch_size, random))

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
        self.descend(self.critic_optimizer, critic_loss, self.critic)
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

    def validate(self) -> dict[str, float]:
        """Mel distance on the validation clips with true durations, predicted pitch and energy."""
        if not self.held_out:
            return {}
        batch = on_device(collate(self.corpus, self.held_out), self.fabric.device)
        predicted = self.network(batch.ids, batch.id_lengths, batch.durations)
        frame_mask = length_mask(batch.frame_lengths)[:, None]
        return {"validation_mel": float(masked_l1(predicted.mel, batch.mel, frame_mask))}

    def samples(self) -> Samples:
        """The first validation clip as recorded, and as it is spoken (through Griffin-Lim)."""
        if not self.held_out:
            return Samples()
        ids = self.corpus.symbols.encode(self.held_out[0].phonemes).ids
        spoken = self.network.speak(torch.tensor(ids, device=self.fabric.device)).mel
        return spoken_sample(self.corpus, self.held_out[0], spoken)


def spoken_sample(corpus: PreparedCorpus, item: Item, spoken: Tensor) -> Samples:
    """A clip's recorded mel beside the mel [n_mels, T] that a network speaks, and the latter to hear."""
    samples = Samples(corpus.mel.sample_rate, mels={"recorded": corpus.mel_of(item.frames).numpy()})
    # A network that has learned nothing yet may speak no frame, or fewer than a Fourier transform takes.
    if spoken.shape[1] * corpus.mel.hop_length > corpus.mel.n_fft:
        samples.mels["spoken"] = spoken.cpu().numpy()
        wave = GriffinLim(corpus.mel)(spoken.cpu()[None], np.random.default_rng(0))[0]
        samples.audio["spoken"] = wave.clamp(-1, 1).numpy()
    return samples


def masked_l1(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute difference where `weight` is more than zero, weighted by it."""
    weight = weight.float().expand_as(target)
    return ((predicted - target).abs() * weight).sum() / weight.sum()
