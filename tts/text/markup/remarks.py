"""What is told to an author about their text: each sentence once, and of very many only the first."""

from __future__ import annotations

_MOST = 50
_LONGEST_SHOWN = 60


class Remarks:
    """Sentences in the order in which they came up."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        """Tell this, unless it has been told."""
        self._sentences[sentence] = None

    def told(self) -> tuple[str, ...]:
        """All of them; where they are more than anybody reads, the first ones and how many there are beside."""
        sentences = tuple(self._sentences)
        if len(sentences) <= _MOST:
            return sentences
        return (*sentences[:_MOST], f"There are {len(sentences) - _MOST} more remarks of this kind.")


def quoted(written: str) -> str:
    """What an author wrote, in quotation marks, as `shown`."""
    return f'"{shown(written)}"'


def shown(written: str) -> str:
    """What an author wrote, on one line, shortened, without characters that nobody sees."""
    seen = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(written[: 2 * _LONGEST_SHOWN].split()))
    return seen if len(seen) <= _LONGEST_SHOWN else f"{seen[: _LONGEST_SHOWN - 1]}…"
