"""Tiny data sets for tests: clips that buzz, each at its own pitch, with texts that fit their length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

SAMPLE_RATE = 24000
TEXT = "Hello there."


def buzz(f0: float, seconds: float = 1.0, sample_rate: int = SAMPLE_RATE) -> npt.NDArray[np.float64]:
    """Return five harmonics of `f0` Hz."""
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    return sum(0.1 / k * np.sin(2 * np.pi * f0 * k * t) for k in range(1, 6))


def write_ljspeech(folder: Path, n_clips: int) -> Path:
    """Write clips clip-00, clip-01, … with the text TEXT, in the layout of LJ Speech."""
    (folder / "wavs").mkdir(parents=True)
    names = [f"clip-{i:02d}" for i in range(n_clips)]
    for i, name in enumerate(names):
        soundfile.write(folder / "wavs" / f"{name}.wav", buzz(120 + 5 * i), SAMPLE_RATE)
    (folder / "metadata.csv").write_text("".join(f"{name}|{TEXT}\n" for name in names), "utf-8")
    return folder
