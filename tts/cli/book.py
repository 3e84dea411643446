"""What `--file` names: a document to be read aloud, whole or some of its chapters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts.documents.document import Chapter, Document, join_chapters, same_language, select_chapters
from tts.documents.reading import SUFFIXES, read_document
from tts.documents.sources import decode_text, read_bytes
from tts.errors import UsageError
from tts.text.passage import Passage

if TYPE_CHECKING:
    from tts.audio.m4b import BookTags
    from tts.synthesis.options import TextInput
    from tts.voice.manifest import VoiceManifest

_AUDIO = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4b", ".m4a", ".raw")


@dataclass(frozen=True)
class Book:
    """What is to be said of a file, and what an audiobook of it tells of itself."""

    content: str | Passage
    tags: BookTags | None = None


def read_book(path: Path, chapters: str | None, kind: TextInput, voice: VoiceManifest) -> Book:
    """The file to be said; SSML and phonemes are taken as they are, of a document the chapters that are asked for.

    Raises:
        UsageError: it is no document, or has no such chapters.
        TtsError: it cannot be read.
    """
    from tts.audio.m4b import BookTags

    if kind != "text":
        if chapters is not None:
            raise UsageError(f"--chapter is for documents, not for {kind}.")
        return Book(decode_text(read_bytes(path), path.name))
    document = open_document(path)
    asked = document.chapters if chapters is None else select_chapters(document.chapters, chapters)
    passage = join_chapters(asked)
    warnings = (*language_warnings(document, voice), *passage.warnings)
    cover = (document.cover.content, document.cover.suffix) if document.cover else None
    return Book(replace(passage, warnings=warnings), BookTags(document.title or path.stem, document.author, cover))


def open_document(path: Path) -> Document:
    """The document; what plain text says between brackets, of pronunciations and pauses, holds.

    Raises:
        UsageError: it is no document.
        TtsError: it cannot be read.
    """
    if path.suffix.lower() in _AUDIO:
        raise UsageError(f"--file names what is read, not {path.name!r}: the audio to write is named with -o.")
    document = read_document(path)
    if path.suffix.lower() != ".txt":
        return document
    return replace(document, chapters=tuple(_with_markup(chapter) for chapter in document.chapters))


def is_document(name: str | None) -> bool:
    """Whether a file of sentences is none, but a document: one of plain text looks like either."""
    return name is not None and Path(name).suffix.lower() in set(SUFFIXES) - {".txt"}


def language_warnings(document: Document, voice: VoiceManifest) -> tuple[str, ...]:
    """What to say where the voice speaks another language than the document is in."""
    written, spoken = ((language or "").lower().split("-")[0] for language in (document.language, voice.language))
    if not written or same_language(written, spoken):
        return ()
    return (f"the document is in {document.language}, but the voice {voice.name} speaks {voice.language}",)


def _with_markup(chapter: Chapter) -> Chapter:
    from tts.text.markup import read_markup

    passage = read_markup(chapter.passage.text)
    return replace(chapter, passage=replace(passage, warnings=(*chapter.passage.warnings, *passage.warnings)))
