"""The manifest of a run: one line of JSON per utterance, written when its file is complete.

The last line of an id counts. A line is given to the system at once, so that a killed run loses nothing, and is on the
disk about a second later.
`Summary` counts the results of a run.
"""

from __future__ import annotations

import json
import math
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tts.batch.folders import write_failure
from tts.batch.jobs import BatchResult
from tts.errors import TtsError, UsageError
from tts.files import check_destination, is_special, sync

MANIFEST_NAME = "manifest.jsonl"
MOST_FAILURES = 100
"""As many failures are kept in a summary; the manifest has all."""

_SECONDS_BETWEEN_SYNCS = 1.0
# Longer lines are read in parts, none of which is a result: memory is bounded for any file.
_LONGEST_LINE = 1 << 22
# How the fragment of a first line begins.
_START = b'{"id": "'

# The fields of a result, and whether a value from a file is valid.
_VALID: dict[str, Callable[[Any], bool]] = {
    "id": lambda value: isinstance(value, str),
    "line": lambda value: type(value) is int and 0 <= value < 2**63,
    "key": lambda value: isinstance(value, str) and value.isascii(),
    "file": lambda value: value is None or isinstance(value, str),
    "size": lambda value: type(value) is int and 0 <= value < 2**63,
    "seconds": lambda value: type(value) in (int, float),
    "rtf": lambda value: type(value) in (int, float),
    "warnings": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "error": lambda value: value is None or isinstance(value, str),
    "timings": lambda value: value is None or isinstance(value, str),
}


def read_results(path: Path, warn: Callable[[str], None]) -> Iterator[tuple[int, BatchResult]]:
    """Each result of a manifest with the offset of its line; nothing if there is no file.

    Lines that are no results are skipped and counted in one warning; an incomplete last line is skipped silently.

    Raises:
        TtsError: the file cannot be read.
    """
    n_invalid, offset = 0, 0
    try:
        with suppress(FileNotFoundError), path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                if (result := _parse(line)) is not None:
                    yield offset, result
                elif line.endswith(b"\n") and line.strip():
                    n_invalid += 1
                offset += len(line)
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error
    if n_invalid:
        lines = "line that is no result and is" if n_invalid == 1 else "lines that are no results and are"
        warn(f"{path} has {n_invalid} {lines} ignored")


def _parse(line: bytes) -> BatchResult | None:
    """The result in a line, without fields that a later version may have added; None: the line is no result."""
    try:
        content = json.loads(line)
    # RecursionError: thousands of nested brackets.
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not {"id", "line"} <= content.keys():
        return None
    values = {name: content[name] for name in _VALID if name in content}
    if not all(_VALID[name](value) for name, value in values.items()):
        return None
    return BatchResult(**{**values, "warnings": tuple(values.get("warnings", ()))})


