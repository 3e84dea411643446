"""When each sentence, word, phoneme and bookmark is spoken.

Pure functions over seconds; nothing here knows a network or a file. `subtitles` writes the files.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

from tts.text.reading import ReadWord

# Voices that read spelling have these inside words: "it's", "well-known".
_SIGNS_INSIDE_WORDS = frozenset("'-")
# What voices write for markers and between phones, beside the punctuation of all scripts.
_MARKERS = frozenset("^$|")


@dataclass(frozen=True)
class Mark:
    """A phoneme symbol and its time in seconds; `place` is its index in the sentence's phonemes, or -1."""

    symbol: str
    start: float
    end: float
    place: int = -1


@dataclass(frozen=True)
class TimedWord:
    """A word as written, its phonemes, and its time from the first sound to the last, in seconds.

    `written` is its range [start, end) in the sentence with single spaces; empty where that is not known.
    """

    text: str
    phonemes: str
    start: float
    end: float
    written: tuple[int, int] = (0, 0)


class BookmarkPosition(NamedTuple):
    """A bookmark of the author, at a character of the sentence as written."""

    name: str
    start: int


@dataclass(frozen=True)
class TimedBookmark:
    """A bookmark of the author and the time at which it is reached, in seconds."""

    name: str
    seconds: float


@dataclass(frozen=True)
class TimedSentence:
    """A sentence as written, its phonemes, time, marks and words; all in seconds of the complete audio.

    Its own audio, with the silence in it, lasts until `audio_end`.
    """

    text: str
    phonemes: str
    start: float
    end: float
    marks: tuple[Mark, ...]
    words: tuple[TimedWord, ...]
    audio_end: float


def timed_sentence(
    text: str, phonemes: str, marks: Sequence[Mark], words: Sequence[TimedWord], offset: float, seconds: float
) -> TimedSentence:
    """Shift a sentence, whose marks and words count from its own start, to `offset`; its audio lasts `seconds`.

    It lasts from its first mark to its last, so that the silence around it belongs to no sentence; without marks, as
    long as its audio.
    """
    marks = tuple(replace(mark, start=mark.start + offset, end=mark.end + offset) for mark in marks)
    words = tuple(replace(word, start=word.start + offset, end=word.end + offset) for word in words)
    audio_end = offset + seconds
    start, end = (marks[0].start, marks[-1].end) if marks else (offset, audio_end)
    return TimedSentence(text, phonemes, start, end, marks, words, audio_end)


@dataclass(frozen=True)
class SentenceTimes:
    """When what a sentence consists of is spoken, in seconds from the start of the silence before it."""

    marks: tuple[Mark, ...]
    words: tuple[TimedWord, ...]
    bookmarks: tuple[TimedBookmark, ...]
    seconds: float
    """Until its end."""


