"""Spoken words with their phonemes: each word's own stretch, and other phonemes put in place of some words'."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tts.text.passage import Pronunciation
from tts.text.punctuation import plain_punctuation, tracked_plain_punctuation
from tts.text.word_alignment import align

# Blanks part words, and where none are written each Chinese character is one.
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\s\u3400-\u9fff\uf900-\ufaff]+")
_NO_BLANK_AFTER, _NO_BLANK_BEFORE = frozenset(' ("'), frozenset(' )".,;:!?')


class SpelledWord(NamedTuple):
    """The spoken word [start, end) and its phonemes, [first, last) of the phoneme string."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Spelled:
    """The phonemes of a spoken text, and its words in their order; what says nothing is not among them."""

    phonemes: str
    words: tuple[SpelledWord, ...] = ()


class Chunk(NamedTuple):
    """What lies between two marks: where it begins in the text and in the phonemes, its words, and its phonemes."""

    start: int
    text: str
    first: int
    phonemes: str


Chunks = Callable[[str], tuple[str, Sequence[Chunk]]]
"""Gives the phonemes of a text with plain punctuation, and its chunks."""


class _Placed(NamedTuple):
    word: SpelledWord
    clean: bool


class _Spot(NamedTuple):
    """Words, from the first to before the last, and what is said in their place."""

    first: int
    last: int
    said: Pronunciation


def spell(spoken: str, said: Sequence[Pronunciation], chunks_of: Chunks, speak: Callable[[str], str]) -> Spelled:
    """The phonemes of a spoken text, where each of its words has its own and those in `said` have what it says.

    `said` is in order and apart. The other words keep what espeak-ng gives them beside the words as they are written;
    where it runs words together so that nobody can tell which phonemes to replace, what lies around is spoken apart.
    `speak` gives the phonemes of one word.
    """
    phonemes, placed = _placed(spoken, chunks_of, speak)
    words = [word for word, _ in placed]
    spots: list[_Spot] = []
    lost = []
    for one in said:
        first, last = _words_of(one, words)
        whole = _whole_words(one, words[first:last], spoken, lambda text: chunks_of(plain_punctuation(text))[0])
        sure = first < last and placed[first].clean and placed[last - 1].clean
        # Two may be for parts of the same word ("[read]-[only]").
        if sure and (not spots or spots[-1].last <= first):
            spots.append(_Spot(first, last, whole))
        else:
            lost.append(one)
    if lost:
        return _apart(spoken, said, lost, lambda text, inner: spell(text, inner, chunks_of, speak))
    return _replaced(phonemes, words, spots)


def _placed(spoken: str, chunks_of: Chunks, speak: Callable[[str], str]) -> tuple[str, list[_Placed]]:
    plain = plain_punctuation(spoken)
    tracked = None if plain == spoken else tracked_plain_punctuation(spoken)
    phonemes, chunks = chunks_of(plain)
    placed = []
    for chunk in chunks:
        spans = [found.span() for found in _WORD.finditer(chunk.text)]
        stretches = align([speak(chunk.text[start:end]) for start, end in spans], chunk.phonemes)
        for (start, end), stretch in zip(spans, stretches, strict=True):
            start, end = start + chunk.start, end + chunk.start
            start, end = tracked.written(start, end) if tracked else (start, end)
            if stretch.first < stretch.last:
                word = SpelledWord(start, end, stretch.first + chunk.first, stretch.last + chunk.first)
                placed.append(_Placed(word, stretch.clean))
    return phonemes, placed


def _words_of(said: Pronunciation, words: Sequence[SpelledWord]) -> tuple[int, int]:
    """Which words a pronunciation touches, from one to before another."""
    first = bisect_right(words, said.start, key=lambda word: word.end)
    return first, max(first, bisect_left(words, said.end, key=lambda word: word.start))


def _whole_words(
    said: Pronunciation, words: Sequence[SpelledWord], spoken: str, speak: Callable[[str], str]
) -> Pronunciation:
    """A pronunciation for all of the words that it touches, where it is for a part of one ("[live]-stream")."""
    before = spoken[words[0].start : said.start] if words else ""
    after = spoken[said.end : words[-1].end] if words else ""
    if not any(map(str.isalnum, before + after)):
        return said
    phonemes = f"{speak(before)}{said.phonemes.strip()}{speak(after)}"
    return Pronunciation(min(said.start, words[0].start), max(said.end, words[-1].end), phonemes)


def _replaced(phonemes: str, words: Sequence[SpelledWord], spots: Sequence[tuple[int, int, Pronunciation]]) -> Spelled:
    """Put pronunciations in place of the phonemes of their words."""
    built, position, reached = "", 0, 0
    found: list[SpelledWord] = []
    for first, last, said in spots:
        found += _moved(words[reached:first], len(built) - position)
        built += phonemes[position : words[first].first]
        ipa = " ".join(said.phonemes.split())
        built += " " if ipa and built and built[-1] not in _NO_BLANK_AFTER else ""
        if ipa:
            found.append(SpelledWord(said.start, said.end, len(built), len(built) + len(ipa)))
        built += ipa
        position, reached = words[last - 1].last, last
        rest = phonemes[position : position + 1]
        if not ipa and rest == " " and built[-1:] in {"", " "}:
            position += 1
        built += " " if ipa and rest and rest not in _NO_BLANK_BEFORE else ""
    found += _moved(words[reached:], len(built) - position)
    return _trimmed(built + phonemes[position:], found)


def _trimmed(phonemes: str, words: Sequence[SpelledWord]) -> Spelled:
    """Without the blanks at the ends that silent words leave."""
    bare = phonemes.lstrip(" ")
    return Spelled(bare.rstrip(" "), tuple(_moved(words, len(bare) - len(phonemes))))


def _moved(words: Sequence[SpelledWord], by: int) -> list[SpelledWord]:
    return [word._replace(first=word.first + by, last=word.last + by) for word in words]


def _apart(
    spoken: str,
    said: Sequence[Pronunciation],
    lost: Sequence[Pronunciation],
    spell_part: Callable[[str, Sequence[Pronunciation]], Spelled],
) -> Spelled:
    """What lies between the lost pronunciations spoken by itself, and they between."""
    built = ""
    found: list[SpelledWord] = []
    for before, after in pairwise((Pronunciation(0, 0, ""), *lost, Pronunciation(len(spoken), len(spoken), ""))):
        start, end = before.end, after.start
        inside = [one for one in said if start <= one.start and one.end <= end and one not in lost]
        moved = [Pronunciation(one.start - start, one.end - start, one.phonemes) for one in inside]
        part = spell_part(spoken[start:end], moved)
        if spoken[start : start + 1].isspace() and built and not built.endswith(" "):
            built += " "
        found += (
            SpelledWord(word.start + start, word.end + start, word.first + len(built), word.last + len(built))
            for word in part.words
        )
        built += part.phonemes
        if start < end and spoken[end - 1].isspace() and built and not built.endswith(" "):
            built += " "
        ipa = " ".join(after.phonemes.split())
        if ipa:
            found.append(SpelledWord(after.start, after.end, len(built), len(built) + len(ipa)))
        built += ipa
    return _trimmed(built, found)
