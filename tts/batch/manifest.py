"""The manifest of a run: a line of JSON an utterance, written as its file lands, the last of an id counts.

What is written is with the system at once, so that a killed run loses no row, and on the disk about a second later.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from tts.batch.disk import write_failure
from tts.batch.job import Row
from tts.errors import TtsError, UsageError
from tts.files import check_destination, is_special, sync

MANIFEST_NAME = "manifest.jsonl"
_SECONDS_BETWEEN_SYNCS = 1.0
# Longer lines are read in parts, and are no rows then: whatever the file is, memory stays small.
_LONGEST_LINE = 1 << 22
# What a row that was torn off begins with, however little of it there is.
_START = b'{"id": "'
_DIGITS = 6


def read_rows(path: Path, warn: Callable[[str], None]) -> Iterator[tuple[int, Row]]:
    """Each row of a manifest and where its line begins; none where there is no file.

    Lines that are no rows are passed over, and told once at the end; a last line that was torn off is not told.

    Raises:
        TtsError: the file cannot be read.
    """
    n_strange = 0
    try:
        for offset, line in _lines(path):
            if (row := _row_of(line)) is not None:
                yield offset, row
            elif line.endswith(b"\n") and line.strip():
                n_strange += 1
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error
    if n_strange:
        lines = "line that is no row and is" if n_strange == 1 else "lines that are no rows and are"
        warn(f"{path} has {n_strange} {lines} left out")


class Manifest:
    """A manifest that is written; one that was there is gone on with, and a row that was torn off is taken away.

    Raises:
        TtsError: it cannot be written.
        UsageError: the file is something else than a manifest.
    """

    def __init__(self, path: Path) -> None:
        if is_special(path) and not path.is_dir():
            raise UsageError(f"{path} is no plain file; a manifest must be one.")
        self.path = check_destination(path)
        _refuse_other_files(self.path)
        self._fresh = self.path.with_name(f".{self.path.name}.new")
        try:
            self._fresh.unlink(missing_ok=True)
            self.path.touch()
            self._end = _mend(self.path)
            self._file = self.path.open("ab", buffering=0)
            sync(self.path.parent)
        except OSError as error:
            raise write_failure(self.path, error) from error
        self._synced = time.monotonic()

    def append(self, row: Row) -> int:
        """Write a row, and give where its line begins; when this returns, killing the process does not take it away.

        Raises:
            FolderFullError: the disk is full, or has gone.
        """
        line = _line_of(vars(row))
        start = self._end
        try:
            _write_all(self._file, line)
        except OSError as error:
            # Half a row is worth nothing, and no room is needed to take it away.
            with suppress(OSError):
                os.truncate(self.path, start)
            raise write_failure(self.path, error) from error
        self._end += len(line)
        if time.monotonic() - self._synced >= _SECONDS_BETWEEN_SYNCS:
            self.sync()
        return start

    def sync(self) -> None:
        """Wait until every row is on the disk; raises like `append`."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise write_failure(self.path, error) from error
        self._synced = time.monotonic()

    def compact(self, places: Iterable[tuple[int, int]]) -> None:
        """Replace it, whole or not at all, by the rows that begin at these places, in their order; then it is closed.

        places: (where its line begins, the utterance's line in the sentences file) a row. Raises like `append`.
        """
        self.close()
        try:
            with self.path.open("rb") as rows, self._fresh.open("wb") as file:
                for offset, line in places:
                    rows.seek(offset)
                    file.write(_moved(rows.readline(), line))
            self._fresh.chmod(stat.S_IMODE(self.path.stat().st_mode))
            sync(self._fresh)
            os.replace(self._fresh, self.path)
            sync(self.path.parent)
        except BaseException as error:
            with suppress(OSError):
                self._fresh.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise write_failure(self.path, error) from error
            raise

    def close(self) -> None:
        """Raises like `append`; a second time does nothing."""
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
        # What ended the run is what its user must hear of.
        with suppress(TtsError):
            self.close()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    with suppress(FileNotFoundError), path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            yield offset, line
            offset += len(line)


def _row_of(line: bytes) -> Row | None:
    """A row as this version knows it, without what a later one may have added; None: the line is none."""
    try:
        told = json.loads(line)
    # RecursionError: thousands of brackets in each other.
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not {"id", "line"} <= told.keys():
        return None
    row = {name: told[name] for name in _KINDS if name in told}
    if not all(_KINDS[name](value) for name, value in row.items()):
        return None
    return Row(**{**row, "warnings": tuple(row.get("warnings", ()))})


def _line_of(told: Mapping[str, Any]) -> bytes:
    told = {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in told.items()}
    try:
        return json.dumps(told, ensure_ascii=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can say and UTF-8 cannot.
        return json.dumps(told).encode("ascii") + b"\n"


def _moved(line: bytes, to: int) -> bytes:
    """A row whose utterance stands in line `to` by now; what only a later version knows of it is kept."""
    told = json.loads(line)
    if told["line"] == to:
        return line
    return _line_of({**told, "line": to})


def _write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    # On a disk that is nearly full, a part is written first.
    while rest:
        rest = rest[file.write(rest) :]


def _mend(path: Path) -> int:
    """Make a manifest end where a line ends, and give its size: a row that was torn off is no row."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = file.seek(max(0, end - _LONGEST_LINE))
            tail = file.read()
            torn = tail[tail.rfind(b"\n") + 1 :]
            if _row_of(torn) is not None:
                return end + file.write(b"\n")
            end = file.truncate(end - len(torn))
            if end > start:
                break
        return end


def _refuse_other_files(path: Path) -> None:
    """Raise UsageError where something stands that is no manifest: to go on with it would destroy it."""
    if next(read_rows(path, lambda told: None), None) is None and not _is_beginning(path):
        raise UsageError(f"{path} is no manifest of a run: name another file with --manifest.")


def _is_beginning(path: Path) -> bool:
    """Whether nothing is there, or a part of a first row."""
    head = b""
    with suppress(FileNotFoundError), path.open("rb") as file:
        # After a power cut there may be zeros where nothing had come to the disk.
        head = file.read(_LONGEST_LINE).strip(b"\0\r\n\t ")
    if b"\n" in head or _is_json(head):
        return False
    return head.startswith(_START) or _START.startswith(head)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and value.isascii()


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


# The fields of a Row, and what a file may say of them.
_KINDS: dict[str, Callable[[Any], bool]] = {
    "id": _is_text,
    "line": _is_count,
    "key": _is_key,
    "file": _is_text_or_none,
    "size": _is_count,
    "seconds": _is_number,
    "rtf": _is_number,
    "warnings": _is_texts,
    "error": _is_text_or_none,
}
