"""One sentence of a text: what was read of it, its random numbers, and what of its mel is heard."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.random

from tts.audio.mel_settings import MelSettings
from tts.models.stages import SpokenMel, WaveRequest
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.steady import Spoken
from tts.text.symbols import Encoded

# A recording starts and ends with silence of its own; this much of it is kept at each side of a sentence. In the
# corpus that `heart` learned from, the first sound is heard up to 0.1 s before the first symbol begins.
EDGE_SECONDS = 0.12


@dataclass(frozen=True)
class Sentence:
    """A sentence as written and as read; `index` counts those that are spoken before it."""

    text: str
    phonemes: str
    encoded: Encoded
    index: int

    @property
    def warnings(self) -> tuple[str, ...]:
        unknown = " ".join(self.encoded.dropped)
        return (f"symbols this voice does not know were left out: {unknown}",) if unknown else ()

    def draws(self, seed: int) -> np.random.Generator:
        return random_draws(sentence_seed(seed, self.index, self.phonemes))

    def n_silent(self, options: SynthesisOptions, sample_rate: int) -> int:
        """Samples of silence before it: none before the first."""
        return round(options.sentence_silence * sample_rate) if self.index else 0


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


def heard(spoken: Spoken, mel: MelSettings) -> SpokenMel:
    """What is heard of a sentence: all but what is too long of the silence in markers at its ends."""
    if not spoken.symbols[0] == spoken.symbols[-1] == "":
        return spoken.result
    return without_long_edges(spoken.result, round(EDGE_SECONDS * mel.sample_rate / mel.hop_length))


def without_long_edges(result: SpokenMel, n_frames: int) -> SpokenMel:
    """Cut the first and the last symbol, which are markers and silent, down to at most `n_frames` each."""
    durations = result.durations.copy()
    first, last = int(durations[0]), int(durations[-1])
    start, end = max(0, first - n_frames), result.mel.shape[1] - max(0, last - n_frames)
    durations[0], durations[-1] = min(first, n_frames), min(last, n_frames)
    f0 = None if result.f0 is None else result.f0[start:end]
    return SpokenMel(result.mel[:, start:end], durations, f0)


def wave_request(result: SpokenMel, options: SynthesisOptions, generator: np.random.Generator) -> WaveRequest:
    """What is heard of a sentence, for a vocoder."""
    # It hears the pitch best in mels like those it was trained on; a shifted pitch it must be told.
    return WaveRequest(result.mel, generator, result.f0 if options.pitch else None, options.streams)
