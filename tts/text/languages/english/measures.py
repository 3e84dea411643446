"""English rules for quantities with a unit and for sums of money; the units and currencies stand in units.tsv."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from tts.text.languages.english import STOPPED_UNITS
from tts.text.languages.english.names import kept_stop
from tts.text.languages.english.numbers import (
    cardinal,
    decimal,
    fraction,
    integer,
    mixed_fraction,
    paired,
    without_separators,
)
from tts.text.languages.language import BEYOND_ASCII, Rule, read_tables
from tts.text.spoken import DIGITS, Pattern, either

_TABLES = read_tables(Path(__file__).with_name("units.tsv"))
LENGTHS = {symbol: (one, many) for symbol, one, many in _TABLES["length"]}
UNITS = {**LENGTHS, **{symbol: (one, many) for symbol, one, many in _TABLES["unit"]}}
"""Units by their symbols: the words for one and for several."""
PER = {row[0]: row[1] for row in _TABLES["per"]}
"""What a price or a quantity is counted by, behind a slash."""
CURRENCIES = {symbol: (one, many, cent, cents) for symbol, one, many, cent, cents in _TABLES["currency"]}
"""Currencies by their signs and codes: the words for one, several, one hundredth, several hundredths."""
MAGNITUDES = {row[0]: row[1] for row in _TABLES["magnitude"]}
# Written without a space these are something else: "4s", "5m" (people), "3in" and "2h" are left to the serial rules.
_SPACED_ONLY = frozenset(_TABLES["spaced_only"][0])
# Letters that mean another thing in capitals, or a word: units only exactly as they stand in the table.
_EXACT_ONLY = frozenset(_TABLES["exact_only"][0])
_IN_ANY_CASE = {
    unit.lower(): names for unit, names in reversed(UNITS.items()) if unit not in _EXACT_ONLY and len(unit) > 1
}

_NUMBER = r"[0-9]+(?:,[0-9](?![0-9]|[.,][0-9])|(?:,[0-9]{2,3})*(?:\.[0-9]+)?)|\.[0-9]+"
_INCHES_FOLLOW = Pattern(r" ?(?:x|by|wide|long|tall|high|deep|thick|in diameter|of (?:snow|rain))\b")
_FEET_BEFORE = Pattern(r"\b(?:ft\.?|feet|foot),? \Z")
_WITH_STOP = STOPPED_UNITS | {"gals", "qt", "tsp", "tbsp", "mos", "doz"}
_DIRECTIONS = {"N": "north", "S": "south", "E": "east", "W": "west"}
# Units that are letters of a serial number too ("seat 5A"): units without a space only beside what has that unit.
_AMPERES_FOLLOW = Pattern(
    r"(?: (?:fuses?|breakers?|currents?|circuits?|chargers?|max)\b|[ ,;]+(?:at |and )?[0-9]+ ?[VW]\b)"
)
_VOLTS_BEFORE = Pattern(r"[0-9] ?[VW],? (?:at |and |/ ?)?\Z")
# "a 5 km run", "a $5 bill": before a noun the unit is in the singular.
_MODIFIES = Pattern(
    r" (?!(?:and|or|in|on|for|to|of|at|from|by|with|is|was|as|per|if|but|away|off|than|wide|long|tall|high|deep)\b)"
    r"[a-z]"
)
_PRICE_MODIFIES = Pattern(r"[ -](?!(?:and|or|in|on|for|to|of|at|from|by|with|is|was|as|per|if|but|off)\b)[a-z]")


@lru_cache(1024)
def _unit_names(written: str) -> tuple[str, str] | None:
    """A unit's name for one and for several; None if it is no unit."""
    written = written.replace("° ", "°")
    if written in UNITS:
        return UNITS[written]
    plain = written.replace(".", "").replace(" ", "").replace("^", "")
    kinds = (
        *(("square", plain.removeprefix("sq")), ("cubic", plain.removeprefix("cu"))),
        *(("square", plain.removesuffix("2")), ("cubic", plain.removesuffix("3"))),
    )
    for kind, base in kinds:
        if base != plain and base in LENGTHS:
            one, many = LENGTHS[base]
            return f"{kind} {one}", f"{kind} {many}"
    return _IN_ANY_CASE.get(written.lower()) if len(written) > 1 else None


