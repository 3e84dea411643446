"""The command `tts` itself: its groups, the flags before a command, and how failures are told."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tts.cli.failures import run
from tts.cli.settings import apply_settings
from tts.errors import UsageError

# In the order of the help. Each is a module here with a command, a function of the same name, or a group, `app`.
COMMANDS = ("say", "batch", "voices", "text", "train", "evaluate", "bench", "doctor")


class LazyCommands(Mapping[str, Any]):
    """The commands by name, each imported and built when it is asked for: one run needs one of them."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._built:
            self._built[name] = _built(name)
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _built(name: str) -> Any:
    module = importlib.import_module(f"tts.cli.{name}")
    alone = typer.Typer(add_completion=False)
    if hasattr(module, "app"):
        alone.add_typer(module.app, name=name)
    else:
        alone.command(name)(getattr(module, name))
    return typer.main.get_group(alone).commands[name]


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


def command() -> Any:
    group: Any = typer.main.get_command(app)
    group.commands = LazyCommands()
    return group


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
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    known = _long_flags(group) | (_long_flags(group.commands[name]) if name in group.commands else set())
    for argument in arguments[: arguments.index("--")] if "--" in arguments else arguments:
        name = "-" + argument.split("=")[0]
        if argument[:1] == "-" and name in known:
            raise UsageError(f"There is no flag {argument}; did you mean {name}?")


def _long_flags(command: Any) -> set[str]:
    flags = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    parts = getattr(command, "commands", {})
    return flags if isinstance(parts, LazyCommands) else flags.union(*map(_long_flags, parts.values()))


def _without_debug(arguments: list[str]) -> tuple[bool, list[str]]:
    """Whether --debug stands among the flags, and the arguments without it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [argument for argument in arguments[:end] if argument != "--debug"]
    return len(flags) < end, flags + arguments[end:]
