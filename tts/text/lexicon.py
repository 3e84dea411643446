"""The user's own pronunciations: words and phrases, and how they are said, which overrules the dictionary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tts.errors import TtsError
from tts.text.passage import Pronunciation

Phonemize = Callable[[str], str]

# Kana and Chinese characters, which no blanks part into words, stand alone.
_CHARACTER = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CHARACTER}]|[^\W{_CHARACTER}]+|\s+|[^\w\s]")
_GOES_ON = re.compile(rf"[^\W{_CHARACTER}]")
_ALIKE = str.maketrans({**dict.fromkeys("’ʼ‘＇", "'"), **dict.fromkeys("‐‑", "-")})
_COLUMNS = re.compile(r"\t+|\s*\|\s*| {2,}")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_IN_SLASHES = re.compile(r"/([^/]*)/")
_IN_QUOTES = re.compile(r'["“]([^"”]*)["”]')
_OPENING = frozenset('/"')
# As in "shi-VAWN": espeak-ng would spell it out.
_SYLLABLE = re.compile(r"(?<=-)[^\W\d_]{2,}|[^\W\d_]{2,}(?=-)")
# The Unicode blocks of phonetic letters and stress marks, and four letters that English does not have. Others that
# some spelling has (ø, œ, ç, Greek) do not make a text IPA.
_ONLY_IPA = re.compile("[\u0250-\u02ff\u1d00-\u1dbfæðŋθ]")
_TYPED_IPA = str.maketrans({"g": "ɡ", ":": "ː", "'": "ˈ", "’": "ˈ", "͡": None, "͜": None, ".": None, "‿": None})

_NOT_OURS = re.compile(f"[{''.join(map(chr, _TYPED_IPA))}]")


class Respelling(NamedTuple):
    """A word said as if it were written like this ("sequel")."""

    text: str


Said = str | Respelling
"""IPA, or other letters."""


@dataclass(frozen=True)
class Lexicon:
    """Words and phrases with how they are said.

    `entries` are compared without regard to case, `exact` are for words written just so and go before. `phonemize`
    gives the IPA of a respelling (`in_spoken_form` puts it in).
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
        """First token → how many tokens the entries have that begin with it, the most first."""
        words = [*map(_plain, self.entries), *map(_plain, self.exact)]
        # Most are one token, and a regex for each would take most of the time.
        found: dict[str, tuple[int, ...]] = dict.fromkeys((word.casefold() for word in words if _is_plain(word)), (1,))
        for word in words:
            if not _is_plain(word) and (tokens := _TOKEN.findall(word)):
                first = tokens[0].casefold()
                found[first] = tuple(sorted({len(tokens), *found.get(first, ())}, reverse=True))
        return found

    def __len__(self) -> int:
        return len(self._any_case) + len(self._as_written)

    def find(self, spoken: str) -> list[Pronunciation]:
        """How the words that it knows are said, in order: whole words, the longest phrase first.

        A possessive ('s) goes with its word.

        Raises:
            ValueError: an entry is a respelling, and nothing was given to phonemize it.
        """
        return list(self._found(spoken))

    def overruled_by(self, other: Lexicon) -> Lexicon:
        """Both as one; where both know a word, it is said as the other says."""
        entries = {word: said for word, said in self.entries.items() if _plain(word).casefold() not in other._any_case}
        exact = {word: said for word, said in self.exact.items() if _plain(word).casefold() not in other._any_case}
        # What the other has for a word as it is written comes later, and so wins.
        return Lexicon({**entries, **other.entries}, {**exact, **other.exact})

    def _found(self, spoken: str) -> Iterator[Pronunciation]:
        plain = spoken.translate(_ALIKE)
        tokens = _TOKEN.findall(plain)
        folded = [token.casefold() for token in tokens]
        if self._lengths.keys().isdisjoint(folded):
            return
        starts = [0, *accumulate(map(len, tokens))]
        tokens, folded = ([" " if token.isspace() else token for token in row] for row in (tokens, folded))
        i = 0
        while i < len(tokens):
            length, said = self._longest(tokens, folded, i)
            if said is None:
                i += 1
                continue
            last = i + length
            ipa = said if isinstance(said, str) else self._ipa_of(said.text)
            if folded[last : last + 2] == ["'", "s"]:
                last, ipa = last + 2, ipa + _possessive(ipa)
            yield Pronunciation(starts[i], starts[last], ipa)
            i = last

    def _longest(self, tokens: list[str], folded: list[str], i: int) -> tuple[int, Said | None]:
        """How many tokens from the i-th on are an entry, and how it is said."""
        for length in self._lengths.get(folded[i], ()):
            if not _is_whole(tokens, i, i + length):
                continue
            said = self._as_written.get("".join(tokens[i : i + length]))
            said = said if said is not None else self._any_case.get("".join(folded[i : i + length]))
            if said is not None:
                return length, said
        return 0, None

    def _ipa_of(self, text: str) -> str:
        if text not in self._respelled:
            if self.phonemize is None:
                raise ValueError("a lexicon with respellings needs a phonemizer")
            self._respelled[text] = self.phonemize(text)
        return self._respelled[text]


