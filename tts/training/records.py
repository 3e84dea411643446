"""What is written down of a run: scalars in log.jsonl, and with sounds and pictures for TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tts.files import write_text
from tts.training.samples import Samples

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Records:
    """A run's records from `step` on: what an earlier process wrote of later steps is forgotten.

    Use as a context manager.
    """

    def __init__(self, run: Path, step: int) -> None:
        self._path = run / "log.jsonl"
        self._folder = run / "tensorboard"
        self._start = step
        self._board: SummaryWriter | None = None

    def __enter__(self) -> Records:
        # Here, because it takes a second to load.
        from torch.utils.tensorboard import SummaryWriter

        self._forget_later_steps()
        # TensorBoard numbers steps from where a writer began: what comes from there on replaces what was there.
        self._board = SummaryWriter(str(self._folder), purge_step=self._start + 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._board is not None
        self._board.close()

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """One line of log.jsonl, {"step", …}, and a point of each curve."""
        assert self._board is not None
        with self._path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": step, **values}) + "\n")
        for name, value in values.items():
            self._board.add_scalar(name, value, step)

    def samples(self, step: int, samples: Samples) -> None:
        assert self._board is not None
        for name, wave in samples.audio.items():
            self._board.add_audio(name, wave, step, samples.sample_rate)
        for name, mel in samples.mels.items():
            self._board.add_image(f"mel: {name}", picture(mel), step, dataformats="HWC")
        for name, alignment in samples.alignments.items():
            self._board.add_image(f"alignment: {name}", picture(alignment.T), step, dataformats="HWC")
        self._board.flush()

    def _forget_later_steps(self) -> None:
        if not self._path.exists():
            return
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        write_text(self._path, "".join(line for line in lines if _step(line) <= self._start))


def read_log(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's log.jsonl."""
    with (run / "log.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def picture(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """values [rows, columns] → colours [rows, columns, 3], dark to bright, the first row at the bottom."""
    from matplotlib import colormaps

    low, high = float(values.min()), float(values.max())
    shares = (values[::-1] - low) / max(high - low, 1e-9)
    colours: npt.NDArray[np.uint8] = colormaps["magma"](shares, bytes=True)[..., :3]
    return colours


def _step(line: str) -> float:
    """The step of a line; one that a kill has cut belongs to no step that counts."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
