"""Spoken words to IPA by espeak-ng; English in the alphabet of `tts.text.symbols`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from tts.text.espeak_library import EspeakLibrary, espeak_library
from tts.text.language_codes import is_english
from tts.text.passage import Pronunciation
from tts.text.punctuation import cut_at_marks, plain_punctuation
from tts.text.spelled import Chunk, Spelled, spell

# What lies between two marks is looked up again and again (names, "he said"); longer than this it hardly comes twice.
_REMEMBERED = 8192
_LONGEST_REMEMBERED = 200
# Around words of another language espeak writes that language and its own: "lə (en)wiːkɛnd(fr)".
_LANGUAGE_FLAG = re.compile(r"\(.+?\)")
# espeak sets the z of some possessives and plurals apart ("nˈaɪnti z"); it belongs to its word.
_LONE_Z = re.compile(r" z(?=[ ]|\Z)")
# The voices this alphabet comes from say "ninety" with a flapped, voiced t, and "hundred" as a word of its own.
_NINETY = re.compile(r"(?<=nˈaɪn)ti(?!ː)")
_JOINED_HUNDRED = re.compile(r"(?<=[a-zɹː])(?=hˈʌndɹɪd)")
# espeak writes a few sounds with letters that mean something else, or nothing, in the alphabet.
_ALPHABET = str.maketrans({"ʲ": "j", "r": "ɹ", "x": "k", "ɬ": "l", "\u0329": None, "\u0303": None})

Speak = Callable[[str], str]


class Phonemizer:
    """Turns text into IPA with stress marks and punctuation, one character a symbol.

    `language` is espeak-ng's code ("en-us", "fr-fr", "cmn"), or a common other one for it ("fr", "zh-CN"). espeak-ng
    comes from the espeakng-loader package; system_espeak asks for the machine's own instead. The library is loaded on
    first use, once a process. Calls from several threads wait for each other.
    """

    def __init__(self, language: str = "en-us", *, system_espeak: bool = False) -> None:
        self.language = language
        self.system_espeak = system_espeak

    def __call__(self, text: str) -> str:
        """Give the IPA of a text; every run of blanks, line breaks too, is one space.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        return self._chunks(plain_punctuation(text))[0]

    def words(self, spoken: str, said: Sequence[Pronunciation] = ()) -> Spelled:
        """The IPA of a text with each word's own stretch of it, and in place of some words' what is `said` instead.

        `said` counts in the characters of `spoken`, is in order and does not overlap.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        return spell(spoken, said, self._chunks, lambda word: self._speak(word))

    @functools.cached_property
    def code(self) -> str:
        """espeak-ng's own code of the language.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        return espeak_library(self.system_espeak).code(self.language)

    @functools.cached_property
    def _speak(self) -> Speak:
        return _speaker(espeak_library(self.system_espeak), self.code)

    def _chunks(self, plain: str) -> tuple[str, list[Chunk]]:
        """The phonemes of a text with plain punctuation, and its chunks."""
        if not plain:
            return "", []
        speak = self._speak
        phonemes, chunks, position = "", [], 0
        pieces = cut_at_marks(plain)
        pieces.append("")
        for i in range(0, len(pieces), 2):
            text, mark = pieces[i], pieces[i + 1]
            if text:
                said = speak(text)
                if said[:1] == "z" and said[1:2] in {"", " "} and is_english(self.language):
                    phonemes = phonemes.removesuffix(" ")
                chunks.append(Chunk(position, text, len(phonemes), said))
                phonemes += said
            if mark:
                # Where espeak says nothing between two marks, one blank is enough.
                phonemes = phonemes.removesuffix(" ") + mark
            position += len(text) + len(mark)
        return phonemes, chunks


def espeak_version(system: bool = False) -> str:
    """Give the version of espeak-ng that would speak, as "1.52.0".

    Raises:
        TtsError: espeak-ng cannot be loaded.
    """
    return ".".join(str(part) for part in espeak_library(system).version)


@functools.cache
def _speaker(library: EspeakLibrary, code: str) -> Speak:
    """What gives the phonemes of words without marks between them, and remembers them."""
    tidy = _english if is_english(code) else str

    def ask(chunk: str) -> str:
        return tidy(_joined(library.clauses(code, chunk)))

    remember = functools.lru_cache(_REMEMBERED)(ask)
    return lambda chunk: remember(chunk) if len(chunk) <= _LONGEST_REMEMBERED else ask(chunk)


def _joined(clauses: Sequence[str]) -> str:
    """espeak-ng's clauses as one, without the names of other languages and its marks between sounds."""
    ipa = " ".join(clauses).strip().replace("\n", " ").replace("  ", " ")
    if "(" in ipa:
        ipa = _LANGUAGE_FLAG.sub("", ipa)
    return ipa.replace("_", "")


def _english(ipa: str) -> str:
    ipa = ipa.translate(_ALPHABET)
    if " z" in ipa:
        ipa = _LONE_Z.sub("z", ipa)
    if "hˈʌndɹɪd" in ipa:
        ipa = _JOINED_HUNDRED.sub(" ", ipa)
    return _NINETY.sub("di", ipa) if "nˈaɪnti" in ipa else ipa
