from __future__ import annotations

import json
import sys

import pytest
import soundfile

from tests.audio.test_m4b import FAKE
from tests.cli.conftest import error_message

BOOK = (
    "<html lang=en><title>A book</title><meta name=author content='Ann Lee'>"
    "<h1>One</h1><p>Hello there.</p><h1>Two</h1><p>It goes on.<pre><code>x</code></pre><h1>Three</h1><p>The end.</p>"
)


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.html"
    path.write_text(BOOK)
    return path


def test_a_document_is_said_and_its_chapters_are_bookmarks(here, book, tmp_path):
    done = here("say", "--file", book, "-o", "a.wav", "--timings", "a.json", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["warnings"] == ["A block of code is not read."]
    timings = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [sentence["text"] for sentence in timings["sentences"]] == [
        *("One", "Hello there.", "Two", "It goes on.", "Three", "The end.")
    ]
    assert [mark["name"] for mark in timings["bookmarks"]] == ["One", "Two", "Three"]
    starts = {sentence["text"]: sentence["start"] for sentence in timings["sentences"]}
    for mark in timings["bookmarks"]:
        assert mark["seconds"] == pytest.approx(starts[mark["name"]], abs=0.05)


def test_chapters_can_be_picked(here, book, tmp_path):
    assert here("say", "-f", book, "--chapter", "2", "-o", "a.wav").returncode == 0
    assert here("say", "Two\n\nIt goes on.", "-o", "b.wav").returncode == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_plain_text_may_hold_markup_and_other_inputs_come_from_files_too(here, tmp_path):
    (tmp_path / "a.txt").write_text("Hello. [pause 2s] There.")
    assert here("say", "-f", "a.txt", "-o", "a.wav").returncode == 0
    assert here("say", "Hello. [pause 2s] There.", "-o", "b.wav").returncode == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    (tmp_path / "a.ssml").write_text("<speak>Hello.</speak>")
    assert here("say", "-f", "a.ssml", "--input", "ssml", "-o", "a.wav").returncode == 0
    assert here("say", "Hello.", "-o", "b.wav").returncode == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-f", "none.txt", "-o", "a.wav"), 1, "none.txt cannot be read: No such file or directory."),
        (("-f", "book.html", "--chapter", "4", "-o", "a.wav"), 2, "There is no chapter 4: there are 3 chapters"),
        (("-f", "book.html", "Hello", "-o", "a.wav"), 2, "There are two texts: give TEXT or --file, not both."),
        (("Hello", "--chapter", "1", "-o", "a.wav"), 2, "--chapter is for documents: name one with --file."),
        (
            ("-f", "a.docx", "-o", "a.wav"),
            2,
            "a.docx has the suffix .docx; documents that can be read have one of .txt",
        ),
        (("-f", "out.wav"), 2, "--file is the text to read, not 'out.wav': name the audio to write with -o."),
        (("-f", "book.html", "--input", "phonemes", "--chapter", "1", "-o", "a.wav"), 2, "--chapter is for documents"),
    ],
)
def test_what_cannot_be_right_is_refused(here, book, arguments, code, message):
    # Whatever plays is no part of this.
    done = here("say", *arguments, *(() if "-o" in arguments else ("-o", "x.wav")))
    assert message in error_message(done, code)


def test_a_voice_of_another_language_is_a_warning(here, tmp_path):
    (tmp_path / "a.html").write_text("<html lang=de-AT><p>Hello.")
    done = here("say", "-f", "a.html", "-o", "a.wav")
    assert (done.returncode, done.stderr.decode().count("the document is in de-at, but the voice pulse speaks en")) == (
        0,
        1,
    )


def test_an_audiobook_has_the_chapters_of_its_document(here, book, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "metadata.json"
    (folder / "ffmpeg").write_text(FAKE.format(python=sys.executable, log=str(log), fails=False))
    (folder / "ffmpeg").chmod(0o755)
    done = here("say", "-f", book, "-o", "a.m4b", "--json", PATH=str(folder))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["file"], report["sample_rate"]) == ("a.m4b", 22050)
    assert (tmp_path / "a.m4b").read_bytes() == b"book"
    metadata = json.loads(log.read_text())["metadata"].splitlines()
    assert [line for line in metadata if not line.startswith(("START", "END", "TIMEBASE"))] == [
        *(";FFMETADATA1", "title=A book", "album=A book", "artist=Ann Lee", "genre=Audiobook"),
        *("", "[CHAPTER]", "title=One", "", "[CHAPTER]", "title=Two", "", "[CHAPTER]", "title=Three"),
    ]
    ends = [int(line[4:]) for line in metadata if line.startswith("END=")]
    assert ends[-1] == round(report["seconds"] * 22050)


