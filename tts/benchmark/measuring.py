"""Two ways to the same audio, timed in turns: the fast one, and the plain one that it must equal.

Whatever else a machine does disturbs neighbours in time alike, so a factor is the median over pairs of neighbours, not
a quotient of two medians. A slow path is measured on less audio than a fast one: no run is to take much longer than
`RUN_SECONDS`, and what it took is told for one second of audio.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tts.benchmark.memory import forget_peak, peak_mb
from tts.kernels.choice import reference_only

Floats = npt.NDArray[np.float32]

RUN_SECONDS = 5.0
# As much audio as tells how slow a path is: less than this, no network is asked for.
LEAST_SECONDS = 0.05
# A short run is slower for its length than a long one: it is only told enough to choose a longer one.
PILOTS = 2


@dataclass(frozen=True)
class Made:
    """What one run made, and the seconds of audio that this is, or is for: of all rows of a batch together."""

    output: Floats
    seconds: float


@dataclass(frozen=True)
class Workload:
    """A stage that can be run again and again.

    `run` and `plain` take the seconds of audio wanted and always make the same of the same; `plain` is called where
    only references compute, and None where a stage has no other way. A workload that is not `scalable` makes
    `seconds`, whatever it is asked for.
    """

    name: str
    stage: str
    run: Callable[[float], Made]
    plain: Callable[[float], Made] | None
    seconds: float
    scalable: bool = True


@dataclass(frozen=True)
class Spread:
    """Some measurements of the same."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass
class Timings:
    """One path's runs: the real-time factor of each, on how much audio, how long the first call took, the peak."""

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
    """How far the outputs of both paths lie apart where they do most, and the largest number of the reference's."""

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
        """How many times faster than its neighbour in time each fast run was."""
        if self.reference is None:
            return None
        return Spread.of([slow / fast for slow, fast in zip(self.reference.rtfs, self.fast.rtfs, strict=True)])


class _Path:
    """One path of a workload; some first runs choose how much audio one makes, and see the memory that it takes."""

    def __init__(
        self, work: Callable[[float], Made], held: Callable[[], AbstractContextManager[None]], workload: Workload
    ) -> None:
        self._work, self._held = work, held
        forget_peak()
        self.asked = min(LEAST_SECONDS, workload.seconds) if workload.scalable else workload.seconds
        # The first call compiles, packs and warms: it does not tell how fast the path is.
        self.made, first = self._timed(self.asked)
        for _ in range(PILOTS if workload.scalable else 0):
            self.made, seconds = self._timed(self.asked)
            possible = RUN_SECONDS * self.made.seconds / seconds
            self.asked = min(workload.seconds, max(self.asked, possible))
        self.timings = Timings(self.made.seconds, first, peak_mb=peak_mb())

    def run(self) -> None:
        self.made, seconds = self._timed(self.asked)
        self.timings.audio_seconds = self.made.seconds
        self.timings.rtfs.append(seconds / self.made.seconds)

    def output(self, asked: float) -> Floats:
        """What it makes for so many seconds of audio."""
        return self.made.output if asked == self.asked else self._timed(asked)[0].output

    def _timed(self, asked: float) -> tuple[Made, float]:
        with self._held():
            start = time.perf_counter()
            made = self._work(asked)
            return made, time.perf_counter() - start


def measure(workload: Workload, repeat: int, on_run: Callable[[], None] = lambda: None) -> Measured:
    """Run both paths of a workload in turns, `repeat` times each; `on_run` is called after each such pair.

    The reference goes first, so that what the fast path keeps in memory is not counted as the reference's.
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
    return Measured(workload, fast.timings, reference.timings, _difference(reference, fast))


def _difference(reference: _Path, fast: _Path) -> Difference | None:
    """Of the longest audio that both can be asked for; None where one is longer than the other all the same."""
    asked = min(reference.asked, fast.asked)
    expected, got = reference.output(asked), fast.output(asked)
    if expected.shape != got.shape:
        return None
    return Difference(float(np.abs(expected - got).max()), float(np.abs(expected).max()))
