"""A compiled function on several cores at once, whose members wait for each other in less than a microsecond.

A frame or a sample of an autoregressive network is too short to hand its parts to a pool of threads: each handing over
would cost more than the part. So the threads are handed a whole run of frames, and meet after every step of each:

    @njit(nogil=True, cache=True)
    def member(rank, n_members, barrier, x, y):
        for _ in range(n_steps):
            first, end = share(len(y), rank, n_members)
            y[first:end] = ...          # one's own outputs, from any inputs
            meet(barrier, n_members)    # now everybody's outputs are there to be read

    run_together(member, x, y)

Outputs are shared out, sums are not: so the result does not depend on how many threads there are.
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

from tts.kernels.threads import compute_threads

Barrier = npt.NDArray[np.int64]

# Places in the barrier, in cache lines of their own: members that arrived, meetings that took place, members that fell.
ARRIVED, MEETINGS, FALLEN, BARRIER_SIZE = 0, 16, 32, 48
# Looks at the barrier before the processor is offered to others: some 20 µs, more than cores at work differ by.
PATIENCE = 1000

_one_team_at_a_time = threading.Lock()
_pool: ThreadPoolExecutor | None = None
_pool_size = 0


def run_together(member: Callable[..., Any], *arguments: Any, n_members: int | None = None) -> None:
    """Call `member(rank, n_members, barrier, *arguments)` for every rank at once; rank 0 runs on the calling thread.

    `member` is compiled with nogil and meets the others by `meet`, all of them equally often. `n_members` is
    `compute_threads()` where it is not given. Teams of several callers take turns, since one has every core already.

    Raises:
        The first exception of a member; the others are then let go at their next meeting.
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
            barrier[FALLEN] = 1

    with _one_team_at_a_time:
        others = _threads(n_members - 1)
        tasks = [others.submit(run, rank) for rank in range(1, n_members)]
        run(0)
        for task in tasks:
            task.result()
    if failures:
        raise failures[0]


def _threads(n: int) -> ThreadPoolExecutor:
    """Threads that stay, since starting one takes longer than a step."""
    global _pool, _pool_size
    if _pool is None or _pool_size < n:
        if _pool is not None:
            _pool.shutdown()
        _pool, _pool_size = ThreadPoolExecutor(n, "tts-kernel"), n
    return _pool


def _forget() -> None:
    """A forked process has none of its parent's threads, and must not wait for what they held."""
    global _pool, _pool_size, _one_team_at_a_time
    _pool, _pool_size, _one_team_at_a_time = None, 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


@njit(nogil=True, cache=True, inline="always")
def share(n: int, rank: int, n_members: int) -> tuple[int, int]:
    """The part of n things that falls to a member: (first, end)."""
    return n * rank // n_members, n * (rank + 1) // n_members


@njit(nogil=True, cache=True)
def meet(barrier: Barrier, n_members: int) -> None:
    """Wait until every member is here; what each of them wrote before is there to be read after.

    Raises:
        RuntimeError: a member fell, and will never be here.
    """
    if n_members == 1:
        return
    meeting: int = _load(barrier, MEETINGS)  # type: ignore[call-arg]
    if _add(barrier, ARRIVED, 1) == n_members - 1:
        # The last one opens the door; nobody arrives at the next meeting before it is open.
        _add(barrier, ARRIVED, -n_members)
        _add(barrier, MEETINGS, 1)
        return
    looks = 0
    while _load(barrier, MEETINGS) == meeting:
        if _load(barrier, FALLEN) != 0:
            raise RuntimeError("Another thread of this computation failed.")
        looks += 1
        if looks < PATIENCE:
            _pause()
        else:
            _give_way()


def _place(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return cgutils.gep(builder, data, index)  # type: ignore[no-untyped-call]


def _call(builder: Any, name: str, result: Any) -> None:
    """A function without arguments, of LLVM's or of the system's library."""
    kind = ir.FunctionType(result, [])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])  # type: ignore[no-untyped-call]


@intrinsic
def _load(typing_context: Any, array: Any, index: Any) -> Any:
    """array[index] as it is now; what its writer wrote before it is seen after."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(place, "acquire", 8, typ=ir.IntType(64))

    return types.int64(array, types.intp), generate


@intrinsic
def _add(typing_context: Any, array: Any, index: Any, amount: Any) -> Any:
    """array[index] += amount, one member after the other → what it was before."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _place(context, builder, signature.args[0], *arguments[:2])
        return builder.atomic_rmw("add", place, arguments[2], "acq_rel")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def _pause(typing_context: Any) -> Any:
    """Tell the core that this loop only waits, where it can be told."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if platform.machine().lower() in ("x86_64", "amd64"):
            _call(builder, "llvm.x86.sse2.pause", ir.VoidType())
        return context.get_dummy_value()

    return types.none(), generate


@intrinsic
def _give_way(typing_context: Any) -> Any:
    """Let another thread have the core: on a busy machine the one that is waited for may be in want of it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
        _call(builder, name, ir.IntType(32))
        return context.get_dummy_value()

    return types.none(), generate
