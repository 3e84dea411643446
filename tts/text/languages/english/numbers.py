"""Numbers in English: their words, and the rules for plain numbers, codes and telephone numbers."""

from __future__ import annotations

import re

from tts.text.languages.language import Rule, split_words
from tts.text.spoken import DIGITS, Pattern

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = (
    *("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion", "sextillion", "septillion"),
    *("octillion", "nonillion", "decillion"),
)
_IRREGULAR_ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"},
    "twelve": "twelfth",
}
# espeak-ng spells these though they hold vowels; others it would read as words ("EPA").
_READ_AS_LETTERS = frozenset(split_words("US USA USSR UK EU UN UAE LA FBI CIA NRA DNA RNA UCLA"))
_VOWELS = frozenset("AEIOUY")
_COUNTED = Pattern(
    r" (?!(?:was|is|has|its|this|as|his|does|us|plus|minus|times|equals|vs|versus)\b)(?:[a-z]+ )?"
    r"(?:[a-z]{2,}s|people|men|women|children|feet|mice|sheep|fish)\b"
)

_MOST_DIGITS = 3 * len(_SCALES)
LARGEST_CARDINAL = 10**_MOST_DIGITS - 1


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


_WITH_DECIMAL_COMMA = Pattern(r"([0-9]{1,3}(?:[. ][0-9]{3})+|[0-9]+),([0-9]{1,2})")


def without_separators(written: str) -> str:
    """Return the digits of a number with a full stop as its decimal sign: "1,234.5" is 1234.5, "1.234,50" 1234.50.

    One or two digits behind a single comma are decimals, as no group has fewer than three at the end.
    """
    if with_comma := _WITH_DECIMAL_COMMA.fullmatch(written):
        return f"{with_comma[1].replace('.', '').replace(' ', '')}.{with_comma[2]}"
    return written.replace(",", "")


def decimal(written: str) -> str:
    """Speak "3.14" as "three point one four", ".5" as "point five", "1,234.5" with its separators ignored."""
    whole, _, fraction = without_separators(written).partition(".")
    words = [integer(whole, grouped="," in written)] if whole else []
    if fraction:
        words += ["point", digits(fraction)]
    return " ".join(words)


def integer(written: str, *, grouped: bool = False) -> str:
    """Speak a string of digits: as a number, or digit by digit where nobody would read it as one.

    Digit by digit are numbers with leading zeros ("007") and unseparated runs of ten digits and more that are not
    round (account numbers, keys), unless their groups of digits were written.
    """
    plain = written.replace(",", "")
    if len(plain) > 1 and plain.startswith("0"):
        return digits(plain)
    if not grouped and "," not in written and len(plain) > 9 and not plain.endswith("000"):
        return digits(plain)
    # The length guard keeps int() off strings that Python refuses to convert.
    return cardinal(int(plain)) if len(plain) <= _MOST_DIGITS else digits(plain)


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


def spell(letters: str) -> str:
    """Write letters so that espeak-ng names each: apart, but "A", which it reads as the article, joined to the next."""
    upper = letters.upper()
    if upper in _READ_AS_LETTERS or (len(upper) > 1 and not _VOWELS & set(upper)):
        return upper
    return re.sub(r"A (?=[A-Z])", "A-", " ".join(upper))


def things_follow(found: re.Match[str]) -> bool:
    """Whether a plural stands behind a number, so that it is a count: "1999 units", not the year."""
    return _COUNTED.match(found.string, found.end()) is not None


def _plain(written: str, found: re.Match[str]) -> str:
    """Speak a number; a long one without commas that counts nothing and is not round is a name: digit by digit."""
    is_name = written.isdigit() and len(written) > 4 and not written.endswith("00") and not things_follow(found)
    return digits(written) if is_name else decimal(written)


