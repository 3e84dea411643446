"""What a benchmark says in the end: one document, of which the tables and the plot show parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tts.benchmark.machine import Machine
from tts.benchmark.measuring import Measured, Spread, Timings
from tts.benchmark.processes import ColdStart, Process

if TYPE_CHECKING:
    from tts.benchmark.costs import Cost
    from tts.benchmark.limits import Limit, Limits

FORMAT = 1
Table = tuple[list[str], list[list[str]]]


@dataclass(frozen=True)
class Row:
    """One stage or network as it was measured; `engine` and `precision` of the fast path.

    What a stage has not, or nobody asked for, is None.
    """

    measured: Measured
    precision: str | None
    engine: str | None
    batch: int = 1
    weights: int | None = None
    cost: Cost | None = None
    limit: Limit | None = None

    @property
    def reached(self) -> float | None:
        """Of the speed that this machine allows, the share that the fast path has."""
        return self.limit.rtf / self.measured.fast.rtf.median if self.limit else None


@dataclass(frozen=True)
class SpokenBy:
    """The voice that was measured, and what is measured of it as a whole; `peak_mb` is without the reference."""

    voice: str
    acoustic: str
    vocoder: str
    engines: str
    lines: int
    characters: int
    load_seconds: float
    peak_mb: float
    first_audio_ms: Spread
    cold_start: ColdStart | None = None


@dataclass(frozen=True)
class Report:
    machine: Machine
    device: str
    threads: int
    repeat: int
    rows: Sequence[Row]
    limits: Limits | None = None
    voice: SpokenBy | None = None
    warnings: Sequence[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Everything; None where there is no figure."""
        return {
            "format": FORMAT,
            "machine": asdict(self.machine),
            "device": self.device,
            "threads": self.threads,
            "repeat": self.repeat,
            "limits": asdict(self.limits) if self.limits else None,
            "voice": _voice_document(self.voice) if self.voice else None,
            "stages": [_row_document(row) for row in self.rows],
            "warnings": list(self.warnings),
        }

    def stage_table(self) -> Table:
        """Real-time factors of both paths, and how they compare; columns that are empty throughout are left out."""
        columns = {
            "stage": [row.measured.workload.name for row in self.rows],
            "reference": [_rtf_cell(row.measured.reference) for row in self.rows],
            "on": [_seconds_cell(row.measured.reference) for row in self.rows],
            "fast": [_rtf_cell(row.measured.fast) for row in self.rows],
            "on ": [_seconds_cell(row.measured.fast) for row in self.rows],
            "times faster": [_speedup_cell(row.measured.speedup) for row in self.rows],
            "difference": [_difference_cell(row.measured) for row in self.rows],
            "peak MB": [f"{row.measured.fast.peak_mb:,.0f}" for row in self.rows],
            "limit": [f"{row.limit.rtf:.3g}" if row.limit else "" for row in self.rows],
            "reached": [f"{row.reached:.0%}" if row.reached is not None else "" for row in self.rows],
        }
        shown = {name: cells for name, cells in columns.items() if any(cells)}
        return [name.strip() for name in shown], [list(cells) for cells in zip(*shown.values(), strict=True)]

    def fact_table(self) -> Table:
        """What belongs to no stage: the voice as a whole, the machine and its limits."""
        facts = _voice_facts(self.voice) if self.voice else []
        if self.limits:
            facts.append(
                (f"products of matrices, {self.limits.products}", f"{self.limits.gflop_per_second:.0f} GFLOP/s")
            )
            rates = f"{self.limits.read_gb_per_second:.0f} GB/s read, {self.limits.copy_gb_per_second:.0f} GB/s copied"
            facts.append(("memory", rates))
        plural = "s" if self.threads > 1 else ""
        facts.append(("computed on", f"{self.device}, {self.threads} thread{plural}, {self.repeat} runs"))
        facts.append(("machine", self.machine.sentence()))
        return ["what", ""], [list(fact) for fact in facts]


