"""What a clip must be to be learned from; each check that fails says why, and nothing is dropped without a reason."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.audio.audio import Audio, integrated_loudness
from tts.audio.mel_settings import MelSettings
from tts.errors import UsageError
from tts.text.symbols import ENGLISH_IPA, N_RESERVED, PUNCTUATION, STRESS_AND_LENGTH
from tts.training.layouts import Fault

REASONS = {
    "unreadable line": "its line in the data set cannot be read",
    "wrong durations": "its durations do not belong to its phonemes",
    "missing file": "there is no recording",
    "unreadable file": "its recording cannot be read as audio",
    "low sample rate": "its sample rate does not reach the highest frequency of the mel",
    "clipped": "its loudest parts are cut off",
    "silent": "nothing is heard",
    "too short": "it is shorter than --min-seconds",
    "too long": "it is longer than --max-seconds",
    "no text": "nothing is written",
    "unspeakable": "its text has nothing that can be spoken",
    "wrong pace": "its text is too long or too short for its recording to be right",
    "duplicate": "its id, or its text and recording, have been there before",
}

# Less is no speech and not enough for a mel; more than this in one piece fits into no batch.
LEAST_SECONDS, MOST_SECONDS = 0.1, 120.0
# A run of so many samples at full scale is a wave cut off; one or two are a peak that just fits.
CLIPPED_RUN = 3
FULL_SCALE = 1 - 2 / 32768
MAX_CLIPPED_SHARE = 1e-3
MIN_LOUDNESS = -50.0
# People speak at 10 to 20 sounds a second. Twice as fast as the fastest, or slower than two a second beside a second of
# silence, is another text.
MAX_SOUNDS_PER_SECOND = 30.0
MIN_SOUNDS_PER_SECOND = 2.0
SILENCE_SECONDS = 1.0

_SILENT = frozenset(PUNCTUATION + STRESS_AND_LENGTH)
_MARKERS = frozenset(ENGLISH_IPA.symbols[:N_RESERVED])


class UnfitError(Exception):
    """A clip cannot be used."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.fault = Fault(reason, detail)


@dataclass(frozen=True)
class Limits:
    """The shortest and longest clip, in seconds, when silence at its ends is gone."""

    min_seconds: float = 0.3
    max_seconds: float = 20.0

    def __post_init__(self) -> None:
        if not LEAST_SECONDS <= self.min_seconds < self.max_seconds <= MOST_SECONDS:
            raise UsageError(
                f"Clips can be from {LEAST_SECONDS} to {MOST_SECONDS:.0f} seconds long, and --min-seconds is below "
                f"--max-seconds: not {self.min_seconds:g} and {self.max_seconds:g}."
            )


def check_sample_rate(sample_rate: int, mel: MelSettings) -> None:
    """Below twice `f_max` the mel would have bands that are empty in this clip and full in others.

    From there to the mel's own rate only the vocoder misses something: what lies above `f_max`.
    """
    if sample_rate < 2 * mel.f_max:
        raise UnfitError("low sample rate", f"{sample_rate} Hz, and the mel needs {2 * mel.f_max:.0f} Hz")


def check_clipping(samples: npt.NDArray[np.float32]) -> None:
    """samples [n, channels] as they were recorded: resampling would round the corners."""
    share = max(clipped_share(channel) for channel in samples.T)
    if share > MAX_CLIPPED_SHARE:
        raise UnfitError("clipped", f"{100 * share:.2f} % of the samples lie in runs at full scale")


def clipped_share(samples: npt.NDArray[np.float32]) -> float:
    """The part of samples [n] that lie in runs of `CLIPPED_RUN` or more at full scale."""
    full = np.concatenate([[False], np.abs(samples) >= FULL_SCALE, [False]])
    starts, ends = np.flatnonzero(full[1:] & ~full[:-1]), np.flatnonzero(full[:-1] & ~full[1:])
    runs = ends - starts
    return float(runs[runs >= CLIPPED_RUN].sum()) / max(1, len(samples))


def check_loudness(samples: npt.NDArray[np.float32], sample_rate: int) -> float:
    """The loudness in LUFS of a clip that can be heard."""
    loudness = integrated_loudness(Audio(samples, sample_rate))
    if loudness < MIN_LOUDNESS:
        raise UnfitError("silent", f"{max(loudness, -200.0):.0f} LUFS")
    return loudness


def check_length(seconds: float, limits: Limits) -> None:
    if seconds < limits.min_seconds:
        raise UnfitError("too short", f"{seconds:.2f} s")
    if seconds > limits.max_seconds:
        raise UnfitError("too long", f"{seconds:.2f} s")


def check_phonemes(phonemes: str) -> int:
    """How many sounds phonemes hold: vowels and consonants, of which there must be one."""
    if markers := sorted(_MARKERS.intersection(phonemes)):
        raise UnfitError("unspeakable", f"{' '.join(markers)} among the phonemes: they stand for begin, end, padding")
    sounds = n_sounds(phonemes)
    if not sounds:
        raise UnfitError("unspeakable", f"its phonemes are {phonemes!r}")
    return sounds


def n_sounds(phonemes: str) -> int:
    return sum(symbol not in _SILENT and unicodedata.category(symbol).startswith("L") for symbol in phonemes)


def check_pace(sounds: int, seconds: float) -> None:
    fastest, slowest = MAX_SOUNDS_PER_SECOND * seconds, MIN_SOUNDS_PER_SECOND * (seconds - SILENCE_SECONDS)
    if not slowest <= sounds <= fastest:
        raise UnfitError("wrong pace", f"{sounds} sounds in {seconds:.2f} s")
