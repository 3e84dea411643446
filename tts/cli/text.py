"""`tts text`: what the frontend makes of a text, without speaking it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer

from tts.cli import flags
from tts.cli.console import print_json
from tts.cli.source import read_lines, read_text

app = typer.Typer(help="What the frontend makes of a text.", no_args_is_help=True)


@app.command()
def normalize(text: flags.Text = None, json: flags.Json = False) -> None:
    """Write out numbers, abbreviations and signs; line for line from standard input."""
    from tts.text.normalize import normalize as spoken_form

    _answer(text, "normalized", spoken_form, json=json)


@app.command()
def phonemes(
    text: flags.Text = None,
    lexicon: flags.LexiconFile = None,
    system_espeak: flags.SystemEspeak = False,
    json: flags.Json = False,
) -> None:
    """Give the phonemes (IPA) of a text; line for line from standard input."""
    from tts.text.espeak import EspeakFrontend
    from tts.text.lexicon import load_lexicon

    frontend = EspeakFrontend(lexicon=load_lexicon(lexicon) if lexicon else None, system_espeak=system_espeak)
    _answer(text, "phonemes", frontend.phonemize, json=json)


@app.command()
def segment(text: flags.Text = None, json: flags.Json = False) -> None:
    """Cut a text into sentences, one a line."""
    from tts.text.segment import split_sentences

    sentences = split_sentences(read_text(text))
    if json:
        print_json(list(sentences))
        return
    for sentence in sentences:
        print(sentence)


def _answer(text: str | None, key: str, convert: Callable[[str], str], *, json: bool) -> None:
    """Convert line for line, each answered at once: the other end of a pipe may wait for it."""
    answers: list[dict[str, Any]] = []
    for line in read_lines(text):
        answer = convert(line) if line.strip() else ""
        if json:
            answers.append({"text": line, key: answer})
        else:
            print(" ".join(answer.split("\n")))
            sys.stdout.flush()
    if json:
        print_json(answers)
