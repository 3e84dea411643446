"""What stands on every page of a PDF and is no part of its text: running heads and page numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Heads are short; nothing longer is looked at.
_LONGEST = 120
_N_LINES = 2
"""Of a page, so many lines at its top and at its foot may be heads."""
_ENOUGH = 3
_NUMBER = r"(?P<number>\d{1,5}|[ivxlc]{1,7})"
_LAST = re.compile(rf"(?P<words>(?:.*\W)?){_NUMBER}\W*", re.IGNORECASE)
_FIRST = re.compile(rf"\W*{_NUMBER}(?P<words>(?:\W.*)?)", re.IGNORECASE)
_OF_ALL = re.compile(r"\s+(?:of|von|de|di)\s+\d{1,5}\W*$|(?<=\d)\s*/\s*\d{1,5}\W*$", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

Key = tuple[str, int | None, int]


@dataclass(frozen=True)
class Line:
    """A line of text, where its first letter stands (in points, y upwards), and how high its letters are."""

    text: str
    x: float
    y: float
    size: float


def without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without lines at their edges that stand on several, numbers that count the pages among them."""
    filled = sum(1 for lines in pages if lines)
    enough = min(_ENOUGH, max(2, filled))
    repeated = Counter(
        key for number, lines in enumerate(pages) for key in {k for line in _edges(lines) for k in _keys(line, number)}
    )

    def is_head(line: Line, page: int) -> bool:
        return any(repeated[key] >= enough for key in _keys(line, page))

    bodies = []
    for number, lines in enumerate(pages):
        first, last = 0, len(lines)
        while first < min(_N_LINES, last) and is_head(lines[first], number):
            first += 1
        while last > max(first, len(lines) - _N_LINES) and is_head(lines[last - 1], number):
            last -= 1
        bodies.append(list(lines[first:last]))
    return bodies


def _edges(lines: Sequence[Line]) -> Sequence[Line]:
    return lines if len(lines) <= 2 * _N_LINES else [*lines[:_N_LINES], *lines[-_N_LINES:]]


def _keys(line: Line, page: int) -> Iterator[Key]:
    """What the lines have in common that repeat: their words, and how far a number in them is from the page's.

    So "Chapter 1" and "Chapter 2" at the top of pages that do not follow each other are no heads.
    """
    if len(line.text) > _LONGEST:
        return
    text = _OF_ALL.sub("", line.text.casefold())
    size = round(line.size)
    yield text, None, size
    for found in (_LAST.fullmatch(text), _FIRST.fullmatch(text)):
        if found is not None:
            yield " ".join(found["words"].split()), _value(found["number"]) - page, size


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number)
    values = [_ROMAN[letter] for letter in number]
    return sum(-one if one < other else one for one, other in zip(values, [*values[1:], 0], strict=True))
