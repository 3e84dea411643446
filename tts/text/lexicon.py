"""The user's own pronunciations: lexicon files, where they are found, and their words found in spoken text."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tts.config import config_folder, ignores_user_lexicons
from tts.errors import TtsError
from tts.text.passage import Pronunciation
from tts.text.symbols import tidy_ipa


def user_lexicon_path(language: str = "") -> Path:
    """Return the path of the user's lexicon for a language, or without one, for every voice; the file may not exist."""
    return config_folder() / (f"lexicon.{language}.tsv" if language else "lexicon.tsv")


def user_lexicon_files(language: str) -> list[Path]:
    """Return the user's lexicons for a voice's language that exist; a later one overrides the earlier.

    For "en-us" these are lexicon.tsv, lexicon.en.tsv and lexicon.en-us.tsv; with TTS_NO_USER_LEXICON=1 there are none.
    """
    if ignores_user_lexicons():
        return []
    parts = language.lower().split("-") if language else []
    codes = ["", *("-".join(parts[:n]) for n in range(1, len(parts) + 1))]
    return [path for path in map(user_lexicon_path, codes) if os.path.isfile(path)]


def lexicon_for(language: str, file: Path | None = None, *, user: bool = True) -> Lexicon | None:
    """Return all lexicons of a voice as one, or None without any: the user's own, overridden by that in `file`.

    `user` is False for a voice that cannot speak IPA: it refuses a lexicon, and the user's is not meant for it.

    Raises:
        TtsError: one of them cannot be read, or has an invalid line.
    """
    lexicon: Lexicon | None = None
    for path in [*(user_lexicon_files(language) if user else []), *([file] if file else [])]:
        more = load_lexicon(path)
        lexicon = lexicon.overridden_by(more) if lexicon else more
    return lexicon


Phonemize = Callable[[str], str]

# Kana and Chinese characters are words of their own, since no spaces separate them.
_CHARACTER = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CHARACTER}]|[^\W{_CHARACTER}]+|\s+|[^\w\s]")
_CONTINUES = re.compile(rf"[^\W{_CHARACTER}]")
_ALIKE = str.maketrans({**dict.fromkeys("’ʼ‘＇", "'"), **dict.fromkeys("‐‑", "-")})
# As in "shi-VAWN": espeak-ng would spell it out.
_SYLLABLE = re.compile(r"(?<=-)[^\W\d_]{2,}|[^\W\d_]{2,}(?=-)")


class Respelling(NamedTuple):
    """A word spoken as if it were written like this ("sequel")."""

    text: str


Said = str | Respelling
"""IPA, or other letters."""


@dataclass(frozen=True)
class Lexicon:
    """Words and phrases with their pronunciations.

    `entries` match in any case; `exact` match words written just so and have priority. `phonemize` returns the IPA of a
    respelling (`in_spoken_form` sets it).
    """

    entries: Mapping[str, Said] = field(default_factory=dict)
    exact: Mapping[str, Said] = field(default_factory=dict)
    phonemize: Phonemize | None = field(default=None, repr=False, compare=False)
    _respelled: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    @cached_property
    def _any_case(self) -> dict[str, Said]:
        return {_plain(word).casefold(): said for word, said in self.entries.items()}

    @cached_property
    def _as_written(self) -> dict[str, Said]:
        return {_plain(word): said for word, said in self.exact.items()}

    @cached_property
    def _lengths(self) -> dict[str, tuple[int, ...]]:
        """First token → the numbers of tokens of the entries that begin with it, longest first."""
        words = [*map(_plain, self.entries), *map(_plain, self.exact)]
        # Most entries are one token; a regex for each would be the slowest part.
        found: dict[str, tuple[int, ...]] = dict.fromkeys((word.casefold() for word in words if _is_plain(word)), (1,))
        for word in words:
            if not _is_plain(word) and (tokens := _TOKEN.findall(word)):
                first = tokens[0].casefold()
                found[first] = tuple(sorted({len(tokens), *found.get(first, ())}, reverse=True))
        return found

    def __len__(self) -> int:
        return len(self._any_case) + len(self._as_written)

    def overridden_by(self, other: Lexicon) -> Lexicon:
        """Return both merged; for a word in both, the other's pronunciation."""
        entries = {word: said for word, said in self.entries.items() if _plain(word).casefold() not in other._any_case}
        exact = {word: said for word, said in self.exact.items() if _plain(word).casefold() not in other._any_case}
        # The other's exact entries come later, and so override.
        return Lexicon({**entries, **other.entries}, {**exact, **other.exact})

    def find(self, spoken: str) -> list[Pronunciation]:
        """Return the pronunciations of the words of a text that are entries, in order, of the longest phrases.

        A possessive ('s) belongs to its word.

        Raises:
            ValueError: an entry is a respelling, and the lexicon has no `phonemize`.
        """
        plain = spoken.translate(_ALIKE)
        tokens = _TOKEN.findall(plain)
        folded = [token.casefold() for token in tokens]
        if self._lengths.keys().isdisjoint(folded):
            return []
        starts = [0, *accumulate(map(len, tokens))]
        tokens, folded = ([" " if token.isspace() else token for token in row] for row in (tokens, folded))

        found = []
        i = 0
        while i < len(tokens):
            said: Said | None = None
            for length in self._lengths.get(folded[i], ()):
                last = i + length
                # No letter or digit may touch them.
                if last > len(tokens) or (i > 0 and _CONTINUES.match(tokens[i - 1])):
                    continue
                if last < len(tokens) and _CONTINUES.match(tokens[last]):
                    continue
                said = self._as_written.get("".join(tokens[i:last]))
                said = said if said is not None else self._any_case.get("".join(folded[i:last]))
                if said is not None:
                    break
            if said is None:
                i += 1
                continue

            if isinstance(said, str):
                ipa = said
            else:
                if said.text not in self._respelled:
                    if self.phonemize is None:
                        raise ValueError("a lexicon with respellings needs a phonemizer")
                    self._respelled[said.text] = self.phonemize(said.text)
                ipa = self._respelled[said.text]
            if folded[last : last + 2] == ["'", "s"]:
                last += 2
                voiceless = ipa.endswith(("p", "t", "k", "f", "θ"))
                ipa += "ᵻz" if ipa.endswith(("s", "z", "ʃ", "ʒ")) else "s" if voiceless else "z"
            found.append(Pronunciation(starts[i], starts[last], ipa))
            i = last
        return found


