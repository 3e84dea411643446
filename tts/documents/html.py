"""A page of HTML or XHTML as paragraphs and headings, with the metadata of its head; and the tokens of HTML and XML.

The text is cut into tokens in one pass and in time linear in its length, whatever it holds. Parsers that build the
tree of HTML 5 need time quadratic in the depth of its nesting, and `html.parser` of the standard library time quadratic
in the length of an unclosed tag or comment. Reading aloud needs no tree.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tts.documents.document import Block, language_tag, one_line, remove_invisible, same_language
from tts.text.passage import SpokenAs

_TAG_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_BETWEEN = re.compile(r"[\s/=]*")
_ATTRIBUTE = re.compile(r"([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*)))?")
# Up to their own end tag, the content of these elements is text, not markup.
_RAW = {
    name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}
_WITH_REFERENCES = {"title", "textarea"}
_DECLARATIONS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", ">"), ("<!", ">"))

_WHITESPACE = re.compile(r"[ \t\n\r\f]+")
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_NUMBER = re.compile(r"\s*[+-]?\d+\s*")
_NOTE_MARK = re.compile(r"\s*[\[(]?(?:\d{1,4}|[a-z*†‡§]{0,3})[\])]?\s*")
_IS_XML = re.compile(r"\s*<\?xml\b|[^<]*(?:<[!?][^<]*){0,5}<html\b[^<>]*\sxmlns\s*=", re.IGNORECASE)
_CODE_CLASS = re.compile(r"code|highlight|listing", re.IGNORECASE)
# No real page nests deeper; of what does, only the text is read.
_DEEPEST = 1000
# Table cells up to this length are data, longer ones are prose set in columns.
_LONGEST_CELL = 200


def _names(names: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", names))


_VOID = _names("area base br col embed frame hr img input link meta param source track wbr")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(_HEADINGS) | _names(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form header hgroup legend li main menu ol optgroup option p pre search section summary table tbody td tfoot
    th thead tr ul"""
)
_UNREAD = _names(
    """audio button canvas datalist del embed iframe input map nav noembed noframes noscript object rp rt rtc script
    select style svg template textarea video"""
)
"""Elements whose content is not read aloud: programs, controls, navigation, deleted text."""
_CLOSES = {
    "li": (("li",), ("ul", "ol", "menu", "dir")),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
    "rt": (("rt", "rp"), ("ruby",)),
    "rp": (("rt", "rp"), ("ruby",)),
    "tbody": (("thead", "tbody", "tfoot", "caption"), ("table",)),
    "tfoot": (("thead", "tbody", "tfoot", "caption"), ("table",)),
}
"""A start tag → the open elements that it ends, and those within which it does so."""

_NO_DESCRIPTIONS = frozenset(
    ("image", "img", "picture", "cover", "figure", "illustration", "logo", "*", "-", "[image]")
)
# The classes that transcribers of printed books give to page numbers.
_PAGE_NUMBERS = frozenset(("pagenum", "pagenumber", "pageno", "page-number", "page_number"))
_UNREAD_ROLES = {
    "noteref": "",
    "doc-noteref": "",
    "pagebreak": "",
    "doc-pagebreak": "",
    "doc-backlink": "",
    "backlink": "",
    "footnote": "footnote",
    "doc-footnote": "footnote",
    "rearnote": "footnote",
    "endnote": "footnote",
    "doc-endnote": "footnote",
    "x-formula": "formula",
    "footnotes": "notes",
    "doc-endnotes": "notes",
    "endnotes": "notes",
    "rearnotes": "notes",
    "index": "index",
    "doc-index": "index",
    "toc": "",
    "doc-toc": "",
    "loi": "",
    "lot": "",
    "page-list": "",
    "doc-pagelist": "",
    "landmarks": "",
}


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag: its name and attributes in lower case, values with resolved character references."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    """Whether it ends with a slash."""


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    name: str


Token = Start | End | str


def tokens(text: str, *, xml: bool = False) -> Iterator[Token]:
    """Yield the tags and the text between them; character references are resolved, comments removed.

    Rules: HTML Standard, 13.2.5 (tokenization), without scripts and without what only concerns errors.

    With `xml` (XHTML), a slash at the end of a start tag ends the element; in HTML it has no meaning.
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
            begin, end = next(pair for pair in _DECLARATIONS if text.startswith(pair[0], opening))
            # <!--> is a complete comment.
            inner = opening + (2 if begin == "<!--" else len(begin))
            stop = text.find(end, inner)
            if stop < 0:
                return
            if begin == "<![CDATA[" and stop > inner:
                yield text[inner:stop]
            position = stop + len(end)
            continue

        found = _TAG_NAME.match(text, opening)
        if found is None:
            yield "<"
            position = opening + 1
            continue
        tag, position = _read_tag(text, found)
        if tag is None:
            return
        yield tag
        if isinstance(tag, Start) and tag.name in _RAW and not (xml and tag.closed):
            end_tag = _RAW[tag.name].search(text, position)
            stop = len(text) if end_tag is None else end_tag.start()
            content, position = text[position:stop], stop
            yield html.unescape(content) if tag.name in _WITH_REFERENCES else content


