"""The command `tts` itself: its groups, the flags before a command, settings, and how failures are reported."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tts.config import VOICES_DIR, config_file, load_settings
from tts.errors import TtsError, UsageError
from tts.interrupts import exit_code_of_signal
from tts.options import nearest

# In the order of the help. Each is a module here with a command, a function of the same name, or a group, `app`.
COMMANDS = ("say", "batch", "serve", "mcp", "speechd-config", "voices", "text", "train", "evaluate", "bench", "doctor")

FAILURE, WRONG_USAGE = 1, 2
INTERRUPTED = 128 + signal.SIGINT
# Typer exits with this if it meets the closed pipe first.
CLOSED_PIPE = 1


class LazyCommands(Mapping[str, Any]):
    """The commands by name, each imported and built at first use: one run needs one of them."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._built:
            module_name = name.replace("-", "_")
            module = importlib.import_module(f"tts.cli.{module_name}")
            parent = typer.Typer(add_completion=False)
            if hasattr(module, "app"):
                parent.add_typer(module.app, name=name)
            else:
                parent.command(name)(getattr(module, module_name))
            self._built[name] = typer.main.get_group(parent).commands[name]
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class TtsGroup(TyperGroup):
    """A command group that reports each failure in one sentence, and accepts --debug anywhere among the flags."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **named: Any) -> Any:
        arguments = list(sys.argv[1:] if args is None else args)
        named["standalone_mode"] = False
        end = arguments.index("--") if "--" in arguments else len(arguments)
        flags = [argument for argument in arguments[:end] if argument != "--debug"]
        is_debug = len(flags) < end
        arguments = current_spelling(flags) + arguments[end:]

        def action() -> Any:
            refuse_long_flag_with_one_dash(arguments, self)
            try:
                return super(TtsGroup, self).main(arguments, *rest, **named)
            except TtsError as error:
                if text := text_taken_for_a_flag(arguments):
                    hint = f'if "{text}" is the text, put -- before it'
                    raise type(error)(f"{str(error).rstrip('.')}; {hint}.") from error
                raise

        sys.exit(run(action, debug=is_debug))


app = typer.Typer(
    name="tts",
    cls=TtsGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Speech from text, on this machine.",
)


def command() -> Any:
    group: Any = typer.main.get_command(app)
    group.commands = LazyCommands()
    return group


def show_version(is_requested: bool) -> None:
    if is_requested:
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
    """Make the config file the default of every command's flags."""
    try:
        settings = load_settings(config_file())
    except TtsError:
        # `doctor` reports a broken file instead of failing.
        if context.invoked_subcommand == "doctor":
            return
        raise
    folder = settings.pop("voices-dir", None)
    if folder and not os.environ.get(VOICES_DIR.variable):
        os.environ[VOICES_DIR.variable] = folder
        context.call_on_close(lambda: os.environ.pop(VOICES_DIR.variable, None))

    defaults = {key.replace("-", "_"): value for key, value in settings.items()}
    # Typer looks up a command by its own name; a group passes its map on to its commands. Not `train`: its precision
    # is another one.
    context.default_map = {
        **dict.fromkeys(("say", "batch", "serve", "mcp", "speechd-config", "bench", "doctor"), defaults),
        "text": dict.fromkeys(("normalize", "phonemes", "segment"), defaults),
        "voices": {"install": defaults},
        # An evaluation compares several vocoders; without any it uses the voice's own.
        "evaluate": {name: value for name, value in defaults.items() if name != "vocoder"},
    }


