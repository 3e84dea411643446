import io
import os
import sys

import pytest

from tts.batch.sentences import count_lines, open_sentences
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
