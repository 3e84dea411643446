"""Where networks compute, found out without PyTorch where that can be."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tts.errors import UsageError

DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
# What an NVIDIA driver leaves where it runs: Linux, containers and WSL, Windows.
_DRIVER_SIGNS = (
    "/proc/driver/nvidia/version",
    "/dev/nvidiactl",
    "/dev/dxg",
    "/dev/nvhost-ctrl",
    "/dev/nvmap",
    "C:/Windows/System32/nvcuda.dll",
)


def choose_device(name: str) -> str:
    """The device asked for, "cpu" or "cuda:N"; `auto` is the first CUDA device where there is one.

    Raises:
        UsageError: there is no such device; nothing else is taken in silence.
    """
    check_device(name)
    if name == "cpu" or (name == "auto" and not may_have_cuda()):
        return "cpu"
    import torch

    if name == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    index = int(name.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise UsageError(f"The device {name} is not here: torch sees {torch.cuda.device_count()} CUDA devices.")
    return f"cuda:{index}"


def check_device(name: str) -> None:
    """Raise UsageError where no machine has a device of this name."""
    if not DEVICE.fullmatch(name):
        raise UsageError(f"There is no device {name!r}; say auto, cpu, cuda or cuda:N.")


def may_have_cuda() -> bool:
    """Whether it is worth asking PyTorch, whose import takes a second, for a CUDA device: an NVIDIA driver is here."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1") or sys.platform == "darwin":
        return False
    return any(Path(sign).exists() for sign in _DRIVER_SIGNS)
