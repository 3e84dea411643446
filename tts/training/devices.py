"""Where training computes: one device or several, in one process or several, in which precision."""

from __future__ import annotations

import importlib.util
import logging
import os
from typing import TYPE_CHECKING, Literal

import torch

from tts.errors import TtsError, UsageError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PRECISIONS = ("32", "bf16")
_NEEDED = {"lightning_fabric": "lightning-fabric", "tensorboard": "tensorboard"}


def check_packages() -> None:
    """Refuse where the extra for training is not installed.

    Raises:
        TtsError: it is not.
    """
    missing = [package for module, package in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise TtsError(f"Training needs {' and '.join(missing)}: install it with pip install 'utter-tts[train]'.")


def start_fabric(device: str = "auto", n_devices: int = 1, precision: str = "32") -> Fabric:
    """Fabric on `device` (auto, cpu, cuda or cuda:N), launched: with several devices, in a process for each.

    Processes that `torchrun` has started are joined; on CPUs they talk through gloo.

    Raises:
        UsageError: there is no such device or precision, or fewer devices than asked for.
        TtsError: the packages for training are not installed.
    """
    check_packages()
    if precision not in PRECISIONS:
        raise UsageError(f"There is no precision {precision!r}; it is {' or '.join(PRECISIONS)}.")
    if n_devices < 1:
        raise UsageError(f"At least one device is needed, not {n_devices}.")
    # It tells of its choices one by one; those that matter are told by the command.
    for name in ("lightning_fabric", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from lightning_fabric import Fabric

    accelerator, devices = _devices(device, n_devices)
    n_nodes, here = _torchrun()
    if here is not None:
        devices = here
    n_processes = n_nodes * (devices if isinstance(devices, int) else len(devices))
    exact: Literal["bf16-mixed", "32-true"] = "bf16-mixed" if precision == "bf16" else "32-true"
    strategy = "ddp" if n_processes > 1 else "auto"
    fabric = Fabric(accelerator=accelerator, strategy=strategy, devices=devices, num_nodes=n_nodes, precision=exact)
    fabric.launch()
    return fabric


def _devices(name: str, count: int) -> tuple[str, int | list[int]]:
    """Fabric's accelerator and devices; checked, because it would say less clearly what is missing."""
    there = torch.cuda.device_count()
    if name == "auto":
        name = "cuda" if there else "cpu"
    if name == "cpu":
        return "cpu", count
    kind, _, index = name.partition(":")
    if kind != "cuda" or not (index.isdigit() or name == "cuda"):
        raise UsageError(f"There is no device {name!r}; say auto, cpu, cuda or cuda:N.")
    if int(index or 0) + count > there:
        raise UsageError(f"{count} CUDA devices from {index or 0} on are not here: torch sees {there}.")
    first = int(index or 0)
    return "cuda", list(range(first, first + count))


def _torchrun() -> tuple[int, int | None]:
    """Machines, and processes on this one, where torchrun started this process; else 1 and None."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return 1, None
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    return int(os.environ["WORLD_SIZE"]) // here, here
