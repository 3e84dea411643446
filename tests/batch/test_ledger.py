from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from tts.batch.folders import FolderFullError
from tts.batch.jobs import BatchResult
from tts.batch.ledger import KnownResult, Ledger
from tts.batch.manifest import Manifest, read_results

ODD = ["", "half \ud800 a pair", "a\0b", "é", "e\u0301", "🙂", "a" * 10_000]


@pytest.fixture
def ledger():
    with Ledger() as ledger:
        yield ledger


def result(id, line, file="", **more):
    """Of an utterance that was made; `file` is called after the id where nothing else is said."""
    return BatchResult(id, line, key=f"key of {id}", file=file or f"{id}.wav", size=100, **more)


class TestClaims:
    def test_the_first_line_has_an_id(self, ledger):
        assert ledger.claim_id("a", 3) is None
        assert ledger.claim_id("a", 5) == 3
        assert ledger.claim_id("a", 7) == 3
        assert ledger.claim_id("A", 7) is None

    def test_a_line_may_ask_again(self, ledger):
        assert ledger.claim_id("a", 3) is None
        assert ledger.claim_id("a", 3) is None
        assert ledger.claim_file("a", 3)
        assert ledger.claim_file("a", 3)

    def test_an_id_of_an_earlier_run_is_free(self, ledger):
        ledger.add_earlier([(0, result("a", 1))])
        assert ledger.claim_id("a", 9) is None
        assert ledger.claim_id("a", 10) == 9

    def test_the_first_line_has_a_file(self, ledger):
        assert ledger.claim_file("a", 3)
        assert not ledger.claim_file("a", 5)
        assert ledger.claim_file("b", 5)

    def test_ids_and_files_do_not_meet(self, ledger):
        assert ledger.claim_id("a", 3) is None
        assert ledger.claim_file("a", 4)

    @pytest.mark.parametrize("name", ODD, ids=ascii)
    def test_any_name_is_one(self, name, ledger):
        others = [other for other in ODD if other != name]
        assert all(ledger.claim_id(other, n) is None for n, other in enumerate(others, 10))
        assert ledger.claim_id(name, 1) is None
        assert ledger.claim_id(name, 2) == 1
        ledger.add(BatchResult(name, 1, "k", name, 5), 77)
        assert ledger.last(name) == KnownResult(1, "k", name, 5, False, 77)


class TestLast:
    def test_is_the_last(self, ledger):
        assert ledger.last("a") is None
        ledger.claim_id("a", 4)
        assert ledger.last("a") is None
        ledger.add_earlier(
            [(0, result("a", 1)), (50, result("b", 2)), (90, BatchResult("a", 2, "new", error="It failed."))]
        )
        assert ledger.last("a") == KnownResult(2, "new", None, 0, True, 90)
        assert ledger.last("b") == KnownResult(2, "key of b", "b.wav", 100, False, 50)
        ledger.add(result("a", 4), 120)
        assert ledger.last("a") == KnownResult(4, "key of a", "a.wav", 100, False, 120)

    def test_is_none_whose_file_is_anothers_by_now(self, ledger):
        """With --naming number and two sentences files in turns, a file of the same size is another utterance's."""
        ledger.add_earlier([(0, result("x", 1, "000001.wav")), (50, result("y", 1, "000001.wav"))])
        assert ledger.last("x") is None
        assert ledger.last("y") is not None
        ledger.add(result("x", 1, "000001.wav"), 100)
        assert ledger.last("x") is not None
        assert ledger.last("y") is None

    def test_stays_where_another_failed_to_make_the_file(self, ledger):
        ledger.add_earlier([(0, result("x", 1)), (50, BatchResult("y", 1, error="It failed."))])
        assert ledger.last("x") is not None


class TestOutdatedBy:
    def test_what_stood_there(self, ledger):
        assert ledger.outdated_by("a.wav") is None
        ledger.add_earlier([(0, result("a", 6))])
        outdated = ledger.outdated_by("a.wav")
        assert outdated == BatchResult(
            "a", 6, error="Its file was to be replaced, and the run ended before: run the command again."
        )
        ledger.add_earlier([(50, outdated)])
        assert ledger.outdated_by("a.wav") is None
        assert ledger.last("a").failed

    def test_of_another_id(self, ledger):
        ledger.add_earlier([(0, result("x", 1, "1.wav")), (50, result("y", 2, "1.wav"))])
        assert ledger.outdated_by("1.wav").id == "y"

    def test_of_a_timings_file(self, ledger):
        ledger.add_earlier([(0, result("x", 1, "1.wav", timings="1.srt")), (50, result("y", 2, "1.flac"))])
        assert ledger.outdated_by("1.srt").id == "x"
        assert ledger.last("x").timings == "1.srt"

    def test_not_what_has_failed(self, ledger):
        ledger.add_earlier([(0, result("a", 1)), (50, BatchResult("a", 1, error="It failed."))])
        assert ledger.outdated_by("a.wav") is None


