""" """

from __future__ import annotations

import errno
import fcntl
import os
import pickle
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import soundfile

from tts.audio.audio import Audio
from tts.audio.writer import FORMATS
from tts.batch.folders import FolderFullError, LocalFolder, exclusive_run, prepare_folder
from tts.errors import TtsError, UsageError

RATE = 22050
AUDIO = Audio((0.5 * np.sin(np.arange(RATE) / 8)).astype(np.float32), RATE)


@pytest.fixture
def folder(tmp_path):
    return LocalFolder(prepare_folder(tmp_path / "out"))


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())


@pytest.mark.parametrize(
    ("kind", "rate"),
    [("wav", 22050), ("flac", 22050), ("ogg", 22050), ("opus", 24000), ("mp3", 22050)],
)
def test_writes_every_format_and_tells_the_size(kind, rate, folder):
    size = folder.write(f"a.{kind}", AUDIO, None)
    assert names(folder) == [f"a.{kind}"]
    assert size == (folder.path / f"a.{kind}").stat().st_size == folder.size(f"a.{kind}")
    info = soundfile.info(folder.path / f"a.{kind}")
    assert info.samplerate == rate
    assert info.subtype == FORMATS[kind].subtype


def test_a_sample_rate_is_that_of_the_file(folder):
    assert folder.write("a.wav", AUDIO, 16000) == 44 + 2 * 16000
    assert soundfile.info(folder.path / "a.wav").samplerate == 16000
    assert folder.write("a.wav", AUDIO, None) == 44 + 2 * RATE


def test_a_rate_that_a_format_cannot_have_is_refused(folder):
    with pytest.raises(UsageError, match="opus files cannot have 22050 Hz"):
        folder.write("a.opus", AUDIO, 22050)
    assert names(folder) == []


def test_replaces_what_is_there_by_something_whole(folder):
    folder.write("a.wav", AUDIO, None)
    before = (folder.path / "a.wav").read_bytes()
    with pytest.raises(TtsError, match="not numbers"):
        folder.write("a.wav", Audio(np.full(9, np.nan, np.float32), RATE), None)
    assert (folder.path / "a.wav").read_bytes() == before
    assert folder.write("a.wav", Audio(np.zeros(3, np.float32), RATE), None) == 50
    assert names(folder) == ["a.wav"]


def test_is_on_the_disk_when_it_has_its_name(folder, monkeypatch):
    steps = []
    fsync, rename = os.fsync, os.replace

    def watched(descriptor):
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    monkeypatch.setattr(os, "replace", lambda *both: steps.append("rename") or rename(*both))
    size = folder.write("a.flac", AUDIO, None)
    assert steps == [size, "rename", "folder"]


def test_travels_by_pickle(folder):
    other = pickle.loads(pickle.dumps(folder))
    assert other == folder
    other.write("a.wav", AUDIO, None)
    assert names(folder) == ["a.wav"]


@pytest.mark.parametrize("name", ["", "../a.wav", "b/a.wav", "/a.wav"])
def test_only_names_are_written(name, folder):
    with pytest.raises(ValueError, match="not the name of a file"):
        folder.write(name, AUDIO, None)


def test_size_of_what_is_not_there(folder):
    assert folder.size("a.wav") is None
    assert folder.size("n" * 300) is None
    assert folder.size("a\0b") is None


