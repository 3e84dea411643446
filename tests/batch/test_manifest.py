from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tts.batch import manifest as module
from tts.batch.folders import FolderFullError
from tts.batch.jobs import BatchResult
from tts.batch.manifest import Manifest, read_results
from tts.errors import TtsError, UsageError

ROWS = [
    BatchResult("a", 1, "k1", "a.wav", 44144, 1.0, 0.05),
    BatchResult("b", 2, "k2", "b.wav", 88244, 2.0, 0.04, warnings=("symbols were left out: ʔ",)),
    BatchResult("line 3", 3, error="The text is empty."),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "manifest.jsonl"


def fail_the_test(messages):
    pytest.fail(f"no warning is due: {messages}")


def write(path, rows=ROWS):
    with Manifest(path) as manifest:
        return [manifest.append(row) for row in rows]


def read(path, warn=fail_the_test):
    return [row for _, row in read_results(path, warn)]


def test_rows_come_back_as_they_were_with_their_places(path):
    places = write(path)
    assert list(read_results(path, fail_the_test)) == list(zip(places, ROWS, strict=True))
    assert [line.decode()[0] for line in path.read_bytes().splitlines()] == ["{"] * 3
    content = path.read_bytes()
    assert all(content[place:].startswith(b'{"id": ') for place in places)


def test_a_line_is_json_with_the_fields_of_a_row_and_few_digits(path):
    write(path, [BatchResult("ü", 7, "k", "ü.wav", 10, seconds=1 / 3, rtf=2e-7 / 3, warnings=("w",))])
    messages = {"id": "ü", "line": 7, "key": "k", "file": "ü.wav", "size": 10, "seconds": 0.333333, "rtf": 0.0}
    assert json.loads(path.read_text("utf-8")) == {
        **messages,
        "warnings": ["w"],
        "error": None,
        "timings": None,
    }
    assert list(json.loads(path.read_text("utf-8"))) == [field.name for field in fields(BatchResult)]
    assert '"ü"' in path.read_text("utf-8")


@pytest.mark.parametrize("id", ["half \ud800 a pair", 'a "quote"\\', "lines\nin\u2028it\x85", "\0", "🙂"])
def test_any_id_is_one_line_of_utf8(id, path):
    row = BatchResult(id, 1, file=None, error=f"{id} is odd")
    write(path, [row, ROWS[0]])
    assert len(path.read_text("utf-8").split("\n")) == 3
    assert read(path) == [row, ROWS[0]]


def test_there_are_no_rows_where_there_is_no_file(path):
    assert read(path) == []


def test_more_rows_come_behind_those_that_are_there(path):
    write(path, ROWS[:2])
    (place,) = write(path, ROWS[2:])
    assert list(read_results(path, fail_the_test))[2] == (place, ROWS[2])


def test_what_a_later_version_adds_is_passed_over(path):
    row = {**vars(ROWS[0]), "dialect": {"name": "x"}}
    path.write_text(json.dumps(row) + "\n")
    assert read(path) == [ROWS[0]]


def test_what_a_row_need_not_tell_is_as_where_it_is_not_said(path):
    path.write_text('{"id": "a", "line": 4}\n')
    assert read(path) == [BatchResult("a", 4)]


STRANGE = [
    b"not json",
    b"[]",
    b"3",
    b'{"id": "a"}',
    b'{"id": 1, "line": 1}',
    b'{"id": "a", "line": "1"}',
    b'{"id": "a", "line": true}',
    b'{"id": "a", "line": -1}',
    b'{"id": "a", "line": 1, "key": null}',
    b'{"id": "a", "line": 1, "key": "\\ud800"}',
    b'{"id": "a", "line": 1, "file": 2}',
    b'{"id": "a", "line": 1, "size": 9223372036854775808}',
    b'{"id": "a", "line": 1, "seconds": "1"}',
    b'{"id": "a", "line": 1, "warnings": "none"}',
    b'{"id": "a", "line": 1, "warnings": [1]}',
    b'{"id": "a", "line": 1, "error": false}',
    b"\xff\xfe",
    b"\0" * 20,
    b"[" * 200_000,
]


@pytest.mark.parametrize("line", STRANGE, ids=lambda line: repr(line[:60]))
def test_lines_that_are_no_rows_are_told_once_and_passed_over(line, path):
    write(path, ROWS[:1])
    with path.open("ab") as file:
        file.write(line + b"\n\n")
    write(path, ROWS[1:])
    messages = []
    assert read(path, messages.append) == ROWS
    assert messages == [f"{path} has 1 line that is no result and is ignored"]


def test_several_strange_lines_are_one_warning(path):
    write(path)
    with path.open("ab") as file:
        file.write(b"x\ny\n")
    messages = []
    assert read(path, messages.append) == ROWS
    assert messages == [f"{path} has 2 lines that are no results and are ignored"]


def test_every_field_of_a_row_is_checked():
    assert list(module._VALID) == [field.name for field in fields(BatchResult)]


def test_a_folder_is_not_read(tmp_path):
    with pytest.raises(TtsError, match=r"cannot be read: Is a directory\.$"):
        read(tmp_path)


class TestTornOff:
    """A kill, or a power cut, in the middle of a row."""

    def test_at_any_byte(self, path, monkeypatch):
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        write(path)
        whole = path.read_bytes()
        ends = [place for place, byte in enumerate(whole, 1) if byte == ord("\n")]
        for cut in range(len(whole) + 1):
            path.write_bytes(whole[:cut])
            # A row whose line's end alone is missing is a row.
            kept = sum(end - 1 <= cut for end in ends)
            assert read(path) == ROWS[:kept]
            (place,) = write(path, [BatchResult("new", 9)])
            assert read(path) == [*ROWS[:kept], BatchResult("new", 9)]
            assert place == (ends[kept - 1] if kept else 0)

    def test_as_zeros(self, path):
        write(path)
        with path.open("ab") as file:
            file.write(b"\0" * 5000)
        assert read(path) == ROWS
        write(path, [BatchResult("new", 9)])
        assert read(path) == [*ROWS, BatchResult("new", 9)]

    def test_more_than_is_read_at_a_time(self, path, monkeypatch):
        write(path)
        monkeypatch.setattr(module, "_LONGEST_LINE", 300)
        with path.open("ab") as file:
            file.write(b"\0" * 5000)
        write(path, [BatchResult("new", 9)])
        assert read(path) == [*ROWS, BatchResult("new", 9)]

    def test_in_the_first_row(self, path):
        path.write_bytes(b"\0" * 100)
        write(path, ROWS)
        assert read(path) == ROWS


@pytest.mark.parametrize(
    "content",
    [
        b"A sentence.\nAnother one.\n",
        b"a sentence without an end",
        b'{"id": "a", "text": "A sentence."}\n{"id": "b", "text": "Another."}\n',
        b'{"id": "a", "text": "A sentence."}',
        b"RIFF\0\0\0\0WAVE",
    ],
)
def test_a_file_that_is_no_manifest_is_not_touched(content, path):
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"manifest\.jsonl is not the manifest of a run: name another file"):
        Manifest(path)
    assert path.read_bytes() == content