def _per_name(written: str) -> str:
    """The name of what is counted by, behind a slash; empty if it is none."""
    plain = written.replace("^", "")
    if plain.startswith("100"):
        names = _unit_names(plain[3:].strip())
        return f"hundred {names[1]}" if names else ""
    if plain in PER:
        return PER[plain]
    if plain[:-1] in LENGTHS and plain[-1] in "23":
        return f"{'square' if plain[-1] == '2' else 'cubic'} {LENGTHS[plain[:-1]][0]}"
    if plain[:-1] in PER and plain[-1] in "23":
        return f"{PER[plain[:-1]]} {'squared' if plain[-1] == '2' else 'cubed'}"
    names = _unit_names(written)
    return names[0] if names else ""


def _counted(number: str, one: str, many: str) -> str:
    return f"{decimal(number)} {one if number == '1' else many}"


# "5 km" is "five kilometers", "2-5lb" "two to five pounds", "20°C" "twenty degrees Celsius".
measures = Rule("measure", needs=DIGITS)


@measures.replaces(
    r"(?<![\w.])(?P<degrees>[0-9]{1,3}(?:\.[0-9]+)?)° ?(?:(?P<minutes>[0-9]{1,2}(?:\.[0-9]+)?)' ?)?"
    r"(?:(?P<seconds>[0-9]{1,2}(?:\.[0-9]+)?)(?:\"|'') ?)?(?P<direction>[NSEW])\b",
    needs="°",
)
def _coordinate(found: re.Match[str]) -> str:
    parts = [("degrees", "degree"), ("minutes", "minute"), ("seconds", "second")]
    words = [_counted(found[many], one, many) for many, one in parts if found[many]]
    return f"{' '.join(words)} {_DIRECTIONS[found['direction']]}"


@measures.replaces(r"(?<![\w.])([0-9]{1,2})' ?([0-9]{1,2}(?:\.[0-9])?)(?:\"|'')(?!\w)", needs="'")
def _feet_and_inches(found: re.Match[str]) -> str:
    return f"{cardinal(int(found[1]))} foot {decimal(found[2])}"


@measures.replaces(r"(?<![\w.])([0-9]{1,3})'(?= (?:tall|high|long|wide|deep|x|by)\b)", needs="'")
def _feet(found: re.Match[str]) -> str:
    return _counted(found[1], "foot", "feet")


def _in_quotes(text: str, position: int) -> bool:
    """Tell whether a quotation is open at a position; a mark behind a digit opens none, as it stands for inches."""
    before, is_open = text[max(0, position - 400) : position], False
    for index, mark in enumerate(before):
        if mark == '"':
            is_open = not is_open and not before[index - 1 : index].isdigit()
    return is_open


@measures.replaces(r"(?<![\w./])([0-9]+(?:\.[0-9]+)?)\"(?= ?[a-wyz]| ?x ?[0-9])", needs='"')
def _inches(found: re.Match[str]) -> str:
    if _in_quotes(found.string, found.start()):
        return found.group()  # the end of what is quoted
    return f"{decimal(found[1])} {'inch' if found.string[found.end()] == ' ' else 'inches'}"


@measures.replaces(
    r"(?<![\w.,/-])(?:(?P<whole>[0-9]{1,3})[ -])?(?P<top>[0-9]{1,3})/(?P<bottom>[0-9]{1,3})(?:\"|'')(?![\w/])",
    needs="/",
)
def _parts_of_an_inch(found: re.Match[str]) -> str:
    """Speak 3/4" as "three quarters of an inch", before a noun as "three quarter inch"."""
    if _in_quotes(found.string, found.start()):
        return found.group()  # the end of what is quoted
    before_noun = bool(_MODIFIES.match(found.string, found.end()))
    top, bottom = int(found["top"]), int(found["bottom"])
    if found["whole"]:
        return f"{mixed_fraction(int(found['whole']), top, bottom)} {'inch' if before_noun else 'inches'}"
    words = fraction(top, bottom)
    if top == 1 or top > bottom:
        return f"{words} {'inch' if before_noun or top == 1 else 'inches'}"
    if before_noun:
        return f"{words.removesuffix('s')} inch"
    return f"{words} of an inch"


