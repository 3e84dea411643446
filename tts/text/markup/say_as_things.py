"""Sums of money, measures and postal addresses that SSML's say-as names as such, in English words."""

from __future__ import annotations

import re

from tts.text.languages.english import DIRECTIONS, STATES, STREETS
from tts.text.languages.english.measures import CURRENCIES, PER, UNITS
from tts.text.languages.english.numbers import (
    cardinal,
    decimal,
    digits,
    fraction,
    integer,
    mixed_fraction,
    ordinal,
    paired,
)

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]{1,15}(?:\.[0-9]+)?|\.[0-9]+"
_NAMES = "|".join(re.escape(name) for name in sorted(CURRENCIES, key=len, reverse=True))
_SUM = re.compile(
    rf"([-−+]?) ?(?:(?P<before>{_NAMES}) ?(?P<sum>{_NUMBER})|(?P<amount>{_NUMBER}) ?(?P<after>{_NAMES}))",
    re.IGNORECASE | re.ASCII,
)
_MEASURE = re.compile(
    r"([-−+]?)"
    rf"(?:(?:(?P<whole>[0-9]{{1,15}})[ +])?(?P<top>[0-9]{{1,15}})/(?P<bottom>[0-9]{{1,15}})|(?P<number>{_NUMBER}))"
    r"[ -]?(?P<unit>[^\s0-9/][^\s0-9/]{0,30}(?: [a-z]{1,10})?)(?:/(?P<per>[A-Za-z]{1,20}))?"
)
_SIGNS = {"": "", "+": "plus "}
_HOUSE = re.compile(r"([0-9]{1,6})([A-Za-z]?)")
_RANK = re.compile(r"([0-9]{1,6})(?:st|nd|rd|th)", re.IGNORECASE | re.ASCII)
_ZIP = re.compile(r"([0-9]{5})(?:-([0-9]{4}))?")


def currency(written: str) -> str | None:
    """Speak "$3.50", "USD 3.50" or "3.50 EUR"; None if it is no sum."""
    found = _SUM.fullmatch(written)
    if not found:
        return None
    name, amount = found["before"] or found["after"], (found["sum"] or found["amount"]).replace(",", "")
    one, many, cent, cents = CURRENCIES.get(name) or CURRENCIES[name.upper()]
    whole, _, hundredths = amount.partition(".")
    minus = _SIGNS.get(found[1], "minus ")
    if len(hundredths) not in (0, 2):
        return f"{minus}{decimal(amount)} {many}"
    n, small = int(whole or 0), int(hundredths or 0)
    coins = f"{cardinal(small)} {cent if small == 1 else cents}"
    if small and not n:
        return minus + coins
    notes = f"{cardinal(n)} {one if n == 1 else many}"
    return f"{minus}{notes} and {coins}" if small else minus + notes


def unit(written: str) -> str | None:
    """Speak "10 ft", "1/2inch" or "60 km/h"; None if it is no quantity with a unit."""
    found = _MEASURE.fullmatch(written)
    names = _unit_names(found["unit"].rstrip(".")) if found else None
    if not found or not names:
        return None
    spoken, is_one = _quantity(found)
    per = f" per {_per(found['per'])}" if found["per"] else ""
    return f"{_SIGNS.get(found[1], 'minus ')}{spoken} {names[0] if is_one else names[1]}{per}"


def _unit_names(written: str) -> tuple[str, str] | None:
    """How one of them and several are called; a word that is no abbreviation is called as it is written."""
    is_word = written.replace(" ", "").isalpha()
    return UNITS.get(written) or UNITS.get(written.lower()) or ((written, written) if is_word else None)


def _per(written: str) -> str:
    return PER.get(written) or (UNITS[written][0] if written in UNITS else written)


def _quantity(found: re.Match[str]) -> tuple[str, bool]:
    """The number in words, and whether what is counted is no more than one."""
    if not found["bottom"]:
        return decimal(found["number"]), found["number"] == "1"
    top, bottom = int(found["top"]), int(found["bottom"])
    if found["whole"]:
        return mixed_fraction(int(found["whole"]), top, bottom), False
    return fraction(top, bottom), top <= bottom


def address(written: str) -> str | None:
    """Speak a postal address: the house in pairs of digits, streets, directions and states by name, ZIP code digits."""
    spoken = ""
    before = ""
    for token in re.findall(r"[^\s,;]+|[,;]", written):
        is_mark = token in ",;"
        spoken += ("" if is_mark or not spoken else " ") + ("," if is_mark else _part(token, before))
        before = token
    return spoken or None


def _part(token: str, before: str) -> str:
    plain = token.rstrip(".")
    if plain.capitalize() == "St" and (before in ("", ",", ";") or _HOUSE.fullmatch(before.lstrip("#"))):
        return "Saint"
    known = DIRECTIONS.get(plain) or STREETS.get(plain.capitalize()) or STATES.get(plain)
    if known:
        return known
    if found := _ZIP.fullmatch(plain):
        return digits(found[1]) + (f", {digits(found[2])}" if found[2] else "")
    if found := _RANK.fullmatch(plain):
        return ordinal(int(found[1])).capitalize()
    if found := _HOUSE.fullmatch(plain.lstrip("#")):
        number = paired(found[1]) if len(found[1]) < 5 else integer(found[1])
        return ("number " if plain.startswith("#") else "") + f"{number} {found[2].upper()}".rstrip()
    return plain or token