class TestDisk:
    @pytest.mark.parametrize(
        ("reason", "messages"),
        [
            (
                errno.ENOSPC,
                "There is no space left in {}: free some, then run the command again to resume.",
            ),
            (
                errno.EDQUOT,
                "There is no space left in {}: free some, then run the command again to resume.",
            ),
            (
                errno.EROFS,
                "Nothing more can be written in {} (Read-only file system): check its disk, "
                "then run the command again to resume.",
            ),
            (
                errno.EIO,
                "Nothing more can be written in {} (Input/output error): check its disk, "
                "then run the command again to resume.",
            ),
        ],
    )
    @pytest.mark.parametrize("step", ["open", "fsync", "replace"])
    def test_that_takes_no_more_ends_all(self, step, reason, messages, folder, monkeypatch):
        refuse(monkeypatch, step, reason)
        with pytest.raises(FolderFullError) as failure:
            folder.write("a.wav", AUDIO, None)
        assert str(failure.value) == messages.format(folder.path)
        monkeypatch.undo()
        assert names(folder) == []

    def test_whose_other_failures_are_that_of_one_file(self, folder, monkeypatch):
        refuse(monkeypatch, "replace", errno.EPERM)
        with pytest.raises(TtsError) as failure:
            folder.write("a.wav", AUDIO, None)
        assert type(failure.value) is TtsError
        assert str(failure.value) == f"{folder.path / 'a.wav'} cannot be written: Operation not permitted."

    def test_a_name_that_is_too_long_is_that_of_one_file(self, folder):
        with pytest.raises(TtsError, match="File name too long") as failure:
            folder.write("n" * 300 + ".wav", AUDIO, None)
        assert type(failure.value) is TtsError

    def test_a_folder_in_the_way_is_that_of_one_file(self, folder):
        (folder.path / "a.wav").mkdir()
        with pytest.raises(TtsError, match=r"a\.wav cannot be written: Is a directory\.$") as failure:
            folder.write("a.wav", AUDIO, None)
        assert type(failure.value) is TtsError

    def test_that_was_taken_away_ends_all(self, folder):
        shutil.rmtree(folder.path)
        with pytest.raises(
            FolderFullError, match=r"^Nothing more can be written in .* \(it is missing or write-protected\)"
        ):
            folder.write("a.wav", AUDIO, None)


def refuse(monkeypatch, step, reason):
    def refused(*arguments, **more):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, step, refused)


class TestSweep:
    def test_takes_what_killed_runs_left_and_nothing_else(self, folder, tmp_path):
        (folder.path / ".tts-0123456789ab").mkdir()
        (folder.path / ".tts-0123456789ab" / "part").touch()
        (folder.path / ".tts-ba9876543210.wav").touch()
        kept = [".tts-0123456789ab.wav.txt", ".tts-012345.wav", ".tts-notes", "a.wav", "tts-0123456789ab.wav"]
        for name in kept:
            (folder.path / name).touch()
        outside = tmp_path / "outside"
        outside.mkdir()
        (folder.path / ".tts-aaaaaaaaaaaa").symlink_to(outside)
        folder.sweep()
        assert names(folder) == sorted([*kept, ".tts-aaaaaaaaaaaa"])
        assert outside.is_dir()

    def test_of_a_folder_that_is_not_there(self, tmp_path):
        LocalFolder(tmp_path / "missing").sweep()


WRITING = """
import sys
from pathlib import Path
import numpy as np
from tts.audio.audio import Audio
from tts.batch.folders import LocalFolder
folder = LocalFolder(Path(sys.argv[1]))
for n in range(10**9):
    size = folder.write(f"{n % 5}.{sys.argv[2]}", Audio(np.full(400_000, n % 5 / 10, np.float32), 22050), None)
    print(n, size, flush=True)
"""


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_killed_writers_leave_whole_files_and_what_can_be_swept(kind, folder):
    kills = left = 0
    # Until one came in the middle of a file: not every one does.
    while kills < 4 or not left:
        assert kills < 100
        command = [sys.executable, "-c", WRITING, folder.path, kind]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        said = [process.stdout.readline() for _ in range(6)]
        time.sleep(kills % 4 * 0.004)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        assert len(said) == 6
        left += len(names(folder)) - 5
        folder.sweep()
        assert names(folder) == [f"{n}.{kind}" for n in range(5)]
        for n in range(5):
            samples, _ = soundfile.read(folder.path / f"{n}.{kind}", dtype="int16")
            assert samples.tolist() == [round(n / 10 * 32768)] * 400_000


