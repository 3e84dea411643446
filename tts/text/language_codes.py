"""Which of espeak-ng's languages a code means: its own ("fr-fr", "cmn"), or one as others write it ("zh-CN")."""

from collections.abc import Collection

# Where the part before the hyphen alone is not what espeak-ng calls it, or it has several.
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
# What English is spoken where no list says otherwise ("en-AU"), and Spanish across the Atlantic.
_ENGLISH_ELSEWHERE = "en-gb"
_AMERICAN_SPANISH = frozenset(
    ("ar", "bo", "cl", "co", "cr", "cu", "do", "ec", "gt", "hn", "ni", "pa", "pe", "pr", "py", "sv", "us", "uy", "ve")
)


def is_english(language: str) -> bool:
    """Tell whether a language code is a kind of English."""
    language = language.lower().replace("_", "-")
    return language == "en" or language.startswith("en-")


def espeak_code(language: str, known: Collection[str]) -> str | None:
    """Give espeak-ng's code for a language among those that it knows; None if it has none for it."""
    asked = language.strip().lower().replace("_", "-")
    by_lower_case = {code.lower(): code for code in known}
    for candidate in _candidates(asked):
        if candidate in by_lower_case:
            return by_lower_case[candidate]
    return None


def nearest_codes(language: str, known: Collection[str]) -> list[str]:
    """Up to four codes that look like the one asked for, the likest first."""
    from difflib import get_close_matches

    asked = language.strip().lower()
    alike = get_close_matches(asked, sorted(known), n=4, cutoff=0.6)
    related = [code for code in sorted(known) if asked[:2] and code.startswith(asked[:2])]
    return list(dict.fromkeys((*alike, *related)))[:4]


def _candidates(asked: str) -> list[str]:
    """The codes to try, the best first: as it is, by its usual name, and with ever less behind the hyphens."""
    parts = asked.split("-")
    shorter = ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
    candidates = []
    for code in shorter:
        base, _, region = code.partition("-")
        candidates += [code, _USUAL.get(code, "")]
        if base == "en" and region:
            candidates.append(_ENGLISH_ELSEWHERE)
        if base == "es" and region in _AMERICAN_SPANISH:
            candidates.append("es-419")
    return [code for code in candidates if code]
