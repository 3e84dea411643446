"""One set of numbers beside the numbers it should be."""

from __future__ import annotations

import json
import pickle
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


def state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The named tensors of a checkpoint, wherever in it they lie; none where it holds no such thing."""
    try:
        found: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        return {}
    while isinstance(found, dict):
        if found and all(isinstance(value, torch.Tensor) for value in found.values()):
            return {str(name).removeprefix("module."): tensor for name, tensor in found.items()}
        found = next((found[key] for key in ("state_dict", "generator", "model") if key in found), None)
    return {}


def models(folder: Path, *names: str) -> list[Path]:
    """The checkpoints in a folder and in the folders in it that hold one of these tensors."""
    places = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    found = [path for place in places for path in sorted(place.iterdir()) if path.suffix in (".pt", ".pth", ".ckpt")]
    return [path for path in found if any(name in state_dict(path) for name in names)]


def told_beside(path: Path, key: str) -> dict[str, Any] | None:
    """The JSON beside a checkpoint that has this key."""
    for file in sorted(path.parent.glob("*.json")):
        told = json.loads(file.read_text())
        if isinstance(told, dict) and key in told:
            return told
    return None


def _array(values: object) -> npt.NDArray[Any]:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
