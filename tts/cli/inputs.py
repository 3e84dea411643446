"""Where a command's text comes from: an argument, standard input, or a file that is read as a document."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts.cli.streams import text_argument
from tts.encodings import decode_as, how_to_name
from tts.errors import TtsError, UsageError

if TYPE_CHECKING:
    from tts.audio.m4b import BookTags
    from tts.documents.document import Document
    from tts.options import TextInput
    from tts.text.passage import Passage
    from tts.voice.manifest import VoiceManifest

STANDARD_INPUT = "-"
_AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4b", ".m4a", ".raw")


def read_text(argument: str | None, encoding: str | None = None) -> str:
    """The argument, or all of standard input for `-` or None, which is UTF-8 unless another encoding is named.

    Raises:
        UsageError: there is no text.
        TtsError: it is not in that encoding.
    """
    if argument in (None, STANDARD_INPUT):
        refuse_terminal(argument)
        content = sys.stdin.buffer.read()
        text = decode_as(content, encoding, "Standard input") if encoding else decode_text(content)
    else:
        _refuse_encoding(encoding)
        text = _checked(argument or "")
    if not text.strip():
        raise UsageError("There is no text to speak: it is empty.")
    return text


def read_lines(argument: str | None, encoding: str | None = None) -> Iterator[str]:
    """The argument as one line, or the lines of standard input as they arrive, without their ends."""
    if argument not in (None, STANDARD_INPUT):
        _refuse_encoding(encoding)
        yield _checked(argument or "")
        return
    refuse_terminal(argument)
    if encoding:
        # Not line by line: a line end has two bytes in UTF-16.
        yield from decode_as(sys.stdin.buffer.read(), encoding, "Standard input").splitlines()
        return
    offset = 0
    for line in sys.stdin.buffer:
        yield decode_text(line, offset).rstrip("\r\n")
        offset += len(line)


def decode_text(content: bytes, offset: int = 0) -> str:
    """Text from UTF-8 bytes, without a byte order mark; `offset` is their position in standard input."""
    try:
        return content.decode("utf-8-sig" if offset == 0 else "utf-8")
    except UnicodeDecodeError as error:
        # Python counts from behind the byte order mark.
        mark = 3 if offset == 0 and content.startswith(b"\xef\xbb\xbf") else 0
        position = offset + mark + error.start
        raise TtsError(
            f"Standard input is not UTF-8 text: byte {position} cannot be decoded. Convert the text to UTF-8 "
            f"({how_to_name(content)})."
        ) from error


def _refuse_encoding(encoding: str | None) -> None:
    if encoding is not None:
        raise UsageError("--encoding is for files and standard input: the text in the command is decoded already.")


def refuse_terminal(argument: str | None) -> None:
    """Without an argument, a terminal would wait without a prompt; `-` says that the user will type."""
    if argument is None and sys.stdin.isatty():
        raise UsageError("There is no text: give one in quotes, or - to read standard input.")


def _checked(argument: str) -> str:
    text = text_argument(argument)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise TtsError(f"The text is not UTF-8: its character {error.start} cannot be decoded.") from error
    return text


@dataclass(frozen=True)
class Book:
    """The text of a file, and the tags of an audiobook made of it."""

    content: str | Passage
    tags: BookTags | None = None


def read_book(
    path: Path, chapters: str | None, kind: TextInput, voice: VoiceManifest, encoding: str | None = None
) -> Book:
    """The text of a file: SSML and phonemes as they are, the requested chapters of a document.

    Raises:
        UsageError: it is not a document, or has no such chapters.
        TtsError: it cannot be read.
    """
    from tts.audio.m4b import BookTags
    from tts.documents.document import join_chapters, select_chapters
    from tts.documents.sources import decode_text, read_bytes

    if kind != "text":
        if chapters is not None:
            raise UsageError(f"--chapter is for documents, not for {kind}.")
        return Book(decode_text(read_bytes(path), path.name, encoding))
    document = open_document(path, encoding)
    passage = join_chapters(document.chapters if chapters is None else select_chapters(document.chapters, chapters))
    warnings = (*language_warnings(document, voice), *passage.warnings)
    cover = (document.cover.content, document.cover.suffix) if document.cover else None
    return Book(replace(passage, warnings=warnings), BookTags(document.title or path.stem, document.author, cover))


def open_document(path: Path, encoding: str | None = None) -> Document:
    """A document. Inline markup, of pronunciations and pauses, applies in plain text.

    Raises:
        UsageError: it is not a document.
        TtsError: it cannot be read.
    """
    if path.suffix.lower() in _AUDIO_SUFFIXES:
        raise UsageError(f"--file is the text to read, not {path.name!r}: name the audio to write with -o.")
    from tts.documents.reading import read_document

    document = read_document(path, encoding)
    if path.suffix.lower() != ".txt":
        return document
    from tts.text.markup import read_markup

    chapters = []
    for chapter in document.chapters:
        passage = read_markup(chapter.passage.text)
        warnings = (*chapter.passage.warnings, *passage.warnings)
        chapters.append(replace(chapter, passage=replace(passage, warnings=warnings)))
    return replace(document, chapters=tuple(chapters))


def language_warnings(document: Document, voice: VoiceManifest) -> tuple[str, ...]:
    """A warning if the voice speaks another language than that of the document."""
    from tts.documents.document import same_language

    written, spoken = ((language or "").lower().split("-")[0] for language in (document.language, voice.language))
    if not written or same_language(written, spoken):
        return ()
    return (f"the document is in {document.language}, but the voice {voice.name} speaks {voice.language}",)
