"""How exact timings are, against a corpus whose phonemes have durations.

    python benchmarks/timings.py CORPUS [--voice heart] [--splits val,test] [--limit 80] [--json]

words:   written words found by the frontend, with the times of the corpus; where the frontend has other phonemes than
         the corpus, the two are aligned and times between them divided evenly.
frames:  the corpus's durations forced on the voice's acoustic model (FastSpeech 2): the cost of rounding to frames.
rhythm:  the voice's own durations against the corpus's; both begin with the first sound, and `scaled` end with the last
         too. These are errors of the voice, not of the timings.
sound:   where vowels turn into hisses and back, in the corpus's audio and in the voice's audio with forced durations,
         against the boundaries: what a boundary means.

A line of the corpus's metadata.jsonl has `id`, `file`, `split`, `text`, `phonemes` and `durations`: the silence before,
one for each phoneme, the silence after.

Errors are in milliseconds: median, 95th percentile and largest without their sign, their median with it (`lag`; of
sounds, below 0 is before the boundary), and the 95th percentile of what would remain without the lag (`spread`).
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np
import soundfile
import torch
from transitions import transition_errors

from tts import SynthesisOptions, Voice, load_voice
from tts.evaluation.metrics import edit_distance
from tts.models.base import WaveRequest
from tts.models.fastspeech2 import FastSpeech2
from tts.synthesis.retry import speak_with_retries
from tts.synthesis.sentences import random_generator
from tts.synthesis.timing import Mark, TimedWord, symbol_marks, timed_words
from tts.text.passage import Passage
from tts.text.reading import ReadWord
from tts.voice.load import load_acoustic_model

MAX_JOINED = 4
_CHUNK = re.compile(r"\S+")
_SILENT = re.compile(r"[\s\"(),.:;!?…—–“”'-]+")
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
    """Written words [start, end) of the text, and their time, from the first sound to the last."""

    start: int
    end: int
    first: float
    last: float


def read_clips(folder: Path, splits: Sequence[str], step_samples: int, sample_rate: int) -> Iterator[Clip]:
    """The clips of these splits; a duration counts steps of so many samples."""
    with open(folder / "metadata.jsonl", encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["split"] in splits:
                step = step_samples / sample_rate
                edges = [0, *accumulate(row["durations"])]
                bounds = tuple(step * edge for edge in edges[1:-1])
                audio = folder / row["file"]
                yield Clip(row["id"], audio, row["text"], row["phonemes"], bounds, step * edges[-1])


def word_groups(clip: Clip, phonemize: Callable[[str], str]) -> list[Group]:
    """The written words of a clip and their times, found without the code under test.

    Written words are paired with the words between the phonemes' spaces by the similarity of their phonemes, each
    spoken on its own. Where espeak-ng joins several ("of the"), or speaks one as several ("21"), they are one group, of
    which only the ends are known.
    """
    written = [found.span() for found in _CHUNK.finditer(clip.text) if re.search(r"\w", found.group())]
    spoken = []
    for found in _CHUNK.finditer(clip.phonemes):
        start, end = found.span()
        # Without the punctuation at its ends.
        while start < end and _SILENT.fullmatch(clip.phonemes[start]):
            start += 1
        while start < end and _SILENT.fullmatch(clip.phonemes[end - 1]):
            end -= 1
        if start < end:
            spoken.append((start, end))
    written_phonemes = [_NOT_COMPARED.sub("", phonemize(clip.text[start:end])) for start, end in written]
    spoken_phonemes = [_NOT_COMPARED.sub("", clip.phonemes[start:end]) for start, end in spoken]
    return [
        Group(written[a][0], written[b - 1][1], clip.bounds[spoken[c][0]], clip.bounds[spoken[d - 1][1]])
        for a, b, c, d in cheapest_pairs(written_phonemes, spoken_phonemes)
    ]


def cheapest_pairs(written: Sequence[str], spoken: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """The cheapest pairing of ranges of one list with ranges of the other, of which one is a single item."""
    costs: dict[tuple[int, int], tuple[float, int, int]] = {(0, 0): (0.0, 0, 0)}
    steps = [(1, n) for n in range(1, 4 * MAX_JOINED)] + [(n, 1) for n in range(2, MAX_JOINED + 1)]
    for i in range(len(written) + 1):
        for j in range(len(spoken) + 1):
            for a, b in steps:
                before = costs.get((i - a, j - b))
                if before is None:
                    continue
                # Joining has a cost, so that similar words stay separate.
                distance = edit_distance("".join(written[i - a : i]), "".join(spoken[j - b : j]))
                cost = before[0] + distance + 0.1 * (a + b - 2)
                if (i, j) not in costs or cost < costs[i, j][0]:
                    costs[i, j] = (cost, a, b)
    end, found = (len(written), len(spoken)), []
    while end != (0, 0) and end in costs:
        (i, j), (_, a, b) = end, costs[end]
        found.append((i - a, i, j - b, j))
        end = (i - a, j - b)
    return found[::-1]


@dataclass
class Errors:
    """Errors of one kind, in seconds, with their sign."""

    values: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Their number, and figures in ms, as the top of this file has them."""
        signed = 1000 * np.array(self.values or [np.nan])
        sizes = np.abs(signed)
        figures = {
            "median": np.median(sizes),
            "p95": np.percentile(sizes, 95),
            "largest": sizes.max(),
            "lag": np.median(signed),
            "spread": np.percentile(np.abs(signed - np.median(signed)), 95),
        }
        return {"n": len(self.values), **{name: round(float(value), 1) for name, value in figures.items()}}


