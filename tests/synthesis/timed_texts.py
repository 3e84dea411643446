"""Sentences with times that are known beforehand: every letter lasts as long."""

from __future__ import annotations

import re

from tts.synthesis.timing import Mark, TimedSentence, timed_sentence, timed_words
from tts.text.reading import ReadWord

EDGE = 0.1


def timed_text(
    text: str, *, start: float = 0.0, seconds_per_letter: float = 0.05, pattern: str = r"[\w'$.-]*\w"
) -> TimedSentence:
    """A sentence said as it is written, between silences of `EDGE` seconds; its words are what `pattern` finds."""
    marks = [
        Mark(letter, EDGE + i * seconds_per_letter, EDGE + (i + 1) * seconds_per_letter, i)
        for i, letter in enumerate(text)
    ]
    words = [ReadWord(*found.span(), *found.span()) for found in re.finditer(pattern, text)]
    seconds = 2 * EDGE + len(text) * seconds_per_letter
    return timed_sentence(text, text, marks, timed_words(text, words, marks), start, seconds)


def timed_texts(*texts: str, silence: float = 0.2, seconds_per_letter: float = 0.05) -> list[TimedSentence]:
    """Several, one behind the other."""
    made: list[TimedSentence] = []
    for text in texts:
        start = made[-1].audio_end + silence if made else 0.0
        made.append(timed_text(text, start=start, seconds_per_letter=seconds_per_letter))
    return made