class TestPrepare:
    def test_makes_the_folder_and_those_that_it_lies_in(self, tmp_path):
        assert prepare_folder(tmp_path / "a" / "b").is_dir()
        assert prepare_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"

    @pytest.mark.parametrize("below", ["", "b", "b/c"])
    def test_refuses_a_file(self, below, tmp_path):
        (tmp_path / "a").touch()
        with pytest.raises(
            TtsError, match=r"is not a folder, or lies in something that is not one: name another with -o\.$"
        ):
            prepare_folder(tmp_path / "a" / below)

    def test_refuses_what_cannot_be_written(self, tmp_path, monkeypatch):
        # As root every folder can be written, so the answer of the system is played.
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(TtsError, match=r"out is write-protected; name another with -o\.$"):
            prepare_folder(tmp_path / "out")

    def test_refuses_where_none_can_be_made(self, tmp_path, monkeypatch):
        refuse(monkeypatch, "mkdir", errno.EACCES)
        with pytest.raises(TtsError, match=r"out cannot be created: Permission denied\.$"):
            prepare_folder(tmp_path / "out")


HOLDING = """
import sys
from pathlib import Path
from tts.batch.folders import exclusive_run
with exclusive_run(Path(sys.argv[1]), print):
    print("held", flush=True)
    sys.stdin.read()
"""

# Holds the lock again and again; a counter that is read and written while it is held must miss no step.
COUNTING = """
import sys
from pathlib import Path
from tts.batch.folders import exclusive_run
from tts.errors import TtsError
manifest, counter = Path(sys.argv[1]), Path(sys.argv[2])
held = 0
while held < 150:
    try:
        with exclusive_run(manifest, print):
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
    with exclusive_run(manifest, pytest.fail):
        assert len(list(manifest.parent.iterdir())) == 1
    assert list(manifest.parent.iterdir()) == []
    with pytest.raises(KeyError), exclusive_run(manifest, pytest.fail):
        raise KeyError
    assert list(manifest.parent.iterdir()) == []


def test_a_second_run_is_refused_at_once(manifest, holder):
    started = time.monotonic()
    with pytest.raises(TtsError) as failure, exclusive_run(manifest, pytest.fail):
        pytest.fail("two hold it")
    assert time.monotonic() - started < 2
    messages = "wait until it has ended, or name another folder with -o."
    assert str(failure.value) == f"Another run is writing {manifest}: {messages}"


def test_a_run_under_another_name_of_the_folder_is_refused(manifest, holder, tmp_path):
    (tmp_path / "link").symlink_to(manifest.parent)
    with pytest.raises(TtsError, match="Another run"), exclusive_run(tmp_path / "link" / manifest.name, pytest.fail):
        pytest.fail("two hold it")


def test_another_manifest_is_free(manifest, holder):
    with exclusive_run(manifest.with_name("other.jsonl"), pytest.fail):
        pass


def test_is_free_again_when_its_holder_has_ended(manifest, holder):
    holder.stdin.close()
    assert holder.wait() == 0
    assert list(manifest.parent.iterdir()) == []
    with exclusive_run(manifest, pytest.fail):
        pass


def test_a_killed_holder_leaves_a_file_that_the_next_takes_away(manifest, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert len(list(manifest.parent.iterdir())) == 1
    with exclusive_run(manifest, pytest.fail):
        pass
    assert list(manifest.parent.iterdir()) == []


def test_a_run_that_ends_this_moment_is_waited_for(manifest, holder):
    threading.Timer(0.05, holder.stdin.close).start()
    with exclusive_run(manifest, pytest.fail):
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
    messages = []
    with exclusive_run(manifest, messages.append):
        pass
    where = manifest.parent
    assert messages == [f"files cannot be locked in {where}: make sure that no other run writes there at the same time"]
    assert list(where.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with (
        pytest.raises(TtsError, match=r"The folder .*missing does not exist"),
        exclusive_run(tmp_path / "missing" / "manifest.jsonl", pytest.fail),
    ):
        pytest.fail("nothing to hold")


def test_a_lock_that_cannot_be_written_is_an_error(manifest, monkeypatch):
    def refused(*arguments):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched, pytest.raises(TtsError, match="Read-only file system"):
        patched.setattr(os, "open", refused)
        with exclusive_run(manifest, pytest.fail):
            pytest.fail("nothing to hold")
