"""What the lines of a text say about where its parts begin: blank lines, headings, lists, tables, verse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts.text.passage import Level

_END = "\n\r\v\f\x85\u2028\u2029"
_LINE_END = re.compile(rf"\r\n|[{_END}]")
# Blanks within a line, then another line end: an empty line. A paragraph separator is one by itself.
_EMPTY_LINE = re.compile(rf"[{_END}](?<!\u2029)(?:(?<=\r)\n)?[^\S{_END}]*[{_END}]\s*|\u2029\s*")
# How many lines are looked at together.
_WINDOW = 64
# Nobody wraps lines by hand beyond this: such a line is a whole paragraph.
_WIDEST = 120
_WIDEST_VERSE = 55
_WIDEST_ITEM = 30

_BULLET = re.compile(r"[-*+•‣▪◦●○■□➢►·][^\S\n]+\S|[•‣▪◦●■►]\S")
_NUMBER = re.compile(r"\(?(\d{1,3})(?:\.\d{1,3}){0,4}[.)]\s+\S|\d{1,3}(?:\.\d{1,3}){1,4}\s+\S")
_LETTER = re.compile(r"\(?([A-Za-z]|[ivxlIVXL]{1,6})[.)]\s+\S")
_NUMBERING_MARK = frozenset(".)")
_DASH = re.compile(r"[—–―]\s*[\"'“¿¡«]*\w")
_HASHES = re.compile(r"#{1,6}\s+\S")
_RULE = re.compile(r"(?:[-=*_~#+·.•—–⁂❦\s|:]){3,}")
_UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}|\^{3,}|\*{3,}")
_CHAPTER = re.compile(
    r"(?:chapter|part|book|act|scene|volume|section|appendix|kapitel|teil|buch|chapitre|partie|livre|capítulo|parte"
    r"|libro|capitolo|hoofdstuk|deel|rozdział|część|глава|часть)"
    r"\s+(?:[0-9]{1,4}|[ivxlc]{1,8}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[A-Z])"
    r"(?:[.:]?|[.:—–-]\s*\S.{0,60})",
    re.IGNORECASE,
)
_CELLS = re.compile(r"\S(?:\t+| {3,}|\s\|\s?)\S")
_FINAL = re.compile(r"[.!?…:。！？।؟۔][\"'”’»)\]*_」』]*\Z")
# A line ends within a sentence: with a mark that is read as a pause anyway, or with one of the little words.
_GOES_ON = re.compile(r"[.!?…:;,،，、。！？।॥؟۔—–-][\"'”’»)\]*_」』]*\Z|\s[a-zà-ž]{1,3}\Z")
_OPENERS = "\"'“‘„«»([¿¡*_—–- "


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that hang together, text[start:end], and what lies before them; "" if they go on from the ones before."""

    start: int
    end: int
    opens: Level


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    """Where the next line begins."""
    indent: int
    length: int
    """How many characters there are between the blanks around it."""
    words: str
    """Those characters; of a long line, only as many as can matter."""
    tail: str
    heading: bool = False
    rule: bool = False
    entry: bool = False
    """A list entry begins with it."""
    listed: bool = False
    """Part of a list: an entry, or lines that go on with one."""
    number: int | None = None
    """The number of that entry."""

    @property
    def final(self) -> bool:
        return not self.tail[-1:].isalnum() and _FINAL.search(self.tail) is not None

    @property
    def small(self) -> bool:
        return self.words.lstrip(_OPENERS)[:1].islower()


def stretches(text: str) -> Iterator[Stretch]:
    """Yield a text's stretches in order, lazily; together they are the text up to blanks."""
    opens: Level = ""
    start = 0
    for empty in _EMPTY_LINE.finditer(text):
        yield from _paragraph(text, start, empty.start(), opens)
        opens, start = "paragraph", empty.end()
    yield from _paragraph(text, start, len(text), opens)


def _paragraph(text: str, start: int, end: int, opens: Level) -> Iterator[Stretch]:
    """Part the lines between two empty ones."""
    if not _LINE_END.search(text, start, end):
        yield Stretch(start, end, opens)
        return
    before: _Line | None = None
    for lines in _windows(text, start, end):
        verse, table = _is_verse(lines), _is_table(lines)
        for line, following in zip(lines, [*lines[1:], None], strict=True):
            _look(line, before, following)
            level = _level(before, line, verse=verse, table=table) if before else ""
            if level:
                yield Stretch(start, line.start, opens)
                start, opens = line.start, level
            before = line
        yield Stretch(start, lines[-1].end, opens)
        start, opens = lines[-1].end, ""


