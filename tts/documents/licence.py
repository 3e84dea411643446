"""What Project Gutenberg and the like put around a book: where the book begins, and where it ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tts.documents.blocks import Block

_START = re.compile(r"\*{3}\s*START OF (?:THE|THIS) .{1,300}", re.DOTALL | re.IGNORECASE)
_END = re.compile(
    r"\*{3}\s*END OF (?:THE|THIS) .{1,300}|End of (?:the )?Project Gutenberg(?:'s|’s)? .{1,300}", re.DOTALL
)
_FIELD = re.compile(r"^(Title|Author|Language):[ \t]*(\S.*(?:\n[ \t]+\S.*){0,3})$", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """The blocks of the book itself, and what the lines before it say, by Title, Author, Language."""

    blocks: list[Block]
    fields: dict[str, str]


def without_licence(blocks: Iterable[Block]) -> Told:
    """The blocks between the marks of a beginning and an end, where there are any; what is cut is noted."""
    kept: list[Block] = []
    fields: dict[str, str] = {}
    behind = False
    for block in blocks:
        if behind:
            continue
        if _START.fullmatch(block.text) and not any(one.left_out == "licence" for one in kept):
            before = "\n\n".join(one.text for one in kept)
            fields = {found[1]: " ".join(found[2].split()) for found in _FIELD.finditer(before)}
            kept = [Block("", left_out="licence")]
        elif kept and _END.fullmatch(block.text):
            behind = True
            if kept[0].left_out != "licence":
                kept.append(Block("", left_out="licence"))
        else:
            kept.append(block)
    return Told(kept, fields)