def test_places_where_no_manifest_can_be(tmp_path):
    with pytest.raises(TtsError, match="does not exist"):
        Manifest(tmp_path / "missing" / "m.jsonl")
    with pytest.raises(TtsError, match="is a folder"):
        Manifest(tmp_path)
    with pytest.raises(UsageError, match="not a regular file"):
        Manifest(Path(os.devnull))


def test_an_open_file_is_closed(path):
    manifest = Manifest(path)
    manifest.close()
    manifest.close()
    with pytest.raises(ValueError, match="closed"):
        manifest.append(ROWS[0])


class TestDisk:
    def test_waits_for_it_about_once_a_second_and_at_the_end(self, path, monkeypatch):
        clock = [100.0]
        waits = []
        monkeypatch.setattr(time, "monotonic", lambda: clock[0])
        with Manifest(path) as manifest:
            monkeypatch.setattr(os, "fsync", lambda descriptor: waits.append(clock[0]))
            for _ in range(24):
                clock[0] += 0.125
                manifest.append(ROWS[0])
            assert waits == [101.0, 102.0, 103.0]
        assert waits == [101.0, 102.0, 103.0, 103.0]

    @pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT])
    def test_that_is_full_in_the_middle_of_a_row(self, reason, path, monkeypatch):
        places = write(path, ROWS[:2])
        with Manifest(path) as manifest:
            manifest._file = _FullAfter(manifest._file, 30, reason)
            with pytest.raises(FolderFullError, match=rf"^There is no space left in {path.parent}: free some, "):
                manifest.append(ROWS[2])
            assert list(read_results(path, fail_the_test)) == list(zip(places, ROWS[:2], strict=True))
            assert path.read_bytes().endswith(b"\n")

    def test_that_has_gone(self, path, monkeypatch):
        def gone(descriptor):
            raise OSError(errno.EIO, "Input/output error")

        manifest = Manifest(path)
        monkeypatch.setattr(os, "fsync", gone)
        with pytest.raises(FolderFullError, match=r"Nothing more can be written in .* \(Input/output error\): check"):
            manifest.close()

    def test_that_is_full_does_not_hide_what_ended_the_run(self, path, monkeypatch):
        def gone(descriptor):
            raise OSError(errno.EIO, "Input/output error")

        with pytest.raises(KeyError), Manifest(path):
            monkeypatch.setattr(os, "fsync", gone)
            raise KeyError


class _FullAfter:
    """A file on a disk that has room for `room` bytes more."""

    def __init__(self, file, room, reason):
        self._file, self._room, self._reason = file, room, reason

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        return self._file.__enter__()

    def __exit__(self, *error):
        return self._file.__exit__(*error)

    def write(self, data):
        if self._room == 0:
            raise OSError(self._reason, os.strerror(self._reason))
        n = self._file.write(data[: self._room])
        self._room -= n
        return n


