"""Train the alignment network (Badlani et al. 2021, arXiv 2108.10447) on recordings without durations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from tts.models.aligner import Aligner, AlignerDimensions, alignment_prior, hard_alignment, viterbi_durations
from tts.training.corpora import clips_of_like_length, training_clips
from tts.training.data import Item, PreparedCorpus
from tts.training.flat_start import SymbolGaussians, flat_start
from tts.training.loop import Trainer, on_device
from tts.training.losses import binarisation_loss, forward_sum_loss
from tts.training.samples import Samples
from tts.training.schedule import Schedule

# Of all lengths; more say little more.
MOST_WATCHED_CLIPS = 40
N_PICTURES = 3
# For the statistics, and for the flat start: half an hour of speech says where the symbols are.
ENOUGH_FRAMES = 150_000
START_BATCH = 16


@dataclass
class Clips:
    """ids [B, S] with id_lengths [B], mel [B, n_mels, T] with frame_lengths [B]."""

    ids: Tensor
    id_lengths: Tensor
    mel: Tensor
    frame_lengths: Tensor
    item_ids: list[str]


@dataclass(frozen=True)
class AlignerSettings:
    """Size of a batch, and how the paths are guided."""

    batch_size: int = 8
    flat_start_steps: int = 100
    """For so many steps the paths follow the Gaussians of the flat start, then the beta-binomial prior."""
    flat_start_weight: float = 0.3
    """Of the Gaussians' log likelihood: they are surer than they should be, because neighbouring frames are alike."""
    prior_width: float = 1.0
    binarisation_from: int = 300
    """From this step on the soft alignment is drawn to the hard one."""
    binarisation_weight: float = 0.3


