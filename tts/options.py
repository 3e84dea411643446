"""The one table of options: what a user can choose for a text, for the loaded voice, and for the output.

Flags, keys of the config file, batch columns, environment variables and the tables in docs/cli.md are made from the
four classes below. To add an option, add a field here; a test checks that nothing else has to be changed.
"""

# ruff: noqa: RUF009 - `_option` returns a dataclass field

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from tts.errors import UsageError

TextInput = Literal["text", "phonemes", "ssml"]
Owner = Literal["voice", "text", "input", "output"]


@dataclass(frozen=True)
class Option:
    """One option, as every interface presents it."""

    name: str
    """The Python name, which is also the batch column: sentence_silence."""
    owner: Owner
    """What the option belongs to: the loaded voice, one text, the file that is read, or the output."""
    default: Any
    kind: type
    """str, int, float, bool or Path; a default of None means that the option may be absent."""
    metavar: str
    help: str
    """The line of --help, without its final period."""
    batch_metavar: str
    batch_help: str
    """The same in `tts batch`, if it differs there; else empty."""
    details: str
    """What the documentation adds to `help`."""
    unit: str
    limits: tuple[float, float] | None
    """Inclusive. Beyond them speech turns into noise, or the value is a slip."""
    default_text: str
    """The default in words, where the value itself does not say it."""
    short_flag: str | None
    is_config_key: bool
    is_batch_column: bool

    @property
    def key(self) -> str:
        """The key in the config file: sentence-silence."""
        return self.name.replace("_", "-")

    @property
    def flag(self) -> str:
        """The long flag: --sentence-silence."""
        return f"--{self.key}"

    @property
    def variable(self) -> str | None:
        """The environment variable. Options of the loaded voice have one: what they name belongs to the machine."""
        return f"TTS_{self.name.upper()}" if self.owner == "voice" else None

    @property
    def limits_text(self) -> str:
        """The limits with their unit, for help texts: "0 to 30 s"; empty where there is no upper limit worth naming."""
        if self.limits is None or self.limits[1] >= 2**31:
            return ""
        return f"{self.limits[0]:g} to {self.limits[1]:g} {self.unit}".strip()


def _option(
    default: Any,
    metavar: str,
    help: str,
    *,
    kind: type | None = None,
    details: str = "",
    unit: str = "",
    limits: tuple[float, float] | None = None,
    default_text: str = "",
    short_flag: str | None = None,
    batch_metavar: str = "",
    batch_help: str = "",
    is_config_key: bool = True,
    is_batch_column: bool = True,
) -> Any:
    """A dataclass field that is an option. `kind` is needed where the default is None."""
    description = {
        "kind": type(default) if kind is None else kind,
        "metavar": metavar,
        "help": help,
        "details": details,
        "unit": unit,
        "limits": limits,
        "default_text": default_text,
        "short_flag": short_flag,
        "batch_metavar": batch_metavar,
        "batch_help": batch_help,
        "is_config_key": is_config_key,
        "is_batch_column": is_batch_column,
    }
    return field(default=default, metadata=description)


