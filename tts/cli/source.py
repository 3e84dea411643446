"""Where a command's text comes from: an argument, or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tts.errors import TtsError, UsageError

STANDARD_INPUT = "-"


def read_text(argument: str | None) -> str:
    """The text to work on: the argument, or all of standard input for `-` or none.

    Raises:
        UsageError: there is no text.
        TtsError: it is not UTF-8.
    """
    text = decoded(_standard_input(argument)) if argument in (None, STANDARD_INPUT) else _checked(argument or "")
    if not text.strip():
        raise UsageError("There is no text to speak: it is empty.")
    return text


def read_lines(argument: str | None) -> Iterator[str]:
    """The argument as one line, or the lines of standard input as they come, without their ends."""
    if argument not in (None, STANDARD_INPUT):
        yield _checked(argument or "")
        return
    _refuse_terminal(argument)
    offset = 0
    for line in sys.stdin.buffer:
        yield decoded(line, offset).rstrip("\r\n")
        offset += len(line)


def decoded(content: bytes, offset: int = 0) -> str:
    """UTF-8 bytes as text, without a byte order mark; `offset` is where they begin in the whole input."""
    try:
        return content.decode("utf-8-sig" if offset == 0 else "utf-8")
    except UnicodeDecodeError as error:
        # Python counts from behind the byte order mark.
        mark = 3 if offset == 0 and content.startswith(b"\xef\xbb\xbf") else 0
        place = offset + mark + error.start
        raise TtsError(f"Standard input is not UTF-8 text: byte {place} cannot be read; convert it first.") from error


def _standard_input(argument: str | None) -> bytes:
    _refuse_terminal(argument)
    return sys.stdin.buffer.read()


def _refuse_terminal(argument: str | None) -> None:
    """Without an argument a terminal would wait in silence; who wants to type says `-`."""
    if argument is None and sys.stdin.isatty():
        raise UsageError("There is no text: give one in quotes, or - to read standard input.")


def _checked(argument: str) -> str:
    try:
        argument.encode("utf-8")
    except UnicodeEncodeError as error:
        raise TtsError(f"The text is not UTF-8: its character {error.start} cannot be read.") from error
    return argument
