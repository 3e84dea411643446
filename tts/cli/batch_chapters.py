"""`tts batch` over a document: an audio file a chapter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tts.cli.batch_progress import batch_progress
from tts.cli.book import language_warnings
from tts.errors import UsageError
from tts.voice.store import find_voice

if TYPE_CHECKING:
    from tts.batch.folders import OutputFolder
    from tts.batch.manifest import Summary
    from tts.batch.run import BatchRequest
    from tts.batch.workers import Workers

DOCUMENT = "document"
"""The layout of a file that is no list of sentences."""


def speak_chapters(
    file: str | None, request: BatchRequest, start_workers: Callable[[OutputFolder], Workers], *, quiet: bool
) -> Summary:
    """Speak a document into a folder, from where an earlier run has come to.

    Raises:
        UsageError: the request cannot be right.
        TtsError: the document cannot be read, nothing can be written any more, or no worker speaks.
    """
    from tts.batch.layouts import MAX_CHAPTER_CHARACTERS, chapter_entries
    from tts.batch.run import run_entries
    from tts.documents.reading import read_document

    if file in (None, "-"):
        raise UsageError("A document is a file: name it; standard input is for sentences.")
    if request.defaults.options.input != "text":
        raise UsageError(f"A document is text: leave --input {request.defaults.options.input} out.")
    path = Path(file or "")
    document = read_document(path)
    warnings = list(language_warnings(document, find_voice(request.defaults.voice)))
    for chapter in document.chapters:
        warnings += (f"{chapter.title}: {warning}" for warning in chapter.passage.warnings)
    with batch_progress(len(document.chapters), quiet=quiet) as progress:
        for warning in warnings:
            progress.warn(warning)
        entries = chapter_entries(document, has_markup=path.suffix.lower() == ".txt")
        return run_entries(
            lambda: entries,
            request,
            start_workers,
            progress.update,
            progress.warn,
            max_characters=MAX_CHAPTER_CHARACTERS,
        )
