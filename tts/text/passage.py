"""A text with standoff notes: pronunciations, prosody, languages, voices, pauses and bookmarks on its spans."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

Level = Literal["", "clause", "sentence", "paragraph"]
"""The boundary between a span of text and the one before, weakest first; "" is none."""

LEVELS: tuple[Level, ...] = ("", "clause", "sentence", "paragraph")


def stronger(one: Level, other: Level) -> Level:
    """Return the stronger of two boundaries."""
    return max(one, other, key=LEVELS.index)


@dataclass(frozen=True)
class Prosody:
    """How a span is spoken, relative to the options of the utterance."""

    speed: float = 1.0
    """A factor; above 1 is faster."""
    pitch: float = 0.0
    """Semitones up."""
    energy: float = 1.0
    """Vocal effort, a factor."""
    volume: float = 0.0
    """Gain in dB."""

    def within(self, outer: Prosody) -> Prosody:
        """Return this prosody nested inside another: factors multiply, semitones and dB add up."""
        return Prosody(
            self.speed * outer.speed, self.pitch + outer.pitch, self.energy * outer.energy, self.volume + outer.volume
        )


NEUTRAL = Prosody()


@dataclass(frozen=True)
class Pronunciation:
    """The span [start, end) is spoken as these phonemes (IPA)."""

    start: int
    end: int
    phonemes: str


@dataclass(frozen=True)
class Alias:
    """The span [start, end) is spoken as these words, which are not normalized again."""

    start: int
    end: int
    spoken: str


@dataclass(frozen=True)
class SpokenAs:
    """The span [start, end) has its own prosody, language (BCP 47) or voice; such spans nest."""

    start: int
    end: int
    prosody: Prosody = NEUTRAL
    language: str | None = None
    voice: str | None = None


@dataclass(frozen=True)
class Pause:
    """Silence of this many seconds before the character at `start`; the sentence may continue after it.

    None stands for the silence that belongs to `level`.
    """

    start: int
    seconds: float | None
    level: Level = ""

    @property
    def end(self) -> int:
        return self.start


@dataclass(frozen=True)
class Bookmark:
    """A named position, whose time is reported with the timings."""

    start: int
    name: str

    @property
    def end(self) -> int:
        return self.start


Note = Pronunciation | Alias | SpokenAs | Pause | Bookmark

# In characters. `Passage.part` finds shorter notes by bisection, and tests each of the few longer ones.
_NARROW = 1000


@dataclass(frozen=True)
class Passage:
    """A text and the notes on it, sorted by their starts, an outer note before the inner ones.

    `warnings` are sentences about markup that has no effect.
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
        object.__setattr__(self, "_narrow", tuple(note for note in ordered if note.end - note.start <= _NARROW))
        object.__setattr__(self, "_wide", tuple(note for note in ordered if note.end - note.start > _NARROW))
        object.__setattr__(self, "_starts", [note.start for note in self._narrow])
        object.__setattr__(self, "_words_end", len(self.text.rstrip()))

    def part(self, start: int, end: int) -> Passage:
        """Return the span [start, end) with its notes, clipped to it and counted from its start.

        A pause or bookmark at `start`, or in the whitespace before it, belongs to the part; one at `end` does only if
        nothing but whitespace follows. So parts that skip only whitespace lose no note. Warnings are not copied.
        """
        if not self.notes:
            return Passage(self.text[start:end])

        space = start
        while space > 0 and self.text[space - 1 : space].isspace():
            space -= 1
        first = bisect_left(self._starts, min(space, start - _NARROW))
        last = bisect_left(self._starts, end) if end < self._words_end else len(self._narrow)

        notes: list[Note] = []
        for note in chain(self._wide, self._narrow[first:last]):
            if isinstance(note, (Pause, Bookmark)):
                if note.start >= space:
                    notes.append(replace(note, start=min(max(note.start, start), end) - start))
            elif note.start < end and note.end > start:
                notes.append(replace(note, start=max(note.start, start) - start, end=min(note.end, end) - start))
        return Passage(self.text[start:end], tuple(notes))
