"""Whether a full stop after an abbreviation, initial or number also ends the sentence."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tts.text.languages.english import (
    LEADING,
    MONTH_NUMBERS,
    NUMBERED,
    SENTENCE_STARTERS,
    STOPPED_UNITS,
    STREETS,
    TIME_ZONES,
    TITLES,
    TRAILING,
    WEEKDAYS,
)

# How many characters before and after a stop are read: enough for any word that matters, and the work stays linear.
_REACH = 40
_NOT_OF_A_WORD = re.compile(r"[^\w.'&-]+")
_WORD_AFTER = re.compile(r"[\"'”’)\]}]*\s+[\"'“‘„«(\[{—–-]*\s*([\w'’]*)")


def stop_ends_sentence(text: str, index: int, language: str = "en-us", since: int = 0) -> bool:
    """Tell whether the full stop at text[index], before whitespace or the end of the text, ends a sentence.

    The word before it decides (which kind of abbreviation, if any), and whether the next word is capitalized. The
    sentence began at text[since]; nothing before it counts. Segmentation and normalization share this decision.
    """
    after = _WORD_AFTER.match(text, index + 1, index + 1 + _REACH)
    following = after.group(1).replace("’", "'") if after else ""
    if not after and text[index + 1 : index + 2] in {",", ";", ":", "!", "?", "-", "—", "/"}:
        return False
    if not text[index + 1 : index + 1 + _REACH].strip():
        return True
    if starts_lower(following):
        return False
    return ends_before(text, index, following, language, since)


def starts_lower(word: str) -> bool:
    """Tell whether a word starts with a small letter as within a sentence; "iPhone" does not.

    Georgian letters count as small, but have no capitals in ordinary text.
    """
    return word[:1].islower() and not word[1:2].isupper() and not "ა" <= word[0] <= "ჿ"


def ends_before(text: str, index: int, following: str, language: str, since: int = 0) -> bool:
    """Tell whether the stop at text[index] ends a sentence, given that the word `following` can start one."""
    start = max(since, index - _REACH)
    window = text[start:index].replace("’", "'")
    space = max(window.rfind(" "), window.rfind("\n"), window.rfind("\u00a0"), window.rfind("\t"))
    word = _NOT_OF_A_WORD.split(window[space + 1 :])[-1].lstrip("'-")
    previous = window[: len(window) - len(word)].rstrip()
    if language.startswith("en"):
        return _ends_in_english(word, previous, following, is_first=start == 0 == since)
    return _ends_in(language, word, previous, following)


@cache
def sentence_words(kind: str, language: str) -> frozenset[str]:
    """Return the words of a class in sentence_words.tsv for a language, with those listed for every language ("*")."""
    listed = (words for (k, code), words in _TABLE.items() if k == kind and code in ("*", language))
    return frozenset(word for words in listed for word in words)


_ROWS = Path(__file__).with_name("sentence_words.tsv").read_text(encoding="utf-8").splitlines()
_TABLE = {
    (kind, language): words.split()
    for language, kind, words in (row.split("\t") for row in _ROWS if not row.startswith("#"))
}

_HOURS = frozenset({"a.m", "p.m", "am", "pm", "A.M", "P.M"})
_DOTTED = re.compile(r"[A-Za-z]{1,2}(?:\.[A-Za-z]{1,2})+")
_INITIAL = re.compile(r"[A-Z]")
_ENGLISH_NUMBER = re.compile(r"\d|[ivxlIVXL]+\Z")
_WEEKDAY_NAMES = frozenset(WEEKDAYS.values())
_LEADING = frozenset(LEADING) | {word.capitalize() for word in LEADING if len(word) > 1}
_NUMBERED = frozenset(form for word in NUMBERED for form in (word, word.lower(), word.capitalize()))
_ALSO_WORDS = frozenset({"no", "nos", "art", "ed", "op", "p", "ch"})
_TRAILING = frozenset(TRAILING) | (frozenset(STREETS) - {"Dr"})
_RARER_TITLES = sentence_words("titles", "en")
_STATES = sentence_words("states", "en")
_KNOWN = frozenset(
    word.lower()
    for words in (_LEADING, _NUMBERED, _TRAILING, TITLES, WEEKDAYS, MONTH_NUMBERS, STOPPED_UNITS, _RARER_TITLES)
    for word in words
) | {"st", "am", "pm", "al", "cit", "ibid"}


def _ends_in_english(word: str, previous: str, following: str, *, is_first: bool) -> bool:
    if len(word) > 1 and word.isalpha() and word.lower() not in _KNOWN and word not in _STATES:
        return True
    starter = following.split("'")[0] in SENTENCE_STARTERS
    if word in TITLES or word == "St":
        # "Elm St. It was": a street or a drive after its name; "to Mr. He" does not happen.
        name = previous.split()[-1] if previous.split() else ""
        return word in STREETS and starter and (name[:1].isupper() or name[:1].isdigit())
    if word in _LEADING or word in _RARER_TITLES:
        return False
    if word in _NUMBERED:
        return not (following[:1].isdigit() if word.lower() in _ALSO_WORDS else _ENGLISH_NUMBER.match(following))
    if word in _HOURS:
        return not (following in TIME_ZONES or following in _WEEKDAY_NAMES or following.lower() in MONTH_NUMBERS)
    if word == "etc":
        return not following[:1].isdigit()
    if is_first and not previous and word.isdigit() and len(word) <= 3:
        return False  # it numbers a list entry: "1. Open the lid"
    if _INITIAL.fullmatch(word):
        return starter and following not in {"A", "I"}

    may_be_within = (
        word in _TRAILING
        or _DOTTED.fullmatch(word) is not None
        or word in WEEKDAYS
        or (word != "May" and word[:1].isupper() and len(word) <= 4 and word.lower() in MONTH_NUMBERS)
        or (word in STOPPED_UNITS and previous[-1:].isdigit())
        or (word in _STATES and previous.endswith(","))
        or (word == "al" and previous.endswith("et"))
        or (word == "cit" and previous.endswith(("op.", "loc.")))
        or word.lower() == "ibid"
    )
    return starter or not may_be_within


# The abbreviation right before the stop, with all of its parts: "z. B", "J.-C", "т. д".
_CHAIN = re.compile(r"(?:[^\W\d_]{1,4}[.]-?\s?){0,4}[^\W\d_]+\Z")
_ROMAN = re.compile(r"[IVXLC]{1,7}\Z")
_NUMBER = re.compile(r"\d|[IVXLC]+\b|[ivxlc]+\b")
# Vowels are words ("il y en a", "и"); a single consonant is an abbreviation.
_VOWELS = frozenset("aeiouyàáâèéêìíòóôùúąęаеёиоуыэюяієї")
# Languages that write an ordinal as a number and a stop ("3. Oktober"), and those that capitalize every noun.
_ORDINAL_STOPS = frozenset(
    ["de", "lb", "da", "nb", "no", "nn", "fo", "is", "fi", "et", "lv", "hu", "cs", "sk", "sl", "hr", "sr", "bs", "tr"]
)
_CAPITAL_NOUNS = frozenset({"de", "lb"})


def _ends_in(language: str, word: str, previous: str, following: str) -> bool:
    """Decide for a language other than English; `following` is "" if no word is near, and not in small letters."""
    code = language.replace("_", "-").split("-")[0].lower()
    ordinal_stops, capital_nouns = code in _ORDINAL_STOPS, code in _CAPITAL_NOUNS
    starters = sentence_words("starters", code)
    lower = following.lower()
    elided = "".join(lower.partition("'")[:2])
    starter = lower in starters or elided in starters
    if word.isdigit():
        ordinal = ordinal_stops and capital_nouns and len(word) <= 2 and not previous.endswith(".")
        return starter or not ordinal
    if capital_nouns and word.endswith("str") and following[:1].isdigit():
        return False  # "Goethestr. 5"

    # An abbreviation may be listed with its parts or without, the longest first: "z.b" and "b" for "z. B".
    chain = _CHAIN.search((f"{previous} {word}" if previous.endswith((".", ".-")) else word)[-24:])
    parts = "".join((chain.group() if chain else word).split()).lower().split(".")
    for form in [*(".".join(parts[first:]) for first in range(len(parts))), word.lower().rpartition("-")[2]]:
        if form in sentence_words("closing", code):
            return not following[:1].isdigit()
        if form in sentence_words("numbered", code) and _NUMBER.match(following):
            return False
        if form in sentence_words("trailing", code):
            # "Он родился в 1998 г. Москва…", but "В 1998 г. Москва…" continues.
            measured = previous[-1:].isdigit() and len(previous.split()) > 2
            return starter or (measured and following[:1].isupper() and not capital_nouns)
        if form in sentence_words("continuing", code):
            return False

    if len(word) == 1:
        initial_follows = len(following) == 1 and following.isupper()
        return not initial_follows and (starter if word.isupper() else word in _VOWELS)
    if ordinal_stops and _ROMAN.match(word):
        return starter
    if "." in word and not any(map(str.isdigit, word)):
        return starter
    return True
