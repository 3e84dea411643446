"""Measures a workload: its time on both paths, its memory, and complete processes.

Both paths compute the same audio, the fast one and the reference, and run in turns. Other load on the machine disturbs
successive runs alike, so a speedup is the median over pairs of successive runs, not a quotient of two medians. A slow
path is measured on less audio than a fast one: a run should not last much longer than `RUN_SECONDS`, and times are
reported per second of audio.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tts.benchmark.presets import HELLO
from tts.errors import TtsError
from tts.kernels.execution import reference_only

Floats = npt.NDArray[np.float32]

RUN_SECONDS = 5.0
# The audio of the first run, which shows how slow a path is.
LEAST_SECONDS = 0.05
# Runs that choose the length of the measured ones: a short run is slower per second of audio than a long one.
PILOTS = 2


@dataclass(frozen=True)
class RunOutput:
    """The output of one run, and the seconds of audio that it is or stands for, of all rows of a batch together."""

    output: Floats
    seconds: float


@dataclass(frozen=True)
class Workload:
    """A stage that can be run repeatedly.

    `run` and `plain` receive the seconds of audio to compute, and return equal outputs for equal seconds; `plain` is
    called where only references compute, and None where a stage has only one path. A workload that is not `scalable`
    always computes `seconds`.
    """

    name: str
    stage: str
    run: Callable[[float], RunOutput]
    plain: Callable[[float], RunOutput] | None
    seconds: float
    scalable: bool = True


@dataclass(frozen=True)
class Spread:
    """Repeated measurements of one quantity."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass
class Timings:
    """One path's runs: their real-time factors and seconds of audio, the duration of the first call, the peak
    memory."""

    audio_seconds: float
    first_seconds: float
    rtfs: list[float] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def rtf(self) -> Spread:
        """Seconds of computing for a second of audio."""
        return Spread.of(self.rtfs)


@dataclass(frozen=True)
class Difference:
    """The largest difference between the outputs of both paths, and the largest magnitude of the reference's."""

    largest: float
    reference_peak: float


@dataclass(frozen=True)
class Measured:
    workload: Workload
    fast: Timings
    reference: Timings | None = None
    difference: Difference | None = None

    @property
    def speedup(self) -> Spread | None:
        """How many times faster each fast run was than the reference run before it."""
        if self.reference is None:
            return None
        return Spread.of([slow / fast for slow, fast in zip(self.reference.rtfs, self.fast.rtfs, strict=True)])


class _Path:
    """One path of a workload; its first runs choose how much audio a run computes, and measure the peak memory."""

    def __init__(
        self,
        work: Callable[[float], RunOutput],
        context: Callable[[], AbstractContextManager[None]],
        workload: Workload,
    ) -> None:
        self._work, self._context = work, context
        reset_peak()
        self.seconds = min(LEAST_SECONDS, workload.seconds) if workload.scalable else workload.seconds
        # The first call compiles and packs: it does not show how fast the path is.
        self.result, first = self._timed(self.seconds)
        for _ in range(PILOTS if workload.scalable else 0):
            self.result, seconds = self._timed(self.seconds)
            possible = RUN_SECONDS * self.result.seconds / seconds
            self.seconds = min(workload.seconds, max(self.seconds, possible))
        self.timings = Timings(self.result.seconds, first, peak_mb=peak_mb())

    def run(self) -> None:
        self.result, seconds = self._timed(self.seconds)
        self.timings.audio_seconds = self.result.seconds
        self.timings.rtfs.append(seconds / self.result.seconds)

    def output(self, seconds: float) -> Floats:
        """The output for so many seconds of audio."""
        return self.result.output if seconds == self.seconds else self._timed(seconds)[0].output

    def _timed(self, wanted: float) -> tuple[RunOutput, float]:
        with self._context():
            start = time.perf_counter()
            result = self._work(wanted)
            return result, time.perf_counter() - start


def measure(workload: Workload, repeat: int, on_run: Callable[[], None] = lambda: None) -> Measured:
    """Run both paths of a workload in turns, `repeat` times each; `on_run` is called after each such pair.

    The reference runs first, so that the memory which the fast path holds is not counted as the reference's.
    """
    reference = _Path(workload.plain, reference_only, workload) if workload.plain else None
    fast = _Path(workload.run, nullcontext, workload)
    for _ in range(repeat):
        if reference is not None:
            reference.run()
        fast.run()
        on_run()
    if reference is None:
        return Measured(workload, fast.timings)
    # Over the longest audio that both can compute; None where the outputs have different lengths all the same.
    seconds = min(reference.seconds, fast.seconds)
    expected, got = reference.output(seconds), fast.output(seconds)
    difference = None
    if expected.shape == got.shape:
        difference = Difference(float(np.abs(expected - got).max()), float(np.abs(expected).max()))
    return Measured(workload, fast.timings, reference.timings, difference)


_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
# Linux resets the peak when this is written.
_RESET_PEAK = "5"
MB = 1e6


def reset_peak() -> bool:
    """Reset the peak to the memory held now; False where the system cannot (all but Linux)."""
    try:
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def peak_mb() -> float:
    """The peak memory in MB since `reset_peak`, or since the process began where the system cannot reset it."""
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / MB
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resident_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def resident_mb(ru_maxrss: int) -> float:
    """A `ru_maxrss` in MB: systems report it in different units."""
    return ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB


# Linux counts the parent's memory at the start of a process as the process's own: a small parent is needed.
_LAUNCHER = """
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - start, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Process:
    """One process: seconds of wall time, and its peak memory."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class ColdStart:
    """Processes of both kinds, which ran in turns: `import torch` is how any speech program on PyTorch begins."""

    hello: tuple[Process, ...]
    import_torch: tuple[Process, ...]


def measure_cold_start(flags: Sequence[str], repeat: int, on_run: Callable[[], None]) -> ColdStart:
    """`tts say "Hello world."` with these flags and `import torch`, `repeat` times each, in turns.

    Raises:
        TtsError: one of them failed, or this system does not report the memory of a process.
    """
    hello, import_torch = [], []
    with tempfile.TemporaryDirectory() as folder:
        say = [sys.executable, "-m", "tts", "say", HELLO, "--quiet", *flags, "-o", str(Path(folder) / "hello.wav")]
        for _ in range(repeat):
            import_torch.append(run_process([sys.executable, "-c", "import torch"]))
            on_run()
            hello.append(run_process(say))
            on_run()
    return ColdStart(tuple(hello), tuple(import_torch))


def run_process(command: Sequence[str]) -> Process:
    """Run a command to its end and discard its output.

    Raises:
        TtsError: it failed, or this system does not report the memory of a process.
    """
    if not hasattr(os, "wait4"):
        raise TtsError("This system does not report the time and memory of a process: omit --cold.")
    # With -m, Python searches the current folder; the child must find this package wherever it was imported from.
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryFile() as errors:
        launcher = [sys.executable, "-S", "-c", _LAUNCHER, *command]
        # A session of its own, so that both processes can be ended together.
        child = subprocess.Popen(
            launcher,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        try:
            printed, _ = child.communicate()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise
        seconds, peak, code = printed.split()
        if int(code):
            errors.seek(0)
            lines = [line for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
            reason = lines[-1].removeprefix("tts: ") if lines else "it printed no message"
            raise TtsError(f"The process {' '.join(command[1:4])} … failed: {reason}")
    return Process(float(seconds), resident_mb(int(peak)))
