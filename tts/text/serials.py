"""Words with digits in them (B2B, MP3, ab9453), spelled letters and acronyms, made speakable."""

import re

from tts.text.numbers import cardinal, decimal, digits, paired, year
from tts.text.spoken import SpokenText

_MIXED = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]+(?![A-Za-z0-9])")
_DECIMAL = re.compile(r"(?<![\w.])[0-9]*\.[0-9]+(?=[A-Za-z])")
_RUN = re.compile(r"[A-Za-z]+|[0-9]+")
_CODE = re.compile(r"(?<![\w.-])(?:[A-Za-z0-9]{1,6}-){3,}[A-Za-z0-9]{1,6}(?![\w-])", re.ASCII)
_AMPERSAND = re.compile(r"\b([A-Z]{1,2})&([A-Z]{1,2})\b")
# Digits beside letters of other alphabets, and whatever else no rule describes.
_LEFT_OVER = re.compile(r"[0-9]+")
# espeak-ng spells these though they hold vowels; others it would read as words ("EPA").
_READ_AS_LETTERS = frozenset(
    ["US", "USA", "USSR", "UK", "EU", "UN", "UAE", "LA", "FBI", "CIA", "NRA", "DNA", "RNA", "UCLA"]
)
_VOWELS = frozenset("AEIOUY")


def speak_serials(text: SpokenText) -> SpokenText:
    """Replace what mixes letters and digits, and initials joined by "&", by letters and number words."""
    text = text.sub(_CODE, _apart)
    text = text.sub(_AMPERSAND, lambda found: f"{spell(found[1])} and {spell(found[2])}")
    text = text.sub(_DECIMAL, lambda found: f"{decimal(found.group())} ")
    text = text.sub(_MIXED, _mixed)
    return text.sub(_LEFT_OVER, lambda found: f" {digits(found.group())} ")


def spell(letters: str) -> str:
    """Write letters so that espeak-ng names each: apart, but "A" joined to the next, as alone it is the article."""
    upper = letters.upper()
    if upper in _READ_AS_LETTERS or (len(upper) > 1 and not _VOWELS & set(upper)):
        return upper
    return re.sub(r"A (?=[A-Z])", "A-", " ".join(upper))


def _mixed(found: re.Match[str]) -> str:
    runs = _RUN.findall(found.group())
    words = [_digits(run) if run.isdigit() else _letters(run) for run in runs]
    return re.sub(r"\bA (?=[a-zA-Z])", "A-", " ".join(words))


def _apart(found: re.Match[str]) -> str:
    """Take the parts of a code like "1-413-te-b" apart; a phrase joined by hyphens holds no digits and stays."""
    return found.group().replace("-", " ") if re.search("[0-9]", found.group()) else found.group()


def _letters(run: str) -> str:
    return run.upper() if len(run) == 1 and run != "a" else run


def _digits(run: str) -> str:
    if len(run) == 4 and run[:2] in {"19", "20"}:
        return year(int(run))
    if (run.startswith("0") and len(run) > 1) or len(run) > 3:
        return digits(run) if not run.endswith("000") or run.startswith("0") else cardinal(int(run[:30]))
    return paired(run) if len(run) == 3 else cardinal(int(run))
