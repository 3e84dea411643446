"""A paragraph of a page while its text comes in: blanks as a browser shows them, and what is in another language."""

from __future__ import annotations

import re

from tts.documents.blocks import Block, unseen_removed
from tts.text.passage import Spoken

_BLANKS = re.compile(r"[ \t\n\r\f]+")


class Paragraph:
    """Gathers text; `taken` gives the block and begins the next."""

    def __init__(self) -> None:
        self.anchors: list[str] = []
        self.prefix = ""
        """What goes before the first word: the number of a list's entry."""
        self._clear()

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    def add(self, text: str, language: str | None = None, *, keeps_blanks: bool = False) -> None:
        """Add text as it stands in the file; `language` where it is not that of the document."""
        text = unseen_removed(text)
        if not keeps_blanks:
            text = _BLANKS.sub(" ", text)
            if self._ends_blank:
                text = text.lstrip(" ")
        if not text:
            return
        if self.prefix and text.strip():
            self._put(self.prefix)
            self.prefix = ""
        start = self._length
        self._put(text)
        if language is not None:
            self._mark(start, language)

    def add_break(self) -> None:
        """Begin a new line."""
        if self._pieces:
            self._put("\n")

    def taken(self, level: int) -> Block | None:
        """What came, without blanks around it; None where that is nothing."""
        whole = "".join(self._pieces)
        text = whole.strip()
        if not text:
            self._clear()
            return None
        lead = len(whole) - len(whole.lstrip())
        notes = (
            Spoken(max(0, start - lead), min(end - lead, len(text)), language=name) for start, end, name in self._spans
        )
        block = Block(text, level, tuple(note for note in notes if note.start < note.end), tuple(self.anchors))
        self.anchors.clear()
        self._clear()
        return block

    def _clear(self) -> None:
        self._pieces: list[str] = []
        self._spans: list[tuple[int, int, str]] = []
        self._length = 0
        self._ends_blank = True

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
        self._ends_blank = text[-1] in " \n"

    def _mark(self, start: int, language: str) -> None:
        if self._spans and self._spans[-1][1:] == (start, language):
            start = self._spans.pop()[0]
        self._spans.append((start, self._length, language))
