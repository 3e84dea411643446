"""Numbers as words of any language that num2words knows."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from tts.text.foreign.language import Language, Noun

# Nobody says longer ones as a number.
_MOST_DIGITS = 15
_MILLION = 10**6
_NOT_DIGITS = re.compile(r"[^0-9]")


@functools.lru_cache(maxsize=16384)
def words(code: str, value: int, kind: str = "cardinal") -> str | None:
    """The words of a number in a language of num2words; none where it has none."""
    from num2words import num2words

    try:
        # "kana" is Japanese read out; what num2words calls a cardinal there is written in kanji.
        spoken = str(
            num2words(value, lang=code, reading=True) if kind == "kana" else num2words(value, lang=code, to=kind)
        )
    except (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError):
        return None
    return re.sub(r"\s+", " ", spoken.replace(",", "")).strip() or None


def cardinal(language: Language, value: int, gender: str = "") -> str:
    """The words of a whole number, as it stands before a noun of a gender; numbers too long come digit by digit."""
    spoken = words(language.code, value) if value < 10**_MOST_DIGITS else None
    return digits(language, str(value)) if spoken is None else language.agree(spoken, value, gender)


def digits(language: Language, written: str) -> str:
    """The words of each digit."""
    return " ".join(words(language.code, int(digit)) or digit for digit in _NOT_DIGITS.sub("", written))


def integer(language: Language, written: str, gender: str = "") -> str:
    """The words of a string of digits: digit by digit where a zero leads or it is too long for a number."""
    if len(written) > _MOST_DIGITS or (len(written) > 1 and written[0] == "0"):
        return digits(language, written)
    return cardinal(language, int(written), gender)


def split(language: Language, written: str) -> tuple[str, str, str]:
    """The digits before and behind the decimal mark of a written number, and the mark."""
    grouped = re.fullmatch(
        rf"([0-9]{{1,3}}(?:[{language.group}][0-9]{{3}})+)(?:([{language.decimal}])([0-9]+))?", written
    )
    if grouped:
        return _NOT_DIGITS.sub("", grouped[1]), grouped[3] or "", grouped[2] or ""
    whole, mark, fraction = re.fullmatch(r"([0-9]+)(?:([.,])([0-9]+))?", written).groups()  # type: ignore[union-attr]
    return whole, fraction or "", mark or ""


def number(language: Language, written: str, gender: str = "") -> str:
    """The words of a written number: "3,14" is "drei Komma eins vier"."""
    whole, fraction, mark = split(language, written)
    if not fraction:
        return integer(language, whole, gender)
    mark_name = language.comma if mark == "," else language.point
    return f"{integer(language, whole)} {mark_name} {_tail(language, fraction)}"


def counted(language: Language, written: str, noun: Noun) -> str:
    """A number and what it counts: "eine Stunde", "zwei Stunden", "un million d'euros"."""
    whole, fraction, _ = split(language, written)
    spoken = number(language, written, noun.gender)
    value = int(whole[:_MOST_DIGITS])
    if not fraction and value >= _MILLION and value % _MILLION == 0:
        return spoken + language.of(noun.many)
    return f"{spoken} {_form(language, value, bool(fraction), noun)}"


def _form(language: Language, value: int, has_fraction: bool, noun: Noun) -> str:
    if language.plural is not None:
        form = "few" if has_fraction else language.plural(value)
        return {"one": noun.one, "few": noun.few, "many": noun.many}[form]
    is_one = value < 2 if language.one_below_two else value == 1 and not has_fraction
    return noun.one if is_one else noun.many


def _tail(language: Language, fraction: str) -> str:
    """The digits behind a decimal mark: few as a number, many one by one."""
    plain = fraction.lstrip("0")
    if not plain or len(fraction) > language.tail_digits:
        return digits(language, fraction)
    zeros = fraction[: len(fraction) - len(plain)]
    return f"{digits(language, zeros)} {cardinal(language, int(plain))}".strip()


_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_LETTERS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def roman_value(written: str) -> int | None:
    """The value of a well-formed Roman numeral in capitals, else none."""
    if not written or not _ROMAN.fullmatch(written):
        return None
    values = [_LETTERS[letter] for letter in written]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def digit_by_digit(written: str, names: Sequence[str]) -> str:
    """The names of the digits in a text, without blanks, as Chinese and Japanese have it."""
    return "".join(names[int(digit)] for digit in written if digit in "0123456789")


def written_number(written: str, cardinal: Callable[[int], str], digits: Callable[[str], str], point: str) -> str:
    """A number with a decimal point or grouped by commas, by a language's own words for whole numbers and digits."""
    whole, _, fraction = written.replace(",", "").partition(".")
    spoken = digits(whole) if len(whole) > 1 and whole[0] == "0" else cardinal(int(whole[:4300]))
    return f"{spoken}{point}{digits(fraction)}" if fraction else spoken
