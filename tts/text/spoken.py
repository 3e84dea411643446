"""A text on its way from how it is written to how it is spoken, with the written span of every change."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

DIGITS = "0123456789"
Replacement = str | Callable[[re.Match[str]], str]


class Finder(Protocol):
    """What finds spans of a text, as a compiled regular expression does."""

    def finditer(self, string: str, /) -> Iterator[re.Match[str]]: ...


class Pattern:
    """A regular expression, compiled when a text first contains one of the strings that it `needs` (none: any text).

    `needs` is a sequence of strings, or a string of characters. Most texts need few of the hundred patterns of
    normalization, and compiling all would double the start-up time.
    """

    def __init__(self, source: str, flags: int = 0, *, needs: Iterable[str] = ()) -> None:
        self.source = source
        self.flags = flags
        self.needs = tuple(needs)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The compiled expression."""
        return re.compile(self.source, self.flags)

    def may_match(self, text: str) -> bool:
        """Whether the text has what the pattern needs; for most patterns and texts that is all the work."""
        # Not any(), whose generator takes longer than the search.
        for needed in self.needs:
            if needed in text:
                return True
        return not self.needs

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Find all matches, none where the text lacks what the pattern needs."""
        return self.compiled.finditer(text) if self.may_match(text) else iter(())

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first match."""
        return self.compiled.search(text) if self.may_match(text) else None

    def match(self, text: str, position: int = 0) -> re.Match[str] | None:
        """Match at a position."""
        return self.compiled.match(text, position)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Match the complete text."""
        return self.compiled.fullmatch(text)


def either(written: Iterable[str]) -> str:
    """The source of a pattern that matches any of these strings, the longest that fits; without any, nothing."""
    return "|".join(re.escape(one) for one in sorted(written, key=len, reverse=True)) or r"(?!)"


class Edit(NamedTuple):
    """The spoken span [start, end) stands for the written one, [written_start, written_end).

    `kind` is the class of what was written (cardinal, date, money, …).
    """

    start: int
    end: int
    written_start: int
    written_end: int
    kind: str = ""

    def moved(self, by: int) -> Edit:
        """The same edit, that many characters later in the spoken text."""
        return Edit(self.start + by, self.end + by, *self[2:]) if by else self


@dataclass(frozen=True, slots=True)
class SpokenText:
    """Spoken words, and the edits that made them, in order and disjoint; outside of edits it is the text as written.

    `left_out` names what was written and has no words, in the order in which it was found.
    """

    text: str
    edits: tuple[Edit, ...] = ()
    left_out: tuple[str, ...] = ()
    kind: str = ""
    """The class of the next edits; empty: the class of the edits that they change."""

    def under(self, kind: str) -> SpokenText:
        """Return the same text, whose next edits are of this class."""
        return self if kind == self.kind else SpokenText(self.text, self.edits, self.left_out, kind)

    def sub(self, pattern: Finder, replacement: Replacement) -> SpokenText:
        """Replace what the pattern finds, as `pattern.sub(replacement, text)` does."""
        changes = []
        for found in pattern.finditer(self.text):
            spoken = found.expand(replacement) if isinstance(replacement, str) else replacement(found)
            if spoken != found.group():
                changes.append((found.start(), found.end(), spoken))
        return self.changed(changes) if changes else self

    def replace(self, written: str, spoken: str) -> SpokenText:
        """Replace a plain string wherever it occurs."""
        if written not in self.text:
            return self
        return self.sub(re.compile(re.escape(written)), lambda found: spoken)

    def drop(self, pattern: Finder, spoken: str = " ") -> SpokenText:
        """Replace what has no words by a space, and name it in `left_out`."""
        lost = dict.fromkeys(found.group().strip() for found in pattern.finditer(self.text))
        return self.sub(pattern, lambda found: spoken).leaving_out(lost) if lost else self

    def leaving_out(self, names: Iterable[str]) -> SpokenText:
        """Return the same text, which also names these as written without words. Each name occurs once."""
        added = dict.fromkeys(name for name in names if name)
        return replace(self, left_out=tuple({**dict.fromkeys(self.left_out), **added})) if added else self

    def changed(self, changes: Sequence[tuple[int, int, str]]) -> SpokenText:
        """Replace the spoken spans [start, end), which are in order and do not overlap, by new words."""
        pieces: list[str] = []
        position = 0
        trimmed = []
        for start, end, new in changes:
            start, end, new = _without_common_words(self.text, start, end, new)
            pieces += [self.text[position:start], new]
            trimmed.append((start, end, len(new)))
            position = end
        pieces.append(self.text[position:])
        return replace(self, text="".join(pieces), edits=tuple(self._merged(trimmed)))

    def written(self, start: int, end: int) -> tuple[int, int]:
        """The written span that the spoken one, [start, end), stands for: complete edits, where it touches one."""
        first = bisect_right(self.edits, start, key=lambda edit: edit.end)
        last = bisect_left(self.edits, end, key=lambda edit: edit.start)
        low, high = start + self._lag(first), end + self._lag(last)
        if first < last:
            low = min(low, self.edits[first].written_start)
            high = max(high, self.edits[last - 1].written_end)
        return low, high

    def _lag(self, n: int) -> int:
        """The difference of the written and the spoken offset behind the first n edits."""
        return self.edits[n - 1].written_end - self.edits[n - 1].end if n else 0

    def _merged(self, changes: Sequence[tuple[int, int, int]]) -> list[Edit]:
        """The edits after changes (start, end, new length): those that overlap become one.

        Two sorted lists are merged. `shift` is how far the changes so far have moved the spoken text, `lag` the
        difference of the written and the spoken offset before them.
        """
        edits, merged = self.edits, list[Edit]()
        n_edits = n_changes = shift = lag = 0
        while n_edits < len(edits) and n_changes < len(changes):
            edit, (start, end, length) = edits[n_edits], changes[n_changes]
            if edit.end <= start and edit[:2] <= (start, end):
                merged.append(edit.moved(shift))
                lag = edit.written_end - edit.end
                n_edits += 1
                continue
            if end <= edit.start and (start, end) < edit[:2]:
                merged.append(Edit(start + shift, start + shift + length, start + lag, end + lag, self.kind))
                shift += length - (end - start)
                n_changes += 1
                continue

            # They overlap: one edit of all edits and changes that are connected.
            first_edit, first_change = n_edits, n_changes
            reached = max(edit.end, end)
            n_edits, n_changes = n_edits + 1, n_changes + 1
            while True:
                if n_edits < len(edits) and edits[n_edits].start < reached:
                    reached = max(reached, edits[n_edits].end)
                    n_edits += 1
                elif n_changes < len(changes) and changes[n_changes][0] < reached:
                    reached = max(reached, changes[n_changes][1])
                    n_changes += 1
                else:
                    break
            last_edit = edits[n_edits - 1]
            spoken_start, spoken_end = min(edit.start, start), max(last_edit.end, changes[n_changes - 1][1])
            grown = shift + sum(new - (stop - begin) for begin, stop, new in changes[first_change:n_changes])
            new_lag = last_edit.written_end - last_edit.end
            kind = self.kind or edits[first_edit].kind
            merged.append(
                Edit(spoken_start + shift, spoken_end + grown, spoken_start + lag, spoken_end + new_lag, kind)
            )
            shift, lag = grown, new_lag
        for start, end, length in changes[n_changes:]:
            merged.append(Edit(start + shift, start + shift + length, start + lag, end + lag, self.kind))
            shift += length - (end - start)
        return merged + [edit.moved(shift) for edit in edits[n_edits:]]


def _without_common_words(text: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    """A change without the complete words, at either side, that it leaves as they are."""
    old = text[start:end]
    if not old or not new or (old[0] != new[0] and old[-1] != new[-1]):
        return start, end, new
    same = _n_common(old, new)
    while same and not (_is_between_words(old, same) and _is_between_words(new, same)):
        same -= 1
    start, old, new = start + same, old[same:], new[same:]
    same = _n_common(old[::-1], new[::-1])
    while same and not (_is_between_words(old, len(old) - same) and _is_between_words(new, len(new) - same)):
        same -= 1
    return start, end - same, new[: len(new) - same]


def _n_common(first: str, second: str) -> int:
    """The length of the prefix that two texts have in common."""
    for n, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return n
    return min(len(first), len(second))


def _is_between_words(text: str, position: int) -> bool:
    """Whether no word continues across a position."""
    return not (0 < position < len(text) and text[position - 1].isalnum() and text[position].isalnum())