# Ordinals, "1st-3rd" and "1,000th" too; one with a wrong ending keeps it ("12nd").
ordinals = Rule("ordinal", needs=DIGITS)
ordinals.replace(Pattern(r"(?<=[0-9](?:st|nd|rd|th)) ?[-–—] ?(?=[0-9]+(?:st|nd|rd|th)\b)", needs="-–—"), " to ")


@ordinals.replaces(r"(?<![\w./,-])(?:([0-9]{1,9})[ -])?([0-9]{1,3})/([0-9]{1,6})(st|nd|rd|th)(s?)(?![\w/])", needs="/")
def _fraction_with_ending(found: re.Match[str]) -> str:
    """Speak "1/4th", "2/3rds" and "3/16ths" by the ordinal that is written: a fourth, not a quarter."""
    numerator, part = int(found[2]), ordinal(int(found[3]))
    words = f"{cardinal(numerator)} {part}{'s' if numerator != 1 else ''}"
    return f"{cardinal(int(found[1]))} and {words}" if found[1] else words


@ordinals.replaces(r"(?<![\w.])([0-9]+(?:,[0-9]{2,3})*)(st|nd|rd|th|ST|ND|RD|TH)\b", needs="tdTD")
def _ordinal(found: re.Match[str]) -> str:
    written, suffix = found[1].replace(",", ""), found[2].lower()
    if len(written) > _MOST_DIGITS:
        return f"{digits(written)} {suffix}"
    value = int(written)
    regular = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    if suffix == regular:
        return ordinal(value)
    return f"{cardinal(value) if value < 100 else digits(written)} {suffix}"


# Fractions ("2 1/2", "3/4"), and powers of ten ("1e-5").
fractions = Rule("fraction", needs=DIGITS)
_IDIOMS = {
    "24/7": "twenty-four seven",
    "24/7/365": "twenty-four seven three sixty-five",
    "9/11": "nine eleven",
    "50/50": "fifty-fifty",
    "20/20": "twenty twenty",
}


@fractions.replaces(r"(?<![\w.,])(-?[0-9]+(?:\.[0-9]+)?)(?:e([+-]?)|E([+-]))([0-9]{1,3})(?![\w.])", needs="eE")
def _power_of_ten(found: re.Match[str]) -> str:
    sign = "minus " if "-" in (found[2] or found[3] or "") else ""
    number = f"minus {decimal(found[1][1:])}" if found[1].startswith("-") else decimal(found[1])
    return f"{number} times ten to the {sign}{cardinal(int(found[4]))}"


@fractions.replaces(r"(?<![\w/.,])(?:24/7(?:/365)?|9/11|50/50|20/20)(?![\w/]|[.,][0-9])", needs="/")
def _idiom(found: re.Match[str]) -> str:
    return _IDIOMS[found.group()]


@fractions.replaces(r"(?<![\w./,-])([0-9]{4,9})/([0-9]{4,9})(?![\w/-]|[.,][0-9])", needs="/")
def _long_fraction(found: re.Match[str]) -> str:
    if all(1000 <= int(part) < 2100 for part in found.groups()):
        return found.group()  # years
    return f"{cardinal(int(found[1]))} over {cardinal(int(found[2]))}"


@fractions.replaces(r"(?<![\w./,-])([0-9]{1,9})[ -]([0-9]{1,3})/([0-9]{1,3})(?![\w/]|[.,][0-9])", needs="/")
def _mixed_fraction(found: re.Match[str]) -> str:
    return mixed_fraction(int(found[1]), int(found[2]), int(found[3]))


@fractions.replaces(r"(?<![\w./,])([0-9]{1,3})/([0-9]{1,4})(?![\w/]|[.,][0-9])", needs="/")
def _fraction(found: re.Match[str]) -> str:
    return fraction(int(found[1]), int(found[2]))


# Paragraphs of laws: "401(k)" is "four oh one K", "Section 8(a)(1)" "Section eight A one".
paragraphs = Rule(
    "serial",
    needs=DIGITS,
    hint=Pattern(r"\([A-Za-z]\)(?<=[0-9]\([A-Za-z]\))|[KkBb](?<=401[Kk]|403[Bb]|457[Bb])"),
)


