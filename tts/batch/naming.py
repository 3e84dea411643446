"""Names of audio files: unique, and such that Linux, macOS and Windows can all have them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, count
from typing import Protocol

from tts.errors import UsageError
from tts.voice.names import is_device
from tts.voice.store import suggestion

NAMINGS = ("id", "text", "number")
LONGEST_STEM = 120
"""In bytes of UTF-8, so that a hash, a suffix and what stands beside it while it is written fit in a name of 255."""

_DIGITS = 6
# How much of an id's hash stands in a name; more where even that is taken.
_HASH_LENGTHS = (8, 16, 32, 64)
_LONGEST_SLUG = 48
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_NO_WORD = re.compile(r"[\W_]+")
_APOSTROPHES = re.compile(r"['’]")


class Claims(Protocol):
    """Who has which id and which file name; it grows with the file, so it is no set in memory."""

    def claim_file(self, stem: str, line: int) -> bool:
        """Whether the name, `folded`, was free; it is now the line's."""

    def claim_id(self, id: str, line: int) -> int | None:
        """None: the id was free and is now the line's; else the line that has it."""


class FileNames:
    """Gives every utterance the name of its file, by its id, its text or its number.

    Raises:
        UsageError: there is no such way to name them.
    """

    def __init__(self, naming: str, claims: Claims) -> None:
        if naming not in NAMINGS:
            raise UsageError(f"There is no naming {naming!r}; {suggestion(naming, NAMINGS)}")
        self._naming, self._claims = naming, claims

    def stem(self, id: str, text: str, line: int, suffix: str) -> str:
        """A name without its suffix, which no other utterance has, whatever its case."""
        if self._naming == "number":
            return numbered(line)
        if self._naming == "text":
            # The number alone makes it unique.
            return "-".join(part for part in (slug(text), numbered(line)) if part)
        # Who calls an utterance intro.wav means the file.
        name = id[: -len(suffix)] if id.casefold().endswith(suffix) and len(id) > len(suffix) else id
        return next(stem for stem in _stems(name, id) if self._claims.claim_file(folded(stem), line))


def numbered(line: int) -> str:
    """A line's number as names and ids have it."""
    return f"{line:0{_DIGITS}}"


def folded(stem: str) -> str:
    """What all names have in common that are one file on some system: case and composition do not tell them apart."""
    if stem.isascii():
        return stem.lower()
    upper = unicodedata.normalize("NFD", stem).casefold().upper()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", upper).casefold())


def is_safe(stem: str) -> bool:
    """Whether every system can have a file of this name, and shows it as it is."""
    if len(stem) <= LONGEST_STEM and _PLAIN.fullmatch(stem):
        return not is_device(stem)
    return (
        0 < len(stem.encode("utf-8", "surrogatepass")) <= LONGEST_STEM
        and stem[0] not in ".- "
        and stem[-1] not in ". "
        # Neither controls, nor what turns the direction of writing, nor half characters; of blanks only the plain one.
        and stem.isprintable()
        and not _FORBIDDEN.search(stem)
        and unicodedata.is_normalized("NFC", stem)
        and not is_device(stem)
    )


def _stems(name: str, id: str) -> Iterator[str]:
    """The names that an id may have, the nicest first."""
    if is_safe(name):
        yield name
    form = _safe_form(name)
    digest = hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()
    hashes = chain((digest[:length] for length in _HASH_LENGTHS), (f"{digest}-{again}" for again in count(2)))
    yield from (f"{form}-{tail}" if form else tail for tail in hashes)


def _safe_form(name: str) -> str:
    """What can be kept of an unsafe name, with room for a hash behind it; may be nothing."""
    kept = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    if not kept.isprintable():
        kept = unicodedata.normalize("NFC", "".join(c if c.isprintable() else _instead(c) for c in kept))
    # Behind it come - and a hash, before it perhaps a _.
    room = LONGEST_STEM - 2 - _HASH_LENGTHS[0]
    form = kept.lstrip(".- ").encode()[:room].decode(errors="ignore").rstrip(". ")
    # con.first is a device with a hash behind it, too.
    return f"_{form}" if is_device(form) else form


def _instead(character: str) -> str:
    """Of what is not seen, nothing is to be seen."""
    return "" if unicodedata.category(character)[0] == "C" else "_"


def slug(text: str) -> str:
    """The first words of a text, as a name: "the-first-words"; may be nothing."""
    beginning = unicodedata.normalize("NFC", text[: 2 * _LONGEST_SLUG].lower())
    words = _NO_WORD.split(_APOSTROPHES.sub("", beginning))
    slug = ""
    for word in filter(None, words):
        longer = f"{slug}-{word}" if slug else word
        if len(longer.encode()) > _LONGEST_SLUG:
            break
        slug = longer
    return slug
