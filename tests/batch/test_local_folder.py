from __future__ import annotations

import errno
import os
import pickle
import shutil
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from tts.audio.audio import Audio
from tts.audio.writer import FORMATS
from tts.batch.folder import FolderFullError
from tts.batch.local_folder import LocalFolder, prepare_folder
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
        ("reason", "told"),
        [
            (
                errno.ENOSPC,
                "There is no room left in {}: make some, then run the command again, which goes on from here.",
            ),
            (
                errno.EDQUOT,
                "There is no room left in {}: make some, then run the command again, which goes on from here.",
            ),
            (
                errno.EROFS,
                "Nothing more can be written in {} (Read-only file system): see to its disk, "
                "then run the command again, which goes on from here.",
            ),
            (
                errno.EIO,
                "Nothing more can be written in {} (Input/output error): see to its disk, "
                "then run the command again, which goes on from here.",
            ),
        ],
    )
    @pytest.mark.parametrize("step", ["open", "fsync", "replace"])
    def test_that_takes_no_more_ends_all(self, step, reason, told, folder, monkeypatch):
        refuse(monkeypatch, step, reason)
        with pytest.raises(FolderFullError) as failure:
            folder.write("a.wav", AUDIO, None)
        assert str(failure.value) == told.format(folder.path)
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
            FolderFullError, match=r"^Nothing more can be written in .* \(it is gone or write-protected\)"
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
from tts.batch.local_folder import LocalFolder
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
        with pytest.raises(TtsError, match=r"is, or lies in, something that is no folder: name another with -o\.$"):
            prepare_folder(tmp_path / "a" / below)

    def test_refuses_what_cannot_be_written(self, tmp_path, monkeypatch):
        # As root every folder can be written, so the answer of the system is played.
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(TtsError, match=r"out is write-protected; name another with -o\.$"):
            prepare_folder(tmp_path / "out")

    def test_refuses_where_none_can_be_made(self, tmp_path, monkeypatch):
        refuse(monkeypatch, "mkdir", errno.EACCES)
        with pytest.raises(TtsError, match=r"out cannot be made: Permission denied\.$"):
            prepare_folder(tmp_path / "out")
