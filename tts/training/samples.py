"""What a trainer shows of its network's work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt


@dataclass
class Samples:
    """By name: audio [n] in -1 to 1 at `sample_rate`, mels [n_mels, T], alignments [T, symbols]."""

    sample_rate: int = 22050
    audio: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    mels: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    alignments: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
