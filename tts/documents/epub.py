"""An EPUB as paragraphs and headings, in the order in which its pages are read.

Its XML files are read tag by tag like any page, so that entities and nesting cannot be abused (EPUB 3.3, OPF 2.0.1).
"""

from __future__ import annotations

import posixpath
import unicodedata
import zipfile
import zlib
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote

from tts.documents.document import (
    Block,
    Cover,
    Document,
    begin_chapters_at_headings,
    chapters_of,
    language_tag,
    one_line,
    remove_licence,
)
from tts.documents.html import Page, Start, read_page, tokens
from tts.documents.plain import depth_of_heading
from tts.documents.sources import decode_page
from tts.errors import TtsError

_MOST_FILES = 20_000
_LARGEST_FILE = 16 << 20
_LARGEST_TOTAL = 128 << 20

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Obfuscated fonts, which do not concern the text.
_FONT_OBFUSCATION = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
_PAGE_TYPES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_NCX_TYPE = "application/x-dtbncx+xml"
_PICTURES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png"}
"""The first bytes of a file → its suffix, whatever the book declares."""
_UNREAD = {"cover": "", "toc": "", "loi": "", "lot": "", "notes": "notes", "index": "index"}
"""Types of pages that are not read → what a warning calls them; empty: without a warning."""


@dataclass(frozen=True)
class _Item:
    """A file of the book: its path in the archive, its media type and properties."""

    path: str
    media_type: str
    properties: tuple[str, ...] = ()

    @property
    def is_page(self) -> bool:
        return self.media_type in _PAGE_TYPES or self.path.lower().endswith((".xhtml", ".html", ".htm"))


@dataclass(frozen=True)
class _Target:
    """An entry of the table of contents: an anchor in a file (without `fragment`, its beginning), at a depth from 1."""

    title: str
    path: str
    fragment: str
    depth: int


@dataclass
class _Package:
    """The content of the package file; `guide` gives the types of some files by path: cover, toc, notes."""

    title: str | None = None
    authors: list[str] = field(default_factory=list)
    language: str | None = None
    items: dict[str, _Item] = field(default_factory=dict)
    spine: list[_Item] = field(default_factory=list)
    guide: dict[str, str] = field(default_factory=dict)
    contents: list[_Item] = field(default_factory=list)
    """The files with a table of contents, the preferred first."""
    cover: _Item | None = None


def read_epub(path: Path) -> Document:
    """The book, without the pages that it declares as its cover, contents, notes or index.

    Raises:
        TtsError: it is broken, protected against copying, or has no text.
    """
    with _Archive(path) as archive:
        if _ENCRYPTION in archive:
            text, _ = decode_page(archive.read(_ENCRYPTION), path.name)
            starts = (token for token in tokens(text, xml=True) if isinstance(token, Start))
            methods = [tag.attributes.get("algorithm", "") for tag in starts if tag.name.endswith("encryptionmethod")]
            if not set(methods) <= _FONT_OBFUSCATION:
                advice = "only books that are not can be read"
                raise TtsError(f"{path.name} is protected against copying (DRM): {advice}.")

        package = _read_package(archive, path.name)

        def member(path: str) -> str:
            return archive.find(path) or path

        page_types = {member(path): kind for path, kind in package.guide.items()}
        pages: set[str] = set()
        for item in package.spine:
            page_type = "toc" if "nav" in item.properties else page_types.get(member(item.path), "")
            if item.is_page and item.path in archive and page_type not in _UNREAD:
                pages.add(member(item.path))
        targets: dict[str, list[_Target]] = {}
        for contents in package.contents:
            if contents.path in archive and not targets:
                text, _ = decode_page(archive.read(contents.path), contents.path)
                entries = (replace(one, path=member(one.path)) for one in _read_contents(text, contents.path))
                for target in _begin_at(entries, pages):
                    targets.setdefault(target.path, []).append(target)

        blocks: list[Block] = []
        missing: list[str] = []
        for item in package.spine:
            if not item.is_page:
                continue
            if item.path not in archive:
                missing.append(item.path)
                continue
            links = targets.get(member(item.path), [])
            page_type = "toc" if "nav" in item.properties else page_types.get(member(item.path), "")
            if page_type in _UNREAD:
                kind = _UNREAD[page_type]
                page = Page(blocks=[Block("", omitted=kind)] if kind else [])
            else:
                text, _ = decode_page(archive.read(item.path), item.path)
                anchors = frozenset(target.fragment for target in links if target.fragment)
                page = read_page(text, package.language, anchors=anchors)
            blocks += _begin_chapters(page, links, has_contents=bool(targets))

        cover = None
        if package.cover is not None and package.cover.path in archive:
            content = archive.read(package.cover.path)
            suffix = next((suffix for start, suffix in _PICTURES.items() if content.startswith(start)), None)
            cover = Cover(content, suffix) if suffix else None

    warnings = [f"{path.name} lists {', '.join(missing[:3])}, but does not have it."] if missing else []
    blocks, _ = remove_licence(blocks)
    chapters = chapters_of(blocks, package.title or path.stem, warnings, parts_only=bool(targets))
    return Document(package.title, ", ".join(package.authors) or None, package.language, chapters, cover)


