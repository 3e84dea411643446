"""Words longer than espeak-ng can hold, parted: of one with more than some 200 bytes of phonemes it drops the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tts.text.sentences.clusters import parts_characters
from tts.text.spoken import SpokenText

# The longest words that people write have some 60 letters; in scripts without capitals these are syllables, or phrases
# where no blanks are written.
_LONGEST = 64
_LONGEST_PHRASE = 48
# Of letters that are spelled ("bgwhp"), each takes several sounds.
_LONGEST_SPELLED = 24
_FEWEST_VOWELS = 0.2
_VOWELS = frozenset("aeiouyäëïöüáéíóúàèìòùâêîôûãõåæøœąęаеёиоуыэюяіїєαεηιουωάέήίόύώ")
_WORD = re.compile(r"[^\s!-/:-@\[-`{-~…—–。！？，、；：]+")


def parted(text: SpokenText) -> SpokenText:
    """The text with blanks inside of words that are too long to be said whole."""
    if max(map(len, text.text.split()), default=0) <= _LONGEST_SPELLED:
        return text
    blanks = [(place, place, " ") for found in _WORD.finditer(text.text) for place in _places(text.text, found)]
    return text.changed(blanks) if blanks else text


def _places(text: str, found: re.Match[str]) -> Iterator[int]:
    start, end = found.span()
    longest = _longest(found.group())
    while end - start > longest:
        cut = start + longest
        while cut > start + 1 and parts_characters(text, cut):
            cut -= 1
        yield cut
        start = cut


def _longest(word: str) -> int:
    if "가" <= word[:1] <= "힣":
        return _LONGEST_SPELLED  # each of these is three letters
    if not word[:1].isascii() and not word[:1].islower() and not word[:1].isupper():
        return _LONGEST_PHRASE
    n_vowels = sum(letter in _VOWELS for letter in word.lower())
    return _LONGEST if n_vowels >= _FEWEST_VOWELS * len(word) else _LONGEST_SPELLED
