"""Postal addresses as words: house numbers, streets, directions, states and ZIP codes."""

import re

from tts.text.abbreviation_table import AMBIGUOUS_STATES, DIRECTIONS, PLAIN_STREETS, SENTENCE_STARTERS, STATES, STREETS
from tts.text.boundaries import stop_ends_sentence
from tts.text.numbers import digits, ordinal, paired
from tts.text.spoken import SpokenText

_SUFFIX = "|".join(sorted(STREETS, key=len, reverse=True))
_FULL_SUFFIX = "|".join(sorted(set(STREETS.values())))
_DIRECTION = "|".join(sorted(DIRECTIONS, key=len, reverse=True))
_NAME = r"(?:[A-Z][A-Za-z']*|[0-9]{1,3}(?:st|nd|rd|th))"
_HOUSE = re.compile(
    rf"(?<![\w.,$-])(?P<number>[0-9]{{1,5}}) (?:(?P<direction>{_DIRECTION})\.? )?(?P<name>{_NAME}(?: {_NAME}){{0,2}}) "
    rf"(?:(?P<suffix>{_SUFFIX})\b(?P<stop>\.?)|(?P<full>{_FULL_SUFFIX})\b)"
)
_STREET = re.compile(
    rf"\b(?P<name>[A-Z][a-z]+(?:'s)?|[0-9]{{1,3}}(?:st|nd|rd|th)) (?P<suffix>{_SUFFIX})\b(?P<stop>\.?)"
)
_STATE = re.compile(r"(?<=[a-z]), ([A-Z]{2})\b(?:(?= ([0-9]{5})(?:-[0-9]{4})?\b)|(?=[.,;:!?)]|\Z))")
_ZIP = re.compile(rf"\b({'|'.join(sorted({*STATES.values(), *STATES}))}) ([0-9]{{5}})(-[0-9]{{4}})?\b(?![,.]?[0-9])")
_SAINT = re.compile(r"\b(?:St|ST)\.? (?=[A-Z][a-z])")
_SHORT_ORDINAL = re.compile(r"([0-9]{1,3})(?:st|nd|rd|th)")


def speak_places(text: SpokenText) -> SpokenText:
    """Replace addresses: "1428 Elm St." is "fourteen twenty-eight Elm Street", "St. Louis" "Saint Louis"."""
    text = text.sub(_HOUSE, _house)
    text = text.sub(_STREET, _street)
    text = text.sub(_STATE, _state)
    text = text.sub(_ZIP, _zip)
    return text.sub(_SAINT, "Saint ")


def _name(written: str) -> str:
    return _SHORT_ORDINAL.sub(lambda found: ordinal(int(found[1])).capitalize(), written)


def _house(found: re.Match[str]) -> str:
    number = paired(found["number"]) if len(found["number"]) < 5 else digits(found["number"])
    direction = f"{DIRECTIONS[found['direction']]} " if found["direction"] else ""
    street = found["full"] or STREETS[found["suffix"]] + _kept_stop(found)
    return f"{number} {direction}{_name(found['name'])} {street}"


def _street(found: re.Match[str]) -> str:
    """Expand a street without a house number: St. and Dr. only where no name follows that they could belong to."""
    suffix, name = found["suffix"], found["name"]
    if suffix not in PLAIN_STREETS:
        following = re.match(r" ([A-Z][a-z]+)", found.string[found.end() : found.end() + 30])
        continues = following is not None and following[1] not in SENTENCE_STARTERS
        if (
            continues
            or suffix not in {"St", "Dr", "Sq", "Ln"}
            or name in SENTENCE_STARTERS
            or (not found["stop"] and suffix == "Dr")
        ):
            return found.group()
    return f"{_name(name)} {STREETS[suffix]}{_kept_stop(found)}"


def _kept_stop(found: re.Match[str]) -> str:
    return "." if found["stop"] and stop_ends_sentence(found.string, found.end() - 1) else ""


def _state(found: re.Match[str]) -> str:
    code = found[1]
    if code not in STATES or (code in AMBIGUOUS_STATES and not found[2]):
        return found.group()
    return f", {STATES[code]}"


def _zip(found: re.Match[str]) -> str:
    more = f", {digits(found[3])}" if found[3] else ""
    return f"{found[1]} {digits(found[2])}{more}"
