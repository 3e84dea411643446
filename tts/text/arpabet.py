"""The frontend of voices that read ARPAbet (CMUdict's phones with stress digits), from espeak-ng's IPA."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tts.text.espeak import EspeakFrontend
from tts.text.passage import Passage
from tts.text.public_symbols import ARPABET, ARPABET_VOWELS, TORCHAUDIO_PHONES
from tts.text.reading import Reading, ReadWord
from tts.text.symbols import Encoded, PublicSymbolTable

if TYPE_CHECKING:
    from tts.text.lexicon import Lexicon
    from tts.text.sentences.segment import Segment

# How a blank is written between phones, which blanks separate themselves.
WORD_BREAK = "|"
_PRIMARY, _SECONDARY = "ˈ", "ˌ"
_MARKS = frozenset("!'(),.:;?-")
_ENDS = frozenset("!,.:;?")
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
_STRESSED_IN_WORD = re.compile(r"[A-Z]+[12]")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class ArpabetFrontend:
    """Text to the ids of its phones.

    Phones are written with blanks between them and `|` between words: `HH AH0 L OW1 , | W ER1 L D .`. These voices run
    on after a sentence without a final mark, so a full stop is added.
    """

    language: str = "en-us"
    symbols: PublicSymbolTable = field(default_factory=lambda: PublicSymbolTable(TORCHAUDIO_PHONES))
    lexicon: Lexicon | None = None
    system_espeak: bool = False
    _ipa: EspeakFrontend = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ipa = EspeakFrontend(self.language, lexicon=self.lexicon, system_espeak=self.system_espeak)
        object.__setattr__(self, "_ipa", ipa)

    def segments(self, passage: Passage) -> Iterator[Segment]:
        """Yield the sentences of a passage, and what lies before each."""
        return self._ipa.segments(passage)

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""
        return self._ipa.sentences(text)

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""
        return self._ipa.normalize(text)

    def phonemize(self, text: str) -> str:
        """Give the phones of a written text; raises like `EspeakFrontend.phonemize`."""
        return self._ended(arpabet(self._ipa.phonemize(text)))

    def read(self, passage: Passage) -> Reading:
        """Give the phones of a passage and which belong to which written word; does as `EspeakFrontend.read` does."""
        reading = self._ipa.read(passage)
        words = _phones(reading.phonemes)
        return Reading(self._ended(_written(words)), tuple(_moved(reading.words, words)), reading.warnings)

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of phones, and what the table lacks."""
        found = list(_WORD.finditer(phonemes))
        phones = (" " if phone.group() == WORD_BREAK else phone.group() for phone in found)
        return self.symbols.encode(phones, (phone.start() for phone in found))

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a phone among the marks."""
        return not set(ARPABET).isdisjoint(phonemes.split())

    def _ended(self, phones: str) -> str:
        return f"{phones} ." if self.speakable(phones) and phones.split()[-1] not in _ENDS else phones


class _Phone(NamedTuple):
    """A phone or mark, and where in the IPA it begins."""

    name: str
    place: int


def arpabet(ipa: str) -> str:
    """IPA as espeak-ng writes American English, in ARPAbet; a character without a phone stays as it is."""
    return _written(_phones(ipa))


def _written(words: Sequence[Sequence[_Phone]]) -> str:
    return f" {WORD_BREAK} ".join(" ".join(phone.name for phone in word) for word in words)


def _phones(ipa: str) -> list[list[_Phone]]:
    """The phones of each word that has any."""
    return [word for found in _WORD.finditer(ipa) if (word := _word(ipa, *found.span()))]


def _word(ipa: str, start: int, end: int) -> list[_Phone]:
    phones: list[_Phone] = []
    full_vowel: int | None = None
    stress = "0"
    for sign, place in _signs(ipa[:end], start):
        phone = _TABLE.get(sign, sign)
        if sign in (_PRIMARY, _SECONDARY):
            stress = "1" if sign == _PRIMARY else "2"
        elif phone in ARPABET_VOWELS:
            full_vowel = len(phones) if full_vowel is None and sign not in _REDUCED else full_vowel
            phones.append(_Phone(phone + stress, place))
            stress = "0"
        elif sign not in _IGNORED:
            phones.append(_Phone(phone, place))
    # espeak leaves small words without stress, where CMUdict gives one: "is", "and".
    if full_vowel is not None and not any(_STRESSED_IN_WORD.fullmatch(phone.name) for phone in phones):
        vowel = phones[full_vowel]
        phones[full_vowel] = vowel._replace(name=vowel.name[:-1] + "1")
    return phones


def _signs(ipa: str, position: int) -> Iterator[tuple[str, int]]:
    """The signs from a position on, of one letter or more, and where each begins."""
    while position < len(ipa):
        if _GLOTTAL_N.match(ipa, position):
            yield from (("t", position), ("ə", position), ("n", position + 1))
            position += 2
            continue
        sign = _longest_sign(ipa, position)
        yield sign, position
        position += len(sign)


def _moved(read: Sequence[ReadWord], words: Sequence[Sequence[_Phone]]) -> Iterator[ReadWord]:
    """The words with the phones that their IPA became."""
    placed: list[tuple[int, int, int]] = []
    position = 0
    for word in words:
        for name, place in word:
            placed.append((place, position, position + len(name)))
            position += len(name) + 1
        position += len(WORD_BREAK) + 1
    reached = 0
    for one in read:
        while reached < len(placed) and placed[reached][0] < one.first:
            reached += 1
        inside = reached
        while inside < len(placed) and placed[inside][0] < one.last:
            inside += 1
        if reached < inside:
            yield ReadWord(one.start, one.end, placed[reached][1], placed[inside - 1][2])


def _longest_sign(ipa: str, position: int) -> str:
    signs = (ipa[position : position + length] for length in range(_LONGEST, 1, -1))
    return next((sign for sign in signs if sign in _TABLE), ipa[position])
