"""Sentences as subtitles that can be read along: short lines, broken where the sense allows, none over another.

The limits are common practice of subtitling: two lines of 42 columns, seven seconds, twenty characters a second, no
flicker, no gap of less than half a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from tts.synthesis.phrases import GOOD_BREAK, MAX_COLUMNS, Token, tokens
from tts.synthesis.timing import TimedSentence

MAX_SECONDS = 7.0
MIN_SECONDS = 0.8
MAX_CHARACTERS_PER_SECOND = 20.0
MIN_GAP_SECONDS = 0.5

# What a cue costs: for being one more, for being short (a share of it, squared), for being too long (a second), for
# having too little time; for the break behind it, and between its lines if that is not a good one (shares of them).
_ONE_MORE, _SHORT_LINE, _TOO_LONG, _TOO_BRIEF = 0.5, 1.5, 10.0, 6.0
_BETWEEN_CUES, _BETWEEN_LINES = 2.0, 1.2
# Of the two lines of a cue: for being unequal (a share of it), and for the first being the longer.
_UNEQUAL, _TOP_HEAVY = 4.0, 0.5


@dataclass(frozen=True)
class Cue:
    """What stands on the screen from `start` to `end`, in seconds: one or two lines."""

    lines: tuple[tuple[Token, ...], ...]
    start: float
    end: float

    @property
    def text(self) -> str:
        return "\n".join(map(line_text, self.lines))


def line_text(line: Sequence[Token]) -> str:
    """Tokens as they are written on one line."""
    return "".join(f" {token.text}" if i and token.is_apart else token.text for i, token in enumerate(line))


def cues(sentences: Sequence[TimedSentence]) -> list[Cue]:
    """The cues of all sentences, in order and apart; none holds parts of two sentences.

    Each begins with its first word. It ends with its last, or later where there is time before the next: to be read, to
    close a short gap, and the last one to last as long as the audio of its sentence.
    """
    made = [cue for sentence in sentences for cue in _cues_of(sentence)]
    if not made:
        return []
    lasting = [_lasting(cue, following.start) for cue, following in pairwise(made)]
    return [*lasting, replace(made[-1], end=max(sentences[-1].audio_end, made[-1].end))]


def _lasting(cue: Cue, limit: float) -> Cue:
    """The same until it can have been read, but not beyond the limit, where the next one begins."""
    wanted = max(cue.end, cue.start + MIN_SECONDS, cue.start + len(cue.text) / MAX_CHARACTERS_PER_SECOND)
    return replace(cue, end=limit if limit - wanted < MIN_GAP_SECONDS else wanted)


def _cues_of(sentence: TimedSentence) -> list[Cue]:
    row = _Row(tokens(sentence), sentence.audio_end)
    made = []
    for first, last in row.cuts():
        lines = row.lines(first, last)
        made.append(Cue(lines, row.tokens[first].start, row.tokens[last - 1].end))
    return made


class _Row:
    """The tokens of a sentence, and the best places to cut them: the cheapest way through, one step a cue."""

    def __init__(self, tokens: Sequence[Token], audio_end: float) -> None:
        self.tokens = tokens
        self._widths = [0, *accumulate(token.columns + token.is_apart for token in tokens)]
        self._ends = self._line_ends()
        # When what follows begins: a cue may stay until then.
        self._next = [token.start for token in tokens[1:]] + [audio_end]

    def cuts(self) -> list[tuple[int, int]]:
        """The cues as stretches [first, last) of tokens."""
        n = len(self.tokens)
        costs, origins = [0.0] + [float("inf")] * n, [0] * (n + 1)
        for first in range(n):
            for last in range(first + 1, self._farthest(first) + 1):
                cost = costs[first] + self._cost(first, last)
                if cost < costs[last]:
                    costs[last], origins[last] = cost, first
        found = []
        while n:
            found.append((origins[n], n))
            n = origins[n]
        return found[::-1]

    def lines(self, first: int, last: int) -> tuple[tuple[Token, ...], ...]:
        """A cue as one line, or as two where the break is cheapest."""
        _, cut = self._best_line_end(first, last)
        return tuple(tuple(self.tokens[start:end]) for start, end in ((first, cut), (cut, last)) if start < end)

    def _line_ends(self) -> list[int]:
        """For each token the end of the longest line that it can begin."""
        ends, last = [], 0
        for first in range(len(self.tokens)):
            last = max(last, first + 1)
            while last < len(self.tokens) and self._columns(first, last + 1) <= MAX_COLUMNS:
                last += 1
            ends.append(last)
        return ends

    def _farthest(self, first: int) -> int:
        """The end of the longest cue that a token can begin."""
        end = self._ends[first]
        return end if end == len(self.tokens) else self._ends[end]

    def _columns(self, first: int, last: int) -> int:
        return self._widths[last] - self._widths[first] - self.tokens[first].is_apart

    def _best_line_end(self, first: int, last: int) -> tuple[float, int]:
        """What the best break into two lines costs, and where it is; none where all fits on one line."""
        if last <= self._ends[first]:
            return 0.0, last
        place = self._ends[first]
        best = self._line_cost(first, place, last), place
        while place > first + 1 and self._columns(place - 1, last) <= MAX_COLUMNS:
            place -= 1
            best = min(best, (self._line_cost(first, place, last), place))
        return best

    def _cost(self, first: int, last: int) -> float:
        start, there = self.tokens[first].start, self._next[last - 1]
        cost = _ONE_MORE + (_BETWEEN_CUES * self.tokens[last - 1].cost if last < len(self.tokens) else 0.0)
        cost += _BETWEEN_LINES * max(0.0, self._best_line_end(first, last)[0] - GOOD_BREAK)
        cost += _SHORT_LINE * (1 - self._columns(first, last) / (2 * MAX_COLUMNS)) ** 2
        cost += _TOO_LONG * max(0.0, self.tokens[last - 1].end - start - MAX_SECONDS)
        return cost + _TOO_BRIEF * max(0.0, 1 - (there - start) / MIN_SECONDS)

    def _line_cost(self, first: int, cut: int, last: int) -> float:
        above, below = self._columns(first, cut), self._columns(cut, last)
        unequal = _UNEQUAL * abs(above - below) / MAX_COLUMNS
        return self.tokens[cut - 1].cost + unequal + (_TOP_HEAVY if above > below else 0.0)
