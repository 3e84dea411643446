"""Written text to spoken words: the rules of this package's other modules, in the order that they need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from tts.text.characters import stripped, tidy
from tts.text.emoji_names import speak_emoji
from tts.text.english.abbreviations import speak_abbreviations
from tts.text.english.dates import speak_dates, speak_years
from tts.text.english.electronic import speak_electronic
from tts.text.english.marks import speak_equations, speak_marks, speak_powers
from tts.text.english.measures import speak_measures
from tts.text.english.money import speak_money
from tts.text.english.places import speak_places
from tts.text.english.quantities import speak_fractions, speak_ordinals, speak_paired, speak_quantities
from tts.text.english.roman import speak_roman
from tts.text.english.serials import speak_left_over, speak_serials
from tts.text.english.telephone import speak_telephone
from tts.text.english.times import speak_times
from tts.text.patterns import DIGITS, Pattern
from tts.text.spoken import SpokenText

if TYPE_CHECKING:
    from tts.text.passage import Alias


class Rule(NamedTuple):
    """How a class of written forms is spoken; a text holds some only with a character that it `needs` (none: any)."""

    kind: str
    speak: Callable[[SpokenText], SpokenText]
    needs: frozenset[str] = frozenset()


def _drop_unreadable(text: SpokenText) -> SpokenText:
    """Letters of scripts that espeak-ng has no sounds for are left out and told, not read as "Chinese letter"."""
    if not _BEYOND_LATIN.search(text.text):
        return text
    from tts.text.foreign.characters import unreadable

    return unreadable("en")(text)


_BEYOND_ASCII = "beyond ASCII"
_BEYOND_LATIN = Pattern("[ıŉſ\u0180-\U0010ffff]")
_DIGITS = frozenset(DIGITS)
_SIGNS = frozenset({*"@%&=+<>*_|~^#/\\`", _BEYOND_ASCII})
# What needs the most context goes first: once a date or a price is words, no later rule can take its digits for a
# plain number. Years come after measures, because "1980 kg" is no year.
_AMERICAN = (
    Rule("electronic", speak_electronic, frozenset("@#:/.")),
    Rule("math", speak_equations, frozenset("=<>×÷")),
    Rule("date", speak_dates, _DIGITS),
    Rule("time", speak_times, _DIGITS),
    Rule("telephone", speak_telephone, _DIGITS),
    Rule("money", speak_money, frozenset({*DIGITS, "$", _BEYOND_ASCII})),
    Rule("address", speak_places),
    Rule("measure", speak_measures, _DIGITS),
    Rule("math", speak_powers, frozenset({"^", _BEYOND_ASCII})),
    Rule("roman", speak_roman),
    Rule("abbreviation", speak_abbreviations),
    Rule("serial", speak_paired, _DIGITS),
    Rule("ordinal", speak_ordinals, _DIGITS),
    Rule("fraction", speak_fractions, _DIGITS),
    Rule("serial", speak_serials, frozenset({*DIGITS, "&"})),
    Rule("date", speak_years, _DIGITS),
    Rule("cardinal", speak_quantities, frozenset({*DIGITS, "#", "~"})),
    Rule("serial", speak_left_over, _DIGITS),
    Rule("symbol", speak_marks, _SIGNS),
    Rule("script", _drop_unreadable, frozenset({_BEYOND_ASCII})),
)
_ENGLISH = tuple(
    rule._replace(speak=partial(speak_dates, day_first=True)) if rule.speak is speak_dates else rule
    for rule in _AMERICAN
)
_AMERICAN_CODES = frozenset({"en", "en-us", "en-us-nyc"})
# The words of one rule can complete the pattern of an earlier one ("4 € AM"): passes repeat until nothing changes,
# which takes two for ordinary text.
_MOST_PASSES = 12
_SPACE_BEFORE_MARK = Pattern(r" +(?=[,;:!?](?:\s|\Z)|\.(?:\s|\Z))", needs=" ")
_BLANKS = Pattern(r"[^\S\n]{2,}|[^\S\n ]")


def normalize(text: str, language: str = "en-us") -> str:
    """Write out what is read differently from how it is written; ordinary words keep their case and punctuation.

    `language` is espeak-ng's code. Normalizing the result again changes nothing. No string is refused.
    """
    return read_out(text, language).text


def read_out(text: str, language: str = "en-us", aliases: Sequence[Alias] = ()) -> SpokenText:
    """Give the words for a text, what each stands for, and what has none; the aliases' words are as they are given."""
    rules = _rules(language)
    spoken, given = _with_aliases(SpokenText(text), aliases)
    for _ in range(_MOST_PASSES):
        before = spoken
        spoken = _one_pass(spoken, text, rules, language)
        if spoken.text == before.text:
            break
    return spoken.under("alias").sub(_any_of(given), lambda found: given[found.group()]) if given else spoken


def _rules(language: str) -> Sequence[Rule]:
    if language.split("-")[0] == "en":
        return _AMERICAN if language in _AMERICAN_CODES else _ENGLISH
    from tts.text.foreign import rules_for

    return [Rule(kind, speak) for kind, speak in rules_for(language)]


def _one_pass(text: SpokenText, written: str, rules: Sequence[Rule], language: str) -> SpokenText:
    # The other languages' rules fold what is theirs: º, « and ， are more than typography there.
    if rules is _AMERICAN or rules is _ENGLISH:
        text = tidy(speak_emoji(text.under("symbol"), language).under("text"))
    present = _characters(text)
    for kind, speak, needs in rules:
        if needs and needs.isdisjoint(present):
            continue
        before, text = text, speak(text.under(kind))
        if text.text is not before.text:
            present = _characters(text)
    text = text.under("")
    if text.edits:
        text = text.sub(_BLANKS, " ").sub(_SPACE_BEFORE_MARK, lambda found: _blank_before_mark(found, text, written))
    return stripped(text)


def _characters(text: SpokenText) -> set[str]:
    present = set(text.text)
    return present if text.text.isascii() else {*present, _BEYOND_ASCII}


def _blank_before_mark(found: re.Match[str], text: SpokenText, written: str) -> str:
    """A blank before a comma stays where it was written; what the rules left there goes."""
    start, end = text.written(found.start(), found.end())
    return found.group() if written[start:end].isspace() else ""


def _with_aliases(text: SpokenText, aliases: Sequence[Alias]) -> tuple[SpokenText, dict[str, str]]:
    """Put a letter that no rule knows in the place of each alias, and give the words for each."""
    if not aliases:
        return text, {}
    letters = _unused_letters(text.text)
    given = {next(letters): alias for alias in aliases}
    changes = [(alias.start, alias.end, letter) for letter, alias in given.items()]
    return text.under("alias").changed(changes), {letter: alias.spoken for letter, alias in given.items()}


def _unused_letters(text: str) -> Iterator[str]:
    """Letters of scripts that nobody writes any more (Tangut), and rare ones beyond them, that the text lacks."""
    for letter in map(chr, chain(range(0x17000, 0x187F8), range(0x20000, 0x2A6D0))):
        if letter not in text:
            yield letter


def _any_of(letters: dict[str, str]) -> re.Pattern[str]:
    return re.compile(f"[{''.join(letters)}]")
