"""One utterance against the recording: frame by frame, or after warping it to the recording's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from tts.audio.mel import mel_spectrogram
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fundamental_frequency
from tts.evaluation.metrics import (
    duration_error,
    f0_correlation,
    f0_error,
    log_spectral_distance,
    mel_cepstra,
    mel_cepstral_distortion,
    voicing_error,
    warping_path,
)
from tts.evaluation.scores import Scores

WORD_SPACE = " "
# Frames before the first and after the last one within this many dB of the loudest are not speech: wide enough for the
# last breath of a sentence, narrow enough for the noise of a quiet room.
_SPEECH_DECIBELS = 40.0
_DECIBELS_PER_NEPER = 20 / np.log(10)


@dataclass(frozen=True)
class SpeechFeatures:
    """What is compared of an utterance: log_mel [n_mels, T], cepstra [T, D], f0 [T] in Hz with 0 for unvoiced."""

    log_mel: npt.NDArray[np.float32]
    cepstra: npt.NDArray[np.float64]
    f0: npt.NDArray[np.float32]

    @property
    def n_frames(self) -> int:
        return len(self.f0)

    def at(self, frames: slice | npt.NDArray[np.int64]) -> SpeechFeatures:
        return SpeechFeatures(self.log_mel[:, frames], self.cepstra[frames], self.f0[frames])


@dataclass(frozen=True)
class Comparison:
    """The scores, and the other utterance's F0 at each frame of the recording, [T] in Hz with 0 for unvoiced."""

    scores: Scores
    aligned_f0: npt.NDArray[np.float32]


@dataclass(frozen=True)
class TimedSymbol:
    symbol: str
    seconds: float


def plain_mel(sample_rate: int, hop_length: int) -> MelSettings:
    """The mel in which everything is compared, whatever a voice's mel: natural logarithm, without normalisation."""
    f_max = min(MelSettings.f_max, sample_rate / 2)
    return MelSettings(sample_rate=sample_rate, hop_length=hop_length, f_max=f_max)


def speech_features(samples: npt.NDArray[np.float32], mel: MelSettings) -> SpeechFeatures:
    """samples [n] → their 1 + n // hop_length frames."""
    log_mel = mel_spectrogram(torch.from_numpy(samples)[None], mel)[0].numpy()
    f0 = fundamental_frequency(samples, mel.sample_rate, mel.hop_length)
    return SpeechFeatures(log_mel, mel_cepstra(log_mel), f0)


def speech_span(log_mel: npt.NDArray[np.float32]) -> slice:
    """The frames of speech, without the silence at both edges."""
    power = np.log(np.exp(2 * log_mel.astype(np.float64)).sum(0))
    decibels = _DECIBELS_PER_NEPER / 2 * power
    sounding = np.flatnonzero(decibels > decibels.max() - _SPEECH_DECIBELS)
    return slice(int(sounding[0]), int(sounding[-1]) + 1)


def compare_in_time(recording: SpeechFeatures, copy: SpeechFeatures) -> Comparison:
    """Compare a copy that has the recording's own frames, within the recording's speech."""
    n_frames = min(recording.n_frames, copy.n_frames)
    recording, copy = recording.at(slice(n_frames)), copy.at(slice(n_frames))
    span = speech_span(recording.log_mel)
    return Comparison(_scores(recording.at(span), copy.at(span)), copy.f0)


def compare_warped(recording: SpeechFeatures, spoken: SpeechFeatures) -> Comparison:
    """Compare speech of another pace, without the silence at its edges, along the cheapest path through the cepstra."""
    recorded_span = speech_span(recording.log_mel)
    recorded, other = recording.at(recorded_span), spoken.at(speech_span(spoken.log_mel))
    path, other_path = warping_path(recorded.cepstra, other.cepstra)
    scores = _scores(recorded.at(path), other.at(other_path), length_ratio=other.n_frames / recorded.n_frames)
    f0 = np.zeros(recording.n_frames, np.float32)
    # The path may stay on a frame of the recording; its first visit counts.
    f0[recorded_span] = other.f0[other_path[np.searchsorted(path, np.arange(recorded.n_frames))]]
    return Comparison(scores, f0)


def compare_durations(recorded: Sequence[TimedSymbol], spoken: Sequence[TimedSymbol]) -> float | None:
    """Mean absolute difference in ms over the symbols; None where the symbols differ.

    Spaces between words do not count: between two sentences, one of both may have none.
    """
    ours, theirs = ([s for s in symbols if s.symbol != WORD_SPACE] for symbols in (recorded, spoken))
    if not ours or [s.symbol for s in ours] != [s.symbol for s in theirs]:
        return None
    return duration_error([s.seconds for s in ours], [s.seconds for s in theirs])


def _scores(recording: SpeechFeatures, other: SpeechFeatures, length_ratio: float | None = None) -> Scores:
    return Scores(
        mcd=mel_cepstral_distortion(recording.cepstra, other.cepstra),
        lsd=log_spectral_distance(recording.log_mel, other.log_mel),
        f0_cents=f0_error(recording.f0, other.f0),
        f0_correlation=f0_correlation(recording.f0, other.f0),
        voicing_error=voicing_error(recording.f0, other.f0),
        length_ratio=length_ratio,
    )
