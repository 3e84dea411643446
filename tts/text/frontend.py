"""From text to the ids that an acoustic model expects: the frontends of voices that read IPA, ARPAbet or letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain, groupby, pairwise
from typing import TYPE_CHECKING, Any, Protocol

from tts.errors import TtsError, UsageError
from tts.text.arpabet import WORD_BREAK, arpabet, phones_of, written_phones
from tts.text.characters import tracked_plain_punctuation
from tts.text.espeak import Phonemizer, split_long_words
from tts.text.kokoro import KOKORO_IDS, MARKS, PAD_ID, in_kokoro_symbols
from tts.text.language_codes import is_english
from tts.text.normalize import normalize, read_out
from tts.text.passage import Passage, Pronunciation, SpokenAs
from tts.text.reading import (
    Reading,
    ReadWord,
    aliases,
    in_inventory,
    joined,
    read_words,
    spoken_pronunciations,
    spoken_span,
    with_unread_warning,
    without_overlaps,
)
from tts.text.spelled import Spelled, SpelledWord
from tts.text.symbols import (
    ARPABET,
    BEGIN,
    END,
    ENGLISH_IPA,
    NVIDIA_SYMBOLS,
    PAD,
    PUNCTUATION,
    STRESS_AND_LENGTH,
    TORCHAUDIO_PHONES,
    Encoded,
    NumberedSymbolTable,
    PublicSymbolTable,
    SymbolTable,
    nearest_symbols,
)

if TYPE_CHECKING:
    from tts.text.lexicon import Lexicon
    from tts.text.segment import Segment


class Frontend(Protocol):
    """Text to ids. "Phonemes" are what the kind calls its symbols: they can be displayed, typed and encoded again."""

    def segments(self, passage: Passage) -> Iterator[Segment]:
        """Yield the sentences of a passage, and the boundary before each."""

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""

    def phonemize(self, text: str) -> str:
        """Return the phonemes of a written text, preferably one sentence."""

    def read(self, passage: Passage) -> Reading:
        """Return the phonemes of a passage, preferably one sentence, and of each written word, as its notes say."""

    def read_sentences(self, passage: Passage) -> Iterator[tuple[Segment, Reading]]:
        """Yield the sentences of a passage, each read once."""

    def encode(self, phonemes: str) -> Encoded:
        """Return the ids of phonemes, and the symbols that the voice's table lacks."""

    def speakable(self, phonemes: str) -> bool:
        """Tell whether phonemes contain a sound, not only marks and spaces."""


def frontend_for(
    kind: str,
    language: str,
    symbols: tuple[str, ...],
    ids: Mapping[str, tuple[int, ...]] | None = None,
    *,
    lexicon: Lexicon | None = None,
    system_espeak: bool = False,
) -> Frontend:
    """Return the frontend of a voice by the kind that its manifest names: espeak, characters, arpabet, piper, ….

    `ids` are the ids of each symbol for kinds whose voices number them as they like.

    Raises:
        TtsError: the kind is unknown, or the symbols are not of that kind.
        UsageError: there is a lexicon and the voice cannot use it.
    """
    try:
        if kind == "espeak":
            return EspeakFrontend(language, SymbolTable(symbols), lexicon, system_espeak)
        if kind == "arpabet":
            return ArpabetFrontend(language, PublicSymbolTable(symbols), lexicon, system_espeak)
        if kind == "kokoro":
            numbers = {symbol: each[0] for symbol, each in (ids or {}).items()} or KOKORO_IDS
            return KokoroFrontend(language, numbers, lexicon, system_espeak)
        if kind == "piper":
            return PiperFrontend(language, NumberedSymbolTable(ids or {}), lexicon, system_espeak)
        if kind in ("characters", "piper-text"):
            if lexicon is not None:
                raise UsageError("This voice reads letters and cannot speak a lexicon's IPA; omit --lexicon.")
            if kind == "piper-text":
                return WrittenFrontend(language, NumberedSymbolTable(ids or {}))
            return CharacterFrontend(PublicSymbolTable(symbols))
    except ValueError as error:
        raise TtsError(
            f"The voice's symbols are not those of a {kind} frontend ({error}); install it again."
        ) from error
    raise TtsError(
        f"The voice needs the text frontend {kind!r}, which this version does not have; it has arpabet, characters, "
        "espeak, kokoro, piper, piper-text: install a newer version, or the voice again."
    )


