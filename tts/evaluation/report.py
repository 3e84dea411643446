"""What an evaluation says in the end: one document, of which the table and the page show parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tts.evaluation.scores import Scored, ScoredItem, mean_rows, shown_columns

FORMAT = 1


@dataclass(frozen=True)
class Setup:
    """What was evaluated: a prepared folder and its name, the items' split, and the voice as it was asked for."""

    prepared: str
    dataset: str
    split: str
    voice: str
    acoustic: str
    device: str
    seed: int

    def facts(self) -> list[tuple[str, str]]:
        """(what, value) for the head of a page."""
        return [(name, str(value)) for name, value in asdict(self).items()]


def document(setup: Setup, items: Sequence[ScoredItem], warnings: Sequence[str]) -> dict[str, Any]:
    """Everything, with the scores in the units of `Scores`; None where there is no figure."""
    return {
        "format": FORMAT,
        **asdict(setup),
        "n_items": len(items),
        "systems": [_row(row) for row in mean_rows(items)],
        "items": [{"id": item.id, "text": item.text, "systems": [_row(row) for row in item.rows]} for item in items],
        "warnings": list(warnings),
    }


def table(items: Sequence[ScoredItem]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: the mean of each system over the items."""
    means = mean_rows(items)
    columns = shown_columns(means)
    rows = [[row.system.title, *(column.cell(row.scores) for column in columns)] for row in means]
    return ["system", *(column.heading for column in columns)], rows


def _row(row: Scored) -> dict[str, Any]:
    heard = {} if row.heard is None else {"heard": row.heard}
    return {"system": row.system.kind, "vocoder": row.system.vocoder, **row.scores.document(), **heard}
