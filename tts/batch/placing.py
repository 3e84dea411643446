"""How many workers a machine takes, and where each computes: one a core, or one a GPU."""

from __future__ import annotations

from tts.kernels.threads import compute_threads
from tts.voice.devices import choose_device


def usual_count(device: str) -> int:
    """Workers for `device` on this machine: as many as it has GPUs where they compute, else one a core.

    Raises:
        UsageError: there is no such device.
    """
    chosen = choose_device(device)
    if chosen == "cpu":
        return compute_threads()
    return _gpus() if device in ("auto", "cuda") else 1


def device_of(worker: int, device: str) -> str:
    """Where worker number `worker` computes: GPUs that were not named are taken in turns.

    Raises:
        UsageError: there is no such device.
    """
    chosen = choose_device(device)
    return f"cuda:{worker % _gpus()}" if chosen != "cpu" and device in ("auto", "cuda") else chosen


def _gpus() -> int:
    import torch

    return torch.cuda.device_count()
