"""`tts train`: from recordings to a voice."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tts import extras
from tts.cli import flags
from tts.cli.console import amount_bar, print_json, print_table, report, warn
from tts.errors import TtsError, UsageError

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from rich.console import Console
    from torch import Tensor

    from tts.training.data import PreparedCorpus
    from tts.training.recipe import TrainingRecipe
    from tts.training.run import TrainingRun

app = typer.Typer(help="Make a voice of your own.", no_args_is_help=True)

ALIGNMENT_RECIPE = "align"

# Progress where there is no terminal; and on a bar, whose numbers cost a wait for the device.
_SECONDS_BETWEEN_LINES = 30.0
_SECONDS_BETWEEN_NUMBERS = 0.5

RunFolder = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="DIR", help="Folder of the training run. If it has one already, that is continued."
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="TABLE.KEY=VALUE", help="Change a value of the recipe: schedule.steps=2000. Repeatable."
    ),
]
RecipeName = Annotated[
    str,
    typer.Option(
        "--recipe", metavar="NAME|FILE", help="Recipe: the network and how to train it. tts train recipes lists them."
    ),
]
AlignmentRecipeName = Annotated[
    str, typer.Option("--recipe", metavar="NAME|FILE", help="Recipe of the aligner and how to train it.")
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", metavar="N", min=1, help="Number of training steps.", show_default="the recipe's"),
]
WarmStart = Annotated[
    str | None,
    typer.Option(
        "--warm-start", metavar="RUN|FILE|VOICE", help="Start a new run from these weights.", show_default=False
    ),
]
ResumeFrom = Annotated[
    Path | None,
    typer.Option("--resume-from", metavar="FILE", help="Start a new run from this state of a run of the same recipe."),
]
Device = Annotated[
    str,
    typer.Option("--device", metavar="auto|cpu|cuda|cuda:N", envvar="TTS_DEVICE", help="Device that computes."),
]
Devices = Annotated[int, typer.Option("--devices", metavar="N", min=1, help="Number of devices to train on.")]
Precision = Annotated[
    str, typer.Option("--precision", metavar="32|bf16", help="Number format of the networks' arithmetic.")
]


@app.command()
def prepare(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A folder of recordings and their texts.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the prepared data.")],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the data set.", show_default="the name of its folder")
    ] = "",
    language: Annotated[str, typer.Option(metavar="L", help="Language code of espeak-ng.")] = "en-us",
    licence: Annotated[
        str, typer.Option("--licence", "--license", metavar="L", help="Licence of the recordings.")
    ] = "unknown",
    provenance: Annotated[
        str, typer.Option(metavar="TEXT", help="Origin of the recordings: who, when, for what purpose.")
    ] = "",
    layout: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Layout of the data set: auto, ljspeech, speakers, arctic, corpus, libritts or vctk."
        ),
    ] = "auto",
    no_trim: Annotated[bool, typer.Option("--no-trim", help="Do not trim silence at both ends of a clip.")] = False,
    min_seconds: Annotated[float, typer.Option(metavar="SEC", help="Drop shorter clips.")] = 0.3,
    max_seconds: Annotated[float, typer.Option(metavar="SEC", help="Drop longer clips.")] = 20.0,
    jobs: Annotated[int, typer.Option(metavar="N", help="Number of processes.", show_default="one per core")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace the contents of DIR.")] = False,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Check a data set and compute the features that training reads.

    DATASET has the layout of LJ Speech (metadata.csv, wavs/; also with a column of speakers), CMU ARCTIC
    (etc/txt.done.data, wav/), LibriTTS or VCTK, or is a corpus with metadata.jsonl. Clips that cannot be used are
    dropped and reported. An interrupted run is continued.
    """
    extras.require("torch", "Training")

    if jobs < 0:
        raise UsageError(f"--jobs must be 1 or more, not {jobs}.")
    from tts.training.features import Limits
    from tts.training.prepare import PrepareOptions
    from tts.training.prepare import prepare as prepare_dataset

    options = PrepareOptions(
        name=name,
        language=language,
        licence=licence,
        provenance=provenance,
        layout=layout,
        trim=not no_trim,
        limits=Limits(min_seconds, max_seconds),
        force=force,
    )
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with amount_bar("preparing", "clips", quiet=quiet) as progress:
        prepared = prepare_dataset(dataset, output, jobs=jobs or n_cores, options=options, progress=progress)
    if not quiet:
        if prepared.was_there:
            report(f"{output} is already prepared; --force prepares it again")
        _print_summary(prepared.report, output)
    if json:
        print_json(prepared.report)


