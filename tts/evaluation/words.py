"""Word error rate: what a recogniser heard against what was to be said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tts.text.normalize import normalize

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True)
class WordErrors:
    """Words put in, left out and taken for others, and the words that there were."""

    n_errors: int
    n_words: int

    @property
    def rate(self) -> float | None:
        """Errors for each word; above 1 where more was heard than was said. None: there were no words."""
        return self.n_errors / self.n_words if self.n_words else None


def spoken_words(text: str) -> list[str]:
    """The words as our normalizer speaks them, lower case, without marks: "Dr. Lee, 21" → doctor lee twenty one."""
    return _WORD.findall(normalize(text).lower().replace("’", "'"))


def word_errors(text: str, heard: str) -> WordErrors:
    """Compare two texts word for word, both as they are spoken."""
    reference = spoken_words(text)
    return WordErrors(edit_distance(reference, spoken_words(heard)), len(reference))


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions from one to the other (Levenshtein 1966)."""
    row = list(range(len(second) + 1))
    for i, item in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (item != other))
    return row[-1]
