"""One clip → what training reads of it: wave, mel, F0, energy, and the phonemes that `tts say` would speak."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.audio.audio import to_int16
from tts.audio.mel import mel_spectrogram
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fundamental_frequency
from tts.text.espeak import EspeakFrontend
from tts.training import checks
from tts.training.checks import Limits, UnfitError
from tts.training.data import frame_energy
from tts.training.layouts import Clip

FloatArray = npt.NDArray[np.float32]

# Silence left at both ends: the network learns to begin and end in it, and `tts say` keeps as much.
MARGIN_SECONDS = 0.12
# What is so far below the loudest frame is silence: room noise of good recordings lies lower, weak consonants higher.
SILENCE_DECIBELS = -45.0
_SILENCE_WINDOW, _SILENCE_HOP = 0.025, 0.005
# A file that is so much longer than the longest clip is not read: silence at its ends would not explain it.
_LONGEST_SILENCE = 10.0


@dataclass(frozen=True)
class FeatureSettings:
    """How clips become features; equal settings give equal features of equal files."""

    mel: MelSettings = field(default_factory=MelSettings)
    language: str = "en-us"
    trim: bool = True
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Features:
    """wave int16 [T * hop_length], mel float16 [T, n_mels], f0 [T] in Hz (0 unvoiced), energy [T].

    `notes` is plain data: phonemes, durations in frames, and what the report wants to know.
    """

    wave: npt.NDArray[np.int16]
    mel: npt.NDArray[np.float16]
    f0: FloatArray
    energy: FloatArray
    notes: dict[str, Any]


def clip_features(clip: Clip, settings: FeatureSettings) -> Features:
    """The features of a clip.

    Raises:
        UnfitError: a check fails.
        TtsError: espeak-ng cannot be loaded or does not speak the language.
    """
    if clip.fault is not None:
        raise UnfitError(clip.fault.reason, clip.fault.detail)
    phonemes = spoken(clip, settings.language)
    sounds = checks.check_phonemes(phonemes)
    recording = read_recording(clip, settings)
    samples = resampled(recording.samples, recording.sample_rate, settings.mel.sample_rate)
    if settings.trim and clip.durations is None:
        samples = trimmed(samples, settings.mel.sample_rate)
    seconds = len(samples) / settings.mel.sample_rate
    checks.check_length(seconds, settings.limits)
    loudness = checks.check_loudness(samples, settings.mel.sample_rate)
    checks.check_pace(sounds, seconds)
    notes = {
        "phonemes": phonemes,
        "loudness": round(loudness, 2),
        "sounds": sounds,
        "sample_rate": recording.sample_rate,
        "channels": recording.channels,
        "digest": recording.digest,
    }
    return _packed(samples, settings.mel, clip.durations, notes)


def spoken(clip: Clip, language: str) -> str:
    """The phonemes of a clip: those given, or of each sentence what `tts say` would speak, a space between them."""
    if clip.phonemes is not None:
        return clip.phonemes
    if not clip.text.strip():
        raise UnfitError("no text", "its text is empty")
    frontend = _frontend(language)
    sentences = [frontend.phonemize(sentence) for sentence in frontend.sentences(clip.text)]
    return " ".join(phonemes for phonemes in sentences if checks.n_sounds(phonemes))


@lru_cache(maxsize=1)
def _frontend(language: str) -> EspeakFrontend:
    # As it was when the corpora that exist were prepared: what is said for a homograph stays what espeak-ng says.
    return EspeakFrontend(language, homographs=False)


@dataclass(frozen=True)
class Recording:
    """samples [n] of all channels' mean, and what the file was: its channels, and a digest of the samples."""

    samples: FloatArray
    sample_rate: int
    channels: int
    digest: str


def read_recording(clip: Clip, settings: FeatureSettings) -> Recording:
    """Read a clip's file.

    Raises:
        UnfitError: it is missing, no audio, of too low a rate, clipped or far too long.
    """
    import soundfile

    if clip.file is None:
        raise UnfitError("missing file", f"no audio file is named {clip.id}")
    if not clip.file.is_file():
        raise UnfitError("missing file", f"there is no {clip.file.name}")
    try:
        with soundfile.SoundFile(clip.file) as file:
            sample_rate = int(file.samplerate)
            checks.check_sample_rate(sample_rate, settings.mel)
            if file.frames / sample_rate > settings.limits.max_seconds + _LONGEST_SILENCE:
                raise UnfitError("too long", f"{file.frames / sample_rate:.2f} s")
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise UnfitError("unreadable file", str(getattr(error, "error_string", error))) from error
    if not len(samples):
        raise UnfitError("too short", "0 s")
    if not np.isfinite(samples).all():
        raise UnfitError("unreadable file", "it has samples that are not numbers")
    checks.check_clipping(samples)
    mono = samples[:, 0].copy() if samples.shape[1] == 1 else samples.mean(1)
    return Recording(mono, sample_rate, samples.shape[1], hashlib.sha256(mono.tobytes()).hexdigest())


def resampled(samples: FloatArray, source: int, target: int) -> FloatArray:
    import soxr

    converted: FloatArray = soxr.resample(samples, source, target)
    return converted


def trimmed(samples: FloatArray, sample_rate: int) -> FloatArray:
    """samples [n] without the silence at their ends, but for `MARGIN_SECONDS`; all of them where there is no sound."""
    window, hop = round(_SILENCE_WINDOW * sample_rate), round(_SILENCE_HOP * sample_rate)
    if len(samples) < window:
        return samples
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    power = np.square(frames, dtype=np.float64).mean(1)
    heard = np.flatnonzero(power > power.max() * 10 ** (SILENCE_DECIBELS / 10))
    if not len(heard):
        return samples
    margin = round(MARGIN_SECONDS * sample_rate)
    return samples[max(0, int(heard[0]) * hop - margin) : int(heard[-1]) * hop + window + margin]


def frame_durations(durations: list[int], n_frames: int) -> npt.NDArray[np.int64]:
    """Durations in any equal steps → whole frames that add up to `n_frames`.

    Boundaries are rounded, not single durations, so that rounding never adds up.
    """
    boundaries = np.concatenate([[0], np.cumsum(durations)]) * (n_frames / sum(durations))
    return np.diff(np.round(boundaries)).astype(np.int64)


def _packed(samples: FloatArray, mel: MelSettings, durations: list[int] | None, notes: dict[str, Any]) -> Features:
    import torch

    n_frames = len(samples) // mel.hop_length
    spectrogram = mel_spectrogram(torch.from_numpy(samples)[None], mel)[0, :, :n_frames].numpy().T
    packed_mel = spectrogram.astype(np.float16, order="C")
    frames = None if durations is None else frame_durations(durations, n_frames).tolist()
    return Features(
        wave=to_int16(samples[: n_frames * mel.hop_length]),
        mel=packed_mel,
        f0=fundamental_frequency(samples, mel.sample_rate, mel.hop_length)[:n_frames],
        # Of the mel as it is kept, so that it can be had again from it.
        energy=frame_energy(packed_mel),
        notes=notes | {"durations": frames},
    )
