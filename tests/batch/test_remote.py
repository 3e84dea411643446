"""Outputs behind an address: object stores are played by fsspec's memory, servers with files by its local files."""

from __future__ import annotations

import errno
import pickle
import sys

import fsspec
import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from tts.audio.audio import Audio
from tts.batch import remote
from tts.batch.folders import FolderFullError, LocalFolder
from tts.batch.remote import (
    RemoteFolder,
    fetch_manifest,
    is_address,
    local_manifest,
    mirrored_manifest,
    open_output,
    push_manifest,
)
from tts.errors import TtsError, UsageError

AUDIO = Audio(np.linspace(-0.5, 0.5, 100, dtype=np.float32), 22050)
SIZE = 44 + 2 * 100


@pytest.fixture
def memory():
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    return store


@pytest.fixture(params=["memory", "local"])
def folder(request, memory, tmp_path):
    address = {"memory": "memory://bucket/night/", "local": f"local://{tmp_path}/share/night"}[request.param]
    return open_output(address)


@pytest.fixture
def slept(monkeypatch):
    """How long was waited; no test waits really."""
    waits = []
    monkeypatch.setattr(remote.time, "sleep", waits.append)
    return waits


def files_of(folder):
    store, root = fsspec.core.url_to_fs(folder.address)
    return {path.rpartition("/")[2]: store.cat_file(path) for path in store.find(root)}


def failing(error, times):
    """A way to put files that fails so often before it does what it should."""
    left = [error] * times

    def put_file(self, source, target, **settings):
        if left:
            raise left.pop()
        return MemoryFileSystem.__base__.put_file(self, source, target, **settings)

    return put_file


def test_a_file_is_written_whole_and_nothing_else(folder):
    assert folder.write("a.wav", AUDIO, None) == SIZE
    [(name, data)] = files_of(folder).items()
    assert (name, len(data), data[:4]) == ("a.wav", SIZE, b"RIFF")
    assert (folder.size("a.wav"), folder.size("b.wav")) == (SIZE, None)


def test_a_text_is_written_in_utf_8(folder):
    folder.write_text("a.srt", "one — two\n")
    assert files_of(folder) == {"a.srt": "one — two\n".encode()}


def test_a_file_is_replaced(folder):
    folder.write("a.wav", AUDIO, None)
    assert folder.size("a.wav") == SIZE
    folder.write("a.wav", Audio(AUDIO.samples[:50], 22050), None)
    assert folder.size("a.wav") == SIZE - 100
    assert list(files_of(folder)) == ["a.wav"]


def test_it_travels_to_workers(folder):
    there = pickle.loads(pickle.dumps(folder))
    there.write("a.ogg", AUDIO, 16000)
    assert folder.size("a.ogg") == len(files_of(folder)["a.ogg"])


def test_a_folder_that_is_not_there_has_no_files(memory):
    assert RemoteFolder("memory://nowhere/at/all").size("a.wav") is None


def test_what_killed_runs_left_is_swept(tmp_path):
    folder = open_output(f"local://{tmp_path}")
    for name in (".tts-0123456789ab.wav", "mine.wav", ".tts-notes.txt"):
        (tmp_path / name).write_bytes(b"half")
    folder.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tts-notes.txt", "mine.wav"]


def test_a_rename_that_fails_leaves_nothing(tmp_path, monkeypatch, slept):
    folder = open_output(f"local://{tmp_path}")

    def refuse(self, source, target, **settings):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(LocalFileSystem, "mv", refuse)
    (tmp_path / "a.wav").write_bytes(b"old")
    with pytest.raises(FolderFullError):
        folder.write("a.wav", AUDIO, None)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_network_that_is_gone_for_a_while_is_waited_for(memory, monkeypatch, slept):
    monkeypatch.setattr(MemoryFileSystem, "put_file", failing(ConnectionError("reset"), 3), raising=False)
    folder = open_output("memory://bucket/night")
    assert folder.write("a.wav", AUDIO, None) == SIZE
    assert slept == [1.0, 5.0, 30.0]
    assert list(files_of(folder)) == ["a.wav"]


