"""The text layer of a PDF as paragraphs and headings: lines that repeat on every page removed, paragraphs joined."""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from tts.documents.document import Block, Document, chapters_of, language_tag, one_line, remove_invisible
from tts.documents.plain import depth_of_heading, hyphenated_words, joined_at_hyphen
from tts.documents.sources import library_for
from tts.errors import TtsError

_MOST_PAGES = 20_000
_LARGEST_FILE = 256 << 20
_MOST_CHARACTERS = 32 << 20
# What programs write where there is no title.
_NO_TITLES = ("untitled", "microsoft word", "unknown", "powerpoint")

# Running heads are short; longer lines are not examined.
_LONGEST_HEAD = 120
# This many lines at the top and at the bottom of a page may be running heads.
_N_HEAD_LINES = 2
# A line is a running head if it is on this many pages.
_HEAD_PAGES = 3
_PAGE_NUMBER = r"(?P<number>\d{1,5}|[ivxlc]{1,7})"
_NUMBER_LAST = re.compile(rf"(?P<words>(?:.*\W)?){_PAGE_NUMBER}\W*", re.IGNORECASE)
_NUMBER_FIRST = re.compile(rf"\W*{_PAGE_NUMBER}(?P<words>(?:\W.*)?)", re.IGNORECASE)
_OF_TOTAL = re.compile(r"\s+(?:of|von|de|di)\s+\d{1,5}\W*$|(?<=\d)\s*/\s*\d{1,5}\W*$", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_ENDS_SENTENCE = re.compile(r"[.!?:…][\"'”’»)\]]*$")
_NO_WORD = re.compile(r"\W+")
# Raised marks are at most this much of the letters around them in size, and at least that much of it higher.
_RAISED_SIZE = 0.85
_LEAST_RISE = 0.12
_RAISED_MARK = re.compile(r"[\[(]?(?:\d{1,4}(?:\s?[,–-]\s?\d{1,4})*|[*†‡§¶]{1,3}|[a-z])[\])]?|[+−-]\d{1,3}|st|nd|rd|th")
_POWER = re.compile(
    r"(?<![\d.,])(?!(?:1[0-9]|20)\d\d\Z)[\d.,]*\d\Z|(?<![^\W\d_])[^\W\d_]\Z|\d\s?[a-zµ]{1,2}\Z|\b[mck]m\Z|[^\W\d_]\)\Z"
)
_SUPERSCRIPTS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
# A distance of this many line spacings begins a paragraph; so does an indent of this many letter heights.
_WIDE_SPACING = 1.4
_INDENT = 0.8
# A line shorter than this part of the usual width that ends a sentence is the last of its paragraph.
_SHORT = 0.75
_LONGEST_HEADING = 3
# The usual line spacing of printers, in letter heights, for documents with too few lines to measure it.
_LINE_SPACING = 1.2
_ENOUGH_DISTANCES = 10


@dataclass(frozen=True)
class Line:
    """A line of text, the position of its first letter (in points, y upwards), and the height of its letters."""

    text: str
    x: float
    y: float
    size: float


@dataclass
class _Fragment:
    """A piece of text as the file draws it; `breaks` where a line begins with it."""

    text: str
    x: float
    y: float
    size: float
    breaks: bool


@dataclass(frozen=True)
class Opening:
    """An entry of the outline: a chapter begins on a page, counted from 0."""

    title: str
    page: int
    depth: int


def read_pdf(path: Path) -> Document:
    """The document, without running heads and page numbers; lines become paragraphs, the outline chapters.

    Raises:
        TtsError: it is encrypted, damaged or has only pictures of pages, or pypdf or what it needs is not installed.
    """
    library = library_for(".pdf")
    with _translated_errors(path.name):
        if path.stat().st_size > _LARGEST_FILE:
            raise TtsError(f"{path.name} is larger than {_LARGEST_FILE >> 20} MB: cut it into parts first.")
        with open(path, "rb") as file:
            reader = library.PdfReader(file)
            if reader.is_encrypted:
                try:
                    is_open = bool(reader.decrypt(""))
                # pypdf raises a dozen kinds of errors here; but for a missing library, the file cannot be opened.
                except Exception as error:
                    if _missing_library(error):
                        raise
                    is_open = False
                if not is_open:
                    raise TtsError(f"{path.name} is encrypted: save it without its password first.")
            if len(reader.pages) > _MOST_PAGES:
                raise TtsError(f"{path.name} has more than {_MOST_PAGES:,} pages: cut it into parts first.")

            pages: list[list[Line]] = []
            n_characters = n_pictures = 0
            for page in reader.pages:
                lines = _read_lines(page)
                n_characters += sum(len(line.text) for line in lines)
                if n_characters > _MOST_CHARACTERS:
                    n_millions = _MOST_CHARACTERS >> 20
                    raise TtsError(
                        f"{path.name} has more than {n_millions} million characters: cut it into parts first."
                    )
                n_pictures += not lines and "/XObject" in (page.get("/Resources") or {})
                pages.append(lines)

            outline = list(_read_outline(reader, reader.outline))
            metadata = reader.metadata
            title: str | None = one_line(str((metadata.title if metadata else None) or ""))
            author = one_line(str((metadata.author if metadata else None) or "")) or None
            language = language_tag(str(reader.root_object.get("/Lang", "")))
    if not any(pages):
        raise TtsError(f"{path.name} holds pictures of pages and no text: recognise it first, say with ocrmypdf.")

    if not title or title.lower().startswith(_NO_TITLES):
        title = None
    warnings = []
    if n_pictures:
        several = f"{n_pictures} pages hold pictures and no text."
        warnings.append(several if n_pictures > 1 else "A page holds pictures and no text.")
    blocks = blocks_of_pages(pages, outline)
    chapters = chapters_of(blocks, title or path.stem, warnings, parts_only=bool(outline))
    return Document(title, author, language, chapters)


@contextmanager
def _translated_errors(name: str) -> Iterator[None]:
    """Silence pypdf's own messages, and raise its errors as a TtsError about a damaged file or a missing library."""
    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    except TtsError:
        raise
    except OSError as error:
        raise TtsError(f"{name} cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        if library := _missing_library(error):
            raise TtsError(f"{name} {library}.") from error
        raise TtsError(f"{name} cannot be read as a PDF: it is damaged ({type(error).__name__}).") from error
    finally:
        log.setLevel(level)


def _missing_library(error: Exception) -> str:
    """What a PDF needs and how to install it, where an error of pypdf says that a library is missing; else empty.

    AES needs a library even where the password is empty and every viewer opens the file.
    """
    if not (isinstance(error, ImportError) or type(error).__name__ == "DependencyError"):
        return ""
    if "AES" in str(error) or "cryptography" in str(error):
        return "is encrypted with AES, which needs cryptography: install it with pip install 'utter-tts[documents]'"
    found = re.search(r"[A-Za-z][\w.-]*", getattr(error, "name", None) or str(error))
    library = found.group() if found else "another library"
    return f"needs {library}, which is not installed ({error})"


def _read_lines(page: Any) -> list[Line]:
    """The lines of a page that have text, with the position and size of their first letter."""
    fragments: list[_Fragment] = []
    breaks = True

    def visit(text: str, outer: list[float], inner: list[float], font: object, size: float) -> None:
        nonlocal breaks
        for number, part in enumerate(text.split("\n")):
            breaks = breaks or number > 0
            if part.strip():
                x = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
                y = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
                fragments.append(_Fragment(part, x, y, abs(size * inner[3] * outer[3]), breaks))
                breaks = False
            elif part and fragments and not breaks:
                fragments[-1].text += part

    page.extract_text(visitor_text=visit)
    _read_raised(fragments)
    lines: list[Line] = []
    written = ""
    for index, first in enumerate(fragments):
        if first.breaks:
            begun = first
            written = ""
        written += first.text
        if index + 1 == len(fragments) or fragments[index + 1].breaks:
            written = written.rstrip()
            if written.endswith("\xad"):
                # A soft hyphen is visible at the end of a line.
                written = f"{written[:-1]}-"
            if text := " ".join(remove_invisible(written).split()):
                lines.append(Line(text, begun.x, begun.y, begun.size))
    return lines


def _read_raised(fragments: Sequence[_Fragment]) -> None:
    """Remove the marks of notes, which are small and high behind a word, and join what they have cut.

    What is raised behind a digit, a single letter or a unit is a power, and "st" and the like belong to their number.
    """
    base: _Fragment | None = None
    was_raised = False
    for index, fragment in enumerate(fragments):
        if base is None:
            base = fragment
            continue
        rise = fragment.y - base.y
        mark = fragment.text.strip()
        is_raised = (
            fragment.size <= _RAISED_SIZE * base.size
            and _LEAST_RISE * base.size <= rise <= base.size
            and _RAISED_MARK.fullmatch(mark) is not None
        )
        if is_raised:
            before = "".join(one.text for one in fragments[max(0, index - 3) : index]).rstrip()
            if mark in ("st", "nd", "rd", "th"):
                replacement = mark
            elif _POWER.search(before) and mark.lstrip("+-−").isdecimal():
                replacement = mark.translate(_SUPERSCRIPTS)
            else:
                replacement = ""
            fragments[index - 1].text = fragments[index - 1].text.rstrip()
            fragment.text, fragment.breaks = replacement, False
            was_raised = True
            continue
        if was_raised and abs(rise) <= _LEAST_RISE * base.size and fragment.breaks:
            fragment.breaks = False
            fragment.text = f" {fragment.text}"
        was_raised = False
        base = fragment


def _read_outline(reader: Any, entries: Any, above: Opening | None = None) -> Iterator[Opening]:
    """The entries that name a page. What is below an entry without a page is on the level of that entry.

    From the third level on an entry counts where the one above is a part, on a page of its own or by its title.
    """
    last = above
    for entry in entries:
        if isinstance(entry, list):
            yield from _read_outline(reader, entry, last)
            continue
        last = above
        page = reader.get_destination_page_number(entry)
        title = one_line(str(entry.title or ""))
        if page is None or page < 0 or not title:
            continue
        opening = Opening(title, page, above.depth + 1 if above else 1)
        if above and opening.depth > 2 and above.page == page and depth_of_heading(above.title) != 1:
            continue
        last = opening
        yield opening


def remove_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without lines at their edges that are on several pages, or that number the pages."""
    enough = min(_HEAD_PAGES, max(2, sum(1 for lines in pages if lines)))
    n_pages: Counter[tuple[str, int | None, int]] = Counter()
    for number, lines in enumerate(pages):
        at_edges = lines
        if len(lines) > 2 * _N_HEAD_LINES:
            at_edges = [*lines[:_N_HEAD_LINES], *lines[-_N_HEAD_LINES:]]
        n_pages.update({key for line in at_edges for key in _head_keys(line, number)})

    def is_head(line: Line, page: int) -> bool:
        return any(n_pages[key] >= enough for key in _head_keys(line, page))

    bodies = []
    for number, lines in enumerate(pages):
        first, last = 0, len(lines)
        while first < min(_N_HEAD_LINES, last) and is_head(lines[first], number):
            first += 1
        while last > max(first, len(lines) - _N_HEAD_LINES) and is_head(lines[last - 1], number):
            last -= 1
        bodies.append(list(lines[first:last]))
    return bodies


def _head_keys(line: Line, page: int) -> Iterator[tuple[str, int | None, int]]:
    """What repeated lines have in common: their words, and the difference of a number in them to the page's number.

    So "Chapter 1" and "Chapter 2" at the top of pages that do not follow each other are no heads.
    """
    if len(line.text) > _LONGEST_HEAD:
        return
    text = _OF_TOTAL.sub("", line.text.casefold())
    size = round(line.size)
    yield text, None, size
    for found in (_NUMBER_LAST.fullmatch(text), _NUMBER_FIRST.fullmatch(text)):
        if found is None:
            continue
        if found["number"].isdecimal():
            value = int(found["number"])
        else:
            digits = [_ROMAN[letter] for letter in found["number"]]
            value = sum(-one if one < other else one for one, other in zip(digits, [*digits[1:], 0], strict=True))
        yield " ".join(found["words"].split()), value - page, size


@dataclass(frozen=True)
class _Layout:
    """What is usual in a document: the distance of two lines, the left edge, the characters in a full line."""

    spacing: float
    left: float
    width: float

    @classmethod
    def measure(cls, pages: Sequence[Sequence[Line]]) -> _Layout:
        distances = [
            one.y - other.y for lines in pages for one, other in pairwise(lines) if 0 < one.y - other.y < 5 * one.size
        ]
        edges = Counter(round(line.x) for lines in pages for line in lines)
        lengths = sorted(len(line.text) for lines in pages for line in lines)
        usual = _LINE_SPACING * median(line.size for lines in pages for line in lines) if lengths else math.inf
        spacing = median(distances) if len(distances) >= _ENOUGH_DISTANCES else min([*distances, usual])
        left = edges.most_common(1)[0][0] if edges else 0
        return cls(spacing, left, lengths[len(lengths) * 4 // 5] if lengths else 0)

    def begins_paragraph(self, before: Sequence[Line], line: Line, *, is_first: bool) -> bool:
        """Whether a line begins a paragraph after the lines `before`; `is_first` on its page."""
        if not before:
            return True
        last = before[-1]
        if abs(line.size - last.size) > 0.1 * max(line.size, last.size):
            return True
        ends_sentence = _ENDS_SENTENCE.search(last.text) is not None
        ends_short = ends_sentence and len(last.text) < _SHORT * self.width
        is_indented = line.x > self.left + _INDENT * line.size and last.x <= self.left + 1
        if is_first:
            # A page break separates nothing; a sentence may continue after it.
            return ends_short or (is_indented and ends_sentence) or depth_of_heading(line.text) > 0
        return last.y - line.y > _WIDE_SPACING * self.spacing or is_indented or ends_short


@dataclass
class _Group:
    """Lines that form a heading or a paragraph; with openings they begin a chapter."""

    lines: list[Line]
    openings: tuple[Opening, ...] = ()
    is_heading: bool = False


def blocks_of_pages(pages: Sequence[Sequence[Line]], outline: Sequence[Opening]) -> Iterator[Block]:
    """The paragraphs of all pages in order, also across page breaks; an outline, where there is one, gives chapters."""
    bodies = remove_running_heads(pages)
    hyphenated = hyphenated_words("\n".join(line.text for lines in bodies for line in lines))
    for group in _groups(bodies, outline):
        text = join_lines([line.text for line in group.lines], hyphenated)
        depth = depth_of_heading("\n".join(line.text for line in group.lines))
        if group.openings:
            title = one_line(", ".join(dict.fromkeys(opening.title for opening in group.openings)))
            outline_depth = group.openings[-1].depth
            level = outline_depth if group.is_heading or depth else 0
            yield Block(text, level, chapter_title=title, chapter_depth=outline_depth)
        elif depth and not outline:
            yield Block(text, depth, chapter_title=one_line(text), chapter_depth=depth)
        else:
            yield Block(text, depth)


def join_lines(lines: Sequence[str], hyphenated: Container[str] = ()) -> str:
    """Lines as one text; a word that a hyphen splits at the end of a line is joined.

    See `tts.documents.plain.joined_at_hyphen` for where the hyphen stays.
    """
    text = ""
    for line in lines:
        line = line.translate(_LIGATURES)
        if len(text) > 1 and text[-1] in "-‐" and text[-2].isalnum():
            text = joined_at_hyphen(text, line, hyphenated)
        else:
            text = f"{text} {line}" if text else line
    return text


def _groups(pages: Sequence[Sequence[Line]], outline: Sequence[Opening]) -> Iterator[_Group]:
    layout = _Layout.measure(pages)
    by_page: dict[int, list[Opening]] = {}
    for opening in outline:
        by_page.setdefault(opening.page, []).append(opening)
    group = _Group([])
    heading_left = 0
    for number, lines in enumerate(pages):
        # By the index of the line where chapters begin: their entries, and the number of lines of their heading.
        openings_at: dict[int, tuple[tuple[Opening, ...], int]] = {}
        for opening in by_page.get(number, ()):
            index, n_lines = _find_heading(lines, opening)
            others, longest = openings_at.get(index, ((), 0))
            openings_at[index] = ((*others, opening), max(longest, n_lines))

        for index, line in enumerate(lines):
            openings, n_lines = openings_at.get(index, ((), 0))
            continues = heading_left > 0 or not (
                group.is_heading or layout.begins_paragraph(group.lines, line, is_first=index == 0)
            )
            if openings or not continues:
                if group.lines:
                    yield group
                group = _Group([], openings, n_lines > 0)
                heading_left = n_lines
            group.lines.append(line)
            heading_left -= 1
    if group.lines:
        yield group


def _find_heading(lines: Sequence[Line], opening: Opening) -> tuple[int, int]:
    """The index of the heading with the title of an outline entry, and its number of lines; (0, 0) without one."""

    def letters(text: str) -> str:
        return _NO_WORD.sub("", text).casefold()

    title = letters(opening.title)
    for index in range(len(lines)):
        heading = ""
        for n_lines in range(1, min(_LONGEST_HEADING, len(lines) - index) + 1):
            heading += letters(lines[index + n_lines - 1].text)
            if len(heading) > len(title) + 8:
                break
            if title and heading.lstrip("0123456789") == title.lstrip("0123456789"):
                return index, n_lines
    return 0, 0