def _voice_facts(voice: SpokenBy) -> list[tuple[str, str]]:
    facts = [
        ("voice", f"{voice.voice}, {voice.acoustic} and {voice.vocoder} by {voice.engines}"),
        ("first audio", f"{_spread_cell(voice.first_audio_ms)} ms"),
        ("loading", f"{voice.load_seconds:.2f} s"),
        ("most memory", f"{voice.peak_mb:,.0f} MB"),
    ]
    if (cold := voice.cold_start) is not None:
        hello, torch = (_process_cell(processes) for processes in (cold.hello, cold.import_torch))
        facts += [("whole process, Hello world.", hello), ("import torch", torch)]
        facts.append(("the one over the other", f"{_spread_cell(_ratio(cold))} times"))
    return facts


def _voice_document(voice: SpokenBy) -> dict[str, Any]:
    told = {name: value for name, value in asdict(voice).items() if name not in ("first_audio_ms", "cold_start")}
    cold = voice.cold_start
    return {
        **told,
        "first_audio_ms": asdict(voice.first_audio_ms),
        "cold_start": cold
        and {
            "hello": _process_document(cold.hello),
            "import_torch": _process_document(cold.import_torch),
            "ratio": asdict(_ratio(cold)),
        },
    }


def _row_document(row: Row) -> dict[str, Any]:
    measured = row.measured
    return {
        "name": measured.workload.name,
        "stage": measured.workload.stage,
        "engine": row.engine,
        "precision": row.precision,
        "batch": row.batch,
        "weights": row.weights,
        "reference": _timings_document(measured.reference) if measured.reference else None,
        "fast": _timings_document(measured.fast),
        "speedup": asdict(measured.speedup) if measured.speedup else None,
        "difference": asdict(measured.difference) if measured.difference else None,
        "cost": row.cost and {"gflop": row.cost.gflop, "steps": row.cost.steps, "step_weights": row.cost.step_weights},
        "limit": row.limit and {**asdict(row.limit), "rtf": row.limit.rtf, "reached": row.reached},
    }


def _timings_document(timings: Timings) -> dict[str, Any]:
    return {
        "rtf": asdict(timings.rtf),
        "audio_seconds": timings.audio_seconds,
        "first_seconds": timings.first_seconds,
        "peak_mb": timings.peak_mb,
    }


def _process_document(processes: Sequence[Process]) -> dict[str, Any]:
    return {
        "seconds": asdict(Spread.of([process.seconds for process in processes])),
        "peak_mb": asdict(Spread.of([process.peak_mb for process in processes])),
    }


def _ratio(cold: ColdStart) -> Spread:
    return Spread.of([one.seconds / other.seconds for one, other in zip(cold.hello, cold.import_torch, strict=True)])


def _process_cell(processes: Sequence[Process]) -> str:
    seconds = Spread.of([process.seconds for process in processes])
    return f"{_spread_cell(seconds)} s, {max(process.peak_mb for process in processes):,.0f} MB"


def _rtf_cell(timings: Timings | None) -> str:
    return _spread_cell(timings.rtf) if timings else ""


def _seconds_cell(timings: Timings | None) -> str:
    return f"{timings.audio_seconds:.3g} s" if timings else ""


def _speedup_cell(speedup: Spread | None) -> str:
    return _spread_cell(speedup) if speedup else ""


def _difference_cell(measured: Measured) -> str:
    if measured.difference is not None:
        return f"{measured.difference.largest:.1e}"
    return "other length" if measured.reference is not None and measured.workload.plain else ""


def _spread_cell(spread: Spread) -> str:
    """The median, and the lowest and the highest behind it where there are several."""
    if spread.low == spread.high:
        return f"{spread.median:.3g}"
    return f"{spread.median:.3g} ({spread.low:.3g}–{spread.high:.3g})"