class Tally(dict[str, Errors]):
    """Errors by their kind."""

    def add(self, kind: str, *values: float) -> None:
        self.setdefault(kind, Errors()).values.extend(values)

    def rows(self) -> Iterator[dict[str, float | str]]:
        return ({"kind": kind, **errors.figures()} for kind, errors in self.items())


class Bench:
    def __init__(self, voice: Voice) -> None:
        self.tally = Tally()
        self._voice = voice
        self._frontend = voice._frontend
        self._options = SynthesisOptions()
        stages = voice.prepare(self._options)
        self._acoustic, self._vocoder = stages.acoustic, stages.vocoder
        model = load_acoustic_model(voice.manifest, torch.device("cpu"))
        self._model = model if isinstance(model, FastSpeech2) else None
        self._frame = stages.vocoder.mel.hop_length / voice.manifest.sample_rate
        self._phonemize = lru_cache(maxsize=None)(self._frontend.phonemize)

    def measure(self, clip: Clip) -> None:
        known = word_groups(clip, self._phonemize)
        self._measure_words(clip, known)
        samples, sample_rate = soundfile.read(clip.audio, dtype="float32")
        self._measure_sound("corpus", samples, sample_rate, clip.phonemes, clip.bounds)
        encoded = self._frontend.encode(clip.phonemes)
        if encoded.dropped:
            self.tally.add("left out: phonemes that the voice lacks", 0.0)
            return
        self._measure_rhythm(clip, known)
        if self._model is not None:
            self._measure_frames(clip, known)

    def _measure_words(self, clip: Clip, known: Sequence[Group]) -> None:
        reading = self._frontend.read(Passage(clip.text))
        is_same = reading.phonemes == clip.phonemes
        marks = marks_of(reading.phonemes, transferred(clip, reading.phonemes))
        kind = "words, same phonemes" if is_same else "words, other phonemes"
        self._compare(kind, timed_words(clip.text, reading.words, marks), known)

    def _compare(self, kind: str, words: Sequence[TimedWord], known: Sequence[Group]) -> None:
        for group in known:
            inside = [word for word in words if word.written[0] < group.end and word.written[1] > group.start]
            if not inside:
                self.tally.add(f"{kind}: no word", 0.0)
                continue
            if inside[0].written[0] >= group.start:
                self.tally.add(f"{kind}: start", inside[0].start - group.first)
            if inside[-1].written[1] <= group.end:
                self.tally.add(f"{kind}: end", inside[-1].end - group.last)

    def _measure_frames(self, clip: Clip, known: Sequence[Group]) -> None:
        assert self._model is not None
        edges = np.array([0.0, *clip.bounds, clip.seconds])
        durations = np.diff(np.round(edges / self._frame).astype(int))
        encoded = self._frontend.encode(clip.phonemes)
        with torch.inference_mode():
            ids, lengths = torch.tensor([encoded.ids]), torch.tensor([len(encoded.ids)])
            mel = self._model(ids, lengths, torch.tensor(durations)[None]).mel[0].numpy()
        samples = self._vocoder.speak_all([WaveRequest(mel, random_generator(0))], [0.0])[0]
        places = [-1, *range(len(clip.phonemes)), -1]
        marks = symbol_marks(encoded.symbols, places, durations.tolist(), 0.0, self._frame)
        self._compare("frames", timed_words(clip.text, read_words(clip, known), marks), known)
        bounds = [mark.start for mark in marks] + [marks[-1].end]
        self.tally.add("frames: audio beyond its frames", len(samples) / self._voice.manifest.sample_rate - edges[-1])
        self._measure_sound("voice", samples, self._voice.manifest.sample_rate, clip.phonemes, bounds)

    def _measure_rhythm(self, clip: Clip, known: Sequence[Group]) -> None:
        encoded = self._frontend.encode(clip.phonemes)
        spoken = speak_with_retries(self._acoustic, encoded, self._options, random_generator(0))
        places = [-1, *range(len(clip.phonemes)), -1]
        marks = symbol_marks(spoken.symbols, places, spoken.result.durations.tolist(), 0.0, self._frame)
        words = timed_words(clip.text, read_words(clip, known), marks)
        lag = words[0].start - known[0].first
        scale = (known[-1].last - known[0].first) / (words[-1].end - words[0].start)
        for word, group in zip(words, known, strict=True):
            self.tally.add("rhythm: length", (word.end - word.start) - (group.last - group.first))
            self.tally.add("rhythm: start", word.start - lag - group.first)
            since_first = word.start - words[0].start
            self.tally.add("rhythm: start, scaled", known[0].first + scale * since_first - group.first)

    def _measure_sound(
        self, whose: str, samples: np.ndarray, sample_rate: int, phonemes: str, bounds: Sequence[float]
    ) -> None:
        for kind, error in transition_errors(samples, sample_rate, phonemes, bounds):
            self.tally.add(f"sound, {whose}: {kind}", error)


