"""The frontend of voices that read written English, a character a symbol, as the public Tacotron 2 checkpoints do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tts.text.normalize import normalize, read_out
from tts.text.notes import aliases, first_claims, noted, spoken_stretch
from tts.text.passage import Passage, Pronunciation, Spoken
from tts.text.public_symbols import NVIDIA_SYMBOLS
from tts.text.punctuation import tracked_plain_punctuation
from tts.text.reading import Reading
from tts.text.spelled import Spelled, SpelledWord
from tts.text.symbols import Encoded, PublicSymbolTable
from tts.text.unread import with_losses
from tts.text.written_words import read_words

if TYPE_CHECKING:
    from tts.text.sentences.segment import Segment

# Letters that Unicode does not take apart into an ASCII letter and its accent.
_LETTERS = str.maketrans(
    {
        **{"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng"},
        **{"ø": "o", "ð": "d", "đ": "d", "ł": "l", "ħ": "h", "ı": "i"},
    }
)
_ENDED = re.compile(r"[.!?,:;][)']*\Z")
# ARPAbet typed in braces, as NVIDIA's table knows it: "{HH AH0 L OW1} there."
_BRACES = re.compile(r"\{([A-Z0-2 ]*)\}")
_PHONE = re.compile(r"[A-Z0-2]+")
# What is one word of a spelling: "well-known", "it's", or phones.
_WORD = re.compile(r"\{[^}]*\}|\w+(?:['-]+\w+)*")


@dataclass(frozen=True)
class CharacterFrontend:
    """Text to the ids of its letters: the spelling that is shown and typed is what the voice reads.

    These voices were taught plain lower-case ASCII with numbers written out, and sentences that end in a mark; without
    one they run on, so a full stop is added.
    """

    symbols: PublicSymbolTable = field(default_factory=lambda: PublicSymbolTable(NVIDIA_SYMBOLS))

    def segments(self, passage: Passage) -> Iterator[Segment]:
        """Yield the sentences of a passage, and what lies before each."""
        from tts.text.sentences.segment import segments

        return segments(passage)

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""
        from tts.text.sentences.segment import split_sentences

        return split_sentences(text)

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""
        return normalize(text)

    def phonemize(self, text: str) -> str:
        """Give the spelling that the voice reads: normalized, lower-case, in ASCII where a letter has a nearest."""
        return _spelled(normalize(text), ()).phonemes

    def read(self, passage: Passage) -> Reading:
        """Give the spelling of a passage, best of one sentence, and which of it belongs to which written word.

        Given phonemes are said where the table has NVIDIA's ARPAbet. All is read as English.
        """
        spoken = read_out(passage.text, aliases=aliases(passage) if self._has_phones else aliases(passage, said=False))
        said = first_claims(noted(passage, spoken))
        spelled = _spelled(spoken.text, said if self._has_phones else ())
        warnings = []
        if said and not self._has_phones:
            given = ", ".join(repr(spoken.text[one.start : one.end]) for one in said)
            warnings.append(f"this voice reads letters: the phonemes that are given for {given} are not said")
        if any(isinstance(note, Spoken) and note.language for note in passage.notes):
            warnings.append("this voice reads letters, as English: another language is not said as such")
        words = read_words(passage.text, spoken, spelled.words)
        return with_losses(passage.text, Reading(spelled.phonemes, words, tuple(warnings)), spoken.left_out)

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of a spelling, and the characters that the table lacks.

        Where the table has NVIDIA's ARPAbet, `{HH AH0 L OW1}` gives its phones, with blanks between words.
        """
        symbols = list(_symbols(phonemes))
        return self.symbols.encode((symbol for symbol, _ in symbols), (place for _, place in symbols))

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a letter of the table."""
        return any(symbol.lstrip("@").isalpha() for symbol, _ in _symbols(phonemes) if symbol in self.symbols)

    @cached_property
    def _has_phones(self) -> bool:
        return "@HH" in self.symbols


def _symbols(spelling: str) -> Iterator[tuple[str, int]]:
    """The symbols of a spelling, and where each begins."""
    position = 0
    for braces in _BRACES.finditer(spelling):
        yield from zip(spelling[position : braces.start()], range(position, braces.start()), strict=True)
        yield from ((f"@{phone.group()}", phone.start()) for phone in _PHONE.finditer(spelling, *braces.span(1)))
        position = braces.end()
    yield from zip(spelling[position:], range(position, len(spelling)), strict=True)


def _spelled(spoken: str, said: Sequence[Pronunciation]) -> Spelled:
    """The spelling of spoken words, and its words; those in `said` in phones."""
    plain = tracked_plain_punctuation(spoken)
    # The one letter that is two in lower case.
    lower = plain.text.replace("İ", "I").lower()
    letters: list[tuple[str, int, int]] = []
    position = 0
    for one in said:
        start, end = spoken_stretch(plain, one.start, one.end)
        letters += _letters(lower, position, start)
        letters += ((character, start, end) for character in _phones(one.phonemes))
        position = end
    letters += _letters(lower, position, len(lower))
    kept = _with_single_blanks(letters)
    spelling = "".join(character for character, _, _ in kept)
    words = []
    for found in _WORD.finditer(spelling):
        start, end = plain.written(kept[found.start()][1], kept[found.end() - 1][2])
        words.append(SpelledWord(start, end, found.start(), found.end()))
    return Spelled(ended(spelling), tuple(words))


def _letters(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The characters of the spelling of text[start:end], each with the stretch of the text that it comes from."""
    for place in range(start, end):
        for character in to_ascii(text[place]):
            if character != '"':
                yield character, place, place + 1


def _phones(ipa: str) -> str:
    """IPA as NVIDIA's table has it: each word's phones in braces."""
    from tts.text.arpabet import WORD_BREAK, arpabet

    words = (" ".join(_PHONE.findall(word)) for word in arpabet(ipa).split(WORD_BREAK))
    return " ".join(f"{{{phones}}}" for phones in words if phones)


def _with_single_blanks(letters: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    kept: list[tuple[str, int, int]] = []
    for character, start, end in letters:
        if not character.isspace():
            kept.append((character, start, end))
        elif kept and kept[-1][0] != " ":
            kept.append((" ", start, end))
    return kept[:-1] if kept and kept[-1][0] == " " else kept


def to_ascii(text: str) -> str:
    """Letters without their accents and ligatures; what has no ASCII form stays."""
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(character for character in apart if not unicodedata.combining(character))


def ended(sentence: str) -> str:
    """The sentence with a full stop, where it says something and no mark ends it."""
    says_something = any(character.isalnum() for character in sentence)
    return f"{sentence}." if says_something and not _ENDED.search(sentence) else sentence
