"""A text on its way from how it is written to how it is spoken, which never forgets what stood where."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

Replacement = str | Callable[[re.Match[str]], str]


class Finder(Protocol):
    """What finds stretches of a text, as a compiled regular expression does."""

    def finditer(self, string: str, /) -> Iterator[re.Match[str]]: ...


@dataclass(frozen=True, slots=True)
class Edit:
    """The spoken stretch [start, end) stands for the written one, [written_start, written_end).

    `kind` is the class of what was written (cardinal, date, money, …).
    """

    start: int
    end: int
    written_start: int
    written_end: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class SpokenText:
    """Spoken words, and the edits that made them, in order and apart; outside of them it is the text as written.

    `left_out` names what was written and has no words, in the order in which it was found.
    """

    text: str
    edits: tuple[Edit, ...] = ()
    left_out: tuple[str, ...] = ()
    kind: str = ""
    """The class that the next edits are of."""

    def under(self, kind: str) -> SpokenText:
        """The same; the next edits are of this class."""
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
        """Replace a plain string wherever it stands."""
        if written not in self.text:
            return self
        return self.sub(re.compile(re.escape(written)), lambda found: spoken)

    def drop(self, pattern: Finder, spoken: str = " ") -> SpokenText:
        """Replace what has no words by a blank, and name it in `left_out`."""
        lost = dict.fromkeys(found.group().strip() for found in pattern.finditer(self.text))
        return self.sub(pattern, lambda found: spoken).leaving_out(lost) if lost else self

    def leaving_out(self, names: Iterable[str]) -> SpokenText:
        """The same; what is named was written and has no words. Each name is kept once."""
        added = dict.fromkeys(name for name in names if name)
        return replace(self, left_out=tuple({**dict.fromkeys(self.left_out), **added})) if added else self

    def changed(self, changes: Sequence[tuple[int, int, str]]) -> SpokenText:
        """Put new words in place of the spoken stretches [start, end), which are in order and do not overlap."""
        pieces: list[str] = []
        position = 0
        trimmed = []
        for start, end, new in changes:
            start, end, new = _trimmed(self.text, start, end, new)
            pieces += [self.text[position:start], new]
            trimmed.append((start, end, len(new)))
            position = end
        pieces.append(self.text[position:])
        return replace(self, text="".join(pieces), edits=tuple(self._merged(trimmed)))

    def written(self, start: int, end: int) -> tuple[int, int]:
        """The written stretch that the spoken one, [start, end), stands for: whole edits, where it touches one."""
        first = bisect_right(self.edits, start, key=lambda edit: edit.end)
        last = bisect_left(self.edits, end, key=lambda edit: edit.start)
        low, high = start + _lag(self.edits, first), end + _lag(self.edits, last)
        if first < last:
            low = min(low, self.edits[first].written_start)
            high = max(high, self.edits[last - 1].written_end)
        return low, high

    def _merged(self, changes: Sequence[tuple[int, int, int]]) -> Iterator[Edit]:
        """The edits after changes (start, end, new length): those that overlap become one."""
        used = shift = 0
        for edits, made in _groups(self.edits, changes):
            before = _lag(self.edits, used)
            used += len(edits)
            start = min(block[0] for block in (*made, *((edit.start, edit.end) for edit in edits)))
            end = max(block[1] for block in (*made, *((edit.start, edit.end) for edit in edits)))
            kind = edits[0].kind if edits and not made else self.kind
            grown = shift + sum(length - (stop - begin) for begin, stop, length in made)
            yield Edit(start + shift, end + grown, start + before, end + _lag(self.edits, used), kind)
            shift = grown


def _groups(
    edits: Sequence[Edit], changes: Sequence[tuple[int, int, int]]
) -> Iterator[tuple[list[Edit], list[tuple[int, int, int]]]]:
    """Edits and changes in order, those together that overlap."""
    old, new = deque(edits), deque(changes)
    while old or new:
        group: tuple[list[Edit], list[tuple[int, int, int]]] = ([], [])
        reached = -1
        while True:
            take_old = old and (not new or (old[0].start, old[0].end) <= new[0][:2])
            start = old[0].start if take_old else new[0][0] if new else reached
            if reached >= 0 and start >= reached:
                break
            if take_old:
                group[0].append(old.popleft())
                reached = max(reached, group[0][-1].end)
            else:
                group[1].append(new.popleft())
                reached = max(reached, group[1][-1][1])
        yield group


def _lag(edits: Sequence[Edit], n: int) -> int:
    """How much farther on a character is written than spoken, behind the first n edits."""
    return edits[n - 1].written_end - edits[n - 1].end if n else 0


def _trimmed(text: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    """A change without the whole words, at either side, that it leaves as they are."""
    old = text[start:end]
    same = _n_alike(old, new)
    while same and not (_parts(old, same) and _parts(new, same)):
        same -= 1
    start, old, new = start + same, old[same:], new[same:]
    same = _n_alike(old[::-1], new[::-1])
    while same and not (_parts(old, len(old) - same) and _parts(new, len(new) - same)):
        same -= 1
    return start, end - same, new[: len(new) - same]


def _n_alike(first: str, second: str) -> int:
    """How many characters two texts begin with in common."""
    for n, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return n
    return min(len(first), len(second))


def _parts(text: str, position: int) -> bool:
    """Tell whether no word goes on across a position."""
    return not (0 < position < len(text) and text[position - 1].isalnum() and text[position].isalnum())
