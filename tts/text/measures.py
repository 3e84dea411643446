"""Quantities with a unit as words."""

import re

from tts.text.boundaries import stop_ends_sentence
from tts.text.numbers import decimal, fraction, integer, mixed_fraction
from tts.text.spoken import SpokenText
from tts.text.unit_table import PER, SPACED_ONLY, STOP_ONLY, UNITS

_NUMBER = r"[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]+)?|\.[0-9]+"
_BY_LENGTH = sorted(UNITS, key=len, reverse=True)
_UNIT = "|".join(re.escape(unit).replace(r"\ ", r"\.? ") for unit in _BY_LENGTH)
_MEASURE = re.compile(
    rf"(?P<article>\b[Aa]n? )?(?<![\w.,/:-])(?P<minus>[-−])?"
    rf"(?:(?P<from>{_NUMBER}) ?(?:-|–|—|to) ?(?={_NUMBER}))?"
    rf"(?:(?:(?P<whole>[0-9]+) )?(?P<top>[0-9]{{1,3}})/(?P<bottom>[0-9]{{1,3}})|(?P<number>{_NUMBER}))"
    r"(?: (?P<magnitude>hundred|thousand|million|billion|trillion))?"
    rf"(?P<space> ?-?)(?P<unit>{_UNIT})(?:/(?P<per>{_UNIT}|day|d|mo))?(?P<stop>\.?)(?![\w'°%/]|-[0-9])"
)
_PER_UNIT = re.compile(
    rf"(?<![\w.,/-])(?P<number>{_NUMBER})/(?P<per>kg|g|lb|oz|l|L|km|mi|hr|min|sec|day|wk|week|mo|month|yr|year)\b"
)
_FEET_AND_INCHES = re.compile(r"(?<![\w.])([0-9]{1,2})' ?([0-9]{1,2})(?:\"|'')(?!\w)")
_BY = re.compile(rf"(?<![\w.-])({_NUMBER}) ?[xX] ?(?={_NUMBER}(?: |\Z|[^\w]|[a-z]))")
_MODIFIES = re.compile(
    r" (?!(?:and|or|in|on|for|to|of|at|from|by|with|is|was|as|per|if|but|away|off|than|wide|long|tall|high|deep)\b)"
    r"[a-z]"
)
_STOPS_ADDED = frozenset(
    [
        "in",
        "ft",
        "lb",
        "lbs",
        "oz",
        "mi",
        "yd",
        "yds",
        "hr",
        "hrs",
        "min",
        "mins",
        "sec",
        "secs",
        "gal",
        "qt",
        "tsp",
        "tbsp",
        "wk",
        "wks",
        "yr",
        "yrs",
    ]
)


def speak_measures(text: SpokenText) -> SpokenText:
    """Replace measures: "5 km" is "five kilometers", "2-5lb" "two to five pounds", "20°C" "twenty degrees Celsius"."""
    text = text.sub(_FEET_AND_INCHES, lambda f: f"{integer(f[1])} foot {integer(f[2])}")
    text = text.sub(_MEASURE, _measure)
    text = text.sub(_PER_UNIT, lambda f: f"{decimal(f['number'])} per {_per_name(f['per'])}")
    return text.sub(_BY, lambda f: f"{decimal(f[1])} by ")


def _measure(found: re.Match[str]) -> str:
    unit = " ".join(found["unit"].replace(".", "").split())
    if _is_something_else(found, unit):
        return found.group()
    singular, plural = UNITS[unit]
    spoken, is_one = _amount(found)
    # "a 5 km run", "5-km": before a noun the unit does not take its plural.
    adjective = bool(found["article"] and _MODIFIES.match(found.string, found.end())) or found["space"].endswith("-")
    joint = "-" if found["space"] == "-" else " "
    name = singular if is_one or adjective else plural
    if found["per"]:
        name += f" per {_per_name(found['per'])}"
    minus = "minus " if found["minus"] else ""
    return f"{found['article'] or ''}{minus}{spoken}{joint}{name}{_kept_stop(found, unit)}"


def _is_something_else(found: re.Match[str], unit: str) -> bool:
    if unit in STOP_ONLY:
        return not found["stop"] or found["space"] == "-"
    return unit in SPACED_ONLY and found["space"] != " "


def _amount(found: re.Match[str]) -> tuple[str, bool]:
    """Give the quantity in words and whether it takes a singular unit."""
    if found["bottom"]:
        top, bottom = int(found["top"]), int(found["bottom"])
        if found["whole"]:
            return mixed_fraction(int(found["whole"]), top, bottom), False
        spoken, is_one = fraction(top, bottom), top <= bottom
    else:
        spoken, is_one = decimal(found["number"]), found["number"] == "1"
    if found["from"]:
        spoken, is_one = f"{decimal(found['from'])} to {spoken}", False
    if found["magnitude"]:
        spoken, is_one = f"{spoken} {found['magnitude']}", False
    return spoken, is_one


def _per_name(written: str) -> str:
    return UNITS[written][0] if written in UNITS else PER.get(written, written)


def _kept_stop(found: re.Match[str], unit: str) -> str:
    """Keep the full stop, unless it only belongs to the abbreviation."""
    if not found["stop"]:
        return ""
    if unit in _STOPS_ADDED and not stop_ends_sentence(found.string, found.end() - 1):
        return ""
    return "."