class _Archive:
    """An open zip archive; a context manager. Memory is bounded, whatever the archive declares about its files.

    Raises:
        TtsError: it cannot be read, or is no archive.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise TtsError(f"{path} cannot be read: {error.strerror or error}.") from error
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OverflowError) as error:
            raise TtsError(f"{path.name} is broken: it is no complete archive, as an EPUB must be.") from error
        if len(self._zip.namelist()) > _MOST_FILES:
            self._zip.close()
            raise TtsError(f"{path.name} holds more than {_MOST_FILES:,} files, which no book does.")
        self._left = _LARGEST_TOTAL
        # Books are made on systems that do not distinguish letters by their case, or with members named as in links.
        self._names: dict[str, str] = {}
        for simplify in (_simple_name, str):
            self._names |= {simplify(name): name for name in reversed(self._zip.namelist())}
        for info in self._zip.infolist():
            # Without the flag for UTF-8 names are read as code page 437, but most programs write UTF-8 anyway.
            if not info.flag_bits & 0x800 and not info.filename.isascii():
                with suppress(UnicodeError):
                    name = info.filename.encode("cp437").decode("utf-8")
                    self._names.setdefault(_simple_name(name), info.filename)

    def __enter__(self) -> _Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    def find(self, name: str) -> str | None:
        """The member of this name, or of one that differs in case, percent-encoding, slashes or Unicode composition."""
        return self._names.get(name) or self._names.get(_simple_name(name))

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            TtsError: it is missing, broken, encrypted or larger than any file of a book.
        """
        try:
            # Count the bytes that are unpacked: the declared size may be false.
            with self._zip.open(self.find(name) or name) as file:
                content = file.read(min(_LARGEST_FILE, self._left) + 1)
        except KeyError as error:
            raise TtsError(f"{self._name} is broken: {name} is missing.") from error
        except RuntimeError as error:
            raise TtsError(f"{self._name} is encrypted: only books that are not can be read.") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, ImportError) as error:
            raise TtsError(f"{self._name} is broken: {name} cannot be unpacked.") from error
        self._left -= len(content)
        if len(content) > _LARGEST_FILE or self._left < 0:
            raise TtsError(f"{self._name} unpacks to more than any book has: nothing of it was read.")
        return content


def _simple_name(name: str) -> str:
    """A path in an archive without what differs between the systems that wrote it and the links to it."""
    path = posixpath.normpath("/" + unquote(unquote(name)).replace("\\", "/")).lstrip("/")
    return unicodedata.normalize("NFC", path).casefold()


def _read_package(archive: _Archive, name: str) -> _Package:
    """The package file, which the container file names: metadata, files, reading order."""
    if _CONTAINER not in archive:
        raise TtsError(f"{name} is no EPUB: it has no {_CONTAINER}.")
    container, _ = decode_page(archive.read(_CONTAINER), name)
    starts = (token for token in tokens(container, xml=True) if isinstance(token, Start))
    path = next((token.attributes["full-path"] for token in starts if "full-path" in token.attributes), None)
    if path is None:
        raise TtsError(f"{name} is broken: its {_CONTAINER} names no book.")
    text, _ = decode_page(archive.read(path), name)

    package = _Package()
    order: list[str] = []
    cover = contents = ""
    for tag, words in _elements(text):
        attributes = tag.attributes
        name = _local_name(tag.name)
        if name == "title":
            package.title = package.title or words or None
        elif name == "creator" and words:
            package.authors.append(words)
        elif name == "language":
            package.language = package.language or language_tag(words)
        elif name == "item":
            item_path, _ = _resolve(path, attributes.get("href", ""))
            properties = tuple(attributes.get("properties", "").split())
            item = _Item(item_path, attributes.get("media-type", "").lower(), properties)
            package.items[attributes.get("id", "")] = item
        elif name == "spine":
            contents = attributes.get("toc", "")
        elif name == "itemref" and attributes.get("linear") != "no":
            order.append(attributes.get("idref", ""))
        elif name == "reference":
            reference_path, _ = _resolve(path, attributes.get("href", ""))
            package.guide.setdefault(reference_path, attributes.get("type", "").lower())
        elif name == "meta" and attributes.get("name") == "cover":
            cover = attributes.get("content", "")

    package.spine = [package.items[id] for id in dict.fromkeys(order) if id in package.items]
    items = package.items.values()
    nav = next((item for item in items if "nav" in item.properties), None)
    ncx = next((item for item in items if item.media_type == _NCX_TYPE), None)
    package.contents = [item for item in (nav, package.items.get(contents), ncx) if item is not None]
    cover_image = next((item for item in items if "cover-image" in item.properties), None)
    package.cover = cover_image or package.items.get(cover)
    return package


