"""Whether the full stop of an abbreviation also ends the sentence."""

import re

from tts.text.abbreviation_table import (
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

# How far around a stop to look: enough for any word that matters, and what keeps the work linear.
_REACH = 40
_WORD_BEFORE = re.compile(r"[\w.'&-]*\Z")
_WORD_AFTER = re.compile(r"[\"'”’)\]}]*\s+[\"'“‘(\[{—–-]*\s*([\w'’]*)")
_HOURS = frozenset({"a.m", "p.m", "am", "pm", "A.M", "P.M"})
_DOTTED = re.compile(r"[A-Za-z]{1,2}(?:\.[A-Za-z]{1,2})+")
_INITIAL = re.compile(r"[A-Z]")
_NUMBERISH = re.compile(r"\d|[ivxlIVXL]+\Z")
_WEEKDAY_NAMES = frozenset(WEEKDAYS.values())
_LEADING = frozenset(LEADING) | {word.capitalize() for word in LEADING if len(word) > 1}
_NUMBERED = frozenset(NUMBERED) | {word.lower() for word in NUMBERED}
_ALSO_WORDS = frozenset({"no", "nos", "art", "ed", "op", "p", "ch"})
_TRAILING = frozenset(TRAILING) | (frozenset(STREETS) - {"Dr"})


def stop_ends_sentence(text: str, index: int) -> bool:
    """Tell whether the full stop at text[index], with blanks or nothing after it, ends a sentence.

    Decided by the word before it (what kind of abbreviation, if any) and the next word's capital.
    """
    after = _WORD_AFTER.match(text, index + 1, index + 1 + _REACH)
    following = after.group(1).replace("’", "'") if after else ""
    if not after and text[index + 1 : index + 2] in {",", ";", ":", "!", "?", "-", "—", "/"}:
        return False
    if not text[index + 1 : index + 1 + _REACH].strip():
        return True
    if following[:1].islower() and not following[1:2].isupper():
        return False
    window = text[max(0, index - _REACH) : index]
    found = _WORD_BEFORE.search(window)
    word = found.group() if found else ""
    previous = window[: len(window) - len(word)].rstrip()
    return _ends_after(word.lstrip("'-"), previous, following, text[:index] if index < _REACH else window)


def _ends_after(word: str, previous: str, following: str, before: str) -> bool:
    starter = following.split("'")[0] in SENTENCE_STARTERS
    if word in TITLES or word == "St":
        # "Elm St. It was": a street or a drive after its name; "to Mr. He" does not happen.
        return word in STREETS and starter and _follows_a_name(previous)
    if word in _LEADING:
        return False
    if word in _NUMBERED:
        return not (following[:1].isdigit() if word.lower() in _ALSO_WORDS else _NUMBERISH.match(following))
    if word in _HOURS:
        return not (following in TIME_ZONES or following in _WEEKDAY_NAMES or following.lower() in MONTH_NUMBERS)
    if word == "etc":
        return not following[:1].isdigit()
    if _is_enumerator(word, previous, before):
        return False
    if _INITIAL.fullmatch(word):
        return starter and following not in {"A", "I"}
    if word in _TRAILING or _DOTTED.fullmatch(word) or word in WEEKDAYS or _is_month(word) or _is_unit(word, previous):
        return starter
    return True


def _follows_a_name(previous: str) -> bool:
    word = previous.split()[-1] if previous.split() else ""
    return word[:1].isupper() or word[:1].isdigit()


def _is_enumerator(word: str, previous: str, before: str) -> bool:
    """Tell whether the word numbers a list entry ("1. Open the lid"): a number, or a letter, that opens the text."""
    return not previous and len(before.strip()) == len(word) and len(word) <= 3 and word.isdigit()


def _is_month(word: str) -> bool:
    return word != "May" and word[:1].isupper() and len(word) <= 4 and word.lower() in MONTH_NUMBERS


def _is_unit(word: str, previous: str) -> bool:
    return word in STOPPED_UNITS and previous[-1:].isdigit()