@dataclass(frozen=True)
class VoiceOptions:
    """The voice and how its networks compute: the arguments of `tts.load_voice`."""

    voice: str = _option("heart", "NAME|DIR", "Voice name, or the folder of a voice", short_flag="-v")
    vocoder: str | None = _option(
        None,
        "NAME|DIR",
        "Vocoder of the voice, an installed vocoder, or the folder of one",
        kind=str,
        details="A training run is such a folder; if the folder has several vocoders, its default is used.",
        default_text="the voice's",
    )
    acoustic: str | None = _option(
        None,
        "NAME",
        "Acoustic model, if the voice has several",
        kind=str,
        details="`--pitch` and `--energy` need a model that supports them.",
        default_text="the voice's",
    )
    speaker: str | None = _option(
        None,
        "NAME|N|MIX",
        "Speaker, if the voice has several: a name, a number, or a blend such as anna:60,ben:40",
        kind=str,
        details="`tts voices info VOICE` lists the speakers; numbers count from 0.",
        default_text="the voice's default",
    )
    device: str = _option(
        "auto",
        "auto|cpu|cuda|cuda:N",
        "Device that computes",
        details="A device that is not available is an error.",
        is_batch_column=False,
    )
    runtime: str | None = _option(
        None,
        "auto|torch|onnx",
        "What computes: PyTorch, or ONNX Runtime, which starts faster and runs on the CPU",
        kind=str,
        details="auto uses ONNX Runtime for networks that have a graph, if it is installed.",
        default_text="auto",
        is_batch_column=False,
    )
    precision: str = _option(
        "float32",
        "float32|bfloat16|int8",
        "Number format of the weights, for networks that support it",
        details="It is an error if none of the networks supports it.",
        is_batch_column=False,
    )
    threads: int | None = _option(
        None,
        "N",
        "Number of CPU threads that compute",
        kind=int,
        limits=(1, math.inf),
        default_text="all cores",
        is_batch_column=False,
    )
    lexicon: Path | None = _option(
        None,
        "FILE",
        "Your own pronunciations, one per line: word, tab, IPA or respelling",
        kind=Path,
        details="See [text.md](text.md#your-own-pronunciations).",
        is_batch_column=False,
    )
    system_espeak: bool = _option(
        False, "", "Use the espeak-ng of this machine instead of the bundled one", is_batch_column=False
    )


@dataclass(frozen=True)
class SynthesisOptions:
    """How one text is spoken.

    `vocoder`, `acoustic` and `speaker` replace, for this text, what the voice was loaded with; prefer
    `tts.load_voice(vocoder=…)`.

    Raises:
        UsageError: a value is outside its limits or not a finite number.
    """

    vocoder: str | None = None
    acoustic: str | None = None
    speaker: str | None = None
    speed: float = _option(1.0, "X", "Speaking rate; above 1 is faster", limits=(0.25, 4.0))
    pitch: float = _option(0.0, "SEMITONES", "Pitch shift; negative is lower", unit="semitones", limits=(-12.0, 12.0))
    energy: float = _option(1.0, "X", "Vocal effort, as a factor", limits=(0.25, 4.0))
    seed: int = _option(
        0,
        "N",
        "Seed of all random numbers",
        details="The same seed gives the same samples.",
        limits=(0, 2**63 - 1),
    )
    sentence_silence: float = _option(0.2, "SEC", "Silence between sentences", unit="s", limits=(0.0, 30.0))
    paragraph_silence: float = _option(
        0.6,
        "SEC",
        "Silence between paragraphs",
        details="Replaces the silence between sentences there.",
        unit="s",
        limits=(0.0, 30.0),
    )
    clause_silence: float = _option(
        0.0,
        "SEC",
        "Silence at the comma, semicolon, colon or dash between clauses, in addition to the voice's own pause",
        unit="s",
        limits=(0.0, 30.0),
    )
    denoise: float = _option(
        0.0,
        "X",
        "Remove the vocoder's constant noise: 0 nothing, 1 all of it",
        details="For WaveGlow and HiFi-GAN.",
        limits=(0.0, 1.0),
    )
    streams: int = _option(
        1, "N", "WaveNet only: generate N segments in parallel. Faster; joins may be audible", limits=(1, 64)
    )
    noise_scale: float | None = _option(
        None,
        "X",
        "Variation of the sound, for voices of one network with noise, such as Piper's",
        kind=float,
        details="0 gives the same samples from every seed, if --noise-w is 0 too.",
        limits=(0.0, 2.0),
        default_text="the voice's",
    )
    noise_w: float | None = _option(
        None,
        "X",
        "Variation of the durations, for the same voices",
        kind=float,
        limits=(0.0, 2.0),
        default_text="the voice's",
    )
    volume: float = _option(0.0, "DB", "Gain of the result", unit="dB", limits=(-60.0, 30.0))
    loudness: float | None = _option(
        None,
        "LUFS",
        "Normalize the text to this integrated loudness (ITU-R BS.1770), before --volume",
        kind=float,
        details="Nothing is written until the last sentence has been spoken.",
        unit="LUFS",
        limits=(-60.0, 0.0),
        default_text="unchanged",
    )
    input: TextInput = _option(
        "text",
        "text|phonemes|ssml",
        "What TEXT is: text with inline markup, phonemes (one sentence per line), or SSML",
        details="See [text.md](text.md).",
    )

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise UsageError(f"{name.replace('_', '-')} must lie between {low:g} and {high:g}, not {value:g}.")
        if self.input not in get_args(TextInput):
            raise UsageError(f"input must be one of {', '.join(get_args(TextInput))}, not {self.input!r}.")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))


