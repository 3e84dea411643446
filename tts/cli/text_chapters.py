"""`tts text chapters`: what a document falls into."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts.cli import flags
from tts.cli.console import print_json, print_table, warn

Document = Annotated[Path, typer.Argument(metavar="FILE", help="A document: .txt, .md, .html, .epub or .pdf.")]


def chapters(file: Document, json: flags.Json = False) -> None:
    """List the chapters of a document, with the numbers that say --chapter takes."""
    from tts.cli.book import open_document

    document = open_document(file)
    listed = [
        {"chapter": number, "title": chapter.title, "characters": len(chapter.passage.text)}
        for number, chapter in enumerate(document.chapters, 1)
    ]
    warnings = list(dict.fromkeys(warning for chapter in document.chapters for warning in chapter.passage.warnings))
    if json:
        about = {"title": document.title, "author": document.author, "language": document.language}
        print_json({**about, "chapters": listed, "warnings": warnings})
        return
    print_table(
        ("", "title", "characters"),
        [(str(row["chapter"]), str(row["title"]), f"{row['characters']:,}") for row in listed],
    )
    for warning in warnings:
        warn(warning)
