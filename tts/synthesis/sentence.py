"""One sentence of a text: what was read of it, its random numbers, and what of its mel is heard."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.random

from tts.audio.mel_settings import MelSettings
from tts.models.base import Floats, SpokenMel, WaveRequest
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.steady import Spoken
from tts.text.passage import Level, Prosody
from tts.text.reading import Reading
from tts.text.symbols import Encoded

# A recording starts and ends with silence of its own; this much of it is kept at each side of a sentence. In the
# corpus that `heart` learned from, the first sound is heard up to 0.1 s before the first symbol begins.
EDGE_SECONDS = 0.12
# And so much where a sentence was cut though its author makes no pause.
CUT_SECONDS = 0.03
# What parts clauses, in phonemes.
CLAUSE_MARKS = frozenset(",;:")


class Place(NamedTuple):
    """A place that the author named, at a character of the sentence as written."""

    name: str
    start: int


class Mannered(NamedTuple):
    """A stretch, [first, last) of the phonemes, that is said in a prosody of its own."""

    prosody: Prosody
    first: int
    last: int


@dataclass(frozen=True)
class Sentence:
    """A sentence as written and as read, and how it is said; `index` counts those that are spoken before it."""

    text: str
    reading: Reading
    encoded: Encoded
    index: int
    opens: Level = "sentence"
    """The boundary before it."""
    silence: float = 0.0
    """Seconds of silence before it."""
    voice: str | None = None
    """Another voice than that of the text, by name."""
    manners: tuple[Mannered, ...] = ()
    """The words that are said in a prosody of their own."""
    bookmarks: tuple[Place, ...] = ()
    cut: tuple[bool, bool] = (False, False)
    """Whether it goes on, without a boundary or pause, from the one before, and in the next."""
    notices: tuple[str, ...] = ()
    """What was noticed while it was read, and in what stands before it and cannot be spoken."""

    @classmethod
    def of_silence(cls, seconds: float, index: int, bookmarks: Sequence[str], notices: Sequence[str]) -> Sentence:
        """What comes after the last sentence: a pause, places, notices, and nothing that is said."""
        places = tuple(Place(name, 0) for name in bookmarks)
        nothing = Encoded([], [], (), [])
        return cls("", Reading(""), nothing, index, "", seconds, bookmarks=places, notices=tuple(notices))

    @property
    def phonemes(self) -> str:
        return self.reading.phonemes

    @property
    def is_silent(self) -> bool:
        return not self.encoded.ids

    @property
    def warnings(self) -> tuple[str, ...]:
        unknown = " ".join(self.encoded.dropped)
        told = (f"symbols this voice does not know were left out: {unknown}",) if unknown else ()
        return (*self.notices, *told)

    def draws(self, seed: int) -> np.random.Generator:
        return random_draws(sentence_seed(seed, self.index, self.phonemes))

    def n_silent(self, sample_rate: int) -> int:
        """Samples of silence before it."""
        return round(self.silence * sample_rate)


@dataclass(frozen=True)
class Script:
    """A text that was read and can be spoken, later or elsewhere, by the voice that read it; how, is in `options`."""

    sentences: tuple[Sentence, ...]
    options: SynthesisOptions


def sentence_seed(seed: int, index: int, phonemes: str) -> int:
    """A seed that belongs to one sentence of one text, whatever else is spoken in the same process."""
    digest = hashlib.sha256(f"{seed}:{index}:{phonemes}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def random_draws(seed: int) -> np.random.Generator:
    """All that is random in one sentence."""
    return np.random.default_rng(seed)


def heard(
    spoken: Spoken, mel: MelSettings, clause_silence: float = 0.0, cut: tuple[bool, bool] = (False, False)
) -> SpokenMel:
    """What is heard of a sentence: all but what is too long of the silence in markers at its ends.

    `clause_silence` seconds are put in at every mark between two clauses; `cut` as a Sentence has it.
    """
    frames_a_second = mel.sample_rate / mel.hop_length
    result = spoken.result
    if n_frames := round(clause_silence * frames_a_second):
        result = with_pauses(result, _clause_marks(spoken.symbols), n_frames)
    if not spoken.symbols[0] == spoken.symbols[-1] == "":
        return result
    first, last = (round((CUT_SECONDS if goes_on else EDGE_SECONDS) * frames_a_second) for goes_on in cut)
    return without_long_edges(result, first, last)


def _clause_marks(symbols: Sequence[str]) -> list[int]:
    """The marks between clauses: with a blank behind them, and something to say."""
    following = zip(symbols, symbols[1:], symbols[2:], strict=False)
    return [i for i, (mark, blank, more) in enumerate(following) if mark in CLAUSE_MARKS and blank.isspace() and more]


def with_pauses(result: SpokenMel, places: Sequence[int], n_frames: int) -> SpokenMel:
    """Put `n_frames` of silence, of the quietest frame there is, into the quietest place of each symbol in `places`."""
    if not places:
        return result
    loudness = result.mel.mean(axis=0)
    bounds = np.concatenate([[0], np.cumsum(result.durations)])
    cuts = [_quietest(loudness, int(bounds[place]), int(bounds[place + 1])) for place in places]
    silence = np.repeat(result.mel[:, [loudness.argmin()]], n_frames * len(cuts), axis=1)
    where = np.repeat(cuts, n_frames)
    durations = result.durations.copy()
    durations[list(places)] += n_frames
    f0 = None if result.f0 is None else np.insert(result.f0, where, np.float32(0))
    return replace(result, mel=np.insert(result.mel, where, silence, axis=1), durations=durations, f0=f0)


def _quietest(loudness: Floats, start: int, end: int) -> int:
    return start + int(loudness[start:end].argmin()) if end > start else start


def without_long_edges(result: SpokenMel, n_first: int, n_last: int) -> SpokenMel:
    """Cut the first and the last symbol, which are markers and silent, down to at most so many frames."""
    durations = result.durations.copy()
    first, last = int(durations[0]), int(durations[-1])
    start, end = max(0, first - n_first), result.mel.shape[1] - max(0, last - n_last)
    durations[0], durations[-1] = min(first, n_first), min(last, n_last)
    f0 = None if result.f0 is None else result.f0[start:end]
    return replace(result, mel=result.mel[:, start:end], durations=durations, f0=f0)


def wave_request(
    result: SpokenMel, generator: np.random.Generator, *, shifted: bool = False, streams: int = 1
) -> WaveRequest:
    """What is heard of a sentence, for a vocoder; `shifted` where its pitch is not the voice's own."""
    # It hears the pitch best in mels like those it was trained on; a shifted pitch it must be told.
    return WaveRequest(result.mel, generator, result.f0 if shifted else None, streams)
