"""Spoken words with their phonemes: the span of each word, and given pronunciations in place of some words'."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tts.text.alignment import align
from tts.text.characters import plain_punctuation, tracked_plain_punctuation
from tts.text.passage import Pronunciation

# Spaces separate words, and where none are written each Chinese character is one.
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\s\u3400-\u9fff\uf900-\ufaff]+")
_NO_SPACE_AFTER, _NO_SPACE_BEFORE = frozenset(' ("'), frozenset(' )".,;:!?')


class SpelledWord(NamedTuple):
    """The spoken word [start, end) and its phonemes, [first, last) of the phoneme string."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Spelled:
    """The phonemes of a spoken text, and its words in their order; silent ones are not among them."""

    phonemes: str
    words: tuple[SpelledWord, ...] = ()


class Chunk(NamedTuple):
    """What lies between two marks: its offsets in the text and in the phonemes, its words, and its phonemes."""

    start: int
    text: str
    first: int
    phonemes: str


Chunks = Callable[[str], tuple[str, Sequence[Chunk]]]
"""Gives the phonemes of a text with plain punctuation, and its chunks."""


class _Replaced(NamedTuple):
    """Words, from the first to before the last, and the pronunciation that replaces theirs."""

    first: int
    last: int
    said: Pronunciation


def spell(spoken: str, said: Sequence[Pronunciation], chunks_of: Chunks, speak: Callable[[str], str]) -> Spelled:
    """The phonemes of a spoken text, in which `said` replaces those of its words.

    `said` is in order and disjoint. The other words keep what espeak-ng gives them in the text as it is written;
    where it joins words so that the phonemes to replace are not known, the text around is phonemized separately.
    `speak` gives the phonemes of one word.
    """
    phonemes, aligned = _aligned(spoken, chunks_of, speak)
    words = [word for word, _ in aligned]
    replaced: list[_Replaced] = []
    lost = []
    for one in said:
        first = bisect_right(words, one.start, key=lambda word: word.end)
        last = max(first, bisect_left(words, one.end, key=lambda word: word.start))
        complete = _of_complete_words(one, words[first:last], spoken, chunks_of)
        is_sure = first < last and aligned[first][1] and aligned[last - 1][1]
        # Two may be for parts of the same word ("[read]-[only]").
        if is_sure and (not replaced or replaced[-1].last <= first):
            replaced.append(_Replaced(first, last, complete))
        else:
            lost.append(one)
    if lost:
        return _spelled_around(spoken, said, lost, chunks_of, speak)
    return _with_replacements(phonemes, words, replaced)


def _aligned(spoken: str, chunks_of: Chunks, speak: Callable[[str], str]) -> tuple[str, list[tuple[SpelledWord, bool]]]:
    """The phonemes of a text, and its words, each with whether the boundaries of its phonemes are sure."""
    plain = plain_punctuation(spoken)
    tracked = None if plain == spoken else tracked_plain_punctuation(spoken)
    phonemes, chunks = chunks_of(plain)
    words = []
    for chunk in chunks:
        spans = [found.span() for found in _WORD.finditer(chunk.text)]
        alignment = align([speak(chunk.text[start:end]) for start, end in spans], chunk.phonemes)
        for (start, end), part in zip(spans, alignment, strict=True):
            start, end = start + chunk.start, end + chunk.start
            start, end = tracked.written(start, end) if tracked else (start, end)
            if part.first < part.last:
                word = SpelledWord(start, end, part.first + chunk.first, part.last + chunk.first)
                words.append((word, part.clean))
    return phonemes, words


def _of_complete_words(
    said: Pronunciation, words: Sequence[SpelledWord], spoken: str, chunks_of: Chunks
) -> Pronunciation:
    """A pronunciation for all of the words that it touches, where it is for a part of one ("[live]-stream")."""
    before = spoken[words[0].start : said.start] if words else ""
    after = spoken[said.end : words[-1].end] if words else ""
    if not any(map(str.isalnum, before + after)):
        return said
    first, last = (chunks_of(plain_punctuation(part))[0] for part in (before, after))
    return Pronunciation(
        min(said.start, words[0].start), max(said.end, words[-1].end), f"{first}{said.phonemes.strip()}{last}"
    )


def _with_replacements(phonemes: str, words: Sequence[SpelledWord], replaced: Sequence[_Replaced]) -> Spelled:
    """Replace the phonemes of words by pronunciations."""
    built, position, n_done = "", 0, 0
    found: list[SpelledWord] = []
    for first, last, said in replaced:
        found += _moved(words[n_done:first], len(built) - position)
        built += phonemes[position : words[first].first]
        ipa = " ".join(said.phonemes.split())
        built += " " if ipa and built and built[-1] not in _NO_SPACE_AFTER else ""
        if ipa:
            found.append(SpelledWord(said.start, said.end, len(built), len(built) + len(ipa)))
        built += ipa
        position, n_done = words[last - 1].last, last
        rest = phonemes[position : position + 1]
        if not ipa and rest == " " and built[-1:] in {"", " "}:
            position += 1
        built += " " if ipa and rest and rest not in _NO_SPACE_BEFORE else ""
    found += _moved(words[n_done:], len(built) - position)
    return _stripped(built + phonemes[position:], found)


def _spelled_around(
    spoken: str,
    said: Sequence[Pronunciation],
    lost: Sequence[Pronunciation],
    chunks_of: Chunks,
    speak: Callable[[str], str],
) -> Spelled:
    """Spell what lies between the lost pronunciations separately, and join it with them."""
    built = ""
    found: list[SpelledWord] = []
    for before, after in pairwise((Pronunciation(0, 0, ""), *lost, Pronunciation(len(spoken), len(spoken), ""))):
        start, end = before.end, after.start
        inside = [one for one in said if start <= one.start and one.end <= end and one not in lost]
        moved = [Pronunciation(one.start - start, one.end - start, one.phonemes) for one in inside]
        part = spell(spoken[start:end], moved, chunks_of, speak)
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
    return _stripped(built, found)


def _stripped(phonemes: str, words: Sequence[SpelledWord]) -> Spelled:
    """Remove the spaces at both ends, which silent words leave."""
    bare = phonemes.lstrip(" ")
    return Spelled(bare.rstrip(" "), tuple(_moved(words, len(bare) - len(phonemes))))


def _moved(words: Sequence[SpelledWord], by: int) -> list[SpelledWord]:
    return [word._replace(first=word.first + by, last=word.last + by) for word in words]
