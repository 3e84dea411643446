"""A picture of what was said: the mel spectrogram with the boundaries of its phonemes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tts.audio.atomic import replacing
from tts.synthesis.timing import TimedSentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A longer picture is too wide to look at, and the spectrogram of a book too large to keep.
MAX_SECONDS = 60.0
_INCHES_PER_SECOND = 3.0


class MelPlot:
    """Collects sentences up to `MAX_SECONDS`, then draws them on one time axis."""

    def __init__(self, frame_seconds: float) -> None:
        self.seconds = 0.0
        self.is_cut = False
        self._frame_seconds = frame_seconds
        self._sentences: list[tuple[TimedSentence, npt.NDArray[np.float32], float]] = []

    def add(self, sentence: TimedSentence, mel: npt.NDArray[np.float32], end: float) -> None:
        """Take one sentence at its place in the whole; mel [n_mels, T], whose last frame ends at `end` seconds."""
        if self._sentences and (self.is_cut or end > MAX_SECONDS):
            self.is_cut = True
            return
        self._sentences.append((sentence, mel, end))
        self.seconds = end

    def save(self, path: Path) -> None:
        # Its own figure object, not pyplot: that would look for a display.
        from matplotlib.figure import Figure

        figure = Figure(figsize=(max(6.0, _INCHES_PER_SECOND * self.seconds), 4.0), layout="constrained")
        axes = figure.add_subplot(xlim=(0, self.seconds), xlabel="seconds", ylabel="mel band")
        for sentence, mel, end in self._sentences:
            self._draw(axes, sentence, mel, end)
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})

    def _draw(self, axes: Axes, sentence: TimedSentence, mel: npt.NDArray[np.float32], end: float) -> None:
        start = end - mel.shape[1] * self._frame_seconds
        axes.imshow(mel, origin="lower", aspect="auto", extent=(start, end, 0, mel.shape[0]))
        axes.set_xlim(0, self.seconds)
        for mark in sentence.marks:
            axes.axvline(mark.start, color="white", linewidth=0.4)
            middle = (mark.start + mark.end) / 2
            axes.text(middle, mel.shape[0] * 0.94, mark.symbol, color="white", ha="center", fontsize=8)