@paragraphs.replaces(r"(?<![\w.,/-])([0-9]{1,4})((?:\([a-zA-Z]\)|(?<=\))\((?:[0-9]{1,2}|[ivx]{1,4})\))+)(s?)(?![\w(])")
def _paragraph(found: re.Match[str]) -> str:
    parts = [
        cardinal(int(part)) if part.isdigit() else " ".join(part.upper()) for part in _PART.compiled.findall(found[2])
    ]
    number = paired(found[1]) if len(found[1]) > 2 else cardinal(int(found[1]))
    return re.sub(r"\bA (?=[A-Za-z])", "A-", " ".join([number, *parts])) + ("'s" if found[3] else "")


@paragraphs.replaces(r"(?<![\w.,/-])(40[13]|457)([kKbB])(s?)\b")
def _retirement_plan(found: re.Match[str]) -> str:
    return f"{paired(found[1])} {found[2].upper()}" + ("'s" if found[3] else "")


# Numbers that are read in pairs: "Boeing 747" is "Boeing seven forty-seven", "F-150" "F one fifty".
paired_numbers = Rule("serial", needs=DIGITS)


@paired_numbers.replaces(r"(?<![\w-])([A-Z]{1,5})-([0-9]{1,4})(?![\w-]|\.[0-9])", needs="-")
def _lettered(found: re.Match[str]) -> str:
    return f"{found[1]} {paired(found[2])}"


@paired_numbers.replaces(
    r"\b((?:Boeing|Airbus|Flight|flight|Route|route|Highway|highway|Interstate|Area|Studio) |I-)([0-9]{3,4})"
    r"(?![\w,.]*[0-9])",
    needs=DIGITS,
)
def _named(found: re.Match[str]) -> str:
    return f"{found[1].replace('-', ' ')}{paired(found[2])}"


# Every number that no other rule has read; between two of them a dash stays a dash.
plain_numbers = Rule("cardinal", needs={*DIGITS, "#", "~"})
_DECIMAL = r"[0-9]+(?:,[0-9]{2,3})*(?:\.[0-9]+)?"
_LONG_DECIMALS = Pattern(r"[0-9]{1,3},[0-9]{4,}")  # "3,1416": no group has more than three digits
_GROUPED = Pattern(r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}")
_PARTS_BEFORE = Pattern(
    r"\b(?:pages?|chapters?|verses?|sections?|lines?|volumes?|numbers?|figures?|ages?|aged|grades?|between) \Z",
    re.IGNORECASE,
)
# What is numbered in order has no leading zeros for the ear: "Chapter 01".
plain_numbers.replace(
    Pattern(
        r"\b((?:[Cc]hapter|[Pp]art|[Bb]ook|[Vv]olume|[Ss]ection|[Ee]pisode|[Ss]eason|[Tt]rack|[Ll]esson|[Uu]nit|[Dd]ay|[Ww]eek|[Ss]tep"
        r"|[Pp]age|[Ff]igure|[Tt]able|[Ll]evel|[Ss]cene|[Aa]ct|[Ee]xercise|[Qq]uestion|[Ii]ssue|[Ss]tage|[Rr]ound|[Aa]ppendix|[Vv]erse"
        r"|[Ll]ine|[Ss]lide|[Mm]odule|[Cc]hart|[Dd]is[ck]|[Pp]hase|[Nn]umber"
        r"|CHAPTER|PART|BOOK|EPISODE|SEASON|TRACK|LESSON)s?,? )"
        r"0+(?=[1-9][0-9]{0,2}(?![\w/-]|[.,:][0-9]| [0-9]{2,}))",
        needs=(" 0",),
    ),
    r"\1",
)
plain_numbers.replace(Pattern(r"(?<!\w)~ ?(?=[$£€]?[0-9])", needs="~"), "about ")
plain_numbers.replace(Pattern(r"(?<!\w)# ?(?=[0-9])", needs="#"), "number ")


