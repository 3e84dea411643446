"""A benchmark's report: the machine, one JSON document, the tables and the plot."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.benchmark.measuring import ColdStart, Measured, Process, Spread, Timings
from tts.dependencies import prepare_matplotlib
from tts.files import atomic_write
from tts.kernels.execution import available_cores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tts.benchmark.costs import Cost, Limit, Limits

# Those of the processor's instruction sets that multiply many numbers at once.
VECTOR_INSTRUCTIONS = ("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
ARM_INSTRUCTIONS = ("asimd", "asimddp", "bf16", "i8mm", "sve", "sve2")
PACKAGES = ("torch", "numpy", "numba", "onnxruntime")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


@dataclass(frozen=True)
class Machine:
    """The machine as far as it matters for speed; caches in KB by name ("L1d", "L2", …), those of the first core."""

    cpu: str
    cores: int
    instructions: tuple[str, ...]
    caches_kb: dict[str, int]
    memory_gb: float | None
    system: str
    python: str
    packages: dict[str, str]

    def sentence(self) -> str:
        """The processor in one line."""
        caches = ", ".join(f"{name} {size} KB" for name, size in self.caches_kb.items())
        cores = f"{self.cores} core{'s' if self.cores > 1 else ''}"
        return "; ".join(part for part in (self.cpu, cores, " ".join(self.instructions), caches) if part)


def this_machine() -> Machine:
    """This machine by the system's own files; what they do not contain is None or empty."""
    facts = _cpu_facts(_content(Path("/proc/cpuinfo")))
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    memory = _cpu_facts(_content(Path("/proc/meminfo"))).get("MemTotal", "").removesuffix(" kB")
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return Machine(
        cpu=facts.get("model name") or platform.processor() or platform.machine(),
        cores=available_cores(),
        instructions=tuple(name for name in (*VECTOR_INSTRUCTIONS, *ARM_INSTRUCTIONS) if name in flags),
        caches_kb=_caches(_CACHES),
        memory_gb=round(int(memory) / 2**20, 1) if memory.isdecimal() else None,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages=packages,
    )


def _cpu_facts(content: str) -> dict[str, str]:
    """The lines "name : value"; of a repeated name, the first."""
    facts: dict[str, str] = {}
    for line in content.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            facts.setdefault(name.strip(), value.strip())
    return facts


def _caches(folder: Path) -> dict[str, int]:
    """Data caches, the smallest first: {"L1d": 32, "L2": 512, …} in KB."""
    found = {}
    for cache in sorted(folder.glob("index*")):
        level, kind, size = (_content(cache / name).strip() for name in ("level", "type", "size"))
        if kind in ("Data", "Unified") and size.endswith("K"):
            found[f"L{level}{'d' if kind == 'Data' else ''}"] = int(size[:-1])
    return found


def _content(path: Path) -> str:
    if not os.access(path, os.R_OK):
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


FORMAT = 1
Table = tuple[list[str], list[list[str]]]


@dataclass(frozen=True)
class BenchmarkRow:
    """One measured stage or network; `runtime` and `precision` of the fast path.

    What a stage does not have, or what was not requested, is None.
    """

    measured: Measured
    precision: str | None
    runtime: str | None
    batch: int = 1
    weights: int | None = None
    cost: Cost | None = None
    limit: Limit | None = None

    @property
    def reached(self) -> float | None:
        """The fast path's speed as a share of the limit."""
        return self.limit.rtf / self.measured.fast.rtf.median if self.limit else None

    def document(self) -> dict[str, Any]:
        measured = self.measured
        return {
            "name": measured.workload.name,
            "stage": measured.workload.stage,
            "engine": self.runtime,
            "precision": self.precision,
            "batch": self.batch,
            "weights": self.weights,
            "reference": _timings_document(measured.reference) if measured.reference else None,
            "fast": _timings_document(measured.fast),
            "speedup": asdict(measured.speedup) if measured.speedup else None,
            "difference": asdict(measured.difference) if measured.difference else None,
            "cost": self.cost
            and {"gflop": self.cost.gflop, "steps": self.cost.steps, "step_weights": self.cost.step_weights},
            "limit": self.limit and {**asdict(self.limit), "rtf": self.limit.rtf, "reached": self.reached},
        }


