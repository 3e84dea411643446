"""Documents by their suffix, read into chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tts.documents.document import Document, begin_chapters_at_headings, chapters_of, language_tag, remove_licence
from tts.documents.html import Page, read_page
from tts.documents.sources import decode_page, decode_text, read_bytes
from tts.errors import TtsError, UsageError

SUFFIXES = (".txt", ".md", ".html", ".htm", ".xhtml", ".epub", ".pdf")
_GUTENBERG = re.compile(r"^The Project Gutenberg e-?book(?: of|,)\s+(?=\S)", re.IGNORECASE)


def read_document(path: Path, encoding: str | None = None) -> Document:
    """The document in a file: plain text, Markdown, HTML, EPUB or PDF, by its suffix.

    `encoding` is that of a text, Markdown or HTML file; None: UTF-8, or what the file itself says.

    Raises:
        UsageError: its suffix is not that of a known format, or the encoding is not its own.
        TtsError: it cannot be read, has no text, or needs a library that is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        ending = f"has the suffix {path.suffix}" if path.suffix else "has no suffix"
        raise UsageError(f"{path} {ending}; documents that can be read have one of {', '.join(SUFFIXES)}.")

    if encoding is not None and suffix in {".epub", ".pdf"}:
        raise UsageError(f"--encoding is for text and HTML; {path.name} says itself how it is encoded.")
    if suffix == ".epub":
        from tts.documents.epub import read_epub

        document = read_epub(path)
    elif suffix == ".pdf":
        from tts.documents.pdf import read_pdf

        document = read_pdf(path)
    elif suffix == ".txt":
        from tts.documents.plain import read_plain

        blocks, fields = remove_licence(read_plain(decode_text(read_bytes(path), path.name, encoding)))
        chapters = chapters_of(blocks, fields.get("Title") or path.stem)
        language = language_tag(fields.get("Language"))
        document = Document(fields.get("Title"), fields.get("Author"), language, chapters)
    elif suffix == ".md":
        from tts.documents.plain import markdown_to_html

        html, fields = markdown_to_html(decode_text(read_bytes(path), path.name, encoding))
        language = language_tag(fields.get("language"))
        page = read_page(html, language)
        page = replace(page, title=fields.get("title"), author=fields.get("author"), language=language)
        document = _document_of(page, path)
    else:
        text, warning = decode_page(read_bytes(path), path.name, encoding)
        document = _document_of(read_page(text), path, [warning] if warning else [])

    if not any(chapter.passage.text for chapter in document.chapters):
        raise TtsError(f"There is no text in {path}.")
    return document


def _document_of(page: Page, path: Path, warnings: Sequence[str] = ()) -> Document:
    title = _GUTENBERG.sub("", page.title) if page.title else page.title
    blocks, _ = remove_licence(begin_chapters_at_headings(page.blocks))
    chapters = chapters_of(blocks, title or path.stem, warnings)
    if not title:
        # The only heading of level 1 is the title where the page gives none.
        headings = [block.text for block in page.blocks if block.level == 1]
        title = headings[0] if len(headings) == 1 else None
    return Document(title, page.author, page.language, chapters)