# "10x15cm" is "ten by fifteen centimeters", "5'x7'" "five feet by seven feet". Equations, where "×" is times, follow.
dimensions = Rule("measure", needs="xX×", hint=Pattern(r"[xX×] ?[.0-9]"))
_EXTENT = rf"(?:[0-9]{{1,3}}[ -][0-9]{{1,2}}/[0-9]{{1,2}}|[0-9]{{1,2}}/[0-9]{{1,2}}|{_NUMBER})"
_EXTENT_UNIT = r"(?: ?(?:mm|cm|dm|km|m|in|inch(?:es)?|ft|feet|yd|mi|px|pixels|μm|nm)(?:\^?[23])?\b|''|['\"])"
_EXTENT_NAMES = {
    **dict.fromkeys(("px", "pixels"), ("pixel", "pixels")),
    **{"": ("", ""), "'": ("foot", "feet"), '"': ("inch", "inches"), "''": ("inch", "inches")},
}
_EXTENT_AND_UNIT = Pattern(rf"({_EXTENT})({_EXTENT_UNIT}?)")


def _extent(written: str) -> str:
    if "/" not in written:
        return decimal(written)
    *whole, parts = re.split("[ -]", written)
    top, bottom = map(int, parts.split("/"))
    return mixed_fraction(int(whole[0]), top, bottom) if whole else fraction(top, bottom)


@dimensions.replaces(
    rf"(?P<article>\b[Aa]n? )?(?<![\w.,/-])"
    rf"(?P<extents>{_EXTENT}{_EXTENT_UNIT}?(?: ?[xX×] ?{_EXTENT}{_EXTENT_UNIT}?){{1,4}})"
    r"(?P<plural>s?)(?![\w/^]|[.,][0-9]| ?[=+*/×÷]| ?[xX] ?[0-9])",
)
def _dimensions(found: re.Match[str]) -> str:
    parts = _EXTENT_AND_UNIT.compiled.findall(found["extents"])
    units = [unit.strip() for _, unit in parts]
    closing = ""
    # A mark at the end may close what is quoted.
    if (units[-1] == '"' and _in_quotes(found.string, found.start())) or (units[-1] == "'" and units[0] != "'"):
        units[-1], closing = "", units[-1]
    if "×" in found.group() and not any(units):
        return found.group()  # a product
    sizes = [size for size, _ in parts]
    is_screen = (
        len(sizes) == 2
        and set(units) <= {"", "px", "pixels"}
        and all(size.isdigit() and len(size) in (3, 4) for size in sizes)
        and any(len(size) == 4 for size in sizes)
    )
    is_adjective = found["article"] and _MODIFIES.match(found.string, found.end())
    words = []
    for size, unit in zip(sizes, units, strict=True):
        one, many = _EXTENT_NAMES.get(unit) or _unit_names(unit) or (unit, unit)
        is_one = is_adjective or size == "1" or ("/" in size and size.replace("/", "").isdigit())
        words.append(f"{paired(size) if is_screen else _extent(size)} {one if is_one else many}".rstrip())
    return (found["article"] or "") + " by ".join(words) + found["plural"] + closing


