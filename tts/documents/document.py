"""What a document is once it is read: chapters of plain text, and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from tts.text.passage import Passage


@dataclass(frozen=True)
class Chapter:
    """A stretch of a document with a name; its headings stand in the passage too, as paragraphs of their own.

    Paragraphs are parted by blank lines.
    """

    title: str
    passage: Passage


@dataclass(frozen=True)
class Cover:
    """A picture: the bytes of a file, and its suffix, .jpg or .png."""

    content: bytes
    suffix: str


@dataclass(frozen=True)
class Document:
    """A text in its order of reading, in one chapter or more; what it does not say of itself is None.

    `language` is a BCP 47 tag.
    """

    title: str | None
    author: str | None
    language: str | None
    chapters: tuple[Chapter, ...]
    cover: Cover | None = None
