"""What of a text is in no word that has phonemes: told, so that nothing is lost in silence."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from tts.text.reading import Reading

# Signs that lay a text out (Markdown, tables), or are written for a machine; they are never read.
_LAYOUT = frozenset("*_~`#|^<>\\")


def with_losses(text: str, reading: Reading, left_out: Iterable[str]) -> Reading:
    """The reading of a text with a warning that names what was left out, and what else has no phonemes."""
    named = dict.fromkeys(left_out)
    told = " ".join(named)
    for run in _unread_runs(text, reading):
        if any(character not in told for character in run):
            named[run] = None
            told += run
    if not named:
        return reading
    warning = f"left out, because it has no words: {' '.join(named)}"
    return replace(reading, warnings=(*reading.warnings, warning))


@lru_cache(4096)
def must_be_said(character: str) -> bool:
    """Tell whether a character is one to say or tell: a letter, a digit or a symbol, none of layout."""
    category = unicodedata.category(character)
    return category[0] in "LNS" and category != "Sk" and character not in _LAYOUT


def _unread_runs(text: str, reading: Reading) -> Iterator[str]:
    """Give the runs of characters in words without phonemes that should have some."""
    read_to = 0
    for word in reading.words:
        if reading.phonemes[word.first : word.last].strip():
            if word.start > read_to and text[read_to : word.start] != " ":
                yield from _runs(text[read_to : word.start])
            read_to = max(read_to, word.end)
    if read_to < len(text):
        yield from _runs(text[read_to:])


def _runs(gap: str) -> Iterator[str]:
    run = ""
    for character in gap:
        if must_be_said(character):
            run += character if character.isprintable() else f" U+{ord(character):04X}"
        elif run and unicodedata.category(character)[0] != "M":
            yield run.strip()
            run = ""
    if run:
        yield run.strip()
