"""The flags that commands share: those of the one table of options, and a few of the command line's own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from tts.config import MIRROR, OFFLINE
from tts.options import OPTIONS, InputOptions, OutputOptions, SynthesisOptions, VoiceOptions

_PANELS = {"voice": "Voice", "text": "Speech", "input": None, "output": "Output"}
_TABLES = (VoiceOptions, SynthesisOptions, InputOptions, OutputOptions)
_OUTPUT, _RUN = "Output", "Running"

Command = TypeVar("Command", bound=Callable[..., Any])


def complete_voice(incomplete: str) -> list[str]:
    from tts.voice.store import voice_folders

    return [name for name in voice_folders() if name.startswith(incomplete)]


def flag(name: str, *, in_batch: bool = False) -> Any:
    """The flag of an option in the table, as `tts batch` has it or as all other commands do."""
    option = OPTIONS[name]
    metavar, help = option.metavar, option.help
    if in_batch:
        metavar, help = option.batch_metavar or metavar, option.batch_help or help
    limits = f" ({option.limits_text})" if option.limits_text else ""
    return typer.Option(
        option.flag,
        *filter(None, [option.short_flag]),
        metavar=metavar or None,
        envvar=option.variable,
        # Other numbers are checked by SynthesisOptions, for all interfaces.
        min=option.limits[0] if option.owner == "voice" and option.limits else None,
        help=f"{help}{limits}.",
        rich_help_panel=_PANELS[option.owner],
        show_default=option.default_text or True,
        autocompletion=complete_voice if name == "voice" else None,
    )


def option_flags(*, without: Collection[str] = (), in_batch: bool = False) -> Callable[[Command], Command]:
    """Decorate a command whose parameters include VoiceOptions, SynthesisOptions, InputOptions or OutputOptions.

    Each such parameter becomes a flag per option, except those `without`; the command receives the options themselves.
    `in_batch`: the flags are those of `tts batch`.
    """

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        tables = {each.name: each.annotation for each in signature.parameters.values() if each.annotation in _TABLES}
        names = {
            parameter: [each.name for each in fields(table) if each.metadata and each.name not in without]
            for parameter, table in tables.items()
        }
        parameters = []
        for parameter in signature.parameters.values():
            if parameter.name not in tables:
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            for name in names.get(parameter.name, ()):
                option = OPTIONS[name]
                kind = option.kind if option.default is not None else option.kind | None
                parameters.append(
                    inspect.Parameter(
                        name,
                        inspect.Parameter.KEYWORD_ONLY,
                        default=option.default,
                        annotation=Annotated[kind, flag(name, in_batch=in_batch)],
                    )
                )

        @functools.wraps(command)
        def run(**values: Any) -> Any:
            for parameter, table in tables.items():
                values[parameter] = table(**{name: values.pop(name) for name in names[parameter]})
            return command(**values)

        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return decorate


def check_voice(options: VoiceOptions) -> None:
    """Refuse a voice before the slow imports that speaking needs.

    Raises:
        UsageError: there is no such voice, or it has no such vocoder, acoustic model or speaker.
        TtsError: its manifest is broken.
    """
    from tts.voice.choices import check_choices
    from tts.voice.store import find_voice

    chosen = {name: getattr(options, name) for name in ("acoustic", "vocoder", "speaker")}
    check_choices(find_voice(options.voice), **chosen)


# Options of the table, for commands that have only some of them.
VoiceName = Annotated[str, flag("voice")]
Device = Annotated[str, flag("device")]
Seed = Annotated[int, flag("seed")]
LexiconFile = Annotated[Path | None, flag("lexicon")]
SystemEspeak = Annotated[bool, flag("system_espeak")]
Encoding = Annotated[str | None, flag("encoding")]

Language = Annotated[
    str, typer.Option("--language", "-l", metavar="CODE", help="Language of the text: en-us, en-gb, de, fr-fr, …")
]
Text = Annotated[
    str | None,
    typer.Argument(metavar="TEXT | -", help="The text, in quotes. Without it, or with -, standard input is read."),
]
Prepared = Annotated[Path, typer.Argument(metavar="PREPARED", help="A folder written by tts train prepare.")]
Plot = Annotated[
    Path | None,
    typer.Option(
        "--plot",
        metavar="FILE.png",
        help="Draw the mel spectrogram with its words and phonemes (needs the extra plot).",
        rich_help_panel=_OUTPUT,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.", rich_help_panel=_RUN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.", rich_help_panel=_RUN)]
Verbose = Annotated[bool, typer.Option("--verbose", help="Report times and the device used.", rich_help_panel=_RUN)]
Offline = Annotated[
    bool,
    typer.Option("--offline", envvar=OFFLINE.variable, help=f"{OFFLINE.help}; files work.", rich_help_panel=_RUN),
]
Mirror = Annotated[str | None, typer.Option("--mirror", metavar="URL", envvar=MIRROR.variable, help=f"{MIRROR.help}.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to all questions.", rich_help_panel=_RUN)]
