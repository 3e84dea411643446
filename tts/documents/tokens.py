"""HTML cut into tags and text: one pass, in time that grows with the length alone, whatever the file holds.

Parsers that build the tree of HTML 5 take time with the square of how deep its elements nest; reading aloud needs no
tree. Rules: HTML Standard, 13.2.5 (tokenization), without scripts and without what is an error only.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TAG_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_BETWEEN = re.compile(r"[\s/=]*")
_ATTRIBUTE = re.compile(r"([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*)))?")
# What stands in these is no markup, up to their own end tag.
_RAW = {
    name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}
_WITH_REFERENCES = {"title", "textarea"}


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag: its name and attributes in lower case, values as they are meant."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    """Whether it ends itself, with a slash."""


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    name: str


Token = Start | End | str


def tokens(text: str, *, xml: bool = False) -> Iterator[Token]:
    """Give the tags and the text between them; character references are resolved, comments are gone.

    With `xml` a slash at the end of a start tag ends the element (XHTML), else it says nothing (HTML).
    """
    position = 0
    while position < len(text):
        opening = text.find("<", position)
        if opening < 0:
            opening = len(text)
        if opening > position:
            yield html.unescape(text[position:opening])
        if opening == len(text):
            return
        if text.startswith(("<!", "<?"), opening):
            literal, position = _declaration(text, opening)
            if literal:
                yield literal
            continue
        found = _TAG_NAME.match(text, opening)
        if found is None:
            yield "<"
            position = opening + 1
            continue
        tag, position = _tag(text, found)
        if tag is None:
            return
        yield tag
        if isinstance(tag, Start) and tag.name in _RAW and not (xml and tag.closed):
            content, position = _raw(text, tag.name, position)
            yield html.unescape(content) if tag.name in _WITH_REFERENCES else content


def _declaration(text: str, start: int) -> tuple[str, int]:
    """A comment, CDATA section, document type or processing instruction: its literal text, and where it ends."""
    for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", ">"), ("<!", ">")):
        if text.startswith(begin, start):
            # <!--> is a whole comment.
            inner = start + (2 if begin == "<!--" else len(begin))
            stop = text.find(end, inner)
            if stop < 0:
                return "", len(text)
            return (text[inner:stop] if begin == "<![CDATA[" else ""), stop + len(end)
    raise AssertionError


def _tag(text: str, found: re.Match[str]) -> tuple[Start | End | None, int]:
    """The tag that begins here, and where it ends; None where the text ends before it."""
    name = found[1].lower()
    position = found.end()
    attributes: dict[str, str] = {}
    while True:
        between = _BETWEEN.match(text, position)
        assert between is not None  # nothing is a match, too
        position = between.end()
        if position >= len(text):
            return None, position
        if text[position] == ">":
            break
        attribute = _ATTRIBUTE.match(text, position)
        assert attribute is not None
        value = next((value for value in attribute.groups()[1:] if value is not None), "")
        attributes.setdefault(attribute[1].lower(), html.unescape(value))
        position = attribute.end()
    if text.startswith("</", found.start()):
        return End(name), position + 1
    return Start(name, attributes, text[position - 1] == "/"), position + 1


def _raw(text: str, name: str, start: int) -> tuple[str, int]:
    end = _RAW[name].search(text, start)
    stop = len(text) if end is None else end.start()
    return text[start:stop], stop
