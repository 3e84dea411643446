"""The chapters of a document as entries of a batch: an audio file each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tts.batch.entry import Entry
from tts.batch.naming import slug
from tts.documents.document import Document
from tts.text.passage import Passage, Spoken

MAX_CHARACTERS = 4_000_000
"""Of one chapter: "War and Peace" has 3.2 million."""


def chapter_entries(document: Document, *, has_markup: bool = False) -> Iterator[Entry]:
    """An entry a chapter, by its number and title: "03-the-sea".

    Its text is as utterances have it: where parts are in another language, SSML, which says so; else plain, and what
    looks like markup in it is none, unless the document `has_markup`.
    """
    width = max(2, len(str(len(document.chapters))))
    for number, chapter in enumerate(document.chapters, 1):
        id = "-".join(part for part in (f"{number:0{width}}", slug(chapter.title)) if part)
        options: dict[str, Any] = {}
        text = chapter.passage.text
        if chapter.passage.notes:
            text, options = _ssml(chapter.passage), {"input": "ssml"}
        elif not has_markup:
            text = text.replace("[", "\\[")
        yield Entry(number, id, text, options=options)


def _ssml(passage: Passage) -> str:
    paragraphs = []
    start = 0
    for text in passage.text.split("\n\n"):
        end = start + len(text)
        paragraphs.append(f"<p>{_marked(passage.part(start, end))}</p>")
        start = end + 2
    return f"<speak>{chr(10).join(paragraphs)}</speak>"


def _marked(paragraph: Passage) -> str:
    """Its text, with the languages of its stretches, which do not overlap."""
    marked = ""
    position = 0
    for note in paragraph.notes:
        if isinstance(note, Spoken) and note.language is not None and note.start >= position:
            inner = escape(paragraph.text[note.start : note.end])
            marked += escape(paragraph.text[position : note.start])
            marked += f"<lang xml:lang={quoteattr(note.language)}>{inner}</lang>"
            position = note.end
    return marked + escape(paragraph.text[position:])
