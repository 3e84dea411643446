"""`tts batch`: speak a file of sentences, or the chapters of a document, one audio file each."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tts.batch.layouts import LAYOUTS
from tts.batch.lines import count_lines, open_sentences
from tts.batch.naming import NAMINGS
from tts.batch.settings import RunSettings, WorkerSetup
from tts.cli import flags
from tts.cli.app import FAILURE
from tts.cli.console import print_json, report
from tts.cli.inputs import STANDARD_INPUT, language_warnings
from tts.errors import UsageError
from tts.options import InputOptions, OutputOptions, SynthesisOptions, VoiceOptions
from tts.voice.load import Computing, check_computing, check_device, choose_device
from tts.voice.store import find_voice

if TYPE_CHECKING:
    from tts.batch.folders import OutputFolder
    from tts.batch.jobs import BatchResult
    from tts.batch.manifest import Summary
    from tts.batch.settings import BatchRequest
    from tts.batch.workers import Workers

DOCUMENT = "document"
"""The layout of a file that is not a list of sentences."""

_FILE, _WORK = "Sentences", "Running"
_ENGINES = ("local", "ray")

# Progress where there is no terminal, and on a bar, every so many seconds.
_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_NUMBERS = 0.2
# So many failures are printed; the manifest has all of them.
MAX_PRINTED_FAILURES = 20

Sentences = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE | -",
        help="One utterance per line, or a document: .epub, .pdf, … Without it, or with -, standard input is read.",
    ),
]
Folder = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR|ADDRESS",
        help="Folder of the audio files. Created if it does not exist.",
        rich_help_panel=_FILE,
    ),
]
Layout = Annotated[
    str,
    typer.Option(
        metavar="|".join((*LAYOUTS, DOCUMENT)),
        help="Layout of FILE: text, id|text, id|voice|text, CSV with a header, JSON lines, or a document (one audio "
        "file per chapter). auto recognizes it.",
        rich_help_panel=_FILE,
    ),
]
Naming = Annotated[
    str,
    typer.Option(
        metavar="|".join(NAMINGS),
        help="Name of the audio files. The id of a line without one is its number.",
        rich_help_panel=_FILE,
    ),
]
ManifestFile = Annotated[
    Path | None,
    typer.Option(
        "--manifest",
        metavar="FILE",
        help="Manifest path.",
        show_default="manifest.jsonl in the output folder",
        rich_help_panel=_FILE,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        min=1,
        help="Number of workers.",
        show_default="one per core, or per GPU",
        rich_help_panel=_WORK,
    ),
]
BatchSize = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, help="Maximum number of utterances that a network computes together.", rich_help_panel=_WORK
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        help="Skip the utterances whose files exist and are up to date, or make all of them again.",
        rich_help_panel=_WORK,
    ),
]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first utterance that fails.", rich_help_panel=_WORK)
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="local|ray",
        help="Where the workers run: on this machine, or on a Ray cluster.",
        rich_help_panel=_WORK,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="Address of a running Ray cluster. Without it, --engine ray starts one on this machine.",
        rich_help_panel=_WORK,
    ),
]
Gpus = Annotated[
    float | None,
    typer.Option(metavar="X", min=0, help="Share of a GPU for each Ray worker.", rich_help_panel=_WORK),
]


@flags.option_flags(without=("threads",), in_batch=True)
def batch(
    *,
    output: Folder,
    file: Sentences = None,
    layout: Layout = "auto",
    input_options: InputOptions,
    naming: Naming = "id",
    manifest: ManifestFile = None,
    output_options: OutputOptions,
    voice_options: VoiceOptions,
    options: SynthesisOptions,
    jobs: Jobs = None,
    batch_size: BatchSize = RunSettings.batch_size,
    resume: Resume = True,
    fail_fast: FailFast = False,
    engine: Engine = "local",
    address: Address = None,
    gpus: Gpus = None,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> int:
    """Speak a file of sentences, or the chapters of a document, into a folder: one audio file each.

    Run the same command again to continue an interrupted batch.
    """
    device, encoding = voice_options.device, input_options.encoding
    check_device(device)
    check_computing(voice_options.runtime or Computing.runtime, voice_options.precision)
    if engine not in _ENGINES:
        raise UsageError(f"There is no engine {engine!r}; say {' or '.join(_ENGINES)}.")
    if engine != "ray" and (address is not None or gpus is not None):
        raise UsageError(f"{'--gpus' if address is None else '--address'} is for --engine ray.")
    if engine == "local":
        choose_device(device)

    from tts.batch.run import run_batch
    from tts.batch.settings import BatchDefaults, BatchRequest

    setup = WorkerSetup(
        device, voice_options.runtime, voice_options.precision, voice_options.lexicon, voice_options.system_espeak
    )
    # A line of the file may name another vocoder, acoustic model or speaker.
    chosen = {name: getattr(voice_options, name) for name in ("vocoder", "acoustic", "speaker")}
    options = replace(options, **chosen)
    defaults = BatchDefaults(
        voice_options.voice,
        options,
        output_options.format or "wav",
        output_options.sample_rate,
        naming,
        output_options.timings,
    )
    request = BatchRequest(output, manifest, layout, setup, defaults, RunSettings(batch_size, resume, fail_fast))

    def start_workers(folder: OutputFolder) -> Workers:
        workers: Workers
        if engine == "ray":
            from tts.batch.ray_workers import RayWorkers

            workers = RayWorkers(setup, folder, jobs, address=address, gpus=gpus)
        else:
            from tts.batch.workers import LocalWorkers, default_worker_count

            workers = LocalWorkers(setup, folder, jobs or default_worker_count(device))
        if verbose:
            where = "on Ray" if engine == "ray" else f"on {choose_device(device)}"
            noun = "worker" if workers.count == 1 else "workers"
            report(f"{workers.count} {noun} {where}, started in {time.perf_counter() - started:.2f} s")
        return workers

    started = time.perf_counter()
    if layout == DOCUMENT or (layout == "auto" and is_document(file)):
        summary = speak_chapters(file, request, start_workers, encoding, quiet=quiet)
    else:
        with open_sentences(file, encoding) as stream, batch_progress(count_lines(file), quiet=quiet) as progress:
            name = file or STANDARD_INPUT
            summary = run_batch(stream, name, request, start_workers, progress.update, progress.warn)
    if verbose and summary.done:
        report(f"{summary.seconds / summary.making_seconds:.1f} s of audio per second, from the first file on")
    if json:
        print_json(summary.document())
    elif not quiet:
        report(summary_text(summary))
    return FAILURE if summary.failed else 0


def is_document(name: str | None) -> bool:
    """Whether a file is a document and not a list of sentences; plain text is taken as a list."""
    from tts.documents.reading import SUFFIXES

    return name is not None and Path(name).suffix.lower() in set(SUFFIXES) - {".txt"}


def speak_chapters(
    file: str | None,
    request: BatchRequest,
    start_workers: Callable[[OutputFolder], Workers],
    encoding: str | None = None,
    *,
    quiet: bool,
) -> Summary:
    """Speak a document into a folder, one audio file per chapter, and continue an earlier run.

    Raises:
        UsageError: the request cannot be right.
        TtsError: the document cannot be read, nothing more can be written, or no worker speaks.
    """
    from tts.batch.layouts import MAX_CHAPTER_CHARACTERS, chapter_entries
    from tts.batch.run import run_entries
    from tts.documents.reading import read_document

    if file in (None, STANDARD_INPUT):
        raise UsageError("A document is a file: name it; standard input is for sentences.")
    if request.defaults.options.input != "text":
        raise UsageError(f"A document is text: leave --input {request.defaults.options.input} out.")
    path = Path(file or "")
    document = read_document(path, encoding)
    warnings = list(language_warnings(document, find_voice(request.defaults.voice)))
    for chapter in document.chapters:
        warnings += (f"{chapter.title}: {warning}" for warning in chapter.passage.warnings)
    with batch_progress(len(document.chapters), quiet=quiet) as progress:
        for warning in warnings:
            progress.warn(warning)
        entries = chapter_entries(document, has_markup=path.suffix.lower() == ".txt")
        return run_entries(
            lambda: entries,
            request,
            start_workers,
            progress.update,
            progress.warn,
            max_characters=MAX_CHAPTER_CHARACTERS,
        )


class FailureReport:
    """Prints each failure, and nothing else: --quiet."""

    def __init__(self) -> None:
        self._n_failures = 0

    def update(self, summary: Summary, row: BatchResult | None = None) -> None:
        """`row` has just ended; None: one was skipped."""
        if row is None or row.error is None or self._n_failures > MAX_PRINTED_FAILURES:
            return
        self._n_failures += 1
        if self._n_failures > MAX_PRINTED_FAILURES:
            self.print(f"there are more failures; the manifest has all of them: {summary.manifest}")
        else:
            id = "" if row.id == f"line {row.line}" else f" ({row.id})"
            self.print(f"line {row.line}{id}: {row.error}")

    def warn(self, message: str) -> None:
        self.print(f"warning: {message}")

    def print(self, message: str) -> None:
        report(message)


class BatchLines(FailureReport):
    """Plain lines of progress. `total` is the number of lines of the file, None if it is unknown."""

    seconds_between = _SECONDS_BETWEEN_LINES

    def __init__(self, total: int | None) -> None:
        super().__init__()
        self._total = total
        self._shown = time.monotonic()

    def update(self, summary: Summary, row: BatchResult | None = None) -> None:
        super().update(summary, row)
        now = time.monotonic()
        if now - self._shown >= self.seconds_between:
            self._shown = now
            self.show(summary)

    def show(self, summary: Summary) -> None:
        of_total = f" of {self._total}" if self._total is not None else ""
        report(f"{summary.seen}{of_total}, {progress_text(summary, self._total)}")


class BatchBar(BatchLines):
    """A progress bar; failures are printed above it."""

    seconds_between = _SECONDS_BETWEEN_NUMBERS

    def __init__(self, total: int | None, bar: Any, task: Any) -> None:
        super().__init__(total)
        self._bar, self._task = bar, task

    def show(self, summary: Summary) -> None:
        self._bar.update(self._task, completed=summary.seen, numbers=progress_text(summary, self._total))

    def print(self, message: str) -> None:
        self._bar.console.print(f"tts: {message}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def batch_progress(total: int | None, *, quiet: bool) -> Iterator[FailureReport]:
    """What is printed while a batch runs over a file of `total` lines."""
    if quiet:
        yield FailureReport()
    elif not sys.stderr.isatty():
        yield BatchLines(total)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[numbers]}", markup=False))
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield BatchBar(total, bar, bar.add_task("speaking", total=total, numbers=""))


def summary_text(summary: Summary) -> str:
    """The result: "3 done, 1 failed (9.0 s of audio in 2.1 s); the manifest is out/manifest.jsonl"."""
    counts = {"done": summary.done, "skipped": summary.skipped, "failed": summary.failed}
    result = ", ".join(f"{n} {what}" for what, n in counts.items() if n) or "nothing to do"
    audio = f" ({summary.seconds:.1f} s of audio in {summary.wall_seconds:.1f} s)" if summary.done else ""
    return f"{result}{audio}; the manifest is {summary.manifest}"


def progress_text(summary: Summary, total: int | None) -> str:
    """Failures, speed, and the time left: "2 failed, 31 s of audio per second, 0:01:02 left"."""
    parts = [f"{summary.failed} failed"] if summary.failed else []
    if summary.done > 1:
        parts.append(f"{summary.seconds / summary.making_seconds:.1f} s of audio per second")
        if total is not None and total > summary.seen:
            # Skipped lines need no time.
            left = (total - summary.seen) * summary.making_seconds / (summary.made - 1)
            parts.append(f"{timedelta(seconds=round(left))} left")
    return ", ".join(parts) or (f"{summary.skipped} skipped" if summary.skipped else "workers start")
