"""The figures of one utterance, their means, and how a table shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

from tts.evaluation.words import WordErrors


@dataclass(frozen=True)
class Scores:
    """None: it was not measured, or makes no sense for this system; docs/evaluation.md says what each means."""

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
    """Seconds of speech for a second of the recording's."""
    rtf: float | None = None
    """Seconds of work for a second of audio."""
    wer: float | None = None
    """Word error rate; of several utterances, their errors over their words."""
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
class Scored:
    """One system's figures for one item; `heard` is what the recogniser understood."""

    system: System
    scores: Scores
    word_errors: WordErrors | None = None
    heard: str | None = None


@dataclass(frozen=True)
class ScoredItem:
    id: str
    text: str
    rows: tuple[Scored, ...]


@dataclass(frozen=True)
class Column:
    """How a table shows one of the scores: its heading, with the unit, the factor to it, and the decimals."""

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


def mean_rows(items: Sequence[ScoredItem]) -> list[Scored]:
    """For each system, in the order of the first item, its mean over the items."""
    systems = [row.system for row in items[0].rows] if items else []
    return [_mean([row for item in items for row in item.rows if row.system == system]) for system in systems]


def shown_columns(rows: Sequence[Scored]) -> list[Column]:
    """The columns in which any row has a figure."""
    return [column for column in COLUMNS if any(getattr(row.scores, column.key) is not None for row in rows)]


def _mean(rows: Sequence[Scored]) -> Scored:
    means: dict[str, float | None] = {}
    for field in fields(Scores):
        values = [value for row in rows if (value := getattr(row.scores, field.name)) is not None]
        means[field.name] = sum(values) / len(values) if values else None
    errors = [row.word_errors for row in rows if row.word_errors is not None]
    total = WordErrors(sum(e.n_errors for e in errors), sum(e.n_words for e in errors)) if errors else None
    # A sentence of two words must not weigh as much as one of twenty.
    means["wer"] = total.rate if total else None
    return Scored(rows[0].system, Scores(**means), total)
