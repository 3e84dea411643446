"""Features of one clip: check its text and recording, then compute wave, mel, F0 and energy.

A clip that fails a check raises `UnfitError` with one of the `REASONS`; no clip is dropped without a reason.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.audio.audio import Audio, integrated_loudness, to_int16
from tts.audio.mel import mel_spectrogram
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fundamental_frequency
from tts.errors import UsageError
from tts.text.frontend import EspeakFrontend
from tts.text.symbols import ENGLISH_IPA, N_RESERVED, PUNCTUATION, STRESS_AND_LENGTH
from tts.training.data import frame_energy
from tts.training.layouts import Clip, Fault

FloatArray = npt.NDArray[np.float32]

# Reason, as dropped.jsonl and report.json name it → explanation.
REASONS = {
    "unreadable line": "its line in the data set cannot be read",
    "wrong durations": "its durations do not match its phonemes",
    "missing file": "there is no recording",
    "unreadable file": "its recording cannot be read as audio",
    "low sample rate": "its sample rate is less than twice the highest frequency of the mel",
    "clipped": "its recording is clipped",
    "silent": "its recording is silent",
    "too short": "it is shorter than --min-seconds",
    "too long": "it is longer than --max-seconds",
    "no text": "its text is empty",
    "unreadable text": "the file of its text cannot be read",
    "no speaker": "it has no speaker, and other clips have one",
    "unspeakable": "its text contains nothing that can be spoken",
    "wrong pace": "its text is too long or too short for its recording",
    "duplicate": "an earlier clip has the same id, or the same text and recording",
}

# Shorter clips hold no speech and too few samples for a mel; longer ones fit into no batch.
LEAST_SECONDS, MOST_SECONDS = 0.1, 120.0
# So many samples in a row at full scale are a clipped wave; one or two are a peak that just fits.
CLIPPED_RUN = 3
FULL_SCALE = 1 - 2 / 32768
MAX_CLIPPED_SHARE = 1e-3
MIN_LOUDNESS = -50.0
# People speak 10 to 20 speech sounds per second. A clip at more than 30, or at less than two per second apart from one
# second of silence, has the text of another recording.
MAX_SOUNDS_PER_SECOND = 30.0
MIN_SOUNDS_PER_SECOND = 2.0
SILENCE_SECONDS = 1.0
# Silence left at both ends: networks learn to begin and end with silence, and `tts say` produces as much.
MARGIN_SECONDS = 0.12
# Frames this far below the loudest one are silence: the noise of good recordings is lower, weak consonants are higher.
SILENCE_DECIBELS = -45.0
_SILENCE_WINDOW, _SILENCE_HOP = 0.025, 0.005
# A file may be longer than the longest clip by so much silence at its ends; longer files are not read at all.
_LONGEST_SILENCE = 10.0

_SILENT = frozenset(PUNCTUATION + STRESS_AND_LENGTH)
_MARKERS = frozenset(ENGLISH_IPA.symbols[:N_RESERVED])


class UnfitError(Exception):
    """A clip cannot be used for training."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.fault = Fault(reason, detail)


@dataclass(frozen=True)
class Limits:
    """The shortest and the longest clip in seconds, measured after trimming."""

    min_seconds: float = 0.3
    max_seconds: float = 20.0

    def __post_init__(self) -> None:
        if not LEAST_SECONDS <= self.min_seconds < self.max_seconds <= MOST_SECONDS:
            raise UsageError(
                f"Clips must be {LEAST_SECONDS} to {MOST_SECONDS:.0f} seconds long, and --min-seconds must be below "
                f"--max-seconds: {self.min_seconds:g} and {self.max_seconds:g} are not allowed."
            )


@dataclass(frozen=True)
class FeatureSettings:
    """How features are computed; equal settings give equal features of equal files."""

    mel: MelSettings = field(default_factory=MelSettings)
    language: str = "en-us"
    trim: bool = True
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Features:
    """wave int16 [T * hop_length], mel float16 [T, n_mels], f0 [T] in Hz (0 where unvoiced), energy [T].

    `notes` is JSON data: the phonemes, the durations in frames, and the figures that the report needs.
    """

    wave: npt.NDArray[np.int16]
    mel: npt.NDArray[np.float16]
    f0: FloatArray
    energy: FloatArray
    notes: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """samples [n], the mean of all channels; the file's sample rate and channels; a SHA-256 digest of the samples."""

    samples: FloatArray
    sample_rate: int
    channels: int
    digest: str


