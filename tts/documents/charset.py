"""Files of text as text, whatever they are encoded in where they say so."""

from __future__ import annotations

import codecs
import re

from tts.errors import TtsError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# In so many bytes browsers look for a page's encoding.
_HEAD = 4096
_DECLARED = re.compile(
    rb"<\?xml[^<>]{0,200}\bencoding\s*=\s*[\"']([\w.:-]{1,40})|<meta\b[^<>]{0,400}?\bcharset\s*=\s*[\"']?([\w.:-]{1,40})",
    re.IGNORECASE,
)


def decoded(content: bytes, name: str) -> str:
    """UTF-8, or what a byte order mark says.

    Raises:
        TtsError: it is neither.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding, name, len(mark))
    text = _decoded(content, "utf-8", name)
    if "\0" in text[:_HEAD]:
        raise TtsError(f"{name} is no text in UTF-8: it holds zero bytes; save it as UTF-8 first.")
    return text


def decoded_page(content: bytes, name: str) -> tuple[str, str | None]:
    """HTML by its byte order mark or what it says of itself, else UTF-8, else Windows-1252; and a warning of a guess.

    Raises:
        TtsError: it is not in the encoding that it has a mark of.
    """
    if any(content.startswith(mark) for mark, _ in _MARKS):
        return decoded(content, name), None
    declared = _DECLARED.search(content[:_HEAD])
    if declared is not None and (encoding := _known(declared[1] or declared[2])) is not None:
        text = content.decode(encoding, errors="replace")
        return text, f"{name} is not the {encoding} that it says it is." if "\ufffd" in text else None
    try:
        return content.decode("utf-8"), None
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        return text, f"{name} does not say how it is encoded, and was read as Windows-1252."


def _decoded(content: bytes, encoding: str, name: str, start: int = 0) -> str:
    try:
        return content[start:].decode(encoding)
    except UnicodeDecodeError as error:
        place = start + error.start
        kind = encoding[:6].rstrip("-").upper()
        raise TtsError(f"{name} is no text in {kind}: byte {place} cannot be read; save it as UTF-8 first.") from error


def _known(label: bytes) -> str | None:
    """A text encoding as Python calls it; the names of Latin-1 mean Windows-1252 on the web."""
    try:
        name = codecs.lookup(label.decode("ascii")).name
        "".encode(name)
    except (LookupError, UnicodeError):
        return None
    if name.startswith(("utf-16", "utf-32")):
        # A page whose letters could be read cannot be that.
        return "utf-8"
    return "cp1252" if name in ("iso8859-1", "ascii") else name
