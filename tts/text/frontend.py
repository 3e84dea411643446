"""What stands between a caller's text and the ids that an acoustic model reads, of whatever kind its voice needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from tts.errors import TtsError, UsageError
from tts.text.arpabet import ArpabetFrontend
from tts.text.espeak import EspeakFrontend
from tts.text.passage import Passage
from tts.text.reading import Reading
from tts.text.spelling import CharacterFrontend
from tts.text.symbols import Encoded, PublicSymbolTable, SymbolTable

if TYPE_CHECKING:
    from tts.text.lexicon import Lexicon
    from tts.text.sentences.segment import Segment


class Frontend(Protocol):
    """Text to ids. "Phonemes" are whatever the kind calls its symbols: they can be shown, typed and encoded again."""

    def segments(self, passage: Passage) -> Iterator[Segment]:
        """Yield the sentences of a passage, and what lies before each."""

    def sentences(self, text: str) -> Iterator[str]:
        """Yield the sentences of a raw text, as written."""

    def normalize(self, text: str) -> str:
        """Write out numbers, abbreviations and signs."""

    def phonemize(self, text: str) -> str:
        """Give the phonemes of a written text, of one sentence at best."""

    def read(self, passage: Passage) -> Reading:
        """Give the phonemes of a passage, of one sentence at best, and of each written word, as its notes say."""

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of phonemes, and what the voice's table lacks."""

    def speakable(self, phonemes: str) -> bool:
        """Tell whether there is anything to say."""


Maker = Callable[[str, tuple[str, ...], "Lexicon | None", bool], Frontend]


def frontend_for(
    kind: str,
    language: str,
    symbols: tuple[str, ...],
    *,
    lexicon: Lexicon | None = None,
    system_espeak: bool = False,
) -> Frontend:
    """The frontend of a voice by the kind that its manifest names: espeak, characters or arpabet.

    Raises:
        TtsError: this version does not know the kind, or the symbols are not of that kind.
        UsageError: there is a lexicon and the voice cannot use it.
    """
    if kind not in _KINDS:
        raise TtsError(
            f"The voice needs the text frontend {kind!r}, which this version does not have; it has "
            f"{', '.join(sorted(_KINDS))}: install a newer version, or the voice again."
        )
    try:
        return _KINDS[kind](language, symbols, lexicon, system_espeak)
    except ValueError as error:
        raise TtsError(
            f"The voice's symbols are not those of a {kind} frontend ({error}); install it again."
        ) from error


def _espeak(language: str, symbols: tuple[str, ...], lexicon: Lexicon | None, system_espeak: bool) -> Frontend:
    return EspeakFrontend(language, SymbolTable(symbols), lexicon, system_espeak)


def _characters(language: str, symbols: tuple[str, ...], lexicon: Lexicon | None, system_espeak: bool) -> Frontend:
    if lexicon is not None:
        raise UsageError("This voice reads letters and cannot speak a lexicon's IPA; leave --lexicon out.")
    return CharacterFrontend(PublicSymbolTable(symbols))


def _arpabet(language: str, symbols: tuple[str, ...], lexicon: Lexicon | None, system_espeak: bool) -> Frontend:
    return ArpabetFrontend(language, PublicSymbolTable(symbols), lexicon, system_espeak)


_KINDS: dict[str, Maker] = {"espeak": _espeak, "characters": _characters, "arpabet": _arpabet}
