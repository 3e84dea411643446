"""`tts train acoustic` and `tts train vocoder`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tts.cli import flags
from tts.cli.console import tell, warn
from tts.errors import TtsError, UsageError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from tts.training.data import PreparedCorpus
    from tts.training.recipe import TrainingRecipe
    from tts.training.run import TrainingRun

_RECIPE = typer.Option("--recipe", metavar="NAME|FILE", help="What to train, and how; see tts train recipes.")

RecipeName = Annotated[str, _RECIPE]
RunFolder = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The run's folder; a run that is there goes on.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Change the recipe: schedule.steps=2000. Repeatable."),
]
WarmStart = Annotated[
    str | None,
    typer.Option(
        "--warm-start", metavar="RUN|FILE|VOICE", help="Start a new run from these weights.", show_default=False
    ),
]
ResumeFrom = Annotated[
    Path | None,
    typer.Option("--resume-from", metavar="FILE", help="Start a new run where this state of the same recipe stands."),
]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda|cuda:N", envvar="TTS_DEVICE", help="Where to compute.")]
Devices = Annotated[int, typer.Option("--devices", metavar="N", min=1, help="On so many devices at once.")]
Precision = Annotated[str, typer.Option("--precision", metavar="32|bf16", help="Of the networks' arithmetic.")]


@dataclass(frozen=True)
class Request:
    """What was asked for; `places` are device, number of devices, and precision."""

    prepared: Path
    output: Path
    recipe: str
    overrides: list[str]
    warm_start: str | None
    resume_from: Path | None
    places: tuple[str, int, str]
    quiet: bool


def acoustic(
    prepared: flags.Prepared,
    output: RunFolder,
    recipe: RecipeName = "fastspeech2",
    overrides: Overrides = None,
    warm_start: WarmStart = None,
    resume_from: ResumeFrom = None,
    device: Device = "auto",
    devices: Devices = 1,
    precision: Precision = "32",
    quiet: flags.Quiet = False,
) -> None:
    """Train an acoustic model: from phonemes to a mel spectrogram. The same command again goes on where it stopped."""
    places = (device, devices, precision)
    _train("acoustic", Request(prepared, output, recipe, overrides or [], warm_start, resume_from, places, quiet))


def vocoder(
    prepared: flags.Prepared,
    output: RunFolder,
    recipe: RecipeName = "source-filter",
    overrides: Overrides = None,
    warm_start: WarmStart = None,
    resume_from: ResumeFrom = None,
    device: Device = "auto",
    devices: Devices = 1,
    precision: Precision = "32",
    quiet: flags.Quiet = False,
) -> None:
    """Train a vocoder: from a mel spectrogram to samples. The same command again goes on where it stopped."""
    places = (device, devices, precision)
    _train("vocoder", Request(prepared, output, recipe, overrides or [], warm_start, resume_from, places, quiet))


def _train(kind: str, request: Request) -> None:
    from tts.training.recipe import load_recipe

    recipe = load_recipe(request.recipe, request.overrides)
    if recipe.kind != kind:
        raise UsageError(f"{recipe.name} trains {_with_article(recipe.kind)}: say tts train {recipe.kind}.")
    if request.warm_start is not None and request.resume_from is not None:
        raise UsageError("--warm-start begins anew, --resume-from goes on: give one of them.")
    from tts.training.run import check_packages, start_fabric

    check_packages()
    from tts.training.data import PreparedCorpus
    from tts.training.folder import check_run
    from tts.training.trainer import check_recipe

    corpus = PreparedCorpus(request.prepared)
    check_recipe(recipe, corpus)
    check_run(request.output, recipe, corpus)
    fabric = start_fabric(*request.places)
    with told_once(fabric):
        follow(_start(request, recipe, corpus, fabric), quiet=request.quiet)


@contextmanager
def told_once(fabric: Fabric) -> Iterator[None]:
    """Within: one process tells what all found."""
    try:
        yield
    except TtsError:
        if not fabric.is_global_zero:
            raise typer.Exit(1) from None
        raise


def _start(request: Request, recipe: TrainingRecipe, corpus: PreparedCorpus, fabric: Fabric) -> TrainingRun:
    """A run ready to train: built, and brought to where it stands."""
    from tts.training.run import open_run
    from tts.training.trainer import trainer_class

    output = request.output
    if trainer_class(recipe.network).needs_durations:
        corpus = _with_durations(corpus, output, fabric, quiet=request.quiet)
    run = open_run(recipe, corpus, output, fabric)
    if run.resume():
        if run.is_first and not request.quiet:
            tell(f"going on from step {run.trainer.step}")
    elif request.resume_from is not None:
        _resume_from(run, request.resume_from)
    elif request.warm_start is not None:
        _warm_start(run.trainer, request.warm_start)
    return run


def _with_durations(corpus: PreparedCorpus, output: Path, fabric: Fabric, *, quiet: bool) -> PreparedCorpus:
    """The corpus with durations; where it has none they are learned first, in a run beside `output`."""
    if corpus.dataset.durations is not None:
        return corpus
    from tts.cli.train_align import RECIPE, learn
    from tts.training.recipe import load_recipe

    beside = output.with_name(f"{output.name}-align")
    if fabric.is_global_zero and not quiet:
        tell(f"{corpus.folder} has no durations, which this recipe needs: they are learned first, in {beside}")
    return learn(corpus, load_recipe(RECIPE), beside, fabric, quiet=quiet)


def _resume_from(run: TrainingRun, path: Path) -> None:
    from tts.training.folder import check_same, load_state

    state = load_state(path)
    check_same(state["recipe"], run.recipe.table, f"{path} is a state")
    run.restore(state)


def _warm_start(trainer: Any, name: str) -> None:
    from tts.training.run import warm_start

    told = warm_start(trainer, name)
    if trainer.fabric.is_global_zero:
        for sentence in told:
            warn(sentence)


def follow(run: TrainingRun, *, quiet: bool) -> None:
    from tts.cli.train_progress import training_progress

    trainer, steps = run.trainer, run.trainer.schedule.steps
    with training_progress(trainer.step, steps, quiet=quiet or not run.is_first) as run.reporter:
        run.train()
    if run.is_first and not quiet:
        best = f"; the best of it is that of step {run.best.step}" if run.best else ""
        tell(f"{trainer.run} is trained to step {trainer.step}{best}")


def _with_article(kind: str) -> str:
    return {"acoustic": "an acoustic model", "vocoder": "a vocoder", "align": "the aligner"}[kind]
