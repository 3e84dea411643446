"""`tts bench`: the speed of a voice, or of a network of a public size, and the limits of this machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tts import extras
from tts.benchmark.presets import PRESETS, TEN_SECONDS, Preset, VoiceRequest
from tts.cli import flags
from tts.cli.console import counting_bar, print_json, print_table, warn
from tts.cli.outputs import check_plot
from tts.errors import TtsError, UsageError
from tts.files import check_destination
from tts.options import SynthesisOptions, VoiceOptions, nearest
from tts.voice.load import Computing, check_computing, check_device, choose_device

if TYPE_CHECKING:
    from tts.benchmark.report import Report

_VOICE, _NETWORK, _RUN = "Voice", "Networks of random weights", "Running"
# Flags that have no meaning for the other kind of benchmark.
_OF_VOICES = ("voice", "runtime", "vocoder", "acoustic", "text", "sentences", "cold", "system_espeak")
_OF_NETWORKS = ("seconds", "batch")
MAX_SECONDS = 600.0

Text = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="Text to speak.", show_default="ten seconds of English", rich_help_panel=_VOICE),
]
Sentences = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Speak each line of this file on its own.", rich_help_panel=_VOICE),
]
Cold = Annotated[
    bool,
    typer.Option(
        "--cold", help="Also measure new processes of tts say and of import torch, in turns.", rich_help_panel=_VOICE
    ),
]
PresetNames = Annotated[
    list[str] | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help=f"Measure a network of this size instead of a voice. Repeatable. Presets: {', '.join(PRESETS)}.",
        rich_help_panel=_NETWORK,
    ),
]
Seconds = Annotated[
    float, typer.Option(metavar="SEC", help="Maximum duration of the audio of a run.", rich_help_panel=_NETWORK)
]
Batch = Annotated[int, typer.Option(metavar="N", help="Number of utterances at once.", rich_help_panel=_NETWORK)]
Repeat = Annotated[int, typer.Option(metavar="N", help="Number of runs of each path.", rich_help_panel=_RUN)]
Limits = Annotated[
    bool,
    typer.Option(
        "--limits", help="Also measure the machine's own limits of computing and memory.", rich_help_panel=_RUN
    ),
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.png", help="Draw the real-time factors (needs the extra plot).", rich_help_panel="Output"
    ),
]


@dataclass(frozen=True)
class Run:
    """How to measure, whatever it is."""

    repeat: int
    limits: bool
    quiet: bool


@flags.option_flags(without=("lexicon",))
def bench(
    context: typer.Context,
    *,
    voice_options: VoiceOptions,
    text: Text = None,
    sentences: Sentences = None,
    cold: Cold = False,
    preset: PresetNames = None,
    seconds: Seconds = 5.0,
    batch: Batch = 1,
    repeat: Repeat = 3,
    limits: Limits = False,
    plot: Plot = None,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Measure real-time factor, time to first audio and memory, beside the plain PyTorch path in the same run."""
    extras.require("torch", "A benchmark")

    # Everything that can be refused is refused before torch is loaded.
    check_kind(context, is_of_networks=bool(preset))
    for flag, count in (("repeat", repeat), ("batch", batch)):
        if count < 1:
            raise UsageError(f"--{flag} must be 1 or more, not {count}.")
    if not 0 < seconds <= MAX_SECONDS:
        raise UsageError(f"--seconds must be above 0 and at most {MAX_SECONDS:g}, not {seconds:g}.")
    device, precision, threads = voice_options.device, voice_options.precision, voice_options.threads
    check_device(device)
    check_computing(voice_options.runtime or Computing.runtime, precision)
    if plot is not None:
        check_plot(plot)
        check_destination(plot)

    run = Run(repeat, limits=limits, quiet=quiet)
    if preset:
        presets = known_presets(preset)
        result = _bench_networks(
            presets, run, threads, device=device, precision=precision, seconds=seconds, batch=batch
        )
    else:
        flags.check_voice(voice_options)
        chosen = {name: getattr(voice_options, name) for name in ("vocoder", "acoustic", "speaker")}
        options = SynthesisOptions(**chosen)
        requested = VoiceRequest(
            voice_options.voice, options, device, voice_options.runtime, precision, threads, voice_options.system_espeak
        )
        result = _bench_voice(requested, texts(text, sentences), run, cold=cold)

    if plot is not None:
        from tts.benchmark.report import draw

        draw(result, plot)
    for warning in result.warnings:
        warn(warning)
    if json:
        print_json(result.document())
        return
    print_table(*result.stage_table())
    print()
    print_table(*result.fact_table())


def known_presets(names: Sequence[str]) -> dict[str, Preset]:
    """The presets of these names, each once.

    Raises:
        UsageError: there is no such preset.
    """
    for name in names:
        if name not in PRESETS:
            hint = nearest(name, PRESETS) or f"; there are {', '.join(PRESETS)}."
            raise UsageError(f"There is no preset {name!r}{hint}")
    return {name: PRESETS[name] for name in names}


def check_kind(context: typer.Context, *, is_of_networks: bool) -> None:
    """Refuse flags of the other kind of benchmark, if they were typed; in the config file they are allowed."""
    for name in _OF_VOICES if is_of_networks else _OF_NETWORKS:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            flag = f"--{name.replace('_', '-')}"
            if is_of_networks:
                raise UsageError(f"{flag} is for voices, not for --preset: leave one of the two out.")
            raise UsageError(f"{flag} is for networks of random weights: name one with --preset NAME.")


def texts(text: str | None, sentences: Path | None) -> list[str]:
    """The texts that a voice speaks, each on its own.

    Raises:
        UsageError: there are two sources of texts, or there is nothing in them.
        TtsError: the file cannot be read.
    """
    if text is not None and sentences is not None:
        raise UsageError("There are two texts: give --text or --sentences, not both.")
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

    setting = Setting(torch.device(choose_device(device)), precision, seconds, batch)
    with counting_bar("measuring", len(presets) * run.repeat, "runs", quiet=run.quiet) as count:
        return bench_networks(
            presets, setting, repeat=run.repeat, threads=threads, limits=run.limits, on_run=lambda: count(1)
        )


def _bench_voice(requested: VoiceRequest, lines: Sequence[str], run: Run, *, cold: bool) -> Report:
    # Before the imports, so that loading includes them.
    start = time.perf_counter()
    from tts.benchmark.voices import STAGES, load_requested

    speaker = load_requested(requested, start)
    from tts.benchmark.measuring import measure_cold_start
    from tts.benchmark.voices import bench_voice

    n_runs = run.repeat * (len(STAGES) + 2 * cold)
    with counting_bar("measuring", n_runs, "runs", quiet=run.quiet) as count:

        def on_run() -> None:
            count(1)

        cold_start = measure_cold_start(requested.flags(), run.repeat, on_run) if cold else None
        return bench_voice(speaker, lines, repeat=run.repeat, cold_start=cold_start, limits=run.limits, on_run=on_run)
