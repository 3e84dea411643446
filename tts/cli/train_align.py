"""`tts train align`, and the same on the way of `tts train acoustic`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tts.cli import flags
from tts.cli.console import tell
from tts.cli.train_run import Device, Overrides, Precision, RunFolder, follow, told_once

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from tts.training.data import PreparedCorpus
    from tts.training.recipe import TrainingRecipe
    from tts.training.run import TrainingRun

RECIPE = "align"

RecipeName = Annotated[str, typer.Option("--recipe", metavar="NAME|FILE", help="How to learn them.")]
Steps = Annotated[int | None, typer.Option("--steps", metavar="N", min=1, help="Learn for so many steps.")]


def align(
    prepared: flags.Prepared,
    output: RunFolder,
    recipe: RecipeName = RECIPE,
    steps: Steps = None,
    overrides: Overrides = None,
    device: Device = "auto",
    precision: Precision = "32",
    quiet: flags.Quiet = False,
) -> None:
    """Learn how long each symbol of a data set is heard, and write it into PREPARED. The same command again goes on."""
    from tts.errors import UsageError
    from tts.training.recipe import load_recipe

    asked = [*(overrides or []), *([f"schedule.steps={steps}"] if steps else [])]
    chosen = load_recipe(recipe, asked)
    if chosen.kind != "align":
        raise UsageError(f"{chosen.name} does not learn durations: leave --recipe out, or name one that does.")
    from tts.training.run import check_packages, start_fabric

    check_packages()
    from tts.training.data import PreparedCorpus

    corpus = PreparedCorpus(prepared)
    fabric = start_fabric(device, 1, precision)
    with told_once(fabric):
        learn(corpus, chosen, output, fabric, quiet=quiet)


def learn(corpus: PreparedCorpus, recipe: TrainingRecipe, run: Path, fabric: Fabric, *, quiet: bool) -> PreparedCorpus:
    """The corpus with learned durations; tells how far it is."""
    from tts.training.alignment import learned_durations

    found = learned_durations(corpus, recipe, run, fabric, partial(_follow, quiet=quiet))
    if fabric.is_global_zero and not quiet:
        missing = sum(item.durations is None for item in found.items)
        but = f"; {missing} clips have fewer frames than symbols and are left without" if missing else ""
        tell(f"{corpus.folder} has durations now, learned in {run}{but}")
    return found


def _follow(run: TrainingRun, *, quiet: bool) -> None:
    if run.is_first and run.trainer.step and not quiet:
        tell(f"going on from step {run.trainer.step}")
    follow(run, quiet=quiet)
