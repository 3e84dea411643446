"""Sounds of other languages by the nearest that an alphabet has."""

from __future__ import annotations

import re
from collections.abc import Container
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import accumulate

from tts.text.reading import Reading

# The nearest first; with no mark of length where a vowel is meant to stay short.
_NEAREST: dict[str, tuple[str, ...]] = {
    # Consonants.
    "r": ("ɹ",), "ɾ": ("ɹ", "r", "t"), "ʁ": ("ɹ", "r"), "ʀ": ("ɹ", "r"), "ɻ": ("ɹ",), "ɽ": ("ɾ", "ɹ"), "ɹ": ("r",),
    "x": ("k",), "χ": ("x", "k"), "ħ": ("h",), "ɦ": ("h",), "ʕ": ("h",), "ç": ("h", "ʃ"), "ɣ": ("ɡ",), "ɰ": ("w",),
    "β": ("b", "v"), "ɸ": ("f",), "ʋ": ("v",), "ɱ": ("m",), "ɲ": ("nj",), "ɳ": ("n",), "ɴ": ("ŋ", "n"), "ŋ": ("n",),
    "ʎ": ("lj",), "ɭ": ("l",), "ɫ": ("l",), "ɬ": ("l",), "ɮ": ("l",), "ʝ": ("j",), "ɟ": ("dj",), "c": ("tj",),
    "ʈ": ("t",), "ɖ": ("d",), "q": ("k",), "ɢ": ("ɡ",), "g": ("ɡ",), "ʂ": ("ʃ",), "ʐ": ("ʒ",), "ɕ": ("ʃ",),
    "ʑ": ("ʒ",), "ɧ": ("ʃ",), "ɥ": ("w",), "ʍ": ("w",), "θ": ("s",), "ð": ("d",), "ʔ": ("",), "ʙ": ("b",), "ɺ": ("l",),
    "ʦ": ("ts",), "ʣ": ("dz",), "ʧ": ("tʃ",), "ʤ": ("dʒ",), "ʨ": ("tʃ",), "ʥ": ("dʒ",), "ɓ": ("b",), "ɗ": ("d",),
    # Vowels.
    "y": ("u",), "ʏ": ("ʊ",), "ø": ("ə",), "œ": ("ɜ", "ɛ"), "ɶ": ("æ",), "ɒ": ("ɔ", "ɑ"), "ɤ": ("ʌ", "o"),
    "ɯ": ("ʊ", "u"), "ɨ": ("ɪ",), "ʉ": ("u",), "ɵ": ("ə",), "ɘ": ("ə",), "ɞ": ("ɜ",), "ɐ": ("ə", "a"), "ä": ("a",),
    "ᵻ": ("ɪ",), "ɝ": ("ɜ",), "ɚ": ("əɹ",), "ɜ": ("ə",), "ʌ": ("a",), "æ": ("a", "ɛ"), "ɑ": ("a",), "a": ("æ",),
    "ɪ": ("i",), "ʊ": ("u",), "ɛ": ("e",), "ɔ": ("o",), "e": ("ɛ",), "o": ("ɔ",), "ə": ("ɛ",),
    # What is written above or behind a letter, ties, tones and the marks of other languages sound by no letter.
    "\u0303": ("n",),
    **dict.fromkeys("\u0308\u030a\u031a\u031e\u0320\u0325\u0329\u032a\u032f\u035c\u0361", ("",)),
    **dict.fromkeys("ʲʰʷˠˤˀ˞ˑᵝⁿˡ‿-.0123456789˥˦˧˨˩↗↘", ("",)),
}  # fmt: skip

_NASAL_BEFORE_N = re.compile("\u0303(?=[ˈˌ]?[mnɲŋ])")


def in_alphabet(reading: Reading, alphabet: AbstractSet[str]) -> Reading:
    """A reading with the nearest sounds in place of those that an alphabet lacks; what has none stays."""
    if set(reading.phonemes) <= alphabet:
        return reading
    # A nasal vowel is one before an n, which need not come twice.
    plain = _NASAL_BEFORE_N.sub("\u0308", reading.phonemes) if "\u0303" not in alphabet else reading.phonemes
    symbols = [symbol if symbol in alphabet else nearest(symbol, alphabet) for symbol in plain]
    places = [0, *accumulate(map(len, symbols))]
    words = (replace(word, first=places[word.first], last=places[word.last]) for word in reading.words)
    return Reading("".join(symbols), tuple(words), reading.warnings)


def nearest(symbol: str, alphabet: Container[str]) -> str:
    """What an alphabet has for a symbol that it lacks: other symbols, nothing, or at last the symbol itself."""
    for other in _NEAREST.get(symbol, ()):
        if all(letter in alphabet for letter in other):
            return other
    return symbol