@plain_numbers.replaces(rf"(?<![\w./,-])({_DECIMAL}) ?[-–—] ?({_DECIMAL})(?![\w/]|[-.,][0-9]|-[A-Za-z])", needs="-–—")
def _range(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 12) : found.start()]
    joint = "to" if _PARTS_BEFORE.search(before) else "-"
    return f"{_plain(found[1], found)} {joint} {_plain(found[2], found)}"


plain_numbers.replace(Pattern(r"(?<![\w.)\]%-])-(?=\.?[0-9])", needs="-"), "minus ")


@plain_numbers.replaces(
    r"(?<![A-Za-z0-9_.])([0-9][0-9,]*[0-9]|[0-9])(\.[0-9]+)?(?![A-Za-z0-9]|\.[0-9])"
    r"|(?<![0-9A-Za-z])(\.[0-9]+)(?![A-Za-z0-9])"
)
def _number(found: re.Match[str]) -> str:
    if found[3]:
        return decimal(found[3])
    whole, rest = found[1], found[2] or ""
    if not rest and _LONG_DECIMALS.fullmatch(whole):
        return decimal(whole.replace(",", "."))
    if "," in whole and not _GROUPED.fullmatch(whole):
        return re.sub(r"[0-9]+", lambda part: integer(part.group()), whole.replace(",", ", ")) + (
            decimal(rest) and f" {decimal(rest)}"
        )
    return _plain(whole + rest, found)


# Versions (1.2.10), what mixes letters and digits (B2B, MP3, ab9453, 1-413-te-b), and initials joined by "&".
serials = Rule("serial", needs={*DIGITS, "&"})
_AIRLINER = Pattern(r"[A-Z]{1,2}[0-9]{3}")
_LETTERS_OR_DIGITS = Pattern(r"[A-Za-z]+|[0-9]+")
_PART = Pattern(r"[A-Za-z0-9]+")


def _between_hyphens(written: str) -> str:
    """Speak a number that stands by itself between hyphens."""
    if len(written) == 4 and written[:2] in {"18", "19", "20"}:
        return year(int(written))
    return digits(written) if written[0] == "0" or len(written) > 4 else cardinal(int(written), conjunction=False)


def _run(run: str) -> str:
    """Speak the letters or the digits of a word that mixes both: digits of a year or up to two as a number."""
    if not run.isdigit():
        return run.upper() if len(run) == 1 and run != "a" else run
    if len(run) == 4 and run[:2] in {"19", "20"}:
        return year(int(run))
    if (run[0] == "0" and len(run) > 1) or (len(run) > 2 and not run.endswith("00")) or len(run) > 6:
        return digits(run)
    return cardinal(int(run))


@serials.replaces(r"\b(ISBN(?:-1[03])?:?) ([0-9][0-9 -]{8,15}[0-9X])\b", needs="I")
def _book(found: re.Match[str]) -> str:
    return f"{found[1]} {', '.join(digits(part) for part in _PART.compiled.findall(found[2]))}"


serials.replace(Pattern(r"\b[vV](?:er)?\.? ?(?=[0-9]+\.[0-9])", needs="vV"), "version ")


@serials.replaces(r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}([A-Za-z]*)(?!\w)", needs=".")
def _dotted(found: re.Match[str]) -> str:
    """Speak a version (1.2.10) with "point", an internet address (192.168.0.1) with "dot"."""
    parts = found.group().removesuffix(found[1]).split(".")
    suffix = f" {found[1]}" if found[1] else ""
    if len(parts) == 4 and all(len(part) <= 3 for part in parts):
        return " dot ".join(digits(part) for part in parts) + suffix
    return " point ".join(integer(part) for part in parts) + suffix


@serials.replaces(r"\b([A-Z]{1,2})&([A-Z]{1,2})\b", needs="&")
def _joined_initials(found: re.Match[str]) -> str:
    return f"{spell(found[1])} and {spell(found[2])}"


