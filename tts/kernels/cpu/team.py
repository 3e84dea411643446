"""Runs a compiled function on several cores at once, with a barrier that costs less than a microsecond.

A frame or a sample of an autoregressive network is too short to distribute its parts to a pool of threads: each task
would cost more than the part. So each thread, a member of the team, receives many frames, and all meet after every
step:

    @njit(nogil=True, cache=True)
    def member(rank, n_members, barrier, x, y):
        for _ in range(n_steps):
            first, end = share(len(y), rank, n_members)
            y[first:end] = ...          # its own outputs, from any inputs
            meet(barrier, n_members)    # now the outputs of all members can be read

    run_together(member, x, y)

Outputs are shared out, sums are not, so the result does not depend on the number of threads.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from tts.kernels.execution import compute_threads

Barrier = npt.NDArray[np.int64]

# Indices in the barrier, each in its own cache line: members that have arrived, completed meetings, failed members.
ARRIVED, MEETINGS, FAILED, BARRIER_SIZE = 0, 16, 32, 48
# Reads of the barrier before the thread yields its core: some 20 µs, more than working cores differ by.
READS_BEFORE_YIELD = 1000

_one_team_at_a_time = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_pool_size = 0


def run_together(member: Callable[..., Any], *arguments: Any, n_members: int | None = None) -> None:
    """Call `member(rank, n_members, barrier, *arguments)` for every rank at once; rank 0 runs on the calling thread.

    `member` is compiled with nogil, and every member calls `meet` equally often. `n_members` defaults to
    `compute_threads()`. Teams of several callers run one after the other, since one team has every core already.

    Raises:
        The first exception of a member; the others then end at their next meeting.
    """
    n_members = compute_threads() if n_members is None else n_members
    barrier = np.zeros(BARRIER_SIZE, np.int64)
    if n_members == 1:
        member(0, 1, barrier, *arguments)
        return
    failures: list[BaseException] = []

    def run(rank: int) -> None:
        try:
            member(rank, n_members, barrier, *arguments)
        except BaseException as failure:
            failures.append(failure)
            barrier[FAILED] = 1

    global _pool, _pool_size
    with _one_team_at_a_time:
        # The pool is kept between calls, since starting a thread lasts longer than a step.
        if _pool is None or _pool_size < n_members - 1:
            if _pool is not None:
                _pool.shutdown()
            _pool, _pool_size = ThreadPoolExecutor(n_members - 1, "tts-kernel"), n_members - 1
        tasks = [_pool.submit(run, rank) for rank in range(1, n_members)]
        run(0)
        for task in tasks:
            task.result()
    if failures:
        raise failures[0]


def _reset_after_fork() -> None:
    """A forked process has none of its parent's threads, and must not wait for a lock that they held."""
    global _pool, _pool_size, _one_team_at_a_time
    _pool, _pool_size, _one_team_at_a_time = None, 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)


@njit(nogil=True, cache=True, inline="always")
def share(n: int, rank: int, n_members: int) -> tuple[int, int]:
    """A member's part of n items: (first, end)."""
    return n * rank // n_members, n * (rank + 1) // n_members


@njit(nogil=True, cache=True)
def meet(barrier: Barrier, n_members: int) -> None:
    """Wait until every member has called this; each can then read what the others wrote before.

    Raises:
        RuntimeError: another member failed, and will never arrive.
    """
    if n_members == 1:
        return
    meeting: int = _load(barrier, MEETINGS)  # type: ignore[call-arg]
    if _add(barrier, ARRIVED, 1) == n_members - 1:
        # The last one ends the meeting; no member can arrive at the next one before that.
        _add(barrier, ARRIVED, -n_members)
        _add(barrier, MEETINGS, 1)
        return
    n_reads = 0
    while _load(barrier, MEETINGS) == meeting:
        if _load(barrier, FAILED) != 0:
            raise RuntimeError("Another thread of this computation failed.")
        n_reads += 1
        if n_reads < READS_BEFORE_YIELD:
            _pause()
        else:
            _yield_core()


def _element(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return cgutils.gep(builder, data, index)  # type: ignore[no-untyped-call]


def _call(builder: Any, name: str, result: Any) -> None:
    """Call a function without arguments, of LLVM or of the system's library."""
    kind = ir.FunctionType(result, [])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])  # type: ignore[no-untyped-call]


@intrinsic
def _load(typing_context: Any, array: Any, index: Any) -> Any:
    """array[index] now; what its writer wrote before it is visible afterwards (acquire)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _element(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(address, "acquire", 8, typ=ir.IntType(64))

    return types.int64(array, types.intp), generate


@intrinsic
def _add(typing_context: Any, array: Any, index: Any, amount: Any) -> Any:
    """array[index] += amount, atomically → the value before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _element(context, builder, signature.args[0], *arguments[:2])
        return builder.atomic_rmw("add", address, arguments[2], "acq_rel")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def _pause(typing_context: Any) -> Any:
    """Hint to the core that this loop only waits, where there is such an instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if platform.machine().lower() in ("x86_64", "amd64"):
            _call(builder, "llvm.x86.sse2.pause", ir.VoidType())
        return context.get_dummy_value()

    return types.none(), generate


@intrinsic
def _yield_core(typing_context: Any) -> Any:
    """Yield the core to another thread: on a busy machine the member that has not arrived may need it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
        _call(builder, name, ir.IntType(32))
        return context.get_dummy_value()

    return types.none(), generate