def _elements(text: str) -> Iterator[tuple[Start, str]]:
    """Every start tag, with the text directly after it."""
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


def _read_contents(text: str, path: str) -> Iterator[_Target]:
    """The entries of a table of contents, of EPUB 3 (a page with `nav`) or EPUB 2 (NCX).

    Before each comes one without title and path: an entry that has no link consists of this one only.
    """
    depth = 0
    title = ""
    if "<ncx" in text[:4096].lower():
        is_label = False
        for token in tokens(text, xml=True):
            if isinstance(token, str):
                title += token if is_label else ""
                continue
            name = _local_name(token.name)
            if name == "navpoint":
                depth += 1 if isinstance(token, Start) else -1
                title = ""
                if isinstance(token, Start):
                    yield _Target("", "", "", depth)
            elif name == "navlabel":
                is_label = isinstance(token, Start) and depth > 0
            elif name == "content" and isinstance(token, Start) and depth > 0:
                yield _Target(one_line(title), *_resolve(path, token.attributes.get("src", "")), depth)
        return

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
        elif token.name in ("ol", "ul") and is_contents:
            depth += 1 if isinstance(token, Start) else -1
        elif token.name == "li" and is_contents and isinstance(token, Start):
            yield _Target("", "", "", max(depth, 1))
        elif token.name == "a" and is_contents:
            if isinstance(token, Start):
                link = token.attributes.get("href", "")
                words.clear()
            elif link is not None:
                yield _Target(one_line("".join(words)), *_resolve(path, link), max(depth, 1))
                link = None


def _begin_at(entries: Iterable[_Target], pages: Container[str]) -> Iterator[_Target]:
    """The entries that may begin chapters: those that link to one of the pages.

    Their depth counts only such entries above them: the chapters of a part without a link, or whose page is not read,
    are on the level of that part. From the third level on an entry counts where the one above is a part, on a page of
    its own or by its title; else it is a section.
    """
    above: list[tuple[int, _Target]] = []
    for entry in entries:
        while above and above[-1][0] >= entry.depth:
            above.pop()
        if not entry.title or entry.path not in pages:
            continue
        target = replace(entry, depth=len(above) + 1)
        parent = above[-1][1] if above else None
        if parent and target.depth > 2 and parent.path == target.path and depth_of_heading(parent.title) != 1:
            continue
        above.append((entry.depth, target))
        yield target


def _local_name(name: str) -> str:
    """The name of an element without its namespace prefix."""
    return name.rpartition(":")[2]


def _resolve(base: str, href: str) -> tuple[str, str]:
    """A link in the file at `base` as the path in the archive and the fragment that it names."""
    target, _, fragment = href.partition("#")
    target = unquote(target)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(base), target)) if target else base
    return path, unquote(fragment)


def _begin_chapters(page: Page, targets: list[_Target], *, has_contents: bool) -> Iterator[Block]:
    """The blocks of a page. Those in the table of contents begin chapters; without one, pages and headings do."""
    if not page.blocks:
        if targets:
            # A page without words, such as the picture of a part's title, still begins what the contents list below it.
            title = one_line(", ".join(dict.fromkeys(target.title for target in targets)))
            yield Block("", chapter_title=title, chapter_depth=max(target.depth for target in targets))
        return
    if not has_contents:
        first = page.blocks[0]
        title = first.text if first.level else page.title or ""
        yield replace(first, chapter_title=one_line(title), chapter_depth=first.level or 1)
        yield from begin_chapters_at_headings(page.blocks[1:])
        return

    index_of_anchor = {anchor: i for i, block in reversed(list(enumerate(page.blocks))) for anchor in block.anchors}
    targets_at: dict[int, list[_Target]] = {}
    for target in targets:
        targets_at.setdefault(index_of_anchor.get(target.fragment, 0), []).append(target)
    for i, block in enumerate(page.blocks):
        if i in targets_at:
            titles = dict.fromkeys(target.title for target in targets_at[i])
            depth = max(target.depth for target in targets_at[i])
            yield replace(block, chapter_title=one_line(", ".join(titles)), chapter_depth=depth)
        else:
            yield block
