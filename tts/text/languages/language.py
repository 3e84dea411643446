"""What a language is to normalization: rules in an order, made from its grammar and from tables of its words.

Every language is a `Language` with rules. English, Chinese and Japanese write rules of their own. The others are
`TabledLanguage`s: a class gives their grammar, a .tsv file beside this module their words, and
`tts.text.languages.rules` makes the rules from both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from tts.text.spoken import DIGITS, Pattern, Replacement, SpokenText

Tables = dict[str, list[list[str]]]
Step = Callable[[SpokenText], SpokenText]
Words = TypeVar("Words", bound=Callable[[re.Match[str]], str])

BEYOND_ASCII = "beyond ASCII"
"""Stands for any character beyond ASCII in what a rule needs."""
NEVER = r"(?!)"
"""A pattern that matches nothing."""
# Longer numbers are read digit by digit.
_MAX_DIGITS = 15
_MILLION = 10**6
_ROMAN = Pattern(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


class Rule:
    """How one class of written forms is spoken: replacements, applied in the order in which they were added.

        dates = Rule("date", needs=DIGITS)

        @dates.replaces(r"([0-9]{4})-([0-9]{2})")
        def _year_and_month(found: re.Match[str]) -> str: ...

    `kind` is the class that the edits receive (cardinal, date, money, …). A text without a match of `hint` is returned
    as it is; the caller may skip the rule on a text without any of the characters that it `needs`.
    """

    def __init__(self, kind: str, *steps: Step, needs: Iterable[str] = (), hint: Pattern | None = None) -> None:
        self.kind = kind
        self.needs = frozenset(needs)
        self._hint = hint
        # A pattern and its replacement, or None and a function of the text.
        self._steps: list[tuple[Pattern | None, Any]] = [(None, step) for step in steps]

    def replaces(self, source: str, flags: int = 0, *, needs: Iterable[str] = ()) -> Callable[[Words], Words]:
        """Decorate the function that gives the words for each match of a regular expression.

        Of several decorators on one function, the lowest is added first.
        """

        def add(words: Words) -> Words:
            self.replace(Pattern(source, flags, needs=needs), words)
            return words

        return add

    def replace(self, pattern: Pattern, replacement: Replacement) -> Rule:
        """Add a replacement for what a pattern matches. Returns the rule itself."""
        self._steps.append((pattern, replacement))
        return self

    def then(self, step: Step) -> Rule:
        """Add any other step. Returns the rule itself."""
        self._steps.append((None, step))
        return self

    def __call__(self, text: SpokenText) -> SpokenText:
        if self._hint is not None and not self._hint.search(text.text):
            return text
        for pattern, action in self._steps:
            if pattern is None:
                text = action(text.under(self.kind))
            # Most patterns match nothing in most texts, for which nothing needs to be made.
            elif pattern.may_match(text.text) and pattern.compiled.search(text.text):
                text = text.under(self.kind).sub(pattern, action)
        return text


class Language:
    """A language, its tables and its rules; `code` is espeak-ng's ("en-us", "de", "fr-be", "cmn")."""

    tables: tuple[str, ...] = ()
    """The names of its .tsv files beside this module; later files replace entries of earlier ones."""

    def __init__(self, code: str) -> None:
        self.code = code

    def rules(self) -> Sequence[Rule]:
        """Make the rules, in the order in which they are applied."""
        raise NotImplementedError

    @cached_property
    def _rows(self) -> Tables:
        rows: Tables = {}
        for name in self.tables:
            for table, more in read_tables(Path(__file__).with_name(f"{name}.tsv")).items():
                rows.setdefault(table, []).extend(more)
        return rows

    def rows(self, table: str) -> list[list[str]]:
        """The rows of a table."""
        return self._rows.get(table, [])

    def pairs(self, table: str) -> dict[str, str]:
        """A table of two columns: what is written, and its words."""
        return {row[0]: row[1] for row in self.rows(table)}

    @cached_property
    def _word_sets(self) -> dict[str, frozenset[str]]:
        return {table: frozenset(word for row in rows for word in row) for table, rows in self._rows.items()}

    def word_set(self, table: str) -> frozenset[str]:
        """The words of a table of one row."""
        return self._word_sets.get(table, frozenset())

    def any_of(self, table: str) -> str:
        """A pattern of the words of a table of one row, each a regular expression."""
        return "|".join(word for row in self.rows(table) for word in row) or NEVER


@dataclass(frozen=True)
class Noun:
    """A word that is counted: "ein Meter", "zwei Meter"; `few` is the form for two to four in Slavic languages."""

    one: str
    many: str
    gender: str = "m"
    few: str = ""


@dataclass(frozen=True)
class Currency:
    """A currency and its hundredth."""

    main: Noun
    hundredth: Noun


