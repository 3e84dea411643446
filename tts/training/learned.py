"""Durations that a prepared folder lacks, learned by the alignment network and written into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts.errors import TtsError, UsageError
from tts.files import write_text
from tts.training.align import AlignerTrainer, can_be_aligned
from tts.training.data import PreparedCorpus
from tts.training.fit import Run, open_run
from tts.training.folder import BEST, check_run
from tts.training.packing import json_lines
from tts.training.recipe import Recipe
from tts.training.state import load_state
from tts.training.trainers import check_recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric

ALIGN_BATCH = 16


def learned_durations(
    corpus: PreparedCorpus,
    recipe: Recipe,
    folder: Path,
    fabric: Fabric,
    follow: Callable[[Run], None] = Run.train,
) -> PreparedCorpus:
    """Learn the durations of all clips in the run `folder`, or go on there, write them, and give the corpus with them.

    `follow` brings the run to its end. A clip that has fewer frames than symbols keeps none.

    Raises:
        UsageError: the durations came with the recordings, the recipe cannot be right, or the folder is another run's.
        TtsError: no clip can be learned from, or a file cannot be written.
        KeyboardInterrupt: it was stopped; the run is kept, and the prepared folder as it was.
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
        write_durations(corpus, durations_of(trainer))
    fabric.barrier()
    return PreparedCorpus(corpus.folder)


def durations_of(trainer: AlignerTrainer) -> dict[str, list[int]]:
    """Clip id → frames of each symbol, begin and end, by the averaged weights; of all clips that can be aligned."""
    corpus = trainer.corpus
    items = sorted((i for i in corpus.items if can_be_aligned(corpus, i)), key=lambda item: item.n_frames)
    found = {}
    with trainer.averaged():
        for start in range(0, len(items), ALIGN_BATCH):
            group = items[start : start + ALIGN_BATCH]
            for item, row in zip(group, trainer.align(group)[1].tolist(), strict=True):
                found[item.id] = row[: len(corpus.symbols.encode(item.phonemes).ids)]
    return found


def write_durations(corpus: PreparedCorpus, durations: dict[str, list[int]]) -> None:
    """Fill in the durations of the clips (by id; the others get none), and say in dataset.json that they are learned.

    Raises:
        TtsError: a duration list does not belong to its clip, or a file cannot be written.
    """
    items = []
    for item in corpus.items:
        found = durations.get(item.id)
        if found is not None and (len(found), sum(found)) != (len(item.phonemes) + 2, item.n_frames):
            raise TtsError(
                f"The clip {item.id} has symbols that the data set's table lacks: run tts train prepare again."
            )
        items.append(replace(item, durations=found))
    # The items first: a folder that says it has durations has them.
    write_text(corpus.folder / "items.jsonl", json_lines(items))
    write_text(corpus.folder / "dataset.json", replace(corpus.dataset, durations="learned").to_json())
