"""Text that arrives in pieces, as an assistant writes it: its sentences as soon as they are certain to be complete."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from tts.text.full_stops import sentence_words
from tts.text.languages.english import MONTH_NUMBERS, TIME_ZONES, WEEKDAYS
from tts.text.markup import read_markup
from tts.text.passage import LEVELS, Level
from tts.text.segment import segments

# What may follow. A boundary is certain if it stays where it is, whatever of these does.
_CONTINUATIONS = ("and so", " so", "And so", "I", "1 and", ". And so", "” And so", "\nand so on\n", "\n\nAnd so")
# The same where a bracket is open: it may become markup.
_IN_BRACKETS = ("] And so", "](/a/) And so")
# The same behind a quote: who said it belongs to its sentence.
_BEHIND_QUOTES = (" said so", "said so", "a said so", ". A said so", " A said so", "A said so", "说", "と")
_QUOTES = frozenset("\"'”’“»」』")
_QUOTE_REACH = 80
# Words that belong to the abbreviation or the hour before them: "5 p.m. Monday", "Fig. IV".
_JOINED = (*WEEKDAYS.values(), *(month.capitalize() for month in MONTH_NUMBERS), *TIME_ZONES, "II", "IV", "VI", "XI")
# A space, or what may be markup as a whole.
_SPACE_OUTSIDE = re.compile(r"\[[^\[\]]{0,300}\](?:\(/[^()\[\]\n]{0,300}\))?|\s")
_LAST_WORD = re.compile(r"\w{1,12}\Z")
# In characters. How much of a paragraph is kept to find the next boundary as in the whole text.
_CONTEXT = 1000
# A long text is looked at in slices, so that its first sentence does not wait for the whole.
_SLICE = 2000
# No sentence is as long as this: what is there is spoken.
_LONGEST = 20_000

Boundary = tuple[int, Level]
"""Where a sentence begins, and the boundary before it."""


@dataclass(frozen=True)
class Part:
    """A complete sentence of a longer text, and the boundary before it."""

    text: str
    opens: Level


class IncrementalText:
    """Collects a text piece by piece. Its parts, read one after the other, are the sentences of the whole text."""

    def __init__(self, language: str) -> None:
        """`language` is an espeak-ng code."""
        self._language = language
        self._text = ""
        self._begun = 0
        """Where the text begins that is not given out yet; before it is the rest of its paragraph."""
        self._opens: Level = ""

    def add(self, text: str) -> list[Part]:
        """Add text; returns the sentences that are certain now."""
        parts = []
        for start in range(0, len(text), _SLICE):
            parts += self._add(text[start : start + _SLICE])
        return parts

    def _add(self, text: str) -> list[Part]:
        self._text += text
        if not text.strip() and "\n" not in text:
            # After a space nothing is more certain than before it.
            return []
        following = self._continuations()
        certain = set(self._boundaries(following[0]))
        for each in following[1:]:
            if not certain:
                break
            certain &= set(self._boundaries(each))
        parts = self._take(sorted(certain))
        return [*parts, *self.flush()] if len(self._text) - self._begun > _LONGEST else parts

    def _continuations(self) -> list[str]:
        """What may follow the text."""
        found, joined = [*_CONTINUATIONS], _JOINED
        if "[" in self._text:
            found += _IN_BRACKETS
        if not _QUOTES.isdisjoint(self._text[-_QUOTE_REACH:]):
            found += _BEHIND_QUOTES
            joined = (*_JOINED, *sentence_words("speech verbs", "en"))
        if last := _LAST_WORD.search(self._text):
            word = last.group()
            found += [f"{each[len(word) :]} so" for each in joined if each.startswith(word)]
        return found

    def flush(self) -> list[Part]:
        """The rest, as if the text ended here; what is added later is another sentence."""
        parts = self._take([*self._boundaries(""), (len(self._text), "sentence")])
        self._text, self._begun = "", 0
        return parts

    def _take(self, boundaries: list[Boundary]) -> list[Part]:
        """Give out the text before these boundaries."""
        parts = []
        for start, opens in boundaries:
            if sentence := self._text[self._begun : start].strip():
                parts.append(Part(sentence, self._opens))
                self._opens = opens
            else:
                self._opens = max(self._opens, opens, key=LEVELS.index)
            self._begun = start
            if opens == "paragraph":
                self._text, self._begun = self._text[start:], 0
                boundaries = [(each - start, level) for each, level in boundaries if each > start]
                return [*parts, *self._take(boundaries)]
        if self._begun > _CONTEXT or "[" in self._text:
            # To find a position behind markup, all of the text before it is read.
            self._text, self._begun = self._text[self._begun :], 0
        return parts

    def _boundaries(self, continuation: str) -> Iterator[Boundary]:
        """The boundaries between sentences in what is not given out yet, if the text continues in this way."""
        written = self._text + continuation
        passage = read_markup(written)
        end = 0
        for segment in segments(passage, self._language, _LONGEST):
            if segment.opens in ("sentence", "paragraph") and _written(written, passage.text, end) <= len(self._text):
                # The space before it may be that of the continuation.
                start = min(_written(written, passage.text, segment.start), len(self._text))
                if start > self._begun:
                    yield start, segment.opens
            end = segment.end


def _written(written: str, spoken: str, position: int) -> int:
    """The position in a written text of one in what is left of it without its markup."""
    before = spoken[:position]
    if written.startswith(before):
        return position
    # What is left of a beginning only grows with it.
    spaces = [found.start() for found in _SPACE_OUTSIDE.finditer(written) if found.group().isspace()]
    first = bisect_left(spaces, len(before.strip()), key=lambda space: len(read_markup(written[:space]).text.strip()))
    if first < len(spaces) and read_markup(written[: spaces[first]]).text.strip() == before.strip():
        return spaces[first]
    return len(written)
