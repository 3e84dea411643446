"""How far a training is, on standard error: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tts.cli.console import tell

if TYPE_CHECKING:
    from torch import Tensor

# A line so often where there is no terminal; and the bar's numbers, which cost a wait for the device.
_SECONDS_BETWEEN_LINES = 30.0
_SECONDS_BETWEEN_NUMBERS = 0.5


class Lines:
    """Plain lines of progress, and of what validation finds."""

    seconds_between = _SECONDS_BETWEEN_LINES

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._told = float("-inf")

    def step(self, step: int, loss: Tensor, rate: float) -> None:
        now = time.monotonic()
        if now - self._told < self.seconds_between and step < self._steps:
            return
        # The first step knows no speed yet.
        if rate or step == self._steps:
            self._told = now
            self.show(step, float(loss), rate)

    def figures(self, step: int, values: dict[str, float]) -> None:
        tell(f"step {step}: {', '.join(f'{name} {value:.4g}' for name, value in values.items())}")

    def show(self, step: int, loss: float, rate: float) -> None:
        tell(f"step {step} of {self._steps}, loss {loss:.4g}{_pace(self._steps - step, rate)}")


class Bar(Lines):
    """A bar with the same, rewritten in place; lines go above it."""

    seconds_between = _SECONDS_BETWEEN_NUMBERS

    def __init__(self, steps: int, bar: Any, task: Any) -> None:
        super().__init__(steps)
        self._bar, self._task = bar, task

    def show(self, step: int, loss: float, rate: float) -> None:
        told = f"loss {loss:.4g}{_pace(self._steps - step, rate)}"
        self._bar.update(self._task, completed=step, told=told)

    def figures(self, step: int, values: dict[str, float]) -> None:
        found = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        self._bar.console.print(f"step {step}: {found}", markup=False, highlight=False)


class Silence:
    """--quiet, and every process but the first."""

    def step(self, step: int, loss: Tensor, rate: float) -> None:
        pass

    def figures(self, step: int, values: dict[str, float]) -> None:
        pass


@contextmanager
def training_progress(done: int, steps: int, *, quiet: bool) -> Iterator[Lines | Silence]:
    """Progress of steps from `done` to `steps`."""
    import sys

    if quiet:
        yield Silence()
        return
    if not sys.stderr.isatty():
        yield Lines(steps)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("step"), MofNCompleteColumn(), BarColumn(), TextColumn("{task.fields[told]}", markup=False))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield Bar(steps, bar, bar.add_task("step", total=steps, completed=done, told=""))


def _pace(steps: int, rate: float) -> str:
    if not rate:
        return ""
    left = f", {timedelta(seconds=round(steps / rate))} left" if steps else ""
    return f", {rate:.3g} steps/s{left}"
