"""A text, and what is known of its stretches beyond their letters: how to say them, and where to be silent."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

Level = Literal["", "clause", "sentence", "paragraph"]
"""What lies between a stretch and the one before: nothing, or a boundary, the weakest first."""


@dataclass(frozen=True)
class Manner:
    """How a stretch is said beside the rest: changes on top of what is asked for the whole."""

    speed: float = 1.0
    """A factor; above 1 is faster."""
    pitch: float = 0.0
    """Semitones up."""
    energy: float = 1.0
    """Vocal effort, a factor."""
    volume: float = 0.0
    """Gain in dB."""

    def within(self, outer: Manner) -> Manner:
        """This manner inside of another."""
        return Manner(
            self.speed * outer.speed, self.pitch + outer.pitch, self.energy * outer.energy, self.volume + outer.volume
        )


AS_USUAL = Manner()


@dataclass(frozen=True)
class Pronunciation:
    """The stretch [start, end) is said as these phonemes (IPA)."""

    start: int
    end: int
    phonemes: str


@dataclass(frozen=True)
class Alias:
    """The stretch [start, end) is said as if these words stood there; they are not normalized again."""

    start: int
    end: int
    spoken: str


@dataclass(frozen=True)
class Spoken:
    """The stretch [start, end) is said in a manner, a language (BCP 47) or by a voice of its own; they nest."""

    start: int
    end: int
    manner: Manner = AS_USUAL
    language: str | None = None
    voice: str | None = None


@dataclass(frozen=True)
class Pause:
    """Before the character at `start` there are so many seconds of silence, and no others; a sentence may go on after.

    None asks for the silence that belongs to `level`.
    """

    start: int
    seconds: float | None
    level: Level = ""

    @property
    def end(self) -> int:
        return self.start


@dataclass(frozen=True)
class Bookmark:
    """A place that the author named, and whose time the timings tell."""

    start: int
    name: str

    @property
    def end(self) -> int:
        return self.start


# In characters; a part of a text looks for the notes that reach into it no farther back than this.
_NARROW = 1000

Note = Pronunciation | Alias | Spoken | Pause | Bookmark


@dataclass(frozen=True)
class Passage:
    """A text and the notes on it, by their starts; an outer one comes before the inner ones.

    `warnings` are sentences about what the author asked for and does not get.
    """

    text: str
    notes: tuple[Note, ...] = ()
    warnings: tuple[str, ...] = ()
    _starts: list[int] = field(init=False, repr=False, compare=False)
    _narrow: tuple[Note, ...] = field(init=False, repr=False, compare=False)
    _wide: tuple[Note, ...] = field(init=False, repr=False, compare=False)
    _words_end: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.notes, key=lambda note: (note.start, -note.end)))
        object.__setattr__(self, "notes", ordered)
        # A part finds the narrow ones by bisection; there are few wide ones.
        object.__setattr__(self, "_narrow", tuple(note for note in ordered if note.end - note.start <= _NARROW))
        object.__setattr__(self, "_wide", tuple(note for note in ordered if note.end - note.start > _NARROW))
        object.__setattr__(self, "_starts", [note.start for note in self._narrow])
        object.__setattr__(self, "_words_end", len(self.text.rstrip()))

    def part(self, start: int, end: int) -> Passage:
        """The stretch [start, end) with its notes, counted from its own start; those across its edges are clipped.

        A place (a pause, a bookmark) at `start`, or in the blanks before it, belongs to the part; one at `end` only
        where nothing but blanks follows. Parts that leave out only blanks thus lose none. Warnings stay with the whole.
        """
        if not self.notes:
            return Passage(self.text[start:end])
        blanks = start
        while blanks > 0 and self.text[blanks - 1 : blanks].isspace():
            blanks -= 1
        first = bisect_left(self._starts, min(blanks, start - _NARROW))
        last = bisect_left(self._starts, end) if end < self._words_end else len(self._narrow)
        near = chain(self._wide, self._narrow[first:last])
        inside = (note for note in near if _touches(note, blanks, start, end))
        return Passage(self.text[start:end], tuple(_clipped(inside, start, end)))


def _touches(note: Note, blanks: int, start: int, end: int) -> bool:
    if isinstance(note, (Pause, Bookmark)):
        return note.start >= blanks
    return note.start < end and note.end > start


def _clipped(notes: Iterable[Note], start: int, end: int) -> Iterable[Note]:
    for note in notes:
        if isinstance(note, (Pause, Bookmark)):
            yield replace(note, start=min(max(note.start, start), end) - start)
        else:
            yield replace(note, start=max(note.start, start) - start, end=min(note.end, end) - start)
