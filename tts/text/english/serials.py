"""Words with digits in them (B2B, MP3, ab9453, 1-413-te-b), versions, letters that are named: made speakable."""

import re

from tts.text.english.numbers import cardinal, decimal, digits, integer, paired, year
from tts.text.patterns import DIGITS, Pattern
from tts.text.spoken import SpokenText

_VERSION = Pattern(r"\b[vV](?:er)?\.? ?(?=[0-9]+\.[0-9])", needs="vV")
_DOTTED = Pattern(r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}([A-Za-z]*)(?!\w)", needs=".")
_BOOK = Pattern(r"\b(ISBN(?:-1[03])?:?) ([0-9][0-9 -]{8,15}[0-9X])\b", needs="I")
_DECIMAL = Pattern(r"(?<![\w.])[0-9]*\.[0-9]+(?=[A-Za-z])", needs=".")
# Letters and digits joined by hyphens or slashes, and both in one word.
_CODE = Pattern(
    r"(?<![\w.,$/-])(?=[A-Za-z/-]*[0-9])(?=[0-9/-]*[A-Za-z])[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)+(?![\w-]|[.,][0-9])",
    re.ASCII,
)
_NUMBERS_IN_A_ROW = Pattern(r"(?<![\w.,$/-])[0-9]{1,6}(?:-[0-9]{1,6}){2,}(?![\w/-]|[.,][0-9])", needs="-")
_MIXED = Pattern(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]+(?![A-Za-z0-9])")
_AIRLINER = re.compile(r"[A-Z]{1,2}[0-9]{3}")
_RUN = re.compile(r"[A-Za-z]+|[0-9]+")
_PART = re.compile(r"[A-Za-z0-9]+")
_AMPERSAND = Pattern(r"\b([A-Z]{1,2})&([A-Z]{1,2})\b", needs="&")
# Digits beside letters of other alphabets, and whatever else no rule describes.
_LEFT_OVER = Pattern(r"[0-9]+", needs=DIGITS)
# espeak-ng spells these though they hold vowels; others it would read as words ("EPA").
_READ_AS_LETTERS = frozenset(
    ["US", "USA", "USSR", "UK", "EU", "UN", "UAE", "LA", "FBI", "CIA", "NRA", "DNA", "RNA", "UCLA"]
)
_VOWELS = frozenset("AEIOUY")


def speak_serials(text: SpokenText) -> SpokenText:
    """Replace versions, what mixes letters and digits, and initials joined by "&", by letters and number words."""
    text = text.sub(_BOOK, lambda found: f"{found[1]} {', '.join(digits(part) for part in _PART.findall(found[2]))}")
    text = text.sub(_VERSION, "version ")
    text = text.sub(_DOTTED, _dotted)
    text = text.sub(_AMPERSAND, lambda found: f"{spell(found[1])} and {spell(found[2])}")
    text = text.sub(_DECIMAL, lambda found: f"{decimal(found.group())} ")
    text = text.sub(_NUMBERS_IN_A_ROW, lambda found: _PART.sub(lambda part: _number(part.group()), found.group()))
    text = text.sub(_CODE, lambda found: _PART.sub(_in_code, found.group()))
    return text.sub(_MIXED, _mixed)


def speak_left_over(text: SpokenText) -> SpokenText:
    """Replace the digits that no rule has claimed, one by one."""
    return text.sub(_LEFT_OVER, lambda found: f" {digits(found.group())} ")


def spell(letters: str) -> str:
    """Write letters so that espeak-ng names each: apart, but "A" joined to the next, as alone it is the article."""
    upper = letters.upper()
    if upper in _READ_AS_LETTERS or (len(upper) > 1 and not _VOWELS & set(upper)):
        return upper
    return re.sub(r"A (?=[A-Z])", "A-", " ".join(upper))


def _dotted(found: re.Match[str]) -> str:
    """Speak a version (1.2.10) with "point", an internet address (192.168.0.1) with "dot"."""
    parts = found.group().removesuffix(found[1]).split(".")
    suffix = f" {found[1]}" if found[1] else ""
    is_address = len(parts) == 4 and all(len(part) <= 3 for part in parts)
    if is_address:
        return " dot ".join(digits(part) for part in parts) + suffix
    return " point ".join(integer(part) for part in parts) + suffix


def _mixed(found: re.Match[str]) -> str:
    written = found.group()
    if _AIRLINER.fullmatch(written):
        return f"{spell(written[:-3])} {paired(written[-3:])}"
    words = [_digits(run) if run.isdigit() else _letters(run) for run in _RUN.findall(written)]
    return re.sub(r"\bA (?=[a-zA-Z])", "A-", " ".join(words))


def _in_code(found: re.Match[str]) -> str:
    part = found.group()
    return _number(part) if part.isdigit() else part if part.isalpha() else _mixed(found)


def _number(written: str) -> str:
    """Speak a number that stands by itself between hyphens."""
    if len(written) == 4 and written[:2] in {"18", "19", "20"}:
        return year(int(written))
    return digits(written) if written[0] == "0" or len(written) > 4 else cardinal(int(written), conjunction=False)


def _letters(run: str) -> str:
    return run.upper() if len(run) == 1 and run != "a" else run


def _digits(run: str) -> str:
    """Speak digits that letters touch: those of a year or two at most as a number, others one by one."""
    if len(run) == 4 and run[:2] in {"19", "20"}:
        return year(int(run))
    if (run[0] == "0" and len(run) > 1) or (len(run) > 2 and not run.endswith("00")) or len(run) > 6:
        return digits(run)
    return cardinal(int(run))