def _windows(text: str, start: int, end: int) -> Iterator[list[_Line]]:
    lines: list[_Line] = []
    for found in _LINE_END.finditer(text, start, end):
        lines.append(_line(text, start, found.start(), found.end()))
        start = found.end()
        if len(lines) == _WINDOW:
            yield lines
            lines = []
    lines.append(_line(text, start, end, end))
    yield lines


def _line(text: str, start: int, stop: int, end: int) -> _Line:
    right = text[start:stop].rstrip()
    words = right.lstrip()
    return _Line(start, end, len(right) - len(words), len(words), words[:200], words[-12:])


def _look(line: _Line, before: _Line | None, following: _Line | None) -> None:
    """Find out what kind of line it is."""
    line.rule = line.length <= 200 and not line.words[:1].isalnum() and _RULE.fullmatch(line.words) is not None
    line.heading = line.length <= 80 and not line.rule and _is_heading(line, before, following)
    if before and before.listed:
        line.listed, line.number = True, before.number
    number = _entry_number(line, before)
    if number is not None:
        line.entry, line.listed, line.number = True, True, number


def _is_heading(line: _Line, before: _Line | None, following: _Line | None) -> bool:
    if line.small:
        return following is not None and _is_underlined(line, before, following)
    if _HASHES.match(line.words):
        return True
    if before and not (before.final or before.heading or before.rule):
        return False
    if following is None or following.small:
        return False
    if _is_underlined(line, before, following):
        return True
    if _CHAPTER.fullmatch(line.words):
        return True
    loud = line.words.isupper() and sum(map(str.isalpha, line.words)) >= 4 and not line.tail.endswith((".", ",", ";"))
    return loud and not following.words.isupper() and (before is None or before.heading)


def _is_underlined(line: _Line, before: _Line | None, following: _Line) -> bool:
    free = before is None or before.final or before.heading or before.rule
    return free and following.length <= 2 * line.length + 3 and _UNDERLINE.fullmatch(following.words) is not None


def _entry_number(line: _Line, before: _Line | None) -> int | None:
    """Give the number of the list entry that begins with a line, 0 if it has none, None if no entry begins."""
    words = line.words
    if words[:1].isalpha() and not _NUMBERING_MARK.intersection(words[:8]):
        return None
    if _BULLET.match(words):
        return 0
    free = before is None or before.final or before.heading or before.rule
    if _DASH.match(words):
        return 0 if free or (before and before.listed) else None
    if found := _NUMBER.match(words):
        number = int(found[1] or words.partition(".")[0])
        follows = before is not None and before.listed and before.number in {0, number - 1, number}
        return number if number <= 1 or free or follows else None
    if found := _LETTER.match(words):
        first = found[1].lower() in {"a", "i"}
        return 0 if (first and free) or (before and before.listed) else None
    return None


def _level(before: _Line, line: _Line, *, verse: bool, table: bool) -> Level:
    """What lies between two lines."""
    if table:
        return "" if line.rule else "sentence"
    if before.heading and line.rule:
        line.heading = True  # what underlines it belongs to it, and what follows does not
        return ""
    if before.heading or line.heading or before.rule or line.rule or line.entry:
        return "paragraph"
    if _indented(before, line) or (before.length > _WIDEST and before.final and not line.small):
        return "paragraph"
    if before.length > _WIDEST and not line.small:
        return "sentence"
    return "clause" if verse and before.length <= _WIDEST_ITEM and not _GOES_ON.search(before.tail) else ""


def _indented(before: _Line, line: _Line) -> bool:
    """Tell whether a paragraph begins that is set off by its first line's indent alone."""
    return line.indent >= 2 and before.indent < line.indent and before.final and not (line.small or before.listed)


def _is_verse(lines: Sequence[_Line]) -> bool:
    """Tell whether lines are a poem's, an address's or the like: short, and each begins anew."""
    if len(lines) < 2 or max(line.length for line in lines) > _WIDEST_VERSE:
        return False
    n_anew = sum(_begins_anew(line) for line in lines)
    return n_anew >= 0.9 * len(lines)


def _begins_anew(line: _Line) -> bool:
    first = line.words.lstrip(_OPENERS)[:1]
    return (
        first.isupper()
        or (first.isdigit() and "." not in line.words[:4])
        or (not first.islower() and line.length <= 20)
    )


def _is_table(lines: Sequence[_Line]) -> bool:
    n_rows = sum(_is_row(line.words) for line in lines)
    return len(lines) >= 2 and n_rows >= 0.6 * len(lines)


def _is_row(words: str) -> bool:
    if words.startswith("|"):
        return True
    return ("|" in words or "\t" in words or "   " in words) and _CELLS.search(words) is not None
