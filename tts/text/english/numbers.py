"""Numbers as English words: pure functions from values to spoken text ("three hundred and five")."""

from tts.text.patterns import Pattern

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = (
    "",
    *[
        "thousand",
        "million",
        "billion",
        "trillion",
        "quadrillion",
        "quintillion",
        "sextillion",
        "septillion",
        "octillion",
        "nonillion",
    ],
)
_IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_ROMAN_NUMERAL = Pattern(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})\Z")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}

LARGEST_CARDINAL = 1000 ** len(_SCALES) - 1


def cardinal(value: int, *, conjunction: bool = True) -> str:
    """Speak a whole number: 123 is "one hundred and twenty-three", 123,000 "one hundred twenty-three thousand".

    "and" stands only before the last two digits, and nowhere without `conjunction`. Beyond the named scales a number
    is spoken digit by digit.
    """
    if value < 0:
        return f"minus {cardinal(-value, conjunction=conjunction)}"
    if value > LARGEST_CARDINAL:
        return digits(str(value))
    if value == 0:
        return _ONES[0]
    rest, last = divmod(value, 1000)
    groups = [_below_thousand(last, conjunction=conjunction)] if last else []
    if groups and last < 100 and rest % 1000 and conjunction:
        groups = ["and", *groups]
    for scale in _SCALES[1:]:
        rest, group = divmod(rest, 1000)
        if group:
            groups = [f"{_below_thousand(group)} {scale}", *groups]
        if not rest:
            break
    return " ".join(groups)


def _below_thousand(value: int, *, conjunction: bool = False) -> str:
    hundreds, rest = divmod(value, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest:
        words.append(_below_hundred(rest))
    return (" and " if conjunction else " ").join(words)


def _below_hundred(value: int) -> str:
    if value < 20:
        return _ONES[value]
    tens, ones = divmod(value, 10)
    return f"{_TENS[tens]}-{_ONES[ones]}" if ones else _TENS[tens]


def ordinal(value: int) -> str:
    """Speak a rank: 21 is "twenty-first", 123 "one hundred twenty-third"."""
    words = cardinal(value, conjunction=False)
    last = words[max(words.rfind(" "), words.rfind("-")) + 1 :]
    head = words[: len(words) - len(last)]
    if last in _IRREGULAR_ORDINALS:
        return head + _IRREGULAR_ORDINALS[last]
    return head + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def digits(written: str, zero: str = "zero") -> str:
    """Speak each digit of a string by itself: "007" is "zero zero seven"; other characters are skipped."""
    return " ".join(_ONES[int(c)] if c != "0" else zero for c in written if c in "0123456789")


def decimal(written: str) -> str:
    """Speak "3.14" as "three point one four", ".5" as "point five", "1,234.5" with its separators ignored."""
    whole, _, fraction = written.replace(",", "").partition(".")
    words = [integer(whole)] if whole else []
    if fraction:
        words += ["point", digits(fraction)]
    return " ".join(words)


def integer(written: str) -> str:
    """Speak a string of digits: as a number, or digit by digit where nobody would read it as one.

    Digit by digit are numbers with leading zeros ("007") and unseparated runs of ten digits and more that are not
    round (account numbers, keys).
    """
    plain = written.replace(",", "")
    if len(plain) > 1 and plain.startswith("0"):
        return digits(plain)
    if "," not in written and len(plain) > 9 and not plain.endswith("000"):
        return digits(plain)
    # The length guard keeps int() off strings that Python refuses to convert.
    return cardinal(int(plain)) if len(plain) <= 33 else digits(plain)


def year(value: int) -> str:
    """Speak a year: 1999 "nineteen ninety-nine", 1905 "nineteen oh five", 2006 "two thousand six", 1900 "… hundred"."""
    century, rest = divmod(value, 100)
    if not 1000 <= value <= 9999 or (century % 10 == 0 and rest < 10):
        return cardinal(value, conjunction=False)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {f'oh {_ONES[rest]}' if rest < 10 else _below_hundred(rest)}"


def decade(value: int) -> str:
    """Speak a decade by its first year: 1980 is "nineteen eighties", 2000 "two thousands", 80 "eighties"."""
    words = year(value)
    return words[:-1] + "ies" if words.endswith("y") else words + "s"


def paired(written: str, zero: str = "oh") -> str:
    """Speak a number the way house and flight numbers are read: "1428" fourteen twenty-eight, "708" seven oh eight."""
    if len(written) not in (3, 4) or written.startswith("0"):
        return integer(written)
    head, tail = int(written[:-2]), int(written[-2:])
    if tail == 0:
        return integer(written) if head % 10 == 0 else f"{cardinal(head)} hundred"
    return f"{cardinal(head)} {f'{zero} {_ONES[tail]}' if tail < 10 else _below_hundred(tail)}"


def fraction(numerator: int, denominator: int) -> str:
    """Speak a fraction: 1/2 "one half", 3/4 "three quarters", 22/3 "twenty-two thirds", 5/1 "five over one".

    What is more than one in parts too small to hear as such is "over": 120/80 "one hundred and twenty over eighty".
    """
    if denominator < 2 or (numerator > denominator > 20):
        return f"{cardinal(numerator)} over {cardinal(denominator)}"
    part = {2: "half", 4: "quarter"}.get(denominator) or ordinal(denominator)
    if numerator != 1:
        part = "halves" if denominator == 2 else part + "s"
    return f"{cardinal(numerator)} {part}"


def mixed_fraction(whole: int, numerator: int, denominator: int) -> str:
    """Speak a mixed number: 2 1/2 is "two and a half", 3 3/4 "three and three quarters"."""
    words = fraction(numerator, denominator)
    if numerator == 1:
        words = ("an " if denominator in (8, 11, 18) else "a ") + words.removeprefix("one ")
    return f"{cardinal(whole)} and {words}"


def roman_value(written: str) -> int | None:
    """Give the value of a well-formed upper-case Roman numeral below 4000, else None."""
    if not written or not _ROMAN_NUMERAL.match(written):
        return None
    values = [_ROMAN_VALUES[c] for c in written]
    following = [*values[1:], 0]
    return sum(-v if v < after else v for v, after in zip(values, following, strict=True))