def _print_summary(summary: dict[str, Any], output: Path) -> None:
    """What was kept, and what was dropped and why, on standard error."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from tts.training.features import REASONS

    console = Console(stderr=True, highlight=False)
    clips = summary["clips"]
    splits = ", ".join(f"{split} {numbers['clips']}" for split, numbers in summary["splits"].items())
    console.print(f"{clips['kept']} of {clips['found']} clips, {summary['hours']:.2f} hours: {splits}", soft_wrap=True)
    table = Table("", "minimum", "median", "maximum", box=SIMPLE_HEAD, pad_edge=False)
    titles = {
        "seconds": "seconds",
        "f0_hz": "F0 (Hz)",
        "loudness_lufs": "loudness (LUFS)",
        "symbols_per_second": "symbols per second",
    }
    for key, title in titles.items():
        if quantiles := summary[key]:
            table.add_row(title, *(f"{quantiles[q]:.1f}" for q in ("0%", "50%", "100%")))
    console.print(table)
    _print_speakers(console, summary.get("speakers", {}))
    for reason, count in summary["dropped"].items():
        console.print(f"dropped {count}: {reason} ({REASONS[reason]})", soft_wrap=True)
    for remark in summary["remarks"]:
        console.print(escape(remark), soft_wrap=True)
    if summary["dropped"]:
        console.print(escape(f"{output / 'dropped.jsonl'} names each of them"), soft_wrap=True)


def _print_speakers(console: Console, speakers: dict[str, dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    from tts.voice.choices import MAX_LISTED

    if len(speakers) > MAX_LISTED:
        minutes = [each["seconds"] / 60 for each in speakers.values()]
        console.print(f"{len(speakers)} speakers with {min(minutes):.1f} to {max(minutes):.1f} minutes each")
    elif speakers:
        table = Table("speaker", "clips", "minutes", "F0 (Hz)", "loudness (LUFS)", box=SIMPLE_HEAD, pad_edge=False)
        for name, each in speakers.items():
            f0 = "-" if each["f0_hz"] is None else f"{each['f0_hz']:.0f}"
            numbers = (f"{each['clips']}", f"{each['seconds'] / 60:.1f}", f0, f"{each['loudness_lufs']:.1f}")
            table.add_row(escape(name), *numbers)
        console.print(table)


@app.command()
def align(
    prepared: flags.Prepared,
    output: RunFolder,
    recipe: AlignmentRecipeName = ALIGNMENT_RECIPE,
    steps: Steps = None,
    overrides: Overrides = None,
    device: Device = "auto",
    precision: Precision = "32",
    quiet: flags.Quiet = False,
) -> None:
    """Learn the duration of each symbol of a data set and write the durations into PREPARED.

    Run the same command again to continue an interrupted run.
    """
    extras.require("torch", "Training")
    extras.require("train", "Training")

    from tts.training.recipe import load_recipe

    chosen = load_recipe(recipe, [*(overrides or []), *([f"schedule.steps={steps}"] if steps else [])])
    if chosen.kind != "align":
        raise UsageError(f"The recipe {chosen.name} does not learn durations: leave --recipe out, or name another one.")
    from tts.training.data import PreparedCorpus
    from tts.training.run import start_fabric

    corpus = PreparedCorpus(prepared)
    fabric = start_fabric(device, 1, precision)
    with reported_once(fabric):
        learn_durations(corpus, chosen, output, fabric, quiet=quiet)


def learn_durations(
    corpus: PreparedCorpus, recipe: TrainingRecipe, run: Path, fabric: Fabric, *, quiet: bool
) -> PreparedCorpus:
    """The corpus with learned durations; shows progress."""
    from tts.training.alignment import learned_durations

    def train(run: TrainingRun) -> None:
        if run.is_first and run.trainer.step and not quiet:
            report(f"continuing from step {run.trainer.step}")
        train_with_progress(run, quiet=quiet)

    found = learned_durations(corpus, recipe, run, fabric, train)
    if fabric.is_global_zero and not quiet:
        missing = sum(item.durations is None for item in found.items)
        exceptions = f"; {missing} clips have fewer frames than symbols and therefore no durations" if missing else ""
        report(f"{corpus.folder} has durations now, learned in {run}{exceptions}")
    return found


@dataclass(frozen=True)
class TrainingRequest:
    """A training run to start or continue; `places` are device, number of devices, and precision."""

    prepared: Path
    output: Path
    recipe: str
    overrides: list[str]
    warm_start: str | None
    resume_from: Path | None
    places: tuple[str, int, str]
    quiet: bool


@app.command()
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
    """Train an acoustic model: from phonemes to a mel spectrogram.

    Run the same command again to continue an interrupted run.
    """
    places = (device, devices, precision)
    _train(
        "acoustic", TrainingRequest(prepared, output, recipe, overrides or [], warm_start, resume_from, places, quiet)
    )


@app.command()
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
    """Train a vocoder: from a mel spectrogram to samples.

    Run the same command again to continue an interrupted run.
    """
    places = (device, devices, precision)
    _train(
        "vocoder", TrainingRequest(prepared, output, recipe, overrides or [], warm_start, resume_from, places, quiet)
    )


def _train(kind: str, request: TrainingRequest) -> None:
    extras.require("torch", "Training")
    extras.require("train", "Training")

    from tts.training.recipe import load_recipe

    recipe = load_recipe(request.recipe, request.overrides)
    if recipe.kind != kind:
        network = {"acoustic": "an acoustic model", "vocoder": "a vocoder", "align": "the aligner"}[recipe.kind]
        raise UsageError(f"The recipe {recipe.name} trains {network}: say tts train {recipe.kind}.")
    if request.warm_start is not None and request.resume_from is not None:
        raise UsageError("--warm-start begins a new training, --resume-from continues one: give one of them.")
    from tts.training.data import PreparedCorpus
    from tts.training.folder import check_run
    from tts.training.run import start_fabric
    from tts.training.trainer import check_recipe

    corpus = PreparedCorpus(request.prepared)
    check_recipe(recipe, corpus)
    check_run(request.output, recipe, corpus)
    fabric = start_fabric(*request.places)
    with reported_once(fabric):
        train_with_progress(_opened_run(request, recipe, corpus, fabric), quiet=request.quiet)


def _opened_run(
    request: TrainingRequest, recipe: TrainingRecipe, corpus: PreparedCorpus, fabric: Fabric
) -> TrainingRun:
    """A run ready to train: new, continued, or started from other weights or another state."""
    from tts.training.run import open_run
    from tts.training.trainer import trainer_class

    output, quiet = request.output, request.quiet
    if trainer_class(recipe.network).needs_durations and corpus.dataset.durations is None:
        from tts.training.recipe import load_recipe

        beside = output.with_name(f"{output.name}-align")
        if fabric.is_global_zero and not quiet:
            report(f"{corpus.folder} has no durations, which this recipe needs: they are learned first, in {beside}")
        corpus = learn_durations(corpus, load_recipe(ALIGNMENT_RECIPE), beside, fabric, quiet=quiet)

    run = open_run(recipe, corpus, output, fabric)
    if run.resume():
        if run.is_first and not quiet:
            report(f"continuing from step {run.trainer.step}")
    elif request.resume_from is not None:
        from tts.training.folder import check_same, load_state

        state = load_state(request.resume_from)
        check_same(state["recipe"], run.recipe.table, f"{request.resume_from} is a state")
        run.restore(state)
    elif request.warm_start is not None:
        from tts.training.run import warm_start

        warnings = warm_start(run.trainer, request.warm_start)
        if run.trainer.fabric.is_global_zero:
            for warning in warnings:
                warn(warning)
    return run


@contextmanager
def reported_once(fabric: Fabric) -> Iterator[None]:
    """Within: a failure of all processes is reported by one of them."""
    try:
        yield
    except TtsError:
        if not fabric.is_global_zero:
            raise typer.Exit(1) from None
        raise


def train_with_progress(run: TrainingRun, *, quiet: bool) -> None:
    trainer, steps = run.trainer, run.trainer.schedule.steps
    with training_progress(trainer.step, steps, quiet=quiet or not run.is_first) as run.reporter:
        run.train()
    if run.is_first and not quiet:
        best = f"; the best state is that of step {run.best.step}" if run.best else ""
        report(f"{trainer.run} is trained to step {trainer.step}{best}")


@app.command()
def mels(
    prepared: flags.Prepared,
    voice: Annotated[
        str,
        typer.Option("--voice", "-v", metavar="RUN|VOICE", help="Run or voice with a FastSpeech 2 model."),
    ],
    name: Annotated[str, typer.Option("--output", "-o", metavar="NAME", help="Written to PREPARED/mels-NAME.npy.")],
    device: Device = "auto",
    quiet: flags.Quiet = False,
) -> None:
    """Write the mels that an acoustic model makes of a corpus, to train vocoders on their later input."""
    extras.require("torch", "Training")

    from tts.training.acoustic import load_fastspeech2, voice_speakers, write_acoustic_mels
    from tts.training.data import PreparedCorpus
    from tts.voice.load import choose_device
    from tts.voice.store import find_voice, is_plain_name

    if not is_plain_name(name):
        raise UsageError(f"{name!r} cannot name mels: it becomes a part of a file name.")
    corpus = PreparedCorpus(prepared)
    manifest = find_voice(voice)
    speakers = voice_speakers(manifest, corpus)
    network = load_fastspeech2(manifest, corpus, choose_device(device))
    path = prepared / f"mels-{name}.npy"
    write_acoustic_mels(corpus, network, path, speakers)
    if not quiet:
        report(f"wrote {path}; train a vocoder on it with --set settings.mels={path.name}")


@app.command("export-state")
def export_state(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a training run.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
) -> None:
    """Write the last state of a run in half precision, to continue on another machine with --resume-from."""
    extras.require("torch", "Training")

    from tts.training.folder import LAST, compact, load_state, read_recipe, save_state

    read_recipe(run)
    if not (run / LAST).is_file():
        raise UsageError(f"{run} has no state yet: train it first.")
    save_state(output, compact(load_state(run / LAST)))


@app.command()
def recipes(json: flags.Json = False) -> None:
    """List the recipes for training networks."""
    from tts.training.recipe import all_recipes

    found = all_recipes()
    if json:
        print_json([{"name": recipe.name, **recipe.table} for recipe in found])
        return
    rows = [(r.name, r.kind, r.network, str(r.schedule.get("steps", "")), r.description) for r in found]
    print_table(("name", "kind", "network", "steps", "description"), rows)


class TrainingLines:
    """Plain lines of progress, and of the results of validation."""

    seconds_between = _SECONDS_BETWEEN_LINES

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._shown = float("-inf")

    def step(self, step: int, loss: Tensor, rate: float) -> None:
        now = time.monotonic()
        if now - self._shown < self.seconds_between and step < self._steps:
            return
        # The speed is unknown after the first step.
        if rate or step == self._steps:
            self._shown = now
            self.show(step, float(loss), rate)

    def figures(self, step: int, values: dict[str, float]) -> None:
        report(f"step {step}: {', '.join(f'{name} {value:.4g}' for name, value in values.items())}")

    def show(self, step: int, loss: float, rate: float) -> None:
        report(f"step {step} of {self._steps}, {self.numbers(step, loss, rate)}")

    def numbers(self, step: int, loss: float, rate: float) -> str:
        speed = f", {rate:.3g} steps/s" if rate else ""
        left = f", {timedelta(seconds=round((self._steps - step) / rate))} left" if rate and step < self._steps else ""
        return f"loss {loss:.4g}{speed}{left}"


class TrainingBar(TrainingLines):
    """A progress bar; other lines are printed above it."""

    seconds_between = _SECONDS_BETWEEN_NUMBERS

    def __init__(self, steps: int, bar: Any, task: Any) -> None:
        super().__init__(steps)
        self._bar, self._task = bar, task

    def show(self, step: int, loss: float, rate: float) -> None:
        self._bar.update(self._task, completed=step, numbers=self.numbers(step, loss, rate))

    def figures(self, step: int, values: dict[str, float]) -> None:
        results = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        self._bar.console.print(f"step {step}: {results}", markup=False, highlight=False)


class NoProgress:
    """--quiet, and every process except the first."""

    def step(self, step: int, loss: Tensor, rate: float) -> None:
        pass

    def figures(self, step: int, values: dict[str, float]) -> None:
        pass


@contextmanager
def training_progress(done: int, steps: int, *, quiet: bool) -> Iterator[TrainingLines | NoProgress]:
    """Progress of the steps from `done` to `steps`."""
    if quiet:
        yield NoProgress()
        return
    if not sys.stderr.isatty():
        yield TrainingLines(steps)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("step"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[numbers]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield TrainingBar(steps, bar, bar.add_task("step", total=steps, completed=done, numbers=""))