class TabledLanguage(Language):
    """A language whose words stand in tables and whose numbers are num2words'.

    A subclass names its tables and overrides what its grammar does differently. Marks such as `group` are the insides
    of character classes; other patterns are regular expressions.
    """

    number_code: str
    """The language in num2words."""
    group = r" .\u00a0\u2009\u202f"
    """Marks between thousands."""
    decimal = ","
    """Decimal marks."""
    decimals_as_number = 0
    """Up to so many digits after the decimal mark are read as one number."""
    date = "{day} {month} {year}"
    """The order of a date."""
    time_marks: str
    """A pattern of what follows a time of day: "Uhr"."""
    hour_marks: str | None = None
    """A pattern of what follows an hour without minutes, where it differs."""
    dotted_time = NEVER
    """A pattern of times with a full stop between hours and minutes."""
    telephone = NEVER
    """A pattern of national telephone numbers."""
    telephone_in_pairs = False
    """Telephone numbers are read in pairs of digits."""
    has_year_names = False
    """Years from 1100 to 1999 have words of their own (`year`)."""
    century = NEVER
    """A pattern of centuries, with the groups "roman" and, if a mark belongs to it, "rest"."""

    @cached_property
    def word(self) -> Mapping[str, str]:
        """Single words: comma, point, minus; to (between the ends of a range), versus (scores), over (fractions)."""
        return self.pairs("word")

    @cached_property
    def signs(self) -> Mapping[str, str]:
        """Signs and their names."""
        return self.pairs("sign")

    @cached_property
    def address_signs(self) -> Mapping[str, str]:
        """Signs in addresses on the internet and their names."""
        return self.pairs("address")

    @cached_property
    def months(self) -> Sequence[str]:
        """The twelve months."""
        return self.rows("months")[0]

    @cached_property
    def short_months(self) -> Mapping[str, int]:
        """Abbreviated months, in lower case and without a stop, and their numbers."""
        return {row[0]: int(row[1]) for row in self.rows("short_month")}

    @cached_property
    def units(self) -> Mapping[str, Noun]:
        """Units by their symbols."""
        return {row[0]: _noun(row[1:]) for row in self.rows("unit")}

    @cached_property
    def money(self) -> Mapping[str, Currency]:
        """Currencies by their signs and codes."""
        found = {}
        for signs, one, many, gender, cent, cents, its_gender, *few in self.rows("currency"):
            few = few or [many, cents]
            currency = Currency(Noun(one, many, gender, few[0]), Noun(cent, cents, its_gender, few[1]))
            found.update(dict.fromkeys(signs.split(), currency))
        return found

    @cached_property
    def magnitudes(self) -> Mapping[str, Noun]:
        """Large round numbers as they are written behind digits: "Mio."."""
        return {row[0]: _noun(row[1:]) for row in self.rows("magnitude")}

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """Abbreviations before a name."""
        return self.pairs("title")

    @cached_property
    def abbreviations(self) -> Mapping[str, str]:
        """Abbreviations anywhere."""
        return self.pairs("abbreviation")

    @cached_property
    def numbered(self) -> Mapping[str, str]:
        """Abbreviations before a number."""
        return self.pairs("numbered")

    @cached_property
    def fraction_signs(self) -> Mapping[str, tuple[str, str]]:
        """Fractions of one character: on their own, and behind a whole number."""
        return {row[0]: (row[1], row[2]) for row in self.rows("fraction")}

    @cached_property
    def parts(self) -> Mapping[int, tuple[str, str]]:
        """The names of one and of several parts by denominator: a half, halves."""
        return {int(row[0]): (row[1], row[2]) for row in self.rows("part")}

    # What the grammar of a language decides.

    def agree(self, words: str, value: int, gender: str) -> str:
        """A cardinal in the form that stands before a noun of a gender."""
        return words

    def gender(self, word: str) -> str:
        """The gender of a counted word; empty where it shows no gender."""
        return ""

    def plural(self, value: int) -> str:
        """The form of a noun behind a whole number: "one", "few" or "many"."""
        return "one" if value == 1 else "many"

    def form(self, value: int, has_fraction: bool, noun: Noun) -> str:
        """The form of a noun behind a number, whole or with decimals."""
        return noun.one if value == 1 and not has_fraction else noun.many

    def of(self, noun: str) -> str:
        """A noun as it follows a round million."""
        return f" {noun}"

    def ordinal(self, value: int) -> str:
        """The words of a rank."""
        return number_words(self.number_code, value, "ordinal") or self.digits(str(value))

    def year(self, value: int) -> str:
        """The words of a year."""
        return self.cardinal(value)

    def day(self, value: int, before: str) -> str:
        """The words of a day of the month; `before` is the text before it, ending in º where an ordinal is written."""
        return self.cardinal(value)

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        """The words of a time of day; `mark` is what is written behind it."""
        raise NotImplementedError

    def price(self, main: str, hundredths: int, noun: Noun) -> str:
        """The words of a price from those of its main part and from its hundredths."""
        return f"{main} {self.cardinal(hundredths)}"

    def ruler(self, value: int, name: str) -> str:
        """The words of the number behind a ruler's name."""
        return self.cardinal(value)

    def century_words(self, value: int) -> str:
        """The words of the number of a century."""
        return self.ordinal(value)

    def more_rules(self) -> Sequence[Rule]:
        """Rules of this language only, which come before those of plain numbers."""
        return ()

    # Numbers.

    @property
    def number_pattern(self) -> str:
        """A pattern of a number, whole or with decimals, grouped or not."""
        grouped = rf"[0-9]{{1,3}}(?:[{self.group}][0-9]{{3}})+(?![0-9])(?:[{self.decimal}][0-9]+)?"
        return rf"(?:{grouped}|[0-9]+[.,][0-9]+|[0-9]+)"

    def digits(self, written: str) -> str:
        """The words of each digit."""
        return " ".join(number_words(self.number_code, int(digit)) or digit for digit in written if digit in DIGITS)

    def cardinal(self, value: int, gender: str = "") -> str:
        """The words of a whole number as it stands before a noun of a gender."""
        words = number_words(self.number_code, value) if value < 10**_MAX_DIGITS else None
        return self.digits(str(value)) if words is None else self.agree(words, value, gender)

    def integer(self, written: str, gender: str = "") -> str:
        """The words of a string of digits: digit by digit where a zero leads or it is too long for a number."""
        if len(written) > _MAX_DIGITS or (len(written) > 1 and written[0] == "0"):
            return self.digits(written)
        return self.cardinal(int(written), gender)

    def split(self, written: str) -> tuple[str, str, str]:
        """The digits before and behind the decimal mark of a written number, and the mark."""
        pattern = rf"([0-9]{{1,3}}(?:[{self.group}][0-9]{{3}})+)(?:([{self.decimal}])([0-9]+))?"
        if grouped := re.fullmatch(pattern, written):
            whole = "".join(digit for digit in grouped[1] if digit in DIGITS)
            return whole, grouped[3] or "", grouped[2] or ""
        found = re.fullmatch(r"([0-9]+)(?:([.,])([0-9]+))?", written)
        assert found is not None, f"{written!r} does not match number_pattern"
        return found[1], found[3] or "", found[2] or ""

    def number(self, written: str, gender: str = "") -> str:
        """The words of a written number: "3,14" is "drei Komma eins vier"."""
        whole, fraction, mark = self.split(written)
        if not fraction:
            return self.integer(whole, gender)
        significant = fraction.lstrip("0")
        if not significant or len(fraction) > self.decimals_as_number:
            tail = self.digits(fraction)
        else:
            zeros = fraction[: len(fraction) - len(significant)]
            tail = f"{self.digits(zeros)} {self.cardinal(int(significant))}".strip()
        return f"{self.integer(whole)} {self.word['comma' if mark == ',' else 'point']} {tail}"

    def counted(self, written: str, noun: Noun) -> str:
        """A number and what it counts: "eine Stunde", "zwei Stunden", "un million d'euros"."""
        whole, fraction, _ = self.split(written)
        words = self.number(written, noun.gender)
        value = int(whole[:_MAX_DIGITS])
        if not fraction and value >= _MILLION and value % _MILLION == 0:
            return words + self.of(noun.many)
        return f"{words} {self.form(value, bool(fraction), noun)}"


