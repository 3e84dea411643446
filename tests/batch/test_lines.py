""" """

from __future__ import annotations

import io
import os
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.batch.lines import LONGEST_LINE, count_lines, open_sentences, read_lines
from tts.errors import TtsError, UsageError


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


def opened(name):
    with open_sentences(name) as stream:
        return stream.read()


def test_opens_a_file_or_standard_input(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"Hello.\n")
    assert opened(str(tmp_path / "a.txt")) == b"Hello.\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"One.\n")))
    for name in ("-", None):
        with open_sentences(name) as stream:
            assert stream is sys.stdin.buffer
    assert stream.read() == b"One.\n"


def test_a_terminal_is_read_only_where_it_was_meant(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(b"")))
    with pytest.raises(UsageError, match="There are no sentences: name a file of them, or - to read standard input"):
        opened(None)
    with open_sentences("-") as stream:
        assert stream is sys.stdin.buffer


def test_refuses_what_is_not_there_or_is_a_folder(tmp_path):
    missing = tmp_path / "sentences.txt"
    with pytest.raises(UsageError, match=f"There is no file {missing}: name the file of sentences, or - for standard"):
        opened(str(missing))
    with pytest.raises(UsageError, match=f"{tmp_path} is a folder: name the file of sentences in it"):
        opened(str(tmp_path))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(TtsError, match="loop cannot be read: Too many levels of symbolic links"):
        count_lines(str(tmp_path / "loop"))


@pytest.mark.parametrize(
    ("data", "count"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\nb", 3), (b"x\n" * 700_000, 700_000)]
)
def test_counts_the_lines_of_a_file(tmp_path, data, count):
    (tmp_path / "a.txt").write_bytes(data)
    assert count_lines(str(tmp_path / "a.txt")) == count


def test_what_is_no_plain_file_is_not_counted():
    assert count_lines("-") is None
    assert count_lines(None) is None
    assert count_lines(os.devnull) is None


def lines(data, name="a.txt"):
    return [tuple(line) for line in read_lines(io.BytesIO(data), name)]


@pytest.mark.parametrize(
    "data",
    [
        b"one\ntw\xc3\xb6\n",
        b"one\r\ntw\xc3\xb6",
        b"\xef\xbb\xbfone\ntw\xc3\xb6\n",
        b"one\rtw\xc3\xb6\r",
        "one\ntwö\n".encode("utf-16"),
        "\ufeffone\r\ntwö".encode("utf-16-be"),
        "one\rtwö".encode("utf-16"),
    ],
)
def test_reads_the_encodings_and_line_ends_that_people_have(data):
    assert lines(data) == [(1, "one", None), (2, "twö", None)]


def test_a_mark_is_no_text_where_files_were_joined():
    assert lines(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\n") == [(1, "one", None), (2, "two", None)]
    assert lines(b"\xef\xbb\xbf") == []


def test_what_is_not_utf8_is_the_problem_of_its_line():
    _, bad, good = lines(b"one\ncaf\xe9\nthree")
    problem = "The line is not UTF-8 (byte 4 cannot be read): save the file as UTF-8, or try --encoding windows-1252."
    assert bad == (2, "caf\udce9", problem)
    assert good == (3, "three", None)


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16-le", "utf-16", "gbk", "shift_jis"])
def test_an_encoding_that_is_named(tmp_path, encoding):
    text = "one\r\n漢字\r\nthree" if encoding in ("gbk", "shift_jis") else "one\r\nGröße\r\nthree"
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    with open_sentences(str(tmp_path / "a.txt"), encoding) as stream:
        assert [line.text for line in read_lines(stream, "a.txt")] == text.split("\r\n")


def test_utf16_without_a_mark_is_refused():
    with pytest.raises(UsageError, match=r"a\.txt looks like utf-16-le .*: try --encoding utf-16-le\."):
        list(read_lines(io.BytesIO("Hello.\nThere.".encode("utf-16-le")), "a.txt"))


def test_half_a_character_of_utf16_at_the_end_is_the_problem_of_its_line():
    _, bad = lines("one\ntwo".encode("utf-16")[:-1])
    assert bad[2] == "The line is not UTF-8 (byte 3 cannot be read): save the file as UTF-8."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            b"PK\x03\x04\x14",
            "a.txt is a spreadsheet, document or archive: save its sentences as CSV or text, in UTF-8.",
        ),
        (b"\x1f\x8b\x08", "a.txt is compressed: unpack it first, or send it through gunzip -c and read -."),
        (b"RIFF\x00\x00", "a.txt is an audio file, not a file of sentences."),
    ],
)
def test_refuses_what_is_no_text(data, sentence):
    with pytest.raises(UsageError) as refusal:
        lines(data)
    assert str(refusal.value) == sentence


def test_a_line_of_the_longest_length_is_read_and_a_longer_one_is_its_own_problem():
    data = b"x" * LONGEST_LINE + b"\n" + b"y" * (LONGEST_LINE + 1) + b"\nz\n" + b"w" * (3 * LONGEST_LINE)
    longest, longer, after, last = lines(data)
    assert longest == (1, "x" * LONGEST_LINE, None)
    assert longer == (2, "", "The line has more than 1,000,000 bytes: split it.")
    assert after == (3, "z", None)
    assert last == (4, "", "The line has more than 1,000,000 bytes: split it.")


class Endless(io.RawIOBase):
    """Bytes that are made as they are read."""

    def __init__(self, block, size):
        self.block, self.left = block, size

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(len(buffer), len(self.block), self.left)
        buffer[:size] = self.block[:size]
        self.left -= size
        return size


@pytest.mark.parametrize("block", [b"x" * 65536, b"x" * 999 + b"\n", b"x\0" * 32768, b"\xff\xfe" + b"x\0" * 32768])
def test_memory_does_not_grow_with_the_file(block):
    stream = io.BufferedReader(Endless(block, 16 << 20))
    tracemalloc.start()
    try:
        for _ in read_lines(stream, "-"):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 << 20


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n\ufeff", exclude_categories=["Cs"]), min_size=1)))
def test_any_lines_come_back_with_their_numbers(texts):
    data = "\n".join(texts).encode()
    read = [(line.number, line.text) for line in read_lines(io.BytesIO(b"\xef\xbb\xbf" + data), "-")]
    assert read == list(enumerate(texts, 1))
