"""Which written words the words of a spoken text stand for."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tts.text.reading import ReadWord
from tts.text.spelled import SpelledWord
from tts.text.spoken import SpokenText

# What is written without a blank or a dash between is one word; of a script without blanks nothing is known.
_TOKEN = re.compile(r"[^\s—–―…\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_OUTER_MARKS = "\"'“”„‟‘’‚‛«»‹›()[]{}.,;:!?¡¿*_~،؛؟"


def read_words(text: str, spoken: SpokenText, words: Sequence[SpelledWord]) -> tuple[ReadWord, ...]:
    """The written words of a text with their phonemes; spoken words that stand for the same are one."""
    tokens = _tokens(text)
    ends = [end for _, end in tokens]
    found: list[ReadWord] = []
    for word in words:
        # Where what was written is gone, its place has two sides.
        start, end = sorted(spoken.written(word.start, word.end))
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
