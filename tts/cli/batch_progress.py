"""How far a batch is, on standard error: a bar on a terminal, else a line now and then; and what fails, as it fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tts.cli.console import tell

if TYPE_CHECKING:
    from tts.batch.jobs import BatchResult
    from tts.batch.manifest import Summary

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_NUMBERS = 0.2
# Of the failures so many are told one by one; the manifest has them all.
MOST_TOLD = 20


class Failures:
    """Tells of each failure, and of nothing else: --quiet."""

    def __init__(self) -> None:
        self._told = 0

    def update(self, summary: Summary, row: BatchResult | None = None) -> None:
        """`row` has just ended; None: one was skipped."""
        if row is None or row.error is None or self._told > MOST_TOLD:
            return
        self._told += 1
        if self._told > MOST_TOLD:
            self.print(f"more fail; the manifest names them all: {summary.manifest}")
        else:
            named = "" if row.id == f"line {row.line}" else f" ({row.id})"
            self.print(f"line {row.line}{named}: {row.error}")

    def warn(self, message: str) -> None:
        self.print(f"warning: {message}")

    def print(self, message: str) -> None:
        tell(message)


class Lines(Failures):
    """Plain lines of progress. `total` is how many lines the file has, None where nobody knows it."""

    seconds_between = _SECONDS_BETWEEN_LINES

    def __init__(self, total: int | None) -> None:
        super().__init__()
        self._total = total
        self._shown = time.monotonic()

    def update(self, summary: Summary, row: BatchResult | None = None) -> None:
        super().update(summary, row)
        now = time.monotonic()
        if now - self._shown >= self.seconds_between:
            self._shown = now
            self.show(summary)

    def show(self, summary: Summary) -> None:
        of_all = f" of {self._total}" if self._total is not None else ""
        tell(f"{summary.seen}{of_all}, {progress_told(summary, self._total)}")


class Bar(Lines):
    """The same in a bar; failures go above it."""

    seconds_between = _SECONDS_BETWEEN_NUMBERS

    def __init__(self, total: int | None, bar: Any, task: Any) -> None:
        super().__init__(total)
        self._bar, self._task = bar, task

    def show(self, summary: Summary) -> None:
        self._bar.update(self._task, completed=summary.seen, told=progress_told(summary, self._total))

    def print(self, message: str) -> None:
        self._bar.console.print(f"tts: {message}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def batch_progress(total: int | None, *, quiet: bool) -> Iterator[Failures]:
    """What is told while a batch runs over a file of `total` lines."""
    if quiet:
        yield Failures()
    elif not sys.stderr.isatty():
        yield Lines(total)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}", markup=False))
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield Bar(total, bar, bar.add_task("speaking", total=total, told=""))


def summary_told(summary: Summary) -> str:
    """What became of it all: "3 done, 1 failed (9.0 s of audio in 2.1 s); the manifest is out/manifest.jsonl"."""
    counts = {"done": summary.done, "skipped": summary.skipped, "failed": summary.failed}
    told = ", ".join(f"{n} {what}" for what, n in counts.items() if n) or "nothing to do"
    made = f" ({summary.seconds:.1f} s of audio in {summary.wall_seconds:.1f} s)" if summary.done else ""
    return f"{told}{made}; the manifest is {summary.manifest}"


def progress_told(summary: Summary, total: int | None) -> str:
    """Failed, how fast, and the time left: "2 failed, 31 s of audio a second, 0:01:02 left"."""
    told = [f"{summary.failed} failed"] if summary.failed else []
    if summary.done > 1:
        told.append(f"{summary.seconds / summary.making_seconds:.1f} s of audio a second")
        if total is not None and total > summary.seen:
            # What is skipped takes no time.
            left = (total - summary.seen) * summary.making_seconds / (summary.made - 1)
            told.append(f"{timedelta(seconds=round(left))} left")
    return ", ".join(told) or (f"{summary.skipped} skipped" if summary.skipped else "workers start")
