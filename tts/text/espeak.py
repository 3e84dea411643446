"""The frontend of voices that read IPA: normalized text, espeak-ng's phonemes, between begin and end markers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby, pairwise
from typing import TYPE_CHECKING

from tts.errors import TtsError
from tts.text.language_codes import is_english
from tts.text.long_words import parted
from tts.text.nearest_sounds import in_alphabet
from tts.text.normalize import normalize, read_out
from tts.text.notes import aliases, first_claims, noted
from tts.text.passage import Passage, Pronunciation, Spoken
from tts.text.phonemes import Phonemizer
from tts.text.reading import Reading, ReadWord
from tts.text.symbols import ENGLISH_IPA, N_RESERVED, PUNCTUATION, STRESS_AND_LENGTH, Encoded, SymbolTable
from tts.text.unread import with_losses
from tts.text.written_words import read_words

if TYPE_CHECKING:
    from tts.text.lexicon import Lexicon
    from tts.text.sentences.segment import Segment

_SILENT = frozenset(PUNCTUATION + STRESS_AND_LENGTH)


@dataclass(frozen=True)
class EspeakFrontend:
    """Text to phoneme ids for one language and alphabet, with the user's own pronunciations if there are any.

    Without `homographs` all is said as espeak-ng says it, also what the words around an English homograph ("read")
    show to be wrong.
    """

    language: str = "en-us"
    symbols: SymbolTable = ENGLISH_IPA
    lexicon: Lexicon | None = None
    system_espeak: bool = False
    homographs: bool = True
    _phonemizer: Phonemizer = field(init=False, repr=False, compare=False)
    _others: dict[str, EspeakFrontend] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_phonemizer", Phonemizer(self.language, system_espeak=self.system_espeak))

    def segments(self, passage: Passage) -> Iterator[Segment]:
        """Yield the sentences of a passage, and what lies before each."""
        from tts.text.sentences.segment import segments

        return segments(passage, self._code)

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""
        from tts.text.sentences.segment import split_sentences

        return split_sentences(text, language=self._code)

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""
        return normalize(text, self._code)

    def phonemize(self, text: str) -> str:
        """Give the IPA of a written text, as `read` does.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        spoken = parted(read_out(text, self._code)).text
        said = first_claims(self._known(spoken))
        phonemes = self._phonemizer.words(spoken, said).phonemes if said else self._phonemizer(spoken)
        return in_alphabet(Reading(_ended(phonemes.strip(" "), text)), self._alphabet).phonemes

    def read(self, passage: Passage) -> Reading:
        """Give the phonemes of a passage, best of one sentence, and which of them belong to which written word.

        Its notes on pronunciation go before the lexicon, and that before what espeak-ng says. What is in another
        language is said as there, by the nearest sounds of this alphabet.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the voice's language.
        """
        warnings: list[str] = []
        stretches = [(start, end, self._reader(language, warnings)) for start, end, language in _languages(passage)]
        read: list[tuple[int, Reading]] = []
        lost: list[str] = []
        hints: list[str | None] = []
        for reader, group in groupby(stretches, key=lambda stretch: stretch[2]):
            inside = list(group)
            start, end = inside[0][0], inside[-1][1]
            reading, left_out = reader._read_plain(passage.part(start, end))
            read.append((start, reading))
            lost += left_out
            if left_out:
                from tts.text.languages import advice

                hints.append(advice(reader._code, left_out))
        warnings += filter(None, hints)
        reading = _joined(passage.text, read)
        reading = Reading(reading.phonemes, reading.words, tuple(dict.fromkeys(warnings)))
        return in_alphabet(with_losses(passage.text, reading, lost), self._alphabet)

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of phonemes, and the characters that the alphabet lacks."""
        return self.symbols.encode(phonemes)

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is anything to say: a vowel or consonant of the alphabet, not just marks and blanks."""
        return not (self._alphabet - _SILENT).isdisjoint(phonemes)

    @cached_property
    def _code(self) -> str:
        """espeak-ng's code of the language, which is not asked about English: much needs no phonemes."""
        return self.language if is_english(self.language) else self._phonemizer.code

    @cached_property
    def _alphabet(self) -> frozenset[str]:
        return frozenset(self.symbols.symbols[N_RESERVED:])

    @cached_property
    def _pronunciations(self) -> Lexicon | None:
        if self.lexicon is None:
            return None
        from tts.text.lexicon import in_spoken_form

        return in_spoken_form(self.lexicon, self.normalize, self._phonemizer)

    def _known(self, spoken: str) -> Iterator[Pronunciation]:
        """How words are said by the lexicon, and then by what stands around them."""
        if self._pronunciations is not None:
            yield from self._pronunciations.find(spoken)
        if self.homographs and is_english(self.language):
            from tts.text.languages.english.homographs import find_homographs

            yield from find_homographs(spoken, self.language)

    def _read_plain(self, passage: Passage) -> tuple[Reading, tuple[str, ...]]:
        """The reading of a passage in one language, and what is left out."""
        spoken = parted(read_out(passage.text, self._code, aliases(passage)))
        said = first_claims(chain(noted(passage, spoken), self._known(spoken.text)))
        spelled = self._phonemizer.words(spoken.text, said)
        phonemes = _ended(spelled.phonemes, passage.text)
        return Reading(phonemes, read_words(passage.text, spoken, spelled.words)), spoken.left_out

    def _reader(self, language: str | None, warnings: list[str]) -> EspeakFrontend:
        """Who reads a language; if espeak-ng does not speak it, or it is this one, this."""
        if language is None or f"{self.language}-".startswith(f"{language.lower()}-"):
            return self
        if language not in self._others:
            other = EspeakFrontend(language, self.symbols, self.lexicon, self.system_espeak, self.homographs)
            try:
                self._others[language] = self if other._phonemizer.code == self._phonemizer.code else other
            except TtsError as error:
                warnings.append(f"read as {self.language}: {error}")
                return self
        return self._others[language]


def _ended(phonemes: str, written: str) -> str:
    """The phonemes with the full stop of a sentence whose last word's it is as well: "at 5 p.m.", "Elm St."."""
    is_open = phonemes[-1:].isalpha() or phonemes[-1:] in STRESS_AND_LENGTH
    return f"{phonemes}." if phonemes and is_open and written.rstrip().endswith(".") else phonemes


def _languages(passage: Passage) -> Iterator[tuple[int, int, str | None]]:
    """The stretches of a passage by their language; None is the voice's own."""
    notes = [note for note in passage.notes if isinstance(note, Spoken) and note.language and note.start < note.end]
    bounds = sorted({0, len(passage.text), *(note.start for note in notes), *(note.end for note in notes)})
    if len(bounds) < 2:
        yield 0, len(passage.text), None
    for start, end in pairwise(bounds):
        # An outer note comes before the inner ones.
        inside = [note.language for note in notes if note.start <= start and end <= note.end]
        yield start, end, inside[-1] if inside else None


def _joined(text: str, read: Sequence[tuple[int, Reading]]) -> Reading:
    """The readings of the stretches of a text, each with its start, as one: with a blank where one is written."""
    phonemes = ""
    words: list[ReadWord] = []
    for start, reading in read:
        blank = text[start - 1 : start + 1] if start else ""
        if phonemes and reading.phonemes and any(map(str.isspace, blank)):
            phonemes += " "
        words += (
            ReadWord(word.start + start, word.end + start, word.first + len(phonemes), word.last + len(phonemes))
            for word in reading.words
        )
        phonemes += reading.phonemes
    return Reading(phonemes, tuple(words))
