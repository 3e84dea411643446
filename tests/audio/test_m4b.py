from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tts.audio.audio import Audio
from tts.audio.m4b import BookTags, BookWriter, ChapterMark, arguments, find_ffmpeg, is_book, metadata_text
from tts.errors import TtsError

# Logs its arguments and the content of its input files, and writes a file as ffmpeg does.
FAKE = """#!{python}
import json, pathlib, sys
inputs = [sys.argv[n + 1] for n, word in enumerate(sys.argv) if word == "-i"]
call = {{"arguments": sys.argv[1:], "metadata": pathlib.Path(inputs[1]).read_text("utf-8")}}
call["audio"] = pathlib.Path(inputs[0]).read_bytes()[:4].decode()
call["cover"] = pathlib.Path(inputs[2]).read_bytes().decode() if len(inputs) > 2 else None
pathlib.Path({log!r}).write_text(json.dumps(call))
if {fails}:
    sys.exit("one thing\\nNo space left on device")
pathlib.Path(sys.argv[-1]).write_bytes(b"book")
"""


@pytest.fixture
def ffmpeg(tmp_path, monkeypatch):
    """Installs a replacement for ffmpeg that may fail, and returns the path of its log."""

    def install(*, fails=False):
        folder = tmp_path / "bin"
        folder.mkdir()
        log = tmp_path / "call.json"
        command = folder / "ffmpeg"
        command.write_text(FAKE.format(python=sys.executable, log=str(log), fails=fails))
        command.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return log

    return install


def silence(n_samples):
    return Audio(np.zeros(n_samples, np.float32), 16000)


def test_a_book_is_encoded_with_its_chapters_and_tags(tmp_path, ffmpeg):
    log = ffmpeg()
    out = tmp_path / "out"
    out.mkdir()
    tags = BookTags("A = book", "Ann Lee", (b"picture", ".png"))
    with BookWriter(out / "a.m4b", tags) as book:
        book.begin_chapter("One")
        book.write(silence(1000))
        book.write(silence(600))
        book.begin_chapter("Nothing")
        book.begin_chapter("Two; more")
        book.write(silence(400))
        assert not (out / "a.m4b").exists()
    call = json.loads(log.read_text())
    assert call["metadata"] == (
        ";FFMETADATA1\ntitle=A \\= book\nalbum=A \\= book\nartist=Ann Lee\ngenre=Audiobook\n"
        "\n[CHAPTER]\nTIMEBASE=1/16000\nSTART=0\nEND=1600\ntitle=One\n"
        "\n[CHAPTER]\nTIMEBASE=1/16000\nSTART=1600\nEND=2000\ntitle=Two\\; more\n"
    )
    assert (call["audio"], call["cover"]) == ("fLaC", "picture")
    folder = Path(call["arguments"][6]).parent
    assert folder.parent == out
    assert call["arguments"] == [
        *("-nostdin", "-hide_banner", "-loglevel", "error", "-y"),
        *("-i", f"{folder}/audio.flac", "-i", f"{folder}/metadata.txt", "-i", f"{folder}/cover.png"),
        *("-map", "0:a", "-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"),
        *("-map_metadata", "1", "-map_chapters", "1"),
        *("-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart", "-f", "ipod", call["arguments"][-1]),
    ]
    assert Path(call["arguments"][-1]).parent == out
    assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [("a.m4b", b"book")]


def test_without_a_cover_there_is_no_picture():
    assert arguments(Path("a"), Path("b"), None)[5:11] == ["-i", "a", "-i", "b", "-map", "0:a"]
    assert "2:v" not in arguments(Path("a"), Path("b"), None)


def test_characters_that_ffmpeg_would_misread_are_escaped():
    assert (
        metadata_text(BookTags("a\\b#c"), [], 1)
        == ";FFMETADATA1\ntitle=a\\\\b\\#c\nalbum=a\\\\b\\#c\ngenre=Audiobook\n"
    )
    marks = [ChapterMark("x=\ny", 0, 5)]
    assert metadata_text(BookTags(), marks, 8).endswith("[CHAPTER]\nTIMEBASE=1/8\nSTART=0\nEND=5\ntitle=x\\=\\\ny\n")


def test_a_failure_of_ffmpeg_leaves_the_old_file(tmp_path, ffmpeg):
    ffmpeg(fails=True)
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.m4b").write_bytes(b"old")
    with pytest.raises(TtsError, match=r"ffmpeg could not make a\.m4b: No space left on device\.$"):  # noqa: SIM117
        with BookWriter(out / "a.m4b") as book:
            book.write(silence(10))
    assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [("a.m4b", b"old")]


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()])
def test_an_interrupted_book_leaves_nothing(tmp_path, ffmpeg, failure):
    log = ffmpeg()
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(type(failure)):  # noqa: SIM117
        with BookWriter(out / "a.m4b") as book:
            book.write(silence(10))
            raise failure
    assert list(out.iterdir()) == []
    assert not log.exists()


def test_a_book_without_audio_is_refused(tmp_path, ffmpeg):
    ffmpeg()
    with pytest.raises(TtsError, match="no audio"), BookWriter(tmp_path / "a.m4b"):
        pass
    assert not (tmp_path / "a.m4b").exists()


def test_ffmpeg_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TtsError, match="needs ffmpeg, which is not installed"):
        find_ffmpeg()


def test_books_are_known_by_their_suffix():
    assert [is_book(name) for name in ("a.m4b", "b/A.M4A", "a.mp4", "m4b")] == [True, True, False, False]
