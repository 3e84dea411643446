"""Plain text as paragraphs and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tts.documents.blocks import Block, one_line, unseen_removed
from tts.documents.headings import depth_of_heading

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
# A row of stars, dashes or the like: a scene ends here.
_RULE = re.compile(r"(?:[*•·~_=#—–-]\s*){3,}|[*•·#]\s*")
# Transcribers write what is in italics between these.
_ITALICS = re.compile(r"(?<![\w_])_([^_]{1,400})_(?![\w_])")
_PICTURE = re.compile(r"\[Illustration(?::\s*([^\[\]]{1,500}))?\s*\]")
# Lines of a wrapped text end before this; a line that goes on is a paragraph of itself.
_WIDEST = 120


def read_plain(text: str) -> Iterator[Block]:
    """The paragraphs of a text, which blank lines part; where no lines are wrapped, every line is one.

    What looks like the heading of a part or chapter opens one.
    """
    text = unseen_removed(text)
    paragraphs = _paragraphs(text)
    for paragraph in paragraphs:
        if _RULE.fullmatch(paragraph):
            continue
        depth = depth_of_heading(paragraph)
        if depth:
            title = " ".join(paragraph.split())
            yield Block(title, depth, opens=one_line(title), depth=depth)
        else:
            yield Block(paragraph)


def _paragraphs(text: str) -> Iterator[str]:
    parting = _BLANK_LINES if _is_wrapped(text) else re.compile(r"\n")
    position = 0
    for found in parting.finditer(text):
        yield from _cleaned(text[position : found.start()])
        position = found.end()
    yield from _cleaned(text[position:])


def _cleaned(paragraph: str) -> Iterator[str]:
    paragraph = _PICTURE.sub(lambda found: found[1] or "", _ITALICS.sub(r"\1", paragraph))
    plain = "\n".join(line.strip() for line in paragraph.strip().split("\n"))
    if plain:
        yield plain


def _is_wrapped(text: str) -> bool:
    """Whether lines end because the page does: not where a line in ten is longer than any page."""
    lengths = [len(line) for line in text.split("\n") if line.strip()]
    return sum(length > _WIDEST for length in lengths) * 10 <= len(lengths)