def _format(content: Mapping[str, Any]) -> bytes:
    rounded = {name: round(value, 6) if isinstance(value, float) else value for name, value in content.items()}
    try:
        return json.dumps(rounded, ensure_ascii=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can express and UTF-8 cannot.
        return json.dumps(rounded).encode("ascii") + b"\n"


class Manifest:
    """A manifest open for writing; an existing one is continued, and an incomplete last line is removed.

    Raises:
        TtsError: it cannot be written.
        UsageError: the file is not a manifest.
    """

    def __init__(self, path: Path) -> None:
        if is_special(path) and not path.is_dir():
            raise UsageError(f"{path} is not a regular file; a manifest must be one.")
        self.path = check_destination(path)
        # To continue another file would destroy it.
        if next(read_results(self.path, lambda message: None), None) is None and not _is_beginning(self.path):
            raise UsageError(f"{self.path} is not the manifest of a run: name another file with --manifest.")
        self._compacted = self.path.with_name(f".{self.path.name}.new")
        try:
            self._compacted.unlink(missing_ok=True)
            self.path.touch()
            self._end = _repair_end(self.path)
            self._file = self.path.open("ab", buffering=0)
            sync(self.path.parent)
        except OSError as error:
            raise write_failure(self.path, error) from error
        self._synced = time.monotonic()

    def append(self, result: BatchResult) -> int:
        """Write a result and return the offset of its line; after that, killing the process does not lose it.

        Raises:
            FolderFullError: the disk is full or unavailable.
        """
        line = _format(vars(result))
        start = self._end
        try:
            rest = memoryview(line)
            # On a nearly full disk, only a part is written first.
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            # An incomplete line is useless, and truncating needs no space.
            with suppress(OSError):
                os.truncate(self.path, start)
            raise write_failure(self.path, error) from error
        self._end += len(line)
        if time.monotonic() - self._synced >= _SECONDS_BETWEEN_SYNCS:
            self.sync()
        return start

    def sync(self) -> None:
        """Wait until every line is on the disk; raises like `append`."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise write_failure(self.path, error) from error
        self._synced = time.monotonic()

    def compact(self, lines: Iterable[tuple[int, int]]) -> None:
        """Replace the manifest atomically by some of its lines, in the given order, and close it.

        lines: for each, its offset and the number of the utterance's line in the sentences file. Raises like `append`.
        """
        self.close()
        try:
            with self.path.open("rb") as source, self._compacted.open("wb") as target:
                for offset, number in lines:
                    source.seek(offset)
                    line = source.readline()
                    # Fields that only a later version knows are kept.
                    content = json.loads(line)
                    target.write(line if content["line"] == number else _format({**content, "line": number}))
            self._compacted.chmod(stat.S_IMODE(self.path.stat().st_mode))
            sync(self._compacted)
            os.replace(self._compacted, self.path)
            sync(self.path.parent)
        except BaseException as error:
            with suppress(OSError):
                self._compacted.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise write_failure(self.path, error) from error
            raise

    def close(self) -> None:
        """Raises like `append`; closing again does nothing."""
        if not self._file.closed:
            with self._file:
                self.sync()

    def __enter__(self) -> Manifest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return self.close()
        # The user must see the error that ended the run.
        with suppress(TtsError):
            self.close()


def _repair_end(path: Path) -> int:
    """Remove an incomplete last line, or complete it if only its line feed is missing; the size of the file."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = file.seek(max(0, end - _LONGEST_LINE))
            tail = file.read()
            fragment = tail[tail.rfind(b"\n") + 1 :]
            if _parse(fragment) is not None:
                return end + file.write(b"\n")
            end = file.truncate(end - len(fragment))
            if end > start:
                break
        return end


def _is_beginning(path: Path) -> bool:
    """Whether the file is missing, empty, or contains only a part of a first line."""
    head = b""
    with suppress(FileNotFoundError), path.open("rb") as file:
        # After a power cut there may be zeros in blocks that were not written.
        head = file.read(_LONGEST_LINE).strip(b"\0\r\n\t ")
    if b"\n" in head:
        return False
    try:
        json.loads(head)
    except (ValueError, RecursionError):
        return head.startswith(_START) or _START.startswith(head)
    return False


@dataclass
class Summary:
    """Counts of utterances; `seconds` is of the audio that this run produced."""

    folder: str
    manifest: str
    done: int = 0
    skipped: int = 0
    failed: int = 0
    warned: int = 0
    seconds: float = 0.0
    failures: list[BatchResult] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    first_made: float | None = None
    """When the first utterance ended. Until then workers start, which says nothing about the remaining time."""

    @property
    def seen(self) -> int:
        return self.made + self.skipped

    @property
    def wall_seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    @property
    def made(self) -> int:
        """Utterances that were not skipped."""
        return self.done + self.failed

    @property
    def making_seconds(self) -> float:
        """Since the first utterance ended; above zero."""
        return max(1e-3, time.monotonic() - (self.first_made or math.inf))

    def skip(self) -> None:
        self.skipped += 1

    def add(self, result: BatchResult) -> None:
        self.warned += bool(result.warnings)
        if result.error is None:
            self.done += 1
            self.first_made = self.first_made or time.monotonic()
            self.seconds += result.seconds
            return
        self.failed += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(result)

    def document(self) -> dict[str, Any]:
        """For --json."""
        wall_seconds = self.wall_seconds
        return {
            "folder": self.folder,
            "manifest": self.manifest,
            "done": self.done,
            "skipped": self.skipped,
            "failed": self.failed,
            "warned": self.warned,
            "seconds": round(self.seconds, 3),
            "wall_seconds": round(wall_seconds, 3),
            "speed": round(self.seconds / max(wall_seconds, 1e-9), 3),
            "failures": [{"id": result.id, "line": result.line, "error": result.error} for result in self.failures],
        }
