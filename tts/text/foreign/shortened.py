"""Rules for abbreviations and Roman numerals."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tts.text.foreign.language import Language, Rule
from tts.text.foreign.numbers import cardinal, roman_value
from tts.text.spoken import SpokenText

# A text may end behind an abbreviation's own stop, which then is the sentence's too.
_ENDS = re.compile(r"[\s\"'”’»)\]]*\Z")
_NUMERAL = r"(?P<roman>[IVXLCDM]+)"
_CAPITALIZED = r"[^\W\d_a-zà-öø-ÿ][^\W\d_]+"


def abbreviations(language: Language) -> Rule:
    """The words that abbreviations stand for: titles before a name, others before a number, the rest anywhere."""
    titles = re.compile(rf"(?<![\w.])(?P<short>{_written(language.titles)})(?= ?[^\W\d_])")
    numbered = re.compile(rf"(?<![\w.])(?P<short>{_written(language.numbered)}) ?(?=[0-9]|[IVXL]+\b)")
    anywhere = re.compile(rf"(?<![\w.])(?P<short>{_written(language.shortened)})(?!\w)")
    known = {_plain(short): spoken for short, spoken in (*language.shortened.items(), *language.numbered.items())}
    named = {_plain(short): spoken for short, spoken in language.titles.items()}

    def title(found: re.Match[str]) -> str:
        following = found.string[found.end() : found.end() + 2].strip()
        if not following[:1].isupper():
            return found.group()
        gap = "" if found.string[found.end()] == " " else " "
        return named[_plain(found["short"])] + gap

    def word(found: re.Match[str]) -> str:
        short = found["short"]
        spoken = known.get(_plain(short)) or _capitalized(known[_plain(short[0].lower() + short[1:])])
        if found.re is numbered:
            return spoken + " "
        return spoken + ("." if short[-1] == "." and _ENDS.match(found.string, found.end()) else "")

    return lambda text: text.sub(anywhere, word).sub(numbered, word).sub(titles, title)


def roman(language: Language) -> Rule:
    """Roman numerals where they surely are such: in centuries, chapters and the names of rulers."""
    if language.roman is None:
        return lambda text: text
    known = language.roman
    century = re.compile(known.century)
    things = re.compile(rf"(?<!\w)(?P<before>(?:{known.things}) ){_NUMERAL}(?![\w'’])")
    rulers = re.compile(rf"(?<!\w)(?P<before>(?:{known.rulers}) ){_NUMERAL}(?P<rest>\.?)(?![\w'’])")
    names = re.compile(rf"(?<!\w)(?P<before>{_CAPITALIZED} )(?P<roman>[IVX]{{2,}})(?P<rest>\.?)(?![\w'’])")

    def of_century(found: re.Match[str]) -> str:
        value = roman_value(found["roman"])
        if not value:
            return found.group()
        numeral = found.start("roman") - found.start(), found.end("roman") - found.start()
        rest = found.groupdict().get("rest") or ""
        return found.group()[: numeral[0]] + known.of_century(value) + found.group()[numeral[1] + len(rest) :]

    def thing(found: re.Match[str]) -> str:
        value = roman_value(found["roman"])
        return found["before"] + cardinal(language, value) if value else found.group()

    def ruler(found: re.Match[str]) -> str:
        value = roman_value(found["roman"])
        if not value:
            return found.group()
        stop = found["rest"] if _ENDS.match(found.string, found.end()) else ""
        return found["before"] + known.spoken(value, found["before"].strip()) + stop

    def rule(text: SpokenText) -> SpokenText:
        return text.sub(century, of_century).sub(things, thing).sub(rulers, ruler).sub(names, ruler)

    return rule


def _written(table: Mapping[str, str]) -> str:
    """A pattern of abbreviations, blanks within them free and the first letter small or large."""
    return "|".join(_one(short) for short in sorted(table, key=len, reverse=True)) or r"(?!)"


def _one(short: str) -> str:
    first = short[0]
    start = f"[{first}{first.upper()}]" if first.islower() else re.escape(first)
    return start + re.escape(short[1:]).replace(r"\ ", r"\s?")


def _plain(short: str) -> str:
    return re.sub(r"\s", "", short)


def _capitalized(words: str) -> str:
    return words[:1].upper() + words[1:]
