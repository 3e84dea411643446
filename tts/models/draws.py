"""Random numbers for networks that speak: drawn by NumPy, so that every engine and every device hears the same."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def standard_normal(shape: tuple[int, ...], generator: np.random.Generator | None) -> Tensor:
    """Float32, on the CPU; without a generator from torch's own, as when training."""
    if generator is None:
        return torch.randn(shape)
    return torch.from_numpy(generator.standard_normal(shape, dtype=np.float32))


def uniform(shape: tuple[int, ...], generator: np.random.Generator | None) -> Tensor:
    """From 0 to below 1; likewise."""
    if generator is None:
        return torch.rand(shape)
    return torch.from_numpy(generator.random(shape, dtype=np.float32))


def uniform_double(shape: tuple[int, ...], generator: np.random.Generator | None) -> Tensor:
    """From 0 to below 1 in float64; likewise."""
    if generator is None:
        return torch.rand(shape, dtype=torch.float64)
    return torch.from_numpy(generator.random(shape))
