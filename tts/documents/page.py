"""A page of HTML or XHTML as paragraphs and headings, with what its head says of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from tts.documents.blocks import Block, one_line
from tts.documents.elements import BLOCKS, CLOSES, HEADINGS, VOID, alternative, unread
from tts.documents.languages import language_tag, same_language
from tts.documents.paragraph import Paragraph
from tts.documents.rows import read_row
from tts.documents.tokens import End, Start, tokens

_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_NUMBER = re.compile(r"\s*[+-]?\d+\s*")
_NOTE_MARK = re.compile(r"\s*[\[(]?(?:\d{1,4}|[a-z*†‡§]{0,3})[\])]?\s*")
_IS_XML = re.compile(r"\s*<\?xml\b|[^<]*(?:<[!?][^<]*){0,5}<html\b[^<>]*\sxmlns\s*=", re.IGNORECASE)
_HOLDS_CODE = re.compile(r"code|highlight|listing", re.IGNORECASE)
# No page of anybody's nests so deeply; what does is taken for its text alone.
_DEEPEST = 4096


@dataclass
class Page:
    """What a page says of itself, and its blocks in their order."""

    title: str | None = None
    author: str | None = None
    language: str | None = None
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class _Element:
    """An open element; all but its name goes for what is in it, too."""

    name: str = ""
    language: str | None = None
    is_unread: bool = False
    keeps_blanks: bool = False
    is_raised: bool = False
    is_link: bool = False
    """Whether it points to a place in a page, as the mark of a note does."""
    number: int = 0
    """That the next entry has, in an ordered list."""


def read_page(text: str, language: str | None = None, *, anchors: frozenset[str] = frozenset()) -> Page:
    """The page; stretches in another language than the book's (a BCP 47 tag), or else the page's, are noted.

    Where elements have one of `anchors` for an id, their first block tells.
    """
    xml = _IS_XML.match(text) is not None
    reader = _Reader(language, anchors)
    for token in tokens(text, xml=xml):
        if isinstance(token, str):
            reader.text(token)
        elif isinstance(token, Start):
            reader.start(token)
            if xml and token.closed and token.name not in VOID:
                reader.end(token.name)
        elif isinstance(token, End):
            reader.end(token.name)
    return reader.finished()


class _Reader:
    def __init__(self, language: str | None, anchors: frozenset[str]) -> None:
        self._page = Page()
        self._language = language
        self._wanted = anchors
        self._paragraph = Paragraph()
        self._stack = [_Element()]
        self._open: dict[str, list[int]] = defaultdict(list)
        """By name, where in the stack the open elements stand."""
        self._blocks = [0]
        self._levels = [0]
        self._rows: list[list[Block]] = []
        self._main: list[int] = []

    def start(self, tag: Start) -> None:
        name, attributes = tag.name, tag.attributes
        self._close_implied(name)
        why = unread(name, attributes) if not self._stack[-1].is_unread else None
        if why is None and self._is_code(name, attributes):
            why = "code"
        if name in BLOCKS:
            self._flush()
        if why:
            self._put(Block("", left_out=why))
        if not self._stack[-1].is_unread and why is None:
            self._read_start(name, attributes)
        if name not in VOID and len(self._stack) < _DEEPEST:
            self._push(name, attributes, is_unread=why is not None)

    def end(self, name: str) -> None:
        if self._open[name]:
            self._close(self._open[name][-1])
        elif name == "br" or name == "p":
            self._flush()

    def text(self, text: str) -> None:
        inner = self._stack[-1]
        if inner.name == "title" and not inner.is_unread:
            self._page.title = self._page.title or one_line(text) or None
        if inner.is_unread or inner.name == "title":
            return
        if inner.is_raised:
            if inner.is_link and _NOTE_MARK.fullmatch(text):
                return
            if _NUMBER.fullmatch(text):
                text = text.translate(_SUPERSCRIPTS)
        self._paragraph.add(text, self._foreign(inner.language), keeps_blanks=inner.keeps_blanks)

    def finished(self) -> Page:
        self._close(1)
        self._flush()
        if len(self._main) == 2 and self._main[0] < self._main[1]:
            self._page.blocks = self._page.blocks[slice(*self._main)]
        return self._page

    def _read_start(self, name: str, attributes: Mapping[str, str]) -> None:
        """What a start tag says by itself."""
        self._note_anchor(attributes)
        if name == "br":
            self._paragraph.add_break()
        elif name == "hr":
            self._flush()
        elif name == "img" and (words := alternative(attributes)):
            self._paragraph.add(f" {words} ", self._foreign(self._stack[-1].language))
        elif name == "q":
            self._paragraph.add("“")
        elif name == "meta":
            self._read_meta(attributes)
        elif name == "html":
            self._page.language = language_tag(attributes.get("xml:lang") or attributes.get("lang"))
            self._language = self._language or self._page.language
        elif name == "li" and self._innermost("ol") > self._innermost("ul"):
            entries = self._stack[self._open["ol"][-1]]
            self._paragraph.prefix = f"{entries.number}. "
            entries.number += 1

    def _read_meta(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("name", "").lower()
        content = one_line(attributes.get("content", ""))
        if name in ("author", "dc.creator", "dcterms.creator") and content and self._page.author is None:
            self._page.author = content
        elif attributes.get("http-equiv", "").lower() == "content-language" and self._page.language is None:
            self._page.language = language_tag(content)
            self._language = self._language or self._page.language

    def _note_anchor(self, attributes: Mapping[str, str]) -> None:
        if self._wanted:
            ids = {attributes.get("id", ""), attributes.get("name", "")} & self._wanted
            self._paragraph.anchors += sorted(ids)

    def _is_code(self, name: str, attributes: Mapping[str, str]) -> bool:
        outer = self._stack[-1]
        if outer.is_unread:
            return False
        if name == "pre":
            return _HOLDS_CODE.search(attributes.get("class", "")) is not None
        return name == "code" and outer.name == "pre" and self._paragraph.is_empty

    def _foreign(self, language: str | None) -> str | None:
        return None if language is None or same_language(language, self._language) else language

    def _close_implied(self, name: str) -> None:
        """End the elements that may be left open before one of this name."""
        if name in BLOCKS and self._open["p"] and self._blocks[-1] == self._open["p"][-1]:
            self._close(self._blocks[-1])
        if name in CLOSES:
            ended, within = CLOSES[name]
            last = max(map(self._innermost, ended))
            if last > max(map(self._innermost, within)):
                self._close(last)

    def _innermost(self, name: str) -> int:
        """Where in the stack the last element of a name stands that is open; 0 where none is."""
        places = self._open[name]
        return places[-1] if places else 0

    def _push(self, name: str, attributes: Mapping[str, str], *, is_unread: bool) -> None:
        outer, place = self._stack[-1], len(self._stack)
        element = _Element(
            name,
            language_tag(attributes.get("xml:lang") or attributes.get("lang")) or outer.language,
            is_unread or outer.is_unread,
            outer.keeps_blanks or name == "pre",
            outer.is_raised or name == "sup",
            outer.is_link or (name == "a" and "#" in attributes.get("href", "")),
        )
        if name == "ol":
            element.number = _start_of_list(attributes)
        self._stack.append(element)
        self._open[name].append(place)
        if name in BLOCKS:
            self._blocks.append(place)
        if name in HEADINGS:
            self._levels.append(HEADINGS[name])
        if name == "tr":
            self._rows.append([])
        if name == "main" and not self._main:
            self._main.append(len(self._page.blocks))

    def _close(self, place: int) -> None:
        """End the element at a place in the stack, and all that are open in it."""
        while len(self._stack) > place:
            element = self._stack[-1]
            if element.name == "q" and not element.is_unread:
                self._paragraph.add("”")
            if element.name in BLOCKS:
                self._flush()
                self._blocks.pop()
            self._stack.pop()
            self._open[element.name].pop()
            if element.name in HEADINGS:
                self._levels.pop()
            if element.name == "tr":
                for block in read_row(self._rows.pop()):
                    self._put(block)
            if element.name == "li":
                self._paragraph.prefix = ""
            if element.name == "main" and len(self._main) == 1:
                self._main.append(len(self._page.blocks))

    def _flush(self) -> None:
        block = self._paragraph.taken(self._levels[-1])
        if block is not None:
            self._put(block)

    def _put(self, block: Block) -> None:
        (self._rows[-1] if self._rows else self._page.blocks).append(block)


def _start_of_list(attributes: Mapping[str, str]) -> int:
    first = attributes.get("start", "")
    return int(first) if _NUMBER.fullmatch(first) and len(first) < 10 else 1
