"""How exact timings are, against a corpus whose phonemes have durations.

    python benchmarks/timings.py CORPUS [--voice heart] [--splits val,test] [--limit 80] [--json]

words:   written words found by the frontend, heard when the corpus says; where the frontend gives other phonemes
         than the corpus, the two are aligned and times between them divided evenly.
frames:  the corpus's durations forced on the voice's acoustic model (FastSpeech 2): what rounding to frames costs.
rhythm:  the voice's own durations against the corpus's; both begin with the first sound, and `scaled` end with the last
         too. That is the voice's, not the timings'.
sound:   where vowels turn into hisses and back, in the corpus's audio and in what the voice makes of forced durations,
         against the boundaries: what a boundary means.

Errors are in milliseconds: median, 95th percentile and largest without their sign, their median with it (`lag`; of
sounds, below 0 is before the boundary), and the 95th percentile of what would remain without the lag (`spread`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import torch
from timing_truth import Clip, Group, clips, groups
from transitions import transition_errors

from tts import SynthesisOptions, Voice, load_voice
from tts.models.base import WaveRequest
from tts.models.fastspeech2 import FastSpeech2
from tts.synthesis.sentence import random_draws
from tts.synthesis.steady import speak_steadily
from tts.synthesis.timing import Mark, TimedWord, symbol_marks, timed_words
from tts.text.passage import Passage
from tts.text.reading import ReadWord
from tts.voice.load import load_acoustic_model


@dataclass
class Errors:
    """Errors of one kind, in seconds, with their sign."""

    values: list[float] = field(default_factory=list)

    def told(self) -> dict[str, float]:
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
        return ({"kind": kind, **errors.told()} for kind, errors in self.items())


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
        self._alone = lru_cache(maxsize=None)(self._frontend.phonemize)

    def take(self, clip: Clip) -> None:
        known = groups(clip, self._alone)
        self._take_words(clip, known)
        samples, sample_rate = soundfile.read(clip.audio, dtype="float32")
        self._take_sound("corpus", samples, sample_rate, clip.phonemes, clip.bounds)
        encoded = self._frontend.encode(clip.phonemes)
        if encoded.dropped:
            self.tally.add("left out: phonemes that the voice lacks", 0.0)
            return
        self._take_rhythm(clip, known)
        if self._model is not None:
            self._take_frames(clip, known)

    def _take_words(self, clip: Clip, known: Sequence[Group]) -> None:
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

    def _take_frames(self, clip: Clip, known: Sequence[Group]) -> None:
        assert self._model is not None
        edges = np.array([0.0, *clip.bounds, clip.seconds])
        durations = np.diff(np.round(edges / self._frame).astype(int))
        encoded = self._frontend.encode(clip.phonemes)
        with torch.inference_mode():
            ids, lengths = torch.tensor([encoded.ids]), torch.tensor([len(encoded.ids)])
            mel = self._model(ids, lengths, torch.tensor(durations)[None]).mel[0].numpy()
        samples = self._vocoder.speak_all([WaveRequest(mel, random_draws(0))], [0.0])[0]
        places = [-1, *range(len(clip.phonemes)), -1]
        marks = symbol_marks(encoded.symbols, places, durations.tolist(), 0.0, self._frame)
        self._compare("frames", timed_words(clip.text, read_words(clip, known), marks), known)
        bounds = [mark.start for mark in marks] + [marks[-1].end]
        self.tally.add("frames: audio beyond its frames", len(samples) / self._voice.manifest.sample_rate - edges[-1])
        self._take_sound("voice", samples, self._voice.manifest.sample_rate, clip.phonemes, bounds)

    def _take_rhythm(self, clip: Clip, known: Sequence[Group]) -> None:
        spoken = speak_steadily(self._acoustic, self._frontend.encode(clip.phonemes), self._options, random_draws(0))
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

    def _take_sound(
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
    place = {edge: i for i, edge in reversed(list(enumerate(clip.bounds)))}
    last = {edge: i for i, edge in enumerate(clip.bounds)}
    return [ReadWord(group.start, group.end, place[group.first], last[group.last]) for group in known]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--voice", default="heart")
    parser.add_argument("--splits", default="val,test")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--step-samples", type=int, default=600, help="samples that a duration of 1 stands for")
    parser.add_argument("--sample-rate", type=int, default=24_000, help="of the corpus")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    bench = Bench(load_voice(asked.voice, device="cpu"))
    taken = list(clips(asked.corpus, asked.splits.split(","), asked.step_samples, asked.sample_rate))[: asked.limit]
    for clip in taken:
        bench.take(clip)
    rows = list(bench.tally.rows())
    if asked.json:
        print(json.dumps({"clips": len(taken), "rows": rows}, indent=2))
        return
    print(f"{len(taken)} clips; ms")
    print(f"{'':44}{'n':>7}{'median':>8}{'p95':>8}{'largest':>8}{'lag':>8}{'spread':>8}")
    for row in sorted(rows, key=lambda row: str(row["kind"])):
        figures = "".join(f"{row[name]:>8}" for name in ("median", "p95", "largest", "lag", "spread"))
        print(f"{row['kind']:44}{row['n']:>7}{figures}")


if __name__ == "__main__":
    main()
