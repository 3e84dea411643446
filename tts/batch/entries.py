"""A sentences file as a stream of entries, whichever way people have laid it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from tts.batch.csv_rows import read_csv
from tts.batch.entry import Entry
from tts.batch.json_lines import read_json_lines
from tts.batch.lines import Line, read_lines
from tts.batch.piped import read_piped
from tts.batch.recognising import LJSPEECH_WARNING, recognise
from tts.errors import UsageError
from tts.voice.store import suggestion

LAYOUTS = ("auto", "text", "id", "voice", "csv", "json", "ljspeech")

# So much is read ahead to recognise a layout.
_LINES_AHEAD = 50
_CHARACTERS_AHEAD = 1 << 18


def _ignore(_: str) -> None:
    pass


def read_entries(
    stream: BinaryIO, name: str, layout: str = "auto", on_warning: Callable[[str], None] = _ignore
) -> Iterator[Entry]:
    """The entries of a sentences file in their order, read as they are asked for, in bounded memory.

    `name` is the file's, or "-" for standard input. What concerns the file as a whole is refused now; what concerns
    one line is that entry's problem.

    Raises:
        UsageError: there is no such layout, the file is not text or not laid out so, or it cannot be told how it is.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"There is no layout {layout!r}; {suggestion(layout, LAYOUTS)}")
    lines = read_lines(stream, name)
    guessed = layout == "auto"
    if guessed:
        ahead = _ahead(lines)
        lines = chain(ahead, lines)
        layout = recognise(ahead, name)
        if layout == "ljspeech":
            on_warning(LJSPEECH_WARNING)
    if layout == "csv":
        return read_csv(lines, name, on_warning)
    if layout == "json":
        return read_json_lines(lines, on_warning)
    return read_piped(lines, layout, guessed=guessed)


def _ahead(lines: Iterator[Line]) -> list[Line]:
    """The first lines: enough to recognise a layout, but no more than memory should hold."""
    ahead: list[Line] = []
    written, characters = 0, 0
    for line in lines:
        ahead.append(line)
        written += bool(line.text.strip())
        # An empty line takes memory too.
        characters += len(line.text) + 1
        if written >= _LINES_AHEAD or characters >= _CHARACTERS_AHEAD:
            break
    return ahead
