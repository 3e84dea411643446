"""Check every fixture under a folder against the numbers of the reference implementations.

    python -m tests.parity FOLDER

It prints one line per comparison with the largest relative error. The exit code is 1 when one fails, or when no check
knows the arrays of a folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tests.parity import hifigan, mel, piper, tacotron2, text_ids, waveglow, wavenet
from tests.parity.comparison import Comparison
from tts.errors import TtsError
from tts.kernels.execution import one_compute_thread


class Check(Protocol):
    """A kind of fixture: which folders contain it, and the comparisons of a folder."""

    def matches(self, folder: Path) -> bool: ...

    def check(self, folder: Path) -> Iterator[Comparison]: ...


CHECKS: tuple[Check, ...] = (tacotron2, text_ids, waveglow, wavenet, hifigan, mel, piper)


def main(folder: Path) -> int:
    """Print a line for each comparison under `folder`; return 0 when all are good and there is at least one."""
    verdicts = [print_verdict(verdict, line) for verdict, line in results(folder)]
    good = sum(verdicts)
    print(f"{good} of {len(verdicts)} are good")
    return 0 if verdicts and good == len(verdicts) else 1


def results(root: Path) -> Iterator[tuple[bool, str]]:
    """(good, what was compared) for every folder of fixtures from `root` down."""
    for folder in [root, *sorted(path for path in root.rglob("*") if path.is_dir())]:
        name = folder.relative_to(root) if folder != root else Path(folder.name)
        checks = [check for check in CHECKS if check.matches(folder)]
        if not checks and any(folder.glob("*.npz")):
            yield False, f"{name}: no check knows these arrays"
        for check in checks:
            yield from compared(check, folder, str(name))


def compared(check: Check, folder: Path, name: str) -> Iterator[tuple[bool, str]]:
    try:
        # On several threads, networks this small spend their time on synchronization: minutes on a busy machine.
        with one_compute_thread():
            for comparison in check.check(folder):
                yield comparison.passed, f"{name} {comparison}"
    except (TtsError, LookupError, ValueError, RuntimeError, AssertionError, OSError) as error:
        yield False, f"{name}: {type(error).__name__}: {error}"


def print_verdict(good: bool, line: str) -> bool:
    print(f"{'good' if good else 'MISS'}  {line}", flush=True)
    return good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder")
    sys.exit(main(arguments.folder))
