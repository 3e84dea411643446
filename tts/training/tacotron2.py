"""Train Tacotron 2 with its attention shown where it should look.

    python -m tts.training.tacotron2 PREPARED -o RUN --steps 8000

The corpus knows when each symbol is heard, so the attention need not find it out: that takes hours, this takes minutes.
RUN is like that of `tts.training.acoustic`.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tts.models.masks import length_mask
from tts.models.tacotron2 import Frames, Tacotron2, Tacotron2Dimensions
from tts.training.acoustic import Utterances, collate, masked_l1
from tts.training.data import Item, PreparedCorpus
from tts.training.loop import Schedule, Trainer

# A third to a half of the published sizes: a fifth of the weights.
SMALL = {
    "embedding_channels": 256,
    "encoder_channels": 256,
    "attention_rnn_channels": 384,
    "decoder_rnn_channels": 384,
    "prenet_channels": 128,
    "attention_channels": 96,
    "location_filters": 16,
    "postnet_channels": 256,
}


@dataclass(frozen=True)
class Tacotron2Settings:
    """Size of a batch, and the weights of the losses in the sum; `max_frames` bounds the length of a clip."""

    batch_size: int = 8
    max_frames: int = 400
    stop_weight: float = 0.5
    attention_weight: float = 0.5


class Tacotron2Trainer(Trainer[Utterances]):
    network: Tacotron2

    def __init__(self, corpus: PreparedCorpus, settings: Tacotron2Settings, schedule: Schedule, run: Path) -> None:
        torch.manual_seed(schedule.seed)
        network = Tacotron2(Tacotron2Dimensions(len(corpus.symbols), corpus.mels.shape[1], **SMALL))
        # Frames of silence say least: start from the mean spectrum and let the network learn the rest.
        network.decoder.to_frame.bias.data.copy_(torch.from_numpy(corpus.mels[::97].astype(np.float32).mean(0)))
        super().__init__(network, nn.Identity(), schedule, run, decay=0.998)
        self.corpus, self.settings = corpus, settings
        short = [item for item in corpus.split("train") if item.n_frames <= settings.max_frames]
        self.items = sorted(short, key=lambda item: item.n_frames)

    def network_options(self) -> tuple[str, dict[str, Any]]:
        return "tacotron2", asdict(self.network.dimensions)

    def batch(self, random: np.random.Generator) -> Utterances:
        """Clips of like length: neighbours in the list sorted by length."""
        start = int(random.integers(len(self.items) - self.settings.batch_size))
        return collate(self.corpus, self.items[start : start + self.settings.batch_size])

    def losses(self, batch: Utterances, adversarial: bool) -> dict[str, Tensor]:
        frames = self.network(batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)
        mask = length_mask(batch.frame_lengths)
        losses = {
            "before": masked_l1(frames.mel_before_postnet, batch.mel, mask[:, None]),
            "mel": masked_l1(frames.mel, batch.mel, mask[:, None]),
            "stop": stop_loss(frames.stop_logits, batch.frame_lengths),
            "attention": attention_loss(frames.alignments, batch.durations),
        }
        s = self.settings
        total = losses["before"] + losses["mel"]
        total = total + s.stop_weight * losses["stop"] + s.attention_weight * losses["attention"]
        return losses | {"total": total}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mel distance on validation clips with the true frame before, and how sharp the attention is."""
        items: list[Item] = [i for i in self.corpus.split("val") if i.n_frames <= self.settings.max_frames][:16]
        batch = collate(self.corpus, items)
        self.network.eval()
        frames: Frames = self.network(batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)
        self.network.train()
        mask = length_mask(batch.frame_lengths)
        return {
            "validation_mel": float(masked_l1(frames.mel, batch.mel, mask[:, None])),
            "validation_focus": float((frames.alignments.amax(2) * mask).sum() / mask.sum()),
        }


def stop_loss(logits: Tensor, lengths: Tensor) -> Tensor:
    """Cross entropy of the stop token (section 2.2), logits [B, T]: the last frame stops, and counts for five."""
    target = (torch.arange(logits.shape[1]) == lengths[:, None] - 1).float()
    weight = length_mask(lengths, logits.shape[1]) * (1 + 4 * target)
    return functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="sum") / weight.sum()


def attention_loss(alignments: Tensor, durations: Tensor) -> Tensor:
    """Cross entropy between the attention [B, T, S] and the symbol that sounds, from durations [B, S] in frames."""
    total, n_frames = alignments.new_zeros(()), 0
    for weights, each in zip(alignments, durations, strict=True):
        owner = torch.repeat_interleave(torch.arange(len(each)), each)
        total = total - torch.log(weights[torch.arange(len(owner)), owner] + 1e-5).sum()
        n_frames += len(owner)
    return total / n_frames


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, default=1.5e-3)
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    corpus = PreparedCorpus(args.prepared)
    trainer = Tacotron2Trainer(corpus, Tacotron2Settings(), Schedule(args.steps, args.learning_rate, 10**9), args.out)
    trainer.restore(args.out / "state.pt")
    trainer.train()


if __name__ == "__main__":
    main()
