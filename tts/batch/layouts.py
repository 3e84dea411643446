"""How a sentences file becomes entries: its layout is recognised, its lines are parsed.

text        one text per line
id          id|text
voice       id|voice|text
ljspeech    id|text or id|text|normalized text, of which the last is spoken: the metadata.csv of LJ Speech
csv         a header, then rows (`tts.batch.csv_rows`)
json        one JSON object per line

The chapters of a document become entries too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import PurePath
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from tts.batch.csv_rows import is_surely_header, read_csv, separator_of
from tts.batch.entry import KNOWN_NAMES, Entry, find_typo, plain_name, show_value
from tts.batch.lines import Line, display_name, read_lines, with_line_feeds
from tts.batch.naming import slug
from tts.documents.document import Document
from tts.errors import UsageError
from tts.text.passage import SpokenAs
from tts.voice.store import suggestion

LAYOUTS = ("auto", "text", "id", "voice", "csv", "json", "ljspeech")
LJSPEECH_WARNING = (
    "the lines are read as LJ Speech's id|text|normalized text, of which the last is spoken; "
    "use --layout voice if their second field is a voice"
)
MAX_CHAPTER_CHARACTERS = 4_000_000
""""War and Peace" has 3.2 million."""

# As much is read ahead to recognise a layout.
_LINES_AHEAD = 50
_CHARACTERS_AHEAD = 1 << 18

_SEPARATOR = "|"
_FORMS = {"text": "plain text", "id": "id|text", "voice": "id|voice|text", "ljspeech": "id|text|normalized text"}
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_CSV_SUFFIXES = (".csv", ".tsv", ".tab")
_JSON_OBJECT = re.compile(r'\s*\{\s*("|\}|$)')
_SINGLE_BRACE = re.compile(r"\s*\{\s*")
_SLASH = re.compile(r"[/\\]")
_LONGEST_ID_WORDS = 4
_LONGEST_ID = 100
_SENTENCE_ENDS = (".", "!", "?", ",", ";", ":", "…")

_JSON_EXAMPLE = '{"id": "intro", "text": "Hello."}'
_KNOWN = frozenset(KNOWN_NAMES)
# More warnings are useless, and a file could have another unknown key in every line.
_MOST_KEY_WARNINGS = 20


def read_entries(
    stream: BinaryIO, name: str, layout: str = "auto", on_warning: Callable[[str], None] = lambda warning: None
) -> Iterator[Entry]:
    """The entries of a sentences file in their order, read lazily, with bounded memory.

    `name` is the file's, or "-" for standard input. A problem of the file raises at once; a problem of one line is
    recorded in its entry.

    Raises:
        UsageError: the layout is unknown, the file is not text or has another layout, or its layout is ambiguous.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"There is no layout {layout!r}; {suggestion(layout, LAYOUTS)}")
    lines = read_lines(stream, name)
    is_guessed = layout == "auto"
    if is_guessed:
        ahead: list[Line] = []
        n_written, n_characters = 0, 0
        for line in lines:
            ahead.append(line)
            n_written += bool(line.text.strip())
            # An empty line needs memory too.
            n_characters += len(line.text) + 1
            if n_written >= _LINES_AHEAD or n_characters >= _CHARACTERS_AHEAD:
                break
        lines = chain(ahead, lines)
        layout = recognise(ahead, name)
        if layout == "ljspeech":
            on_warning(LJSPEECH_WARNING)
    if layout == "csv":
        return read_csv(lines, name, on_warning)
    if layout == "json":
        return read_json_lines(lines, on_warning)
    return read_piped(lines, layout, guessed=is_guessed)


def recognise(ahead: Sequence[Line], name: str) -> str:
    """The layout of a file, from its first lines and its suffix; it holds for all lines.

    Raises:
        UsageError: they fit more than one layout, or none.
    """
    suffix = PurePath(name).suffix.casefold()
    lines = [line for line in ahead if line.text.strip()]
    if not lines:
        return "text"
    first = lines[0].text
    n_objects = sum(_JSON_OBJECT.match(line.text) is not None for line in lines)
    if suffix in _JSON_SUFFIXES or _JSON_OBJECT.match(first) or 2 * n_objects > len(lines):
        if first.lstrip().startswith("[") or _SINGLE_BRACE.fullmatch(first):
            raise UsageError(
                f"{display_name(name)} is one JSON document, but must have one object per line: "
                "convert it with jq -c '.[]' or the like."
            )
        return "json"
    is_csv_file = suffix in _CSV_SUFFIXES
    if is_csv_file and (separator_of(first) or first.casefold().startswith("sep=")):
        return "csv"
    return "csv" if is_surely_header(first) else _recognise_piped(lines, is_csv_file, name)


