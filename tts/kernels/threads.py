"""How many cores compute: one setting for PyTorch, the compiled kernels and ONNX Runtime alike."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tts.errors import UsageError

THREADS_VARIABLE = "TTS_THREADS"

_asked: int | None = None


def compute_threads() -> int:
    """As many threads as were asked for, by `set_compute_threads` or else by TTS_THREADS; by default one a core.

    Raises:
        UsageError: TTS_THREADS is not a number above 0.
    """
    if _asked is not None:
        return _asked
    told = os.environ.get(THREADS_VARIABLE, "")
    if not told:
        return available_cores()
    if not told.isdecimal() or int(told) < 1:
        raise UsageError(f"{THREADS_VARIABLE} is {told!r}; it must be a number of threads, 1 or more.")
    return int(told)


def set_compute_threads(n_threads: int | None) -> None:
    """Ask for this many, for the whole process; None: as the environment says. A worker beside others asks for 1.

    Raises:
        UsageError: it is below 1.
    """
    global _asked
    if n_threads is not None and n_threads < 1:
        raise UsageError(f"There must be 1 thread or more to compute, not {n_threads}.")
    _asked = n_threads


def available_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_compute_thread() -> Iterator[None]:
    """PyTorch computes on one thread inside.

    How it splits work between threads changes the last bits of a sum, and a pulse train adds such bits up over a whole
    sentence. Small networks gain little from a second thread, and lose much when another process wants it. Kernels of
    our own split work so that no sum changes, and need not be held.
    """
    # Where PyTorch was never imported, none of its threads run.
    if (torch := sys.modules.get("torch")) is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
