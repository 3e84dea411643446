"""What an EPUB says of itself: its metadata, its files in their order of reading, its table of contents.

The files are read tag by tag like any page, so that entities and nesting cost nothing (EPUB 3.3, and OPF 2.0.1).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from tts.documents.blocks import one_line
from tts.documents.languages import language_tag
from tts.documents.tokens import End, Start, tokens

_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")


@dataclass(frozen=True)
class Item:
    """A file of the book by its path in the archive."""

    path: str
    kind: str
    """Its media type."""
    properties: tuple[str, ...] = ()

    @property
    def is_page(self) -> bool:
        return self.kind in _PAGES or self.path.lower().endswith((".xhtml", ".html", ".htm"))


@dataclass(frozen=True)
class Target:
    """An entry of the table of contents: a place in a file (without `fragment`, its beginning), from depth 1 on."""

    title: str
    path: str
    fragment: str
    depth: int


@dataclass
class Package:
    """What the package file says; `guide` gives what some files are, by path: cover, toc, notes."""

    title: str | None = None
    authors: list[str] = field(default_factory=list)
    language: str | None = None
    items: dict[str, Item] = field(default_factory=dict)
    spine: list[Item] = field(default_factory=list)
    guide: dict[str, str] = field(default_factory=dict)
    contents: Item | None = None
    """The file with the table of contents."""
    cover: Item | None = None


def read_package(text: str, path: str) -> Package:
    """The package file that lies at a path in the archive."""
    package = Package()
    order: list[str] = []
    cover = contents = ""
    for tag, words in _elements(text):
        name, attributes = _plain(tag.name), tag.attributes
        if name == "title":
            package.title = package.title or words or None
        elif name == "creator" and words:
            package.authors.append(words)
        elif name == "language":
            package.language = package.language or language_tag(words)
        elif name == "item":
            item = Item(
                resolved(path, attributes.get("href", ""))[0],
                attributes.get("media-type", "").lower(),
                tuple(attributes.get("properties", "").split()),
            )
            package.items[attributes.get("id", "")] = item
        elif name == "spine":
            contents = attributes.get("toc", "")
        elif name == "itemref" and attributes.get("linear") != "no":
            order.append(attributes.get("idref", ""))
        elif name == "reference":
            package.guide.setdefault(resolved(path, attributes.get("href", ""))[0], attributes.get("type", "").lower())
        elif name == "meta" and attributes.get("name") == "cover":
            cover = attributes.get("content", "")
    package.spine = [package.items[id] for id in dict.fromkeys(order) if id in package.items]
    package.contents = _with_property(package, "nav") or package.items.get(contents) or _ncx(package)
    package.cover = _with_property(package, "cover-image") or package.items.get(cover)
    return package


def read_contents(text: str, path: str) -> list[Target]:
    """The entries of a table of contents, of EPUB 3 (a page with `nav`) or EPUB 2 (NCX)."""
    return list(_ncx_targets(text, path) if "<ncx" in text[:4096].lower() else _nav_targets(text, path))


def resolved(base: str, href: str) -> tuple[str, str]:
    """A link as the path in the archive that it names, from the file at `base`, and its fragment."""
    target, _, fragment = href.partition("#")
    target = unquote(target)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(base), target)) if target else base
    return path, unquote(fragment)


def _elements(text: str) -> Iterator[tuple[Start, str]]:
    """Every start tag, with the text right behind it."""
    waiting: Start | None = None
    words: list[str] = []
    for token in tokens(text, xml=True):
        if isinstance(token, str):
            words.append(token)
            continue
        if waiting is not None:
            yield waiting, one_line("".join(words))
        words.clear()
        waiting = token if isinstance(token, Start) else None
    if waiting is not None:
        yield waiting, one_line("".join(words))


def _plain(name: str) -> str:
    return name.rpartition(":")[2]


def _with_property(package: Package, name: str) -> Item | None:
    return next((item for item in package.items.values() if name in item.properties), None)


def _ncx(package: Package) -> Item | None:
    return next((item for item in package.items.values() if item.kind == "application/x-dtbncx+xml"), None)


def _ncx_targets(text: str, path: str) -> Iterator[Target]:
    depth = 0
    is_label = False
    title = ""
    for token in tokens(text, xml=True):
        if isinstance(token, str):
            title += token if is_label else ""
            continue
        name = _plain(token.name)
        if name == "navpoint":
            depth += 1 if isinstance(token, Start) else -1
            title = ""
        elif name == "navlabel":
            is_label = isinstance(token, Start) and depth > 0
        elif name == "content" and isinstance(token, Start) and depth > 0:
            yield Target(one_line(title), *resolved(path, token.attributes.get("src", "")), depth)


def _nav_targets(text: str, path: str) -> Iterator[Target]:
    depth = 0
    is_contents = False
    link: str | None = None
    words: list[str] = []
    for token in tokens(text, xml=True):
        if isinstance(token, str):
            if link is not None:
                words.append(token)
        elif token.name == "nav":
            is_contents = isinstance(token, Start) and "toc" in token.attributes.get("epub:type", "toc").split()
            depth = 0
        elif token.name == "ol" and is_contents:
            depth += 1 if isinstance(token, Start) else -1
        elif token.name == "a" and is_contents:
            if isinstance(token, Start):
                link = token.attributes.get("href", "")
                words.clear()
            elif isinstance(token, End) and link is not None:
                yield Target(one_line("".join(words)), *resolved(path, link), max(depth, 1))
                link = None
