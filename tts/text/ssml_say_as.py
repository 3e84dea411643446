"""SSML's say-as: text in English words as the kind of thing that its author names, by normalization's verbalizers."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

from tts.text.language_codes import is_english
from tts.text.languages.english import DIRECTIONS, MONTH_NUMBERS, MONTHS, STATES, STREETS
from tts.text.languages.english.measures import CURRENCIES, PER, UNITS
from tts.text.languages.english.numbers import (
    cardinal,
    decimal,
    digits,
    fraction,
    integer,
    mixed_fraction,
    ordinal,
    paired,
    spell,
    year,
)
from tts.text.languages.language import roman_value

LETTERED = frozenset({"characters", "spell-out", "verbatim", "digits", "telephone"})
"""The kinds that every language has."""
_BLEEPED = frozenset({"expletive", "bleep"})
KINDS = (
    LETTERED | _BLEEPED | {"cardinal", "number", "ordinal", "fraction", "date", "time", "currency", "unit", "address"}
)
"""What say-as can interpret as."""

# In characters. Dates, sums and the like are no longer, and their patterns are not linear.
_LONGEST = 200
_MOST_DIGITS = 33


def say_as(written: str, kind: str, form: str = "", language: str = "en-us") -> str | None:
    """Return the words of a text as `kind`, one of `KINDS`; None if it does not fit.

    `form` is SSML's format of a date. Languages other than English support only `LETTERED`, as separate characters.
    """
    plain = "".join(
        c if c.isascii() or not c.isdecimal() else str(unicodedata.decimal(c)) for c in " ".join(written.split())
    )
    if kind not in LETTERED | _BLEEPED | {"address"} and len(plain) > _LONGEST:
        return None
    if not is_english(language):
        # espeak-ng knows the names of characters in many languages.
        keeps_marks = kind not in {"digits", "telephone"}
        return " ".join(c for c in plain if c.isalnum() or c == "+" or (keeps_marks and c != " ")) or None

    match kind:
        case "characters" | "spell-out" | "verbatim":
            return speak_characters(plain)
        case "cardinal":
            return speak_cardinal(plain)
        case "number":
            return speak_cardinal(plain) or speak_fraction(plain)
        case "ordinal":
            return speak_ordinal(plain)
        case "fraction":
            return speak_fraction(plain)
        case "digits":
            return (digits(plain) or None) if re.fullmatch(r"[0-9 .,/()+-]+", plain) else None
        case "telephone":
            return speak_telephone(plain)
        case "date":
            return speak_date(plain, form, language)
        case "time":
            return speak_time(plain)
        case "currency":
            return speak_currency(plain)
        case "unit":
            return speak_measure(plain)
        case "address":
            return speak_address(plain)
    return "beep"


_SIGN_NAMES = {
    **{".": "dot", ",": "comma", ":": "colon", ";": "semicolon", "!": "exclamation mark", "?": "question mark"},
    **{"-": "dash", "_": "underscore", "/": "slash", "\\": "backslash", "|": "bar", "@": "at", "#": "hash", "&": "and"},
    **{"'": "apostrophe", '"': "quote", "(": "open parenthesis", ")": "close parenthesis", "[": "open bracket"},
    **{"]": "close bracket", "{": "open brace", "}": "close brace", "<": "less than", ">": "greater than"},
    **{"=": "equals", "+": "plus", "*": "star", "%": "percent", "$": "dollar", "€": "euro", "£": "pound"},
    **{"^": "caret", "~": "tilde", "`": "backtick"},
}


def speak_characters(written: str) -> str | None:
    """Spell a text, with the names of its marks."""
    words = []
    for word in unicodedata.normalize("NFC", written).split(" "):
        parts = []
        for run in re.findall(r"[A-Za-z]+|.", word, re.DOTALL):
            if run.isascii() and run.isalpha():
                parts.append(spell(run))
            elif run.isalpha():
                parts.append(run.upper() if len(run.upper()) == 1 else run)
            elif run.isascii() and run.isdigit():
                parts.append(digits(run))
            else:
                parts.append(_SIGN_NAMES.get(run) or unicodedata.name(run, "").lower())
        # A separate "A" before a word is the article for espeak-ng.
        words.append(re.sub(r"\bA (?=[A-Za-z])", "A-", " ".join(filter(None, parts))))
    return ", ".join(filter(None, words)) or None


_INTEGER = re.compile(r"([-−+]?)([0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)")
_DECIMAL = re.compile(r"([-−+]?)((?:[0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)?\.[0-9]+)")
_RANK = re.compile(r"([0-9,]+)(?:st|nd|rd|th)?", re.IGNORECASE | re.ASCII)
_FRACTION = re.compile(r"([-−+]?)(?:([0-9]{1,15})[ +])?([0-9]{1,15})[/⁄]([0-9]{1,15})")
_SIGNS = {"": "", "+": "plus ", "-": "minus ", "−": "minus "}


def speak_cardinal(written: str) -> str | None:
    """Speak a whole number, a decimal or a Roman numeral."""
    if found := _INTEGER.fullmatch(written):
        number = re.sub("[, ]", "", found[2])
        # A number beyond the named ones is spoken digit by digit.
        return _SIGNS[found[1]] + (cardinal(int(number)) if len(number) <= _MOST_DIGITS else digits(number))
    if found := _DECIMAL.fullmatch(written):
        return _SIGNS[found[1]] + decimal(re.sub("[, ]", "", found[2]))
    value = roman_value(written.upper())
    return cardinal(value) if value else None


def speak_ordinal(written: str) -> str | None:
    """Speak "21", "21st" or "XXI" as a rank."""
    found = _RANK.fullmatch(written)
    number = found[1].replace(",", "") if found else ""
    if number:
        return ordinal(int(number)) if len(number) <= _MOST_DIGITS else None
    value = roman_value(written.upper())
    return ordinal(value) if value else None


def speak_fraction(written: str) -> str | None:
    """Speak "3/4", "2+1/2" or "½"."""
    # Fractions that are one character ("½") as digits, apart from a number before them.
    apart = re.sub(r"(?<=[0-9])?([¼-¾⅐-⅞])", lambda found: " " + unicodedata.normalize("NFKC", found[1]), written)
    found = _FRACTION.fullmatch(re.sub(r"(?<=[0-9])(?=[0-9]⁄)", " ", " ".join(apart.split())))
    if not found:
        return None
    whole, top, bottom = found[2], int(found[3]), int(found[4])
    return _SIGNS[found[1]] + (mixed_fraction(int(whole), top, bottom) if whole else fraction(top, bottom))


_TELEPHONE = re.compile(r"[0-9A-Za-z+()#*./ -]+")
_TELEPHONE_SIGNS = {"+": "plus", "#": "pound", "*": "star"}


def speak_telephone(written: str) -> str | None:
    """Speak a telephone number in its groups."""
    if not (_TELEPHONE.fullmatch(written) and digits(written)):
        return None
    spoken = []
    for group in re.findall(r"\+|#|\*|[0-9]+|[A-Za-z]+", written):
        if group in {"800", "900"}:
            spoken.append(f"{digits(group[0])} hundred")
        elif group.isdigit():
            spoken.append(digits(group))
        elif group.lower() in {"x", "ext", "extension"}:
            spoken.append("extension")
        else:
            spoken.append(_TELEPHONE_SIGNS.get(group) or (spell(group) if len(group) < 3 else group))
    return ", ".join(spoken).replace("plus, ", "plus ").replace("extension, ", "extension ")


_ORDERS = frozenset({"mdy", "dmy", "ymd", "ydm", "md", "dm", "my", "ym", "y", "m", "d"})
_DATE_PART = re.compile(r"([0-9]+)(?:st|nd|rd|th)?(?![A-Za-z0-9])|([A-Za-z]+)\.?", re.IGNORECASE | re.ASCII)
_BETWEEN_PARTS = re.compile(r"[\s./,–-]*")


def speak_date(written: str, form: str, language: str) -> str | None:
    """Speak a date whose fields stand in the order of `form` ("mdy", "yyyymmdd", "dd-mm-yyyy").

    Without one, four digits are the year, and between day and month the language decides.
    """
    order = "".join(letter for letter, _ in groupby(re.sub("[^a-z]", "", form.lower())))
    if order and order not in _ORDERS:
        return None
    if "?" in written:  # an unknown year: ????0922
        written, order = written.replace("?", ""), order.replace("y", "")
    if not _BETWEEN_PARTS.fullmatch(_DATE_PART.sub("", written)):
        return None
    parts = [found[1] or found[2] for found in _DATE_PART.finditer(written)]
    parts = [part for part in parts if part.lower() not in {"the", "of"}]
    if not parts:
        return None

    if not order and len(parts) == 1 and len(parts[0]) == 8:
        order = "ymd"
    if len(parts) == 1 and order and len(parts[0]) > 2:
        # Digits without marks between them: two for each field, but a year may have four.
        run, parts = parts[0], []
        width = {"m": 2, "d": 2, "y": len(run) - 2 * (len(order) - 1)}
        for field in order:
            parts.append(run[: width[field]])
            run = run[width[field] :]
        parts += [run] if run else []
    order = order or _usual_order(parts, language)

    named = [n for n, part in enumerate(parts) if not part.isdigit()]
    if len(parts) != len(order) or len(named) > 1 or (named and "m" not in order):
        return None
    if named:
        # A name is the month, wherever it stands: the other fields keep their order around it.
        others = order.replace("m", "")
        order = others[: named[0]] + "m" + others[named[0] :]
    return _date_in_words(dict(zip(order, parts, strict=True)), order)


def _usual_order(parts: list[str], language: str) -> str:
    if len(parts) == 1:
        return "y" if len(parts[0]) > 2 else "d"
    is_american = language.lower().replace("_", "-") in {"en", "en-us"}
    day_first = not is_american or (parts[0].isdigit() and int(parts[0][:3]) > 12)
    year_first = len(parts[0]) == 4 and parts[0].isdigit()
    if len(parts) == 2:
        if len(parts[1]) == 4 and parts[1].isdigit():
            return "my"
        return "ym" if year_first else "dm" if day_first else "md"
    return "ymd" if year_first else "dmy" if day_first else "mdy"


def _date_in_words(fields: dict[str, str], order: str) -> str | None:
    month = day = spoken_year = ""
    if "m" in fields:
        written = fields["m"]
        number = int(written[:3]) if written.isdigit() else MONTH_NUMBERS.get(written.lower(), 0)
        if not 1 <= number <= 12:
            return None
        month = MONTHS[number - 1]
    if "d" in fields:
        number = int(fields["d"][:3])
        if not 1 <= number <= 31:
            return None
        day = ordinal(number)
    if "y" in fields:
        written, value = fields["y"], int(fields["y"])
        if len(written) > 4:
            return None
        if len(written) == 2 and value < 10:
            spoken_year = f"oh {cardinal(value)}" if value else "two thousand"
        else:
            spoken_year = year(value)

    if not day:
        return f"{month} {spoken_year}".strip()
    if not month:
        words = day
    elif order.index("d") < order.index("m"):
        words = f"the {day} of {month}"
    else:
        words = f"{month} {day}"
    return f"{words}, {spoken_year}" if spoken_year else words


_CLOCK = re.compile(
    r"([0-9]{1,2})(?:[:.h]([0-9]{2})(?:[:.]([0-9]{2}))?)?(?: ?([ap])\.?m\.?)?|([0-9]{2})([0-9]{2})",
    re.IGNORECASE | re.ASCII,
)
_DURATION = re.compile(
    r"(?:([0-9]{1,6}) ?(?:h|hrs?|hours?))? ?(?:([0-9]{1,6}) ?(?:m|mins?|minutes?|'|′|’))?"
    r" ?(?:([0-9]{1,6}) ?(?:s|secs?|seconds?|''|\"|″|”))?",
    re.IGNORECASE | re.ASCII,
)
_HALVES = {"a": "A-M", "p": "PM"}  # espeak-ng reads "AM" as the verb


def speak_time(written: str) -> str | None:
    """Speak a time of day ("2:30pm", "14:30", "1430") or a duration (1'21", 2h 5m)."""
    clock = _CLOCK.fullmatch(written)
    if not clock:
        found = _DURATION.fullmatch(written)
        counts = list(zip(found.groups(), ("hour", "minute", "second"), strict=True)) if found else []
        return " ".join(_counted(int(n), name, name + "s") for n, name in counts if n) or None

    hour, minute, second = int(clock[1] or clock[5]), int(clock[2] or clock[6] or 0), int(clock[3] or 0)
    half = clock[4]
    if hour > (12 if half else 24) or minute > 59 or second > 59:
        return None
    if minute:
        words = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif half:
        words = cardinal(hour)
    elif hour in (0, 24):
        words = "midnight"
    else:
        words = f"{cardinal(hour)} o'clock" if hour <= 12 else f"{cardinal(hour)} hundred"
    if second:
        words += f" and {_counted(second, 'second', 'seconds')}"
    return f"{words} {_HALVES[half.lower()]}" if half else words


def _counted(n: int, one: str, many: str) -> str:
    return f"{cardinal(n)} {one if n == 1 else many}"


_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]{1,15}(?:\.[0-9]+)?|\.[0-9]+"
_NAMES = "|".join(re.escape(name) for name in sorted(CURRENCIES, key=len, reverse=True))
_SUM = re.compile(
    rf"([-−+]?) ?(?:(?P<before>{_NAMES}) ?(?P<sum>{_NUMBER})|(?P<amount>{_NUMBER}) ?(?P<after>{_NAMES}))",
    re.IGNORECASE | re.ASCII,
)
_MEASURE = re.compile(
    r"([-−+]?)"
    rf"(?:(?:(?P<whole>[0-9]{{1,15}})[ +])?(?P<top>[0-9]{{1,15}})/(?P<bottom>[0-9]{{1,15}})|(?P<number>{_NUMBER}))"
    r"[ -]?(?P<unit>[^\s0-9/][^\s0-9/]{0,30}(?: [a-z]{1,10})?)(?:/(?P<per>[A-Za-z]{1,20}))?"
)


