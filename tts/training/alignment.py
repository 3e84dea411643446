"""Learn the durations of a data set: train the alignment network, then write the durations of its best paths.

The network is that of Badlani et al. 2021 (arXiv 2108.10447). Its first steps follow a flat start, as in speech
recognisers: one Gaussian per symbol, over a few cepstral coefficients of the mel and their slopes, is fitted by
expectation maximisation (Rabiner 1989, "A Tutorial on Hidden Markov Models", section VI), at first along the diagonal.
The network would find the same paths itself, but only after hundreds of steps, because its softmax has small gradients
while it is undecided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from tts.errors import TtsError, UsageError
from tts.files import write_text
from tts.models.aligner import Aligner, AlignerDimensions, alignment_prior, hard_alignment, viterbi_durations
from tts.training.data import Item, PreparedCorpus, clips_of_similar_length, json_lines, training_clips
from tts.training.folder import BEST, check_run, load_state
from tts.training.losses import binarisation_loss, forward_sum_loss, path_shares
from tts.training.recipe import TrainingRecipe
from tts.training.run import TrainingRun, open_run
from tts.training.trainer import Samples, Trainer, check_recipe, on_device

if TYPE_CHECKING:
    from lightning_fabric import Fabric

# Validation clips, spread over all lengths.
MOST_VALIDATION_CLIPS = 40
N_PICTURES = 3
# Half an hour of speech is enough for the mean spectrum and the flat start.
ENOUGH_FRAMES = 150_000
BATCH_SIZE = 16
# Rounds of expectation maximisation; in the first the prior along the diagonal helps.
N_ROUNDS = 8
N_PRIOR_ROUNDS = 4
N_COEFFICIENTS = 16
SLOPE_FRAMES = 3
LEAST_VARIANCE = 0.05
# A symbol with fewer frames keeps the Gaussian of all speech.
LEAST_FRAMES = 5.0


@dataclass
class AlignerBatch:
    """ids [B, S] with id_lengths [B], mel [B, n_mels, T] with frame_lengths [B]."""

    ids: Tensor
    id_lengths: Tensor
    mel: Tensor
    frame_lengths: Tensor
    item_ids: list[str]


def aligner_batch(corpus: PreparedCorpus, items: list[Item]) -> AlignerBatch:
    """Return complete clips, padded at the end."""
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(corpus.symbols.encode(item.phonemes).ids) for item in items]
    return AlignerBatch(
        ids=pad(ids, batch_first=True),
        id_lengths=torch.tensor([len(row) for row in ids]),
        mel=pad([corpus.mel_of(item.frames).T for item in items], batch_first=True).transpose(1, 2),
        frame_lengths=torch.tensor([item.n_frames for item in items]),
        item_ids=[item.id for item in items],
    )


def can_be_aligned(corpus: PreparedCorpus, item: Item) -> bool:
    """Return whether the clip has a frame for each symbol and for begin and end."""
    return item.n_frames >= len(corpus.symbols.encode(item.phonemes).ids)


@dataclass(frozen=True)
class AlignerSettings:
    """Batch size, and how the paths are guided."""

    batch_size: int = 8
    flat_start_steps: int = 100
    """In these first steps the Gaussians of the flat start guide the paths, afterwards the beta-binomial prior."""
    flat_start_weight: float = 0.3
    """Of the Gaussians' log likelihood, which is overconfident because neighbouring frames are alike."""
    prior_width: float = 1.0
    binarisation_from: int = 300
    """The step from which the loss also compares the soft alignment with the hard one."""
    binarisation_weight: float = 0.3