# Any word may be a unit; the table decides.
@measures.replaces(
    rf"(?P<article>\b[Aa]n? )?(?<![\w.,/:-])(?P<minus>[-−])?"
    rf"(?:(?P<from>{_NUMBER}) ?(?:-|–|—|to) ?(?={_NUMBER}))?"
    rf"(?:(?:(?P<whole>[0-9]+) )?(?P<top>[0-9]{{1,3}})/(?P<bottom>[0-9]{{1,3}})|(?P<number>{_NUMBER}))"
    r"(?: (?P<magnitude>hundred|thousand|million|billion|trillion))?"
    r"(?P<space> ?-?)(?P<unit>(?:sq|cu)\.? ?[a-z]{1,2}|[A-Za-zμΩ]{1,5}(?:\^?[23])?|° ?[CF]\b|[°%‰])"
    r"(?:/(?P<per>(?:100 ?)?[A-Za-zμ]{1,6}(?:\^?[23])?))?(?P<stop>\.?)(?![\w'°%/]|-[0-9])"
)
def _measure(found: re.Match[str]) -> str:
    unit = found["unit"]
    names = _unit_names(unit)
    per = _per_name(found["per"]) if found["per"] else ""
    if not names or (found["per"] and not per):
        return found.group()
    if unit.lower() == "in" and unit != "In":
        before = found.string[max(0, found.start() - 8) : found.start()]
        follows = found["stop"] or _INCHES_FOLLOW.match(found.string, found.end()) or found["per"]
        if found["space"] == "-" or not (follows or _FEET_BEFORE.search(before)):
            return found.group()
    elif unit in _SPACED_ONLY and found["space"] != " ":
        return found.group()
    elif unit == "A":
        before = found.string[max(0, found.start() - 12) : found.start()]
        if not (_AMPERES_FOLLOW.match(found.string, found.end("unit")) or _VOLTS_BEFORE.search(before)):
            return found.group()

    if found["bottom"]:
        top, bottom = int(found["top"]), int(found["bottom"])
        if found["whole"]:
            words, is_one = mixed_fraction(int(found["whole"]), top, bottom), False
        else:
            words, is_one = fraction(top, bottom), top <= bottom
    else:
        words, is_one = decimal(found["number"]), found["number"] == "1"
    if not (found["bottom"] and found["whole"]):
        if found["from"]:
            words, is_one = f"{decimal(found['from'])} to {words}", False
        if found["magnitude"]:
            words, is_one = f"{words} {found['magnitude']}", False

    adjective = bool(found["article"] and _MODIFIES.match(found.string, found.end())) or found["space"].endswith("-")
    name = names[0] if is_one or adjective else names[1]
    joint = "-" if found["space"] == "-" else " "
    minus = "minus " if found["minus"] else ""
    rate = f" per {per}" if per else ""
    stop = found["stop"]
    if stop and unit.lower().split(" ")[-1] in _WITH_STOP:
        stop = kept_stop(found)
    return f"{found['article'] or ''}{minus}{words}{joint}{name}{rate}{stop}"


@measures.replaces(rf"(?<![\w.,/-])(?P<number>{_NUMBER})/(?P<per>[A-Za-z]{{2,6}}|[gdlL])\b", needs="/")
def _each(found: re.Match[str]) -> str:
    name = _per_name(found["per"])
    return f"{decimal(found['number'])} per {name}" if name else found.group()


# Rates by themselves: "speeds in km/h".
rates = Rule("measure", needs="/").replace(
    Pattern(
        r"(?<![\w/.'-])([A-Za-zμ]{2,5}|[mgWNJ])/(h|s|hr|min|L|l|dL|ml|mL|kg|day|yr|(?:mm|cm|m|km|ft)(?:\^?[23])?)(?![\w/.'-]\w|\w)",
        needs="/",
    ),
    lambda found: f"{UNITS[found[1]][1]} per {_per_name(found[2])}" if found[1] in UNITS else found.group(),
)


# "$3.50" is "three dollars fifty cents", "€10 million" "ten million euros"; signs without a number too.
money = Rule("money", needs={*DIGITS, "$", BEYOND_ASCII})
money.replace(
    # "1 000 000": groups of three digits behind spaces.
    Pattern(r"(?<![\w.,$+-])(?<![0-9)] )[0-9]{1,2}(?: [0-9]{3}){2,}(?![\w-]|[ ,][0-9])"),
    lambda found: found.group().replace(" ", ","),
)
money.replace(
    # "2.500,- €" has no cents.
    Pattern(r"(?<![\w.,])([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[-–—]{1,2}(?![\w-])", needs=(",-", ",–", ",—")),
    lambda found: found[1].replace(".", ""),
)
money.replace(
    # "1.234,50" and "1 234,50" are 1234.50 in any context.
    Pattern(r"(?<![\w.,])[0-9]{1,3}(?:[. ][0-9]{3})+,[0-9]{1,2}(?![0-9]|[.,][0-9])", needs=","),
    lambda found: without_separators(found.group()),
)
_SYMBOLS = either(symbol for symbol in CURRENCIES if not symbol.isalpha())
_CODES = either(symbol for symbol in CURRENCIES if symbol.isalpha())
_SIGNS = "".join(symbol for symbol in CURRENCIES if len(symbol) == 1)
_MAGNITUDE = (
    r"(?: ?(?P<magnitude{0}>thousand|million|billion|trillion"
    r"|k|K|m|M|mm|MM|mn|mil|b|B|bn|Bn|BN|bil|tn|tril|t|T)(?![\w'&]))?"
)