def _read_tag(text: str, found: re.Match[str]) -> tuple[Start | End | None, int]:
    """The tag whose name was found, and the offset after it; None where the text ends inside the tag."""
    name = found[1].lower()
    position = found.end()
    attributes: dict[str, str] = {}
    while True:
        between = _BETWEEN.match(text, position)
        assert between is not None  # it also matches the empty string
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


@dataclass
class Page:
    """A page's metadata, and its blocks in reading order."""

    title: str | None = None
    author: str | None = None
    language: str | None = None
    blocks: list[Block] = field(default_factory=list)


def read_page(text: str, language: str | None = None, *, anchors: frozenset[str] = frozenset()) -> Page:
    """Read a page. Text in another language than `language` (a BCP 47 tag), or else than the page's, gets a note.

    Where the id of an element is one of `anchors`, the first block in or after it has that anchor.
    """
    xml = _IS_XML.match(text) is not None
    reader = _Reader(language, anchors)
    for token in tokens(text, xml=xml):
        if isinstance(token, str):
            reader.text(token)
        elif isinstance(token, Start):
            reader.start(token)
            if xml and token.closed and token.name not in _VOID:
                reader.end(token.name)
        elif isinstance(token, End):
            reader.end(token.name)
    return reader.finish()


def unread(name: str, attributes: Mapping[str, str]) -> str | None:
    """Why an element is not read: the kind of content for a warning, or empty for none; None where it is read."""
    if name in _UNREAD:
        return ""
    if not attributes:
        return None
    style = attributes.get("style", "").replace(" ", "").lower()
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return ""
    if "display:none" in style or "visibility:hidden" in style:
        return ""
    for role in f"{attributes.get('epub:type', '')} {attributes.get('role', '')}".lower().split():
        if (kind := _UNREAD_ROLES.get(role)) is not None:
            return kind
    classes = attributes.get("class", "").lower().split()
    if not _PAGE_NUMBERS.isdisjoint(classes):
        return ""
    if "pg-boilerplate" in classes or attributes.get("id") in ("pg-header", "pg-footer"):
        return "licence"
    return None


def alternative(attributes: Mapping[str, str]) -> str:
    """The description of an image; empty where it is only a file name or says that it is an image."""
    words = " ".join(attributes.get("alt", "").split())
    is_file = (
        "." in words and " " not in words and words.rsplit(".", 1)[1].lower() in ("jpg", "jpeg", "png", "gif", "svg")
    )
    return "" if is_file or words.lower() in _NO_DESCRIPTIONS else words


def read_row(cells: Sequence[Block]) -> list[Block]:
    """The blocks of a table row: one, with commas between its cells, unless they are prose set in columns."""
    if len(cells) < 2 or any(cell.omitted or cell.level or len(cell.text) > _LONGEST_CELL for cell in cells):
        return list(cells)
    text = ""
    notes: list[SpokenAs] = []
    for cell in cells:
        if text:
            text += " " if text[-1] in ".,;:!?" else ", "
        notes += (replace(note, start=note.start + len(text), end=note.end + len(text)) for note in cell.notes)
        text += cell.text
    return [Block(text, 0, tuple(notes), tuple(anchor for cell in cells for anchor in cell.anchors))]


