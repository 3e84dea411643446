"""A passage put together from left to right: words, blanks between them, pauses and what else is noted of them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tts.text.markup.lengths import LONGEST_PAUSE
from tts.text.markup.remarks import Remarks
from tts.text.passage import Bookmark, Level, Note, Passage, Pause

_STRENGTH: dict[Level, int] = {"": 0, "clause": 1, "sentence": 2, "paragraph": 3}
# A pause before a mark that closes what was said: the blank was the tag's, and "word ." is not how it is written.
_CLOSING = re.compile(r"[.,;:!?…)\]}”»]+(?=\s|\Z)")


class Beginning(NamedTuple):
    """Where a stretch begins: how much was written before it."""

    length: int
    n_pieces: int
    n_notes: int


class Composer:
    """Takes words and what is to be known of them in their order.

    Blanks wait until the next word, so that none is left at either end; a pause or a bookmark lies behind the blanks,
    at the next word.
    """

    def __init__(self) -> None:
        self.remarks = Remarks()
        self._pieces: list[str] = []
        self._length = 0
        self._gap = ""
        self._gaps: dict[int, int] = {}
        self._pauses: dict[int, tuple[float | None, Level]] = {}
        self._bookmarks: list[tuple[int, str]] = []
        self._notes: list[tuple[int, Note]] = []
        self._n_begun = 0

    def write(self, words: str) -> None:
        """Add words that neither begin nor end with a blank; what was written before goes on if no blank was given."""
        if not words:
            return
        gap = self._fitting_gap(words) if self._length else ""
        if gap:
            self._gaps[self._length] = len(gap)
            self._pieces.append(gap)
        self._pieces.append(words)
        self._length += len(gap) + len(words)
        self._gap = ""

    def _fitting_gap(self, words: str) -> str:
        """The blanks before these words; around a pause it is one, or none before a mark that closes what was said."""
        if self._length not in self._pauses or "\n" in self._gap:
            return self._gap
        timed = self._pauses[self._length][0] is not None
        return "" if timed and _CLOSING.match(words) else self._gap[:1]

    def blank(self, blank: str = " ") -> None:
        """Let there be a blank before the next word; of several the one with the most lines counts."""
        if not self._gap or blank.count("\n") > self._gap.count("\n"):
            self._gap = blank

    def run(self, text: str) -> None:
        """Add a text as it is."""
        core = text.strip()
        n_before = len(text) - len(text.lstrip()) if core else len(text)
        self._join(text[:n_before])
        self.write(core)
        self._join(text[n_before + len(core) :])

    def _join(self, blanks: str) -> None:
        """Add blanks to those that wait: all of them, unless a pause lies between."""
        if self._length not in self._pauses:
            self._gap += blanks
        elif blanks:
            self.blank(blanks)

    def pause(self, seconds: float | None, level: Level = "") -> None:
        """Be silent here; lengths of several in a row add up, and the strongest level counts."""
        before, strongest = self._pauses.get(self._length, (None, ""))
        if seconds is not None and before is not None and seconds + before > LONGEST_PAUSE:
            self.remarks.add(f"Pauses in a row make more than {LONGEST_PAUSE:g} seconds: they are cut to that.")
        given = before if seconds is None else min((before or 0.0) + seconds, LONGEST_PAUSE)
        self._pauses[self._length] = (given, max(level, strongest, key=_STRENGTH.__getitem__))

    def bookmark(self, name: str) -> None:
        """Name this place."""
        self._bookmarks.append((self._length, name))

    def begin(self) -> Beginning:
        """Remember where a stretch begins."""
        self._n_begun += 1
        return Beginning(self._length, len(self._pieces), self._n_begun)

    def stretch(self, beginning: Beginning) -> tuple[int, int] | None:
        """What was written since, [start, end); None where that is nothing."""
        if self._length == beginning.length:
            return None
        return beginning.length + self._gaps.get(beginning.length, 0), self._length

    def words(self, beginning: Beginning) -> str:
        """The words since then."""
        return "".join(self._pieces[beginning.n_pieces :]).strip()

    def note(self, beginning: Beginning, note: Note) -> None:
        """Note something of a stretch that began there."""
        self._notes.append((beginning.n_notes, note))

    def places_behind(self, beginning: Beginning) -> None:
        """Move the pauses and bookmarks within what was written since behind it: it is said in one piece."""
        moved = []
        while self._pauses and next(reversed(self._pauses)) > beginning.length:
            moved.append(self._pauses.popitem()[1])
        for seconds, level in reversed(moved):
            self.pause(seconds, level)
        for index in range(len(self._bookmarks) - 1, -1, -1):
            if self._bookmarks[index][0] <= beginning.length:
                break
            self._bookmarks[index] = (self._length, self._bookmarks[index][1])

    def passage(self) -> Passage:
        """What has come together."""
        notes = [note for _, note in sorted(self._notes, key=lambda numbered: numbered[0])]
        for at, (seconds, level) in self._pauses.items():
            # A boundary before the first word or behind the last one has nothing on its other side.
            if seconds is not None or 0 < at < self._length:
                notes.append(Pause(self._place(at), seconds, level))
        notes += [Bookmark(self._place(at), name) for at, name in self._bookmarks]
        return Passage("".join(self._pieces), tuple(notes), self.remarks.told())

    def _place(self, at: int) -> int:
        return at + self._gaps.get(at, 0)
