"""The frontend of voices that read ARPAbet (CMUdict's phones with stress digits), from espeak-ng's IPA."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tts.text.espeak import EspeakFrontend
from tts.text.lexicon import Lexicon
from tts.text.public_symbols import ARPABET, ARPABET_VOWELS, TORCHAUDIO_PHONES
from tts.text.symbols import Encoded, PublicSymbolTable

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

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""
        return self._ipa.sentences(text)

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""
        return self._ipa.normalize(text)

    def phonemize(self, text: str) -> str:
        """Give the phones of a written text; raises like `EspeakFrontend.phonemize`."""
        phones = arpabet(self._ipa.phonemize(text))
        return f"{phones} ." if self.speakable(phones) and phones.split()[-1] not in _ENDS else phones

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of phones, and what the table lacks."""
        return self.symbols.encode(" " if phone == WORD_BREAK else phone for phone in phonemes.split())

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a phone among the marks."""
        return not set(ARPABET).isdisjoint(phonemes.split())


def arpabet(ipa: str) -> str:
    """IPA as espeak-ng writes American English, in ARPAbet; a character without a phone stays as it is."""
    return f" {WORD_BREAK} ".join(" ".join(_word(word)) for word in ipa.split())


def _word(ipa: str) -> list[str]:
    ipa = _GLOTTAL_N.sub("tən", ipa)
    phones: list[str] = []
    full_vowel: int | None = None
    stress, position = "0", 0
    while position < len(ipa):
        sign = _longest_sign(ipa, position)
        position += len(sign)
        phone = _TABLE.get(sign, sign)
        if sign in (_PRIMARY, _SECONDARY):
            stress = "1" if sign == _PRIMARY else "2"
        elif phone in ARPABET_VOWELS:
            full_vowel = len(phones) if full_vowel is None and sign not in _REDUCED else full_vowel
            phones.append(phone + stress)
            stress = "0"
        elif sign not in _IGNORED:
            phones.append(phone)
    # espeak leaves small words without stress, where CMUdict gives one: "is", "and".
    if full_vowel is not None and not any(map(_STRESSED_IN_WORD.fullmatch, phones)):
        phones[full_vowel] = phones[full_vowel][:-1] + "1"
    return phones


def _longest_sign(ipa: str, position: int) -> str:
    signs = (ipa[position : position + length] for length in range(_LONGEST, 1, -1))
    return next((sign for sign in signs if sign in _TABLE), ipa[position])
