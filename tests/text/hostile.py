"""Reading lines that nobody should have to read, with a check that nothing is lost in silence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tts.errors import UsageError
from tts.text.passage import Passage
from tts.text.reading import Reading
from tts.text.sentences.segment import Segment
from tts.text.unread import must_be_said


class Reader(Protocol):
    """What a frontend does here."""

    def segments(self, passage: Passage) -> Iterator[Segment]: ...

    def read(self, passage: Passage) -> Reading: ...


@dataclass
class Outcome:
    """What became of a line."""

    n_segments: int = 0
    refused: bool = False
    silent: set[str] = field(default_factory=set)
    """Characters that were neither read nor told."""
    slowest_segment: float = 0.0
    seconds: float = 0.0


def read_line(line: str, read: Callable[[str], Passage], frontend: Reader) -> Outcome:
    """Read a line to its phonemes. A UsageError is an answer; any other error is not caught."""
    outcome = Outcome()
    started = time.perf_counter()
    try:
        passage = read(line)
    except UsageError:
        outcome.refused = True
        return outcome
    position = 0
    last = time.perf_counter()
    for segment in frontend.segments(passage):
        assert not passage.text[position : segment.start].strip(), "segments leave out text"
        reading = frontend.read(passage.part(segment.start, segment.end))
        now = time.perf_counter()
        outcome.slowest_segment = max(outcome.slowest_segment, now - last)
        outcome.silent |= lost_in_silence(passage.text[segment.start : segment.end], reading)
        outcome.n_segments += 1
        position = segment.end
        last = time.perf_counter()
    assert not passage.text[position:].strip(), "segments leave out the end"
    outcome.seconds = time.perf_counter() - started
    return outcome


def lost_in_silence(text: str, reading: Reading) -> set[str]:
    """Give the letters, digits and symbols of a text that are in no word with phonemes, and in no warning."""
    read = bytearray(len(text))
    for word in reading.words:
        if reading.phonemes[word.first : word.last].strip():
            read[word.start : word.end] = b"\1" * (word.end - word.start)
    told = " ".join(reading.warnings)
    return {
        character
        for place, character in enumerate(text)
        if not read[place]
        and must_be_said(character)
        and character not in told
        and f"U+{ord(character):04X}" not in told
    }
