"""The scores of utterances, their means, and a report of them as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from tts.evaluation.metrics import WordErrors

FORMAT = 1


@dataclass(frozen=True)
class EvaluationSetup:
    """What was evaluated: a prepared folder, its dataset's name, the split, and the voice with its options."""

    prepared: str
    dataset: str
    split: str
    voice: str
    acoustic: str
    device: str
    seed: int

    def facts(self) -> list[tuple[str, str]]:
        """(name, value) for the head of a page."""
        return [(name, str(value)) for name, value in asdict(self).items()]


@dataclass(frozen=True)
class Scores:
    """None: it was not measured, or does not apply to this system; docs/evaluation.md explains each score."""

    mcd: float | None = None
    """Mel-cepstral distortion, dB."""
    lsd: float | None = None
    """Log spectral distance, dB."""
    f0_cents: float | None = None
    """Root mean square error of F0, cents."""
    f0_correlation: float | None = None
    voicing_error: float | None = None
    """Share of frames, 0 to 1."""
    duration_ms: float | None = None
    """Mean absolute error of a symbol's duration, ms."""
    length_ratio: float | None = None
    """Seconds of speech per second of the recording's speech."""
    rtf: float | None = None
    """Seconds of work per second of audio."""
    wer: float | None = None
    """Word error rate; of several utterances, all their errors over all their words."""
    mos: float | None = None
    """Predicted mean opinion score, 1 to 5."""

    def document(self) -> dict[str, float | None]:
        return {name: None if value is None else round(value, 6) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class System:
    """Where speech comes from: the recording, its mel through a vocoder, or its text through the whole voice."""

    kind: Literal["recording", "copy", "full"]
    vocoder: str | None = None

    @property
    def title(self) -> str:
        return self.kind if self.vocoder is None else f"{self.kind}: {self.vocoder}"


@dataclass(frozen=True)
class ScoredUtterance:
    """One system's scores for one item; `transcript` is what the recogniser understood."""

    system: System
    scores: Scores
    word_errors: WordErrors | None = None
    transcript: str | None = None


@dataclass(frozen=True)
class ScoredItem:
    id: str
    text: str
    rows: tuple[ScoredUtterance, ...]


@dataclass(frozen=True)
class Column:
    """How a table shows one of the scores: its heading with the unit, a factor to that unit, and decimals."""

    key: str
    heading: str
    factor: float = 1.0
    decimals: int = 2

    def cell(self, scores: Scores) -> str:
        value = getattr(scores, self.key)
        return "-" if value is None else f"{self.factor * value:.{self.decimals}f}"


COLUMNS = (
    Column("mcd", "MCD dB"),
    Column("lsd", "LSD dB"),
    Column("f0_cents", "F0 cents", decimals=0),
    Column("f0_correlation", "F0 corr", decimals=3),
    Column("voicing_error", "voicing %", 100, 1),
    Column("duration_ms", "symbol ms", decimals=1),
    Column("length_ratio", "length", decimals=3),
    Column("rtf", "RTF", decimals=3),
    Column("wer", "WER %", 100, 1),
    Column("mos", "MOS"),
)


def mean_rows(items: Sequence[ScoredItem]) -> list[ScoredUtterance]:
    """For each system, in the order of the first item, its mean over the items."""
    means = []
    for system in [row.system for row in items[0].rows] if items else []:
        rows = [row for item in items for row in item.rows if row.system == system]
        scores: dict[str, float | None] = {}
        for field in fields(Scores):
            values = [value for row in rows if (value := getattr(row.scores, field.name)) is not None]
            scores[field.name] = sum(values) / len(values) if values else None
        errors = [row.word_errors for row in rows if row.word_errors is not None]
        total = WordErrors(sum(e.n_errors for e in errors), sum(e.n_words for e in errors)) if errors else None
        # A sentence of two words must not weigh as much as one of twenty.
        scores["wer"] = total.rate if total else None
        means.append(ScoredUtterance(system, Scores(**scores), total))
    return means


def shown_columns(rows: Sequence[ScoredUtterance]) -> list[Column]:
    """The columns in which at least one row has a value."""
    return [column for column in COLUMNS if any(getattr(row.scores, column.key) is not None for row in rows)]


def score_table(items: Sequence[ScoredItem]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: the mean of each system over the items."""
    means = mean_rows(items)
    columns = shown_columns(means)
    rows = [[row.system.title, *(column.cell(row.scores) for column in columns)] for row in means]
    return ["system", *(column.heading for column in columns)], rows


def score_document(setup: EvaluationSetup, items: Sequence[ScoredItem], warnings: Sequence[str]) -> dict[str, Any]:
    """All results as JSON values, in the units of `Scores`; None where there is no value."""

    def row_document(row: ScoredUtterance) -> dict[str, Any]:
        transcript = {} if row.transcript is None else {"heard": row.transcript}
        return {"system": row.system.kind, "vocoder": row.system.vocoder, **row.scores.document(), **transcript}

    return {
        "format": FORMAT,
        **asdict(setup),
        "n_items": len(items),
        "systems": [row_document(row) for row in mean_rows(items)],
        "items": [
            {"id": item.id, "text": item.text, "systems": [row_document(row) for row in item.rows]} for item in items
        ],
        "warnings": list(warnings),
    }
