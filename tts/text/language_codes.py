"""espeak-ng's code for a language: its own codes ("fr-fr", "cmn") and the common ones ("zh-CN")."""

from collections.abc import Collection
from functools import lru_cache

# Where espeak-ng does not use the part before the hyphen, or has several codes that begin with it.
_USUAL = {
    "en": "en-us",
    "en-ca": "en-us",
    "en-ph": "en-us",
    "en-jm": "en-029",
    "fr": "fr-fr",
    "es-mx": "es-419",
    "zh": "cmn",
    "zh-yue": "yue",
    "zh-hk": "yue",
    "zh-mo": "yue",
    "pt-pt": "pt",
    "no": "nb",
    "nn": "nb",
    "iw": "he",
    "in": "id",
    "tl": "fil",
    "sr-latn": "sr",
    "sh": "hr",
    "mo": "ro",
    "ckb": "ku",
    "jp": "ja",
}
# English where the table names nothing else ("en-AU"), and Spanish in America.
_ENGLISH_ELSEWHERE = "en-gb"
_AMERICAN_SPANISH = frozenset(
    ("ar", "bo", "cl", "co", "cr", "cu", "do", "ec", "gt", "hn", "ni", "pa", "pe", "pr", "py", "sv", "us", "uy", "ve")
)


@lru_cache(64)
def is_english(language: str) -> bool:
    """Tell whether a language code is a variety of English."""
    language = language.lower().replace("_", "-")
    return language == "en" or language.startswith("en-")


def espeak_code(language: str, known: Collection[str]) -> str | None:
    """Return espeak-ng's code for a language among those that it knows; None if it has none.

    The code itself is tried first, then its usual one, then both with fewer and fewer subtags.
    """
    by_lower_case = {code.lower(): code for code in known}
    subtags = language.strip().lower().replace("_", "-").split("-")
    for n in range(len(subtags), 0, -1):
        code = "-".join(subtags[:n])
        base, _, region = code.partition("-")
        candidates = [code, _USUAL.get(code, "")]
        if base == "en" and region:
            candidates.append(_ENGLISH_ELSEWHERE)
        if base == "es" and region in _AMERICAN_SPANISH:
            candidates.append("es-419")
        for candidate in candidates:
            if candidate and candidate in by_lower_case:
                return by_lower_case[candidate]
    return None


def nearest_codes(language: str, known: Collection[str]) -> list[str]:
    """Return up to four codes that are similar to a language's, the most similar first."""
    from difflib import get_close_matches

    language = language.strip().lower()
    similar = get_close_matches(language, sorted(known), n=4, cutoff=0.6)
    related = [code for code in sorted(known) if language[:2] and code.startswith(language[:2])]
    return list(dict.fromkeys((*similar, *related)))[:4]


def bcp47(code: str) -> str:
    """Return the tag of a language by which other programs know it: "en-us" is en-US, "cmn" is zh-CN."""
    base, *rest = code.split("-")
    if code.lower() == "cmn":
        return "zh-CN"
    return "-".join([base.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
