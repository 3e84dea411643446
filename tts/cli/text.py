"""`tts text`: what the frontend makes of a text, without speaking it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli import flags
from tts.cli.console import print_json, print_table, warn
from tts.cli.inputs import open_document, read_lines, read_text

app = typer.Typer(help="What the frontend makes of a text.", no_args_is_help=True)
DEFAULT_LANGUAGE = "en-us"

Document = Annotated[Path, typer.Argument(metavar="FILE", help="A document: .txt, .md, .html, .epub or .pdf.")]


@app.command()
def chapters(file: Document, encoding: flags.Encoding = None, json: flags.Json = False) -> None:
    """List the chapters of a document, with the numbers for tts say --chapter."""
    document = open_document(file, encoding)
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


@app.command()
def normalize(
    text: flags.Text = None,
    language: flags.Language = DEFAULT_LANGUAGE,
    encoding: flags.Encoding = None,
    json: flags.Json = False,
) -> None:
    """Write numbers, abbreviations and signs as words; line by line from standard input."""
    from tts.text.normalize import read_out

    def answer(line: str) -> dict[str, Any]:
        spoken = read_out(line, language)
        edits = [
            {"written": line[e.written_start : e.written_end], "spoken": spoken.text[e.start : e.end], "class": e.kind}
            for e in spoken.edits
        ]
        return {"normalized": spoken.text, "edits": edits, "left_out": list(spoken.left_out)}

    _answer_lines(text, encoding, "normalized", answer, json=json)


@app.command()
def phonemes(
    text: flags.Text = None,
    language: flags.Language = DEFAULT_LANGUAGE,
    lexicon: flags.LexiconFile = None,
    system_espeak: flags.SystemEspeak = False,
    encoding: flags.Encoding = None,
    json: flags.Json = False,
) -> None:
    """Print the phonemes (IPA) of a text with inline markup; line by line from standard input."""
    from tts.text.frontend import EspeakFrontend
    from tts.text.lexicon import lexicon_for
    from tts.text.markup import read_markup

    frontend = EspeakFrontend(language, lexicon=lexicon_for(language, lexicon), system_espeak=system_espeak)

    def answer(line: str) -> dict[str, Any]:
        passage = read_markup(line)
        reading = frontend.read(passage)
        words = [
            {"text": passage.text[word.start : word.end], "phonemes": reading.phonemes[word.first : word.last]}
            for word in reading.words
        ]
        return {"phonemes": reading.phonemes, "words": words, "warnings": [*passage.warnings, *reading.warnings]}

    _answer_lines(text, encoding, "phonemes", answer, json=json)


@app.command()
def segment(
    text: flags.Text = None,
    language: flags.Language = DEFAULT_LANGUAGE,
    encoding: flags.Encoding = None,
    json: flags.Json = False,
) -> None:
    """Split a text into sentences, one per line."""
    from tts.text.segment import split_sentences

    sentences = split_sentences(read_text(text, encoding), language=language)
    if json:
        print_json(list(sentences))
        return
    for sentence in sentences:
        print(sentence)


def _answer_lines(
    text: str | None, encoding: str | None, key: str, answer: Callable[[str], dict[str, Any]], *, json: bool
) -> None:
    """Answer line by line, each immediately: the other end of a pipe may wait for it."""
    documents: list[dict[str, Any]] = []
    for line in read_lines(text, encoding):
        document = answer(line)
        if json:
            documents.append({"text": line, **document})
            continue
        for warning in document.get("warnings", ()):
            warn(warning)
        if left_out := document.get("left_out"):
            warn(f"left out, because it has no words: {' '.join(left_out)}")
        print(" ".join(document[key].split("\n")))
        sys.stdout.flush()
    if json:
        print_json(documents)
