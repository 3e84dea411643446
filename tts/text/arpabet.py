"""IPA as espeak-ng writes American English, as ARPAbet: CMUdict's phones with stress digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tts.text.symbols import ARPABET_VOWELS

# Separates words, since a space separates phones.
WORD_BREAK = "|"
_PRIMARY, _SECONDARY = "ˈ", "ˌ"
_IGNORED = frozenset('ː"')

_VOWELS = {
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "ɔɪ": "OY", "ɔː": "AO", "oː": "AO", "ɑː": "AA", "iː": "IY",
    "uː": "UW", "ɜː": "ER", "ɜːɹ": "ER", "ɜ": "ER", "ɚ": "ER", "ɚɹ": "ER", "əɹ": "ER", "ɑ": "AA", "ɒ": "AA", "a": "AA",
    "æ": "AE", "ɔ": "AO", "o": "OW", "e": "EY", "ɛ": "EH", "ʌ": "AH", "ɐ": "AH", "ə": "AH", "ɪ": "IH", "ᵻ": "IH",
    "i": "IY", "ʊ": "UH", "u": "UW", "y": "UW", "ø": "ER",
}  # fmt: skip
_CONSONANTS = {
    "b": "B", "tʃ": "CH", "d": "D", "ð": "DH", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "dʒ": "JH", "k": "K", "l": "L",
    "m": "M", "n": "N", "ŋ": "NG", "p": "P", "ɹ": "R", "ɹɹ": "R", "r": "R", "s": "S", "ʃ": "SH", "t": "T", "ɾ": "T",
    "ʔ": "T", "θ": "TH", "v": "V", "w": "W", "j": "Y", "z": "Z", "ʒ": "ZH", "x": "K",
}  # fmt: skip
_TABLE = {**_VOWELS, **_CONSONANTS}
_LONGEST = max(map(len, _TABLE))
# A glottal stop before a syllabic n: "button", "important".
_GLOTTAL_N = re.compile(r"ʔn(?![aeiouæɐɑɔəɚɛɜɪʊʌᵻ])")
# These are never stressed in a word of one syllable: "the", "a", "her".
_REDUCED = frozenset({"ə", "ɐ", "ɚ", "ᵻ", "əɹ", "ɚɹ"})
_STRESSED = re.compile(r"[A-Z]+[12]")
_WORD = re.compile(r"\S+")


class Phone(NamedTuple):
    """A phone or punctuation mark, and its offset in the IPA."""

    name: str
    offset: int


def arpabet(ipa: str) -> str:
    """Return the phones of IPA, separated by spaces, and by `|` between words; unknown characters stay."""
    return written_phones(phones_of(ipa))


def written_phones(words: Sequence[Sequence[Phone]]) -> str:
    """Return the phones of words as `arpabet` writes them."""
    return f" {WORD_BREAK} ".join(" ".join(phone.name for phone in word) for word in words)


def phones_of(ipa: str) -> list[list[Phone]]:
    """Return the phones of each word that has any."""
    words = []
    for word in _WORD.finditer(ipa):
        phones: list[Phone] = []
        full_vowel: int | None = None
        stress = "0"
        for symbol, offset in _ipa_symbols(ipa[: word.end()], word.start()):
            phone = _TABLE.get(symbol, symbol)
            if symbol in (_PRIMARY, _SECONDARY):
                stress = "1" if symbol == _PRIMARY else "2"
            elif phone in ARPABET_VOWELS:
                full_vowel = len(phones) if full_vowel is None and symbol not in _REDUCED else full_vowel
                phones.append(Phone(phone + stress, offset))
                stress = "0"
            elif symbol not in _IGNORED:
                phones.append(Phone(phone, offset))
        # espeak-ng leaves short words without stress that have one in CMUdict: "is", "and".
        if full_vowel is not None and not any(_STRESSED.fullmatch(phone.name) for phone in phones):
            vowel = phones[full_vowel]
            phones[full_vowel] = vowel._replace(name=vowel.name[:-1] + "1")
        if phones:
            words.append(phones)
    return words


def _ipa_symbols(ipa: str, position: int) -> list[tuple[str, int]]:
    """The symbols of IPA from a position on, the longest that the table has, and their offsets."""
    symbols = []
    while position < len(ipa):
        if _GLOTTAL_N.match(ipa, position):
            symbols += [("t", position), ("ə", position), ("n", position + 1)]
            position += 2
            continue
        candidates = (ipa[position : position + length] for length in range(_LONGEST, 1, -1))
        symbol = next((candidate for candidate in candidates if candidate in _TABLE), ipa[position])
        symbols.append((symbol, position))
        position += len(symbol)
    return symbols