class _TextFrontend:
    """What all frontends share: segmentation and normalization in one language."""

    def language_code(self) -> str:
        """Return espeak-ng's code of the language."""
        return "en-us"

    def segments(self, passage: Passage) -> Iterator[Segment]:
        """Yield the sentences of a passage, and the boundary before each."""
        from tts.text.segment import segments

        return segments(passage, self.language_code())

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written, with single spaces."""
        from tts.text.segment import split_sentences

        return split_sentences(text, language=self.language_code())

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""
        return normalize(text, self.language_code())

    def phonemize(self, text: str) -> str:
        """Return the phonemes of a written text, as `read` does."""
        return self.read(Passage(text)).phonemes

    def read(self, passage: Passage) -> Reading:
        raise NotImplementedError

    def read_sentences(self, passage: Passage) -> Iterator[tuple[Segment, Reading]]:
        """Yield the sentences of a passage, each read once."""
        for segment in self.segments(passage):
            yield segment, self.read(passage.part(segment.start, segment.end))


_SILENT = frozenset(PUNCTUATION + STRESS_AND_LENGTH)


@dataclass(frozen=True)
class EspeakFrontend(_TextFrontend):
    """Text to phoneme ids for one language and symbol table, with the user's own pronunciations if there are any.

    Without `homographs`, English homographs ("read") are always spoken as espeak-ng does, without regard to the words
    around them.
    """

    language: str = "en-us"
    symbols: SymbolTable | NumberedSymbolTable = ENGLISH_IPA
    lexicon: Lexicon | None = None
    system_espeak: bool = False
    homographs: bool = True
    _phonemizer: Phonemizer = field(init=False, repr=False, compare=False)
    _others: dict[str, EspeakFrontend] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        own_inventory = isinstance(self.symbols, SymbolTable)
        phonemizer = Phonemizer(
            self.language, system_espeak=self.system_espeak, initialisms=True, own_inventory=own_inventory
        )
        object.__setattr__(self, "_phonemizer", phonemizer)

    def language_code(self) -> str:
        """Return espeak-ng's code of the language; English does not need the library, since much needs no phonemes."""
        return self.language if is_english(self.language) else self._phonemizer.code

    def phonemize(self, text: str) -> str:
        """Return the IPA of a written text, as `read` does, without the work of finding its words.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        spoken = split_long_words(read_out(text, self.language_code())).text
        said = without_overlaps(self._known_pronunciations(spoken))
        cased = self._spoken_case(spoken)
        phonemes = self._phonemizer.words(cased, said).phonemes if said else self._phonemizer(cased)
        return in_inventory(Reading(_with_full_stop(phonemes.strip(" "), text)), self._inventory).phonemes

    def read(self, passage: Passage) -> Reading:
        """Return the phonemes of a passage, preferably one sentence, and those of each written word.

        Its own pronunciations override the lexicon, and that overrides espeak-ng. Text in another language is read in
        that language, with the nearest sounds of this inventory.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the voice's language.
        """
        # The spans of the text by their language; None is the voice's own.
        text = passage.text
        notes = [
            note for note in passage.notes if isinstance(note, SpokenAs) and note.language and note.start < note.end
        ]
        bounds = sorted({0, len(text), *(note.start for note in notes), *(note.end for note in notes)})
        warnings: list[str] = []
        spans: list[tuple[int, int, EspeakFrontend]] = []
        for start, end in pairwise(bounds if len(bounds) > 1 else [0, 0]):
            # An outer note comes before the inner ones.
            inside = [note.language for note in notes if note.start <= start and end <= note.end]
            spans.append((start, end, self._reader(inside[-1] if inside else None, warnings)))

        readings: list[tuple[int, Reading]] = []
        left_out: list[str] = []
        hints: list[str | None] = []
        for reader, group in groupby(spans, key=lambda span: span[2]):
            same = list(group)
            start = same[0][0]
            reading, missing = reader._read_in_one_language(passage.part(start, same[-1][1]))
            readings.append((start, reading))
            left_out += missing
            if missing:
                from tts.text.languages import advice

                hints.append(advice(reader.language_code(), missing))
        warnings += filter(None, hints)
        whole = joined(text, readings)
        whole = Reading(whole.phonemes, whole.words, tuple(dict.fromkeys(warnings)))
        return in_inventory(with_unread_warning(text, whole, left_out), self._inventory)

    def encode(self, phonemes: str) -> Encoded:
        """Return the ids of phonemes, and the characters that the symbol table lacks.

        Other spellings of a sound ("ʤ" for "dʒ") and sounds that the table lacks become the nearest symbols.
        """
        if set(phonemes) <= self._inventory:
            return self.symbols.encode(phonemes)
        symbols, offsets = "", list[int]()
        for offset, character in enumerate(phonemes):
            nearest = character if character in self._inventory else nearest_symbols(character, self._inventory)
            # What is not phonetic is not silent: the symbol table names it.
            nearest = nearest or (character if character.isascii() else "")
            symbols += nearest
            offsets += [offset] * len(nearest)
        encoded = self.symbols.encode(symbols)
        return encoded._replace(offsets=[offsets[i] if i >= 0 else i for i in encoded.offsets])

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a vowel or consonant of the inventory, not only marks and spaces."""
        return not (self._inventory - _SILENT).isdisjoint(phonemes)

    @cached_property
    def _inventory(self) -> frozenset[str]:
        return self.symbols.inventory

    @cached_property
    def _spoken_lexicon(self) -> Lexicon | None:
        if self.lexicon is None:
            return None
        from tts.text.lexicon import in_spoken_form

        return in_spoken_form(self.lexicon, self.normalize, self._phonemizer)

    def _known_pronunciations(self, spoken: str) -> Iterator[Pronunciation]:
        """Yield the pronunciations of the lexicon, then those of homographs."""
        if self._spoken_lexicon is not None:
            yield from self._spoken_lexicon.find(spoken)
        if self._english is not None:
            homographs, pronunciations = self._english
            if self.homographs:
                yield from homographs.find_homographs(spoken, self.language)
            yield from pronunciations.find_exceptions(spoken, self.language)

    def _spoken_case(self, spoken: str) -> str:
        """Return words with the capitals that mark initialisms for espeak-ng, in the same positions."""
        if self._english is None or spoken.islower():
            return spoken
        cased: str = self._english[1].with_words_in_small_letters(spoken)
        return cased

    @cached_property
    def _english(self) -> tuple[Any, Any] | None:
        """The modules of what is particular to the pronunciation of English; None: this is another language."""
        if not is_english(self.language):
            return None
        from tts.text.languages.english import homographs, pronunciations

        return homographs, pronunciations

    def _read_in_one_language(self, passage: Passage) -> tuple[Reading, tuple[str, ...]]:
        """Return the reading of a passage without regard to its languages, and what normalization left out."""
        spoken = split_long_words(read_out(passage.text, self.language_code(), aliases(passage)))
        known = self._known_pronunciations(spoken.text)
        said = without_overlaps(chain(spoken_pronunciations(passage, spoken), known))
        spelled = self._phonemizer.words(self._spoken_case(spoken.text), said)
        phonemes = _with_full_stop(spelled.phonemes, passage.text)
        return Reading(phonemes, read_words(passage.text, spoken, spelled.words)), spoken.left_out

    def _reader(self, language: str | None, warnings: list[str]) -> EspeakFrontend:
        """Return the frontend of a language: this one if it is its own, or if espeak-ng does not speak it."""
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