@dataclass(frozen=True)
class InputOptions:
    """How the file of a text is read. It belongs to that file, and is no setting of a user or of a line in it."""

    encoding: str | None = _option(
        None,
        "NAME",
        "Encoding of the file or of standard input, such as windows-1252, shift_jis, gbk or utf-16-le",
        kind=str,
        details="Not for EPUB and PDF, which name their own.",
        default_text="UTF-8, or by its byte order mark",
        is_config_key=False,
        is_batch_column=False,
    )


@dataclass(frozen=True)
class OutputOptions:
    """The files that are written. `timings` is a file in `tts say` and a format in `tts batch`, which writes many."""

    format: str | None = _option(
        None,
        "wav|flac|ogg|opus|mp3|raw",
        "Audio format",
        kind=str,
        details="raw is 16-bit little-endian samples.",
        default_text="the suffix of the output file, or wav",
    )
    sample_rate: int | None = _option(
        None, "HZ", "Sample rate of the output", kind=int, unit="Hz", default_text="the voice's"
    )
    timings: str | None = _option(
        None,
        "FILE",
        "Write when each sentence, word and phoneme is spoken: .srt, .vtt, .lrc, .json or .TextGrid",
        kind=str,
        details="`tts batch` takes one of these formats in place of a file: `--timings srt`.",
        batch_metavar="FORMAT",
        batch_help="Write when each sentence, word and phoneme is spoken, in a file beside each audio file: srt, vtt, "
        "lrc, json or TextGrid",
        is_config_key=False,
    )


_OWNERS: dict[type[Any], Owner] = {
    VoiceOptions: "voice",
    SynthesisOptions: "text",
    InputOptions: "input",
    OutputOptions: "output",
}

OPTIONS: dict[str, Option] = {
    each.name: Option(each.name, owner, each.default, **each.metadata)
    for table, owner in _OWNERS.items()
    for each in fields(table)
    if each.metadata
}
"""All options by their Python names."""

BATCH_COLUMNS = tuple(option.name for option in OPTIONS.values() if option.is_batch_column)
"""What a line of a batch may set for itself, beside its id and text."""

LIMITS: dict[str, tuple[float, float]] = {
    name: option.limits for name, option in OPTIONS.items() if option.owner == "text" and option.limits
}
"""The inclusive limits of the numeric options of a text."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a refusal: "; did you mean …?" with the known names most similar to `name`, or nothing."""
    import difflib

    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def markdown_table(options: Iterable[Option]) -> str:
    """The options as the table of docs/cli.md."""
    rows = [("flag", "meaning", "default"), ("---", "---", "---")]
    for option in options:
        flag = " ".join(filter(None, (option.flag, option.metavar))).replace("|", "\\|")
        names = f"`{option.short_flag}`, `{flag}`" if option.short_flag else f"`{flag}`"
        limits = f" ({option.limits_text})" if option.limits_text else ""
        meaning = " ".join(filter(None, (f"{option.help}{limits}.", option.details)))
        is_number = option.default is not None and option.kind in (int, float)
        default = f"{option.default:g}" if is_number else str(option.default or "")
        rows.append((names, meaning, option.default_text or default))
    return "".join(f"| {' | '.join(row)} |\n".replace("|  |", "| |") for row in rows)
