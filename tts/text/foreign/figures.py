"""Rules for plain numbers: ranges, scores, fractions, decimals, whole numbers, and digits among letters."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from tts.text.foreign.language import Language, Rule
from tts.text.foreign.numbers import cardinal, digits, integer, number
from tts.text.spoken import SpokenText

# A number begins and ends here; not within a word, nor within a longer number.
START = r"(?<!\w)(?<![0-9][.,])"
END = r"(?!\w)(?![.,][0-9])"
MINUS = r"(?P<minus>(?<![\w)\]%])[-−])?"
_ANY_DIGIT = re.compile(r"[0-9]")
_RANGE = re.compile(
    r"(?<![\w.,/:–-])([0-9]{1,4}(?:[.,][0-9]{1,3})?)( ?[%€°]?)( ?[–-] ?)([0-9]{1,4})(?![0-9]|[/:–-]|[.,][0-9]{4})"
)
_SCORE = re.compile(r"(?<![\w:.,])([0-9]{1,3}):([0-9]{1,3})(?![\w:]|[.,][0-9])")
_SLASHED = re.compile(r"(?<![\w/.,])(?:([0-9]{1,3}) )?([0-9]{1,3})/([0-9]{1,4})(?![\w/]|[.,][0-9])")
_VERSION = re.compile(r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}(?![\w]|\.[0-9])")
_TIMES = re.compile(r"(?<=[0-9]) ?[x×] ?(?=[0-9])")
# "the years '80"
_APOSTROPHE = re.compile(r"(?<!\w)['’](?=[0-9]{2}(?!\w))")
_AMONG_LETTERS = re.compile(r"(?<=[^\W\d_])(?=[0-9])|(?<=[0-9])(?=[^\W\d_])")
_NEXT_WORD = re.compile(r"\s([^\W\d_]{2,40})(?![\w])")
_CONTEXT = 24
_YEAR = re.compile("1[1-9][0-9]{2}")
_RUN = re.compile(r"[0-9]+")


def with_digits(make: Callable[[Language], Rule], language: Language) -> Rule:
    """A rule that is made when a text first has a digit, and not tried on those without."""

    @functools.cache
    def made() -> Rule:
        return make(language)

    return lambda text: made()(text) if _ANY_DIGIT.search(text.text) else text


def ranges(language: Language) -> Rule:
    """Ranges and products: "10–20" becomes "10 bis 20", "3 x 4" "3 mal 4"; later rules read the numbers."""

    def spoken(found: re.Match[str]) -> str:
        first, sign, dash, last = found.groups()
        rising = int(re.split("[.,]", first)[0]) < int(last)
        if "–" not in dash and (not rising or "0" in (first[0], last[0])):
            return found.group()
        return f"{first}{sign} {language.to} {last}"

    times = f" {language.signs['×']} "
    return lambda text: text.sub(_RANGE, spoken).sub(_TIMES, times)


def scores(language: Language) -> Rule:
    """What is left of numbers with a colon, once times are words: "3:2"."""

    def spoken(found: re.Match[str]) -> str:
        return f"{integer(language, found[1])} {language.versus} {integer(language, found[2])}"

    return lambda text: text.sub(_SCORE, spoken)


def halves(language: Language) -> Rule:
    """Fractions of one character: "½", "3½"."""
    single = re.compile(rf"(?:{START}([0-9]{{1,9}}) ?)?([{''.join(language.halves)}])")

    def spoken(found: re.Match[str]) -> str:
        alone, behind = language.halves[found[2]]
        if found[1] is None:
            return f" {alone} "
        whole = integer(language, found[1])
        if behind.startswith("-"):  # grown together with the number: "dreieinhalb"
            return re.sub(r"eins\Z", "ein", whole) + behind[1:]
        return f"{whole} {behind}"

    return lambda text: text if text.text.isascii() else text.sub(single, spoken)


def fractions(language: Language) -> Rule:
    """Fractions with a slash: "3/4", "2 1/2"."""

    def spoken(found: re.Match[str]) -> str:
        above, below = int(found[2]), int(found[3])
        whole = f"{integer(language, found[1])} " if found[1] else ""
        if below not in language.parts or not 0 < above < below:
            return f"{whole}{integer(language, found[2])} {language.over} {integer(language, found[3])}"
        one, many = language.parts[below]
        return whole + (one if above == 1 else f"{cardinal(language, above, 'm')} {many}")

    return lambda text: text.sub(_SLASHED, spoken)


def versions(language: Language) -> Rule:
    """Numbers with several stops, "1.2.3", and the apostrophe of the years '80."""
    grouped = re.compile(language.number)

    def spoken(found: re.Match[str]) -> str:
        if grouped.fullmatch(found.group()):
            return found.group()
        return f" {language.point} ".join(integer(language, part) for part in found.group().split("."))

    return lambda text: text.sub(_APOSTROPHE, "").sub(_VERSION, spoken)


def plain_numbers(language: Language) -> Rule:
    """Whole numbers, decimals and, where the language has words of their own for them, years."""
    plain = re.compile(rf"{MINUS}{START}(?P<number>{language.number}){END}")

    def spoken(found: re.Match[str]) -> str:
        written = found["number"]
        if language.year is not None and not found["minus"] and _YEAR.fullmatch(written):
            return language.year(int(written))
        words = number(language, written, _gender(language, found))
        return f"{language.minus} {words}" if found["minus"] else words

    return lambda text: text.sub(plain, spoken)


def leftovers(language: Language) -> Rule:
    """Digits among letters, "A4", and whatever no other rule took; behind this one no digit is left."""

    def rule(text: SpokenText) -> SpokenText:
        return text.sub(_AMONG_LETTERS, " ").sub(_RUN, lambda found: integer(language, found.group()))

    return rule


def telephone(language: Language) -> Rule:
    """Telephone numbers: in pairs where the language does so, else digit by digit in their groups."""
    international = r"\+[0-9]{1,3}(?:[ ./-]?\(?[0-9]{1,5}\)?){2,7}"
    pattern = re.compile(rf"(?<![\w.,+/-])(?:{international}|{language.telephone})(?![\w]|[.,/-][0-9])")

    def spoken(found: re.Match[str]) -> str:
        groups = re.findall("[0-9]+", found.group())
        sign = f"{language.signs['+']} " if found.group()[0] == "+" else ""
        return sign + " ".join(_group(language, group) for group in groups)

    return lambda text: text.sub(pattern, spoken)


def _gender(language: Language, found: re.Match[str]) -> str:
    """The gender of what a number counts, by the words around it."""
    following = _NEXT_WORD.match(found.string, found.end())
    if language.gender is None or following is None:
        return ""
    before = found.string[max(0, found.start() - _CONTEXT) : found.start()]
    return "" if re.search(rf"\b(?:{language.labels}) \Z", before) else language.gender(following[1])


def _group(language: Language, group: str) -> str:
    return integer(language, group) if language.in_pairs and len(group) <= 2 else digits(language, group)