def _recognise_piped(lines: Sequence[Line], is_csv_file: bool, name: str) -> str:
    """The layout that most lines fit; single lines may have mistakes."""
    kinds = [_line_kind(line.text) for line in lines]
    by_count = [kind for kind, _ in Counter(kinds).most_common()]
    is_clear = 2 * kinds.count(by_count[0]) > len(lines)
    if is_csv_file and (not is_clear or by_count[0] == "text"):
        # The CSV reader says what is wrong with its header.
        return "csv"
    if not is_clear or by_count[0] == "unclear":
        flags = "--layout text, id, voice or ljspeech"
        numbers = {kind: lines[kinds.index(kind)].number for kind in by_count}
        if "unclear" in by_count[:2]:
            line = numbers["unclear"]
            raise UsageError(f"{display_name(name)} has too many | in line {line}: say how to read it with {flags}.")
        fits = [f"line {numbers[kind]} as {_FORMS[kind]}" for kind in by_count[:2]]
        raise UsageError(f"{display_name(name)} fits two layouts, {' and '.join(fits)}: say which with {flags}.")
    if by_count[0] != "voice":
        return by_count[0]
    # Names of voices have no spaces, and folders with spaces are written with a slash; texts have spaces.
    seconds = [fields[1].strip() for line in lines if len(fields := line.text.split(_SEPARATOR)) == 3]
    texts = [second for second in seconds if " " in second and not _SLASH.search(second)]
    return "ljspeech" if 2 * len(texts) > len(seconds) else "voice"


def _line_kind(text: str) -> str:
    """The layout of one line by itself."""
    id, *fields = text.split(_SEPARATOR)
    id = id.strip()
    words = id.split()
    # "12." can be an id; "He left." is a sentence before a | of its own.
    is_sentence = len(words) > 1 and id.endswith(_SENTENCE_ENDS)
    could_be_id = 0 < len(words) <= _LONGEST_ID_WORDS and len(id) <= _LONGEST_ID and not is_sentence
    if not fields or not could_be_id:
        return "text"
    return {1: "id", 2: "voice"}.get(len(fields), "unclear")


def read_piped(lines: Iterable[Line], layout: str, *, guessed: bool) -> Iterator[Entry]:
    """One entry per line of the layouts text, id, voice and ljspeech; empty lines at the end of the file are none.

    A text may contain a | if the layout was requested. If it was guessed, a line with more of them than the others is
    that line's problem, since it may have another layout.
    """
    empty: range | None = None
    for line in lines:
        if line.problem is None and not line.text.strip():
            empty = range(empty.start if empty else line.number, line.number + 1)
            continue
        for number in empty or ():
            yield _piped_entry(Line(number, ""), layout, guessed)
        empty = None
        yield Entry(line.number, problem=line.problem) if line.problem else _piped_entry(line, layout, guessed)


def _piped_entry(line: Line, layout: str, guessed: bool) -> Entry:
    if layout == "text":
        return Entry(line.number, text=line.text.strip())
    if not line.text.strip():
        return Entry(line.number, problem="The line is empty.")
    form = _FORMS[layout]
    most = form.count(_SEPARATOR)
    least = 1 if layout == "ljspeech" else most
    # LJ Speech has no meaning for a fourth field.
    is_exact = guessed or layout == "ljspeech"
    fields = [part.strip() for part in line.text.split(_SEPARATOR, -1 if is_exact else most)]
    count = len(fields) - 1
    if not least <= count <= most:
        found = "no |" if count == 0 else f"{count} |"
        if count == 0:
            advice = "use --layout text to speak complete lines"
        elif count < most:
            advice = "leave a field empty rather than out"
        elif layout == "ljspeech":
            advice = "remove it from the text"
        else:
            advice = f"if it belongs to the text, use --layout {layout}"
        return Entry(line.number, problem=f"The line has {found}, unlike {form}: {advice}.")
    if not fields[0]:
        return Entry(line.number, problem=f"There is no id before the |, as in {form}: add one.")
    voice = fields[1] or None if layout == "voice" else None
    text = fields[-1] or fields[1] if layout == "ljspeech" else fields[-1]
    return Entry(line.number, fields[0], text, voice)