def in_spoken_form(lexicon: Lexicon, normalize: Callable[[str], str], phonemize: Phonemize | None = None) -> Lexicon:
    """Return a lexicon for normalized text: each word also as normalization writes it ("C++": "C plus plus").

    `phonemize` returns the IPA of spoken words, for the respellings.
    """
    both: list[dict[str, Said]] = []
    for written in (lexicon.entries, lexicon.exact):
        spoken: dict[str, Said] = {}
        for word, said in written.items():
            # Normalization is slow, and certainly keeps most entries of a long lexicon, which are names.
            is_ordinary = unicodedata.is_normalized("NFKC", word) and all(
                len(part) > 3 and part.isalpha() and part[1:].islower() for part in word.split()
            )
            if not is_ordinary and (form := normalize(word)):
                spoken[form] = said
        both.append({**spoken, **written})
    entries, exact = both
    if phonemize is None:
        return Lexicon(entries, exact)

    def ipa_of(text: str) -> str:
        return phonemize(normalize(_SYLLABLE.sub(lambda found: found[0].lower(), text)))

    return Lexicon(entries, exact, ipa_of)


def _plain(word: str) -> str:
    return word if _is_plain(word) else " ".join(word.translate(_ALIKE).split())


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalnum()


_COLUMNS = re.compile(r"\t+|\s*\|\s*| {2,}")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_IN_SLASHES = re.compile(r"/([^/]*)/")
_IN_QUOTES = re.compile(r'["“]([^"”]*)["”]')
_OPENING = frozenset('/"')
# The Unicode blocks of phonetic letters and stress marks, and four letters that English does not have. Others that
# some orthography has (ø, œ, ç, Greek) do not make a text IPA.
_ONLY_IPA = re.compile("[\u0250-\u02ff\u1d00-\u1dbfæðŋθ]")


def load_lexicon(path: str | Path) -> Lexicon:
    """Read a lexicon file: a line is a word or phrase, then a tab, two spaces or "|", then its pronunciation.

    That is IPA in slashes, or with a character that only IPA has; otherwise a respelling, as is anything in double
    quotes. A third column "case" limits the entry to the word written just so. "#" begins a comment, at the start of a
    line or after whitespace. The last of several entries for a word is used.

    Raises:
        TtsError: the file cannot be read, is not UTF-8, or has an invalid line (named by file and line number).
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise TtsError(f"cannot read the lexicon {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TtsError(f"the lexicon {path} is not UTF-8 text (byte {error.start})") from error
    entries: dict[str, Said] = {}
    exact: dict[str, Said] = {}
    for number, line in enumerate(lines, 1):
        content = (_COMMENT.sub("", line) if "#" in line else line).strip()
        if content:
            try:
                word, said, as_written = _entry(content)
            except ValueError as error:
                raise TtsError(f"{path}, line {number}: {error}") from None
            (exact if as_written else entries)[word] = said
    return Lexicon(entries, exact)


def _entry(content: str) -> tuple[str, Said, bool]:
    """Return the word of a line, its pronunciation, and whether it matches only as written."""
    # Most lines of a long lexicon need no regex, which would be the slowest part.
    simple = content.count("\t") == 1 and "|" not in content and "  " not in content
    word, *rest = map(str.strip, content.split("\t") if simple else _COLUMNS.split(content))
    if not word or not rest or not rest[0] or len(rest) > 2:
        raise ValueError(f'expected a word, a tab (or "|") and a pronunciation, not {content!r}')
    if rest[1:] not in ([], ["case"]):
        raise ValueError(f'the third column can only be "case", not {rest[1]!r}')

    text = rest[0]
    said: Said
    if text.isascii() and text[0] not in _OPENING:
        said = Respelling(text)
    elif slashes := _IN_SLASHES.fullmatch(text):
        said = tidy_ipa(slashes[1])
        if not said:
            raise ValueError("there is nothing between the slashes")
    elif quotes := _IN_QUOTES.fullmatch(text):
        said = Respelling(quotes[1].strip())
        if not said.text:
            raise ValueError("there is nothing between the quotes")
    else:
        said = tidy_ipa(text) if _ONLY_IPA.search(text) else Respelling(text)
    return word, said, len(rest) == 2
