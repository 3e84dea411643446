"""A picture an item: the mel of the recording and of every system, and their pitch over the recording's time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tts.evaluation.evaluator import EvaluatedItem, Utterance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCHES_PER_SECOND = 1.6
_WIDTHS = (7.0, 40.0)
_MEL_INCHES, _PITCH_INCHES = 1.5, 2.4
_FLOOR_DECIBELS = 80.0
_NEPERS_PER_DECIBEL = np.log(10) / 20


def draw(item: EvaluatedItem, frame_seconds: float, path: Path) -> None:
    """Write the picture of one item as PNG."""
    # Its own figure object, not pyplot: that would look for a display.
    from matplotlib.figure import Figure

    rows = item.utterances
    seconds = max(row.rendering.n_frames for row in rows) * frame_seconds
    width = float(np.clip(_INCHES_PER_SECOND * seconds, *_WIDTHS))
    heights = [*[_MEL_INCHES] * len(rows), _PITCH_INCHES]
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    axes = figure.subplots(len(heights), height_ratios=heights, sharex=True)
    loudest = max(float(row.rendering.log_mel.max()) for row in rows)
    for row, place in zip(rows, axes[:-1], strict=True):
        _draw_mel(place, row, frame_seconds, loudest)
    _draw_pitch(axes[-1], rows, frame_seconds)
    axes[-1].set(xlabel="seconds", xlim=(0, seconds))
    figure.legend(*axes[-1].get_legend_handles_labels(), loc="outside lower center", ncols=len(rows), fontsize=8)
    figure.savefig(path, format="png", dpi=90, metadata={"Software": None})


def _draw_mel(axes: Axes, row: Utterance, frame_seconds: float, loudest: float) -> None:
    mel = row.rendering.log_mel
    axes.imshow(
        mel,
        origin="lower",
        aspect="auto",
        extent=(0, mel.shape[1] * frame_seconds, 0, mel.shape[0]),
        vmin=loudest - _FLOOR_DECIBELS * _NEPERS_PER_DECIBEL,
        vmax=loudest,
    )
    axes.set_title(row.scored.system.title, loc="left", fontsize=9)
    axes.set_ylabel("mel band")


def _draw_pitch(axes: Axes, rows: tuple[Utterance, ...], frame_seconds: float) -> None:
    """The recording's F0 broad and grey, the others' over it; full synthesis warped to the recording's time."""
    for row in rows:
        is_recording = row.scored.system.kind == "recording"
        axes.plot(
            np.arange(len(row.f0_in_time)) * frame_seconds,
            _voiced(row.f0_in_time),
            color="0.75" if is_recording else None,
            linewidth=5 if is_recording else 1.2,
            label=row.scored.system.title,
        )
    axes.set_title("F0 at the recording's time", loc="left", fontsize=9)
    axes.set_ylabel("Hz")


def _voiced(f0: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Gaps where there is no pitch."""
    return np.where(f0 > 0, f0, np.float32(np.nan))
