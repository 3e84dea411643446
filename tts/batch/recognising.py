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
_LONE_BRACE = re.compile(r"\s*\{\s*")
_LONGEST_ID_WORDS = 4
_LONGEST_ID = 100
_SENTENCE_ENDS = (".", "!", "?", ",", ";", ":", "…")
_SLASH = re.compile(r"[/\\]")
_FORMS = {"text": "plain text", "id": "id|text", "voice": "id|voice|text"}


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
    by_count = [kind for kind, _ in Counter(kinds).most_common()]
    clear = 2 * kinds.count(by_count[0]) > len(lines)
    if suffix in _CSV_SUFFIXES and (not clear or by_count[0] == "text"):
        # To be read as CSV, which says what is wrong with its header.
        return "csv"
    if not clear or by_count[0] == "unclear":
        raise UsageError(_unclear(lines, kinds, by_count[:2], name))
    return _voice_or_ljspeech(lines) if by_count[0] == "voice" else by_count[0]


def _kind(text: str) -> str:
    """What one line looks like, were it alone."""
    id, *fields = text.split(SEPARATOR)
    if not fields or not _could_be_id(id.strip()):
        return "text"
    return {1: "id", 2: "voice"}.get(len(fields), "unclear")


def _voice_or_ljspeech(lines: Sequence[Line]) -> str:
    """Names of voices have no blanks, and folders that have some are written with a slash; texts have blanks."""
    seconds = [fields[1].strip() for line in lines if len(fields := line.text.split(SEPARATOR)) == 3]
    texts = [second for second in seconds if " " in second and not _SLASH.search(second)]
    return "ljspeech" if 2 * len(texts) > len(seconds) else "voice"


def _could_be_id(text: str) -> bool:
    words = text.split()
    # "12." is one, "He left." is a sentence before a | of its own.
    is_sentence = len(words) > 1 and text.endswith(_SENTENCE_ENDS)
    return 0 < len(words) <= _LONGEST_ID_WORDS and len(text) <= _LONGEST_ID and not is_sentence


def _unclear(lines: Sequence[Line], kinds: list[str], first_two: list[str], name: str) -> str:
    flags = "--layout text, id, voice or ljspeech"
    if "unclear" in first_two:
        number = lines[kinds.index("unclear")].number
        return f"{shown_name(name)} has too many | in line {number}: say how to read it with {flags}."
    shown = [f"line {lines[kinds.index(kind)].number} as {_FORMS[kind]}" for kind in first_two]
    return f"{shown_name(name)} reads in two ways, {' and '.join(shown)}: say which with {flags}."


def _refuse_document(first: Line, name: str) -> None:
    if first.text.lstrip().startswith("[") or _LONE_BRACE.fullmatch(first.text):
        raise UsageError(
            f"{shown_name(name)} is one JSON document, but has to have an object a line: "
            "make them with jq -c '.[]' or the like."
        )
