"""`tts bench`: how fast a voice, or a network of a public size, is here, and how fast it could be."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tts.benchmark.presets import PRESETS, TEN_SECONDS, Preset, VoiceRequest
from tts.cli import flags
from tts.cli.console import counting_bar, print_json, print_table, warn
from tts.cli.failures import nearest
from tts.cli.outputs import check_plot
from tts.cli.say import known_voice
from tts.errors import TtsError, UsageError
from tts.files import check_destination
from tts.synthesis.options import SynthesisOptions
from tts.voice.load import Computing, check_computing, check_device, choose_device
from tts.voice.store import DEFAULT_VOICE

if TYPE_CHECKING:
    from tts.benchmark.report import Report

_VOICE, _NETWORK, _RUN = "Voice", "Networks of random weights", "Running"
# Flags that mean nothing for the other kind of benchmark.
_OF_VOICES = ("voice", "engine", "vocoder", "acoustic", "text", "sentences", "cold", "system_espeak")
_OF_NETWORKS = ("seconds", "batch")
MOST_SECONDS = 600.0

Text = Annotated[
    str | None, typer.Option(metavar="TEXT", help="What to say; by default ten seconds.", rich_help_panel=_VOICE)
]
Sentences = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Say each line of this file by itself.", rich_help_panel=_VOICE),
]
Cold = Annotated[
    bool,
    typer.Option("--cold", help="Also whole processes: tts say, and import torch, in turns.", rich_help_panel=_VOICE),
]
PresetNames = Annotated[
    list[str] | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help=f"A network of this size in place of a voice; repeatable: {', '.join(PRESETS)}.",
        rich_help_panel=_NETWORK,
    ),
]
Seconds = Annotated[float, typer.Option(metavar="SEC", help="Of audio, at most, in a run.", rich_help_panel=_NETWORK)]
Batch = Annotated[int, typer.Option(metavar="N", help="Utterances at once.", rich_help_panel=_NETWORK)]
Repeat = Annotated[int, typer.Option(metavar="N", help="Runs of each path.", rich_help_panel=_RUN)]
LimitsToo = Annotated[
    bool,
    typer.Option("--limits", help="Measure what the machine can do at all, too.", rich_help_panel=_RUN),
]
Plot = Annotated[
    Path | None, typer.Option(metavar="FILE.png", help="Draw it (extra [plot]).", rich_help_panel="Output")
]


def bench(
    context: typer.Context,
    voice: flags.Voice = DEFAULT_VOICE,
    vocoder: flags.Vocoder = None,
    acoustic: flags.Acoustic = None,
    text: Text = None,
    sentences: Sentences = None,
    system_espeak: flags.SystemEspeak = False,
    cold: Cold = False,
    preset: PresetNames = None,
    seconds: Seconds = 5.0,
    batch: Batch = 1,
    repeat: Repeat = 3,
    device: flags.Device = "auto",
    engine: flags.Engine = None,
    precision: flags.Precision = Computing.precision,
    threads: flags.Threads = None,
    limits: LimitsToo = False,
    plot: Plot = None,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
    offline: flags.Offline = False,
) -> None:
    """Measure real-time factor, time to first audio and memory, against the plain path in the same run."""
    # Everything that can be refused is refused before torch is loaded.
    _check_kind(context, _OF_VOICES if preset else _OF_NETWORKS, with_preset=bool(preset))
    _check_numbers(repeat=repeat, batch=batch, seconds=seconds)
    check_device(device)
    check_computing(engine or Computing.engine, precision)
    if plot is not None:
        check_plot(plot)
        check_destination(plot)
    run = Run(repeat, limits=limits, quiet=quiet)
    if preset:
        report = _bench_networks(
            known_presets(preset), run, threads, device=device, precision=precision, seconds=seconds, batch=batch
        )
    else:
        options = SynthesisOptions(vocoder=vocoder, acoustic=acoustic)
        known_voice(voice, options)
        asked = VoiceRequest(voice, options, device, engine, precision, threads, system_espeak)
        report = _bench_voice(asked, _lines(text, sentences), run, cold=cold)
    _show(report, plot, json=json)


@dataclass(frozen=True)
class Run:
    """How to measure, whatever it is."""

    repeat: int
    limits: bool
    quiet: bool


def known_presets(names: Sequence[str]) -> dict[str, Preset]:
    """The presets of these names, each once.

    Raises:
        UsageError: there is none such.
    """
    for name in names:
        if name not in PRESETS:
            hint = nearest(name, PRESETS) or f"; there are {', '.join(PRESETS)}."
            raise UsageError(f"There is no preset {name!r}{hint}")
    return {name: PRESETS[name] for name in names}


def _check_kind(context: typer.Context, foreign: Sequence[str], *, with_preset: bool) -> None:
    """Refuse flags of the other kind of benchmark, where somebody typed them; a setting may stand."""
    for name in foreign:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            flag = f"--{name.replace('_', '-')}"
            if with_preset:
                raise UsageError(f"{flag} is about a voice, and a --preset has none: leave one of the two out.")
            raise UsageError(f"{flag} is about a network of random weights: say which with --preset NAME.")


def _check_numbers(*, repeat: int, batch: int, seconds: float) -> None:
    for flag, count in (("repeat", repeat), ("batch", batch)):
        if count < 1:
            raise UsageError(f"--{flag} must be 1 or more, not {count}.")
    if not 0 < seconds <= MOST_SECONDS:
        raise UsageError(f"--seconds must be above 0 and at most {MOST_SECONDS:g}, not {seconds:g}.")


def _lines(text: str | None, sentences: Path | None) -> list[str]:
    """What a voice is to say, each line by itself.

    Raises:
        UsageError: both ways of saying it are used, or there is nothing in them.
        TtsError: the file cannot be read.
    """
    if text is not None and sentences is not None:
        raise UsageError("--text and --sentences both say what to speak: leave one of them out.")
    if sentences is None:
        return [TEN_SECONDS if text is None else text]
    try:
        lines = [line for line in sentences.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise TtsError(f"{sentences} cannot be read ({error}).") from error
    if not lines:
        raise UsageError(f"{sentences} has no line to speak.")
    return lines


def _bench_networks(
    presets: dict[str, Preset],
    run: Run,
    threads: int | None,
    *,
    device: str,
    precision: str,
    seconds: float,
    batch: int,
) -> Report:
    import torch

    from tts.benchmark.costs import Setting
    from tts.benchmark.networks import bench_networks

    place = Setting(torch.device(choose_device(device)), precision, seconds, batch)
    with counting_bar("measuring", len(presets) * run.repeat, "runs", quiet=run.quiet) as count:
        return bench_networks(
            presets, place, repeat=run.repeat, threads=threads, limits=run.limits, on_run=lambda: count(1)
        )


def _bench_voice(asked: VoiceRequest, lines: Sequence[str], run: Run, *, cold: bool) -> Report:
    # First of all, so that loading includes what it imports.
    start = time.perf_counter()
    from tts.benchmark.voices import STAGES, load_requested

    speaker = load_requested(asked, start)
    from tts.benchmark.measuring import measure_cold_start
    from tts.benchmark.voices import bench_voice

    n_runs = run.repeat * (len(STAGES) + 2 * cold)
    with counting_bar("measuring", n_runs, "runs", quiet=run.quiet) as count:

        def on_run() -> None:
            count(1)

        cold_start = measure_cold_start(asked.flags(), run.repeat, on_run) if cold else None
        return bench_voice(speaker, lines, repeat=run.repeat, cold_start=cold_start, limits=run.limits, on_run=on_run)


def _show(report: Report, plot: Path | None, *, json: bool) -> None:
    if plot is not None:
        from tts.benchmark.report import draw

        draw(report, plot)
    for warning in report.warnings:
        warn(warning)
    if json:
        print_json(report.document())
        return
    print_table(*report.stage_table())
    print()
    print_table(*report.fact_table())
