"""How an operation is computed: by which implementation, on how many threads, and with which cached weights.

An operation is a function of `tts.kernels.NAME`. Its definition is the plain PyTorch in `tts.kernels.NAME_reference`;
`tts.kernels.cpu` and `tts.kernels.cuda` hold the faster implementations, which tests and benchmarks compare with it.
This module imports neither PyTorch nor Numba.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tts.errors import UsageError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

CUDA_VARIABLE = "TTS_CUDA_KERNELS"
THREADS_VARIABLE = "TTS_THREADS"

_reference_only: ContextVar[bool] = ContextVar("reference_only", default=False)
_n_threads: int | None = None
_on_compile: Callable[[], None] | None = None


@contextmanager
def reference_only() -> Iterator[None]:
    """Inside, every operation is computed by its reference."""
    token = _reference_only.set(True)
    try:
        yield
    finally:
        _reference_only.reset(token)


def is_reference_only() -> bool:
    return _reference_only.get()


def cuda_kernels_wanted() -> bool:
    """Whether TTS_CUDA_KERNELS=1 enables our own GPU kernels, which have not run on a real GPU yet."""
    return os.environ.get(CUDA_VARIABLE) == "1"


def cuda_kernels_chosen(device: torch.device) -> bool:
    """Whether our own GPU kernels compute on this device."""
    return device.type == "cuda" and cuda_kernels_wanted() and not is_reference_only()


def compute_threads() -> int:
    """The number of compute threads: that of `set_compute_threads`, else TTS_THREADS, else one per core.

    PyTorch, the compiled kernels and ONNX Runtime all use this setting.

    Raises:
        UsageError: TTS_THREADS is not a number above 0.
    """
    if _n_threads is not None:
        return _n_threads
    value = os.environ.get(THREADS_VARIABLE, "")
    if not value:
        return available_cores()
    if not value.isdecimal() or int(value) < 1:
        raise UsageError(f"{THREADS_VARIABLE} is {value!r}; it must be a number of threads, 1 or more.")
    return int(value)


def set_compute_threads(n_threads: int | None) -> None:
    """Set the number of compute threads of this process; None restores the default of `compute_threads`.

    Raises:
        UsageError: the number is below 1.
    """
    global _n_threads
    if n_threads is not None and n_threads < 1:
        raise UsageError(f"The number of compute threads must be 1 or more, not {n_threads}.")
    _n_threads = n_threads


def available_cores() -> int:
    """The number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_compute_thread() -> Iterator[None]:
    """Inside, PyTorch computes on one thread.

    How PyTorch splits work between threads changes the last bits of sums, and a pulse train accumulates such bits over
    a sentence. Small networks gain little from a second thread and lose much when another process needs that core. Our
    own kernels split work so that no sum changes, and keep their threads.
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


def when_compiling(notify: Callable[[], None] | None) -> None:
    """Call `notify` when a kernel must be compiled, which lasts some seconds; once, the first time. None: call
    nothing."""
    global _on_compile
    _on_compile = notify


def notify_compiling() -> None:
    """Report that a kernel is about to be compiled, to the function given to `when_compiling`."""
    notify = _on_compile
    when_compiling(None)
    if notify is not None:
        notify()


class WeightCache:
    """One value computed from tensors, cached until a tensor is replaced, moved or written to.

    A change through `.data` is not detected. A copy of a cache is empty.
    """

    def __init__(self) -> None:
        self._value: Any = None
        self._tensors: Sequence[Tensor] = ()
        self._state: object = None

    def get(self, compute: Callable[[], Any], tensors: Sequence[Tensor], *settings: object) -> Any:
        """The result of `compute`, cached or new, for these tensors and settings."""
        state = settings, [(t.data_ptr(), t.dtype, 0 if t.is_inference() else t._version) for t in tensors]
        is_same = len(tensors) == len(self._tensors) and all(
            a is b for a, b in zip(tensors, self._tensors, strict=True)
        )
        if not is_same or state != self._state:
            self._value = compute()
            self._tensors, self._state = tensors, state
        return self._value

    def __reduce__(self) -> tuple[type[WeightCache], tuple[()]]:
        return WeightCache, ()
