"""The lines of a PDF's pages put together again: what repeats on every page gone, paragraphs whole, headings found."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tts.documents.blocks import Block, one_line
from tts.documents.headings import depth_of_heading
from tts.documents.running_heads import Line, without_running_heads

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_ENDS_SENTENCE = re.compile(r"[.!?:…][\"'”’»)\]]*$")
_HYPHENATED = re.compile(r"\w+(?:[-‐]\w+)+")
_NO_WORD = re.compile(r"\W+")
# A gap of so many lines' distance begins a paragraph; so does an indent of so many letters' height.
_GAP = 1.4
_INDENT = 0.8
# A line of less than this part of the usual width, and with the end of a sentence, is the last of its paragraph.
_SHORT = 0.75
_LONGEST_HEADING = 3


@dataclass(frozen=True)
class Opening:
    """An entry of the outline: a chapter begins on a page, counted from 0 on."""

    title: str
    page: int
    depth: int


@dataclass(frozen=True)
class _Measure:
    """What is usual in a document: the distance of two lines, the left edge, the characters in a full line."""

    leading: float
    left: float
    width: float


@dataclass
class _Group:
    """Lines that belong together; with openings they begin a chapter, as its heading or its first paragraph."""

    lines: list[Line]
    openings: tuple[Opening, ...] = ()
    is_heading: bool = False


def blocks_of_pages(pages: Sequence[Sequence[Line]], outline: Sequence[Opening]) -> Iterator[Block]:
    """The paragraphs of all pages in order, across their edges; where there is an outline, it opens the chapters."""
    bodies = without_running_heads(pages)
    written = {word.lower() for lines in bodies for line in lines for word in _HYPHENATED.findall(line.text)}
    for group in _groups(bodies, outline, _measure(bodies)):
        text = joined_lines([line.text for line in group.lines], written)
        words = depth_of_heading("\n".join(line.text for line in group.lines))
        if group.openings:
            title = one_line(", ".join(dict.fromkeys(opening.title for opening in group.openings)))
            depth = group.openings[-1].depth
            yield Block(text, depth if group.is_heading or words else 0, opens=title, depth=depth)
        elif words and not outline:
            yield Block(text, words, opens=one_line(text), depth=words)
        else:
            yield Block(text, words)


def joined_lines(lines: Sequence[str], hyphenated: Container[str] = ()) -> str:
    """Lines as one: a word that a hyphen parts at a line's end is whole again.

    The hyphen stays before a capital or digit, and in a word that the document (`hyphenated`) has with it elsewhere.
    """
    text = ""
    for line in lines:
        line = line.translate(_LIGATURES)
        if len(text) > 1 and text[-1] in "-‐" and text[-2].isalpha():
            before, after = re.search(r"[\w‐-]*$", text), re.match(r"\w*", line)
            word = (before.group() if before else "") + (after.group() if after else "")
            keeps = not line[:1].islower() or word.lower() in hyphenated
            text = text + line if keeps else text[:-1] + line
        else:
            text = f"{text} {line}" if text else line
    return text


def _groups(pages: Sequence[Sequence[Line]], outline: Sequence[Opening], measure: _Measure) -> Iterator[_Group]:
    by_page: dict[int, list[Opening]] = {}
    for opening in outline:
        by_page.setdefault(opening.page, []).append(opening)
    group = _Group([])
    heading_left = 0
    for number, lines in enumerate(pages):
        places = _places(lines, by_page.get(number, ()))
        for place, line in enumerate(lines):
            openings, n_lines = places.get(place, ((), 0))
            goes_on = heading_left > 0 or not (group.is_heading or _begins_paragraph(group.lines, line, place, measure))
            if openings or not goes_on:
                if group.lines:
                    yield group
                group = _Group([], openings, n_lines > 0)
                heading_left = n_lines
            group.lines.append(line)
            heading_left -= 1
    if group.lines:
        yield group


def _places(lines: Sequence[Line], openings: Iterable[Opening]) -> dict[int, tuple[tuple[Opening, ...], int]]:
    """By the line where chapters begin: their entries, and of how many lines the heading is that says the same."""
    places: dict[int, tuple[tuple[Opening, ...], int]] = {}
    for opening in openings:
        place, n_lines = _heading_of(lines, opening)
        others, longest = places.get(place, ((), 0))
        places[place] = ((*others, opening), max(longest, n_lines))
    return places


def _heading_of(lines: Sequence[Line], opening: Opening) -> tuple[int, int]:
    wanted = _letters(opening.title)
    for place in range(len(lines)):
        heading = ""
        for n_lines in range(1, min(_LONGEST_HEADING, len(lines) - place) + 1):
            heading += _letters(lines[place + n_lines - 1].text)
            if len(heading) > len(wanted) + 8:
                break
            if wanted and heading.lstrip("0123456789") == wanted.lstrip("0123456789"):
                return place, n_lines
    return 0, 0


def _letters(text: str) -> str:
    return _NO_WORD.sub("", text).casefold()


def _begins_paragraph(before: Sequence[Line], line: Line, place: int, measure: _Measure) -> bool:
    if not before:
        return True
    last = before[-1]
    if abs(line.size - last.size) > 0.1 * max(line.size, last.size):
        return True
    ends_short = _ENDS_SENTENCE.search(last.text) is not None and len(last.text) < _SHORT * measure.width
    is_indented = line.x > measure.left + _INDENT * line.size and last.x <= measure.left + 1
    if place == 0:
        # A page's edge says nothing; a sentence goes on across it.
        return ends_short or (is_indented and _ENDS_SENTENCE.search(last.text) is not None)
    return last.y - line.y > _GAP * measure.leading or is_indented or ends_short


def _measure(pages: Sequence[Sequence[Line]]) -> _Measure:
    gaps = [one.y - other.y for lines in pages for one, other in pairwise(lines) if 0 < one.y - other.y < 5 * one.size]
    edges = Counter(round(line.x) for lines in pages for line in lines)
    lengths = sorted(len(line.text) for lines in pages for line in lines)
    left = edges.most_common(1)[0][0] if edges else 0
    return _Measure(median(gaps) if gaps else math.inf, left, lengths[len(lengths) * 4 // 5] if lengths else 0)
