"""What a run must remember of every line of its sentences file, on the disk: memory is the same for any number.

It lies in a database of SQLite's in a temporary file that has no name, and so is gone with the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tts.batch.folder import FolderFullError
from tts.batch.job import Row

# Nothing needs to outlast the process, so nothing is waited for. The cache is 8 MiB.
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -8192;
CREATE TABLE utterances (
    id BLOB PRIMARY KEY, claimed INTEGER, line INTEGER, key TEXT, file BLOB, size INTEGER, failed INTEGER, place INTEGER
) WITHOUT ROWID;
CREATE TABLE stems (stem BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE makers (file BLOB PRIMARY KEY, id BLOB) WITHOUT ROWID;
BEGIN;
"""
_CLAIM = """
INSERT INTO utterances (id, claimed) VALUES (?, ?)
ON CONFLICT DO UPDATE SET claimed = excluded.claimed WHERE claimed IS NULL
"""
_NOTE = """
INSERT INTO utterances (id, claimed, line, key, file, size, failed, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET claimed = coalesce(claimed, excluded.claimed), line = excluded.line, key = excluded.key,
file = excluded.file, size = excluded.size, failed = excluded.failed, place = excluded.place
"""
_LAST = """
SELECT line, key, file, size, failed, place FROM utterances WHERE id = :id AND place IS NOT NULL
AND (file IS NULL OR :id = (SELECT id FROM makers WHERE makers.file = utterances.file))
"""
_OF_THIS_RUN = "SELECT place, claimed FROM utterances WHERE claimed IS NOT NULL AND place IS NOT NULL ORDER BY claimed"
_OF_EARLIER_RUNS = """
SELECT place, line FROM utterances JOIN makers USING (file, id) WHERE claimed IS NULL ORDER BY line, place
"""
_UNFINISHED = "Its file was to be made again, and the run ended before: run the command again."


@dataclass(frozen=True)
class KnownRow:
    """The last row of an id, as far as resuming asks: `place` is where it begins in the manifest."""

    line: int
    key: str
    file: str | None
    size: int
    failed: bool
    place: int


class Ledger:
    """Ids, names of files and last rows; for one thread.

    Raises:
        FolderFullError: by every method, where there is no room for temporary files.
    """

    def __init__(self) -> None:
        try:
            self._database = sqlite3.connect("", isolation_level=None)
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise _no_room(error) from error

    def claim_id(self, id: str, line: int) -> int | None:
        """Take an id for a line of the sentences file; None: it is that line's, else the line that has it."""
        if self._run(_CLAIM, (_bytes(id), line)).rowcount == 1:
            return None
        (owner,) = self._one("SELECT claimed FROM utterances WHERE id = ?", (_bytes(id),))
        return None if owner == line else int(owner)

    def claim_file(self, stem: str, line: int) -> bool:
        """Take a file's name without its suffix, casefolded, for a line; False: another line has it."""
        if self._run("INSERT OR IGNORE INTO stems VALUES (?, ?)", (_bytes(stem), line)).rowcount == 1:
            return True
        (owner,) = self._one("SELECT line FROM stems WHERE stem = ?", (_bytes(stem),))
        return bool(owner == line)

    def recall(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Take in the rows of earlier runs, from the manifest in its order."""
        for place, row in rows:
            self._take_in(row, place, None)

    def note(self, row: Row, place: int) -> None:
        """Take in a row of this run, which begins at `place` in the manifest."""
        self._take_in(row, place, row.line)

    def last(self, id: str) -> KnownRow | None:
        """The last row of an id; None: it has none, or the file that it tells of was since made for another id."""
        found = self._one(_LAST, {"id": _bytes(id)})
        if found is None:
            return None
        line, key, file, size, failed, place = found
        return KnownRow(line, key, None if file is None else _text(file), size, bool(failed), place)

    def outdated_by(self, file: str) -> Row | None:
        """What the manifest must say before `file` is written: that the row which tells of it counts no more.

        A run that is killed between a file and its row would leave the old row beside the new file otherwise, and if
        later the old sound is asked for again, in a file of the same size, the new would pass for it. None: no row
        tells of the file.
        """
        maker = self._one("SELECT id FROM makers WHERE file = ?", (_bytes(file),))
        if maker is None:
            return None
        id = _text(maker[0])
        known = self.last(id)
        return None if known is None or known.failed else Row(id, known.line, error=_UNFINISHED)

    def final(self) -> Iterator[tuple[int, int]]:
        """Where the rows begin that count, and the line of each, in the order of a finished manifest.

        First one of each id of this run, in the order of its lines; then those of earlier runs whose files this
        run has left alone. A line that failed in an earlier run and is no more tells nothing, and is left out.
        """
        for statement in (_OF_THIS_RUN, _OF_EARLIER_RUNS):
            found = self._run(statement)
            # Not `yield from`: left off, it would close a cursor whose database may be closed by then.
            while place := found.fetchone():
                yield place

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_in(self, row: Row, place: int, claimed: int | None) -> None:
        id, file = _bytes(row.id), None if row.file is None else _bytes(row.file)
        self._run(_NOTE, (id, claimed, row.line, row.key, file, row.size, row.error is not None, place))
        if file is not None:
            self._run("INSERT OR REPLACE INTO makers VALUES (?, ?)", (file, id))

    def _one(self, statement: str, values: Sequence[Any] | dict[str, Any]) -> Any:
        return self._run(statement, values).fetchone()

    def _run(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        try:
            return self._database.execute(statement, values)
        except sqlite3.Error as error:
            raise _no_room(error) from error


def _no_room(error: sqlite3.Error) -> FolderFullError:
    advice = "make some, or name another folder with TMPDIR"
    return FolderFullError(f"There is no room for temporary files ({error}): {advice}.")


def _bytes(text: str) -> bytes:
    # JSON can say half a surrogate pair, UTF-8 cannot.
    return text.encode("utf-8", "surrogatepass")


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogatepass")
