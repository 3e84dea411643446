"""When the places that an author named are reached."""

from __future__ import annotations

from collections.abc import Sequence

from tts.synthesis.sentence import Place
from tts.synthesis.timing import TimedBookmark, TimedWord
from tts.text.reading import ReadWord


def timed_bookmarks(
    places: Sequence[Place], read: Sequence[ReadWord], timed: Sequence[TimedWord], seconds: float
) -> tuple[TimedBookmark, ...]:
    """When the first word at or behind each place begins; behind the last word, the end of the sentence (`seconds`).

    `read` and `timed` are the same words.
    """
    starts = [(word.start, when.start) for word, when in zip(read, timed, strict=True)]
    return tuple(
        TimedBookmark(name, next((when for start, when in starts if start >= place), seconds)) for name, place in places
    )
