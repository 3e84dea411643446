"""When each sentence, word and phoneme is heard.

Pure functions over seconds; nothing here knows a network or a file. The files that say so are in `timing_files`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, groupby, pairwise

from tts.text.reading import ReadWord

# Voices that read spelling have these inside words: "it's", "well-known".
_INSIDE_WORDS = frozenset("'-")
# What voices write for markers and between phones, beside the punctuation of all scripts.
_MARKERS = frozenset("^$|")


@dataclass(frozen=True)
class Mark:
    """A phoneme symbol and when it is heard, in seconds; `place` is its index in the sentence's phonemes, or -1."""

    symbol: str
    start: float
    end: float
    place: int = -1


@dataclass(frozen=True)
class TimedWord:
    """A word as written, its phonemes, and when it is heard, from its first sound to its last, in seconds.

    `written` is its stretch, [start, end), of the sentence with single blanks; empty where that is not known.
    """

    text: str
    phonemes: str
    start: float
    end: float
    written: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class TimedBookmark:
    """A place that the author named, and when it is reached, in seconds."""

    name: str
    seconds: float


@dataclass(frozen=True)
class TimedSentence:
    """A sentence as written, its phonemes, when it is heard, its marks and words; all in seconds of the whole audio.

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
    """Place a sentence whose marks and words count from its own start at `offset` seconds; its audio has `seconds`.

    It lasts from its first mark to its last, so that the silence around it is nobody's; without marks, as long as its
    audio.
    """
    placed = tuple(replace(mark, start=mark.start + offset, end=mark.end + offset) for mark in marks)
    timed = tuple(replace(word, start=word.start + offset, end=word.end + offset) for word in words)
    audio_end = offset + seconds
    start, end = (placed[0].start, placed[-1].end) if placed else (offset, audio_end)
    return TimedSentence(text, phonemes, start, end, placed, timed, audio_end)


def symbol_marks(
    symbols: Sequence[str], places: Sequence[int], durations: Sequence[int], offset: float, frame_seconds: float
) -> tuple[Mark, ...]:
    """When each symbol is heard, in seconds, the first one from `offset` on; markers without a symbol are left out.

    places: where each symbol stands in the phoneme string, -1 for none; durations: whole frames.
    """
    bounds = (offset + frames * frame_seconds for frames in accumulate(durations, initial=0))
    spans = zip(symbols, places, pairwise(bounds), strict=True)
    return tuple(Mark(symbol, start, end, place) for symbol, place, (start, end) in spans if symbol)


def timed_words(text: str, words: Sequence[ReadWord], marks: Sequence[Mark]) -> tuple[TimedWord, ...]:
    """The written words of a sentence, in their order and apart, each from its first sounding mark to its last.

    A word of which nothing is heard gets the instant where the one before ends. Where no words are known, they are
    those that blanks separate among the phonemes, written as phonemes.
    """
    if not words:
        return _phoneme_words(text, marks)
    runs = list(_runs(words, marks))
    places = _places_with_single_blanks(text)
    reached = next((run[0].start for run in runs if run), None)
    if reached is None:
        return ()
    timed = []
    for word, run in zip(words, runs, strict=True):
        start, reached = (run[0].start, run[-1].end) if run else (reached, reached)
        written = with_single_blanks(text[word.start : word.end])
        first = places[word.start]
        timed.append(TimedWord(written, _shown(run), start, reached, (first, first + len(written))))
    return tuple(timed)


def _runs(words: Sequence[ReadWord], marks: Sequence[Mark]) -> Iterator[Sequence[Mark]]:
    """The marks of each word, from its first sound to its last."""
    position = 0
    for word in words:
        while position < len(marks) and marks[position].place < word.first:
            position += 1
        first = position
        while position < len(marks) and marks[position].place < word.last:
            position += 1
        yield _sounding(marks[first:position])


def _phoneme_words(text: str, marks: Sequence[Mark]) -> tuple[TimedWord, ...]:
    """The words of which nothing is known but their marks; where the text is the phonemes, they have their place."""
    is_phonemes = all(m.symbol.isspace() or (m.place >= 0 and text.startswith(m.symbol, m.place)) for m in marks)
    places = _places_with_single_blanks(text)
    found = []
    for is_blank, group in groupby(marks, key=lambda mark: mark.symbol.isspace()):
        run = [] if is_blank else _sounding(list(group))
        if run:
            shown = _shown(run)
            last = run[-1].place + len(run[-1].symbol)
            written = (places[run[0].place], places[last]) if is_phonemes else (0, 0)
            found.append(TimedWord(shown, shown, run[0].start, run[-1].end, written))
    return tuple(found)


def _sounding(marks: Sequence[Mark]) -> Sequence[Mark]:
    sounds = [i for i, mark in enumerate(marks) if is_heard(mark.symbol)]
    return marks[sounds[0] : sounds[-1] + 1] if sounds else []


def _shown(marks: Sequence[Mark]) -> str:
    """Marks as phonemes without punctuation, but with the signs that spelling uses.

    Symbols of several letters (ARPAbet) have a blank between them, and `|` between words.
    """
    kept = [mark.symbol for mark in marks if mark.symbol.isspace() or _is_shown(mark.symbol)]
    are_long = any(len(symbol) > 1 for symbol in kept)
    groups = groupby(kept, key=str.isspace)
    words = [(" " if are_long else "").join(group) for is_blank, group in groups if not is_blank]
    return (" | " if are_long else " ").join(words)


def _is_shown(symbol: str) -> bool:
    return symbol in _INSIDE_WORDS or is_heard(symbol)


@lru_cache(maxsize=1024)
def is_heard(symbol: str) -> bool:
    """Tell whether a symbol is more than what separates or decorates words: punctuation, a blank or a marker."""
    return any(sign not in _MARKERS and unicodedata.category(sign)[0] not in "PZC" for sign in symbol)


def with_single_blanks(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def _places_with_single_blanks(text: str) -> list[int]:
    """Where each character of a text, and its end, is once it has single blanks."""
    places, reached = [], 0
    is_apart = False
    for character in text:
        is_blank = character.isspace()
        if not is_blank and is_apart:
            reached += 1
        is_apart = is_blank and reached > 0
        places.append(reached)
        reached += not is_blank
    return [*places, reached]
