"""SSML 1.1 (W3C, 2010), the part of it that a reader without recordings can carry out, as a passage."""

from __future__ import annotations

import re
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from tts.errors import UsageError
from tts.text.markup.remarks import quoted, shown
from tts.text.markup.ssml_reader import Reader
from tts.text.passage import Passage

# What may stand before the root.
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]{1,100}:)?speak[\s/>]|<!DOCTYPE", re.IGNORECASE)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_ENTITY = re.compile(r"&[^;\s]{1,40};")
# Of expat's errors, those for which there is more to say.
_NO_ELEMENT, _INVALID_TOKEN, _MISMATCHED_TAG, _UNDEFINED_ENTITY = 3, 4, 7, 11


def read_ssml(text: str, language: str = "en-us") -> Passage:
    """Read a whole document, or a piece of text with tags in it; what is not supported is told in the warnings.

    `language` is what is spoken where the text names none; say-as makes its words in it.

    Raises:
        UsageError: it is not well-formed XML, or brings a document type declaration.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if found := _HALF_CHARACTER.search(text):
        raise _unreadable(text, found.start(), "half of a character (a surrogate)")
    start = len(text) - len(text.lstrip())  # nothing may come before an XML declaration
    prolog = _PROLOG.match(text, start)
    root = prolog.end() if prolog else start
    opening, closing = ("", "") if _ROOT.match(text, root) else ("<speak>", "</speak>")
    reader = Reader(language)
    whole = text[start:root] + opening + text[root:] + closing
    try:
        _parse(whole, reader)
    except SAXParseException as error:
        index = start + _index(whole, error)
        # What was put around the text is no part of its places.
        index = index if index <= root else max(root, index - len(opening))
        unclosed = reader.innermost if reader.depth > bool(opening) else ""
        raise _malformed(text, min(index, len(text)), error, unclosed) from error
    return reader.passage()


def _parse(text: str, handler: ContentHandler) -> None:
    from defusedxml.common import DefusedXmlException
    from defusedxml.expatreader import create_parser

    # Prefixes stay part of the names, so that those which nobody declared ("amazon:effect") are no error.
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(handler)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException as error:
        raise UsageError(
            "The SSML has a document type declaration (<!DOCTYPE …>), which is refused, because it can bring entities "
            "that grow without end and files from elsewhere: take it out."
        ) from error


def _index(text: str, error: SAXParseException) -> int:
    """Where expat found it: lines count from 1, columns from 0."""
    start = 0
    for _ in range((error.getLineNumber() or 1) - 1):
        start = text.find("\n", start) + 1
    return start + (error.getColumnNumber() or 0)


def _malformed(text: str, index: int, error: SAXParseException, unclosed: str) -> UsageError:
    code = getattr(error.getException(), "code", None)
    reason = error.getMessage()
    entity = _ENTITY.match(text, index)
    if code == _UNDEFINED_ENTITY and entity:
        reason += f" {quoted(entity.group())}; write the character itself"
    elif code == _INVALID_TOKEN:
        reason += "; an & that is meant as text is written &amp;, a < is written &lt;"
    elif code in (_NO_ELEMENT, _MISMATCHED_TAG) and unclosed:
        reason += f"; <{shown(unclosed)}> is not closed"
    return _unreadable(text, index, reason)


def _unreadable(text: str, index: int, reason: str) -> UsageError:
    line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
    return UsageError(f"The SSML cannot be read at line {line}, column {column}: {reason}.")
