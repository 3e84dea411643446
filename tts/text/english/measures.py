"""Quantities with a unit as words."""

import re
from functools import lru_cache

from tts.text.english.abbreviation_table import STOPPED_UNITS
from tts.text.english.numbers import cardinal, decimal, fraction, mixed_fraction
from tts.text.english.stops import kept_stop
from tts.text.english.unit_table import EXACT_ONLY, LENGTHS, PER, SPACED_ONLY, UNITS
from tts.text.patterns import Pattern
from tts.text.spoken import SpokenText

_NUMBER = r"[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]+)?|\.[0-9]+"
# Any word may be a unit; the table decides.
_UNIT = r"(?:sq|cu)\.? ?[a-z]{1,2}|[A-Za-zμΩ]{1,5}(?:\^?[23])?|° ?[CF]\b|[°%‰]"
_MEASURE = Pattern(
    rf"(?P<article>\b[Aa]n? )?(?<![\w.,/:-])(?P<minus>[-−])?"
    rf"(?:(?P<from>{_NUMBER}) ?(?:-|–|—|to) ?(?={_NUMBER}))?"
    rf"(?:(?:(?P<whole>[0-9]+) )?(?P<top>[0-9]{{1,3}})/(?P<bottom>[0-9]{{1,3}})|(?P<number>{_NUMBER}))"
    r"(?: (?P<magnitude>hundred|thousand|million|billion|trillion))?"
    rf"(?P<space> ?-?)(?P<unit>{_UNIT})(?:/(?P<per>(?:100 ?)?[A-Za-zμ]{{1,6}}(?:\^?[23])?))?"
    r"(?P<stop>\.?)(?![\w'°%/]|-[0-9])"
)
_PER_UNIT = Pattern(rf"(?<![\w.,/-])(?P<number>{_NUMBER})/(?P<per>[A-Za-z]{{2,6}}|[gdlL])\b", needs="/")
_FEET_AND_INCHES = Pattern(r"(?<![\w.])([0-9]{1,2})' ?([0-9]{1,2}(?:\.[0-9])?)(?:\"|'')(?!\w)", needs="'")
_TALL = Pattern(r"(?<![\w.])([0-9]{1,3})'(?= (?:tall|high|long|wide|deep|x|by)\b)", needs="'")
_INCHES = Pattern(r"(?<![\w.])([0-9]+(?:\.[0-9]+)?)\"(?= ?[a-wyz]| ?x ?[0-9])", needs='"')
_PLACE = Pattern(
    r"(?<![\w.])(?P<degrees>[0-9]{1,3}(?:\.[0-9]+)?)° ?(?:(?P<minutes>[0-9]{1,2}(?:\.[0-9]+)?)' ?)?"
    r"(?:(?P<seconds>[0-9]{1,2}(?:\.[0-9]+)?)(?:\"|'') ?)?(?P<direction>[NSEW])\b",
    needs="°",
)
_DIRECTIONS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_BY = Pattern(rf"(?<![\w.-])({_NUMBER}) ?[xX] ?(?=(?:{_NUMBER})(?: |\Z|[^\w]|[a-z]))", needs="xX")
_MODIFIES = Pattern(
    r" (?!(?:and|or|in|on|for|to|of|at|from|by|with|is|was|as|per|if|but|away|off|than|wide|long|tall|high|deep)\b)"
    r"[a-z]"
)
_INCHES_FOLLOW = Pattern(r" ?(?:x|by|wide|long|tall|high|deep|thick|in diameter|of (?:snow|rain))\b")
_FEET_BEFORE = Pattern(r"\b(?:ft\.?|feet|foot),? \Z")
_STOPS_ADDED = STOPPED_UNITS | {"gals", "qt", "tsp", "tbsp", "mos", "doz"}


def speak_measures(text: SpokenText) -> SpokenText:
    """Replace measures: "5 km" is "five kilometers", "2-5lb" "two to five pounds", "20°C" "twenty degrees Celsius"."""
    text = text.sub(_PLACE, _place)
    text = text.sub(_FEET_AND_INCHES, lambda f: f"{cardinal(int(f[1]))} foot {decimal(f[2])}")
    text = text.sub(_TALL, lambda f: f"{decimal(f[1])} {_counted(f[1], 'foot', 'feet')}")
    text = text.sub(_INCHES, _inches)
    text = text.sub(_MEASURE, _measure)
    text = text.sub(_PER_UNIT, _each)
    return text.sub(_BY, lambda f: f"{decimal(f[1])} by ")


