"""Postal addresses as words: house numbers, streets, directions, states and ZIP codes."""

import re

from tts.text.english.abbreviation_table import (
    AMBIGUOUS_STATES,
    DIRECTIONS,
    PLAIN_STREETS,
    SENTENCE_STARTERS,
    STATES,
    STREETS,
)
from tts.text.english.numbers import cardinal, digits, ordinal, paired
from tts.text.english.stops import kept_stop
from tts.text.patterns import DIGITS, Pattern, one_of
from tts.text.spoken import SpokenText

_SUFFIX = one_of(STREETS)
_FULL_SUFFIX = one_of({*STREETS.values(), "Way"})
_DIRECTION = one_of(DIRECTIONS)
_NAME = r"(?:[A-Z][A-Za-z']*|[0-9]{1,3}(?:st|nd|rd|th))"
_HOUSE = Pattern(
    rf"(?P<no>\b[Nn]o\. )?(?<![\w.,$-])(?P<number>[0-9]{{1,5}})(?P<letter>[A-Z]?) (?:(?P<direction>{_DIRECTION})\.? )?"
    rf"(?P<name>{_NAME}(?: {_NAME}){{0,2}}) (?:(?P<suffix>{_SUFFIX})\b(?P<stop>\.?)|(?P<full>{_FULL_SUFFIX})\b)"
    rf"(?: (?P<side>{_DIRECTION})\b\.?(?=,|\Z))?",
    needs=DIGITS,
)
_STREET = Pattern(
    rf"\b(?P<name>[A-Z][a-z]+(?:'s)?|[0-9]{{1,3}}(?:st|nd|rd|th)) (?P<suffix>{_SUFFIX})\b(?!')(?P<stop>\.?)"
)
_STATE = Pattern(r"(?<=[a-z]), ([A-Z]{2})\b(?:(?= ([0-9]{5})(?:-[0-9]{4})?\b)|(?=[.,;:!?)]|\Z))")
_ZIP = Pattern(rf"\b({one_of({*STATES.values(), *STATES})}) ([0-9]{{5}})(-[0-9]{{4}})?\b(?![,.]?[0-9])", needs=DIGITS)
_BOX = Pattern(r"\b(P\.? ?O\.? Box|PO Box) ([0-9]+)\b", needs=DIGITS)
_SAINT = Pattern(r"\b(?:St|ST)\.? (?=[A-Z][a-z])")
_HINT = Pattern(
    rf"\b(?:{one_of({word[:2] for word in (*STREETS, *STREETS.values(), 'ST', 'Box', 'Way')})})|, [A-Z]{{2}}"
)
_SHORT_ORDINAL = Pattern(r"([0-9]{1,3})(?:st|nd|rd|th)")


def speak_places(text: SpokenText) -> SpokenText:
    """Replace addresses: "1428 Elm St." is "fourteen twenty-eight Elm Street", "St. Louis" "Saint Louis"."""
    if not _HINT.search(text.text):
        return text
    text = text.sub(_HOUSE, _house)
    text = text.sub(_STREET, _street)
    text = text.sub(_STATE, _state)
    text = text.sub(_ZIP, _zip)
    text = text.sub(_BOX, lambda found: f"PO Box {digits(found[2]) if len(found[2]) > 4 else paired(found[2])}")
    return text.sub(_SAINT, "Saint ")


def _name(written: str) -> str:
    return _SHORT_ORDINAL.compiled.sub(lambda found: ordinal(int(found[1])).capitalize(), written)


def _house(found: re.Match[str]) -> str:
    number = paired(found["number"], "zero") if len(found["number"]) < 5 else cardinal(int(found["number"]))
    letter = f" {found['letter']}" if found["letter"] else ""
    direction = f"{DIRECTIONS[found['direction']]} " if found["direction"] else ""
    street = found["full"] or STREETS[found["suffix"]] + kept_stop(found)
    side = f" {DIRECTIONS[found['side']]}" if found["side"] else ""
    no = f"{'N' if found['no'][0] == 'N' else 'n'}umber " if found["no"] else ""
    return f"{no}{number}{letter} {direction}{_name(found['name'])} {street}{side}"


def _street(found: re.Match[str]) -> str:
    """Expand a street without a house number: St. and Dr. only where no name follows that they could belong to."""
    suffix, name = found["suffix"], found["name"]
    if suffix not in PLAIN_STREETS:
        following = _NEXT_NAME.match(found.string, found.end())
        continues = following is not None and following[1] not in SENTENCE_STARTERS
        if (
            continues
            or suffix not in {"St", "Dr", "Sq", "Ln"}
            or name in SENTENCE_STARTERS
            or (not found["stop"] and suffix == "Dr")
        ):
            return found.group()
    return f"{_name(name)} {STREETS[suffix]}{kept_stop(found)}"


_NEXT_NAME = Pattern(r" ([A-Z][a-z]{0,30})")


def _state(found: re.Match[str]) -> str:
    code = found[1]
    if code not in STATES or (code in AMBIGUOUS_STATES and not found[2]):
        return found.group()
    return f", {STATES[code]}"


def _zip(found: re.Match[str]) -> str:
    more = f", {digits(found[3])}" if found[3] else ""
    return f"{found[1]} {digits(found[2])}{more}"
