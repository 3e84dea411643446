"""Plain numbers as words: ordinals, fractions, ranges, decimals, versions, signs and what is left of the digits."""

import re

from tts.text.numbers import cardinal, decimal, digits, fraction, integer, mixed_fraction, ordinal, paired
from tts.text.spoken import SpokenText

_IDIOMS = {"24/7": "twenty-four seven", "9/11": "nine eleven", "50/50": "fifty-fifty", "20/20": "twenty twenty"}
_IDIOM = re.compile(r"(?<![\w/.,])(?:24/7|9/11|50/50|20/20)(?![\w/]|[.,][0-9])")
_ORDINAL = re.compile(r"(?<![\w.])([0-9]+(?:,[0-9]{2,3})*)(st|nd|rd|th|ST|ND|RD|TH)\b")
_MIXED = re.compile(r"(?<![\w./,-])([0-9]+) ([0-9]{1,3})/([0-9]{1,3})(?![\w/]|[.,][0-9])")
_FRACTION = re.compile(r"(?<![\w./,])([0-9]{1,3})/([0-9]{1,4})(?![\w/]|[.,][0-9])")
_SPOKEN_DENOMINATORS = frozenset({*range(2, 21), 24, 25, 30, 32, 40, 50, 60, 64, 100, 1000})
_PLAIN = r"[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]+)?"
_RANGE = re.compile(rf"(?<![\w./,-])({_PLAIN}) ?[-–—] ?({_PLAIN})(?![\w/]|[-.,][0-9]|-[A-Za-z])")
_DOTTED = re.compile(r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}([A-Za-z]*)(?!\w)")
_NEGATIVE = re.compile(r"(?<![\w.)\]%-])-(?=\.?[0-9])")
_VERSION = re.compile(r"\b[vV](?:er)?\.? ?(?=[0-9]+\.[0-9])")
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])([0-9][0-9,]*[0-9]|[0-9])(\.[0-9]+)?(?![A-Za-z0-9]|\.[0-9])|(?<![0-9A-Za-z])(\.[0-9]+)(?![A-Za-z0-9])"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}")
_HASH = re.compile(r"(?<!\w)# ?(?=[0-9])")
_ABOUT = re.compile(r"(?<!\w)~ ?(?=[$£€]?[0-9])")
_PAIRED_NOUN = re.compile(
    r"\b((?:Boeing|Airbus|Flight|flight|Route|route|Highway|highway|Interstate|Area|Studio) |I-)([0-9]{3,4})"
    r"(?![\w,.]*[0-9])"
)
_LETTERED = re.compile(r"(?<![\w-])([A-Z]{1,5})-([0-9]{1,4})(?![\w-]|\.[0-9])")


def speak_quantities(text: SpokenText) -> SpokenText:
    """Replace every number that no other rule has claimed."""
    text = text.sub(_IDIOM, lambda found: _IDIOMS[found.group()])
    text = text.sub(_ABOUT, "about ").sub(_HASH, "number ")
    text = text.sub(_ORDINAL, _ordinal)
    text = text.sub(_MIXED, lambda found: mixed_fraction(int(found[1]), int(found[2]), int(found[3])))
    text = text.sub(_FRACTION, _fraction)
    text = text.sub(_VERSION, "version ")
    text = text.sub(_DOTTED, _dotted)
    text = text.sub(_RANGE, _range)
    text = text.sub(_NEGATIVE, "minus ")
    return text.sub(_NUMBER, _number)


def _ordinal(found: re.Match[str]) -> str:
    written, suffix = found[1].replace(",", ""), found[2].lower()
    if len(written) > 30:
        return f"{digits(written)} {suffix}"
    value = int(written)
    regular = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return ordinal(value) if suffix == regular else f"{cardinal(value)} {suffix}"


def _fraction(found: re.Match[str]) -> str:
    top, bottom = int(found[1]), int(found[2])
    if bottom in _SPOKEN_DENOMINATORS:
        return fraction(top, bottom)
    return f"{cardinal(top)} over {cardinal(bottom)}"


def _dotted(found: re.Match[str]) -> str:
    """Speak a version (1.2.10) with "point", an internet address (192.168.0.1) with "dot"."""
    parts = found.group().removesuffix(found[1]).split(".")
    suffix = f" {found[1]}" if found[1] else ""
    is_address = len(parts) == 4 and all(len(part) <= 3 for part in parts)
    if is_address:
        return " dot ".join(digits(part) for part in parts) + suffix
    return " point ".join(integer(part) for part in parts) + suffix


def _range(found: re.Match[str]) -> str:
    first, last = decimal(found[1]), decimal(found[2])
    rising = float(found[1].replace(",", "")) < float(found[2].replace(",", ""))
    small = len(found[1]) <= 2 and len(found[2]) <= 2
    # "10-20" and the score "3-2" are "to"; "978-0" is no range, and a pause says so.
    return f"{first} to {last}" if rising or small else f"{first}, {last}"


def _number(found: re.Match[str]) -> str:
    if found[3]:
        return decimal(found[3])
    whole, rest = found[1], found[2] or ""
    if "," in whole and not _GROUPED.fullmatch(whole):
        return re.sub(r"[0-9]+", lambda part: integer(part.group()), whole.replace(",", ", ")) + (
            decimal(rest) and f" {decimal(rest)}"
        )
    return decimal(whole + rest)


def speak_paired(text: SpokenText) -> SpokenText:
    """Replace numbers that are read in pairs: "Boeing 747" is "Boeing seven forty-seven", "F-150" "F one fifty"."""
    text = text.sub(_LETTERED, lambda found: f"{found[1]} {paired(found[2])}")
    return text.sub(_PAIRED_NOUN, lambda found: f"{found[1].replace('-', ' ')}{paired(found[2])}")
