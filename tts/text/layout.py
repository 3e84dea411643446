"""The layout of a text: empty lines, headings, lists, tables and verse show where its parts begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from tts.text.passage import Level

_END = "\n\r\v\f\x85\u2028\u2029"
_LINE_END = re.compile(rf"\r\n|[{_END}]")
# Only spaces between two line ends: an empty line. A paragraph separator counts as one by itself.
_EMPTY_LINE = re.compile(rf"[{_END}](?<!\u2029)(?:(?<=\r)\n)?[^\S{_END}]*[{_END}]\s*|\u2029\s*")
# How many lines are classified together.
_WINDOW = 64
# Lines are not wrapped by hand beyond this many characters: a longer one is a complete paragraph.
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
# The line ends with a mark that is read as a pause anyway, or within a sentence, with a short word.
_CONTINUES = re.compile(r"[.!?…:;,،，、。！？।॥؟۔—–-][\"'”’»)\]*_」』]*\Z|\s[a-zà-ž]{1,3}\Z")
_OPENERS = "\"'“‘„«»([¿¡*_—–- "


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines that belong together, text[start:end], and the boundary before them; "" if they continue the last block."""

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
    """The number of characters without the whitespace around them."""
    words: str
    """Those characters; of a long line, only as many as can matter."""
    tail: str
    """The last of them."""
    heading: bool = False
    rule: bool = False
    entry: bool = False
    """A list entry begins with it."""
    listed: bool = False
    """Part of a list: an entry, or lines that continue one."""
    number: int | None = None
    """The number of that entry."""

    @property
    def final(self) -> bool:
        """Whether it ends a sentence."""
        return not self.tail[-1:].isalnum() and _FINAL.search(self.tail) is not None

    @property
    def small(self) -> bool:
        """Whether it begins with a small letter."""
        return self.words.lstrip(_OPENERS)[:1].islower()

    @property
    def closed(self) -> bool:
        """Whether nothing of it can continue in the next line."""
        return self.final or self.heading or self.rule

    @property
    def starts_anew(self) -> bool:
        """Whether it does not continue the line before, as a line of verse."""
        first = self.words.lstrip(_OPENERS)[:1]
        return (
            first.isupper()
            or (first.isdigit() and "." not in self.words[:4])
            or (not first.islower() and self.length <= 20)
        )

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        words = self.words
        has_cells = ("|" in words or "\t" in words or "   " in words) and _CELLS.search(words) is not None
        return words.startswith("|") or has_cells

    def is_heading(self, before: _Line | None, following: _Line | None) -> bool:
        free = before is None or before.closed
        underlined = (
            following is not None
            and free
            and following.length <= 2 * self.length + 3
            and _UNDERLINE.fullmatch(following.words) is not None
        )
        if self.small:
            return underlined
        if _HASHES.match(self.words):
            return True
        if not free or following is None or following.small:
            return False
        if underlined or _CHAPTER.fullmatch(self.words):
            return True
        n_letters = sum(map(str.isalpha, self.words))
        capitals = self.words.isupper() and n_letters >= 4 and not self.tail.endswith((".", ",", ";"))
        return capitals and not following.words.isupper() and (before is None or before.heading)

    def entry_number(self, before: _Line | None) -> int | None:
        """Return the number of the list entry that begins with this line, 0 if it has none, None if no entry begins."""
        words = self.words
        if words[:1].isalpha() and not _NUMBERING_MARK.intersection(words[:8]):
            return None
        if _BULLET.match(words):
            return 0
        free = before is None or before.closed
        in_list = before is not None and before.listed
        if _DASH.match(words):
            return 0 if free or in_list else None
        if found := _NUMBER.match(words):
            number = int(found[1] or words.partition(".")[0])
            follows = before is not None and before.listed and before.number in {0, number - 1, number}
            return number if number <= 1 or free or follows else None
        if found := _LETTER.match(words):
            is_first = found[1].lower() in {"a", "i"}
            return 0 if (is_first and free) or in_list else None
        return None

    def level_after(self, before: _Line, *, verse: bool, table: bool) -> Level:
        """Return the boundary between the line before and this one."""
        if table:
            return "" if self.rule else "sentence"
        if before.heading and self.rule:
            self.heading = True  # the underline belongs to the heading, what follows does not
            return ""
        if before.heading or self.heading or before.rule or self.rule or self.entry:
            return "paragraph"
        # A paragraph may be set off by the indent of its first line only.
        new = before.final and not self.small
        if new and self.indent >= 2 and before.indent < self.indent and not before.listed:
            return "paragraph"
        if before.length > _WIDEST and not self.small:
            return "paragraph" if before.final else "sentence"
        return "clause" if verse and before.length <= _WIDEST_ITEM and not _CONTINUES.search(before.tail) else ""


def text_blocks(text: str) -> Iterator[TextBlock]:
    """Yield a text's blocks in order, lazily; concatenated, they are the text except for whitespace."""
    opens: Level = ""
    start = 0
    for empty in _EMPTY_LINE.finditer(text):
        yield from _paragraph(text, start, empty.start(), opens)
        opens, start = "paragraph", empty.end()
    yield from _paragraph(text, start, len(text), opens)


def _paragraph(text: str, start: int, end: int, opens: Level) -> Iterator[TextBlock]:
    """Yield the blocks of the lines between two empty ones."""
    if not _LINE_END.search(text, start, end):
        yield TextBlock(start, end, opens)
        return
    before: _Line | None = None
    line_start = start
    spans = chain((found.span() for found in _LINE_END.finditer(text, start, end)), [(end, end)])
    while window := list(islice(spans, _WINDOW)):
        lines = []
        for stop, next_start in window:
            right = text[line_start:stop].rstrip()
            words = right.lstrip()
            n_indent = len(right) - len(words)
            lines.append(_Line(line_start, next_start, n_indent, len(words), words[:200], words[-12:]))
            line_start = next_start

        # A poem, an address or the like: short lines, most of which do not continue the one before.
        narrow = len(lines) >= 2 and max(line.length for line in lines) <= _WIDEST_VERSE
        verse = narrow and sum(line.starts_anew for line in lines) >= 0.9 * len(lines)
        table = len(lines) >= 2 and sum(line.is_row for line in lines) >= 0.6 * len(lines)
        for line, following in zip(lines, [*lines[1:], None], strict=True):
            line.rule = line.length <= 200 and not line.words[:1].isalnum() and _RULE.fullmatch(line.words) is not None
            line.heading = line.length <= 80 and not line.rule and line.is_heading(before, following)
            if before and before.listed:
                line.listed, line.number = True, before.number
            number = line.entry_number(before)
            if number is not None:
                line.entry, line.listed, line.number = True, True, number

            level = line.level_after(before, verse=verse, table=table) if before else ""
            if level:
                yield TextBlock(start, line.start, opens)
                start, opens = line.start, level
            before = line
        yield TextBlock(start, lines[-1].end, opens)
        start, opens = lines[-1].end, ""