def clip_features(clip: Clip, settings: FeatureSettings) -> Features:
    """Check a clip and compute its features.

    Raises:
        UnfitError: a check fails.
        TtsError: espeak-ng cannot be loaded or does not know the language.
    """
    import soxr
    import torch

    if clip.fault is not None:
        raise UnfitError(clip.fault.reason, clip.fault.detail)
    mel = settings.mel
    phonemes = clip_phonemes(clip, settings.language)
    sounds = check_phonemes(phonemes)
    recording = read_recording(clip, settings)
    samples: FloatArray = soxr.resample(recording.samples, recording.sample_rate, mel.sample_rate)
    if settings.trim and clip.durations is None:
        samples = trimmed(samples, mel.sample_rate)

    seconds = len(samples) / mel.sample_rate
    check_length(seconds, settings.limits)
    loudness = check_loudness(samples, mel.sample_rate)
    check_pace(sounds, seconds)

    n_frames = len(samples) // mel.hop_length
    spectrogram = mel_spectrogram(torch.from_numpy(samples)[None], mel)[0, :, :n_frames].numpy().T
    stored_mel = spectrogram.astype(np.float16, order="C")
    return Features(
        wave=to_int16(samples[: n_frames * mel.hop_length]),
        mel=stored_mel,
        f0=fundamental_frequency(samples, mel.sample_rate, mel.hop_length)[:n_frames],
        # Of the mel in float16, so that energy can be recomputed from the file of mels.
        energy=frame_energy(stored_mel),
        notes={
            "phonemes": phonemes,
            "loudness": round(loudness, 2),
            "sounds": sounds,
            "sample_rate": recording.sample_rate,
            "channels": recording.channels,
            "digest": recording.digest,
            "durations": None if clip.durations is None else frame_durations(clip.durations, n_frames).tolist(),
        },
    )


def clip_phonemes(clip: Clip, language: str) -> str:
    """Return the phonemes that the data set gives, or those of all sentences of the text, joined by spaces."""
    if clip.phonemes is not None:
        return clip.phonemes
    if not clip.text.strip():
        raise UnfitError("no text", "its text is empty")
    frontend = _frontend(language)
    sentences = [frontend.phonemize(sentence) for sentence in frontend.sentences(clip.text)]
    return " ".join(phonemes for phonemes in sentences if _n_sounds(phonemes))


@lru_cache(maxsize=1)
def _frontend(language: str) -> EspeakFrontend:
    # Without our homograph rules, as when the existing corpora were prepared: espeak-ng chooses each pronunciation.
    return EspeakFrontend(language, homographs=False)


def check_phonemes(phonemes: str) -> int:
    """Return the number of speech sounds (vowels and consonants) in `phonemes`; there must be at least one."""
    if markers := sorted(_MARKERS.intersection(phonemes)):
        raise UnfitError("unspeakable", f"{' '.join(markers)} among the phonemes: reserved for begin, end and padding")
    sounds = _n_sounds(phonemes)
    if not sounds:
        raise UnfitError("unspeakable", f"its phonemes are {phonemes!r}")
    return sounds


def _n_sounds(phonemes: str) -> int:
    return sum(symbol not in _SILENT and unicodedata.category(symbol).startswith("L") for symbol in phonemes)


def read_recording(clip: Clip, settings: FeatureSettings) -> Recording:
    """Read and check a clip's audio file.

    Raises:
        UnfitError: the file is missing, is not audio, has too low a sample rate, is clipped or far too long.
    """
    import soundfile

    if clip.file is None:
        raise UnfitError("missing file", f"no audio file is named {clip.id}")
    if not clip.file.is_file():
        raise UnfitError("missing file", f"there is no {clip.file.name}")
    try:
        with soundfile.SoundFile(clip.file) as file:
            sample_rate = int(file.samplerate)
            check_sample_rate(sample_rate, settings.mel)
            if file.frames / sample_rate > settings.limits.max_seconds + _LONGEST_SILENCE:
                raise UnfitError("too long", f"{file.frames / sample_rate:.2f} s")
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise UnfitError("unreadable file", str(getattr(error, "error_string", error))) from error
    if not len(samples):
        raise UnfitError("too short", "0 s")
    if not np.isfinite(samples).all():
        raise UnfitError("unreadable file", "it has samples that are not numbers")
    check_clipping(samples)
    mono = samples[:, 0].copy() if samples.shape[1] == 1 else samples.mean(1)
    return Recording(mono, sample_rate, samples.shape[1], hashlib.sha256(mono.tobytes()).hexdigest())


