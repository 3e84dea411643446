"""`tts batch`: speak a file of sentences, one audio file each."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tts.batch.jobs import WorkerSetup
from tts.batch.layouts import LAYOUTS
from tts.batch.lines import count_lines, open_sentences
from tts.batch.naming import NAMINGS
from tts.batch.run import RunSettings
from tts.cli import flags
from tts.cli.batch_chapters import DOCUMENT, speak_chapters
from tts.cli.batch_progress import batch_progress, summary_told
from tts.cli.book import is_document
from tts.cli.console import print_json, tell
from tts.cli.failures import FAILURE
from tts.cli.say import asked_options
from tts.errors import UsageError
from tts.synthesis.options import SynthesisOptions
from tts.voice.load import ENGINES, Computing, check_computing, check_device, choose_device
from tts.voice.store import DEFAULT_VOICE

if TYPE_CHECKING:
    from tts.batch.folders import OutputFolder
    from tts.batch.workers import Workers

_FILE, _WORK = "Sentences", "Running"
_ENGINES = ("local", "ray")

Sentences = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE | -", help="One utterance a line, - or nothing is standard input; or a document: .epub, .pdf, …"
    ),
]
Folder = Annotated[
    str,
    typer.Option("--output", "-o", metavar="DIR|ADDRESS", help="Where the audio goes.", rich_help_panel=_FILE),
]
Layout = Annotated[
    str,
    typer.Option(
        metavar="|".join((*LAYOUTS, DOCUMENT)),
        help="How a line is laid out: text, id|text, id|voice|text, CSV with a header, JSON; or a document, a file a "
        "chapter; auto looks.",
        rich_help_panel=_FILE,
    ),
]
Naming = Annotated[
    str,
    typer.Option(
        metavar="|".join(NAMINGS),
        help="What files are named by; a line without an id has its number as one.",
        rich_help_panel=_FILE,
    ),
]
ManifestFile = Annotated[
    Path | None,
    typer.Option("--manifest", metavar="FILE", help="Not manifest.jsonl in the output folder.", rich_help_panel=_FILE),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", metavar="N", min=1, help="Workers; without it, one a core or GPU.", rich_help_panel=_WORK
    ),
]
BatchSize = Annotated[
    int,
    typer.Option(metavar="N", min=1, help="Utterances that go through a network together.", rich_help_panel=_WORK),
]
Resume = Annotated[
    bool,
    typer.Option("--resume/--no-resume", help="Skip what is there and unchanged, or make all.", rich_help_panel=_WORK),
]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Stop at the first utterance that fails.", rich_help_panel=_WORK)
]
EngineFlag = Annotated[
    str,
    typer.Option("--engine", metavar="local|ray", help="Workers here, or on a Ray cluster.", rich_help_panel=_WORK),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="Of a running Ray cluster; without it, --engine ray starts its own here.",
        rich_help_panel=_WORK,
    ),
]
Gpus = Annotated[
    float | None,
    typer.Option(metavar="X", min=0, help="The share of a GPU that each Ray worker takes.", rich_help_panel=_WORK),
]


def batch(
    context: typer.Context,
    output: Folder,
    file: Sentences = None,
    layout: Layout = "auto",
    naming: Naming = "id",
    manifest: ManifestFile = None,
    format: flags.Format = "wav",
    sample_rate: flags.SampleRate = None,
    voice: flags.Voice = DEFAULT_VOICE,
    vocoder: flags.Vocoder = None,
    acoustic: flags.Acoustic = None,
    device: flags.Device = "auto",
    runtime: flags.Runtime = None,
    precision: flags.Precision = Computing.precision,
    lexicon: flags.LexiconFile = None,
    system_espeak: flags.SystemEspeak = False,
    speed: flags.Speed = SynthesisOptions.speed,
    pitch: flags.Pitch = SynthesisOptions.pitch,
    energy: flags.Energy = SynthesisOptions.energy,
    volume: flags.Volume = SynthesisOptions.volume,
    loudness: flags.Loudness = SynthesisOptions.loudness,
    sentence_silence: flags.SentenceSilence = SynthesisOptions.sentence_silence,
    paragraph_silence: flags.ParagraphSilence = SynthesisOptions.paragraph_silence,
    clause_silence: flags.ClauseSilence = SynthesisOptions.clause_silence,
    denoise: flags.Denoise = SynthesisOptions.denoise,
    streams: flags.Streams = SynthesisOptions.streams,
    seed: flags.Seed = SynthesisOptions.seed,
    input: flags.Input = SynthesisOptions.input,
    jobs: Jobs = None,
    batch_size: BatchSize = RunSettings.batch_size,
    resume: Resume = True,
    fail_fast: FailFast = False,
    engine: EngineFlag = "local",
    address: Address = None,
    gpus: Gpus = None,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
    offline: flags.Offline = False,
) -> int:
    """Speak a file of sentences, or the chapters of a document, into a folder, one audio file each.

    Run again, it goes on where it was.
    """
    options = asked_options(context)
    setup = WorkerSetup(device, runtime, precision, lexicon, system_espeak)
    _check(setup, engine, address, gpus)

    from tts.batch.jobs import BatchDefaults
    from tts.batch.run import BatchRequest, run_batch

    defaults = BatchDefaults(voice, options, format or "wav", sample_rate, naming)
    request = BatchRequest(output, manifest, layout, setup, defaults, RunSettings(batch_size, resume, fail_fast))

    def start_workers(folder: OutputFolder) -> Workers:
        workers = _workers(setup, folder, jobs, engine, address, gpus)
        if verbose:
            where = "on Ray" if engine == "ray" else f"on {choose_device(device)}"
            several = "worker" if workers.count == 1 else "workers"
            tell(f"{workers.count} {several} {where}, started in {time.perf_counter() - started:.2f} s")
        return workers

    started = time.perf_counter()
    if layout == DOCUMENT or (layout == "auto" and is_document(file)):
        summary = speak_chapters(file, request, start_workers, quiet=quiet)
    else:
        with open_sentences(file) as stream, batch_progress(count_lines(file), quiet=quiet) as progress:
            summary = run_batch(stream, file or "-", request, start_workers, progress.update, progress.warn)
    if verbose and summary.done:
        tell(f"{summary.seconds / summary.making_seconds:.1f} s of audio a second, from the first file on")
    if json:
        print_json(summary.document())
    elif not quiet:
        tell(summary_told(summary))
    return FAILURE if summary.failed else 0


def _check(setup: WorkerSetup, engine: str, address: str | None, gpus: float | None) -> None:
    check_device(setup.device)
    check_computing(setup.runtime or Computing.engine, setup.precision)
    if engine in (*ENGINES, "auto"):
        raise UsageError(f"--engine says where a batch runs, local or ray; what computes is --runtime {engine}.")
    if engine not in _ENGINES:
        raise UsageError(f"There is no engine {engine!r}; say {' or '.join(_ENGINES)}.")
    if engine != "ray" and (address is not None or gpus is not None):
        flag = "--gpus" if address is None else "--address"
        raise UsageError(f"{flag} is for --engine ray.")
    if engine == "local":
        choose_device(setup.device)


def _workers(
    setup: WorkerSetup, folder: OutputFolder, jobs: int | None, engine: str, address: str | None, gpus: float | None
) -> Workers:
    if engine == "ray":
        from tts.batch.ray_workers import RayWorkers

        return RayWorkers(setup, folder, jobs, address=address, gpus=gpus)
    from tts.batch.workers import LocalWorkers, default_worker_count

    return LocalWorkers(setup, folder, jobs or default_worker_count(setup.device))
