"""The frontend of voices that read IPA: normalized English, espeak-ng's phonemes, between begin and end markers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tts.text.lexicon import Lexicon, Piece
from tts.text.normalize import normalize
from tts.text.phonemes import Phonemizer
from tts.text.segment import split_sentences
from tts.text.symbols import ENGLISH_IPA, N_RESERVED, PUNCTUATION, STRESS_AND_LENGTH, Encoded, SymbolTable

_SILENT = frozenset(PUNCTUATION + STRESS_AND_LENGTH)


@dataclass(frozen=True)
class EspeakFrontend:
    """Text to phoneme ids for one language and alphabet, with the user's own pronunciations if there are any."""

    language: str = "en-us"
    symbols: SymbolTable = ENGLISH_IPA
    lexicon: Lexicon | None = None
    system_espeak: bool = False
    _phonemizer: Phonemizer = field(init=False, repr=False, compare=False)
    _pronunciations: Lexicon | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_phonemizer", Phonemizer(self.language, system_espeak=self.system_espeak))
        spoken = None if self.lexicon is None else _in_spoken_form(self.lexicon)
        object.__setattr__(self, "_pronunciations", spoken)

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""
        return split_sentences(text)

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""
        return normalize(text)

    def phonemize(self, text: str) -> str:
        """Give the IPA of a written text: normalized, the lexicon's words as the lexicon says, espeak-ng for the rest.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        spoken = normalize(text)
        if self._pronunciations is None:
            return self._phonemizer(spoken)
        return "".join(self._phonemes_of(piece) for piece in self._pronunciations.apply(spoken)).strip()

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of phonemes, and the characters that the alphabet lacks."""
        return self.symbols.encode(phonemes)

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is anything to say: a vowel or consonant of the alphabet, not just marks and blanks."""
        sounds = set(self.symbols.symbols[N_RESERVED:]) - _SILENT
        return not sounds.isdisjoint(phonemes)

    def _phonemes_of(self, piece: Piece) -> str:
        if piece.phonemes is not None:
            return piece.phonemes
        before = " " if piece.text[:1].isspace() else ""
        after = " " if piece.text[-1:].isspace() else ""
        phonemes = self._phonemizer(piece.text)
        return f"{before}{phonemes}{after}" if phonemes else before or after


def _in_spoken_form(lexicon: Lexicon) -> Lexicon:
    """Add to each entry the form that normalization gives its word, which is what the text then holds ("C++")."""
    spoken = {normalize(word): ipa for word, ipa in lexicon.entries.items()}
    return Lexicon({word: ipa for word, ipa in {**spoken, **lexicon.entries}.items() if word})
