"""What a file is by its first bytes: a checkpoint that can be read, or what people have instead of one."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Literal

from tts.errors import TtsError

_HEAD_BYTES = 1024
_TAR_MARK = slice(257, 262)
_MOST_HEADER_BYTES = 100 * 2**20

_MEDIA = ("a sound or picture", "")
_PROGRAM = ("a program", "")
_ARCHIVE = ("an archive", "unpack it and name the checkpoint inside")
_ONLY_PYTORCH = "only PyTorch's checkpoints are known"
# What the first bytes say: what it is, and what to do.
_STARTS: tuple[tuple[bytes, tuple[str, str]], ...] = (
    (b"version https://git-lfs", ("a Git LFS pointer", "it stands for a file that was not downloaded; fetch that")),
    (b"RIFF", _MEDIA),
    (b"OggS", _MEDIA),
    (b"fLaC", _MEDIA),
    (b"ID3", _MEDIA),
    (b"\xff\xd8\xff", _MEDIA),
    (b"\x89PNG", _MEDIA),
    (b"\x1f\x8b", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"\xfd7zXZ", _ARCHIVE),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"\x89HDF", ("an HDF5 file", _ONLY_PYTORCH)),
    (b"\x93NUMPY", ("a NumPy array", _ONLY_PYTORCH)),
    (b"%PDF", ("a PDF document", "")),
    (b"\x7fELF", _PROGRAM),
    (b"MZ", _PROGRAM),
    (b"<?xml", ("an XML document", "the server sent it in place of the file")),
)
_WEB_PAGE = re.compile(rb"\s*(<!--.*?-->\s*)?<(!doctype html|html|head|body)", re.IGNORECASE | re.DOTALL)
_JSON = re.compile(rb"\s*[\[{]\s*[\"\[{\]}\d]")
# ONNX opens with its version and then the name of its maker.
_ONNX = re.compile(rb"\x08[\x01-\x20]\x12.{1,40}?(pytorch|onnx|tensorflow|keras|sklearn)", re.DOTALL | re.IGNORECASE)


def checkpoint_kind(path: Path) -> Literal["torch", "safetensors"]:
    """Which reader a file is for.

    Raises:
        TtsError: it cannot be opened, or is no checkpoint: the sentence says what it is instead.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not head:
        raise TtsError(f"{path} is empty: its download failed; fetch it again.")
    if head.startswith((b"PK\x03\x04", b"\x80")):
        return "torch"
    if _opens_safetensors(head):
        return "safetensors"
    if (instead := _what_instead(head)) is not None:
        what, advice = instead
        raise TtsError(f"{path} is {what}, not a checkpoint{advice and ': '}{advice}.")
    if path.suffix == ".safetensors":
        return "safetensors"
    raise TtsError(f"{path} is no checkpoint that is known: it is neither a torch file nor safetensors.")


def _opens_safetensors(head: bytes) -> bool:
    """Eight bytes of length, then JSON."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MOST_HEADER_BYTES


def _what_instead(head: bytes) -> tuple[str, str] | None:
    for start, instead in _STARTS:
        if head.startswith(start):
            return instead
    if head[_TAR_MARK] == b"ustar":
        return _ARCHIVE
    if _WEB_PAGE.match(head):
        return "a web page", "the server sent it in place of the file"
    if _ONNX.match(head):
        return "an ONNX model", _ONLY_PYTORCH
    return ("JSON text" if _JSON.match(head) else "text", "") if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    try:
        # The last character may be cut in the middle.
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)
