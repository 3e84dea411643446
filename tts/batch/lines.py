"""A sentences file as lines: with bounded memory for any size, in the encodings and with the line ends in use."""

from __future__ import annotations

import codecs
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tts.encodings import known_encoding, likely_encoding
from tts.errors import TtsError, UsageError

STANDARD_INPUT = "-"
LONGEST_LINE = 1_000_000
"""In bytes; nothing of a longer line is kept."""

_BLOCK = 1 << 16
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BYTE_ORDER_MARK = codecs.BOM_UTF8.decode()
# First bytes of files that are not text, and what the message says about them.
_NOT_TEXT = {
    b"PK\x03\x04": "is a spreadsheet, document or archive: save its sentences as CSV or text, in UTF-8.",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet or document: save its sentences as CSV or text, in UTF-8.",
    b"\x1f\x8b": "is compressed: unpack it first, or send it through gunzip -c and read -.",
    b"%PDF": "is a PDF: save its sentences as text first.",
    b"RIFF": "is an audio file, not a file of sentences.",
}


class Line(NamedTuple):
    number: int
    """From 1."""
    text: str
    """Without its line end; bytes that are not UTF-8 are lone surrogates."""
    problem: str | None = None
    """Why it cannot be read, in one sentence; `text` is empty if the line is too long."""


@contextmanager
def open_sentences(name: str | None, encoding: str | None = None) -> Iterator[BinaryIO]:
    """Open a sentences file; `-` is standard input, and None is too, unless it is a terminal.

    The stream is UTF-8, translated from `encoding` if one is named.

    Raises:
        UsageError: there is no such file or encoding, it is a folder, or no file was named and standard input is a
            terminal.
        TtsError: it cannot be read.
    """
    if name is None and sys.stdin.isatty():
        raise UsageError("There are no sentences: name a file of them, or - to read standard input.")
    if name in (None, STANDARD_INPUT):
        yield _as_utf8(sys.stdin.buffer, encoding)
        return
    with _open(Path(name or "")) as stream:
        yield _as_utf8(stream, encoding)


def count_lines(name: str | None) -> int | None:
    """Number of lines of a file, empty ones too; None if it is not known before reading, as for a pipe.

    Raises:
        UsageError, TtsError: like `open_sentences`.
    """
    if name in (None, STANDARD_INPUT):
        return None
    with _open(Path(name or "")) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return None
        count, last = 0, b"\n"
        while block := stream.read(1 << 20):
            count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")


def _open(path: Path) -> BinaryIO:
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the file of sentences in it.")
    try:
        return open(path, "rb")
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"There is no file {path}: name the file of sentences, or - for standard input.") from None
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error


def read_lines(stream: BinaryIO, name: str) -> Iterator[Line]:
    r"""The lines of a file in UTF-8, or in UTF-16 with a byte order mark; `name` is for messages.

    A line ends in \n or \r\n; in \r only if no \n follows, as on old Macs.

    Raises:
        UsageError: it is not text.
    """
    first = stream.readline(LONGEST_LINE + 1)
    for signature, description in _NOT_TEXT.items():
        if first.startswith(signature):
            raise UsageError(f"{display_name(name)} {description}")
    is_recoded = first.startswith(_UTF16_MARKS)
    if is_recoded:
        stream = _recoded(first, stream, "utf-16")
        first = stream.readline(LONGEST_LINE + 1)
    if (
        len(first) <= LONGEST_LINE
        and b"\0" in first
        and (likely := likely_encoding(first))
        and likely.startswith("utf-16")
    ):
        raise UsageError(
            f"{display_name(name)} looks like {likely} without a byte order mark: try --encoding {likely}."
        )
    if b"\r" in first and not first.endswith(b"\n"):
        stream = io.BufferedReader(_TranslatedStream(first, stream, lambda block, last: block.replace(b"\r", b"\n")))
        first = stream.readline(LONGEST_LINE + 1)
    return _decode_lines(first.removeprefix(codecs.BOM_UTF8), stream, is_recoded=is_recoded)


def _as_utf8(stream: BinaryIO, encoding: str | None) -> BinaryIO:
    return stream if encoding is None else _recoded(b"", stream, known_encoding(encoding))


def _recoded(first: bytes, stream: BinaryIO, encoding: str) -> BinaryIO:
    """A stream, of which `first` has been read already, translated to UTF-8."""
    errors = "surrogatepass" if encoding.startswith("utf") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)

    def recode(block: bytes, last: bool) -> bytes:
        try:
            return decoder.decode(block, last).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            # Half a character at the end of the file: its line becomes one that cannot be decoded.
            return b"\xff"

    return io.BufferedReader(_TranslatedStream(first, stream, recode))


def _decode_lines(first: bytes, stream: BinaryIO, *, is_recoded: bool) -> Iterator[Line]:
    number, data = 0, first
    while data:
        number += 1
        if len(data) > LONGEST_LINE and not data.endswith(b"\n"):
            while (rest := stream.readline(_BLOCK)) and not rest.endswith(b"\n"):
                pass
            yield Line(number, "", f"The line has more than {LONGEST_LINE:,} bytes: split it.")
        else:
            data = data.rstrip(b"\r\n")
            try:
                # Not only in the first line: files with a byte order mark get concatenated.
                yield Line(number, data.decode("utf-8").removeprefix(_BYTE_ORDER_MARK))
            except UnicodeDecodeError as error:
                problem = f"The line is not UTF-8 (byte {error.start + 1} cannot be read): save the file as UTF-8."
                if not is_recoded and (likely := likely_encoding(data)):
                    problem = f"{problem[:-1]}, or try --encoding {likely}."
                yield Line(number, data.decode("utf-8", "surrogateescape"), problem)
        data = stream.readline(LONGEST_LINE + 1)


def with_line_feeds(text: str) -> str:
    r"""The text with \n for every line break."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def display_name(name: str) -> str:
    """The name of a file for a message."""
    return "Standard input" if name == STANDARD_INPUT else name


class _TranslatedStream(io.RawIOBase):
    """A stream, of which `first` has been read already, with every block translated."""

    def __init__(self, first: bytes, stream: BinaryIO, translate: Callable[[bytes, bool], bytes]) -> None:
        self._stream, self._translate = stream, translate
        self._ready = translate(first, False)
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the type that BufferedReader passes
        while not self._ready and not self._ended:
            block = self._stream.read(_BLOCK)
            self._ended = not block
            self._ready = self._translate(block, self._ended)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size