def _with_full_stop(phonemes: str, written: str) -> str:
    """Add the full stop of a sentence that ends with an abbreviation, which shares it: "at 5 p.m.", "Elm St."."""
    is_open = phonemes[-1:].isalpha() or phonemes[-1:] in STRESS_AND_LENGTH
    return f"{phonemes}." if phonemes and is_open and written.rstrip().endswith(".") else phonemes


# What Piper's voices have not seen: espeak-ng, by which their texts were read, does not write it.
_UNSEEN_MARKS = frozenset('"()[]{}')


@dataclass(frozen=True)
class PiperFrontend(EspeakFrontend):
    """Text to the symbols of a voice that was trained on espeak-ng's IPA, each with its own ids.

    These voices were trained on sentences that end in a mark; a full stop is added where there is none.
    """

    def phonemize(self, text: str) -> str:
        """Return the IPA of a written text, as `read` does."""
        return self.read(Passage(text)).phonemes

    def read(self, passage: Passage) -> Reading:
        """Return the phonemes of a passage and those of each written word, as `EspeakFrontend.read` does."""
        reading = super().read(passage)
        symbols = ["" if symbol in _UNSEEN_MARKS else symbol for symbol in reading.phonemes]
        offsets = [0, *accumulate(map(len, symbols))]
        words = tuple(ReadWord(w.start, w.end, offsets[w.first], offsets[w.last]) for w in reading.words)
        phonemes = "".join(symbols)
        is_open = self.speakable(phonemes) and phonemes.rstrip()[-1] not in "!,.:;?"
        return Reading(f"{phonemes}." if is_open and "." in self._inventory else phonemes, words, reading.warnings)

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a letter of the inventory."""
        return any(symbol.isalpha() and symbol in self._inventory for symbol in set(phonemes) - _SILENT)


@dataclass(frozen=True)
class WrittenFrontend(_TextFrontend):
    """Text to the ids of its characters, each with its own ids, after numbers and the like are written out."""

    language: str
    symbols: NumberedSymbolTable

    def language_code(self) -> str:
        """Return the code of the language."""
        return self.language

    def read(self, passage: Passage) -> Reading:
        """Return what is spoken of a passage, and the spelling of each written word; pronunciations are not used."""
        spoken = read_out(passage.text, self.language, aliases(passage))
        words = [SpelledWord(*word.span(), *word.span()) for word in _SPELLED_WORD.finditer(spoken.text)]
        warnings = _unused_pronunciations(spoken.text, spoken_pronunciations(passage, spoken))
        reading = Reading(spoken.text, read_words(passage.text, spoken, words), tuple(warnings))
        return with_unread_warning(passage.text, reading, spoken.left_out)

    def encode(self, phonemes: str) -> Encoded:
        """Return the ids of a spelling, and the characters that the symbol table lacks; capitals may be small ones."""
        known = self.symbols.inventory
        letters = [
            letter.lower() if letter not in known and len(letter.lower()) == 1 else letter for letter in phonemes
        ]
        return self.symbols.encode("".join(letters))

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a letter or digit of the symbol table."""
        return any(map(str.isalnum, self.encode(phonemes).symbols))


