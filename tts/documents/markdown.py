"""Markdown as the page of HTML that it stands for, and the lines before it that say whose it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tts.documents.libraries import library_for

_FRONT_MATTER = re.compile(
    r"(?P<rule>---|\+\+\+)[ \t]*\n(?P<lines>.*?)\n(?:(?P=rule)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_FIELD = re.compile(r"^(title|author|lang(?:uage)?)\s*[:=]\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
_LONGEST_FRONT_MATTER = 1 << 16
_NOTE = re.compile(r"^\[\^[^\]\n]{1,100}\]:.*(?:\n(?:[ \t]+\S.*|[ \t]*(?=\n[ \t]+\S)))*", re.MULTILINE)
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,100}\]")
_COMMENT = "<aside role='doc-footnote'></aside>\n"


@dataclass(frozen=True)
class Markdown:
    """The page, and what the front matter says, by title, author and language."""

    html: str
    fields: dict[str, str]


def read_markdown(text: str) -> Markdown:
    """CommonMark with tables and struck-out words; footnotes and their marks are not read.

    Raises:
        TtsError: markdown-it-py is not installed.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    fields, text = _front_matter(text)
    library: Any = library_for(".md")
    parser = library.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    text = _NOTE_MARK.sub("", _NOTE.sub(_COMMENT, text))
    return Markdown(parser.render(text), fields)


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The fields of the front matter, YAML or TOML of one line each, and the text behind it."""
    found = _FRONT_MATTER.match(text, 0, _LONGEST_FRONT_MATTER)
    if found is None:
        return {}, text
    fields = {key.lower(): value.strip("\"'") for key, value in _FIELD.findall(found["lines"])}
    if "lang" in fields:
        fields.setdefault("language", fields["lang"])
    return fields, text[found.end() :]
