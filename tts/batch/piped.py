"""Sentences a line each: plain, or behind an id and a voice with a | between them.

text        the line
id          id|text
voice       id|voice|text
ljspeech    id|text or id|text|normalized text, of which the last is spoken: the metadata.csv of LJ Speech
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tts.batch.entry import Entry
from tts.batch.lines import Line

SEPARATOR = "|"
_FORMS = {"id": "id|text", "voice": "id|voice|text", "ljspeech": "id|text|normalized text"}


def read_piped(lines: Iterable[Line], layout: str, *, guessed: bool) -> Iterator[Entry]:
    """An entry a line; blank ones at the end of the file are none.

    A text may hold a | where the layout was asked for. Where it was guessed, a line with more of them than the others
    is that line's problem: it may be of another layout.
    """
    read = _plain if layout == "text" else _reader(layout, guessed=guessed)
    blank: range | None = None
    for line in lines:
        if line.problem is None and not line.text.strip():
            blank = range(blank.start if blank else line.number, line.number + 1)
            continue
        for number in blank or ():
            yield read(Line(number, ""))
        blank = None
        yield Entry(line.number, problem=line.problem) if line.problem else read(line)


def _plain(line: Line) -> Entry:
    return Entry(line.number, text=line.text.strip())


def _reader(layout: str, *, guessed: bool) -> Callable[[Line], Entry]:
    most = _FORMS[layout].count(SEPARATOR)
    least = 1 if layout == "ljspeech" else most
    # A fourth field of LJ Speech's is nothing that anybody knows.
    exact = guessed or layout == "ljspeech"

    def read(line: Line) -> Entry:
        if not line.text.strip():
            return Entry(line.number, problem="The line is empty.")
        fields = [part.strip() for part in line.text.split(SEPARATOR, -1 if exact else most)]
        if not least < len(fields) <= most + 1:
            return Entry(line.number, problem=_misfit(layout, len(fields) - 1))
        if not fields[0]:
            return Entry(line.number, problem=f"There is no id before the |, as in {_FORMS[layout]}: give it one.")
        voice = fields[1] or None if layout == "voice" else None
        text = fields[-1] or fields[1] if layout == "ljspeech" else fields[-1]
        return Entry(line.number, fields[0], text, voice)

    return read


def _misfit(layout: str, separators: int) -> str:
    form = _FORMS[layout]
    found = "no |" if separators == 0 else f"{separators} |"
    if separators < form.count(SEPARATOR):
        way_out = "use --layout text to speak whole lines" if separators == 0 else "leave a field empty rather than out"
    elif layout == "ljspeech":
        way_out = "take it out of the text"
    else:
        way_out = f"if it belongs to the text, use --layout {layout}"
    return f"The line has {found}, unlike {form}: {way_out}."
