"""What a run must remember of every line of its sentences file, on the disk, so that memory does not grow with it.

It is an SQLite database in an unnamed temporary file, which disappears with the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tts.batch.folders import FolderFullError
from tts.batch.jobs import BatchResult

# Nothing must outlast the process, so nothing waits for the disk. The cache has 8 MiB.
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -8192;
CREATE TABLE utterances (
    id BLOB PRIMARY KEY, claimed INTEGER, line INTEGER, key TEXT, file BLOB, size INTEGER, failed INTEGER,
    offset INTEGER, timings BLOB
) WITHOUT ROWID;
CREATE TABLE stems (stem BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE owners (file BLOB PRIMARY KEY, id BLOB) WITHOUT ROWID;
BEGIN;
"""
_CLAIM = """
INSERT INTO utterances (id, claimed) VALUES (?, ?)
ON CONFLICT DO UPDATE SET claimed = excluded.claimed WHERE claimed IS NULL
"""
_STORE = """
INSERT INTO utterances (id, claimed, line, key, file, size, failed, offset, timings)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET claimed = coalesce(claimed, excluded.claimed), line = excluded.line, key = excluded.key,
file = excluded.file, size = excluded.size, failed = excluded.failed, offset = excluded.offset,
timings = excluded.timings
"""
_LAST = """
SELECT line, key, file, size, failed, offset, timings FROM utterances WHERE id = :id AND offset IS NOT NULL
AND (file IS NULL OR :id = (SELECT id FROM owners WHERE owners.file = utterances.file))
"""
_OF_THIS_RUN = (
    "SELECT offset, claimed FROM utterances WHERE claimed IS NOT NULL AND offset IS NOT NULL ORDER BY claimed"
)
_OF_EARLIER_RUNS = """
SELECT offset, line FROM utterances JOIN owners USING (file, id) WHERE claimed IS NULL ORDER BY line, offset
"""
_UNFINISHED = "Its file was to be replaced, and the run ended before: run the command again."


@dataclass(frozen=True)
class KnownResult:
    """The last result of an id, as far as resuming needs it; `offset` is that of its line in the manifest."""

    line: int
    key: str
    file: str | None
    size: int
    failed: bool
    offset: int
    timings: str | None = None


class Ledger:
    """Ids, file names and last results; for one thread.

    Raises:
        FolderFullError: by every method, if there is no space for temporary files.
    """

    def __init__(self) -> None:
        try:
            self._database = sqlite3.connect("", isolation_level=None)
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise _full(error) from error

    def claim_id(self, id: str, line: int) -> int | None:
        """Reserve an id for a line of the sentences file; None: it is that line's, else the line that has it."""
        if self._execute(_CLAIM, (_encode(id), line)).rowcount == 1:
            return None
        (owner,) = self._execute("SELECT claimed FROM utterances WHERE id = ?", (_encode(id),)).fetchone()
        return None if owner == line else int(owner)

    def claim_file(self, stem: str, line: int) -> bool:
        """Reserve a file's name without its suffix, case-folded, for a line; False: another line has it."""
        if self._execute("INSERT OR IGNORE INTO stems VALUES (?, ?)", (_encode(stem), line)).rowcount == 1:
            return True
        (owner,) = self._execute("SELECT line FROM stems WHERE stem = ?", (_encode(stem),)).fetchone()
        return bool(owner == line)

    def add_earlier(self, results: Iterable[tuple[int, BatchResult]]) -> None:
        """Add the results of earlier runs with their offsets, in the order of the manifest."""
        for offset, result in results:
            self._store(result, offset, None)

    def add(self, result: BatchResult, offset: int) -> None:
        """Add a result of this run, whose line begins at `offset` in the manifest."""
        self._store(result, offset, result.line)

    def last(self, id: str) -> KnownResult | None:
        """The last result of an id; None: it has none, or its file has since been replaced by another id's."""
        found = self._execute(_LAST, {"id": _encode(id)}).fetchone()
        if found is None:
            return None
        line, key, file, size, failed, offset, timings = found
        file, timings = (None if name is None else _decode(name) for name in (file, timings))
        return KnownResult(line, key, file, size, bool(failed), offset, timings)

    def outdated_by(self, file: str) -> BatchResult | None:
        """What the manifest must say before `file` is written: that the result which names it is no longer valid.

        Otherwise a run that is killed between a file and its result would leave the old result beside the new file, and
        if later the old sound is requested again, and has the same size, the new one would be taken for it. None: no
        result names the file.
        """
        owner = self._execute("SELECT id FROM owners WHERE file = ?", (_encode(file),)).fetchone()
        if owner is None:
            return None
        id = _decode(owner[0])
        known = self.last(id)
        return None if known is None or known.failed else BatchResult(id, known.line, error=_UNFINISHED)

    def final(self) -> Iterator[tuple[int, int]]:
        """The offset and the line of each valid result, in the order of a finished manifest.

        First one of each id of this run, in the order of its lines; then those of earlier runs whose files this run has
        not touched. A failed line of an earlier run that is not in the file any more is dropped.
        """
        for statement in (_OF_THIS_RUN, _OF_EARLIER_RUNS):
            found = self._execute(statement)
            # Not `yield from`: an abandoned generator would close a cursor whose database may be closed already.
            while row := found.fetchone():
                yield row

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _store(self, result: BatchResult, offset: int, claimed: int | None) -> None:
        id, failed = _encode(result.id), result.error is not None
        file, timings = (None if name is None else _encode(name) for name in (result.file, result.timings))
        self._execute(_STORE, (id, claimed, result.line, result.key, file, result.size, failed, offset, timings))
        for name in result.files:
            self._execute("INSERT OR REPLACE INTO owners VALUES (?, ?)", (_encode(name), id))

    def _execute(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise _full(error) from error


def _full(error: sqlite3.Error) -> FolderFullError:
    advice = "free some, or name another folder with TMPDIR"
    return FolderFullError(f"There is no space for temporary files ({error}): {advice}.")


def _encode(text: str) -> bytes:
    # JSON can express a lone surrogate, UTF-8 cannot.
    return text.encode("utf-8", "surrogatepass")


def _decode(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogatepass")
