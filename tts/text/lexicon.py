"""The user's own pronunciations: a file of words and their IPA that overrules the dictionary."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tts.errors import TtsError

_COLUMNS = re.compile(r"\t+|\s*\|\s*| {2,}")


@dataclass(frozen=True)
class Piece:
    """A stretch of text: either to be phonemized, or with the pronunciation that the lexicon gives it."""

    text: str
    phonemes: str | None = None


@dataclass(frozen=True)
class Lexicon:
    """Words and phrases with their IPA; keys are compared without regard to case."""

    entries: Mapping[str, str]
    _pronunciations: dict[str, str] = field(init=False, repr=False, compare=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pronunciations = {_key(word): ipa for word, ipa in self.entries.items()}
        longest_first = sorted(pronunciations, key=lambda word: (-len(word), word))
        alternatives = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
        # Without entries the pattern must match nothing, and "(?!)" does.
        pattern = rf"(?<!\w)({alternatives})('s)?(?!\w)" if alternatives else r"(?!)()()"
        object.__setattr__(self, "_pronunciations", pronunciations)
        object.__setattr__(self, "_pattern", re.compile(pattern, re.IGNORECASE))

    def apply(self, text: str) -> list[Piece]:
        """Split a text at the words that the lexicon knows: whole words, any case, the longest phrase first.

        A possessive ('s) goes with its word. The texts of the pieces, joined, are the text.
        """
        pieces: list[Piece] = []
        position = 0
        for found in self._pattern.finditer(text):
            if found.start() > position:
                pieces.append(Piece(text[position : found.start()]))
            ipa = self._pronunciations.get(_key(found[1]))
            # The regex and casefold disagree about a few rare letters: then the word stays as it is.
            pieces.append(Piece(found.group(), ipa and ipa + (_possessive(ipa) if found[2] else "")))
            position = found.end()
        if position < len(text):
            pieces.append(Piece(text[position:]))
        return pieces


def load_lexicon(path: str | Path) -> Lexicon:
    """Read a lexicon file: a line is a word or phrase, then a tab, two spaces or "|", then its IPA; "#" comments.

    Raises:
        TtsError: the file cannot be read, is not UTF-8, or a line is not an entry (named by file and line number).
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise TtsError(f"cannot read the lexicon {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TtsError(f"the lexicon {path} is not UTF-8 text (byte {error.start})") from error
    entries: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        content = line.split("#", 1)[0].strip()
        if content:
            word, ipa = _entry(content, f"{path}, line {number}")
            entries[word] = ipa
    return Lexicon(entries)


def _entry(content: str, place: str) -> tuple[str, str]:
    parts = [part.strip() for part in _COLUMNS.split(content)]
    if len(parts) != 2 or not all(parts):
        raise TtsError(f'{place}: expected a word, a tab (or "|") and its IPA, not {content!r}')
    return parts[0], parts[1]


def _possessive(ipa: str) -> str:
    """Give the sound of a possessive 's after a word."""
    if ipa.endswith(("s", "z", "ʃ", "ʒ")):
        return "ᵻz"
    return "s" if ipa.endswith(("p", "t", "k", "f", "θ")) else "z"


def _key(word: str) -> str:
    return " ".join(word.split()).casefold()
