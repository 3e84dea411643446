"""Train Tacotron 2 with its attention shown where it should look.

Where it is known when each symbol is heard, the attention need not find it out: that takes hours, this takes minutes.
Where it is not, the attention is asked to go through the text at an even pace, more or less.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from tts.models.tacotron2 import Frames, Tacotron2, Tacotron2Dimensions, forward_with_alignment
from tts.models.torch_network import length_mask
from tts.training.acoustic import Utterances, collate, masked_l1, spoken_sample
from tts.training.corpora import corpora, training_clips
from tts.training.data import PreparedCorpus
from tts.training.loop import Trainer, on_device
from tts.training.samples import Samples
from tts.training.schedule import Schedule

# Clips that are validated: each takes as long as a step.
MOST_VALIDATION_CLIPS = 16
# How often the attention is told what it said before, once it is: mistakes of mistakes are those that it must mend.
ECHOES = 2


@dataclass(frozen=True)
class Tacotron2Settings:
    """Size of a batch, and the weights of the losses in the sum; `max_frames` bounds the length of a clip."""

    batch_size: int = 8
    max_frames: int = 400
    mels: str = "mels.npy"
    """What it learns to speak: the recordings' mels, or those that another acoustic model made of the same clips."""
    stop_weight: float = 0.5
    attention_weight: float = 0.5
    """Of the distance from the alignment that is given."""
    guidance_weight: float = 2.0
    """Of the distance from the diagonal, where none is given."""
    shown_steps: int = 0
    """So many first steps take all frames at once, with the alignment for what the attention said before."""
    echoed_steps: int = 0
    """So many steps after them are the same but for every other, where the attention is told what it said before.

    All others go frame by frame, as it speaks, which takes many times as long.
    """


class Tacotron2Trainer(Trainer[Utterances]):
    kind = "acoustic"
    network_name = "tacotron2"
    Dimensions = Tacotron2Dimensions
    Settings = Tacotron2Settings
    symbol_embedding = "embedding.weight"
    network: Tacotron2

    def __init__(
        self,
        corpus: PreparedCorpus,
        dimensions: Tacotron2Dimensions,
        settings: Tacotron2Settings,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        (corpus,) = corpora(corpus, settings.mels)
        torch.manual_seed(schedule.seed)
        network = Tacotron2(dimensions)
        # Frames of silence say least: start from the mean spectrum and let the network learn the rest.
        network.decoder.to_frame.bias.data.copy_(corpus.mean_mel())
        super().__init__(corpus, network, nn.Identity(), schedule, run, fabric)
        self.settings = settings
        short = [item for item in corpus.items if item.n_frames <= settings.max_frames]
        self.items = training_clips(
            (item for item in short if item.split == "train"), f"of at most {settings.max_frames} frames"
        )
        self.held_out = [item for item in short if item.split == "val"][:MOST_VALIDATION_CLIPS]

    @classmethod
    def options_from(cls, corpus: PreparedCorpus) -> dict[str, Any]:
        return {"n_symbols": len(corpus.symbols), "n_mels": corpus.mel.n_mels}

    def batch(self, random: np.random.Generator) -> Utterances:
        """Clips of like length: neighbours in the list sorted by length."""
        size = self.settings.batch_size
        start = int(random.integers(max(1, len(self.items) - size + 1)))
        return collate(self.corpus, self.items[start : start + size], unknown_durations=True)

    def losses(self, batch: Utterances, adversarial: bool) -> dict[str, Tensor]:
        frames = self.forced_frames(batch)
        mask = length_mask(batch.frame_lengths)
        losses = {
            "before": masked_l1(frames.mel_before_postnet, batch.mel, mask[:, None]),
            "mel": masked_l1(frames.mel, batch.mel, mask[:, None]),
            "stop": stop_loss(frames.stop_logits, batch.frame_lengths),
        }
        total = losses["before"] + losses["mel"] + self.settings.stop_weight * losses["stop"]
        for name, weight, loss in self.attention_losses(frames, batch):
            losses[name] = loss
            total = total + weight * loss
        return losses | {"total": total}

    def forced_frames(self, batch: Utterances) -> Frames:
        """From the true frames before, in the way that this step's turn has come for."""
        s = self.settings
        given = (batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)
        known = bool((batch.durations.sum(1) > 0).all())
        if not known or self.step >= s.shown_steps + s.echoed_steps:
            frames: Frames = self.network(*given)
            return frames
        alignment = shown_alignment(batch.durations, batch.mel.shape[2])
        # Every other step is shown even then: an attention that hears its echo alone forgets the text for a while.
        hears_echo = self.step >= s.shown_steps and self.step % 2 == 1
        return forward_with_alignment(self.network, *given, alignment, echoes=ECHOES * hears_echo)

    def attention_losses(self, frames: Frames, batch: Utterances) -> list[tuple[str, float, Tensor]]:
        """Name, weight and loss: of the clips whose alignment is known, and of those whose is not."""
        known, found = batch.durations.sum(1) > 0, []
        if known.any():
            loss = attention_loss(frames.alignments[known], batch.durations[known])
            found.append(("attention", self.settings.attention_weight, loss))
        if not known.all():
            loss = guidance_loss(frames.alignments[~known], batch.id_lengths[~known], batch.frame_lengths[~known])
            found.append(("guidance", self.settings.guidance_weight, loss))
        return found

    def validate(self) -> dict[str, float]:
        """Mel distance on validation clips with the true frame before, and how sharp the attention is."""
        if not self.held_out:
            return {}
        batch, frames = self._forced()
        mask = length_mask(batch.frame_lengths)
        return {
            "validation_mel": float(masked_l1(frames.mel, batch.mel, mask[:, None])),
            "validation_focus": float((frames.alignments.amax(2) * mask).sum() / mask.sum()),
        }

    def samples(self) -> Samples:
        """The first validation clip spoken, its attention then, and its attention with the true frames before."""
        if not self.held_out:
            return Samples()
        item = self.held_out[0]
        ids = torch.tensor([self.corpus.symbols.encode(item.phonemes).ids], device=self.fabric.device)
        lengths = torch.tensor([ids.shape[1]], device=self.fabric.device)
        # Early on it does not stop.
        free = self.network.infer(ids, lengths, max_frames=2 * item.n_frames)
        samples = spoken_sample(self.corpus, item, free.mel[0])
        batch, forced = self._forced()
        n_frames, n_symbols = int(batch.frame_lengths[0]), int(batch.id_lengths[0])
        samples.alignments["spoken"] = free.alignments[0].cpu().numpy()
        samples.alignments["true frames before"] = forced.alignments[0, :n_frames, :n_symbols].cpu().numpy()
        return samples

    def _forced(self) -> tuple[Utterances, Frames]:
        batch = on_device(collate(self.corpus, self.held_out, unknown_durations=True), self.fabric.device)
        frames: Frames = self.network(batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)
        return batch, frames


def stop_loss(logits: Tensor, lengths: Tensor) -> Tensor:
    """Cross entropy of the stop token (section 2.2), logits [B, T]: the last frame stops, and counts for five."""
    target = (torch.arange(logits.shape[1], device=logits.device) == lengths[:, None] - 1).float()
    weight = length_mask(lengths, logits.shape[1]) * (1 + 4 * target)
    return functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="sum") / weight.sum()