_ARPABET_ENDS = frozenset("!,.:;?")
_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True)
class ArpabetFrontend(_TextFrontend):
    """Text to the ids of CMUdict's phones, by the IPA of `EspeakFrontend`.

    Phones are separated by spaces, words by `|`: `HH AH0 L OW1 , | W ER1 L D .`. These voices continue after a sentence
    without a final mark, so a full stop is added.
    """

    language: str = "en-us"
    symbols: PublicSymbolTable = field(default_factory=lambda: PublicSymbolTable(TORCHAUDIO_PHONES))
    lexicon: Lexicon | None = None
    system_espeak: bool = False
    _ipa: EspeakFrontend = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ipa = EspeakFrontend(self.language, lexicon=self.lexicon, system_espeak=self.system_espeak)
        object.__setattr__(self, "_ipa", ipa)

    def language_code(self) -> str:
        """Return espeak-ng's code of the language."""
        return self._ipa.language_code()

    def phonemize(self, text: str) -> str:
        """Return the phones of a written text; raises like `EspeakFrontend.phonemize`."""
        return self._with_full_stop(arpabet(self._ipa.phonemize(text)))

    def read(self, passage: Passage) -> Reading:
        """Return the phones of a passage and those of each written word, as `EspeakFrontend.read` does."""
        reading = self._ipa.read(passage)
        phones = phones_of(reading.phonemes)
        located: list[tuple[int, int, int]] = []
        position = 0
        for word in phones:
            for name, offset in word:
                located.append((offset, position, position + len(name)))
                position += len(name) + 1
            position += len(WORD_BREAK) + 1

        words = []
        first = 0
        for one in reading.words:
            while first < len(located) and located[first][0] < one.first:
                first += 1
            last = first
            while last < len(located) and located[last][0] < one.last:
                last += 1
            if first < last:
                words.append(ReadWord(one.start, one.end, located[first][1], located[last - 1][2]))
        return Reading(self._with_full_stop(written_phones(phones)), tuple(words), reading.warnings)

    def encode(self, phonemes: str) -> Encoded:
        """Return the ids of phones, and those that the symbol table lacks."""
        found = list(_TOKEN.finditer(phonemes))
        phones = (" " if phone.group() == WORD_BREAK else phone.group() for phone in found)
        return self.symbols.encode(phones, (phone.start() for phone in found))

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a phone among the marks."""
        return not set(ARPABET).isdisjoint(phonemes.split())

    def _with_full_stop(self, phones: str) -> str:
        return f"{phones} ." if self.speakable(phones) and phones.split()[-1] not in _ARPABET_ENDS else phones


# Languages of Kokoro whose phonemes espeak-ng does not write.
_MISAKI = {"ja": "Japanese", "cmn": "Chinese", "zh": "Chinese"}


@dataclass(frozen=True)
class KokoroFrontend(_TextFrontend):
    """Text to the ids of Kokoro's symbols, between pads, by the IPA of `EspeakFrontend`.

    Raises:
        ValueError: a symbol is not a single character.
    """

    language: str = "en-us"
    ids: Mapping[str, int] = field(default_factory=lambda: KOKORO_IDS)
    lexicon: Lexicon | None = None
    system_espeak: bool = False
    _ipa: EspeakFrontend = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        symbols = SymbolTable((PAD, BEGIN, END, *self.ids))
        object.__setattr__(self, "_ipa", EspeakFrontend(self.language, symbols, self.lexicon, self.system_espeak))

    def language_code(self) -> str:
        """Return espeak-ng's code of the language."""
        return self._ipa.language_code()

    def read(self, passage: Passage) -> Reading:
        """Return the phonemes of a passage and those of each written word, as `EspeakFrontend.read` does.

        Raises:
            TtsError: espeak-ng does not write the phonemes of the language as Kokoro expects them.
        """
        if name := _MISAKI.get(self.language.lower().partition("-")[0]):
            raise TtsError(
                f"Kokoro's speakers of {name} expect phonemes of the program misaki, which this version cannot make: "
                "use --input phonemes, or a speaker of another language."
            )
        return in_kokoro_symbols(passage.text, self._ipa.read(passage), self.language)

    def encode(self, phonemes: str) -> Encoded:
        """Return the ids of Kokoro's symbols, and the characters that are none; sounds without one get the nearest."""
        symbols: list[str] = []
        offsets: list[int] = []
        dropped: set[str] = set()
        for offset, character in enumerate(phonemes):
            nearest = character if character in self.ids else nearest_symbols(character, self.ids)
            known = [symbol for symbol in nearest if symbol in self.ids]
            if nearest and not known:
                dropped.add(character)
            symbols += known
            offsets += [offset] * len(known)
        ids = [PAD_ID, *(self.ids[symbol] for symbol in symbols), PAD_ID]
        return Encoded(ids, ["", *symbols, ""], tuple(sorted(dropped)), [-1, *offsets, -1])

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a symbol with a sound, not only marks and spaces."""
        return any(symbol in self.ids and symbol not in MARKS for symbol in phonemes)


# Letters that Unicode does not decompose into an ASCII letter and its accent.
_LETTERS = str.maketrans(
    {
        **{"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng"},
        **{"ø": "o", "ð": "d", "đ": "d", "ł": "l", "ħ": "h", "ı": "i"},
    }
)
_ENDED = re.compile(r"[.!?,:;][)']*\Z")
# ARPAbet typed in braces, for NVIDIA's symbol table: "{HH AH0 L OW1} there."
_BRACES = re.compile(r"\{([A-Z0-2 ]*)\}")
_PHONE = re.compile(r"[A-Z0-2]+")
# What is one word of a spelling: "well-known", "it's", or phones.
_SPELLED_WORD = re.compile(r"\{[^}]*\}|\w+(?:['-]+\w+)*")


@dataclass(frozen=True)
class CharacterFrontend(_TextFrontend):
    """English text to the ids of its letters: the spelling that is displayed and typed is what the voice reads.

    These voices were trained on lower-case ASCII with numbers written out, and on sentences that end in a mark; without
    one they continue, so a full stop is added.
    """

    symbols: PublicSymbolTable = field(default_factory=lambda: PublicSymbolTable(NVIDIA_SYMBOLS))

    def read(self, passage: Passage) -> Reading:
        """Return the spelling of a passage, preferably one sentence, and that of each written word.

        It is normalized, in lower case, and in ASCII where a letter has a nearest. Pronunciations are used if the
        symbol table has NVIDIA's ARPAbet. All is read as English.
        """
        has_phones = "@HH" in self.symbols
        spoken = read_out(passage.text, aliases=aliases(passage, pronounced=has_phones))
        said = without_overlaps(spoken_pronunciations(passage, spoken))
        spelled = _spelled(spoken.text, said if has_phones else ())
        warnings = [] if has_phones else _unused_pronunciations(spoken.text, said)
        if any(isinstance(note, SpokenAs) and note.language for note in passage.notes):
            warnings.append("this voice reads letters, as English: text in another language is read as English")
        words = read_words(passage.text, spoken, spelled.words)
        return with_unread_warning(passage.text, Reading(spelled.phonemes, words, tuple(warnings)), spoken.left_out)

    def encode(self, phonemes: str) -> Encoded:
        """Return the ids of a spelling, and the characters that the symbol table lacks.

        If the table has NVIDIA's ARPAbet, `{HH AH0 L OW1}` becomes its phones, with spaces between words.
        """
        symbols = list(_spelling_symbols(phonemes))
        return self.symbols.encode((symbol for symbol, _ in symbols), (offset for _, offset in symbols))

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a letter of the symbol table."""
        return any(symbol.lstrip("@").isalpha() for symbol, _ in _spelling_symbols(phonemes) if symbol in self.symbols)