def speak_currency(written: str) -> str | None:
    """Speak "$3.50", "USD 3.50" or "3.50 EUR"."""
    found = _SUM.fullmatch(written)
    if not found:
        return None
    name, amount = found["before"] or found["after"], (found["sum"] or found["amount"]).replace(",", "")
    one, many, cent, cents = CURRENCIES.get(name) or CURRENCIES[name.upper()]
    whole, _, hundredths = amount.partition(".")
    if len(hundredths) not in (0, 2):
        return f"{_SIGNS[found[1]]}{decimal(amount)} {many}"
    n, small = int(whole or 0), int(hundredths or 0)
    spoken = [] if small and not n else [_counted(n, one, many)]
    spoken += [_counted(small, cent, cents)] if small else []
    return _SIGNS[found[1]] + " and ".join(spoken)


def speak_measure(written: str) -> str | None:
    """Speak "10 ft", "1/2inch" or "60 km/h"."""
    found = _MEASURE.fullmatch(written)
    if not found:
        return None
    unit = found["unit"].rstrip(".")
    names = UNITS.get(unit) or UNITS.get(unit.lower())
    if not names:
        # A word that is not an abbreviation is spoken as it is written.
        if not unit.replace(" ", "").isalpha():
            return None
        names = (unit, unit)

    if not found["bottom"]:
        spoken, is_one = decimal(found["number"]), found["number"] == "1"
    else:
        top, bottom = int(found["top"]), int(found["bottom"])
        whole = found["whole"]
        spoken = mixed_fraction(int(whole), top, bottom) if whole else fraction(top, bottom)
        is_one = not whole and top <= bottom

    per = found["per"] or ""
    if per:
        per = f" per {PER.get(per) or (UNITS[per][0] if per in UNITS else per)}"
    return f"{_SIGNS[found[1]]}{spoken} {names[0] if is_one else names[1]}{per}"


