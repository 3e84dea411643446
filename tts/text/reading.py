"""What a frontend makes of one sentence: its phonemes, and which of them belong to which written word."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadWord:
    """A written word, [start, end) of the sentence as written, and its phonemes, [first, last) of the phoneme string.

    What is written together or read as one ("25 July 2012", "$3.50") is one word.
    """

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Reading:
    """A sentence's phonemes, as its voice's frontend writes them, its words in their order, and what was not read."""

    phonemes: str
    words: tuple[ReadWord, ...] = ()
    warnings: tuple[str, ...] = ()
