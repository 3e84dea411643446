"""The command `tts` itself: its groups, the flags before a command, and how failures are told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tts.cli import bench, doctor, evaluate, say, text, train, voices
from tts.cli.failures import run
from tts.cli.settings import apply_settings
from tts.errors import UsageError


class SpeakingGroup(TyperGroup):
    """A command group that tells failures in one sentence, and knows --debug wherever it stands."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        named["standalone_mode"] = False
        debug, arguments = _without_debug(arguments)

        def action() -> Any:
            refuse_long_flag_with_one_dash(arguments, self)
            return super(SpeakingGroup, self).main(arguments, *rest, **named)

        sys.exit(run(action, debug=debug))


app = typer.Typer(
    name="tts",
    cls=SpeakingGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Speech from text, on this machine.",
)
app.command("say")(say.say)
app.add_typer(voices.app, name="voices")
app.add_typer(text.app, name="text")
app.add_typer(train.app, name="train")
app.command("evaluate")(evaluate.evaluate)
app.command("bench")(bench.bench)
app.command("doctor")(doctor.doctor)


def command() -> Any:
    return typer.main.get_command(app)


def show_version(asked: bool) -> None:
    if asked:
        import tts

        typer.echo(f"tts {tts.__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False,
) -> None:
    apply_settings(context)


def refuse_long_flag_with_one_dash(arguments: Sequence[str], group: Any) -> None:
    """Refuse `-output x`, which would otherwise be read as `-o utput` with the text "x"."""
    known = _long_flags(group)
    for argument in arguments[: arguments.index("--")] if "--" in arguments else arguments:
        name = "-" + argument.split("=")[0]
        if argument[:1] == "-" and name in known:
            raise UsageError(f"There is no flag {argument}; did you mean {name}?")


def _long_flags(command: Any) -> set[str]:
    flags = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    return flags.union(*(_long_flags(sub) for sub in getattr(command, "commands", {}).values()))


def _without_debug(arguments: list[str]) -> tuple[bool, list[str]]:
    """Whether --debug stands among the flags, and the arguments without it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [argument for argument in arguments[:end] if argument != "--debug"]
    return len(flags) < end, flags + arguments[end:]
