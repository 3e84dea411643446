"""Whether the full stop of an abbreviation also ends the sentence."""

import re

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
from tts.text.sentences.boundaries_abroad import ends_abroad

# How far around a stop to look: enough for any word that matters, and what keeps the work linear.
_REACH = 40
_NOT_OF_A_WORD = re.compile(r"[^\w.'&-]+")
_WORD_AFTER = re.compile(r"[\"'”’)\]}]*\s+[\"'“‘„«(\[{—–-]*\s*([\w'’]*)")
_HOURS = frozenset({"a.m", "p.m", "am", "pm", "A.M", "P.M"})
_DOTTED = re.compile(r"[A-Za-z]{1,2}(?:\.[A-Za-z]{1,2})+")
_INITIAL = re.compile(r"[A-Z]")
_NUMBERISH = re.compile(r"\d|[ivxlIVXL]+\Z")
_WEEKDAY_NAMES = frozenset(WEEKDAYS.values())
_LEADING = frozenset(LEADING) | {word.capitalize() for word in LEADING if len(word) > 1}
_NUMBERED = frozenset(form for word in NUMBERED for form in (word, word.lower(), word.capitalize()))
_ALSO_WORDS = frozenset({"no", "nos", "art", "ed", "op", "p", "ch"})
_TRAILING = frozenset(TRAILING) | (frozenset(STREETS) - {"Dr"})
# Beside those that the normalizer has words for.
_RARER_TITLES = {
    "Drs", "Profs", "Gens", "Cols", "Sens", "Reps", "Govs", "Revs", "Lts", "Sgts", "Mlle", "Mmes", "Msgr", "Bp",
    "Det", "Insp", "Amb", "Atty", "Ald", "Brig", "Cdr", "Ens", "Hons", "Sra", "Srta",
}  # fmt: skip
_STATES = {
    "Ala", "Ariz", "Ark", "Calif", "Colo", "Conn", "Del", "Fla", "Ga", "Ill", "Ind", "Kan", "Ky", "La", "Mass", "Md",
    "Mich", "Minn", "Miss", "Mo", "Mont", "Neb", "Nev", "Okla", "Ore", "Pa", "Penn", "Tenn", "Tex", "Va", "Vt",
    "Wash", "Wis", "Wyo",
}  # fmt: skip
_KNOWN = frozenset(
    word.lower()
    for words in (_LEADING, _NUMBERED, _TRAILING, TITLES, WEEKDAYS, MONTH_NUMBERS, STOPPED_UNITS, _RARER_TITLES)
    for word in words
) | {"st", "am", "pm", "al", "cit", "ibid"}


def stop_ends_sentence(text: str, index: int, language: str = "en-us", since: int = 0) -> bool:
    """Tell whether the full stop at text[index], with blanks or nothing after it, ends a sentence.

    Decided by the word before it (what kind of abbreviation, if any) and the next word's capital. The sentence began
    at text[since], and nothing before it counts.
    """
    after = _WORD_AFTER.match(text, index + 1, index + 1 + _REACH)
    following = after.group(1).replace("’", "'") if after else ""
    if not after and text[index + 1 : index + 2] in {",", ";", ":", "!", "?", "-", "—", "/"}:
        return False
    if not text[index + 1 : index + 1 + _REACH].strip():
        return True
    if begins_small(following):
        return False
    return is_no_abbreviation(text, index, following, language, since)


def begins_small(following: str) -> bool:
    """Tell whether a word begins with a small letter, as one within a sentence does; not so "iPhone".

    Georgian letters count as small, but have no capitals in ordinary text.
    """
    return following[:1].islower() and not following[1:2].isupper() and not "ა" <= following[0] <= "ჿ"


def is_no_abbreviation(text: str, index: int, following: str, language: str, since: int = 0) -> bool:
    """Tell whether the stop at text[index] ends a sentence by the word before it, if `following` can start one."""
    start = max(since, index - _REACH)
    window = text[start:index].replace("’", "'")
    blank = max(window.rfind(" "), window.rfind("\n"), window.rfind("\u00a0"), window.rfind("\t"))
    word = _NOT_OF_A_WORD.split(window[blank + 1 :])[-1].lstrip("'-")
    previous = window[: len(window) - len(word)].rstrip()
    if language.startswith("en"):
        return _ends_after(word, previous, following, start == 0 == since)
    return ends_abroad(word, previous, following, language)


def _ends_after(word: str, previous: str, following: str, from_the_start: bool) -> bool:
    if len(word) > 1 and word.isalpha() and word.lower() not in _KNOWN and word not in _STATES:
        return True
    starter = following.split("'")[0] in SENTENCE_STARTERS
    if word in TITLES or word == "St":
        # "Elm St. It was": a street or a drive after its name; "to Mr. He" does not happen.
        return word in STREETS and starter and _follows_a_name(previous)
    if word in _LEADING or word in _RARER_TITLES:
        return False
    if word in _NUMBERED:
        return not (following[:1].isdigit() if word.lower() in _ALSO_WORDS else _NUMBERISH.match(following))
    if word in _HOURS:
        return not (following in TIME_ZONES or following in _WEEKDAY_NAMES or following.lower() in MONTH_NUMBERS)
    if word == "etc":
        return not following[:1].isdigit()
    if from_the_start and not previous and word.isdigit() and len(word) <= 3:
        return False  # it numbers a list entry: "1. Open the lid"
    if _INITIAL.fullmatch(word):
        return starter and following not in {"A", "I"}
    if _may_trail(word, previous):
        return starter
    return True


def _may_trail(word: str, previous: str) -> bool:
    """Tell whether a word is an abbreviation that can stand in the middle of a sentence or at its end."""
    return (
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


def _follows_a_name(previous: str) -> bool:
    word = previous.split()[-1] if previous.split() else ""
    return word[:1].isupper() or word[:1].isdigit()
