"""Names of audio files: unique, and valid on Linux, macOS and Windows."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain, count
from typing import Protocol

from tts.errors import UsageError
from tts.voice.store import is_device, suggestion

NAMINGS = ("id", "text", "number")
LONGEST_STEM = 120
"""In bytes of UTF-8, so that a hash, a suffix and the name of its temporary file fit in 255 bytes."""

# Digits of a hash in a name; more of them if the shorter name is not free.
_HASH_LENGTHS = (8, 16, 32, 64)
_LONGEST_SLUG = 48
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_NOT_WORD = re.compile(r"[\W_]+")
_APOSTROPHES = re.compile(r"['’]")


class Claims(Protocol):
    """Which line has which id and which file name; it grows with the file, so it is not a set in memory."""

    def claim_file(self, stem: str, line: int) -> bool:
        """Reserve a name, `folded`, for a line; False: another line has it."""

    def claim_id(self, id: str, line: int) -> int | None:
        """Reserve an id for a line; None: it was free; else the line that has it."""


class FileNames:
    """Names the file of every utterance by its id, its text or its number.

    Raises:
        UsageError: the naming is unknown.
    """

    def __init__(self, naming: str, claims: Claims) -> None:
        if naming not in NAMINGS:
            raise UsageError(f"There is no naming {naming!r}; {suggestion(naming, NAMINGS)}")
        self._naming, self._claims = naming, claims

    def stem(self, id: str, text: str, line: int, suffix: str) -> str:
        """A name without its suffix, which differs from all others by more than case."""
        if self._naming == "number":
            return numbered(line)
        if self._naming == "text":
            # The number by itself makes it unique.
            return "-".join(part for part in (slug(text), numbered(line)) if part)
        # An id "intro.wav" means the file.
        name = id[: -len(suffix)] if id.casefold().endswith(suffix) and len(id) > len(suffix) else id
        return next(stem for stem in _candidates(name, id) if self._claims.claim_file(folded(stem), line))


def numbered(line: int) -> str:
    """The number of a line as it stands in names and ids."""
    return f"{line:06}"


def folded(stem: str) -> str:
    """Equal for all names that are the same file on some system, where case or Unicode composition do not count."""
    if stem.isascii():
        return stem.lower()
    upper = unicodedata.normalize("NFD", stem).casefold().upper()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", upper).casefold())


def is_safe(stem: str) -> bool:
    """Whether the name is valid on every system and displayed as it is."""
    if len(stem) <= LONGEST_STEM and _PLAIN.fullmatch(stem):
        return not is_device(stem)
    return (
        0 < len(stem.encode("utf-8", "surrogatepass")) <= LONGEST_STEM
        and stem[0] not in ".- "
        and stem[-1] not in ". "
        # No controls, direction marks or surrogates; no spaces but the plain one.
        and stem.isprintable()
        and not _FORBIDDEN.search(stem)
        and unicodedata.is_normalized("NFC", stem)
        and not is_device(stem)
    )


def _candidates(name: str, id: str) -> Iterator[str]:
    """Possible names for an id, the most readable first."""
    if is_safe(name):
        yield name
    form = _safe_form(name)
    digest = hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()
    hashes = chain((digest[:length] for length in _HASH_LENGTHS), (f"{digest}-{again}" for again in count(2)))
    yield from (f"{form}-{tail}" if form else tail for tail in hashes)


def _safe_form(name: str) -> str:
    """The usable part of an unsafe name, with room for a hash after it; may be empty."""
    form = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    if not form.isprintable():
        # Invisible characters disappear, others become "_".
        shown = (c if c.isprintable() else "" if unicodedata.category(c)[0] == "C" else "_" for c in form)
        form = unicodedata.normalize("NFC", "".join(shown))
    # After it come "-" and a hash, before it possibly "_".
    room = LONGEST_STEM - 2 - _HASH_LENGTHS[0]
    form = form.lstrip(".- ").encode()[:room].decode(errors="ignore").rstrip(". ")
    # con.first is a device even with a hash after it.
    return f"_{form}" if is_device(form) else form


def slug(text: str) -> str:
    """The first words of a text as a name: "the-first-words"; may be empty."""
    beginning = unicodedata.normalize("NFC", text[: 2 * _LONGEST_SLUG].lower())
    slug = ""
    for word in filter(None, _NOT_WORD.split(_APOSTROPHES.sub("", beginning))):
        longer = f"{slug}-{word}" if slug else word
        if len(longer.encode()) > _LONGEST_SLUG:
            break
        slug = longer
    return slug