class AlignerTrainer(Trainer[AlignerBatch]):
    kind = "align"
    network_name = "aligner"
    Dimensions = AlignerDimensions
    Settings = AlignerSettings
    symbol_embedding = "embed.weight"
    network: Aligner
    settings: AlignerSettings

    @classmethod
    def options_from(cls, corpus: PreparedCorpus) -> dict[str, Any]:
        return {"n_symbols": len(corpus.symbols), "n_mels": corpus.mel.n_mels}

    def select_clips(self) -> None:
        fitting = [item for item in self.corpus.items if can_be_aligned(self.corpus, item)]
        # Of all splits, because these very clips are to be aligned.
        self.items = training_clips(fitting, "with a frame or more for each symbol")
        self.validation_clips = self.items[:: -(-len(self.items) // MOST_VALIDATION_CLIPS)]
        # A random selection, large enough to know the spectra of the voice.
        order = np.random.default_rng(self.schedule.seed).permutation(len(self.items))
        lengths = np.cumsum([self.items[i].n_frames for i in order])
        self.enough_clips = [self.items[i] for i in order[: 1 + int(np.searchsorted(lengths, ENOUGH_FRAMES))]]

    def build_network(self) -> Aligner:
        network = Aligner(self.dimensions)
        network.normalise_by(torch.cat([self.corpus.mel_of(item.frames).T for item in self.enough_clips]))
        self.gaussians = SymbolGaussians(self.dimensions.n_symbols, self.dimensions.n_mels).to(self.fabric.device)
        return network

    def state_parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {**super().state_parts(), "gaussians": self.gaussians}

    def batch(self, random: np.random.Generator) -> AlignerBatch:
        return aligner_batch(self.corpus, clips_of_similar_length(self.items, self.settings.batch_size, random))

    def losses(self, batch: AlignerBatch, adversarial: bool) -> dict[str, Tensor]:
        # In float32 always: the network is small, and likelihoods and distances need the precision.
        with torch.autocast(self.fabric.device.type, enabled=False):
            log_soft = self.soft(batch)
            log_weights = log_soft + self.guide(batch)
            losses = {"forward_sum": forward_sum_loss(log_weights, batch.id_lengths, batch.frame_lengths)}
            total = losses["forward_sum"]
            if self.step >= self.settings.binarisation_from:
                durations = viterbi_durations(log_weights, batch.id_lengths, batch.frame_lengths)
                losses["binarisation"] = binarisation_loss(log_soft, durations)
                total = total + self.settings.binarisation_weight * losses["binarisation"]
            return losses | {"total": total}

    def soft(self, batch: AlignerBatch) -> Tensor:
        """Return log A_soft, [B, T, S]."""
        log_soft: Tensor = self.network(batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)
        return log_soft

    def guide(self, batch: AlignerBatch) -> Tensor:
        """Return the log weights that guide the paths of this step besides the network, [B, T, S]."""
        if self.step >= self.settings.flat_start_steps:
            return alignment_prior(batch.id_lengths, batch.frame_lengths, self.settings.prior_width)
        if not self.gaussians.is_fitted:
            # All batches stay in memory: half an hour of mels has 50 MB.
            items = sorted(self.enough_clips, key=lambda item: item.n_frames)
            groups = [items[start : start + BATCH_SIZE] for start in range(0, len(items), BATCH_SIZE)]
            batches = [on_device(aligner_batch(self.corpus, group), self.fabric.device) for group in groups]
            flat_start(self.gaussians, batches, self.settings.prior_width)
        likelihood: Tensor = self.gaussians(batch.ids, batch.mel)
        return self.settings.flat_start_weight * likelihood

    def align(self, items: list[Item]) -> tuple[Tensor, Tensor]:
        """Return A_soft [B, T, S], and durations in frames [B, S] along the best path of it and the prior."""
        batch = on_device(aligner_batch(self.corpus, items), self.fabric.device)
        log_soft = self.soft(batch)
        prior = alignment_prior(batch.id_lengths, batch.frame_lengths, self.settings.prior_width)
        return log_soft.exp(), viterbi_durations(log_soft + prior, batch.id_lengths, batch.frame_lengths)

    def validate(self) -> dict[str, float]:
        """Return the forward sum, and the mean soft weight of a frame's symbol on the best path ("focus")."""
        total, focus, n_frames = 0.0, 0.0, 0
        for start in range(0, len(self.validation_clips), self.settings.batch_size):
            items = self.validation_clips[start : start + self.settings.batch_size]
            batch = on_device(aligner_batch(self.corpus, items), self.fabric.device)
            log_soft, lengths = self.soft(batch), (batch.id_lengths, batch.frame_lengths)
            log_weights = log_soft + alignment_prior(*lengths, self.settings.prior_width)
            hard = hard_alignment(viterbi_durations(log_weights, *lengths), log_soft.shape[1])
            n = int(batch.frame_lengths.sum())
            total += n * float(forward_sum_loss(log_weights, *lengths))
            focus += float(log_soft.exp()[hard].sum())
            n_frames += n
        return {"validation_forward_sum": total / n_frames, "validation_focus": focus / n_frames}

    def samples(self) -> Samples:
        """Return the soft and the hard alignment of a few clips."""
        samples = Samples(self.corpus.mel.sample_rate)
        for item in self.validation_clips[:: -(-len(self.validation_clips) // N_PICTURES)]:
            soft, durations = self.align([item])
            samples.alignments[f"{item.id} soft"] = soft[0].cpu().numpy()
            samples.alignments[f"{item.id} hard"] = hard_alignment(durations, item.n_frames)[0].float().cpu().numpy()
        return samples


class SymbolGaussians(nn.Module):
    """A mean and a variance of every feature for each symbol, [n_symbols, 2 * N_COEFFICIENTS]."""

    def __init__(self, n_symbols: int, n_mels: int) -> None:
        super().__init__()
        n_features = 2 * min(N_COEFFICIENTS, n_mels)
        self.mean: Tensor
        self.variance: Tensor
        self.center: Tensor
        self.spread: Tensor
        self.is_fitted: Tensor
        self.register_buffer("mean", torch.zeros(n_symbols, n_features))
        self.register_buffer("variance", torch.ones(n_symbols, n_features))
        self.register_buffer("center", torch.zeros(n_features))
        self.register_buffer("spread", torch.ones(n_features))
        self.register_buffer("is_fitted", torch.tensor(False))

    def forward(self, ids: Tensor, mel: Tensor) -> Tensor:
        """ids [B, S], mel [B, n_mels, T] → log likelihood of each frame under each symbol [B, T, S]."""
        x, precision = self.normalised(mel), 1 / self.variance
        constant = (self.mean.square() * precision + self.variance.log()).sum(1)
        squares = x.square() @ precision.T - 2 * x @ (self.mean * precision).T + constant
        return (-0.5 * squares).gather(2, ids[:, None].expand(-1, x.shape[1], -1))

    def normalised(self, mel: Tensor) -> Tensor:
        return (cepstral_features(mel) - self.center) / self.spread

    def normalise_by(self, mels: Iterable[Tensor]) -> None:
        """Set the mean and spread of all features from clips [n_mels, T]."""
        all_features = torch.cat([cepstral_features(mel[None])[0] for mel in mels])
        self.center.copy_(all_features.mean(0))
        self.spread.copy_(all_features.std(0).clamp(min=1e-3))

    def set_from(self, counts: Tensor, sums: Tensor, squares: Tensor) -> None:
        """Maximisation: from each symbol's frames [K], and their features' sums and sums of squares [K, features]."""
        n = counts[:, None].clamp(min=1e-6)
        mean = sums / n
        is_known = counts[:, None] >= LEAST_FRAMES
        self.mean.copy_(torch.where(is_known, mean, torch.zeros_like(mean)))
        variance = (squares / n - mean.square()).clamp(min=LEAST_VARIANCE)
        self.variance.copy_(torch.where(is_known, variance, torch.ones_like(variance)))


def cepstral_features(mel: Tensor) -> Tensor:
    """mel [B, n_mels, T] → the first coefficients of its cosine transform, and their slopes [B, T, 2 n]."""
    n_mels = mel.shape[1]
    positions = torch.arange(n_mels, device=mel.device) + 0.5
    orders = torch.arange(min(N_COEFFICIENTS, n_mels), device=mel.device)
    cosines = torch.cos(math.pi / n_mels * orders[:, None] * positions) * math.sqrt(2 / n_mels)
    coefficients = cosines @ mel
    # The slope of the least-squares line through the neighbouring frames.
    steps = torch.arange(-SLOPE_FRAMES, SLOPE_FRAMES + 1, device=mel.device).float()
    padded = nn.functional.pad(coefficients, (SLOPE_FRAMES, SLOPE_FRAMES), mode="replicate")
    slopes = padded.unfold(2, len(steps), 1) @ (steps / steps.square().sum())
    return torch.cat([coefficients, slopes], dim=1).transpose(1, 2)


@torch.no_grad()
def flat_start(gaussians: SymbolGaussians, batches: list[AlignerBatch], width: float) -> None:
    """Fit the Gaussians to the batches; `width` is that of the prior along the diagonal."""
    gaussians.normalise_by(batch.mel[i, :, :n] for batch in batches for i, n in enumerate(batch.frame_lengths))
    for n_round in range(N_ROUNDS):
        counts = torch.zeros_like(gaussians.mean[:, 0])
        sums, squares = torch.zeros_like(gaussians.mean), torch.zeros_like(gaussians.mean)
        for batch in batches:
            log_likelihood = gaussians(batch.ids, batch.mel)
            if n_round < N_PRIOR_ROUNDS:
                log_likelihood = log_likelihood + alignment_prior(batch.id_lengths, batch.frame_lengths, width)
            # Expectation: the share of each frame that belongs to each symbol of the table.
            share = path_shares(log_likelihood, batch.id_lengths, batch.frame_lengths)[0].exp()
            owners = torch.zeros(*share.shape[:2], len(counts), device=share.device)
            owners.scatter_add_(2, batch.ids[:, None].expand_as(share), share)
            owners, x = owners.flatten(0, 1), gaussians.normalised(batch.mel).flatten(0, 1)
            counts += owners.sum(0)
            sums += owners.T @ x
            squares += owners.T @ x.square()
        gaussians.set_from(counts, sums, squares)
    gaussians.is_fitted.fill_(True)


def learned_durations(
    corpus: PreparedCorpus,
    recipe: TrainingRecipe,
    folder: Path,
    fabric: Fabric,
    follow: Callable[[TrainingRun], None] = TrainingRun.train,
) -> PreparedCorpus:
    """Train an aligner in the run `folder`, or resume there, write the durations, and return the corpus with them.

    `follow` trains the run to its end. A clip that has fewer frames than symbols gets no durations.

    Raises:
        UsageError: the durations were given, the recipe is wrong, or the folder is another run's.
        TtsError: no clip can be aligned, or a file cannot be written.
        KeyboardInterrupt: training was stopped; the run's state is saved, and the prepared folder is unchanged.
    """
    if corpus.dataset.durations == "given":
        raise UsageError(f"{corpus.folder} has durations that came with the recordings: there is nothing to learn.")
    check_recipe(recipe, corpus)
    check_run(folder, recipe, corpus)
    run = open_run(recipe, corpus, folder, fabric)
    trainer = run.trainer
    assert isinstance(trainer, AlignerTrainer)
    run.resume()
    follow(run)
    if fabric.is_global_zero:
        trainer.average.weights = load_state(folder / BEST)["average"]
        items = sorted((i for i in corpus.items if can_be_aligned(corpus, i)), key=lambda item: item.n_frames)
        durations = {}
        with trainer.averaged():
            for start in range(0, len(items), BATCH_SIZE):
                group = items[start : start + BATCH_SIZE]
                for item, row in zip(group, trainer.align(group)[1].tolist(), strict=True):
                    durations[item.id] = row[: len(corpus.symbols.encode(item.phonemes).ids)]
        write_durations(corpus, durations)
    fabric.barrier()
    return PreparedCorpus(corpus.folder)


def write_durations(corpus: PreparedCorpus, durations: dict[str, list[int]]) -> None:
    """Write the durations of the clips, by id, and "learned" in dataset.json; other clips get none.

    Raises:
        TtsError: durations do not fit their clip, or a file cannot be written.
    """
    items = []
    for item in corpus.items:
        found = durations.get(item.id)
        if found is not None and (len(found), sum(found)) != (len(item.phonemes) + 2, item.n_frames):
            raise TtsError(
                f"The clip {item.id} has symbols that the data set's table lacks: run tts train prepare again."
            )
        items.append(replace(item, durations=found))
    # The items first, so that a folder whose dataset.json mentions durations has them.
    write_text(corpus.folder / "items.jsonl", json_lines(items))
    write_text(corpus.folder / "dataset.json", replace(corpus.dataset, durations="learned").to_json())
