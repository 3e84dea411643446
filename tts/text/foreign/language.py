"""What the rules need to know of a language: its marks, its words, and how they agree with a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tts.text.spoken import SpokenText

Rule = Callable[[SpokenText], SpokenText]
Rules = tuple[tuple[str, Rule], ...]


@dataclass(frozen=True)
class Noun:
    """A word that is counted: "ein Meter", "zwei Meter"; few is the form of two to four in Slavic languages."""

    one: str
    many: str
    gender: str = "m"
    few: str = ""


@dataclass(frozen=True)
class Currency:
    """A currency and its hundredth."""

    main: Noun
    hundredth: Noun


@dataclass(frozen=True)
class Roman:
    """Where a Roman numeral is surely one, each a pattern that a numeral follows (or, for centuries, holds one)."""

    things: str
    """Chapters and the like: the numeral is a plain number."""
    rulers: str
    """Names that are followed by a numeral, of one letter too."""
    spoken: Callable[[int, str], str]
    """The words of a ruler's number after the name."""
    century: str = r"(?!)"
    """A pattern with the groups "roman" and, if there is more, "rest"."""
    of_century: Callable[[int], str] = str


@dataclass(frozen=True)
class Language:
    """The words of a language; marks are the insides of character classes."""

    code: str
    """The language in num2words."""
    group: str
    decimal: str
    comma: str
    point: str
    minus: str
    to: str
    """Between the ends of a range."""
    versus: str
    """Between the two sides of a score."""
    over: str
    """Between the two numbers of a fraction without a name."""
    signs: Mapping[str, str]
    months: tuple[str, ...]
    short_months: Mapping[str, int]
    """Abbreviations, in small letters and without a stop, and the number of their month."""
    day: Callable[[int, str], str]
    """The words of a day of the month, after the text before it."""
    date: str
    """A date with the fields day, month and year, and without a year up to "|"."""
    time: Callable[[int, int, int | None, str], str]
    """The words of an hour, minutes, seconds, and what was written behind them."""
    time_marks: str
    """A pattern of what follows a time of day: "Uhr"."""
    units: Mapping[str, Noun]
    money: Mapping[str, Currency]
    price: Callable[[str, int, Noun], str]
    """The words of a price from those of its main part, and the hundredths."""
    magnitudes: Mapping[str, Noun]
    titles: Mapping[str, str]
    """Abbreviations before a name."""
    shortened: Mapping[str, str]
    """Abbreviations anywhere."""
    numbered: Mapping[str, str]
    """Abbreviations before a number."""
    halves: Mapping[str, tuple[str, str]]
    """Fractions of one character: alone, and behind a whole number."""
    parts: Mapping[int, tuple[str, str]]
    """What a whole is divided into: a half, halves."""
    address: Mapping[str, str]
    """The signs of addresses on the net."""
    roman: Roman | None = None
    agree: Callable[[str, int, str], str] = field(default=lambda words, value, gender: words)
    """A cardinal as it stands before a noun of a gender."""
    gender: Callable[[str], str] | None = None
    """The gender of a counted word; none where it is not one."""
    labels: str = r"(?!)"
    """A pattern of words before a number that it does not count: "Kapitel"."""
    year: Callable[[int], str] | None = None
    one_below_two: bool = False
    """French counts 1.5 like one."""
    plural: Callable[[int], str] | None = None
    """Which form of a noun a whole number takes, "one", "few" or "many", where it is not one for 1 alone."""
    of: Callable[[str], str] = field(default=lambda noun: f" {noun}")
    """How a noun follows a round million."""
    tail_digits: int = 0
    """How many digits behind the decimal mark are read as one number."""
    hour_marks: str | None = None
    """A pattern of what follows an hour without minutes, where it is not the same."""
    dotted_time: str = r"(?!)"
    """A pattern of times whose hours and minutes a full stop parts."""
    telephone: str = r"(?!)"
    in_pairs: bool = False
    """Telephone numbers are read in pairs of digits."""
    more: Rules = ()
    """Rules of this language alone, which come before those of plain numbers."""

    @property
    def number(self) -> str:
        """A pattern of a number, whole or with decimals, grouped or not."""
        grouped = rf"[0-9]{{1,3}}(?:[{self.group}][0-9]{{3}})+(?![0-9])(?:[{self.decimal}][0-9]+)?"
        return rf"(?:{grouped}|[0-9]+[.,][0-9]+|[0-9]+)"


def listed(words: str) -> tuple[str, ...]:
    """The words of a string that are apart by blanks."""
    return tuple(words.split())


def nouns(table: str) -> dict[str, Noun]:
    """Read lines of "symbol | one | many | gender | few"; what is missing is as for one, and masculine."""
    found = {}
    for line in table.strip().splitlines():
        symbol, one, *rest = (part.strip() for part in line.split("|"))
        many, gender, few = (*rest, *("", "m", "")[len(rest) :])
        found[symbol] = Noun(one, many or one, gender or "m", few or many or one)
    return found


def currencies(table: str) -> dict[str, Currency]:
    """Read lines of "signs | one | many | gender | hundredth | hundredths | gender"; signs are apart by blanks."""
    found = {}
    for line in table.strip().splitlines():
        signs, one, many, gender, cent, cents, its_gender = (part.strip() for part in line.split("|"))
        currency = Currency(Noun(one, many, gender, many), Noun(cent, cents, its_gender, cents))
        found.update(dict.fromkeys(signs.split(), currency))
    return found


def pairs(table: str) -> dict[str, str]:
    """Read lines of "written | spoken"."""
    lines = (line.split("|") for line in table.strip().splitlines())
    return {written.strip(): spoken.strip() for written, spoken in lines}


def either(written: Mapping[str, object]) -> str:
    """A pattern of any of these strings, the longest first."""
    return "|".join(re.escape(one) for one in sorted(written, key=len, reverse=True)) or r"(?!)"
