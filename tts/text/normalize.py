"""Written text to spoken words: the rules of a language, applied until nothing changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from tts.text.characters import stripped
from tts.text.languages import rules_for
from tts.text.languages.language import BEYOND_ASCII, Rule
from tts.text.spoken import Pattern, SpokenText

if TYPE_CHECKING:
    from tts.text.passage import Alias

# The words of one rule can complete the pattern of an earlier one ("4 € AM"): passes repeat until nothing changes,
# which needs two for ordinary text.
_MAX_PASSES = 12
_SPACE_BEFORE_MARK = Pattern(r" +(?=[,;:!?](?:\s|\Z)|\.(?:\s|\Z))", needs=" ")
_SPACES = Pattern(r"[^\S\n]{2,}|[^\S\n ]")
# Letters of a script that nobody writes any more (Tangut), and rare ones beyond it: they stand for aliases.
_PLACEHOLDERS = (range(0x17000, 0x187F8), range(0x20000, 0x2A6D0))


def normalize(text: str, language: str = "en-us") -> str:
    """Write out what is read differently from how it is written; ordinary words keep their case and punctuation.

    `language` is espeak-ng's code. Normalizing the result again changes nothing. Every string is accepted.
    """
    return read_out(text, language).text


def read_out(text: str, language: str = "en-us", aliases: Sequence[Alias] = ()) -> SpokenText:
    """Give the words for a text, what each stands for, and what has none; the words of aliases stay as they are."""
    rules = rules_for(language)
    spoken = SpokenText(text)
    alias_words: dict[str, str] = {}
    if aliases:
        letters = (letter for letter in map(chr, chain(*_PLACEHOLDERS)) if letter not in text)
        placed = [(alias, next(letters)) for alias in aliases]
        spoken = spoken.under("alias").changed([(alias.start, alias.end, letter) for alias, letter in placed])
        alias_words = {letter: alias.spoken for alias, letter in placed}
    for _ in range(_MAX_PASSES):
        before = spoken
        spoken = _one_pass(spoken, text, rules)
        if spoken.text == before.text:
            break
    if not alias_words:
        return spoken
    return spoken.under("alias").sub(re.compile(f"[{''.join(alias_words)}]"), lambda found: alias_words[found.group()])


def _one_pass(text: SpokenText, written: str, rules: Sequence[Rule]) -> SpokenText:
    present = _characters(text.text)
    for rule in rules:
        if rule.needs and rule.needs.isdisjoint(present):
            continue
        before, text = text, rule(text)
        if text.text is not before.text:
            present = _characters(text.text)
    text = text.under("")

    if not text.edits:
        return stripped(text)
    unjoined = text

    def space_before_mark(found: re.Match[str]) -> str:
        """Keep a space before a comma where it was written; remove what the rules left there.

        The offsets are those of the text before its runs of spaces became one; behind such a run they are too small.
        """
        start, end = unjoined.written(found.start(), found.end())
        return found.group() if written[start:end].isspace() else ""

    return stripped(text.sub(_SPACES, " ").sub(_SPACE_BEFORE_MARK, space_before_mark))


def _characters(text: str) -> set[str]:
    present = set(text)
    return present if text.isascii() else {*present, BEYOND_ASCII}
