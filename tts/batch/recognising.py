"""How a sentences file is laid out, judged by its name and its first lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from tts.batch.csv_rows import is_surely_header, separator_of
from tts.batch.lines import Line, shown_name
from tts.batch.piped import SEPARATOR
from tts.errors import UsageError

LJSPEECH_WARNING = (
    "the lines are read as LJ Speech's id|text|normalized text, of which the last is spoken; "
    "use --layout voice if their second field is a voice"
)

_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_CSV_SUFFIXES = (".csv", ".tsv", ".tab")
_JSON_OBJECT = re.compile(r'\s*\{\s*("|\}|$)')
_DOCUMENT = re.compile(r"\s*[\[{]\s*")
_LONGEST_ID_WORDS = 4
_LONGEST_ID = 100
_SENTENCE_ENDS = (".", "!", "?", ",", ";", ":", "…")
_FORMS = {"text": "plain text", "id": "id|text", "voice": "id|voice|text", "ljspeech": "id|text|normalized text"}


def recognise(ahead: Sequence[Line], name: str) -> str:
    """The layout of a file by its first lines and its suffix; one for all its lines.

    Raises:
        UsageError: they can be read in more than one way, or in none.
    """
    suffix = PurePath(name).suffix.casefold()
    lines = [line for line in ahead if line.text.strip()]
    if not lines:
        return "text"
    if suffix in _JSON_SUFFIXES or _JSON_OBJECT.match(lines[0].text):
        _refuse_document(lines[0], name)
        return "json"
    return _csv(lines[0], suffix) or _piped(lines, suffix, name)


def _csv(first: Line, suffix: str) -> str | None:
    separator = separator_of(first.text) if suffix in _CSV_SUFFIXES else None
    names_separator = suffix in _CSV_SUFFIXES and first.text.casefold().startswith("sep=")
    return "csv" if separator or names_separator or is_surely_header(first.text) else None


def _piped(lines: Sequence[Line], suffix: str, name: str) -> str:
    """What most lines look like; a line here or there may be a slip."""
    kinds = [_kind(line.text) for line in lines]
    (kind, count), *others = Counter(kinds).most_common()
    if suffix in _CSV_SUFFIXES and (kind == "text" or 2 * count <= len(lines)):
        # To be read as CSV, which says what is wrong with its header.
        return "csv"
    if kind == "unclear" or 2 * count <= len(lines):
        raise UsageError(_unclear(lines, kinds, [kind, *(other for other, _ in others)], name))
    return kind


def _kind(text: str) -> str:
    """What one line looks like, were it alone."""
    id, *fields = text.split(SEPARATOR)
    if not fields or not _could_be_id(id.strip()):
        return "text"
    if len(fields) > 2:
        return "unclear"
    if len(fields) == 1:
        return "id"
    second = fields[0].strip()
    # Names of voices have no blanks; a folder may, and is written with its slash.
    return "ljspeech" if " " in second and not re.search(r"[/\\]", second) else "voice"


def _could_be_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and len(text.split()) <= _LONGEST_ID_WORDS and not text.endswith(_SENTENCE_ENDS)


def _unclear(lines: Sequence[Line], kinds: list[str], by_count: list[str], name: str) -> str:
    flags = "--layout text, id, voice or ljspeech"
    if by_count[0] == "unclear" or len(by_count) == 1:
        number = lines[kinds.index("unclear")].number
        return f"{shown_name(name)} has too many | in line {number} and others: say how to read it with {flags}."
    shown = [f"line {lines[kinds.index(kind)].number} as {_FORMS.get(kind, 'neither')}" for kind in by_count[:2]]
    return f"{shown_name(name)} reads in two ways, {' and '.join(shown)}: say which with {flags}."


def _refuse_document(first: Line, name: str) -> None:
    if first.text.lstrip().startswith("[") or (_DOCUMENT.fullmatch(first.text)):
        raise UsageError(
            f"{shown_name(name)} is one JSON document, but has to have an object a line: "
            "make them with jq -c '.[]' or the like."
        )
