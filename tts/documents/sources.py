"""Files as bytes and as text, and the libraries that some formats need."""

from __future__ import annotations

import codecs
import importlib
import re
from pathlib import Path
from types import ModuleType

from tts.encodings import decode_as, how_to_name
from tts.errors import TtsError

LIBRARIES = {".pdf": "pypdf", ".md": "markdown-it-py"}
"""By suffix, the library that reads such files, by its name on PyPI."""
_MODULES = {"pypdf": "pypdf", "markdown-it-py": "markdown_it"}

# "War and Peace" has 3 MB.
_LARGEST_TEXT = 32 << 20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Browsers look for the declared encoding in this many bytes, too.
_HEAD = 4096
_DECLARED = re.compile(
    rb"<\?xml[^<>]{0,200}\bencoding\s*=\s*[\"']([\w.:-]{1,40})|<meta\b[^<>]{0,400}?\bcharset\s*=\s*[\"']?([\w.:-]{1,40})",
    re.IGNORECASE,
)


def read_bytes(path: Path) -> bytes:
    """The content of a text file.

    Raises:
        TtsError: it cannot be read, or is larger than any text.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST_TEXT + 1)
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST_TEXT:
        raise TtsError(f"{path} is larger than {_LARGEST_TEXT >> 20} MB, which no book is: cut it into parts first.")
    return content


def decode_text(content: bytes, name: str, encoding: str | None = None) -> str:
    """Decode a text in the encoding that is named, else by its byte order mark, else as UTF-8.

    Raises:
        UsageError: it is not in the encoding that is named, or there is none of this name.
        TtsError: it is not in that of its mark, and no UTF-8.
    """
    if encoding is not None:
        return decode_as(content, encoding, name)
    mark, marked = next((found for found in _BYTE_ORDER_MARKS if content.startswith(found[0])), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(marked)
    except UnicodeDecodeError as error:
        kind = marked[:6].rstrip("-").upper()
        offset = len(mark) + error.start
        raise TtsError(
            f"{name} is no text in {kind}: byte {offset} cannot be read; save it as UTF-8 first"
            f"{'.' if mark else f' ({how_to_name(content)}).'}"
        ) from error
    if not mark and "\0" in text[:_HEAD]:
        raise TtsError(
            f"{name} is no text in UTF-8: it holds zero bytes; save it as UTF-8 first ({how_to_name(content)})."
        )
    return text


def decode_page(content: bytes, name: str, encoding: str | None = None) -> tuple[str, str | None]:
    """Decode HTML in the encoding that is named, or by its byte order mark or declaration, as UTF-8 or Windows-1252.

    Returns the text and, where the encoding was guessed or wrong, a warning.

    Raises:
        UsageError: it is not in the encoding that is named, or there is none of this name.
        TtsError: it is not in the encoding of its byte order mark.
    """
    if encoding is not None:
        return decode_as(content, encoding, name), None
    if any(content.startswith(mark) for mark, _ in _BYTE_ORDER_MARKS):
        return decode_text(content, name), None
    declared = _DECLARED.search(content[:_HEAD])
    if declared is not None and (label := _known_encoding(declared[1] or declared[2])) is not None:
        text = content.decode(label, errors="replace")
        return text, f"{name} is not the {label} that it says it is." if "\ufffd" in text else None
    try:
        return content.decode("utf-8"), None
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        return text, f"{name} does not say how it is encoded, and was read as Windows-1252."


def _known_encoding(label: bytes) -> str | None:
    """Python's name of a declared encoding; as browsers do, reads Latin-1 and ASCII as Windows-1252."""
    try:
        name = codecs.lookup(label.decode("ascii")).name
        "".encode(name)
    except (LookupError, UnicodeError):
        return None
    if name.startswith(("utf-16", "utf-32")):
        # The declaration itself was readable as ASCII, so the page cannot be UTF-16 or UTF-32.
        return "utf-8"
    return "cp1252" if name in ("iso8859-1", "ascii") else name


def library_for(suffix: str) -> ModuleType:
    """Import the library that reads files of this suffix.

    Raises:
        TtsError: it is not installed.
    """
    name = LIBRARIES[suffix]
    try:
        return importlib.import_module(_MODULES[name])
    except ImportError as error:
        raise TtsError(f"Reading {suffix} needs {name}: install it with pip install 'utter-tts[documents]'.") from error