def _noun(columns: Sequence[str]) -> Noun:
    """A noun from the columns one, many, gender and few; those that are missing are as for one, and masculine."""
    one, many, gender, few = (*columns, "", "", "", "")[:4]
    return Noun(one, many or one, gender or "m", few or many or one)


@lru_cache(maxsize=16384)
def number_words(code: str, value: int, kind: str = "cardinal") -> str | None:
    """The words of a number by num2words; None where it has none for the language.

    The kind "kana" is Japanese as it is pronounced: num2words writes its other kinds in kanji.
    """
    from num2words import num2words

    try:
        options = {"reading": True} if kind == "kana" else {"to": kind}
        spoken = str(num2words(value, lang=code, **options))
    except (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError):
        return None
    return re.sub(r"\s+", " ", spoken.replace(",", "")).strip() or None


def roman_value(written: str) -> int | None:
    """The value of a well-formed Roman numeral in capitals below 4000, else None."""
    if not written or not _ROMAN.fullmatch(written):
        return None
    values = [_ROMAN_VALUES[letter] for letter in written]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def read_tables(path: Path) -> Tables:
    """Read a file of tables: tab-separated columns, the first of which names the table that the row belongs to.

    Lines that begin with "#" are comments.
    """
    tables: Tables = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, *row = line.split("\t")
        tables.setdefault(name, []).append(row)
    return tables


def split_words(words: str) -> tuple[str, ...]:
    """The words of a string, which spaces separate."""
    return tuple(words.split())
