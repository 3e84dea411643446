"""The sentences file itself: opened, and how much there is of it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tts.batch.lines import STANDARD_INPUT
from tts.errors import TtsError, UsageError

_BLOCK = 1 << 20


@contextmanager
def open_sentences(name: str | None) -> Iterator[BinaryIO]:
    """A sentences file to be read; `-` is standard input, and so is None where that is no terminal.

    Raises:
        UsageError: there is no such file, or it is a folder, or nothing was named and a terminal would wait.
        TtsError: it cannot be read.
    """
    if name is None and sys.stdin.isatty():
        raise UsageError("There are no sentences: name a file of them, or - to read standard input.")
    if name in (None, STANDARD_INPUT):
        yield sys.stdin.buffer
        return
    with _opened(Path(name or "")) as stream:
        yield stream


def count_lines(name: str | None) -> int | None:
    """How many lines a file has, blank ones too; None where that is not known before it is read.

    Raises:
        UsageError, TtsError: as `open_sentences` does.
    """
    if name in (None, STANDARD_INPUT):
        return None
    with _opened(Path(name or "")) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return None
        count, last = 0, b"\n"
        while block := stream.read(_BLOCK):
            count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the file of sentences in it.")
    try:
        return open(path, "rb")
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"There is no file {path}: name the file of sentences, or - for standard input.") from None
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error
