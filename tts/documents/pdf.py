"""The text layer of a PDF as paragraphs and headings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.documents.blocks import chapters_of, one_line, unseen_removed
from tts.documents.document import Document
from tts.documents.languages import language_tag
from tts.documents.libraries import library_for
from tts.documents.pdf_lines import Opening, blocks_of_pages
from tts.documents.running_heads import Line
from tts.errors import TtsError

_MOST_PAGES = 20_000
_LARGEST_FILE = 256 << 20
_MOST_CHARACTERS = 32 << 20
# What programs write in place of a title.
_NO_TITLES = ("untitled", "microsoft word", "unknown", "powerpoint")


@dataclass(frozen=True)
class _Contents:
    """What pypdf gives of a file."""

    pages: list[list[Line]]
    outline: list[Opening]
    title: str | None
    author: str | None
    language: str | None
    n_pictures: int
    """Pages that hold pictures and no text."""


def read_pdf(path: Path) -> Document:
    """The document; running heads and page numbers are left out, lines become paragraphs, the outline chapters.

    Raises:
        TtsError: it is encrypted, damaged or only pictures of pages, or pypdf is not installed.
    """
    library = library_for(".pdf")
    with _quietly(path.name):
        contents = _contents(library, path)
    if not any(contents.pages):
        raise TtsError(f"{path.name} holds pictures of pages and no text: recognise it first, say with ocrmypdf.")
    warnings = _told_pictures(contents.n_pictures)
    blocks = blocks_of_pages(contents.pages, contents.outline)
    chapters = chapters_of(blocks, contents.title or path.stem, warnings, parts_only=bool(contents.outline))
    return Document(contents.title, contents.author, contents.language, chapters)


@contextmanager
def _quietly(name: str) -> Iterator[None]:
    """Without pypdf's own messages; what goes wrong in it is a damaged file.

    Raises:
        TtsError: something went wrong.
    """
    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    except TtsError:
        raise
    except OSError as error:
        raise TtsError(f"{name} cannot be read: {error.strerror or error}.") from error
    except Exception as error:
        raise TtsError(f"{name} cannot be read as a PDF: it is damaged ({type(error).__name__}).") from error
    finally:
        log.setLevel(level)


def _contents(library: Any, path: Path) -> _Contents:
    if path.stat().st_size > _LARGEST_FILE:
        raise TtsError(f"{path.name} is larger than {_LARGEST_FILE >> 20} MB: cut it into parts first.")
    with open(path, "rb") as file:
        reader = library.PdfReader(file)
        if reader.is_encrypted and not _is_opened(reader):
            raise TtsError(f"{path.name} is encrypted: save it without its password first.")
        if len(reader.pages) > _MOST_PAGES:
            raise TtsError(f"{path.name} has more than {_MOST_PAGES:,} pages: cut it into parts first.")
        pages, n_pictures = _pages(reader, path.name)
        about = reader.metadata
        return _Contents(
            pages,
            list(_outline(reader, reader.outline, 1)),
            _title(about.title if about else None),
            one_line(str((about.author if about else None) or "")) or None,
            language_tag(str(reader.root_object.get("/Lang", ""))),
            n_pictures,
        )


def _is_opened(reader: Any) -> bool:
    """Whether a file that is encrypted needs no password to be read."""
    try:
        return bool(reader.decrypt(""))
    # pypdf raises a dozen things here: the file cannot be opened, whichever it is.
    except Exception:
        return False


def _pages(reader: Any, name: str) -> tuple[list[list[Line]], int]:
    pages: list[list[Line]] = []
    characters = n_pictures = 0
    for page in reader.pages:
        lines = _lines(page)
        characters += sum(len(line.text) for line in lines)
        if characters > _MOST_CHARACTERS:
            raise TtsError(
                f"{name} has more than {_MOST_CHARACTERS >> 20} million characters: cut it into parts first."
            )
        n_pictures += not lines and "/XObject" in (page.get("/Resources") or {})
        pages.append(lines)
    return pages, n_pictures


def _lines(page: Any) -> list[Line]:
    """The lines of a page that have words, with the place and size of their first letter."""
    lines: list[Line] = []
    pieces: list[str] = []
    place: tuple[float, float, float] | None = None

    def end_line() -> None:
        nonlocal place
        text = " ".join(unseen_removed("".join(pieces)).split())
        if text and place is not None:
            lines.append(Line(text, *place))
        pieces.clear()
        place = None

    def visit(text: str, outer: list[float], inner: list[float], font: object, size: float) -> None:
        nonlocal place
        for number, part in enumerate(text.split("\n")):
            if number:
                end_line()
            if part.strip() and place is None:
                x = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
                y = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
                place = (x, y, abs(size * inner[3] * outer[3]))
            pieces.append(part)

    page.extract_text(visitor_text=visit)
    end_line()
    return lines


def _outline(reader: Any, entries: Any, depth: int) -> Iterator[Opening]:
    for entry in entries:
        if isinstance(entry, list):
            if depth < 2:
                yield from _outline(reader, entry, depth + 1)
            continue
        page = reader.get_destination_page_number(entry)
        title = one_line(str(entry.title or ""))
        if page is not None and page >= 0 and title:
            yield Opening(title, page, depth)


def _title(written: object) -> str | None:
    title = one_line(str(written or ""))
    return None if not title or title.lower().startswith(_NO_TITLES) else title


def _told_pictures(n_pages: int) -> list[str]:
    if not n_pages:
        return []
    return [f"{n_pages} pages hold pictures and no text." if n_pages > 1 else "A page holds pictures and no text."]
