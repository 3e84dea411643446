"""What is in a prepared folder, in numbers (report.json) and as a picture (report.png)."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tts.files import atomic_write
from tts.text.symbols import ENGLISH_IPA
from tts.training.data import Dataset, Item
from tts.training.layouts import SPLITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measures:
    """Of each kept clip its seconds, loudness in LUFS and symbols a second; of each voiced frame its F0 in Hz."""

    seconds: FloatArray
    loudness: FloatArray
    symbols_per_second: FloatArray
    f0: FloatArray

    @classmethod
    def of(
        cls, dataset: Dataset, items: Sequence[Item], notes: Sequence[dict[str, Any]], f0: npt.NDArray[np.float32]
    ) -> Measures:
        seconds = np.array([item.n_frames for item in items]) * dataset.mel.hop_length / dataset.mel.sample_rate
        return cls(
            seconds=seconds,
            loudness=np.array([note["loudness"] for note in notes]),
            symbols_per_second=np.array([len(item.phonemes) for item in items]) / seconds,
            f0=f0[f0 > 0].astype(np.float64),
        )


def report_on(
    dataset: Dataset,
    items: Sequence[Item],
    measures: Measures,
    notes: Sequence[dict[str, Any]],
    reasons: Counter[str],
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Everything report.json says; `notes` are those of the kept clips, `reasons` those of the others."""
    n_dropped = sum(reasons.values())
    symbols = Counter(symbol for item in items for symbol in item.phonemes)
    return {
        "clips": {"found": len(items) + n_dropped, "kept": len(items), "dropped": n_dropped},
        "hours": round(dataset.seconds / 3600, 4),
        "dropped": dict(reasons.most_common()),
        "splits": {split: _split(split, items, measures.seconds) for split in SPLITS},
        "durations": dataset.durations,
        "seconds": quantiles(measures.seconds),
        "f0_hz": quantiles(measures.f0),
        "loudness_lufs": quantiles(measures.loudness),
        "symbols_per_second": quantiles(measures.symbols_per_second),
        "symbols": dict(sorted(symbols.items())),
        "new_symbols": list(dataset.symbols[len(ENGLISH_IPA) :]),
        "sample_rates": {str(rate): n for rate, n in sorted(Counter(note["sample_rate"] for note in notes).items())},
        "mixed_to_mono": sum(note["channels"] > 1 for note in notes),
        "remarks": remarks(dataset, items, notes),
        "settings": settings,
    }


def remarks(dataset: Dataset, items: Sequence[Item], notes: Sequence[dict[str, Any]]) -> list[str]:
    """What someone should know who trains on this, a sentence each."""
    said = []
    low = sum(note["sample_rate"] < dataset.mel.sample_rate for note in notes)
    if low:
        said.append(
            f"{low} clips have a sample rate below {dataset.mel.sample_rate} Hz: a vocoder will learn to be dull."
        )
    if not any(item.split == "val" for item in items):
        said.append("There are no clips for validation.")
    if dataset.durations is None:
        said.append("There are no durations: FastSpeech 2 needs them learned, with tts train align.")
    if added := "".join(dataset.symbols[len(ENGLISH_IPA) :]):
        said.append(f"Symbols that English voices lack were added: {' '.join(added)}")
    if importlib.util.find_spec("matplotlib") is None:
        said.append("There is no report.png: drawing needs matplotlib, pip install 'utter-tts[plot]'.")
    return said


def quantiles(values: FloatArray) -> dict[str, float]:
    """The quantiles by their percentage; none of no values."""
    if not len(values):
        return {}
    found = np.quantile(values, QUANTILES)
    return {f"{100 * q:g}%": round(float(value), 3) for q, value in zip(QUANTILES, found, strict=True)}


def draw(path: Path, measures: Measures, reasons: Counter[str]) -> bool:
    """Draw histograms to a PNG; False where matplotlib is missing."""
    if importlib.util.find_spec("matplotlib") is None:
        return False
    # Its own figure object, not pyplot: that would look for a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 6.5), layout="constrained")
    axes = figure.subplots(2, 3).flatten()
    _histogram(axes[0], measures.seconds, "seconds", "clips")
    _histogram(axes[1], measures.symbols_per_second, "symbols a second", "clips")
    _histogram(axes[2], measures.loudness, "loudness (LUFS)", "clips")
    _histogram(axes[3], measures.f0, "F0 (Hz)", "voiced frames")
    _bars(axes[4], reasons)
    axes[5].set_axis_off()
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})
    return True


def _split(name: str, items: Sequence[Item], seconds: FloatArray) -> dict[str, float]:
    chosen = [i for i, item in enumerate(items) if item.split == name]
    return {"clips": len(chosen), "seconds": round(float(seconds[chosen].sum()), 2)}


def _histogram(axes: Axes, values: FloatArray, what: str, counted: str) -> None:
    # About the square root of their number, as many as can be told apart at most.
    axes.hist(values, bins=min(40, max(5, round(len(values) ** 0.5))))
    axes.set(xlabel=what, ylabel=counted)


def _bars(axes: Axes, reasons: Counter[str]) -> None:
    if not reasons:
        axes.set_axis_off()
        axes.set_title("no clip was dropped")
        return
    pairs = reasons.most_common()[::-1]
    axes.barh([reason for reason, _ in pairs], [count for _, count in pairs])
    axes.set(xlabel="clips dropped")