class TestCompact:
    def test_holds_the_rows_asked_for_in_their_order(self, path):
        places = write(path)
        with Manifest(path) as manifest:
            manifest.compact([(places[2], 3), (places[0], 1)])
        assert read(path) == [ROWS[2], ROWS[0]]
        assert list(path.parent.iterdir()) == [path]

    def test_rows_that_moved_have_their_new_line(self, path):
        row = {**vars(ROWS[0]), "dialect": "x"}
        path.write_text(json.dumps(row) + "\n")
        with Manifest(path) as manifest:
            manifest.compact([(0, 12)])
        assert read(path) == [replace(ROWS[0], line=12)]
        assert json.loads(path.read_text())["dialect"] == "x"

    def test_rows_that_stayed_keep_every_byte(self, path):
        strange = b'{ "line":1,"id":"\\u0061" ,"later": 1.23456789012345}\n'
        path.write_bytes(strange)
        with Manifest(path) as manifest:
            manifest.compact([(0, 1)])
        assert path.read_bytes() == strange

    def test_is_on_the_disk_before_it_has_the_name(self, path, monkeypatch):
        steps = []
        fsync, rename = os.fsync, os.replace
        monkeypatch.setattr(os, "replace", lambda *names: steps.append("rename") or rename(*names))
        monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append("sync") or fsync(descriptor))
        places = write(path)
        with Manifest(path) as manifest:
            steps.clear()
            manifest.compact([(places[0], 1)])
        assert steps == ["sync", "sync", "rename", "sync"]

    def test_leaves_the_old_one_whole_where_it_fails(self, path, monkeypatch):
        def full(*names):
            raise OSError(errno.ENOSPC, "No space left on device")

        places = write(path)
        with Manifest(path) as manifest:
            monkeypatch.setattr(os, "replace", full)
            with pytest.raises(FolderFullError, match="no space left"):
                manifest.compact([(places[0], 1)])
        assert read(path) == ROWS
        assert list(path.parent.iterdir()) == [path]

    def test_what_the_ledger_lacks_is_its_own_failure(self, path):
        def places():
            yield 0, 1
            raise FolderFullError("There is no space for temporary files.")

        write(path)
        with Manifest(path) as manifest, pytest.raises(FolderFullError, match="temporary"):
            manifest.compact(places())
        assert read(path) == ROWS
        assert list(path.parent.iterdir()) == [path]

    def test_keeps_the_rights(self, path):
        places = write(path)
        path.chmod(0o640)
        with Manifest(path) as manifest:
            manifest.compact([(place, n) for n, place in enumerate(places, 1)])
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_link_is_followed(self, path):
        real = path.with_name("real.jsonl")
        path.symlink_to(real)
        places = write(path)
        with Manifest(path) as manifest:
            manifest.compact([(places[1], 2)])
        assert path.is_symlink()
        assert read(real) == [ROWS[1]]


APPENDING = """
import sys
from pathlib import Path
from tts.batch.jobs import BatchResult
from tts.batch.manifest import Manifest
with Manifest(Path(sys.argv[1])) as manifest:
    for n in range(10**9):
        manifest.append(BatchResult(f"id {n}", n, "k" * 64, f"{n}.wav", n, n / 7))
        print(n, flush=True)
"""

COMPACTING = """
import sys
from pathlib import Path
from tts.batch.jobs import BatchResult
from tts.batch.manifest import Manifest, read_results
path = Path(sys.argv[1])
while True:
    with Manifest(path) as manifest:
        places = [place for place, _ in read_results(path, print)]
        print("compacting", flush=True)
        manifest.compact(zip(places, range(1, len(places) + 1)))
"""


def killed(script, path, n_lines, seconds=0.0):
    """Run a script until it has said so many lines and some time more, kill it, and give all that it said."""
    process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    said = [process.stdout.readline() for _ in range(n_lines)]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    return said


@pytest.mark.parametrize("n_lines", [1, 40, 777])
def test_a_killed_run_loses_no_row_that_was_written(n_lines, path):
    said = killed(APPENDING, path, n_lines)
    with Manifest(path):
        rows = read(path)
    assert [row.id for row in rows] == [f"id {n}" for n in range(len(rows))]
    # A row may have been written, and the kill come before it was said; a last line said may be torn off.
    assert len(rows) - 1 <= len([line for line in said if line.endswith("\n")]) <= len(rows)
    assert rows[-1] == BatchResult(
        f"id {rows[-1].line}", rows[-1].line, "k" * 64, rows[-1].file, rows[-1].size, round(rows[-1].line / 7, 6)
    )


def test_a_run_killed_while_it_compacts_leaves_all_rows_and_the_next_no_other_file(path):
    rows = [BatchResult(str(n), n, "k" * 64, f"{n}.wav", n) for n in range(1, 2001)]
    write(path, rows)
    left = 0
    for milliseconds in range(0, 30, 5):
        killed(COMPACTING, path, 2, milliseconds / 1000)
        assert read(path) == rows
        left += len(list(path.parent.iterdir())) - 1
        with Manifest(path):
            assert list(path.parent.iterdir()) == [path]
    assert left > 0
