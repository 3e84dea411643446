"""Which implementation of an operation computes: the fast one that fits, or the plain one that defines it.

An operation is a function of a module here, `tts.kernels.NAME`; it picks between `reference`, `cpu` and `cuda` by
device, number format and what is installed. Tests and benchmarks hold it to the reference instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

CUDA_VARIABLE = "TTS_CUDA_KERNELS"

_plain: ContextVar[bool] = ContextVar("plain", default=False)


@contextmanager
def reference_only() -> Iterator[None]:
    """Inside, every operation is computed by its reference."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def is_reference_only() -> bool:
    return _plain.get()


def cuda_kernels_wanted() -> bool:
    """Whether TTS_CUDA_KERNELS=1 asks for our own kernels on a GPU, which wait there for a first run on a real one."""
    return os.environ.get(CUDA_VARIABLE) == "1"


def cuda_kernels_chosen(device: torch.device) -> bool:
    """Whether our own kernels compute on this device."""
    return device.type == "cuda" and cuda_kernels_wanted() and not is_reference_only()
