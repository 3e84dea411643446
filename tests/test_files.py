from __future__ import annotations

import os
import stat

import pytest

from tts.errors import TtsError
from tts.files import atomic_write, check_destination, folder_beside, is_temporary, sync, write_text


@pytest.fixture
def steps(monkeypatch):
    """The calls of fsync and rename, in order."""
    calls = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor):
        calls.append(f"sync {'folder' if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 'file'}")
        fsync(descriptor)

    def watched_replace(source, target):
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    return calls


def test_a_durable_file_is_on_the_disk_before_its_name_and_then_its_name(tmp_path, steps):
    with atomic_write(tmp_path / "a.wav", durable=True) as path:
        path.write_bytes(b"new")
    assert steps == ["sync file", "rename", "sync folder"]
    assert (tmp_path / "a.wav").read_bytes() == b"new"


def test_by_default_nothing_waits_for_the_disk(tmp_path, steps):
    with atomic_write(tmp_path / "a.wav") as path:
        path.write_bytes(b"new")
    assert steps == ["rename"]


def test_a_file_that_never_reached_the_disk_does_not_appear(tmp_path, monkeypatch):
    def broken(descriptor):
        raise OSError(5, "Input/output error")

    (tmp_path / "a.wav").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"), atomic_write(tmp_path / "a.wav", durable=True) as path:
        path.write_bytes(b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.wav", b"old")]


def test_folders_that_cannot_be_waited_for_are_not(tmp_path, monkeypatch):
    def unable(descriptor):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", unable)
    sync(tmp_path)
    (tmp_path / "a").touch()
    with pytest.raises(OSError, match="Invalid"):
        sync(tmp_path / "a")


def test_temporary_names_are_recognised(tmp_path):
    with atomic_write(tmp_path / "a.wav") as path, folder_beside(tmp_path / "b") as folder:
        assert is_temporary(path.name)
        assert is_temporary(folder.name)
        path.touch()
    with atomic_write(tmp_path / "plain") as path:
        assert is_temporary(path.name)


@pytest.mark.parametrize(
    "name",
    [
        "a.wav",
        "x.tts-0123456789ab.wav",
        ".tts-0123456789ab.wav.txt",
        ".tts-0123456789a.wav",
        ".tts-0123456789abc",
        ".tts-0123456789AB.wav",
        ".tts-0123456789ab.",
        ".tts-",
    ],
)
def test_other_names_are_not(name):
    assert not is_temporary(name)


def test_destinations_that_cannot_be_are_refused(tmp_path, monkeypatch):
    with pytest.raises(TtsError, match=r"is a folder; name a file"):
        check_destination(tmp_path)
    with pytest.raises(TtsError, match=r"folder .*missing does not exist"):
        check_destination(tmp_path / "missing" / "a.wav")
    with pytest.raises(TtsError, match="does not exist"), atomic_write(tmp_path / "missing" / "a.wav"):
        pytest.fail("the block must not run")
    (tmp_path / "a.wav").write_text("old")
    # As root every file can be written, so the answer of the system is played.
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith(".wav"))
    with pytest.raises(TtsError, match=r"a\.wav is write-protected"):
        check_destination(tmp_path / "a.wav")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(TtsError, match=r"folder .* is write-protected"):
        check_destination(tmp_path / "b.wav")


def test_write_text_is_utf8_and_atomic(tmp_path):
    write_text(tmp_path / "a.srt", "ˈ\n")
    assert (tmp_path / "a.srt").read_bytes() == "ˈ\n".encode()
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.srt", "\ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["a.srt"]