def load_lexicon(path: str | Path) -> Lexicon:
    """Read a lexicon file: a line is a word or phrase, then a tab, two blanks or "|", then how it is said.

    That is IPA in slashes, or with a character that only IPA has; else a respelling, surely so in double quotes.
    A third column "case" keeps the entry for the word written just so. "#" begins a comment, at the start of a line or
    after a blank. Of a word that stands there twice the last goes.

    Raises:
        TtsError: the file cannot be read, is not UTF-8, or a line is not an entry (named by file and line number).
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
    # What most lines are goes without a regex, which takes most of the time for a long lexicon.
    simple = content.count("\t") == 1 and "|" not in content and "  " not in content
    word, *rest = map(str.strip, content.split("\t") if simple else _COLUMNS.split(content))
    if not word or not rest or not rest[0] or len(rest) > 2:
        raise ValueError(f'expected a word, a tab (or "|") and how it is said, not {content!r}')
    if rest[1:] not in ([], ["case"]):
        raise ValueError(f'the third column can only say "case", not {rest[1]!r}')
    return word, _said(rest[0]), len(rest) == 2


def _said(text: str) -> Said:
    if text.isascii() and text[0] not in _OPENING:
        return Respelling(text)
    if slashes := _IN_SLASHES.fullmatch(text):
        ipa = tidy_ipa(slashes[1])
        if not ipa:
            raise ValueError("nothing stands between the slashes")
        return ipa
    if quotes := _IN_QUOTES.fullmatch(text):
        if not quotes[1].strip():
            raise ValueError("nothing stands between the quotes")
        return Respelling(quotes[1].strip())
    return tidy_ipa(text) if _ONLY_IPA.search(text) else Respelling(text)


def tidy_ipa(ipa: str) -> str:
    """IPA as people type it, in the characters that voices know: no ties or dots between syllables, ː for a colon."""
    # Most need nothing, and this is what takes longest for a long lexicon.
    if _NOT_OURS.search(ipa) or not unicodedata.is_normalized("NFC", ipa):
        ipa = unicodedata.normalize("NFC", ipa).translate(_TYPED_IPA)
    return " ".join(ipa.split())


def in_spoken_form(lexicon: Lexicon, normalize: Callable[[str], str], phonemize: Phonemize | None = None) -> Lexicon:
    """A lexicon for normalized text: each word also as normalization writes it ("C++": "C plus plus").

    `phonemize` gives the IPA of spoken words, for the respellings.
    """
    return Lexicon(
        {**_normalized(lexicon.entries, normalize), **lexicon.entries},
        {**_normalized(lexicon.exact, normalize), **lexicon.exact},
        phonemize and (lambda text: phonemize(normalize(_SYLLABLE.sub(lambda found: found[0].lower(), text)))),
    )


def _normalized(entries: Mapping[str, Said], normalize: Callable[[str], str]) -> dict[str, Said]:
    forms = ((normalize(word), said) for word, said in entries.items() if not _is_ordinary(word))
    return {form: said for form, said in forms if form}


def _is_ordinary(word: str) -> bool:
    """Tell whether normalization surely leaves it alone: it takes its time, and most of a long lexicon is names."""
    return unicodedata.is_normalized("NFKC", word) and all(
        len(part) > 3 and part.isalpha() and part[1:].islower() for part in word.split()
    )


def _is_whole(tokens: list[str], first: int, last: int) -> bool:
    """Tell whether the tokens [first, last) are there and no letter or digit touches them."""
    if last > len(tokens):
        return False
    before = first > 0 and _GOES_ON.match(tokens[first - 1])
    return not before and not (last < len(tokens) and _GOES_ON.match(tokens[last]))


def _possessive(ipa: str) -> str:
    """Give the sound of a possessive 's after a word."""
    if ipa.endswith(("s", "z", "ʃ", "ʒ")):
        return "ᵻz"
    return "s" if ipa.endswith(("p", "t", "k", "f", "θ")) else "z"


def _plain(word: str) -> str:
    return word if _is_plain(word) else " ".join(word.translate(_ALIKE).split())


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalnum()