def _whole(amount: str) -> str:
    """Speak whole units as a number however many they are."""
    plain = amount.replace(",", "")
    return cardinal(int(plain)) if len(plain) <= 36 and not plain.startswith("00") else integer(plain)


def _bare(amount: str, magnitude: str | None) -> str:
    words = decimal(amount) if "." in without_separators(amount) else _whole(amount)
    return f"{words} {MAGNITUDES[magnitude.lower()]}" if magnitude else words


def _sum(amount: str, magnitude: str | None, symbol: str, *, adjective: bool = False) -> str:
    one, many, cent, cents = CURRENCIES[symbol]
    if adjective:
        many, cents = one, cent
    whole, _, hundredths = without_separators(amount).partition(".")
    if len(hundredths) > 2:
        hundredths = hundredths[:2] + hundredths[2:].rstrip("0")
    if len(hundredths) == 1 and "." not in amount and not magnitude:
        hundredths += "0"  # "€1,5"
    if magnitude or len(hundredths) not in (0, 2):
        return f"{_bare(amount.rstrip('.'), magnitude)} {many}"
    words = f"{_whole(whole)} {one if whole == '1' else many}" if whole else ""
    small = int(hundredths or 0)
    if not small:
        return words or f"zero {many}"
    coins = f"{cardinal(small)} {cent if small == 1 else cents}"
    return f"{words} {coins}" if whole.strip("0") else coins


def _space_before_letters(found: re.Match[str]) -> str:
    """Give a space where letters are written right behind a match ("£3each")."""
    return " " if found.string[found.end() : found.end() + 1].isalnum() else ""


def _per(written: str | None) -> str:
    return f" per {_per_name(written) or written}" if written else ""


@money.replaces(
    rf"(?P<article>\b[Aa]n? )?(?<![\w.])(?P<minus>-)?(?P<symbol>{_SYMBOLS}|(?:{_CODES})\.? ?) ?(?P<sign>-)?"
    rf"(?P<amount>{_NUMBER})(?![0-9])"
    + _MAGNITUDE.format("")
    + rf"(?: ?[-–—] ?(?P<symbol2>{_SYMBOLS})?(?P<amount2>{_NUMBER})(?![0-9-]){_MAGNITUDE.format('2')})?"
    r"(?:/(?P<per>[A-Za-z]+\^?[23]?)(?!\w))?"
)
def _price(found: re.Match[str]) -> str:
    symbol = found["symbol"].rstrip(". ")
    magnitude = found["magnitude"]
    if found["amount2"]:
        first = _sum(found["amount"], magnitude, symbol) if found["symbol2"] else _bare(found["amount"], magnitude)
        words = f"{first} to {_sum(found['amount2'], found['magnitude2'], found['symbol2'] or symbol)}"
    else:
        adjective = bool(found["article"] and _PRICE_MODIFIES.match(found.string, found.end()))
        words = _sum(found["amount"], magnitude, symbol, adjective=adjective)
    minus = "minus " if found["minus"] or found["sign"] else ""
    return f"{found['article'] or ''}{minus}{words}{_per(found['per'])}{_space_before_letters(found)}"


@money.replaces(
    rf"(?<![\w.,$])(?P<amount>{_NUMBER})"
    + _MAGNITUDE.format("")
    + rf" ?(?P<symbol>(?:{_CODES})(?!\w)|[{_SIGNS}](?![0-9{_SIGNS}]))(?:/(?P<per>[A-Za-z]+\^?[23]?)(?!\w))?"
)
def _price_with_sign_behind(found: re.Match[str]) -> str:
    words = _sum(found["amount"], found["magnitude"], found["symbol"]) + _per(found["per"])
    return words + _space_before_letters(found)


@money.replaces(r"(?<![\w.])([0-9]{1,3}) ?¢", needs="¢")
def _cents(found: re.Match[str]) -> str:
    return cardinal(int(found[1])) + (" cent" if found[1] == "1" else " cents") + _space_before_letters(found)


@money.replaces(f"[¢{_SIGNS}]", needs=f"¢{_SIGNS}")
def _sign(found: re.Match[str]) -> str:
    return f" {CURRENCIES[found.group()][0] if found.group() != '¢' else 'cent'} "