def test_an_audiobook_without_ffmpeg_is_refused_at_once(here, book):
    done = here("say", "-f", book, "-o", "a.m4b", PATH="")
    assert error_message(done, 1) == (
        "tts: An audiobook needs ffmpeg, which is not installed here: install it, or write .opus or .mp3."
    )


def test_chapters_are_listed(here, book):
    done = here("text", "chapters", book)
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert lines == [["title", "characters"], ["1", "One", "17"], ["2", "Two", "16"], ["3", "Three", "15"]]
    assert b"A block of code is not read." in done.stderr
    done = here("text", "chapters", book, "--json")
    assert json.loads(done.stdout) == {
        **{"title": "A book", "author": "Ann Lee", "language": "en"},
        "chapters": [
            {"chapter": 1, "title": "One", "characters": 17},
            {"chapter": 2, "title": "Two", "characters": 16},
            {"chapter": 3, "title": "Three", "characters": 15},
        ],
        "warnings": ["A block of code is not read."],
    }


def test_a_batch_of_a_document_is_a_file_a_chapter_and_goes_on_where_it_was(tts, book, tmp_path):
    done = tts("batch", book, "-o", "out", "--jobs", "1", "--format", "flac")
    assert done.returncode == 0, done.stderr
    assert "warning: Two: A block of code is not read." in done.stderr.decode()
    names = ["01-one.flac", "02-two.flac", "03-three.flac", "manifest.jsonl"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert tts("say", "-f", book, "--chapter", "3", "-o", "c.flac").returncode == 0
    one, other = (soundfile.read(tmp_path / name, dtype="int16")[0] for name in ("c.flac", "out/03-three.flac"))
    assert abs(one.astype(int) - other).max() <= 1
    book.write_text(BOOK.replace("goes on", "goes away"))
    done = tts("batch", book, "-o", "out", "--jobs", "1", "--format", "flac", "--json")
    summary = json.loads(done.stdout)
    assert (summary["done"], summary["skipped"], summary["failed"]) == (1, 2, 0)


def test_each_chapter_of_a_batch_has_its_subtitles(tts, book, tmp_path):
    assert tts("batch", book, "-o", "out", "--jobs", "1", "--timings", "srt").returncode == 0
    (tmp_path / "out" / "manifest.jsonl").unlink()
    stems = sorted(path.stem for path in (tmp_path / "out").glob("*.wav"))
    assert len(stems) == 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{stem}.{suffix}" for stem in stems for suffix in ("srt", "wav")
    )
    assert all((tmp_path / "out" / f"{stem}.srt").read_text("utf-8").startswith("1\n00:00:00,") for stem in stems)


def test_a_batch_of_plain_text_is_a_document_where_it_is_said(tts, tmp_path):
    (tmp_path / "a.txt").write_text("Chapter 1\n\nHello.\n\nChapter 2\n\nBye.\n")
    assert tts("batch", "a.txt", "-o", "out", "--jobs", "1", "--layout", "document").returncode == 0
    names = ["01-chapter-1.wav", "02-chapter-2.wav", "manifest.jsonl"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert "A document is a file" in error_message(tts("batch", "-", "-o", "out", "--layout", "document"), 2)
    done = tts("batch", "a.txt", "-o", "out", "--layout", "document", "--input", "phonemes")
    assert "A document is text: leave --input phonemes out." in error_message(done, 2)


def test_a_chapter_may_be_longer_than_an_utterance(tts, tmp_path):
    (tmp_path / "a.html").write_text(f"<p>{'Hello there. ' * 900}</p>")
    done = tts("batch", "a.html", "-o", "out", "--jobs", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["done"] == 1
    assert soundfile.info(tmp_path / "out" / "01-a.wav").duration > 300


def test_doctor_reports_what_reads_documents(here):
    done = here("doctor", "--json")
    (row,) = [row for row in json.loads(done.stdout) if row["check"] == "documents"]
    assert "markdown-it-py" in row["detail"]
    assert "ffmpeg" in row["detail"]
