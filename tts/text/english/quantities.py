"""Plain numbers as words: ordinals, fractions, ranges, decimals, signs and what is left of the digits."""

import re

from tts.text.english.counting import things_follow
from tts.text.english.numbers import cardinal, decimal, digits, fraction, integer, mixed_fraction, ordinal, paired
from tts.text.patterns import DIGITS, Pattern
from tts.text.spoken import SpokenText

_IDIOMS = {"24/7": "twenty-four seven", "9/11": "nine eleven", "50/50": "fifty-fifty", "20/20": "twenty twenty"}
_IDIOM = Pattern(r"(?<![\w/.,])(?:24/7|9/11|50/50|20/20)(?![\w/]|[.,][0-9])", needs="/")
_ORDINAL = Pattern(r"(?<![\w.])([0-9]+(?:,[0-9]{2,3})*)(st|nd|rd|th|ST|ND|RD|TH)\b", needs="tdTD")
_ORDINAL_RANGE = Pattern(r"(?<=[0-9](?:st|nd|rd|th)) ?[-–—] ?(?=[0-9]+(?:st|nd|rd|th)\b)", needs="-–—")
_POWER_OF_TEN = Pattern(r"(?<![\w.,])(-?[0-9]+(?:\.[0-9]+)?)(?:e([+-]?)|E([+-]))([0-9]{1,3})(?![\w.])", needs="eE")
_MIXED = Pattern(r"(?<![\w./,-])([0-9]{1,9})[ -]([0-9]{1,3})/([0-9]{1,3})(?![\w/]|[.,][0-9])", needs="/")
_FRACTION = Pattern(r"(?<![\w./,])([0-9]{1,3})/([0-9]{1,4})(?![\w/]|[.,][0-9])", needs="/")
_PLAIN = r"[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]+)?"
_RANGE = Pattern(rf"(?<![\w./,-])({_PLAIN}) ?[-–—] ?({_PLAIN})(?![\w/]|[-.,][0-9]|-[A-Za-z])", needs="-–—")
_PARTS_BEFORE = Pattern(
    r"\b(?:pages?|chapters?|verses?|sections?|lines?|volumes?|numbers?|figures?|ages?|aged|grades?|between) \Z",
    re.IGNORECASE,
)
_NEGATIVE = Pattern(r"(?<![\w.)\]%-])-(?=\.?[0-9])", needs="-")
_NUMBER = Pattern(
    r"(?<![A-Za-z0-9_.])([0-9][0-9,]*[0-9]|[0-9])(\.[0-9]+)?(?![A-Za-z0-9]|\.[0-9])|(?<![0-9A-Za-z])(\.[0-9]+)(?![A-Za-z0-9])"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}")
_HASH = Pattern(r"(?<!\w)# ?(?=[0-9])", needs="#")
_ABOUT = Pattern(r"(?<!\w)~ ?(?=[$£€]?[0-9])", needs="~")
_PAIRED_NOUN = Pattern(
    r"\b((?:Boeing|Airbus|Flight|flight|Route|route|Highway|highway|Interstate|Area|Studio) |I-)([0-9]{3,4})"
    r"(?![\w,.]*[0-9])",
    needs=DIGITS,
)
_LETTERED = Pattern(r"(?<![\w-])([A-Z]{1,5})-([0-9]{1,4})(?![\w-]|\.[0-9])", needs="-")


def speak_ordinals(text: SpokenText) -> SpokenText:
    """Replace ordinals, "1st-3rd" and "1,000th" too; one with a wrong ending keeps it ("12nd")."""
    return text.sub(_ORDINAL_RANGE, " to ").sub(_ORDINAL, _ordinal)


def speak_fractions(text: SpokenText) -> SpokenText:
    """Replace fractions ("2 1/2", "3/4"), and powers of ten ("1e-5")."""
    text = text.sub(_POWER_OF_TEN, _power_of_ten)
    text = text.sub(_IDIOM, lambda found: _IDIOMS[found.group()])
    text = text.sub(_MIXED, lambda found: mixed_fraction(int(found[1]), int(found[2]), int(found[3])))
    return text.sub(_FRACTION, lambda found: fraction(int(found[1]), int(found[2])))


def speak_paired(text: SpokenText) -> SpokenText:
    """Replace numbers that are read in pairs: "Boeing 747" is "Boeing seven forty-seven", "F-150" "F one fifty"."""
    text = text.sub(_LETTERED, lambda found: f"{found[1]} {paired(found[2])}")
    return text.sub(_PAIRED_NOUN, lambda found: f"{found[1].replace('-', ' ')}{paired(found[2])}")


def speak_quantities(text: SpokenText) -> SpokenText:
    """Replace every number that no other rule has claimed; between two of them a dash stays a dash."""
    text = text.sub(_ABOUT, "about ").sub(_HASH, "number ")
    text = text.sub(_RANGE, _range)
    text = text.sub(_NEGATIVE, "minus ")
    return text.sub(_NUMBER, _number)


def _ordinal(found: re.Match[str]) -> str:
    written, suffix = found[1].replace(",", ""), found[2].lower()
    if len(written) > 30:
        return f"{digits(written)} {suffix}"
    value = int(written)
    regular = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    if suffix == regular:
        return ordinal(value)
    return f"{cardinal(value) if value < 100 else digits(written)} {suffix}"


def _power_of_ten(found: re.Match[str]) -> str:
    sign = "minus " if "-" in (found[2] or found[3] or "") else ""
    number = f"minus {decimal(found[1][1:])}" if found[1].startswith("-") else decimal(found[1])
    return f"{number} times ten to the {sign}{cardinal(int(found[4]))}"


def _range(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 12) : found.start()]
    joint = "to" if _PARTS_BEFORE.search(before) else "-"
    return f"{_plain(found[1], found)} {joint} {_plain(found[2], found)}"


def _plain(written: str, found: re.Match[str]) -> str:
    """Speak a number; a long one without commas that counts nothing and is not round is a name: digit by digit."""
    is_name = written.isdigit() and len(written) > 4 and not written.endswith("00") and not things_follow(found)
    return digits(written) if is_name else decimal(written)


def _number(found: re.Match[str]) -> str:
    if found[3]:
        return decimal(found[3])
    whole, rest = found[1], found[2] or ""
    if "," in whole and not _GROUPED.fullmatch(whole):
        return re.sub(r"[0-9]+", lambda part: integer(part.group()), whole.replace(",", ", ")) + (
            decimal(rest) and f" {decimal(rest)}"
        )
    return _plain(whole + rest, found)
