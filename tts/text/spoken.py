"""A text on its way from how it is written to how it is spoken, which never forgets what stood where."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

Replacement = str | Callable[[re.Match[str]], str]


class Finder(Protocol):
    """What finds stretches of a text, as a compiled regular expression does."""

    def finditer(self, string: str, /) -> Iterator[re.Match[str]]: ...


class Edit(NamedTuple):
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
    """The class that the next edits are of; nothing: that of the edits that they change."""

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

    def _merged(self, changes: Sequence[tuple[int, int, int]]) -> list[Edit]:
        """The edits after changes (start, end, new length): those that overlap become one."""
        edits, merged = self.edits, list[Edit]()
        n_used = n_made = shift = lag = 0
        while n_used < len(edits) and n_made < len(changes):
            edit, (start, end, length) = edits[n_used], changes[n_made]
            if edit.end <= start and edit[:2] <= (start, end):
                merged.append(_moved(edit, shift) if shift else edit)
                lag = edit.written_end - edit.end
                n_used += 1
            elif end <= edit.start and (start, end) < edit[:2]:
                merged.append(Edit(start + shift, start + shift + length, start + lag, end + lag, self.kind))
                shift += length - (end - start)
                n_made += 1
            else:
                old, made = _overlapping(edits, n_used, changes, n_made)
                first, last = min(edit.start, start), max(old[-1].end, made[-1][1])
                grown = shift + sum(new - (stop - begin) for begin, stop, new in made)
                behind = old[-1].written_end - old[-1].end
                kind = self.kind or old[0].kind
                merged.append(Edit(first + shift, last + grown, first + lag, last + behind, kind))
                n_used, n_made, shift, lag = n_used + len(old), n_made + len(made), grown, behind
        for start, end, length in changes[n_made:]:
            merged.append(Edit(start + shift, start + shift + length, start + lag, end + lag, self.kind))
            shift += length - (end - start)
        return merged + ([_moved(edit, shift) for edit in edits[n_used:]] if shift else list(edits[n_used:]))


def _moved(edit: Edit, shift: int) -> Edit:
    start, end, written_start, written_end, kind = edit
    return Edit(start + shift, end + shift, written_start, written_end, kind)


def _overlapping(
    edits: Sequence[Edit], n_used: int, changes: Sequence[tuple[int, int, int]], n_made: int
) -> tuple[Sequence[Edit], Sequence[tuple[int, int, int]]]:
    """The edits and changes from the given ones on, which overlap, that hang together."""
    first_edit, first_change = n_used, n_made
    reached = max(edits[n_used].end, changes[n_made][1])
    n_used, n_made = n_used + 1, n_made + 1
    while True:
        if n_used < len(edits) and edits[n_used].start < reached:
            reached = max(reached, edits[n_used].end)
            n_used += 1
        elif n_made < len(changes) and changes[n_made][0] < reached:
            reached = max(reached, changes[n_made][1])
            n_made += 1
        else:
            return edits[first_edit:n_used], changes[first_change:n_made]


def _lag(edits: Sequence[Edit], n: int) -> int:
    """How much farther on a character is written than spoken, behind the first n edits."""
    return edits[n - 1].written_end - edits[n - 1].end if n else 0


def _trimmed(text: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    """A change without the whole words, at either side, that it leaves as they are."""
    old = text[start:end]
    if not old or not new or (old[0] != new[0] and old[-1] != new[-1]):
        return start, end, new
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