def _unused_pronunciations(spoken: str, said: Iterable[Pronunciation]) -> list[str]:
    """The warning of a voice that reads letters, if phonemes are given for words of a spoken text."""
    given = ", ".join(repr(spoken[one.start : one.end]) for one in said)
    return [f"this voice reads letters: the phonemes given for {given} are not used"] if given else []


def _spelling_symbols(spelling: str) -> Iterator[tuple[str, int]]:
    """Yield the symbols of a spelling and their offsets."""
    position = 0
    for braces in _BRACES.finditer(spelling):
        yield from zip(spelling[position : braces.start()], range(position, braces.start()), strict=True)
        yield from ((f"@{phone.group()}", phone.start()) for phone in _PHONE.finditer(spelling, *braces.span(1)))
        position = braces.end()
    yield from zip(spelling[position:], range(position, len(spelling)), strict=True)


def _spelled(spoken: str, said: Sequence[Pronunciation]) -> Spelled:
    """Return the spelling of spoken words, and its words; those in `said` as phones in braces."""
    plain = tracked_plain_punctuation(spoken)
    # The only letter that is two in lower case.
    lower = plain.text.replace("İ", "I").lower()

    # The characters of the spelling, each with the span of the text that it comes from.
    characters: list[tuple[str, int, int]] = []
    position = 0
    for start, end, phonemes in [
        *((*spoken_span(plain, s.start, s.end), s.phonemes) for s in said),
        (len(lower), 0, ""),
    ]:
        for i in range(position, start):
            characters += ((character, i, i + 1) for character in to_ascii(lower[i]) if character != '"')
        words = (" ".join(_PHONE.findall(word)) for word in arpabet(phonemes).split(WORD_BREAK))
        characters += ((c, start, end) for c in " ".join(f"{{{phones}}}" for phones in words if phones))
        position = end

    with_single_spaces: list[tuple[str, int, int]] = []
    for character, start, end in characters:
        if not character.isspace():
            with_single_spaces.append((character, start, end))
        elif with_single_spaces and with_single_spaces[-1][0] != " ":
            with_single_spaces.append((" ", start, end))
    if with_single_spaces and with_single_spaces[-1][0] == " ":
        del with_single_spaces[-1]

    spelling = "".join(character for character, _, _ in with_single_spaces)
    found = []
    for word in _SPELLED_WORD.finditer(spelling):
        start, end = plain.written(with_single_spaces[word.start()][1], with_single_spaces[word.end() - 1][2])
        found.append(SpelledWord(start, end, word.start(), word.end()))
    is_open = any(map(str.isalnum, spelling)) and not _ENDED.search(spelling)
    return Spelled(f"{spelling}." if is_open else spelling, tuple(found))


def to_ascii(text: str) -> str:
    """Return letters without accents and ligatures; a character without an ASCII form stays."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