class _Paragraph:
    """Collects the text of a block, with whitespace as a browser shows it; `finish` returns it and begins the next."""

    def __init__(self) -> None:
        self.anchors: list[str] = []
        self.prefix = ""
        """Inserted before the first word: the number of a list item."""
        self._clear()

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    def add(self, text: str, language: str | None = None, *, keep_whitespace: bool = False) -> None:
        """Add text as the file has it; `language` where it is not that of the document."""
        text = remove_invisible(text)
        if not keep_whitespace:
            text = _WHITESPACE.sub(" ", text)
            if self._ends_with_space:
                text = text.lstrip(" ")
        if not text:
            return
        if self.prefix and text.strip():
            self._append(self.prefix)
            self.prefix = ""
        start = self._length
        self._append(text)
        if language is not None:
            if self._spans and self._spans[-1][1:] == (start, language):
                start = self._spans.pop()[0]
            self._spans.append((start, self._length, language))

    def add_line_break(self) -> None:
        if self._pieces:
            self._append("\n")

    def finish(self, level: int) -> Block | None:
        """The block without whitespace around it; None where it has no text."""
        joined = "".join(self._pieces)
        text = joined.strip()
        if not text:
            self._clear()
            return None
        lead = len(joined) - len(joined.lstrip())
        notes = (
            SpokenAs(max(0, start - lead), min(end - lead, len(text)), language=name)
            for start, end, name in self._spans
        )
        block = Block(text, level, tuple(note for note in notes if note.start < note.end), tuple(self.anchors))
        self.anchors.clear()
        self._clear()
        return block

    def _clear(self) -> None:
        self._pieces: list[str] = []
        self._spans: list[tuple[int, int, str]] = []
        self._length = 0
        self._ends_with_space = True

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
        self._ends_with_space = text[-1] in " \n"


@dataclass(slots=True)
class _Element:
    """An open element. The flags and the language also apply to the elements in it."""

    name: str = ""
    language: str | None = None
    is_unread: bool = False
    keeps_whitespace: bool = False
    is_superscript: bool = False
    is_local_link: bool = False
    """Whether it links to an anchor in a page, as the mark of a footnote does."""
    number: int = 0
    """That of the next item, in an ordered list."""


