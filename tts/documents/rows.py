"""A row of a table as it is read: cells of few words one after the other, longer ones as the paragraphs they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tts.documents.blocks import Block
from tts.text.passage import Spoken

_LONGEST_CELL = 200


def read_row(cells: Sequence[Block]) -> list[Block]:
    """The blocks of a row: one, its cells parted by commas, unless they are prose set in columns."""
    if len(cells) < 2 or any(cell.left_out or cell.level or len(cell.text) > _LONGEST_CELL for cell in cells):
        return list(cells)
    text = ""
    notes: list[Spoken] = []
    for cell in cells:
        if text:
            text += " " if text[-1] in ".,;:!?" else ", "
        notes += (replace(note, start=note.start + len(text), end=note.end + len(text)) for note in cell.notes)
        text += cell.text
    return [Block(text, 0, tuple(notes), tuple(anchor for cell in cells for anchor in cell.anchors))]