class TestFinal:
    def test_one_row_an_id_by_the_lines_of_this_run(self, ledger):
        ledger.add_earlier([(0, result("a", 1)), (50, result("b", 2)), (90, result("c", 3))])
        # In this file c stands first; b is skipped, a made again, d new.
        for line, id in enumerate("cdab", 1):
            assert ledger.claim_id(id, line) is None
        ledger.add(result("a", 3), 120)
        ledger.add(result("d", 2), 150)
        assert list(ledger.final()) == [(90, 1), (150, 2), (120, 3), (50, 4)]

    def test_then_the_files_of_earlier_runs(self, ledger):
        ledger.add_earlier([(0, result("old 9", 9)), (50, result("old 2", 2)), (90, result("a", 1))])
        ledger.claim_id("a", 5)
        assert list(ledger.final()) == [(90, 5), (50, 2), (0, 9)]

    def test_without_files_that_this_run_has_overwritten(self, ledger):
        ledger.add_earlier([(0, result("x", 1, "000001.wav")), (50, result("z", 2, "000002.wav"))])
        ledger.claim_id("y", 1)
        ledger.add(result("y", 1, "000001.wav"), 90)
        assert list(ledger.final()) == [(90, 1), (50, 2)]

    def test_without_lines_that_failed_and_are_no_more(self, ledger):
        ledger.add_earlier(
            [(0, BatchResult("line 3", 3, error="The text is empty.")), (50, BatchResult("b", 4, error="It failed."))]
        )
        ledger.claim_id("c", 3)
        ledger.add(result("c", 3), 90)
        assert list(ledger.final()) == [(90, 3)]

    def test_with_lines_that_fail_again(self, ledger):
        bad = BatchResult("line 3", 3, error="The text is empty.")
        ledger.add_earlier([(0, bad), (50, replace(bad, id="line 7", line=7))])
        ledger.add(bad, 90)
        assert list(ledger.final()) == [(90, 3)]

    def test_may_be_left_off_when_the_ledger_is_closed(self, ledger):
        ledger.add(result("a", 1), 0)
        ledger.add(result("b", 2), 50)
        places = ledger.final()
        assert next(places) == (0, 1)
        # As where there is no room for the rest of the manifest: Python would tell of an error here on its own.
        ledger.close()
        places.close()

    def test_without_lines_that_were_not_come_to_and_have_no_row(self, ledger):
        ledger.claim_id("a", 1)
        ledger.claim_id("b", 2)
        ledger.add(result("a", 1), 0)
        assert list(ledger.final()) == [(0, 1)]


def test_a_manifest_of_two_runs_is_compacted(tmp_path):
    path = tmp_path / "manifest.jsonl"
    first = [result("a", 1), BatchResult("line 2", 2, error="The text is empty."), result("c", 3), result("gone", 4)]
    with Manifest(path) as manifest:
        for each in first:
            manifest.append(each)
    # Line 2 was mended, a new line stands first, the last was taken out.
    with Ledger() as ledger, Manifest(path) as manifest:
        ledger.add_earlier(read_results(path, pytest.fail))
        for line, id in enumerate(["new", "a", "b", "c"], 1):
            assert ledger.claim_id(id, line) is None
        for made in (result("b", 3), result("new", 1)):
            ledger.add(made, manifest.append(made))
        manifest.compact(ledger.final())
    assert [each for _, each in read_results(path, pytest.fail)] == [
        result("new", 1),
        result("a", 2),
        result("b", 3),
        result("c", 4),
        result("gone", 4),
    ]


def test_no_room_for_temporary_files_is_one_sentence(monkeypatch):
    ledger = Ledger()
    # As much as the cache holds goes well; then the disk is asked.
    ledger._database.execute("PRAGMA max_page_count = 50")
    with pytest.raises(
        FolderFullError, match=r"^There is no space for temporary files \(database or disk is full\): free "
    ):
        for n in range(10_000):
            ledger.claim_id(f"a long name of an utterance {n}", n)
    ledger.close()


FILLING = """
import os, resource, sys
from tts.batch.jobs import BatchResult
from tts.batch.ledger import Ledger

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

ledger = Ledger()
for n in range(1, 30_001):
    id = f"{n * 7919 % 1_000_003:x} {n:0200}"
    assert ledger.claim_id(id, n) is None
    assert ledger.claim_file(id, n)
    ledger.add(BatchResult(id, n, "0123456789abcdef" * 4, id + ".wav", n), 200 * n)
    assert ledger.last(id).offset == 200 * n
    if n % 10_000 == 0:
        print(resident(), flush=True)
assert sum(1 for _ in ledger.final()) == 30_000
print(resident(), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads memory as Linux tells it")
def test_memory_does_not_grow_with_the_file_and_a_kill_leaves_nothing_on_the_disk(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", FILLING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SQLITE_TMPDIR": str(tmp_path)},
    )
    after_10_000, _, after_30_000, at_the_end = (int(process.stdout.readline()) for _ in range(4))
    open_files = [os.readlink(f"/proc/{process.pid}/fd/{n}") for n in os.listdir(f"/proc/{process.pid}/fd")]
    assert any(name.startswith(str(tmp_path)) for name in open_files)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(tmp_path.iterdir()) == []
    # A thousand ids are more than 1 MB; what may be held of them in the cache is there by 10,000.
    assert after_30_000 - after_10_000 < 3e6
    # Putting them in order may take as much as the cache again.
    assert at_the_end - after_10_000 < 12e6


def test_sqlite_is_as_new_as_what_is_said_to_it():
    assert sqlite3.sqlite_version_info >= (3, 24)
