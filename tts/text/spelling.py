"""The frontend of voices that read written English, a character a symbol, as the public Tacotron 2 checkpoints do."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tts.text.normalize import normalize
from tts.text.public_symbols import NVIDIA_SYMBOLS
from tts.text.punctuation import plain_punctuation
from tts.text.segment import split_sentences
from tts.text.symbols import Encoded, PublicSymbolTable

# Letters that Unicode does not take apart into an ASCII letter and its accent.
_LETTERS = str.maketrans(
    {
        **{"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ŋ": "ng"},
        **{"ø": "o", "ð": "d", "đ": "d", "ł": "l", "ħ": "h", "ı": "i"},
    }
)
_BLANKS = re.compile(r"\s+")
_ENDED = re.compile(r"[.!?,:;][)']*\Z")
# ARPAbet typed in braces, as NVIDIA's table knows it: "{HH AH0 L OW1} there."
_BRACES = re.compile(r"\{([A-Z0-2 ]*)\}")


@dataclass(frozen=True)
class CharacterFrontend:
    """Text to the ids of its letters: the spelling that is shown and typed is what the voice reads.

    These voices were taught plain lower-case ASCII with numbers written out, and sentences that end in a mark; without
    one they run on, so a full stop is added.
    """

    symbols: PublicSymbolTable = field(default_factory=lambda: PublicSymbolTable(NVIDIA_SYMBOLS))

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""
        return split_sentences(text)

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""
        return normalize(text)

    def phonemize(self, text: str) -> str:
        """Give the spelling that the voice reads: normalized, lower-case, in ASCII where a letter has a nearest."""
        plain = to_ascii(plain_punctuation(normalize(text)).lower()).replace('"', "")
        return ended(_BLANKS.sub(" ", plain).strip())

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of a spelling, and the characters that the table lacks.

        Where the table has NVIDIA's ARPAbet, `{HH AH0 L OW1}` gives its phones, with blanks between words.
        """
        return self.symbols.encode(self._symbols(phonemes))

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is a letter of the table."""
        return any(symbol.lstrip("@").isalpha() for symbol in self._symbols(phonemes) if symbol in self.symbols)

    def _symbols(self, spelling: str) -> Iterable[str]:
        position = 0
        for braces in _BRACES.finditer(spelling):
            yield from spelling[position : braces.start()]
            yield from (f"@{phone}" for phone in braces[1].split())
            position = braces.end()
        yield from spelling[position:]


def to_ascii(text: str) -> str:
    """Letters without their accents and ligatures; what has no ASCII form stays."""
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(character for character in apart if not unicodedata.combining(character))


def ended(sentence: str) -> str:
    """The sentence with a full stop, where it says something and no mark ends it."""
    says_something = any(character.isalnum() for character in sentence)
    return f"{sentence}." if says_something and not _ENDED.search(sentence) else sentence