class Timeline:
    """The times of a text, sentence by sentence.

    It counts samples, which are whole numbers: the times of a long text stay exact to the end.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sentences: list[TimedSentence] = []
        self.bookmarks: list[TimedBookmark] = []
        self._n_samples, self._sample_rate = 0, sample_rate

    @property
    def seconds(self) -> float:
        """Of all audio so far."""
        return self._n_samples / self._sample_rate

    def add(self, text: str, phonemes: str, times: SentenceTimes) -> TimedSentence | None:
        """Add a sentence, whose audio follows; None: there is only silence, in which bookmarks may be."""
        offset = self.seconds
        self.bookmarks += [TimedBookmark(mark.name, offset + mark.seconds) for mark in times.bookmarks]
        if not text:
            return None
        self.sentences.append(
            timed_sentence(with_single_spaces(text), phonemes, times.marks, times.words, offset, times.seconds)
        )
        return self.sentences[-1]

    def add_audio(self, n_samples: int) -> None:
        self._n_samples += n_samples


def symbol_marks(
    symbols: Sequence[str], places: Sequence[int], durations: Sequence[int], offset: float, frame_seconds: float
) -> tuple[Mark, ...]:
    """The time of each symbol, in seconds, the first one from `offset` on; markers without a symbol are left out.

    places: the index of each symbol in the phoneme string, -1 for none; durations: whole frames.
    """
    bounds = (offset + frames * frame_seconds for frames in accumulate(durations, initial=0))
    spans = zip(symbols, places, pairwise(bounds), strict=True)
    return tuple(Mark(symbol, start, end, place) for symbol, place, (start, end) in spans if symbol)


def timed_words(text: str, words: Sequence[ReadWord], marks: Sequence[Mark]) -> tuple[TimedWord, ...]:
    """The written words of a sentence, in order and without overlap, each from its first sounding mark to its last.

    A silent word gets the instant where the previous one ends. Where no words are known, they are those that spaces
    separate among the phonemes, written as phonemes.
    """
    if not words:
        return _phoneme_words(text, marks)

    # The marks of each word, from its first sound to its last.
    sounds: list[Sequence[Mark]] = []
    position = 0
    for word in words:
        while position < len(marks) and marks[position].place < word.first:
            position += 1
        first = position
        while position < len(marks) and marks[position].place < word.last:
            position += 1
        sounds.append(_sounding(marks[first:position]))

    reached = next((run[0].start for run in sounds if run), None)
    if reached is None:
        return ()
    offsets = _offsets_with_single_spaces(text)
    timed = []
    for word, run in zip(words, sounds, strict=True):
        start, reached = (run[0].start, run[-1].end) if run else (reached, reached)
        written = with_single_spaces(text[word.start : word.end])
        first = offsets[word.start]
        timed.append(TimedWord(written, _shown(run), start, reached, (first, first + len(written))))
    return tuple(timed)


def timed_bookmarks(
    bookmarks: Sequence[BookmarkPosition], read: Sequence[ReadWord], timed: Sequence[TimedWord], seconds: float
) -> tuple[TimedBookmark, ...]:
    """The start of the first word at or behind each bookmark; behind the last word, the end (`seconds`).

    `read` and `timed` are the same words; typed phonemes have no words.
    """
    starts = [(word.start, time.start) for word, time in zip(read, timed, strict=False)]
    return tuple(
        TimedBookmark(name, next((time for start, time in starts if start >= position), seconds))
        for name, position in bookmarks
    )


def _phoneme_words(text: str, marks: Sequence[Mark]) -> tuple[TimedWord, ...]:
    """The words of which only the marks are known; where the text is the phonemes, they have a range in it."""
    is_phonemes = all(m.symbol.isspace() or (m.place >= 0 and text.startswith(m.symbol, m.place)) for m in marks)
    offsets = _offsets_with_single_spaces(text)
    found = []
    for is_space, group in groupby(marks, key=lambda mark: mark.symbol.isspace()):
        run = [] if is_space else _sounding(list(group))
        if run:
            shown = _shown(run)
            last = run[-1].place + len(run[-1].symbol)
            written = (offsets[run[0].place], offsets[last]) if is_phonemes else (0, 0)
            found.append(TimedWord(shown, shown, run[0].start, run[-1].end, written))
    return tuple(found)


def _sounding(marks: Sequence[Mark]) -> Sequence[Mark]:
    sounds = [i for i, mark in enumerate(marks) if is_sound(mark.symbol)]
    return marks[sounds[0] : sounds[-1] + 1] if sounds else []


def _shown(marks: Sequence[Mark]) -> str:
    """Marks as phonemes without punctuation, but with the signs that spelling uses.

    Symbols of several letters (ARPAbet) have a space between them, and `|` between words.
    """
    symbols = [
        mark.symbol
        for mark in marks
        if mark.symbol.isspace() or mark.symbol in _SIGNS_INSIDE_WORDS or is_sound(mark.symbol)
    ]
    are_long = any(len(symbol) > 1 for symbol in symbols)
    groups = groupby(symbols, key=str.isspace)
    words = [(" " if are_long else "").join(group) for is_space, group in groups if not is_space]
    return (" | " if are_long else " ").join(words)


@lru_cache(maxsize=1024)
def is_sound(symbol: str) -> bool:
    """Tell whether a symbol is more than what separates or decorates words: punctuation, a space or a marker."""
    return any(sign not in _MARKERS and unicodedata.category(sign)[0] not in "PZC" for sign in symbol)


def with_single_spaces(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def _offsets_with_single_spaces(text: str) -> list[int]:
    """The offset of each character of a text, and of its end, in the text with single spaces."""
    offsets, reached = [], 0
    follows_space = False
    for character in text:
        is_space = character.isspace()
        if not is_space and follows_space:
            reached += 1
        follows_space = is_space and reached > 0
        offsets.append(reached)
        reached += not is_space
    return [*offsets, reached]
