"""What SSML's say-as asks for, as words: letter by letter, as a number, a date, a sum of money."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from tts.text.languages.english.numbers import cardinal, decimal, digits, fraction, mixed_fraction, ordinal, spell
from tts.text.languages.language import roman_value
from tts.text.markup.say_as_dates import date, time
from tts.text.markup.say_as_things import address, currency, unit

_INTEGER = re.compile(r"([-−+]?)([0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)")
_DECIMAL = re.compile(r"([-−+]?)((?:[0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)?\.[0-9]+)")
_RANK = re.compile(r"([0-9,]+)(?:st|nd|rd|th)?", re.IGNORECASE | re.ASCII)
_FRACTION = re.compile(r"([-−+]?)(?:([0-9]{1,15})[ +])?([0-9]{1,15})[/⁄]([0-9]{1,15})")
_DIGITS = re.compile(r"[0-9 .,/()+-]+")
_TELEPHONE = re.compile(r"[0-9A-Za-z+()#*./ -]+")
_TELEPHONE_GROUP = re.compile(r"\+|#|\*|[0-9]+|[A-Za-z]+")
_MOST_DIGITS = 33
# A date or a sum is no longer than this, and the search for one takes more than one look at a character.
_LONGEST = 200
_SIGN_NAMES = {
    **{".": "dot", ",": "comma", ":": "colon", ";": "semicolon", "!": "exclamation mark", "?": "question mark"},
    **{"-": "dash", "_": "underscore", "/": "slash", "\\": "backslash", "|": "bar", "@": "at", "#": "hash", "&": "and"},
    **{"'": "apostrophe", '"': "quote", "(": "open parenthesis", ")": "close parenthesis", "[": "open bracket"},
    **{
        "]": "close bracket",
        "{": "open brace",
        "}": "close brace",
        "<": "less than",
        ">": "greater than",
        "=": "equals",
    },
    **{"+": "plus", "*": "star", "%": "percent", "$": "dollar", "€": "euro", "£": "pound", "^": "caret", "~": "tilde"},
    "`": "backtick",
}


def say_as(written: str, kind: str, form: str = "", language: str = "en-us") -> str | None:
    """Speak a text as what its author says it is; None where it cannot be that.

    `kind` is one of `KINDS`; `form` is SSML's format. In other languages than English only `LETTERED` are known, and
    come out as characters that stand apart.
    """
    plain = _with_ascii_digits(" ".join(written.split()))
    if kind not in _OF_ANY_LENGTH and len(plain) > _LONGEST:
        return None
    if not is_english(language):
        return _apart(plain, kind)
    if kind == "date":
        return date(plain, form, language)
    return _ENGLISH[kind](plain)


def is_english(language: str) -> bool:
    """Tell it from the language's code."""
    return language.lower().split("-")[0] == "en"


def _apart(written: str, kind: str) -> str | None:
    """Characters one by one, for a language whose names of them espeak-ng knows."""
    spelled = kind not in {"digits", "telephone"}
    return " ".join(c for c in written if c.isalnum() or c == "+" or (spelled and c != " ")) or None


def _with_ascii_digits(text: str) -> str:
    return "".join(c if c.isascii() or not c.isdecimal() else str(unicodedata.decimal(c)) for c in text)


def _characters(written: str) -> str | None:
    words = [_spelled(word) for word in unicodedata.normalize("NFC", written).split(" ")]
    return ", ".join(filter(None, words)) or None


def _spelled(word: str) -> str:
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
    # A lone "A" before a word is the article for espeak-ng.
    return re.sub(r"\bA (?=[A-Za-z])", "A-", " ".join(filter(None, parts)))


def _signed(sign: str, spoken: str) -> str:
    return {"": "", "+": "plus "}.get(sign, "minus ") + spoken


def _plain(written: str) -> str:
    return re.sub("[, ]", "", written)


def _whole(written: str) -> str:
    """A number of any length; one that nobody has a name for digit by digit."""
    return cardinal(int(written)) if len(written) <= _MOST_DIGITS else digits(written)


def _cardinal(written: str) -> str | None:
    if found := _INTEGER.fullmatch(written):
        return _signed(found[1], _whole(_plain(found[2])))
    if found := _DECIMAL.fullmatch(written):
        return _signed(found[1], decimal(_plain(found[2])))
    value = roman_value(written.upper())
    return cardinal(value) if value else None


def _number(written: str) -> str | None:
    return _cardinal(written) or _fraction(written)


def _ordinal(written: str) -> str | None:
    found = _RANK.fullmatch(written)
    plain = _plain(found[1]) if found else ""
    if plain:
        return ordinal(int(plain)) if len(plain) <= _MOST_DIGITS else None
    value = roman_value(written.upper())
    return ordinal(value) if value else None


def _digits(written: str) -> str | None:
    return (digits(written) or None) if _DIGITS.fullmatch(written) else None


def _fraction(written: str) -> str | None:
    found = _FRACTION.fullmatch(re.sub(r"(?<=[0-9])(?=[0-9]⁄)", " ", _vulgar(written)))
    if not found:
        return None
    whole, top, bottom = found[2], int(found[3]), int(found[4])
    return _signed(found[1], mixed_fraction(int(whole), top, bottom) if whole else fraction(top, bottom))


def _vulgar(written: str) -> str:
    """Fractions that are one character ("½") as digits, apart from a number before them."""
    return " ".join(
        re.sub(r"(?<=[0-9])?([¼-¾⅐-⅞])", lambda found: " " + unicodedata.normalize("NFKC", found[1]), written).split()
    )


def _telephone(written: str) -> str | None:
    if not (_TELEPHONE.fullmatch(written) and digits(written)):
        return None
    spoken = [_telephone_group(group) for group in _TELEPHONE_GROUP.findall(written)]
    return ", ".join(spoken).replace("plus, ", "plus ").replace("extension, ", "extension ")


def _telephone_group(group: str) -> str:
    if group.isdigit():
        return f"{group[0]} hundred".replace(group[0], digits(group[0])) if group in {"800", "900"} else digits(group)
    if group.lower() in {"x", "ext", "extension"}:
        return "extension"
    return {"+": "plus", "#": "pound", "*": "star"}.get(group) or (spell(group) if len(group) < 3 else group)


def _expletive(written: str) -> str:
    return "beep"


_ENGLISH: dict[str, Callable[[str], str | None]] = {
    **dict.fromkeys(("characters", "spell-out", "verbatim"), _characters),
    **{"cardinal": _cardinal, "number": _number, "ordinal": _ordinal, "digits": _digits, "fraction": _fraction},
    **{"telephone": _telephone, "time": time, "currency": currency, "unit": unit, "address": address},
    **dict.fromkeys(("expletive", "bleep"), _expletive),
}
KINDS = frozenset({*_ENGLISH, "date"})
"""What say-as can interpret as."""
LETTERED = frozenset({"characters", "spell-out", "verbatim", "digits", "telephone"})
"""Those that are known in every language."""
_OF_ANY_LENGTH = LETTERED | {"address", "expletive", "bleep"}
