import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.batch.lines import LONGEST_LINE, read_lines
from tts.errors import UsageError


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
    assert bad == (2, "caf\udce9", "The line is not UTF-8 (byte 4 cannot be read): save the file as UTF-8.")
    assert good == (3, "three", None)


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
        (b"RIFF\x00\x00", "a.txt is a sound, not a file of sentences."),
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
