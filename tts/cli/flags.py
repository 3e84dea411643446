"""The flags that commands share, each with its one spelling and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

_VOICE, _DELIVERY, _OUTPUT, _RUN = "Voice", "Delivery", "Output", "Running"


def _complete_voice(incomplete: str) -> list[str]:
    from tts.voice.store import voice_folders

    return [name for name in voice_folders() if name.startswith(incomplete)]


def _engine(*names: str) -> Any:
    return typer.Option(
        *names,
        metavar="auto|torch|onnx",
        envvar="TTS_ENGINE",
        help="What computes: PyTorch, or ONNX Runtime, which starts faster.",
        rich_help_panel=_VOICE,
        show_default="auto",
    )


Language = Annotated[
    str, typer.Option("--language", "-l", metavar="CODE", help="Of the text: en-us, en-gb, de, fr-fr, …")
]
Text = Annotated[
    str | None,
    typer.Argument(metavar="TEXT | -", help="What to say, in quotes; - or nothing reads standard input."),
]
Prepared = Annotated[Path, typer.Argument(metavar="PREPARED", help="A folder that tts train prepare made.")]
Voice = Annotated[
    str,
    typer.Option(
        "--voice",
        "-v",
        metavar="NAME|DIR",
        envvar="TTS_VOICE",
        help="A voice by name, or a folder with one.",
        rich_help_panel=_VOICE,
        autocompletion=_complete_voice,
    ),
]
Vocoder = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|DIR",
        envvar="TTS_VOCODER",
        help="A vocoder of the voice, not its default; or the folder of one.",
        rich_help_panel=_VOICE,
    ),
]
Acoustic = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="TTS_ACOUSTIC",
        help="An acoustic model of the voice, not its default.",
        rich_help_panel=_VOICE,
    ),
]
Device = Annotated[
    str,
    typer.Option(metavar="auto|cpu|cuda|cuda:N", envvar="TTS_DEVICE", help="Where to compute.", rich_help_panel=_VOICE),
]
Engine = Annotated[str | None, _engine("--engine", "--runtime")]
# Where --engine says on which machines it runs.
Runtime = Annotated[str | None, _engine("--runtime")]
Precision = Annotated[
    str,
    typer.Option(
        metavar="float32|bfloat16|int8",
        envvar="TTS_PRECISION",
        help="Of the weights, for networks that have it.",
        rich_help_panel=_VOICE,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        envvar="TTS_THREADS",
        min=1,
        help="How many cores compute; without it, all.",
        rich_help_panel=_VOICE,
    ),
]
LexiconFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Your own pronunciations: word, tab, IPA.", rich_help_panel=_VOICE),
]
SystemEspeak = Annotated[
    bool,
    typer.Option(
        "--system-espeak",
        envvar="TTS_SYSTEM_ESPEAK",
        help="Use this machine's espeak-ng, not the bundled one.",
        rich_help_panel=_VOICE,
    ),
]
Speed = Annotated[float, typer.Option(metavar="X", help="Above 1 is faster.", rich_help_panel=_DELIVERY)]
Pitch = Annotated[float, typer.Option(metavar="SEMITONES", help="Higher, or lower below 0.", rich_help_panel=_DELIVERY)]
Energy = Annotated[float, typer.Option(metavar="X", help="Vocal effort, a factor.", rich_help_panel=_DELIVERY)]
Volume = Annotated[float, typer.Option(metavar="DB", help="Gain of the result.", rich_help_panel=_DELIVERY)]
Loudness = Annotated[
    float | None,
    typer.Option(
        metavar="LUFS",
        help="Bring the whole to this loudness (ITU-R BS.1770), before --volume.",
        rich_help_panel=_DELIVERY,
    ),
]
SentenceSilence = Annotated[
    float, typer.Option(metavar="SEC", help="Silence between sentences.", rich_help_panel=_DELIVERY)
]
ParagraphSilence = Annotated[
    float, typer.Option(metavar="SEC", help="Silence between paragraphs.", rich_help_panel=_DELIVERY)
]
ClauseSilence = Annotated[
    float,
    typer.Option(metavar="SEC", help="Silence between clauses, beside the voice's own.", rich_help_panel=_DELIVERY),
]
Denoise = Annotated[
    float,
    typer.Option(metavar="X", help="Take the vocoder's own hum off: 0 nothing, 1 all.", rich_help_panel=_DELIVERY),
]
Streams = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Stretches of a sentence spoken at a time, by WaveNet: faster, with seams.",
        rich_help_panel=_DELIVERY,
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Of everything random.", rich_help_panel=_DELIVERY)]
Input = Annotated[
    str,
    typer.Option(
        "--input", metavar="text|phonemes|ssml", help="What TEXT is: words, IPA, or SSML.", rich_help_panel=_DELIVERY
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE | -",
        help="Write a file; its suffix is the format. - is standard output.",
        rich_help_panel=_OUTPUT,
    ),
]
Play = Annotated[
    bool, typer.Option("--play", help="Play it, beside any file; the default without -o.", rich_help_panel=_OUTPUT)
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="wav|flac|ogg|opus|mp3|raw", help="Of the output.", rich_help_panel=_OUTPUT),
]
SampleRate = Annotated[
    int | None,
    typer.Option(metavar="HZ", help="Of the output; without it, the voice's.", rich_help_panel=_OUTPUT),
]
Timings = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="When what is said: .srt, .vtt, .json or .TextGrid.", rich_help_panel=_OUTPUT),
]
Plot = Annotated[
    Path | None,
    typer.Option(metavar="FILE.png", help="Draw the mel spectrogram and its phonemes.", rich_help_panel=_OUTPUT),
]
Json = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.", rich_help_panel=_RUN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.", rich_help_panel=_RUN)]
Verbose = Annotated[bool, typer.Option("--verbose", help="Tell times and the device used.", rich_help_panel=_RUN)]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        envvar="TTS_OFFLINE",
        help="Forbid all use of the network. This command never uses it.",
        rich_help_panel=_RUN,
    ),
]
Network = Annotated[
    bool,
    typer.Option(
        "--offline", envvar="TTS_OFFLINE", help="Forbid all use of the network; files work.", rich_help_panel=_RUN
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=_RUN)]
