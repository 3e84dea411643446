"""One rendering against the recording: frame for frame, or after warping it to the recording's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tts.evaluation.metrics import (
    duration_error,
    f0_correlation,
    f0_error,
    log_spectral_distance,
    mel_cepstral_distortion,
    voicing_error,
)
from tts.evaluation.rendering import Rendering, speech_span
from tts.evaluation.scores import Scores
from tts.evaluation.warping import warping_path

BLANK = " "


@dataclass(frozen=True)
class Comparison:
    """The scores, and the other's F0 at each frame of the recording, [T] in Hz with 0 where there is none."""

    scores: Scores
    f0_in_time: npt.NDArray[np.float32]


@dataclass(frozen=True)
class TimedSymbol:
    symbol: str
    seconds: float


def compare_in_time(recording: Rendering, copy: Rendering) -> Comparison:
    """A copy of the recording's own frames, within the recording's speech."""
    n_frames = min(recording.n_frames, copy.n_frames)
    recording, copy = recording.at(slice(n_frames)), copy.at(slice(n_frames))
    span = speech_span(recording.log_mel)
    return Comparison(_scores(recording.at(span), copy.at(span)), copy.f0)


def compare_warped(recording: Rendering, spoken: Rendering) -> Comparison:
    """Speech at its own pace: from first to last sound, along the cheapest path through the cepstra of both."""
    ours, theirs = speech_span(recording.log_mel), speech_span(spoken.log_mel)
    recorded, said = recording.at(ours), spoken.at(theirs)
    path, other = warping_path(recorded.cepstra, said.cepstra)
    scores = _scores(recorded.at(path), said.at(other), length_ratio=said.n_frames / recorded.n_frames)
    f0 = np.zeros(recording.n_frames, np.float32)
    # The path may stay on a frame of the recording; its first visit stands for it.
    f0[ours] = said.f0[other[np.searchsorted(path, np.arange(recorded.n_frames))]]
    return Comparison(scores, f0)


def compare_durations(recorded: Sequence[TimedSymbol], spoken: Sequence[TimedSymbol]) -> float | None:
    """Mean absolute difference in ms over the symbols; None where other symbols were spoken.

    Blanks between words are left out: between two sentences one of both may have none.
    """
    ours, theirs = ([s for s in symbols if s.symbol != BLANK] for symbols in (recorded, spoken))
    if not ours or [s.symbol for s in ours] != [s.symbol for s in theirs]:
        return None
    return duration_error([s.seconds for s in ours], [s.seconds for s in theirs])


def _scores(recording: Rendering, other: Rendering, length_ratio: float | None = None) -> Scores:
    return Scores(
        mcd=mel_cepstral_distortion(recording.cepstra, other.cepstra),
        lsd=log_spectral_distance(recording.log_mel, other.log_mel),
        f0_cents=f0_error(recording.f0, other.f0),
        f0_correlation=f0_correlation(recording.f0, other.f0),
        voicing_error=voicing_error(recording.f0, other.f0),
        length_ratio=length_ratio,
    )