_HOUSE = re.compile(r"([0-9]{1,6})([A-Za-z]?)")
_STREET_RANK = re.compile(r"([0-9]{1,6})(?:st|nd|rd|th)", re.IGNORECASE | re.ASCII)
_ZIP = re.compile(r"([0-9]{5})(?:-([0-9]{4}))?")


def speak_address(written: str) -> str | None:
    """Speak a postal address: the house in pairs of digits, streets, directions and states by name, ZIP code digits."""
    words: list[str] = []
    before = ""
    for token in re.findall(r"[^\s,;]+|[,;]", written):
        plain = token.rstrip(".")
        known = DIRECTIONS.get(plain) or STREETS.get(plain.capitalize()) or STATES.get(plain)
        if token in ",;":
            word = ","
        elif plain.capitalize() == "St" and (before in ("", ",", ";") or _HOUSE.fullmatch(before.lstrip("#"))):
            word = "Saint"
        elif known:
            word = known
        elif found := _ZIP.fullmatch(plain):
            word = digits(found[1]) + (f", {digits(found[2])}" if found[2] else "")
        elif found := _STREET_RANK.fullmatch(plain):
            word = ordinal(int(found[1])).capitalize()
        elif found := _HOUSE.fullmatch(plain.lstrip("#")):
            number = paired(found[1]) if len(found[1]) < 5 else integer(found[1])
            word = ("number " if plain.startswith("#") else "") + f"{number} {found[2].upper()}".rstrip()
        else:
            word = plain or token
        words.append(word if word == "," or not words else f" {word}")
        before = token
    return "".join(words) or None