@pytest.mark.parametrize(
    ("error", "waits", "reason"),
    [
        (ConnectionError("reset"), [1.0, 5.0, 30.0, 120.0], "reset"),
        (PermissionError(errno.EACCES, "Access Denied"), [], "Access Denied"),
        (FileNotFoundError("The specified bucket does not exist"), [], "The specified bucket does not exist"),
        (RuntimeError("Unable to locate credentials\nand more"), [], "Unable to locate credentials"),
    ],
)
def test_what_is_never_taken_ends_the_run_with_a_sentence(memory, monkeypatch, slept, error, waits, reason):
    monkeypatch.setattr(MemoryFileSystem, "put_file", failing(error, 9), raising=False)
    folder = open_output("memory://me:secret@bucket/night")
    with pytest.raises(FolderFullError) as message:
        folder.write("a.wav", AUDIO, None)
    assert slept == waits
    assert str(message.value) == (
        f"memory://bucket/night cannot be written ({reason}): correct this, then run the command again to resume."
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [("s3://a/b", True), ("gs://a", True), ("C:\\a", False), ("a/b", False), ("/a://b", False), ("s3:/a", False)],
)
def test_addresses_are_told_from_paths(where, expected):
    assert is_address(where) is expected


def test_a_path_is_a_local_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_output("a/b") == LocalFolder(tmp_path / "a" / "b")
    assert open_output((tmp_path / "c d").as_uri()) == LocalFolder(tmp_path / "c d")
    assert (tmp_path / "a" / "b").is_dir()
    assert (tmp_path / "c d").is_dir()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("nope://a/b", "nope://a/b cannot be an output: Protocol not known: nope."),
        ("memory://", "memory:// names no folder; write it as memory://FOLDER."),
        (
            "file://server/a",
            "file://server/a is not a folder of this machine; write file:///FOLDER, or only its path.",
        ),
    ],
)
def test_what_cannot_be_an_output_is_refused(address, sentence):
    with pytest.raises(UsageError) as message:
        open_output(address)
    assert str(message.value) == sentence


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(TtsError) as message:
        open_output("s3://bucket/night")
    assert str(message.value) == "s3:// needs a package that is not installed: pip install s3fs"


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(TtsError) as message:
        open_output("memory://bucket/night")
    assert str(message.value) == (
        "memory://bucket/night needs a package that is not installed: pip install 'utter-tts[cluster]'"
    )


def test_a_manifest_goes_there_and_comes_to_another_machine(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here, elsewhere = local_manifest(folder), tmp_path / "elsewhere.jsonl"
    assert str(here) == "night.manifest.jsonl"
    assert fetch_manifest(folder, here) is False
    assert not here.exists()
    here.write_bytes(b'{"id": "a"}\n')
    push_manifest(folder, here)
    assert fetch_manifest(folder, elsewhere) is True
    assert elsewhere.read_bytes() == b'{"id": "a"}\n'
    here.write_bytes(b"more")
    assert fetch_manifest(folder, here) is False
    assert here.read_bytes() == b"more"


def test_the_copy_is_kept_up_to_date_and_made_at_the_end(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tts.batch.remote.PUSH_SECONDS", 0.01)
    path, warnings = tmp_path / "m.jsonl", []
    path.write_bytes(b"1\n")
    with mirrored_manifest(folder, path, warnings.append):
        assert files_of(folder)["manifest.jsonl"] == b"1\n"
        path.write_bytes(b"2\n")
        copy = tmp_path / "copy.jsonl"
        while not folder.get("manifest.jsonl", copy) or copy.read_bytes() != b"2\n":
            pass
        monkeypatch.setattr("tts.batch.remote.PUSH_SECONDS", 1000.0)
        path.write_bytes(b"3\n")
    assert files_of(folder) == {"manifest.jsonl": b"3\n"}
    assert warnings == []


def test_the_copy_is_made_after_a_failure_too(folder, tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_bytes(b"1\n")
    with pytest.raises(TtsError, match="gone wrong"), mirrored_manifest(folder, path, pytest.fail):
        path.write_bytes(b"2\n")
        raise TtsError("It has gone wrong.")
    assert files_of(folder) == {"manifest.jsonl": b"2\n"}


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_spoken(memory, tmp_path, monkeypatch, slept):
    monkeypatch.setattr(MemoryFileSystem, "put_file", failing(ConnectionError("reset"), 9), raising=False)
    path = tmp_path / "m.jsonl"
    path.touch()
    with pytest.raises(FolderFullError), mirrored_manifest(open_output("memory://b/n"), path, pytest.fail):
        pytest.fail("nothing may be spoken")
    assert slept == []
