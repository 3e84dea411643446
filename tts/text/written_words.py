"""Which written words the words of a spoken text stand for."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from tts.text.passage import Pronunciation
from tts.text.reading import ReadWord
from tts.text.spelled import SpelledWord
from tts.text.spoken import Edit, SpokenText

# What is written without a blank or a dash between is one word; of a script without blanks nothing is known.
_TOKEN = re.compile(r"[^\s—–―…\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_OUTER_MARKS = "\"'“”„‟‘’‚‛«»‹›()[]{}.,;:!?¡¿*_~،؛؟"


def spoken_stretch(spoken: SpokenText, start: int, end: int) -> tuple[int, int]:
    """The spoken stretch that stands for the written one, [start, end): whole edits, where it touches one."""
    edits = spoken.edits
    first = bisect_right(edits, start, key=lambda edit: edit.written_end)
    last = bisect_left(edits, end, key=lambda edit: edit.written_start)
    low, high = start - _lag(edits, first), end - _lag(edits, last)
    if first < last:
        low, high = min(low, edits[first].start), max(high, edits[last - 1].end)
    return low, high


def first_claims(pronunciations: Iterable[Pronunciation]) -> list[Pronunciation]:
    """In order of the text: those that touch none that came before them among the pronunciations."""
    starts: list[int] = []
    claimed: list[Pronunciation] = []
    for said in pronunciations:
        place = bisect_left(starts, said.start)
        free_before = not place or claimed[place - 1].end <= said.start
        if free_before and (place == len(starts) or said.end <= starts[place] and said.start < starts[place]):
            starts.insert(place, said.start)
            claimed.insert(place, said)
    return claimed


def read_words(text: str, spoken: SpokenText, words: Sequence[SpelledWord]) -> tuple[ReadWord, ...]:
    """The written words of a text with their phonemes; spoken words that stand for the same are one."""
    tokens = _tokens(text)
    ends = [end for _, end in tokens]
    found: list[ReadWord] = []
    for word in words:
        start, end = spoken.written(word.start, word.end)
        place = bisect_right(ends, start) if start < end else bisect_left(ends, start)
        while place < len(tokens) and (tokens[place][0] < end or tokens[place][0] <= start == end):
            start, end = min(start, tokens[place][0]), max(end, tokens[place][1])
            place += 1
        # A spoken word for which nothing is written belongs to the one before.
        if found and (start < found[-1].end or start == end):
            before = found.pop()
            start, end = min(start, before.start), max(end, before.end)
            word = word._replace(first=min(word.first, before.first), last=max(word.last, before.last))
        found.append(ReadWord(start, end, word.first, word.last))
    return tuple(found)


def _tokens(text: str) -> list[tuple[int, int]]:
    """Where the written words are, without the marks around them."""
    tokens = []
    for found in _TOKEN.finditer(text):
        written = found.group()
        bare = written.strip(_OUTER_MARKS)
        if bare:
            start = found.start() + written.index(bare)
            tokens.append((start, start + len(bare)))
    return tokens


def _lag(edits: Sequence[Edit], n: int) -> int:
    return edits[n - 1].written_end - edits[n - 1].end if n else 0
