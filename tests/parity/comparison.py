"""A comparison of computed numbers with expected ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tts.voice.checkpoints.reading import build_network, read_checkpoint
from tts.voice.checkpoints.weights import CheckpointWeights, Layout

# The tolerance of parity fixtures, where a check has no other.
RTOL = ATOL = 1e-4


@dataclass(frozen=True)
class Comparison:
    """Whether |got - expected| <= atol + rtol |expected| everywhere; integers must be equal."""

    name: str
    got: npt.NDArray[Any]
    expected: npt.NDArray[Any]
    rtol: float = RTOL
    atol: float | npt.NDArray[np.float64] = ATOL

    @property
    def passed(self) -> bool:
        return self.share_of_allowed <= 1

    @property
    def share_of_allowed(self) -> float:
        """The largest difference as a share of what is allowed; infinite for other shapes, not-a-number, and integers
        that differ."""
        if self.got.shape != self.expected.shape:
            return float("inf")
        if np.issubdtype(self.expected.dtype, np.integer):
            return 0.0 if np.array_equal(self.got, self.expected) else float("inf")
        allowed = self.atol + self.rtol * np.abs(self._expected64)
        worst = float(np.max(np.abs(self.got.astype(np.float64) - self._expected64) / allowed, initial=0.0))
        return worst if np.isfinite(worst) else float("inf")

    @property
    def relative_error(self) -> float:
        """The largest difference, relative to the largest magnitude expected; infinite for other shapes."""
        if self.got.shape != self.expected.shape:
            return float("inf")
        largest = float(np.max(np.abs(self._expected64), initial=0.0)) or 1.0
        return float(np.max(np.abs(self.got.astype(np.float64) - self._expected64), initial=0.0)) / largest

    def __str__(self) -> str:
        if self.got.shape != self.expected.shape:
            return f"{self.name}: its shape is {self.got.shape}, not {self.expected.shape}"
        allowed = f"{self.share_of_allowed:.1%} of what is allowed"
        return f"{self.name}: largest relative error {self.relative_error:.1e}, {allowed}"

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


def checkpoints(folder: Path, layout: Layout) -> list[Path]:
    """The checkpoints of one layout in a folder."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".pt", ".pth", ".ckpt", ".safetensors"))
    return [path for path in paths if layout.matches(*opened(path))]


def opened(path: Path) -> tuple[CheckpointWeights, dict[str, Any]]:
    """A checkpoint's weights and its other content, as a layout expects them."""
    found = read_checkpoint(path)
    return CheckpointWeights(found.weights), found.extras


def built(path: Path, layout: Layout, key: str) -> nn.Module:
    """The network of a checkpoint, by way of its layout and the hyperparameters beside it, which have this key."""
    converted = layout.convert(*opened(path), settings_beside(path, key))
    network = build_network(converted)
    network.load_state_dict(converted.weights)
    return network.eval()


def settings_beside(path: Path, key: str) -> dict[str, Any] | None:
    """The JSON object beside a file that has this key, under whatever name."""
    for file in sorted(path.parent.glob("*.json")):
        settings = json.loads(file.read_text("utf-8"))
        if isinstance(settings, dict) and key in settings:
            return settings
    return None


def _array(values: object) -> npt.NDArray[Any]:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
