"""Telephone numbers and other numbers that are read digit by digit, as words with a pause between the groups."""

import re

from tts.text.english.numbers import cardinal, digits
from tts.text.patterns import Pattern
from tts.text.spoken import SpokenText

_EXTENSION = r"(?:,? ?(?:x|[Ee]xt\.?|[Ee]xtension) ?(?P<extension>[0-9]{1,6}))?"
_NORTH_AMERICAN = Pattern(
    r"(?<![\w.,-])(?:(?P<plus>\+)?(?P<country>[0-9]{1,3})[-. ])?(?P<area>\([0-9]{3}\)[-. ]{0,2}|[0-9]{3}[-. /])"
    rf"(?P<exchange>[0-9]{{3}})[-. ](?P<line>[0-9]{{4}})(?P<more>-[0-9]{{1,5}})?{_EXTENSION}(?![\w-])"
)
_LOCAL = Pattern(r"(?<![\w.,$+-])([0-9]{3})-([0-9]{4})(?![\w-]| ?(?:kg|km|lbs?|miles?|years?)\b)", needs="-")
_INTERNATIONAL = Pattern(r"(?<!\w)\+([0-9][0-9 ().-]{5,20}[0-9])(?!\w)", needs="+")
_VANITY = Pattern(r"(?<![\w-])(1-)?(8[0-9]{2})-((?:[A-Z0-9]{1,12}-?){1,4}[A-Z]+)\b", needs="-")
_SOCIAL_SECURITY = Pattern(r"(?<![\w-])([0-9]{3})-([0-9]{2})-([0-9]{4})(?![\w-])", needs="-")
_CARD = Pattern(r"(?<![\w-])([0-9]{4})[ -]([0-9]{4})[ -]([0-9]{4})[ -]([0-9]{4})(?![\w-])", needs=" -")
_CODE = Pattern(
    r"\b((?:ending|ends) (?:in|with)"
    r"|(?:pin|otp|ssn|cvv|password|passcode|access code|zip code|area code|extension|ext\.?)"
    r"(?: number| code)?(?: is|:)?) ([0-9]{3,12})\b",
    re.IGNORECASE,
)
_EMERGENCY = Pattern(
    r"(?:\b(?i:(call|called|calling|dial|dialed|dialing|phone)) (411|311|999|112|988)|(?<!Porsche )\b()(911))"
    r"(?![\w%]|[.,:/-][0-9])"
)
_ACRONYM = Pattern(r"\bssn\b", needs="n")


def speak_telephone(text: SpokenText) -> SpokenText:
    """Replace telephone, card and identity numbers: "555-0199" is "five five five, zero one nine nine"."""
    text = text.sub(_ACRONYM, "SSN")
    text = text.sub(_CARD, _groups)
    text = text.sub(_SOCIAL_SECURITY, _groups)
    text = text.sub(_NORTH_AMERICAN, _north_american)
    text = text.sub(_INTERNATIONAL, lambda found: "plus " + _split_groups(found[1]))
    text = text.sub(_VANITY, _vanity)
    text = text.sub(_LOCAL, _groups)
    text = text.sub(_CODE, lambda found: f"{found[1]} {digits(found[2])}")
    return text.sub(_EMERGENCY, _emergency)


def _emergency(found: re.Match[str]) -> str:
    return f"{found[1]} {digits(found[2])}" if found[1] else digits(found[4])


def _groups(found: re.Match[str]) -> str:
    return ", ".join(digits(group) for group in found.groups())


def _split_groups(written: str) -> str:
    return ", ".join(digits(group) for group in re.findall(r"[0-9]+", written))


def _north_american(found: re.Match[str]) -> str:
    groups = [found["country"], found["area"], found["exchange"], found["line"], found["more"]]
    spoken = ", ".join(_group(group) for group in groups if group)
    if found["extension"]:
        spoken += f", extension {digits(found['extension'])}"
    return f"plus {spoken}" if found["plus"] else spoken


def _group(written: str) -> str:
    plain = "".join(c for c in written if c.isdigit())
    return cardinal(int(plain)) if plain in {"800", "900"} else digits(plain)


def _vanity(found: re.Match[str]) -> str:
    """Speak 1-800-GO-2-HAUL: letters as the words they make, a pause behind digits."""
    words = "".join(
        digits(part) + ", " if part.isdigit() else part + " " for part in re.findall("[0-9]+|[A-Z]+", found[3])
    )
    return ", ".join([*(["one"] if found[1] else []), _group(found[2]), words.rstrip(", ")])
