"""`tts batch`: speak a file of sentences, one audio file each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tts.cli import flags
from tts.cli.batch_progress import batch_progress
from tts.cli.console import print_json, tell, warn
from tts.cli.say import known_voice
from tts.errors import UsageError
from tts.synthesis.options import SynthesisOptions
from tts.voice.computing import Computing, check_computing
from tts.voice.devices import check_device
from tts.voice.store import DEFAULT_VOICE

if TYPE_CHECKING:
    from tts.batch.folder import OutputFolder
    from tts.batch.job import Setup
    from tts.batch.run import Summary
    from tts.batch.workers import Workers

_FILE, _WORK = "Sentences", "Running"
# More at a time shorten what is computed for one; the wait for the last of a batch, and memory, grow.
BATCH_SIZE = 8
# Of the failures, so many are told one by one; the manifest has them all.
MOST_TOLD = 20

Sentences = Annotated[str, typer.Argument(metavar="FILE | -", help="One utterance a line; - is standard input.")]
OutputFolderFlag = Annotated[
    str,
    typer.Option("--output", "-o", metavar="DIR|ADDRESS", help="Where the audio goes.", rich_help_panel=_FILE),
]
Layout = Annotated[
    str,
    typer.Option(
        metavar="auto|text|id|voice|csv|json|ljspeech",
        help="How a line is laid out: text, id|text, id|voice|text, CSV with a header, JSON; auto looks.",
        rich_help_panel=_FILE,
    ),
]
Naming = Annotated[
    str | None,
    typer.Option(
        metavar="id|text|number",
        help="What files are named by; without it, the id where there are ids, else the line's number.",
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
    typer.Option(metavar="X", min=0, help="GPUs, or the part of one, for a Ray worker.", rich_help_panel=_WORK),
]


def batch(
    context: typer.Context,
    file: Sentences,
    output: OutputFolderFlag,
    layout: Layout = "auto",
    naming: Naming = None,
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
    denoise: flags.Denoise = SynthesisOptions.denoise,
    streams: flags.Streams = SynthesisOptions.streams,
    seed: flags.Seed = SynthesisOptions.seed,
    input: flags.Input = SynthesisOptions.input,
    jobs: Jobs = None,
    batch_size: BatchSize = BATCH_SIZE,
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
    """Speak a file of sentences into a folder, one audio file each; run again, it goes on where it was."""
    options = SynthesisOptions(
        vocoder=vocoder,
        acoustic=acoustic,
        speed=speed,
        pitch=pitch,
        energy=energy,
        seed=seed,
        sentence_silence=sentence_silence,
        denoise=denoise,
        streams=streams,
        volume=volume,
        loudness=loudness,
        input=input,  # type: ignore[arg-type]  # any string comes here; the options refuse what they do not know
    )
    check_device(device)
    check_computing(runtime or Computing.engine, precision)
    known_voice(voice, options)
    return 0
