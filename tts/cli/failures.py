"""How a command ends: its exit code, and one sentence for whatever went wrong."""

from __future__ import annotations

import difflib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from tts.errors import TtsError, UsageError

FAILURE, WRONG_USAGE = 1, 2
INTERRUPTED = 128 + signal.SIGINT
# Typer leaves with this when it meets the closed pipe first.
CLOSED_PIPE = 1


def run(action: Callable[[], Any], *, debug: bool) -> int:
    """Call `action` and give the exit code; failures are told on standard error."""
    try:
        code = action()
        # Here, while it can still be answered: a full disk or a closed pipe shows only when the buffer is written.
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        _discard_output()
        return CLOSED_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _tell(error)


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a refusal: "; did you mean …?" with the known names that look like `name`, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _tell(error: Exception) -> int:
    if isinstance(error, TtsError):
        _say(str(error))
        return WRONG_USAGE if isinstance(error, UsageError) else FAILURE
    # Typer's own errors, by what they can do: their classes moved between its versions.
    if hasattr(error, "format_message"):
        return _tell_wrong_usage(error)
    if type(error).__name__ == "Abort":
        return INTERRUPTED
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename else ""
        _say(f"{error.strerror}{place}.")
        _abandon_output(error)
        return FAILURE
    _say(f"{type(error).__name__}: {str(error) or 'no message'}; this should not happen, --debug shows where it did.")
    return FAILURE


def _tell_wrong_usage(error: Any) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return WRONG_USAGE
    path = context.command_path if context is not None else "tts"
    if option := getattr(error, "option_name", None) if type(error).__name__ == "NoSuchOption" else None:
        known = [name for parameter in context.command.params for name in parameter.opts] if context else []
        hint = nearest(option, known) or f"; see {path} --help, and put a text that starts with - behind --."
        _say(f"{path} has no flag {option}{hint}")
        return WRONG_USAGE
    message = error.format_message().replace("\n", " ").strip()
    if "unexpected extra argument" in message and path.startswith(("tts say", "tts text")):
        message = f"{message.rstrip('.')}: put a text of several words in quotes"
    _say(message)
    return int(getattr(error, "exit_code", WRONG_USAGE))


def _say(sentence: str) -> None:
    sentence = sentence.strip()
    end = "" if sentence.endswith((".", "?", "!")) else "."
    print(f"tts: {sentence}{end}", file=sys.stderr)


def _abandon_output(error: OSError) -> None:
    """After a failed write, what waits in the buffer would fail once more when the interpreter ends."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF):
        _discard_output()


def _discard_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    finally:
        os.close(nowhere)
