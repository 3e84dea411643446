"""An EPUB as paragraphs and headings, in the order in which its pages are to be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tts.documents.archive import Archive
from tts.documents.blocks import Block, chapters_of, one_line
from tts.documents.charset import decoded_page
from tts.documents.document import Cover, Document
from tts.documents.licence import without_licence
from tts.documents.package import Item, Package, Target, read_contents, read_package
from tts.documents.page import Page, read_page
from tts.documents.tokens import Start, tokens
from tts.errors import TtsError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts that are scrambled so that they cannot be taken out; the text is as it is.
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PICTURES = {"image/jpeg": ".jpg", "image/png": ".png"}
_UNREAD = {"cover": "", "toc": "", "loi": "", "lot": "", "notes": "notes", "index": "index"}


def read_epub(path: Path) -> Document:
    """The book; what is listed as its cover, contents, notes or index is not read.

    Raises:
        TtsError: it is broken, protected against copying, or has no text.
    """
    with Archive(path) as archive:
        _refuse_protected(archive, path.name)
        package = _package(archive, path.name)
        targets = _targets(archive, package)
        pages = [(item, _page(archive, item, package, targets)) for item in package.spine if item.is_page]
        cover = _cover(archive, package)
    warnings = _missing(pages, path.name)
    told = without_licence(block for item, page in pages if page for block in _opened(item, page, targets))
    title = package.title or path.stem
    chapters = chapters_of(told.blocks, title, warnings, parts_only=bool(targets))
    return Document(package.title, ", ".join(package.authors) or None, package.language, chapters, cover)


def _refuse_protected(archive: Archive, name: str) -> None:
    if _ENCRYPTION not in archive:
        return
    text, _ = decoded_page(archive.read(_ENCRYPTION), name)
    methods = (
        token.attributes.get("algorithm", "")
        for token in tokens(text, xml=True)
        if isinstance(token, Start) and token.name.endswith("encryptionmethod")
    )
    if any(method not in _FONTS_ONLY for method in methods):
        raise TtsError(f"{name} is protected against copying (DRM): only books that are not can be read.")


def _package(archive: Archive, name: str) -> Package:
    if _CONTAINER not in archive:
        raise TtsError(f"{name} is no EPUB: it has no {_CONTAINER}.")
    container, _ = decoded_page(archive.read(_CONTAINER), name)
    roots = (token for token in tokens(container, xml=True) if isinstance(token, Start))
    root = next((token.attributes["full-path"] for token in roots if "full-path" in token.attributes), None)
    if root is None:
        raise TtsError(f"{name} is broken: its {_CONTAINER} names no book.")
    text, _ = decoded_page(archive.read(root), name)
    return read_package(text, root)


def _targets(archive: Archive, package: Package) -> dict[str, list[Target]]:
    """The entries of the table of contents that make chapters, by the file that they point to."""
    targets: dict[str, list[Target]] = {}
    if package.contents is not None and package.contents.path in archive:
        text, _ = decoded_page(archive.read(package.contents.path), package.contents.path)
        for target in read_contents(text, package.contents.path):
            if target.depth <= 2 and target.title:
                targets.setdefault(target.path, []).append(target)
    read = {item.path for item in package.spine}
    return {path: listed for path, listed in targets.items() if path in read}


def _page(archive: Archive, item: Item, package: Package, targets: dict[str, list[Target]]) -> Page | None:
    """A page of the book; None where the book lists it and does not have it."""
    if item.path not in archive:
        return None
    why = "" if "nav" in item.properties else _UNREAD.get(package.guide.get(item.path, ""))
    if why is not None:
        return Page(blocks=[Block("", left_out=why)] if why else [])
    text, _ = decoded_page(archive.read(item.path), item.path)
    anchors = frozenset(target.fragment for target in targets.get(item.path, ()) if target.fragment)
    return read_page(text, package.language, anchors=anchors)


def _opened(item: Item, page: Page, targets: dict[str, list[Target]]) -> Iterator[Block]:
    """The blocks of a page; those that the table of contents points to open chapters, and without one, every page."""
    if not page.blocks:
        return
    if not targets:
        yield from _opened_by_itself(page)
        return
    places = {anchor: place for place, block in reversed(list(enumerate(page.blocks))) for anchor in block.anchors}
    opening: dict[int, list[Target]] = {}
    for target in targets.get(item.path, ()):
        opening.setdefault(places.get(target.fragment, 0), []).append(target)
    for place, block in enumerate(page.blocks):
        yield _opening(block, opening[place]) if place in opening else block


def _opening(block: Block, targets: Sequence[Target]) -> Block:
    titles = dict.fromkeys(target.title for target in targets)
    return replace(block, opens=one_line(", ".join(titles)), depth=max(target.depth for target in targets))


def _opened_by_itself(page: Page) -> Iterator[Block]:
    first = page.blocks[0]
    title = first.text if first.level else page.title or ""
    yield replace(first, opens=one_line(title), depth=first.level or 1)
    for block in page.blocks[1:]:
        yield replace(block, opens=one_line(block.text), depth=block.level) if block.level in (1, 2) else block


def _cover(archive: Archive, package: Package) -> Cover | None:
    picture = package.cover
    if picture is None or picture.kind not in _PICTURES or picture.path not in archive:
        return None
    return Cover(archive.read(picture.path), _PICTURES[picture.kind])


def _missing(pages: Sequence[tuple[Item, Page | None]], name: str) -> list[str]:
    missing = [item.path for item, page in pages if page is None]
    return [f"{name} lists {', '.join(missing[:3])}, but does not have it."] if missing else []