@dataclass(frozen=True)
class VoiceFacts:
    """The measured voice, and what belongs to none of its stages; `peak_mb` is without the reference."""

    voice: str
    networks: tuple[str, ...]
    """An acoustic model and a vocoder, or one network from text to samples."""
    runtimes: str
    lines: int
    characters: int
    load_seconds: float
    peak_mb: float
    first_audio_ms: Spread
    cold_start: ColdStart | None = None

    def document(self) -> dict[str, Any]:
        facts = {
            name: value
            for name, value in asdict(self).items()
            if name not in ("networks", "first_audio_ms", "cold_start")
        }
        cold = self.cold_start
        acoustic, vocoder = self.networks if len(self.networks) > 1 else (None, None)
        return {
            **facts,
            "acoustic": acoustic,
            "vocoder": vocoder,
            "first_audio_ms": asdict(self.first_audio_ms),
            "cold_start": cold
            and {
                "hello": _process_document(cold.hello),
                "import_torch": _process_document(cold.import_torch),
                "ratio": asdict(_ratio(cold)),
            },
        }

    def facts(self) -> list[tuple[str, str]]:
        facts = [
            ("voice", f"{self.voice}, {' and '.join(self.networks)} by {self.runtimes}"),
            ("first audio", f"{_spread_cell(self.first_audio_ms)} ms"),
            ("loading", f"{self.load_seconds:.2f} s"),
            ("peak memory", f"{self.peak_mb:,.0f} MB"),
        ]
        if (cold := self.cold_start) is not None:
            for name, processes in (("Hello world.", cold.hello), ("import torch", cold.import_torch)):
                seconds = Spread.of([process.seconds for process in processes])
                peak = max(process.peak_mb for process in processes)
                facts.append((f"process, {name}", f"{_spread_cell(seconds)} s, {peak:,.0f} MB"))
            facts.append(("their ratio", _spread_cell(_ratio(cold))))
        return facts


@dataclass(frozen=True)
class Report:
    machine: Machine
    device: str
    threads: int
    repeat: int
    rows: Sequence[BenchmarkRow]
    limits: Limits | None = None
    voice: VoiceFacts | None = None
    warnings: Sequence[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Everything as JSON; None where there is no figure."""
        return {
            "format": FORMAT,
            "machine": asdict(self.machine),
            "device": self.device,
            "threads": self.threads,
            "repeat": self.repeat,
            "limits": asdict(self.limits) if self.limits else None,
            "voice": self.voice.document() if self.voice else None,
            "stages": [row.document() for row in self.rows],
            "warnings": list(self.warnings),
        }

    def stage_table(self) -> Table:
        """Real-time factors of both paths, and how they compare; empty columns are omitted."""

        def difference(measured: Measured) -> str:
            if measured.difference is not None:
                return f"{measured.difference.largest:.1e}"
            return "other length" if measured.reference is not None and measured.workload.plain else ""

        columns = {
            "stage": [row.measured.workload.name for row in self.rows],
            "reference": [_rtf_cell(row.measured.reference) for row in self.rows],
            "on": [_seconds_cell(row.measured.reference) for row in self.rows],
            "fast": [_rtf_cell(row.measured.fast) for row in self.rows],
            "on ": [_seconds_cell(row.measured.fast) for row in self.rows],
            "times faster": [_spread_cell(row.measured.speedup) if row.measured.speedup else "" for row in self.rows],
            "difference": [difference(row.measured) for row in self.rows],
            "peak MB": [f"{row.measured.fast.peak_mb:,.0f}" for row in self.rows],
            "limit": [f"{row.limit.rtf:.3g}" if row.limit else "" for row in self.rows],
            "reached": [f"{row.reached:.0%}" if row.reached is not None else "" for row in self.rows],
        }
        shown = {name: cells for name, cells in columns.items() if any(cells)}
        return [name.strip() for name in shown], [list(cells) for cells in zip(*shown.values(), strict=True)]

    def fact_table(self) -> Table:
        """What belongs to no stage: the voice, the machine and its limits."""
        facts = self.voice.facts() if self.voice else []
        if self.limits:
            facts.append((f"matrix products, {self.limits.products}", f"{self.limits.gflop_per_second:.0f} GFLOP/s"))
            rates = f"{self.limits.read_gb_per_second:.0f} GB/s read, {self.limits.copy_gb_per_second:.0f} GB/s copied"
            facts.append(("memory", rates))
        plural = "s" if self.threads > 1 else ""
        facts.append(("computed on", f"{self.device}, {self.threads} thread{plural}, {self.repeat} runs"))
        facts.append(("machine", self.machine.sentence()))
        return ["what", ""], [list(fact) for fact in facts]


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


def _rtf_cell(timings: Timings | None) -> str:
    return _spread_cell(timings.rtf) if timings else ""


def _seconds_cell(timings: Timings | None) -> str:
    return f"{timings.audio_seconds:.3g} s" if timings else ""


def _spread_cell(spread: Spread) -> str:
    """The median, followed by the lowest and the highest where they differ."""
    if spread.low == spread.high:
        return f"{spread.median:.3g}"
    return f"{spread.median:.3g} ({spread.low:.3g}–{spread.high:.3g})"


_REFERENCE, _FAST, _LIMIT, _INK = "#b9bec7", "#1f6fb4", "#c8553d", "#333333"
_PLAIN_LABEL, _FAST_LABEL, _LIMIT_LABEL = "reference", "fast", "limit of this machine"
_BAR = 0.36
_WIDTH, _INCHES_PER_ROW, _MARGIN_INCHES = 8.5, 0.72, 1.7


def draw(report: Report, path: Path) -> None:
    """Plot a bar for each path of each stage, with real time and the machine's limit; an atomic PNG file."""
    # A figure object, not pyplot, which would look for a display.
    prepare_matplotlib()
    from matplotlib.figure import Figure

    rows = report.rows
    figure = Figure(figsize=(_WIDTH, _MARGIN_INCHES + _INCHES_PER_ROW * len(rows)), layout="constrained")
    axes = figure.add_subplot(xscale="log", xlim=_scale(rows), ylim=(len(rows) - 0.5, -0.85))
    for y, row in enumerate(rows):
        _draw_row(axes, y, row)
    axes.axvline(1.0, color=_INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    axes.text(1.0, -0.68, " real time", color=_INK, fontsize=8, va="center")

    axes.set_yticks(range(len(rows)), [row.measured.workload.name for row in rows], fontsize=10)
    axes.set_xlabel("seconds of computing for a second of audio (left is faster)", fontsize=9)
    axes.grid(axis="x", color="#e6e8ec", zorder=0)
    axes.tick_params(axis="both", length=0)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)

    if report.voice is not None:
        title = f"{report.voice.voice}: real-time factor of each stage"
    else:
        batch = f", {rows[0].batch} utterances at once" if rows[0].batch > 1 else ""
        title = f"Real-time factor of networks, {rows[0].precision}{batch}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    where = f"{report.machine.cpu}, {report.machine.cores} cores" if report.device == "cpu" else report.device
    axes.set_title(f"{where}, {report.threads} threads", loc="left", fontsize=9, color=_INK)
    shown = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    labels = [label for label in (_PLAIN_LABEL, _FAST_LABEL, _LIMIT_LABEL) if label in shown]
    handles = [shown[label] for label in labels]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9, frameon=False)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})


