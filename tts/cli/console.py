"""What goes to the terminal: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tts.errors import UsageError

# A text shorter than this is spoken before a progress bar would be seen, and Rich is slow to load.
_LONG_TEXT = 500


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    readable = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(document, ensure_ascii=not readable, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output; where that is no terminal, plain lines that are never cut or folded."""
    if not sys.stdout.isatty():
        lines = [columns, *rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
        for line in lines:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        # Text, so that no description of a voice is read as markup.
        table.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout).print(table)


def report(message: str) -> None:
    """A line on standard error."""
    print(f"tts: {message}", file=sys.stderr)


def warn(message: str) -> None:
    report(f"warning: {message}")


def confirm(question: str, *, yes: bool, refusal: str) -> bool:
    """Ask the user at the terminal; without one, only `yes` is an answer.

    Raises:
        UsageError: there is no terminal.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(refusal)
    print(f"tts: {question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar of characters done on standard error, where that is a terminal and the text is long."""
    with counting_bar("speaking", total, "characters", quiet=quiet or total < _LONG_TEXT) as count:
        yield count


@contextmanager
def counting_bar(title: str, total: int, things: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """The bar of `amount_bar`; the yielded function is called with the number done since the last call."""
    done = 0
    with amount_bar(title, things, quiet=quiet) as show:

        def count(more: int) -> None:
            nonlocal done
            done += more
            show(done, total)

        count(0)
        yield count


@contextmanager
def amount_bar(title: str, things: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar of `things` done on standard error, with the time left, where that is a terminal.

    The yielded function is called with the number that is done and the total.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn(things), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def download_bar(title: str, *, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A bar of bytes on standard error, with speed and time left, where that is a terminal.

    The yielded function is called with the number of bytes received and the total, None if that is unknown.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    # No markup: a title comes from an address.
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        before: float = math.inf

        def show(done: int, total: int | None) -> None:
            nonlocal before
            # Bytes of an earlier run, or a restart, do not count as speed.
            if done <= before:
                bar.reset(task, completed=done, total=total)
            else:
                bar.update(task, completed=done, total=total)
            before = done

        yield show
