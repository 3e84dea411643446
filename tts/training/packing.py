"""The files of a prepared folder, written whole: the arrays, end to end from their parts, then the rest."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.files import write_text
from tts.training.data import Dataset
from tts.training.parts import Part

FILES = {"wave": "waves.npy", "mel": "mels.npy", "f0": "f0.npy", "energy": "energy.npy"}


@dataclass(frozen=True)
class Dropped:
    """A clip that cannot be used, and why."""

    id: str
    reason: str
    detail: str


def assemble(parts: list[Part], kept: set[str], dataset: Dataset, folder: Path) -> None:
    """Write the arrays of the clips whose ids are in `kept` to `folder`, a part in memory at a time."""
    arrays = _empty(dataset, folder)
    frame = 0
    for part in parts:
        features = part.arrays()
        at = 0
        for clip, outcome in zip(part.clips, part.outcomes(), strict=True):
            n_frames = outcome.get("n_frames", 0)
            if n_frames and clip.id in kept:
                for name, array in arrays.items():
                    # Samples are counted in samples, all else in frames.
                    scale = dataset.mel.hop_length if name == "wave" else 1
                    taken = features[name][at * scale : (at + n_frames) * scale]
                    array[frame * scale : (frame + n_frames) * scale] = taken
                frame += n_frames
            at += n_frames
    for array in arrays.values():
        array.flush()


def _empty(dataset: Dataset, folder: Path) -> dict[str, np.memmap[Any, Any]]:
    n, mel = dataset.n_frames, dataset.mel
    shapes: dict[str, tuple[tuple[int, ...], npt.DTypeLike]] = {
        "wave": ((n * mel.hop_length,), np.int16),
        "mel": ((n, mel.n_mels), np.float16),
        "f0": ((n,), np.float32),
        "energy": ((n,), np.float32),
    }
    return {
        name: np.lib.format.open_memmap(folder / FILES[name], "w+", dtype, shape)
        for name, (shape, dtype) in shapes.items()
    }


def seal(out: Path, parts: Path, dataset: Dataset, texts: dict[str, str]) -> None:
    """Put the arrays of the folder `parts` and the texts by file name in their place, dataset.json last."""
    # Without it the folder is not read: no moment shows new arrays under the old description.
    (out / "dataset.json").unlink(missing_ok=True)
    for file in FILES.values():
        os.replace(parts / file, out / file)
    for name, text in texts.items():
        write_text(out / name, text)
    write_text(out / "dataset.json", dataset.to_json())
    shutil.rmtree(parts)


def json_lines(rows: Iterable[Any]) -> str:
    """Dataclasses as JSON, one a line."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)