@serials.replaces(r"(?<![\w.])[0-9]*\.[0-9]+(?=[A-Za-z])", needs=".")
def _decimal_before_letters(found: re.Match[str]) -> str:
    return f"{decimal(found.group())} "


@serials.replaces(r"(?<![\w.,$/-])[0-9]{1,6}(?:-[0-9]{1,6}){2,}(?![\w/-]|[.,][0-9])", needs="-")
def _hyphenated_numbers(found: re.Match[str]) -> str:
    return _PART.compiled.sub(lambda part: _between_hyphens(part.group()), found.group())


# Letters and digits joined by hyphens or slashes, and both in one word.
@serials.replaces(
    r"(?<![\w.,$/-])(?=[A-Za-z/-]*[0-9])(?=[0-9/-]*[A-Za-z])[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)+(?![\w-]|[.,][0-9])",
    re.ASCII,
)
def _code(found: re.Match[str]) -> str:
    def spoken(part: re.Match[str]) -> str:
        written = part.group()
        return _between_hyphens(written) if written.isdigit() else written if written.isalpha() else _mixed(part)

    return _PART.compiled.sub(spoken, found.group())


@serials.replaces(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]+(?![A-Za-z0-9])")
def _mixed(found: re.Match[str]) -> str:
    written = found.group()
    if _AIRLINER.fullmatch(written):
        return f"{spell(written[:-3])} {paired(written[-3:])}"
    words = " ".join(_run(run) for run in _LETTERS_OR_DIGITS.compiled.findall(written))
    return re.sub(r"\bA (?=[a-zA-Z])", "A-", words)


# Digits beside letters of other scripts, and all others that no rule describes.
remaining_digits = Rule("serial", needs=DIGITS).replace(Pattern(r"[0-9]+"), lambda found: f" {digits(found.group())} ")


# Telephone, card and identity numbers: "555-0199" is "five five five, zero one nine nine".
telephone = Rule("telephone", needs=DIGITS)


def _groups(found: re.Match[str]) -> str:
    return ", ".join(digits(group) for group in found.groups())


def _telephone_group(written: str) -> str:
    plain = "".join(c for c in written if c.isdigit())
    return cardinal(int(plain)) if plain in {"800", "900"} else digits(plain)


telephone.replace(Pattern(r"\bssn\b", needs="n"), "SSN")
telephone.replace(
    Pattern(r"(?<![\w-])([0-9]{4})[ -]([0-9]{4})[ -]([0-9]{4})[ -]([0-9]{4})(?![\w-])", needs=" -"), _groups
)
telephone.replace(Pattern(r"(?<![\w-])([0-9]{3})-([0-9]{2})-([0-9]{4})(?![\w-])", needs="-"), _groups)


@telephone.replaces(
    r"(?<![\w.,-])(?:(?P<plus>\+)?(?P<country>[0-9]{1,3})[-. ])?(?P<area>\([0-9]{3}\)[-. ]{0,2}|[0-9]{3}[-. /])"
    r"(?P<exchange>[0-9]{3})[-. ](?P<line>[0-9]{4})(?P<more>-[0-9]{1,5})?"
    r"(?:,? ?(?:x|[Ee]xt\.?|[Ee]xtension) ?(?P<extension>[0-9]{1,6}))?(?![\w-])"
)
def _north_american(found: re.Match[str]) -> str:
    groups = [found["country"], found["area"], found["exchange"], found["line"], found["more"]]
    spoken = ", ".join(_telephone_group(group) for group in groups if group)
    if found["extension"]:
        spoken += f", extension {digits(found['extension'])}"
    return f"plus {spoken}" if found["plus"] else spoken