def attention_loss(alignments: Tensor, durations: Tensor) -> Tensor:
    """Cross entropy between the attention [B, T, S] and the symbol that sounds, from durations [B, S] in frames."""
    total, n_frames = alignments.new_zeros(()), 0
    for weights, each in zip(alignments, durations, strict=True):
        owner = torch.repeat_interleave(each)
        total = total - torch.log(weights[torch.arange(len(owner), device=owner.device), owner] + 1e-5).sum()
        n_frames += len(owner)
    return total / n_frames


def shown_alignment(durations: Tensor, n_frames: int) -> Tensor:
    """durations [B, S] in frames → weights [B, n_frames, S]: 1 at the symbol that sounds, 0 at padding.

    Not blurred, which would tell a frame early when the next symbol comes: the attention would learn to wait for that.
    """
    ends = durations.cumsum(1)
    frame = torch.arange(n_frames, device=durations.device)[None, :, None]
    return ((frame >= (ends - durations)[:, None]) & (frame < ends[:, None])).float()


def guidance_loss(alignments: Tensor, id_lengths: Tensor, frame_lengths: Tensor, width: float = 0.2) -> Tensor:
    """How far from the diagonal the attention [B, T, S] looks (Tachibana et al. 2017, arXiv 1710.08969, equation 9).

    Summed over the symbols and not averaged, so that a long text weighs no less than a short one.
    """
    frame_mask = length_mask(frame_lengths, alignments.shape[1])
    symbols = torch.arange(alignments.shape[2], device=alignments.device) / id_lengths[:, None]
    frames = torch.arange(alignments.shape[1], device=alignments.device) / frame_lengths[:, None]
    distance = symbols[:, None, :] - frames[:, :, None]
    penalty = 1 - torch.exp(-distance.square() / (2 * width**2))
    return (alignments * penalty * frame_mask[..., None]).sum() / frame_mask.sum()