def marks_of(phonemes: str, bounds: Sequence[float]) -> list[Mark]:
    """Phonemes with the edges between them, in seconds."""
    return [Mark(symbol, bounds[i], bounds[i + 1], i) for i, symbol in enumerate(phonemes)]


def transferred(clip: Clip, phonemes: str) -> list[float]:
    """The edges of other phonemes for the same clip: those of equal ones, and between them evenly divided."""
    if phonemes == clip.phonemes:
        return list(clip.bounds)
    blocks = SequenceMatcher(None, clip.phonemes, phonemes, autojunk=False).get_matching_blocks()
    ours, theirs = [0], [0]
    for start, other, size in blocks:
        ours += range(other, other + size + 1)
        theirs += range(start, start + size + 1)
    edges = np.interp(range(len(phonemes) + 1), ours, np.array(clip.bounds)[theirs])
    return [float(edge) for edge in edges]


def read_words(clip: Clip, known: Sequence[Group]) -> list[ReadWord]:
    """The groups as words of the clip's own phonemes."""
    first = {edge: i for i, edge in reversed(list(enumerate(clip.bounds)))}
    last = {edge: i for i, edge in enumerate(clip.bounds)}
    return [ReadWord(group.start, group.end, first[group.first], last[group.last]) for group in known]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--voice", default="heart")
    parser.add_argument("--splits", default="val,test")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--step-samples", type=int, default=600, help="samples that a duration of 1 stands for")
    parser.add_argument("--sample-rate", type=int, default=24_000, help="of the corpus")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    bench = Bench(load_voice(arguments.voice, device="cpu"))
    measured = list(
        read_clips(arguments.corpus, arguments.splits.split(","), arguments.step_samples, arguments.sample_rate)
    )[: arguments.limit]
    for clip in measured:
        bench.measure(clip)
    rows = list(bench.tally.rows())
    if arguments.json:
        print(json.dumps({"clips": len(measured), "rows": rows}, indent=2))
        return
    print(f"{len(measured)} clips; ms")
    print(f"{'':44}{'n':>7}{'median':>8}{'p95':>8}{'largest':>8}{'lag':>8}{'spread':>8}")
    for row in sorted(rows, key=lambda row: str(row["kind"])):
        figures = "".join(f"{row[name]:>8}" for name in ("median", "p95", "largest", "lag", "spread"))
        print(f"{row['kind']:44}{row['n']:>7}{figures}")


if __name__ == "__main__":
    main()