_DIALLED_HINTS = [
    form
    for word in split_words("call dial ring rang phone tel fax mobile cell text hotline whatsapp")
    for form in (word, word.capitalize(), word.upper())
]
_DIALLED = (
    r"\b(?:calls?|called|calling|dial|dialed|dialled|dialing|ring|rang|phone|phoned|telephone|tel\.?|fax|mobile|cell|text"
    r"|hotline|whatsapp)(?: (?:number|us|me|him|her|them|now|today|free|at|on|is|was|no\.?)){0,3}:? "
)
_DIGIT_GROUP = Pattern(r"[0-9]+")


def _grouped_number(found: re.Match[str]) -> str:
    """Speak a telephone number of 7 to 13 digits in its groups; other lengths are something else."""
    groups = _DIGIT_GROUP.compiled.findall(found["number"])
    if not (6 if groups[0] == "13" else 7) <= sum(map(len, groups)) <= 13:
        return found.group()
    return found.group()[: found.start("number") - found.start()] + ", ".join(map(digits, groups))


telephone.replace(
    Pattern(
        rf"{_DIALLED}(?P<number>\(?[0-9]{{2,5}}\)?(?:[ -][0-9]{{2,6}}){{1,5}}|[0-9]{{7,12}})(?![\w-]|[.,][0-9])",
        re.IGNORECASE,
        needs=_DIALLED_HINTS,
    ),
    _grouped_number,
)
# Elsewhere what begins with a zero, and the toll-free 1300, 1800 and 1900.
telephone.replace(
    Pattern(
        r"(?<![\w.,:/$£€+-])(?P<number>\(0[0-9]{1,4}\)(?: ?[0-9]{3,5}){2,3}"
        r"|0[0-9]{1,4}(?P<mark>[ -])[0-9]{3,8}(?:(?P=mark)[0-9]{2,5})"
        r"{0,3}|0[0-9](?P<pair>[ .-])[0-9]{2}(?:(?P=pair)[0-9]{2}){3}"
        r"|1[389]00[ -][0-9]{3}[ -][0-9]{3})(?![\w-]|[ .,-]?[0-9])"
    ),
    _grouped_number,
)


@telephone.replaces(r"(?<!\w)\+([0-9][0-9 ().-]{5,20}[0-9])(?!\w)", needs="+")
def _international(found: re.Match[str]) -> str:
    return "plus " + ", ".join(digits(group) for group in re.findall(r"[0-9]+", found[1]))


@telephone.replaces(r"(?<![\w-])(1-)?(8[0-9]{2})-((?:[A-Z0-9]{1,12}-?){1,4}[A-Z]+)\b", needs="-")
def _vanity(found: re.Match[str]) -> str:
    """Speak 1-800-GO-2-HAUL: letters as the words they make, a pause behind digits."""
    words = "".join(
        digits(part) + ", " if part.isdigit() else part + " " for part in re.findall("[0-9]+|[A-Z]+", found[3])
    )
    return ", ".join([*(["one"] if found[1] else []), _telephone_group(found[2]), words.rstrip(", ")])


telephone.replace(
    Pattern(r"(?<![\w.,$+-])([0-9]{3})-([0-9]{4})(?![\w-]| ?(?:kg|km|lbs?|miles?|years?)\b)", needs="-"), _groups
)


@telephone.replaces(
    r"\b((?:ending|ends) (?:in|with)"
    r"|(?:pin|otp|ssn|cvv|password|passcode|access code|zip code|area code|extension|ext\.?)"
    r"(?: number| code)?(?: is|:)?) ([0-9]{3,12})\b",
    re.IGNORECASE,
)
def _access_code(found: re.Match[str]) -> str:
    return f"{found[1]} {digits(found[2])}"


@telephone.replaces(
    r"(?:\b(?i:(calls?|called|calling|dial(?:l?ed|l?ing)?|phoned?|phoning|ring|rang|ringing)) (411|311|999|112|988)"
    r"|(?<!Porsche )\b()(911))"
    r"(?![\w%]|[.,:/-][0-9])"
)
def _emergency(found: re.Match[str]) -> str:
    return f"{found[1]} {digits(found[2])}" if found[1] else digits(found[4])
