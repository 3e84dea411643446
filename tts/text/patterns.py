"""Regular expressions that cost nothing until a text can match them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

DIGITS = "0123456789"


class Pattern:
    """A regular expression, compiled when a text first holds one of the characters that it `needs` (none: any text).

    Most texts need few of the hundred patterns of normalization, and compiling all takes longer than a start may.
    """

    def __init__(self, source: str, flags: int = 0, *, needs: str = "") -> None:
        self.source = source
        self.flags = flags
        self.needs = frozenset(needs)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.source, self.flags)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Find all matches, none where the text lacks what the pattern needs."""
        if self.needs and self.needs.isdisjoint(text):
            return iter(())
        return self.compiled.finditer(text)

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first match."""
        return next(self.finditer(text), None)

    def match(self, text: str, position: int = 0) -> re.Match[str] | None:
        """Match at a position."""
        return self.compiled.match(text, position)


def one_of(words: Iterable[str]) -> str:
    """The source of a pattern that matches any of the words, the longest that fits."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