class AlignerTrainer(Trainer[Clips]):
    kind = "align"
    network_name = "aligner"
    Dimensions = AlignerDimensions
    Settings = AlignerSettings
    symbol_embedding = "embed.weight"
    network: Aligner

    def __init__(
        self,
        corpus: PreparedCorpus,
        dimensions: AlignerDimensions,
        settings: AlignerSettings,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        torch.manual_seed(schedule.seed)
        self.settings = settings
        fitting = [item for item in corpus.items if can_be_aligned(corpus, item)]
        # Of all splits: what is wanted is the alignment of these clips, not of others.
        self.items = training_clips(fitting, "with a frame or more for each symbol")
        self.watched = self.items[:: -(-len(self.items) // MOST_WATCHED_CLIPS)]
        network = Aligner(dimensions)
        network.normalise_by(torch.cat([corpus.mel_of(item.frames).T for item in self._enough(corpus, schedule)]))
        super().__init__(corpus, network, nn.Identity(), schedule, run, fabric)
        self.gaussians = SymbolGaussians(dimensions.n_symbols, dimensions.n_mels).to(fabric.device)

    @classmethod
    def options_from(cls, corpus: PreparedCorpus) -> dict[str, Any]:
        return {"n_symbols": len(corpus.symbols), "n_mels": corpus.mel.n_mels}

    def batch(self, random: np.random.Generator) -> Clips:
        return clips(self.corpus, clips_of_like_length(self.items, self.settings.batch_size, random))

    def losses(self, batch: Clips, adversarial: bool) -> dict[str, Tensor]:
        # The network is small: low precision would save little, and blur likelihoods and distances.
        with torch.autocast(self.fabric.device.type, enabled=False):
            return self._losses(batch)

    def _losses(self, batch: Clips) -> dict[str, Tensor]:
        log_soft = self.soft(batch)
        log_weights = log_soft + self.guide(batch)
        losses = {"forward_sum": forward_sum_loss(log_weights, batch.id_lengths, batch.frame_lengths)}
        total = losses["forward_sum"]
        if self.step >= self.settings.binarisation_from:
            durations = viterbi_durations(log_weights, batch.id_lengths, batch.frame_lengths)
            losses["binarisation"] = binarisation_loss(log_soft, durations)
            total = total + self.settings.binarisation_weight * losses["binarisation"]
        return losses | {"total": total}

    def soft(self, batch: Clips) -> Tensor:
        """log A_soft [B, T, S]"""
        log_soft: Tensor = self.network(batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)
        return log_soft

    def guide(self, batch: Clips) -> Tensor:
        """What the paths of this step are weighted with beside the network, as logarithms [B, T, S]."""
        if self.step >= self.settings.flat_start_steps:
            return alignment_prior(batch.id_lengths, batch.frame_lengths, self.settings.prior_width)
        if not self.gaussians.is_fitted:
            self._fit_gaussians()
        likelihood: Tensor = self.gaussians(batch.ids, batch.mel)
        return self.settings.flat_start_weight * likelihood

    def align(self, items: list[Item]) -> tuple[Tensor, Tensor]:
        """A_soft [B, T, S], and whole durations [B, S] along the best path of it and the prior."""
        batch = on_device(clips(self.corpus, items), self.fabric.device)
        log_soft = self.soft(batch)
        prior = alignment_prior(batch.id_lengths, batch.frame_lengths, self.settings.prior_width)
        return log_soft.exp(), viterbi_durations(log_soft + prior, batch.id_lengths, batch.frame_lengths)

    def validate(self) -> dict[str, float]:
        """Of some of the clips: the forward sum, and the share of a frame that its symbol on the best path has."""
        total, focus, n_frames = 0.0, 0.0, 0
        for start in range(0, len(self.watched), self.settings.batch_size):
            items = self.watched[start : start + self.settings.batch_size]
            batch = on_device(clips(self.corpus, items), self.fabric.device)
            log_soft, lengths = self.soft(batch), (batch.id_lengths, batch.frame_lengths)
            log_weights = log_soft + alignment_prior(*lengths, self.settings.prior_width)
            hard = hard_alignment(viterbi_durations(log_weights, *lengths), log_soft.shape[1])
            n = int(batch.frame_lengths.sum())
            total += n * float(forward_sum_loss(log_weights, *lengths))
            focus += float(log_soft.exp()[hard].sum())
            n_frames += n
        return {"validation_forward_sum": total / n_frames, "validation_focus": focus / n_frames}

    def samples(self) -> Samples:
        """The soft and the hard alignment of a few clips."""
        shown = Samples(self.corpus.mel.sample_rate)
        for item in self.watched[:: -(-len(self.watched) // N_PICTURES)]:
            soft, durations = self.align([item])
            shown.alignments[f"{item.id} soft"] = soft[0].cpu().numpy()
            shown.alignments[f"{item.id} hard"] = hard_alignment(durations, item.n_frames)[0].float().cpu().numpy()
        return shown

    def _fit_gaussians(self) -> None:
        """Batches are held together in memory: half an hour of mels is 50 MB."""
        items = sorted(self._enough(self.corpus, self.schedule), key=lambda item: item.n_frames)
        groups = [items[start : start + START_BATCH] for start in range(0, len(items), START_BATCH)]
        batches = [on_device(clips(self.corpus, group), self.fabric.device) for group in groups]
        four = [(b.ids, b.id_lengths, b.mel, b.frame_lengths) for b in batches]
        flat_start(self.gaussians, four, self.settings.prior_width)

    def _enough(self, corpus: PreparedCorpus, schedule: Schedule) -> list[Item]:
        """Training clips, drawn at random until they are enough to know the voice's spectra by."""
        order = np.random.default_rng(schedule.seed).permutation(len(self.items))
        lengths = np.cumsum([self.items[i].n_frames for i in order])
        return [self.items[i] for i in order[: 1 + int(np.searchsorted(lengths, ENOUGH_FRAMES))]]

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {**super()._parts(), "gaussians": self.gaussians}


def can_be_aligned(corpus: PreparedCorpus, item: Item) -> bool:
    """Whether there is a frame for each symbol and for begin and end."""
    return item.n_frames >= len(corpus.symbols.encode(item.phonemes).ids)


def clips(corpus: PreparedCorpus, items: list[Item]) -> Clips:
    """Whole clips, padded at the end."""
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(corpus.symbols.encode(item.phonemes).ids) for item in items]
    return Clips(
        ids=pad(ids, batch_first=True),
        id_lengths=torch.tensor([len(row) for row in ids]),
        mel=pad([corpus.mel_of(item.frames).T for item in items], batch_first=True).transpose(1, 2),
        frame_lengths=torch.tensor([item.n_frames for item in items]),
        item_ids=[item.id for item in items],
    )