def _scale(rows: Sequence[BenchmarkRow]) -> tuple[float, float]:
    """From a power of ten below all values to well above, for the figures beside the bars; it includes 1."""
    timings = [timing for row in rows for timing in (row.measured.fast, row.measured.reference) if timing]
    values = [1.0, *(timing.rtf.median for timing in timings), *(row.limit.rtf for row in rows if row.limit)]
    low = 10.0 ** math.floor(math.log10(min(values)) - 0.15)
    decades = math.log10(max(values) / low)
    return low, low * 10.0 ** (decades * 1.32)


def _draw_row(axes: Axes, y: int, row: BenchmarkRow) -> None:
    reference, fast = row.measured.reference, row.measured.fast
    if reference is None:
        _draw_bar(axes, y, fast, _FAST, _FAST_LABEL)
    else:
        speedup = row.measured.speedup
        _draw_bar(axes, y - _BAR / 2, reference, _REFERENCE, _PLAIN_LABEL)
        factor = f"   {speedup.median:.3g} times faster" if speedup and speedup.median >= 1.05 else ""
        _draw_bar(axes, y + _BAR / 2, fast, _FAST, _FAST_LABEL, factor)
    if row.limit is not None:
        at = [row.limit.rtf] * 2
        axes.plot(at, [y - _BAR, y + _BAR], color=_LIMIT, linewidth=2, label=_LIMIT_LABEL, zorder=4)


def _draw_bar(axes: Axes, y: float, timings: Timings, color: str, label: str, comment: str = "") -> None:
    rtf, low = timings.rtf, axes.get_xlim()[0]
    spread = [[rtf.median - rtf.low], [rtf.high - rtf.median]]
    style = {"ecolor": _INK, "elinewidth": 1.0}
    bar: dict[str, Any] = {"left": low, "height": _BAR, "color": color, "label": label, "zorder": 2}
    axes.barh(y, rtf.median - low, xerr=spread, error_kw=style, **bar)
    axes.annotate(
        f"{rtf.median:.3g}{comment}",
        (rtf.high, y),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        color=_INK,
        zorder=5,
    )