def check_sample_rate(sample_rate: int, mel: MelSettings) -> None:
    """Check that `f_max` is below the Nyquist frequency: the highest mel bands would be empty in this clip only.

    Between 2 * `f_max` and the mel's own sample rate, only vocoders miss something: the band above `f_max`.
    """
    if sample_rate < 2 * mel.f_max:
        raise UnfitError("low sample rate", f"{sample_rate} Hz, and the mel needs {2 * mel.f_max:.0f} Hz")


def check_clipping(samples: FloatArray) -> None:
    """Check samples [n, channels] as recorded, before resampling rounds off the corners of a clipped wave."""
    share = max(clipped_share(channel) for channel in samples.T)
    if share > MAX_CLIPPED_SHARE:
        raise UnfitError("clipped", f"{100 * share:.2f} % of the samples lie in runs at full scale")


def clipped_share(samples: FloatArray) -> float:
    """Return the share of samples [n] that lie in runs of `CLIPPED_RUN` or more at full scale."""
    full = np.concatenate([[False], np.abs(samples) >= FULL_SCALE, [False]])
    starts, ends = np.flatnonzero(full[1:] & ~full[:-1]), np.flatnonzero(full[:-1] & ~full[1:])
    runs = ends - starts
    return float(runs[runs >= CLIPPED_RUN].sum()) / max(1, len(samples))


def check_loudness(samples: FloatArray, sample_rate: int) -> float:
    """Return the loudness in LUFS; it must be at least `MIN_LOUDNESS`."""
    loudness = integrated_loudness(Audio(samples, sample_rate))
    if loudness < MIN_LOUDNESS:
        raise UnfitError("silent", f"{max(loudness, -200.0):.0f} LUFS")
    return loudness


def check_length(seconds: float, limits: Limits) -> None:
    """Check the length after trimming."""
    if seconds < limits.min_seconds:
        raise UnfitError("too short", f"{seconds:.2f} s")
    if seconds > limits.max_seconds:
        raise UnfitError("too long", f"{seconds:.2f} s")


def check_pace(sounds: int, seconds: float) -> None:
    """Check that so many speech sounds can be spoken in so many seconds."""
    fastest, slowest = MAX_SOUNDS_PER_SECOND * seconds, MIN_SOUNDS_PER_SECOND * (seconds - SILENCE_SECONDS)
    if not slowest <= sounds <= fastest:
        raise UnfitError("wrong pace", f"{sounds} sounds in {seconds:.2f} s")


def trimmed(samples: FloatArray, sample_rate: int) -> FloatArray:
    """Return samples [n] with silence at both ends cut to `MARGIN_SECONDS`; unchanged if all of it is silence."""
    window, hop = round(_SILENCE_WINDOW * sample_rate), round(_SILENCE_HOP * sample_rate)
    if len(samples) < window:
        return samples
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    power = np.square(frames, dtype=np.float64).mean(1)
    loud = np.flatnonzero(power > power.max() * 10 ** (SILENCE_DECIBELS / 10))
    if not len(loud):
        return samples
    margin = round(MARGIN_SECONDS * sample_rate)
    return samples[max(0, int(loud[0]) * hop - margin) : int(loud[-1]) * hop + window + margin]


def frame_durations(durations: list[int], n_frames: int) -> npt.NDArray[np.int64]:
    """Convert durations in any unit to frames that sum to `n_frames`.

    Boundaries are rounded, not single durations, so that rounding errors do not accumulate.
    """
    boundaries = np.concatenate([[0], np.cumsum(durations)]) * (n_frames / sum(durations))
    return np.diff(np.round(boundaries)).astype(np.int64)
