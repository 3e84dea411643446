"""A corpus whose phonemes have durations, and the times of its written words, found without the code under test.

A line of its metadata.jsonl has `id`, `file`, `split`, `text`, `phonemes` and `durations`: the silence before, one for
each phoneme, the silence after. Written words are paired with the words between the phonemes' blanks by how alike their
phonemes are when each is spoken alone; where espeak-ng joins several ("of the"), or one is said as several ("21"), they
are one group, whose ends alone are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.evaluation.metrics import edit_distance

MOST_JOINED = 4
_CHUNK = re.compile(r"\S+")
_NOT_HEARD = re.compile(r"[\s\"(),.:;!?…—–“”'-]+")
_NOT_COMPARED = re.compile(r"[ˈˌː\s]")


@dataclass(frozen=True)
class Clip:
    """One line of the corpus; `bounds` are the edges of its phonemes in seconds, one more than there are."""

    name: str
    audio: Path
    text: str
    phonemes: str
    bounds: tuple[float, ...]
    seconds: float


@dataclass(frozen=True)
class Group:
    """Written words [start, end) of the text, and when they are heard, from the first sound to the last."""

    start: int
    end: int
    first: float
    last: float


def clips(folder: Path, splits: Sequence[str], step_samples: int, sample_rate: int) -> Iterator[Clip]:
    """The clips of these splits; a duration counts steps of so many samples."""
    with open(folder / "metadata.jsonl", encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["split"] in splits:
                yield _clip(folder, row, step_samples / sample_rate)


def _clip(folder: Path, row: dict[str, Any], step: float) -> Clip:
    edges = [0]
    for duration in row["durations"]:
        edges.append(edges[-1] + duration)
    bounds = tuple(step * edge for edge in edges[1:-1])
    return Clip(row["id"], folder / row["file"], row["text"], row["phonemes"], bounds, step * edges[-1])


def groups(clip: Clip, alone: Callable[[str], str]) -> list[Group]:
    """The written words of a clip and their times; `alone` gives the phonemes of one word."""
    written = [found.span() for found in _CHUNK.finditer(clip.text) if re.search(r"\w", found.group())]
    heard = [_sounding(clip.phonemes, *found.span()) for found in _CHUNK.finditer(clip.phonemes)]
    heard = [span for span in heard if span[0] < span[1]]
    said = [_compared(alone(clip.text[start:end])) for start, end in written]
    spoken = [_compared(clip.phonemes[start:end]) for start, end in heard]
    return [
        Group(written[a][0], written[b - 1][1], clip.bounds[heard[c][0]], clip.bounds[heard[d - 1][1]])
        for a, b, c, d in _paired(said, spoken)
    ]


def _compared(phonemes: str) -> str:
    return _NOT_COMPARED.sub("", phonemes)


def _sounding(phonemes: str, start: int, end: int) -> tuple[int, int]:
    """A stretch without the punctuation at its ends."""
    while start < end and _NOT_HEARD.fullmatch(phonemes[start]):
        start += 1
    while start < end and _NOT_HEARD.fullmatch(phonemes[end - 1]):
        end -= 1
    return start, end


def _paired(said: Sequence[str], spoken: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """The cheapest pairing of stretches of one list with stretches of the other, of which one is a single item."""
    costs: dict[tuple[int, int], tuple[float, int, int]] = {(0, 0): (0.0, 0, 0)}
    steps = [(1, n) for n in range(1, 4 * MOST_JOINED)] + [(n, 1) for n in range(2, MOST_JOINED + 1)]
    for i in range(len(said) + 1):
        for j in range(len(spoken) + 1):
            for a, b in steps:
                before = costs.get((i - a, j - b))
                if before is None:
                    continue
                # A joint that need not be costs something, so that what is alike stays apart.
                apart = edit_distance("".join(said[i - a : i]), "".join(spoken[j - b : j]))
                cost = before[0] + apart + 0.1 * (a + b - 2)
                if (i, j) not in costs or cost < costs[i, j][0]:
                    costs[i, j] = (cost, a, b)
    place, found = (len(said), len(spoken)), []
    while place != (0, 0) and place in costs:
        (i, j), (_, a, b) = place, costs[place]
        found.append((i - a, i, j - b, j))
        place = (i - a, j - b)
    return found[::-1]
