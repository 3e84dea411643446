"""A sentences file as lines: bounded memory for any size, the encodings and the line ends that people have."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from tts.errors import UsageError

STANDARD_INPUT = "-"
LONGEST_LINE = 1_000_000
"""In bytes; of a longer line nothing is kept."""

_BLOCK = 1 << 16
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARK = codecs.BOM_UTF8.decode()
# How files begin that are no text, and what to say of them.
_NO_TEXT = {
    b"PK\x03\x04": "is a spreadsheet, document or archive: save its sentences as CSV or text, in UTF-8.",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet or document: save its sentences as CSV or text, in UTF-8.",
    b"\x1f\x8b": "is compressed: unpack it first, or send it through gunzip -c and read -.",
    b"%PDF": "is a PDF: save its sentences as text first.",
    b"RIFF": "is a sound, not a file of sentences.",
}


class Line(NamedTuple):
    number: int
    text: str
    """Without its end; bytes that are not UTF-8 stand there as lone surrogates."""
    problem: str | None = None
    """Why it cannot be read, in one sentence; `text` is empty where the line is too long to be held."""


def read_lines(stream: BinaryIO, name: str) -> Iterator[Line]:
    r"""The lines of a file in UTF-8, or in UTF-16 with a byte order mark; `name` is for the refusal.

    A line ends in \n or \r\n; in \r only where no \n follows, as Macs once wrote.

    Raises:
        UsageError: it is no text.
    """
    first = stream.readline(LONGEST_LINE + 1)
    for beginning, what in _NO_TEXT.items():
        if first.startswith(beginning):
            raise UsageError(f"{shown_name(name)} {what}")
    if first.startswith(_UTF16_MARKS):
        stream = _translated(first, stream, _utf8_from_utf16())
        first = stream.readline(LONGEST_LINE + 1)
    if b"\r" in first and not first.endswith(b"\n"):
        stream = _translated(first, stream, lambda block, last: block.replace(b"\r", b"\n"))
        first = stream.readline(LONGEST_LINE + 1)
    return _lines(first.removeprefix(codecs.BOM_UTF8), stream)


def with_plain_breaks(text: str) -> str:
    r"""The text with \n for every line break in it."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def shown_name(name: str) -> str:
    """A file's name in a sentence."""
    return "Standard input" if name == STANDARD_INPUT else name


def _lines(first: bytes, stream: BinaryIO) -> Iterator[Line]:
    number, data = 0, first
    while data:
        number += 1
        if len(data) > LONGEST_LINE and not data.endswith(b"\n"):
            _skip_line(stream)
            yield Line(number, "", f"The line has more than {LONGEST_LINE:,} bytes: split it.")
        else:
            yield _line(number, data)
        data = stream.readline(LONGEST_LINE + 1)


def _line(number: int, data: bytes) -> Line:
    data = data.rstrip(b"\r\n")
    try:
        # Behind the first line too: files with a mark are joined by people.
        return Line(number, data.decode("utf-8").removeprefix(_MARK))
    except UnicodeDecodeError as error:
        problem = f"The line is not UTF-8 (byte {error.start + 1} cannot be read): save the file as UTF-8."
        return Line(number, data.decode("utf-8", "surrogateescape"), problem)


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(_BLOCK)) and not rest.endswith(b"\n"):
        pass


def _utf8_from_utf16() -> Callable[[bytes, bool], bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")("surrogatepass")

    def recoded(block: bytes, last: bool) -> bytes:
        try:
            return decoder.decode(block, last).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            # Half a character at the end of the file: let its line be the one that cannot be read.
            return b"\xff"

    return recoded


def _translated(first: bytes, stream: BinaryIO, translate: Callable[[bytes, bool], bytes]) -> BinaryIO:
    """The stream, of which `first` has been read already, with every block translated."""
    return io.BufferedReader(_Translated(first, stream, translate))


class _Translated(io.RawIOBase):
    def __init__(self, first: bytes, stream: BinaryIO, translate: Callable[[bytes, bool], bytes]) -> None:
        self._stream, self._translate = stream, translate
        self._ready = translate(first, False)
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the buffered reader gives this one
        while not self._ready and not self._ended:
            block = self._stream.read(_BLOCK)
            self._ended = not block
            self._ready = self._translate(block, self._ended)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size
