"""Paragraphs and headings in the order of reading, which every format gives, and the chapters they make."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tts.documents.document import Chapter
from tts.text.passage import Passage, Spoken

# What is there for the layout only: controls (not tabs and line breaks), soft hyphens, marks of width nothing.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff\ufff9-\ufffb]")
_LONGEST_TITLE = 120
_BLANKS = re.compile(r"\s+")

_LEFT_OUT = {
    "code": ("A block of code is not read.", "{} blocks of code are not read."),
    "footnote": ("A footnote is not read.", "{} footnotes are not read."),
    "licence": ("The licence that Project Gutenberg puts around a text is not read.",) * 2,
    "notes": ("A page of notes is not read.", "{} pages of notes are not read."),
    "index": ("The index is not read.",) * 2,
}


@dataclass(frozen=True)
class Block:
    """A paragraph, or a heading of `level` 1 to 6; with `left_out` it is none, and names what stood there unread.

    A block that `opens` a chapter gives its title; of two depths of chapters, 1 holds those of depth 2.
    """

    text: str
    level: int = 0
    notes: tuple[Spoken, ...] = ()
    anchors: tuple[str, ...] = ()
    """Places in it that a table of contents may point to."""
    opens: str | None = None
    depth: int = 1
    left_out: str = ""


@dataclass
class _Section:
    title: str | None
    depth: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def is_bare(self) -> bool:
        """Whether it is headings and no more."""
        return all(block.level for block in self.blocks if not block.left_out)


def unseen_removed(text: str) -> str:
    """The text without characters that are there for the layout only; line breaks of all kinds are line feeds."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))


def one_line(text: str) -> str:
    """A text with single blanks, short enough for a title."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1].rstrip() + "…"


def opened_by_headings(blocks: Iterable[Block], deepest: int = 2) -> Iterator[Block]:
    """The blocks; headings down to a level open chapters."""
    for block in blocks:
        opens = 0 < block.level <= deepest and block.opens is None
        yield replace(block, opens=one_line(block.text), depth=block.level) if opens else block


def chapters_of(
    blocks: Iterable[Block], title: str, warnings: Sequence[str] = (), *, parts_only: bool = False
) -> tuple[Chapter, ...]:
    """The chapters that blocks make; what comes before the first of them goes by `title`, as does a text without any.

    Headings with nothing under them go along with the next chapter where it is deeper, as those of parts do, else they
    are paragraphs of the chapter before. With `parts_only` depth 2 counts only where depth 1 is such a part.
    `warnings` are about the whole, and stand at the first chapter.
    """
    sections = _sections(blocks, title)
    if parts_only:
        sections = _folded(sections)
    chapters = tuple(_chapter(section, title) for section in _joined(sections))
    if not chapters or not warnings:
        return chapters
    first = chapters[0].passage
    told = Passage(first.text, first.notes, (*warnings, *first.warnings))
    return (Chapter(chapters[0].title, told), *chapters[1:])


def _sections(blocks: Iterable[Block], title: str) -> list[_Section]:
    sections = [_Section(None, 1)]
    for block in blocks:
        if block.opens is not None:
            sections.append(_Section(block.opens or title, block.depth))
        sections[-1].blocks.append(block)
    return [section for section in sections if section.blocks]


def _folded(sections: Iterable[_Section]) -> list[_Section]:
    """Sections of a chapter that has words of its own are no chapters."""
    folded: list[_Section] = []
    for section in sections:
        if folded and folded[-1].title is not None and section.depth > folded[-1].depth and not folded[-1].is_bare:
            folded[-1].blocks += section.blocks
        else:
            folded.append(section)
    return folded


def _joined(sections: Sequence[_Section]) -> list[_Section]:
    """The sections that have words; headings alone go with the next deeper one, or with the one before."""
    of_depth = Counter(section.depth for section in sections)
    joined: list[_Section] = []
    waiting: list[_Section] = []
    for section in sections:
        deeper = bool(waiting) and section.depth > waiting[-1].depth
        if waiting and not deeper and joined:
            joined[-1].blocks += _emptied(waiting)
        if section.is_bare:
            waiting.append(section)
            continue
        # The only one of its depth is the title of the whole, and no name of a part.
        parts = [each.title for each in waiting if deeper and of_depth[each.depth] > 1]
        section.blocks[:0] = _emptied(waiting)
        section.title = _title([*parts, section.title])
        joined.append(section)
    if waiting and joined:
        joined[-1].blocks += _emptied(waiting)
    elif waiting:
        joined.append(_Section(waiting[0].title, 1, _emptied(waiting)))
    return joined


def _emptied(sections: list[_Section]) -> list[Block]:
    blocks = [block for section in sections for block in section.blocks]
    sections.clear()
    return blocks


def _title(titles: Sequence[str | None]) -> str | None:
    named = [title for title in titles if title]
    return one_line(", ".join(named)) if named else None


def _chapter(section: _Section, title: str) -> Chapter:
    left_out = Counter(block.left_out for block in section.blocks if block.left_out)
    warnings = tuple(_LEFT_OUT[what][count > 1].format(count) for what, count in left_out.items())
    text, notes = _text(block for block in section.blocks if not block.left_out)
    return Chapter(section.title or title, Passage(text, notes, warnings))


def _text(blocks: Iterable[Block]) -> tuple[str, tuple[Spoken, ...]]:
    pieces: list[str] = []
    notes: list[Spoken] = []
    position = 0
    for block in blocks:
        notes += (replace(note, start=note.start + position, end=note.end + position) for note in block.notes)
        pieces.append(block.text)
        position += len(block.text) + 2
    return "\n\n".join(pieces), tuple(notes)
