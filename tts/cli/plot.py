"""A picture of what was said: the mel spectrogram with its words and the boundaries of its phonemes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tts.files import atomic_write
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
        self._sentences: list[tuple[TimedSentence, npt.NDArray[np.float32]]] = []

    def add(self, sentence: TimedSentence, mel: npt.NDArray[np.float32]) -> None:
        """Take one sentence at its place in the whole; mel [n_mels, T], whose last frame ends with its audio."""
        if self._sentences and (self.is_cut or sentence.audio_end > MAX_SECONDS):
            self.is_cut = True
            return
        self._sentences.append((sentence, mel))
        self.seconds = sentence.audio_end

    def save(self, path: Path) -> None:
        # Its own figure object, not pyplot: that would look for a display.
        from matplotlib.figure import Figure

        figure = Figure(figsize=(max(6.0, _INCHES_PER_SECOND * self.seconds), 4.0), layout="constrained")
        axes = figure.add_subplot(xlim=(0, self.seconds), xlabel="seconds", ylabel="mel band")
        for sentence, mel in self._sentences:
            self._draw(axes, sentence, mel)
        with atomic_write(path) as temporary, warnings.catch_warnings():
            # A word in a script that the font lacks is drawn as boxes; that is no concern of who asked for a picture.
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})

    def _draw(self, axes: Axes, sentence: TimedSentence, mel: npt.NDArray[np.float32]) -> None:
        n_mels, n_frames = mel.shape
        end = sentence.audio_end
        axes.imshow(mel, origin="lower", aspect="auto", extent=(end - n_frames * self._frame_seconds, end, 0, n_mels))
        axes.set_xlim(0, self.seconds)
        for mark in sentence.marks:
            axes.axvline(mark.start, color="white", linewidth=0.4)
            _label(axes, mark.symbol, (mark.start + mark.end) / 2, n_mels * 0.94)
        for word in sentence.words:
            _label(axes, word.text, (word.start + word.end) / 2, n_mels * 0.02)


def _label(axes: Axes, text: str, seconds: float, height: float) -> None:
    # "$5 to $6" is no formula.
    axes.text(seconds, height, text, color="white", ha="center", fontsize=8, clip_on=True, parse_math=False)