class _Reader:
    def __init__(self, language: str | None, anchors: frozenset[str]) -> None:
        self._page = Page()
        self._language = language
        self._anchors = anchors
        self._paragraph = _Paragraph()
        self._stack = [_Element()]
        self._open: dict[str, list[int]] = defaultdict(list)
        """By name, the stack indices of the open elements."""
        self._open_blocks = [0]
        self._heading_levels = [0]
        self._rows: list[list[Block]] = []
        self._main: list[int] = []
        """The range of the page's blocks in its first `main` element."""

    def start(self, tag: Start) -> None:
        name, attributes = tag.name, tag.attributes
        # End the elements whose end tag HTML allows to omit before an element of this name.
        if name in _BLOCKS and self._open["p"] and self._open_blocks[-1] == self._open["p"][-1]:
            self._close(self._open_blocks[-1])
        if name in _CLOSES:
            ended, within = _CLOSES[name]
            last = max(map(self._innermost, ended))
            if last > max(map(self._innermost, within)):
                self._close(last)

        outer = self._stack[-1]
        reason = None if outer.is_unread else unread(name, attributes)
        if reason is None and not outer.is_unread:
            is_code_listing = name == "pre" and _CODE_CLASS.search(attributes.get("class", "")) is not None
            if is_code_listing or (name == "code" and outer.name == "pre" and self._paragraph.is_empty):
                reason = "code"
        if name in _BLOCKS:
            self._flush()
        if reason:
            self._put(Block("", omitted=reason))
        if reason is None and not outer.is_unread:
            self._read_start(name, attributes)
        if name in _VOID or len(self._stack) >= _DEEPEST:
            return

        index = len(self._stack)
        element = _Element(
            name,
            language_tag(attributes.get("xml:lang") or attributes.get("lang")) or outer.language,
            reason is not None or outer.is_unread,
            outer.keeps_whitespace or name == "pre",
            outer.is_superscript or name == "sup",
            outer.is_local_link or (name == "a" and "#" in attributes.get("href", "")),
        )
        if name == "ol":
            first = attributes.get("start", "")
            element.number = int(first) if _NUMBER.fullmatch(first) and len(first) < 10 else 1
        self._stack.append(element)
        self._open[name].append(index)
        if name in _BLOCKS:
            self._open_blocks.append(index)
        if name in _HEADINGS:
            self._heading_levels.append(_HEADINGS[name])
        if name == "tr":
            if self._rows:
                # A row that contains a table is page layout, not data.
                self._page.blocks += self._rows[-1]
                self._rows[-1].clear()
            self._rows.append([])
        if name == "main" and not self._main:
            self._main.append(len(self._page.blocks))

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
        if inner.is_superscript:
            if inner.is_local_link and _NOTE_MARK.fullmatch(text):
                return
            if _NUMBER.fullmatch(text):
                text = text.translate(_SUPERSCRIPTS)
        self._paragraph.add(text, self._other_language(inner.language), keep_whitespace=inner.keeps_whitespace)

    def finish(self) -> Page:
        self._close(1)
        self._flush()
        if len(self._main) == 2 and self._main[0] < self._main[1]:
            self._page.blocks = self._page.blocks[slice(*self._main)]
        return self._page

    def _read_start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Read what a start tag means on its own: anchors, breaks, images, metadata, list numbers."""
        page = self._page
        if self._anchors:
            self._paragraph.anchors += sorted({attributes.get("id", ""), attributes.get("name", "")} & self._anchors)
        if name == "br":
            self._paragraph.add_line_break()
        elif name == "hr":
            self._flush()
        elif name == "img" and (words := alternative(attributes)):
            self._paragraph.add(f" {words} ", self._other_language(self._stack[-1].language))
        elif name == "q":
            self._paragraph.add("“")
        elif name == "meta":
            content = one_line(attributes.get("content", ""))
            is_author = attributes.get("name", "").lower() in ("author", "dc.creator", "dcterms.creator")
            if is_author and content and page.author is None:
                page.author = content
            elif attributes.get("http-equiv", "").lower() == "content-language" and page.language is None:
                page.language = language_tag(content)
                self._language = self._language or page.language
        elif name == "html":
            page.language = language_tag(attributes.get("xml:lang") or attributes.get("lang"))
            self._language = self._language or page.language
        elif name == "li" and self._innermost("ol") > self._innermost("ul"):
            ordered_list = self._stack[self._open["ol"][-1]]
            self._paragraph.prefix = f"{ordered_list.number}. "
            ordered_list.number += 1

    def _close(self, index: int) -> None:
        """End the element at a stack index, and all open elements in it."""
        while len(self._stack) > index:
            element = self._stack[-1]
            if element.name == "q" and not element.is_unread:
                self._paragraph.add("”")
            if element.name in _BLOCKS:
                self._flush()
                self._open_blocks.pop()
            self._stack.pop()
            self._open[element.name].pop()
            if element.name in _HEADINGS:
                self._heading_levels.pop()
            if element.name == "tr":
                self._page.blocks += read_row(self._rows.pop())
            if element.name == "li":
                self._paragraph.prefix = ""
            if element.name == "main" and len(self._main) == 1:
                self._main.append(len(self._page.blocks))

    def _innermost(self, name: str) -> int:
        """The stack index of the last open element of a name; 0 where none is open."""
        indices = self._open[name]
        return indices[-1] if indices else 0

    def _other_language(self, language: str | None) -> str | None:
        return None if language is None or same_language(language, self._language) else language

    def _flush(self) -> None:
        block = self._paragraph.finish(self._heading_levels[-1])
        if block is not None:
            self._put(block)

    def _put(self, block: Block) -> None:
        (self._rows[-1] if self._rows else self._page.blocks).append(block)