def is_from_config(context: typer.Context, parameter: str) -> bool:
    """Whether the value of a flag comes from the config file."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "DEFAULT_MAP"


def current_spelling(arguments: Sequence[str]) -> list[str]:
    """The arguments with the flags of version 0.1 in their present spelling; the next release will refuse them.

    `--engine auto|torch|onnx` is now `--runtime`; `--offline` is gone from the commands that never use the network.
    """
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    current: list[str] = []
    for i, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag == "--engine" and name in ("say", "bench"):
            flag = "--runtime"
        elif flag == "--engine" and name == "batch":
            # Of a batch it says where the workers run.
            following = value if equals else "".join(arguments[i + 1 : i + 2])
            if following in ("auto", "torch", "onnx"):
                flag = "--runtime"
        elif flag == "--offline" and not equals and name in ("say", "batch", "evaluate", "bench", "doctor"):
            continue
        current.append(f"{flag}{equals}{value}")
    return current


def refuse_long_flag_with_one_dash(arguments: Sequence[str], group: Any) -> None:
    """Refuse `-output x`, which would otherwise be read as `-o utput` with the text "x"."""
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    known = _long_flags(group) | (_long_flags(group.commands[name]) if name in group.commands else set())
    for argument in arguments[: arguments.index("--")] if "--" in arguments else arguments:
        name = "-" + argument.split("=")[0]
        if argument[:1] == "-" and name in known:
            raise UsageError(f"There is no flag {argument}; did you mean {name}?")


def text_taken_for_a_flag(arguments: Sequence[str]) -> str | None:
    """The argument of `tts say` or `tts text` that was probably meant as a text: "-face" is not the file "ace"."""
    words = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    if not words or words[0] not in ("say", "text"):
        return None
    from tts.voice.store import voice_folders

    for argument in words[1:]:
        flag, value = argument[:2], argument[2:]
        # The short flags that have a value, which may follow without a space: -vheart, -oout.wav.
        if flag == "-f" and value and not os.path.exists(value):
            return argument
        if flag == "-v" and value and not os.path.isdir(value) and value not in voice_folders():
            return argument
        if flag == "-o" and value and value != "-" and not os.path.splitext(value)[1]:
            return argument
    return None


def _long_flags(command: Any) -> set[str]:
    flags = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    parts = getattr(command, "commands", {})
    return flags if isinstance(parts, LazyCommands) else flags.union(*map(_long_flags, parts.values()))


def run(action: Callable[[], Any], *, debug: bool) -> int:
    """Call `action` and return the exit code; a failure is reported in one sentence on standard error."""
    try:
        code = action()
        # Now, while it can still be reported: a full disk or a closed pipe shows only when the buffer is written.
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        _discard_output()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if (ended := exit_code_of_signal()) is not None:
            # The failure is a consequence of the signal: Python itself turns its exception into a RuntimeError while a
            # class is made, and libraries turn it into theirs.
            return ended
        if debug:
            traceback.print_exc()
        return _report(error)


def _report(error: Exception) -> int:
    """Print the sentence of a failure and return its exit code."""
    if isinstance(error, TtsError):
        _print_sentence(str(error))
        return WRONG_USAGE if isinstance(error, UsageError) else FAILURE
    # Typer's own errors, by what they can do: their classes moved between its versions.
    if hasattr(error, "format_message"):
        return _report_wrong_usage(error)
    if type(error).__name__ == "Abort":
        return INTERRUPTED
    if isinstance(error, OSError) and error.strerror:
        import errno

        file = f" ({error.filename})" if error.filename else ""
        _print_sentence(f"{error.strerror}{file}.")
        if error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF):
            # What is left in the buffer would fail once more when the interpreter exits.
            _discard_output()
        return FAILURE
    name, message = type(error).__name__, str(error) or "no message"
    _print_sentence(f"Unexpected error. {name}: {message}; run the command with --debug to see where, and report it.")
    return FAILURE


def _report_wrong_usage(error: Any) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return WRONG_USAGE
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "tts"
    if option := getattr(error, "option_name", None) if type(error).__name__ == "NoSuchOption" else None:
        known = [name for parameter in context.command.params for name in parameter.opts] if context else []
        hint = nearest(option, known) or f"; see {path} --help, and put -- before a text that starts with a dash."
        _print_sentence(f"{path} has no flag {option}{hint}")
        return WRONG_USAGE
    message = error.format_message().replace("\n", " ").strip()
    if "unexpected extra argument" in message and path.startswith(("tts say", "tts text")):
        message = f"{message.rstrip('.')}: put a text of several words in quotes"
    _print_sentence(message)
    return int(getattr(error, "exit_code", WRONG_USAGE))


def _print_sentence(sentence: str) -> None:
    sentence = sentence.strip()
    end = "" if sentence.endswith((".", "?", "!")) else "."
    print(f"tts: {sentence}{end}", file=sys.stderr)


def _discard_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)
