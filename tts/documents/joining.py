"""Chapters picked from a document, and read in a row as one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tts.documents.document import Chapter
from tts.errors import UsageError
from tts.text.passage import Bookmark, Note, Passage, Pause

_PICKED = re.compile(r"\s*(\d{1,6})\s*(?:(-)\s*(\d{1,6})?\s*)?")


def picked(chapters: Sequence[Chapter], wanted: str) -> Sequence[Chapter]:
    """Those that "3", "3-5" or "3-" means, counted from 1 on.

    Raises:
        UsageError: it means none.
    """
    found = _PICKED.fullmatch(wanted)
    if found is None:
        raise UsageError(f"--chapter must be a number or a range such as 3-5, not {wanted!r}.")
    first = int(found[1])
    last = int(found[3]) if found[3] else len(chapters) if found[2] else first
    if not 1 <= first <= last <= len(chapters):
        there = "is one chapter" if len(chapters) == 1 else f"are {len(chapters)} chapters"
        raise UsageError(f"There is no chapter {wanted.strip()}: there {there}; tts text chapters FILE lists them.")
    return chapters[first - 1 : last]


def in_a_row(chapters: Sequence[Chapter]) -> Passage:
    """The chapters as one passage, a bookmark of its title where each begins."""
    pieces: list[str] = []
    notes: list[Note] = []
    warnings: list[str] = []
    position = 0
    for chapter in chapters:
        notes.append(Bookmark(position, chapter.title))
        notes += (_moved(note, position) for note in chapter.passage.notes)
        warnings += chapter.passage.warnings
        pieces.append(chapter.passage.text)
        position += len(chapter.passage.text) + 2
    return Passage("\n\n".join(pieces), tuple(notes), tuple(dict.fromkeys(warnings)))


def _moved(note: Note, by: int) -> Note:
    if isinstance(note, (Pause, Bookmark)):
        return replace(note, start=note.start + by)
    return replace(note, start=note.start + by, end=note.end + by)
