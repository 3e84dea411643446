"""Sentences as CSV with a header: separated by commas, semicolons, tabs or |; quoted fields may hold line breaks."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from tts.batch.entry import KNOWN_NAMES, Entry, plain_name, slip_among
from tts.batch.lines import Line, shown_name, with_plain_breaks
from tts.errors import UsageError

# A quote that is not closed takes no more of the file with it than this.
LONGEST_ROW_LINES = 1000
LONGEST_ROW_CHARACTERS = 131_072

_SEPARATORS = (",", ";", "\t", "|")
# In a file of one column nothing separates, and a comma belongs to the text.
_NONE = "\x1f"
# Excel's own way to name the separator, in a line before the header.
_EXCEL_SEPARATOR = re.compile(r"sep=([,;:|\t])", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]+")
_QUOTES = "write a quote in a quoted text twice, and close each one that opens"


@dataclass(frozen=True)
class _Columns:
    """What a header says: the known name of each column, None for one that is left out."""

    names: tuple[str | None, ...]

    def entry(self, number: int, row: list[str]) -> Entry | None:
        """None for a row of empty fields, as spreadsheets leave them."""
        fields = [field.strip() for field in row]
        if not any(fields):
            return None
        # Spreadsheets write separators up to their widest row.
        if len(fields) < len(self.names) or any(fields[len(self.names) :]):
            return Entry(number, problem=self._misfit(len(fields)))
        given = {
            name: with_plain_breaks(field) for name, field in zip(self.names, fields, strict=False) if name and field
        }
        id, text, voice = (given.pop(name, None) for name in ("id", "text", "voice"))
        return Entry(number, id, text or "", voice, given)

    def _misfit(self, count: int) -> str:
        fields = "1 field" if count == 1 else f"{count} fields"
        if count > len(self.names):
            way_out = "put a text that holds the separator in quotes"
        else:
            way_out = "leave a field empty rather than out"
        return f"The row has {fields} and the header {len(self.names)}: {way_out}."


def read_csv(lines: Iterable[Line], name: str, on_warning: Callable[[str], None]) -> Iterator[Entry]:
    """An entry a row; blank rows are none. The header is read at once.

    Raises:
        UsageError: there is no header with a column for the text, or a column is a slip for a known one.
    """
    lines = iter(lines)
    header = next((line for line in lines if line.text.strip() or line.problem), None)
    separator = None
    if header is not None and (named := _EXCEL_SEPARATOR.fullmatch(header.text.strip('" '))):
        separator = named[1]
        header = next(lines, None)
    if header is None:
        return iter(())
    if header.problem is not None:
        raise UsageError(f"The header of {shown_name(name)} cannot be read: {header.problem}")
    separator = separator or separator_of(header.text) or _likeliest_separator(header.text)
    return _entries(chain([header], lines), separator, name, on_warning)


def separator_of(header: str) -> str | None:
    """What separates the columns of a header with one for the text; None: this is no header.

    A | separates where all columns are known ones only: else it is the text's.
    """
    for separator in _SEPARATORS:
        names = [plain_name(name) for name in _split(header, separator)]
        known = sum(name in KNOWN_NAMES for name in names)
        if "text" in names and (separator != "|" or 1 < len(names) == known):
            return separator if len(names) > 1 else _NONE
    return None


def is_surely_header(header: str) -> bool:
    """Whether a line is a header and no sentence in which the word "text" stands alone between commas."""
    separator = separator_of(header)
    if separator in (None, _NONE):
        return False
    names = [name.strip() for name in _split(header, separator or "")]
    return all(plain_name(name) in KNOWN_NAMES or _WORD.fullmatch(name) or not name for name in names)


def _likeliest_separator(header: str) -> str:
    return max(_SEPARATORS, key=header.count)


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _entries(lines: Iterable[Line], separator: str, name: str, on_warning: Callable[[str], None]) -> Iterator[Entry]:
    rows = _Rows(lines, separator)
    _, header, problem = next(rows)
    if problem is not None:
        raise UsageError(f"The header of {shown_name(name)} cannot be read: {problem}")
    columns = _columns(header, name, on_warning)
    return _entries_of(rows, columns)


def _entries_of(rows: _Rows, columns: _Columns) -> Iterator[Entry]:
    for number, row, problem in rows:
        if problem is not None:
            yield Entry(number, problem=problem)
        elif (entry := columns.entry(number, row)) is not None:
            yield entry


def _columns(header: list[str], name: str, on_warning: Callable[[str], None]) -> _Columns:
    names = [plain_name(column) for column in header]
    known = [column for column in names if column in KNOWN_NAMES]
    twice = next((column for column in known if known.count(column) > 1), None)
    if twice is not None:
        raise UsageError(f"{shown_name(name)} has two columns {twice}: keep one.")
    unknown = [column.strip() for column, plain in zip(header, names, strict=True) if plain not in KNOWN_NAMES]
    if slip := slip_among(unknown, frozenset(known)):
        raise UsageError(f"{shown_name(name)} has a column {slip}")
    if "text" not in known:
        raise UsageError(
            f"{shown_name(name)} has no header with a column text: name the columns in its first line, like id,text, "
            "or say what its lines are with --layout."
        )
    for column in dict.fromkeys(unknown):
        on_warning(
            f"the column {column!r} is no option and is left out" if column else "a column without a name is left out"
        )
    return _Columns(tuple(column if column in KNOWN_NAMES else None for column in names))


class _UnclosedError(Exception):
    """A row goes on for longer than any row does."""


class _Rows:
    """The rows of a CSV: where each begins, its fields, and why it cannot be read.

    A row that cannot be read is the one line on which it begins: those behind it are read again as rows of their own,
    so that a quote too many costs one row and not the rest of the file.
    """

    def __init__(self, lines: Iterable[Line], separator: str) -> None:
        self._lines = iter(lines)
        self._separator = separator
        self._again: deque[Line] = deque()
        self._taken: list[Line] = []
        self._reader = self._new_reader()

    def __iter__(self) -> _Rows:
        return self

    def __next__(self) -> tuple[int, list[str], str | None]:
        self._taken.clear()
        try:
            row = next(self._reader)
        except (csv.Error, _UnclosedError) as error:
            return self._failed(error)
        return self._taken[0].number, row, next((line.problem for line in self._taken if line.problem), None)

    def _failed(self, error: Exception) -> tuple[int, list[str], str]:
        first, *rest = self._taken
        self._again.extendleft(reversed(rest))
        self._reader = self._new_reader()
        if first.problem is not None:
            return first.number, [], first.problem
        if rest or isinstance(error, _UnclosedError) or str(error) == "unexpected end of data":
            return first.number, [], f"A quote that opens in this row is not closed: {_QUOTES}."
        if len(first.text) > LONGEST_ROW_CHARACTERS:
            return first.number, [], f"The row has more than {LONGEST_ROW_CHARACTERS:,} characters: split it."
        return first.number, [], f"The row is broken CSV ({error}): {_QUOTES}."

    def _new_reader(self) -> Iterator[list[str]]:
        if self._separator == "|":
            # There a quote is a quote: such files come from programs that do not know CSV.
            return csv.reader(self._fed(), delimiter="|", quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(self._fed(), delimiter=self._separator, strict=True)

    def _fed(self) -> Iterator[str]:
        """The lines as the reader asks for them; what it has for the row at hand is in `_taken`."""
        characters = 0
        while (line := self._again.popleft() if self._again else next(self._lines, None)) is not None:
            self._taken.append(line)
            characters = len(line.text) + (characters if len(self._taken) > 1 else 0)
            too_long = len(self._taken) > 1 and characters > LONGEST_ROW_CHARACTERS
            if too_long or len(self._taken) > LONGEST_ROW_LINES or (line.problem and not line.text):
                raise _UnclosedError
            yield line.text + "\n"
