"""Sentences as CSV with a header: separated by commas, semicolons, tabs or |; quoted fields may contain line breaks."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from tts.batch.entry import KNOWN_NAMES, Entry, find_typo, plain_name
from tts.batch.lines import Line, display_name, with_line_feeds
from tts.errors import UsageError

# Limits of a row, so that a quote that is not closed does not swallow the rest of the file.
LONGEST_ROW_LINES = 1000
LONGEST_ROW_CHARACTERS = 131_072

_SEPARATORS = (",", ";", "\t", "|")
# In a file of one column nothing separates, and a comma belongs to the text.
_NO_SEPARATOR = "\x1f"
# Excel's own way to name the separator, in a line before the header.
_EXCEL_SEPARATOR = re.compile(r"sep=([,;:|\t])", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]+")
_QUOTING_ADVICE = "double a quote inside a quoted text, and close every quote"

Row = tuple[int, "list[str]", "str | None"]
"""Number of its first line, its fields, and why it cannot be read."""


def read_csv(lines: Iterable[Line], name: str, on_warning: Callable[[str], None]) -> Iterator[Entry]:
    """One entry per row; empty rows are skipped. The header is read at once.

    Raises:
        UsageError: no header with a text column, or a column that looks like a typo of a known one.
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
        raise UsageError(f"The header of {display_name(name)} cannot be read: {header.problem}")
    separator = separator or separator_of(header.text) or max(_SEPARATORS, key=header.text.count)
    rows = _RowReader(chain([header], lines), separator)
    _, names, problem = next(rows)
    if problem is not None:
        raise UsageError(f"The header of {display_name(name)} cannot be read: {problem}")
    return _entries(rows, _column_names(names, name, on_warning))


def separator_of(header: str) -> str | None:
    """What separates the columns of a header with a text column; None: this is not a header.

    A | separates only if all columns are known: otherwise it belongs to a text.
    """
    for separator in _SEPARATORS:
        names = [plain_name(name) for name in _split(header, separator)]
        n_known = sum(name in KNOWN_NAMES for name in names)
        if "text" in names and (separator != "|" or 1 < len(names) == n_known):
            return separator if len(names) > 1 else _NO_SEPARATOR
    return None


def is_surely_header(header: str) -> bool:
    """Whether a line is a header, not a sentence in which the word "text" stands between commas."""
    separator = separator_of(header)
    if separator in (None, _NO_SEPARATOR):
        return False
    names = [name.strip() for name in _split(header, separator or "")]
    return all(plain_name(name) in KNOWN_NAMES or _WORD.fullmatch(name) or not name for name in names)


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _column_names(header: list[str], name: str, on_warning: Callable[[str], None]) -> list[str | None]:
    """The known name of each column, None for a column that is ignored."""
    names = [plain_name(column) for column in header]
    known = [column for column in names if column in KNOWN_NAMES]
    if duplicates := [column for column in known if known.count(column) > 1]:
        raise UsageError(f"{display_name(name)} has two columns {duplicates[0]}: keep one.")
    unknown = [column.strip() for column, plain in zip(header, names, strict=True) if plain not in KNOWN_NAMES]
    if typo := find_typo(unknown, frozenset(known)):
        raise UsageError(f"{display_name(name)} has a column {typo}")
    if "text" not in known:
        raise UsageError(
            f"{display_name(name)} has no header with a column text: name the columns in its first line, like id,text, "
            "or say what its lines are with --layout."
        )
    for column in dict.fromkeys(unknown):
        on_warning(
            f"the column {column!r} is no option and is ignored" if column else "a column without a name is ignored"
        )
    return [column if column in KNOWN_NAMES else None for column in names]


def _entries(rows: _RowReader, columns: list[str | None]) -> Iterator[Entry]:
    for number, row, problem in rows:
        fields = [field.strip() for field in row]
        if problem is not None:
            yield Entry(number, problem=problem)
        elif not any(fields):
            # Spreadsheets leave such rows.
            continue
        # Spreadsheets write separators up to their widest row.
        elif len(fields) < len(columns) or any(fields[len(columns) :]):
            count = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
            is_long = len(fields) > len(columns)
            advice = "quote a text that contains the separator" if is_long else "leave a field empty rather than out"
            yield Entry(number, problem=f"The row has {count} and the header {len(columns)}: {advice}.")
        else:
            pairs = zip(columns, fields, strict=False)
            given = {name: with_line_feeds(field) for name, field in pairs if name and field}
            id, text, voice = (given.pop(name, None) for name in ("id", "text", "voice"))
            yield Entry(number, id, text or "", voice, given)


class _UnclosedQuoteError(Exception):
    """A row is longer than any row should be."""


class _RowReader:
    """The rows of a CSV.

    Of a row that cannot be read, only its first line counts: the lines after it are read again as rows of their own, so
    that a superfluous quote costs one row and not the rest of the file.
    """

    def __init__(self, lines: Iterable[Line], separator: str) -> None:
        self._lines = iter(lines)
        self._separator = separator
        self._again: deque[Line] = deque()
        self._row_lines: list[Line] = []
        self._reader = self._new_reader()

    def __iter__(self) -> _RowReader:
        return self

    def __next__(self) -> Row:
        self._row_lines.clear()
        try:
            row = next(self._reader)
        except (csv.Error, _UnclosedQuoteError) as error:
            first, *rest = self._row_lines
            self._again.extendleft(reversed(rest))
            self._reader = self._new_reader()
            if first.problem is not None:
                problem = first.problem
            elif rest or isinstance(error, _UnclosedQuoteError) or str(error) == "unexpected end of data":
                problem = f"A quote that opens in this row is not closed: {_QUOTING_ADVICE}."
            elif len(first.text) > LONGEST_ROW_CHARACTERS:
                problem = f"The row has more than {LONGEST_ROW_CHARACTERS:,} characters: split it."
            else:
                problem = f"The row is broken CSV ({error}): {_QUOTING_ADVICE}."
            return first.number, [], problem
        problems = [line.problem for line in self._row_lines if line.problem]
        return self._row_lines[0].number, row, problems[0] if problems else None

    def _new_reader(self) -> Iterator[list[str]]:
        if self._separator == "|":
            # Programs that separate by | do not quote fields.
            return csv.reader(self._feed(), delimiter="|", quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(self._feed(), delimiter=self._separator, strict=True)

    def _feed(self) -> Iterator[str]:
        """The lines as the reader requests them; those of the current row are in `_row_lines`."""
        characters = 0
        while (line := self._again.popleft() if self._again else next(self._lines, None)) is not None:
            self._row_lines.append(line)
            characters = len(line.text) + (characters if len(self._row_lines) > 1 else 0)
            is_too_long = len(self._row_lines) > 1 and characters > LONGEST_ROW_CHARACTERS
            if is_too_long or len(self._row_lines) > LONGEST_ROW_LINES or (line.problem and not line.text):
                raise _UnclosedQuoteError
            yield line.text + "\n"
