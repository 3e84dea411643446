"""The folder of a report: there whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tts.audio.atomic import check_parent, folder_beside
from tts.errors import TtsError

INDEX, DATA = "index.html", "report.json"


def check_report_folder(folder: Path) -> Path:
    """The real path of a report to write, refused early where it can be seen that writing will fail.

    Raises:
        TtsError: something else stands there, or nothing can be made beside it.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and not _is_report(target):
        raise TtsError(f"{folder} is there and is no report: remove it first, or name another folder.")
    check_parent(target)
    return target


@contextmanager
def report_folder(folder: Path) -> Iterator[Path]:
    """A new folder to write to, which becomes `folder` when the block ends well and is gone when it does not.

    Raises:
        TtsError: see `check_report_folder`.
    """
    target = check_report_folder(folder)
    with folder_beside(target) as making:
        yield making
        _replace(target, making)


def _is_report(folder: Path) -> bool:
    """Whether a folder is empty, or an earlier report, which may go."""
    if not folder.is_dir():
        return False
    return not any(folder.iterdir()) or all((folder / name).is_file() for name in (INDEX, DATA))


def _replace(target: Path, made: Path) -> None:
    """Put the finished folder in place; what stood there goes only when the new one stands."""
    if not target.exists():
        made.rename(target)
        return
    old = target.with_name(f"{made.name}-old")
    target.rename(old)
    try:
        made.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