def read_json_lines(lines: Iterable[Line], on_warning: Callable[[str], None]) -> Iterator[Entry]:
    """One entry per object; empty lines are skipped."""
    unknown_keys: set[str] = set()

    def on_unknown_key(key: str) -> None:
        """Warn of each key once."""
        if key in unknown_keys or len(unknown_keys) > _MOST_KEY_WARNINGS:
            return
        unknown_keys.add(key)
        if len(unknown_keys) > _MOST_KEY_WARNINGS:
            on_warning("there are more keys that are no options; they are ignored too")
        else:
            on_warning(f"the key {show_value(key)} is no option and is ignored")

    for line in lines:
        if line.problem is not None:
            yield Entry(line.number, problem=line.problem)
        elif line.text.strip():
            yield _json_entry(line, on_unknown_key)


def _json_entry(line: Line, on_unknown_key: Callable[[str], None]) -> Entry:
    try:
        found = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        where = f" at its character {error.pos + 1} ({error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        broken = f"The line is broken JSON{where}: it should be an object like {_JSON_EXAMPLE}."
        return Entry(line.number, problem=broken)
    if not isinstance(found, dict):
        return Entry(line.number, problem=f"The line is not an object like {_JSON_EXAMPLE}.")
    named = {plain_name(key): value for key, value in found.items()}
    # Empty values are as absent as in a CSV; only a missing text is a problem.
    known = {name: value for name, value in named.items() if name in _KNOWN and value is not None}
    known = {name: value for name, value in known.items() if value != "" or name == "text"}
    id = known.pop("id", None)
    # Whole numbers are common ids; true and 1.5 are mistakes.
    id = str(id) if type(id) is int else id

    problem: str | None = None
    unknown = [key for key in found if plain_name(key) not in _KNOWN]
    if len(named) < len(found):
        problem = "The object has two keys with the same meaning: keep one."
    elif unknown and (typo := find_typo(unknown, frozenset(named) & _KNOWN)):
        problem = f"There is no option {typo}"
    else:
        for key in unknown:
            on_unknown_key(key)
        not_strings = [name for name in ("text", "voice") if not isinstance(known.get(name, ""), str)]
        if id is not None and not (isinstance(id, str) and id.strip()):
            problem = f"The id must be a string that is not empty, or a whole number, not {show_value(id)}."
        elif "text" not in known:
            problem = f"The object has no text: it should be like {_JSON_EXAMPLE}."
        elif not_strings:
            problem = f"The {not_strings[0]} must be a string, not {show_value(known[not_strings[0]])}."
    if problem is not None:
        return Entry(line.number, id if isinstance(id, str) and id.strip() else None, problem=problem)
    text, voice = known.pop("text"), known.pop("voice", None)
    return Entry(line.number, id.strip() if id else None, with_line_feeds(text), voice, known)


def chapter_entries(document: Document, *, has_markup: bool = False) -> Iterator[Entry]:
    """One entry per chapter, with its number and title as the id: "03-the-sea".

    The text is SSML if parts of the chapter are in another language; else plain text, in which anything that looks like
    markup is escaped, unless the document `has_markup`.
    """
    width = max(2, len(str(len(document.chapters))))
    for number, chapter in enumerate(document.chapters, 1):
        id = "-".join(part for part in (f"{number:0{width}}", slug(chapter.title)) if part)
        text, options = chapter.passage.text, {}
        if chapter.passage.notes:
            # A paragraph for each of the passage's, with the languages of its parts, which do not overlap.
            paragraphs = []
            paragraph_start = 0
            for paragraph_text in text.split("\n\n"):
                paragraph = chapter.passage.part(paragraph_start, paragraph_start + len(paragraph_text))
                paragraph_start += len(paragraph_text) + 2
                marked, end = "", 0
                for note in paragraph.notes:
                    if isinstance(note, SpokenAs) and note.language is not None and note.start >= end:
                        marked += escape(paragraph.text[end : note.start])
                        inner = escape(paragraph.text[note.start : note.end])
                        marked += f"<lang xml:lang={quoteattr(note.language)}>{inner}</lang>"
                        end = note.end
                paragraphs.append(f"<p>{marked}{escape(paragraph.text[end:])}</p>")
            text, options = "<speak>{}</speak>".format("\n".join(paragraphs)), {"input": "ssml"}
        elif not has_markup:
            text = text.replace("[", "\\[")
        yield Entry(number, id, text, options=options)
