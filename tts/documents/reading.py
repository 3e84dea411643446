"""A document by its suffix, read into chapters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tts.documents.blocks import chapters_of, opened_by_headings
from tts.documents.charset import decoded, decoded_page
from tts.documents.document import Chapter, Document
from tts.documents.languages import language_tag
from tts.documents.licence import without_licence
from tts.documents.page import Page, read_page
from tts.errors import TtsError, UsageError

SUFFIXES = (".txt", ".md", ".html", ".htm", ".xhtml", ".epub", ".pdf")
# "War and Peace" has 3 MB.
_LARGEST_TEXT = 32 << 20


def read_document(path: Path) -> Document:
    """The document in a file: plain text, Markdown, HTML, EPUB or PDF, by its suffix.

    Raises:
        UsageError: its suffix is none that can be read.
        TtsError: it cannot be read, has no text, or needs a library that is not installed.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        ending = f"has the suffix {path.suffix}" if path.suffix else "has no suffix"
        raise UsageError(f"{path} {ending}; documents that can be read have one of {', '.join(SUFFIXES)}.")
    document = read(path)
    if not any(chapter.passage.text for chapter in document.chapters):
        raise TtsError(f"There is no text in {path}.")
    return document


def _read_text(path: Path) -> Document:
    from tts.documents.plain import read_plain

    told = without_licence(read_plain(decoded(_content(path), path.name)))
    fields = told.fields
    chapters = chapters_of(told.blocks, fields.get("Title") or path.stem)
    return Document(fields.get("Title"), fields.get("Author"), language_tag(fields.get("Language")), chapters)


def _read_markdown(path: Path) -> Document:
    from tts.documents.markdown import read_markdown

    source = read_markdown(decoded(_content(path), path.name))
    language = language_tag(source.fields.get("language"))
    page = read_page(source.html, language)
    title, author = source.fields.get("title"), source.fields.get("author")
    return _of_page(replace(page, title=title, author=author, language=language), path)


def _read_html(path: Path) -> Document:
    text, warning = decoded_page(_content(path), path.name)
    return _of_page(read_page(text), path, [warning] if warning else [])


def _of_page(page: Page, path: Path, warnings: Sequence[str] = ()) -> Document:
    told = without_licence(opened_by_headings(page.blocks))
    chapters = chapters_of(told.blocks, page.title or path.stem, warnings)
    return Document(page.title or _only_heading(chapters, page), page.author, page.language, chapters)


def _only_heading(chapters: Sequence[Chapter], page: Page) -> str | None:
    """The one heading of level 1, which is the title where no other is given."""
    headings = [block.text for block in page.blocks if block.level == 1]
    return headings[0] if len(headings) == 1 else None


def _read_epub(path: Path) -> Document:
    from tts.documents.epub import read_epub

    return read_epub(path)


def _read_pdf(path: Path) -> Document:
    from tts.documents.pdf import read_pdf

    return read_pdf(path)


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST_TEXT + 1)
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST_TEXT:
        raise TtsError(f"{path} is larger than {_LARGEST_TEXT >> 20} MB, which no book is: cut it into parts first.")
    return content


_READERS: dict[str, Callable[[Path], Document]] = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".xhtml": _read_html,
    ".epub": _read_epub,
    ".pdf": _read_pdf,
}
