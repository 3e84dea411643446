"""One set of numbers beside the numbers it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

# What parity fixtures allow where they do not say otherwise.
RTOL = ATOL = 1e-4


@dataclass(frozen=True)
class Comparison:
    """Whether |got - expected| <= atol + rtol |expected| everywhere; whole numbers must be equal."""

    name: str
    got: npt.NDArray[Any]
    expected: npt.NDArray[Any]
    rtol: float = RTOL
    atol: float = ATOL

    @property
    def passed(self) -> bool:
        return self.got.shape == self.expected.shape and self.worst_relative <= 1

    @property
    def worst_relative(self) -> float:
        """The largest difference as a fraction of what is allowed; infinite for other shapes, not-a-number, and
        whole numbers that differ."""
        if self.got.shape != self.expected.shape:
            return float("inf")
        if np.issubdtype(self.expected.dtype, np.integer):
            return 0.0 if np.array_equal(self.got, self.expected) else float("inf")
        allowed = self.atol + self.rtol * np.abs(self._expected64)
        worst = float(np.max(np.abs(self.got.astype(np.float64) - self._expected64) / allowed, initial=0.0))
        return worst if np.isfinite(worst) else float("inf")

    @property
    def worst_absolute(self) -> float:
        """The largest difference; infinite for other shapes."""
        if self.got.shape != self.expected.shape:
            return float("inf")
        return float(np.max(np.abs(self.got.astype(np.float64) - self._expected64), initial=0.0))

    def __str__(self) -> str:
        verdict = "ok" if self.passed else f"FAILED, shapes {self.got.shape} and {self.expected.shape}"
        worst = f"off by at most {self.worst_absolute:.2g}, {self.worst_relative:.1%} of what is allowed"
        return f"{self.name}: {worst}: {verdict}"

    @property
    def _expected64(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.expected, np.float64)


def compare(name: str, got: object, expected: object, rtol: float = RTOL, atol: float = ATOL) -> Comparison:
    """A comparison of anything that becomes an array."""
    return Comparison(name, _array(got), _array(expected), rtol, atol)


def arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an .npz file."""
    with np.load(path) as found:
        return dict(found)


def tensors(path: Path) -> dict[str, torch.Tensor]:
    """The same as tensors."""
    return {name: torch.from_numpy(array) for name, array in arrays(path).items()}


def checkpoint(path: Path) -> dict[str, Any]:
    """What a .pt file holds, read without running anything in it."""
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found


def existing(folder: Path, *names: str) -> Iterator[Path]:
    """Those of the files that are there."""
    yield from (folder / name for name in names if (folder / name).is_file())


def _array(values: object) -> npt.NDArray[Any]:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
