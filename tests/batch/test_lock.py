from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tts.batch.lock import alone
from tts.errors import TtsError

HOLDING = """
import sys
from pathlib import Path
from tts.batch.lock import alone
with alone(Path(sys.argv[1]), print):
    print("held", flush=True)
    sys.stdin.read()
"""

# Holds the lock again and again; a counter that is read and written while it is held must miss no step.
COUNTING = """
import sys
from pathlib import Path
from tts.batch.lock import alone
from tts.errors import TtsError
manifest, counter = Path(sys.argv[1]), Path(sys.argv[2])
held = 0
while held < 150:
    try:
        with alone(manifest, print):
            counter.write_text(str(int(counter.read_text()) + 1))
            held += 1
    except TtsError as error:
        assert "Another run" in str(error)
"""


@pytest.fixture
def manifest(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "manifest.jsonl"


@pytest.fixture
def holder(manifest):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, manifest], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        pipe.close()


def test_leaves_no_file(manifest):
    with alone(manifest, pytest.fail):
        assert len(list(manifest.parent.iterdir())) == 1
    assert list(manifest.parent.iterdir()) == []
    with pytest.raises(KeyError), alone(manifest, pytest.fail):
        raise KeyError
    assert list(manifest.parent.iterdir()) == []


def test_a_second_run_is_refused_at_once(manifest, holder):
    started = time.monotonic()
    with pytest.raises(TtsError) as failure, alone(manifest, pytest.fail):
        pytest.fail("two hold it")
    assert time.monotonic() - started < 2
    told = "wait until it has ended, or name another folder with -o."
    assert str(failure.value) == f"Another run is writing {manifest}: {told}"


def test_a_run_under_another_name_of_the_folder_is_refused(manifest, holder, tmp_path):
    (tmp_path / "link").symlink_to(manifest.parent)
    with pytest.raises(TtsError, match="Another run"), alone(tmp_path / "link" / manifest.name, pytest.fail):
        pytest.fail("two hold it")


def test_another_manifest_is_free(manifest, holder):
    with alone(manifest.with_name("other.jsonl"), pytest.fail):
        pass


def test_is_free_again_when_its_holder_has_ended(manifest, holder):
    holder.stdin.close()
    assert holder.wait() == 0
    assert list(manifest.parent.iterdir()) == []
    with alone(manifest, pytest.fail):
        pass


def test_a_killed_holder_leaves_a_file_that_the_next_takes_away(manifest, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert len(list(manifest.parent.iterdir())) == 1
    with alone(manifest, pytest.fail):
        pass
    assert list(manifest.parent.iterdir()) == []


def test_a_run_that_ends_this_moment_is_waited_for(manifest, holder):
    threading.Timer(0.05, holder.stdin.close).start()
    with alone(manifest, pytest.fail):
        pass


def test_never_do_two_hold_it_although_its_file_comes_and_goes(manifest, tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    commands = [[sys.executable, "-c", COUNTING, manifest, counter]] * 4
    processes = [subprocess.Popen(command) for command in commands]
    assert [process.wait(120) for process in processes] == [0] * 4
    assert counter.read_text() == "600"
    assert list(manifest.parent.iterdir()) == []


@pytest.mark.parametrize("reason", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_the_run_goes_on_with_a_warning(reason, manifest, monkeypatch):
    def unable(descriptor, operation):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(fcntl, "flock", unable)
    told = []
    with alone(manifest, told.append):
        pass
    where = manifest.parent
    assert told == [f"files cannot be locked in {where}: see to it that no other run writes there meanwhile"]
    assert list(where.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with (
        pytest.raises(TtsError, match=r"The folder .*missing does not exist"),
        alone(tmp_path / "missing" / "manifest.jsonl", pytest.fail),
    ):
        pytest.fail("nothing to hold")


def test_a_lock_that_cannot_be_written_is_an_error(manifest, monkeypatch):
    def refused(*arguments):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched, pytest.raises(TtsError, match="Read-only file system"):
        patched.setattr(os, "open", refused)
        with alone(manifest, pytest.fail):
            pytest.fail("nothing to hold")
