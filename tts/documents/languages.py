"""Languages as documents name them."""

from __future__ import annotations

import re

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,4}")
# "Undetermined", "several" and "none" in place of a language (ISO 639-2).
_NONE = ("und", "mul", "zxx", "mis")
_NAMES = {
    "chinese": "zh",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "italian": "it",
    "japanese": "ja",
    "latin": "la",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "swedish": "sv",
}


def language_tag(written: str | None) -> str | None:
    """A language as a BCP 47 tag in lower case, from a tag or an English name; None where it is neither."""
    plain = (written or "").strip().replace("_", "-").lower()
    tag = _NAMES.get(plain, plain)
    return tag if _TAG.fullmatch(tag) and tag.split("-")[0] not in _NONE else None


def same_language(one: str | None, other: str | None) -> bool:
    """Whether text in one can go on as text in the other: en beside en-us, but not en-gb beside en-us."""
    return one == other or (one is not None and other is not None and _is_within(one, other) | _is_within(other, one))


def _is_within(narrow: str, wide: str) -> bool:
    return narrow.startswith(f"{wide}-")