def _counted(number: str, one: str, many: str) -> str:
    return one if number == "1" else many


def _inches(found: re.Match[str]) -> str:
    if found.string.count('"', max(0, found.start() - 400), found.start()) % 2:
        return found.group()  # the end of what is quoted
    return f"{decimal(found[1])} {'inch' if found.string[found.end()] == ' ' else 'inches'}"


def _place(found: re.Match[str]) -> str:
    parts = [("degrees", "degree"), ("minutes", "minute"), ("seconds", "second")]
    said = [f"{decimal(found[many])} {_counted(found[many], one, many)}" for many, one in parts if found[many]]
    return f"{' '.join(said)} {_DIRECTIONS[found['direction']]}"


def _each(found: re.Match[str]) -> str:
    name = _per_name(found["per"])
    return f"{decimal(found['number'])} per {name}" if name else found.group()


def _measure(found: re.Match[str]) -> str:
    names = _names(found["unit"])
    per = _per_name(found["per"]) if found["per"] else ""
    if not names or (found["per"] and not per) or _is_something_else(found):
        return found.group()
    singular, plural = names
    spoken, is_one = _amount(found)
    # "a 5 km run", "5-km": before a noun the unit does not take its plural.
    adjective = bool(found["article"] and _MODIFIES.match(found.string, found.end())) or found["space"].endswith("-")
    joint = "-" if found["space"] == "-" else " "
    name = singular if is_one or adjective else plural
    minus = "minus " if found["minus"] else ""
    rate = f" per {per}" if per else ""
    return f"{found['article'] or ''}{minus}{spoken}{joint}{name}{rate}{_stop(found)}"


@lru_cache(1024)
def _names(written: str) -> tuple[str, str] | None:
    """Give a unit's name for one and for many; None if it is no unit."""
    written = written.replace("° ", "°")
    if written in UNITS:
        return UNITS[written]
    plain = written.replace(".", "").replace(" ", "").replace("^", "")
    for kind, base in (("square", plain.removeprefix("sq")), ("cubic", plain.removeprefix("cu"))):
        if base != plain and base in LENGTHS:
            return f"{kind} {LENGTHS[base][0]}", f"{kind} {LENGTHS[base][1]}"
    if plain[-1:] in {"2", "3"} and plain[:-1] in LENGTHS:
        kind, base = {"2": "square", "3": "cubic"}[plain[-1]], plain[:-1]
        return f"{kind} {LENGTHS[base][0]}", f"{kind} {LENGTHS[base][1]}"
    return _in_any_case().get(written.lower()) if len(written) > 1 else None


@lru_cache(1)
def _in_any_case() -> dict[str, tuple[str, str]]:
    return {unit.lower(): UNITS[unit] for unit in reversed(UNITS) if unit not in EXACT_ONLY and len(unit) > 1}


def _per_name(written: str) -> str:
    """Give the name of what is counted by, after a slash; nothing if it is none."""
    plain = written.replace("^", "")
    if plain.startswith("100"):
        names = _names(plain[3:].strip())
        return f"hundred {names[1]}" if names else ""
    if plain in PER:
        return PER[plain]
    if plain[:-1] in PER and plain[-1] in "23":
        return f"{PER[plain[:-1]]} {'squared' if plain[-1] == '2' else 'cubed'}"
    names = _names(written)
    return names[0] if names else ""


def _is_something_else(found: re.Match[str]) -> bool:
    unit = found["unit"]
    if unit.lower() == "in" and unit != "In":
        before = found.string[max(0, found.start() - 8) : found.start()]
        inches = (
            found["stop"]
            or _INCHES_FOLLOW.match(found.string, found.end())
            or found["per"]
            or _FEET_BEFORE.search(before)
        )
        return not inches or found["space"] == "-"
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


def _stop(found: re.Match[str]) -> str:
    """Keep the full stop, unless it only belongs to the abbreviation."""
    if not found["stop"]:
        return ""
    return kept_stop(found) if found["unit"].lower().split(" ")[-1] in _STOPS_ADDED else "."
