"""A picture of a benchmark: a bar for each path of each stage, on one scale with real time and the machine's limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.benchmark.measuring import Timings
from tts.benchmark.report import Report, Row
from tts.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REFERENCE, _FAST, _LIMIT, _INK = "#b9bec7", "#1f6fb4", "#c8553d", "#333333"
_PLAIN_LABEL, _FAST_LABEL, _LIMIT_LABEL = "reference", "fast", "limit of this machine"
_BAR = 0.36
_WIDTH, _INCHES_A_ROW, _MARGIN_INCHES = 8.5, 0.72, 1.7


def draw(report: Report, path: Path) -> None:
    """Write the picture as PNG, whole or not at all."""
    # Its own figure object, not pyplot: that would look for a display.
    from matplotlib.figure import Figure

    rows = report.rows
    figure = Figure(figsize=(_WIDTH, _MARGIN_INCHES + _INCHES_A_ROW * len(rows)), layout="constrained")
    axes = figure.add_subplot(xscale="log", xlim=_scale(rows), ylim=(len(rows) - 0.5, -0.85))
    for place, row in enumerate(rows):
        _draw_row(axes, place, row)
    axes.axvline(1.0, color=_INK, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    axes.text(1.0, -0.68, " real time", color=_INK, fontsize=8, va="center")
    _dress(axes, [row.measured.workload.name for row in rows])
    figure.suptitle(_title(report), x=0.01, ha="left", fontsize=12, fontweight="bold")
    where = f"{report.machine.cpu}, {report.machine.cores} cores" if report.device == "cpu" else report.device
    axes.set_title(f"{where}, {report.threads} threads", loc="left", fontsize=9, color=_INK)
    shown = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    labels = [label for label in (_PLAIN_LABEL, _FAST_LABEL, _LIMIT_LABEL) if label in shown]
    handles = [shown[label] for label in labels]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9, frameon=False)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format="png", dpi=130, metadata={"Software": None})


def _scale(rows: Sequence[Row]) -> tuple[float, float]:
    """From a power of ten below everything to well above, where the figures beside the bars need room; 1 is in it."""
    timings = [timing for row in rows for timing in (row.measured.fast, row.measured.reference) if timing]
    values = [1.0, *(timing.rtf.median for timing in timings), *(row.limit.rtf for row in rows if row.limit)]
    low = 10.0 ** math.floor(math.log10(min(values)) - 0.15)
    decades = math.log10(max(values) / low)
    return low, low * 10.0 ** (decades * 1.32)


def _draw_row(axes: Axes, place: int, row: Row) -> None:
    reference, fast = row.measured.reference, row.measured.fast
    if reference is None:
        _draw_bar(axes, place, fast, _FAST, _FAST_LABEL)
    else:
        speedup = row.measured.speedup
        _draw_bar(axes, place - _BAR / 2, reference, _REFERENCE, _PLAIN_LABEL)
        factor = f"   {speedup.median:.3g} times faster" if speedup and speedup.median >= 1.05 else ""
        _draw_bar(axes, place + _BAR / 2, fast, _FAST, _FAST_LABEL, factor)
    if row.limit is not None:
        at = [row.limit.rtf] * 2
        axes.plot(at, [place - _BAR, place + _BAR], color=_LIMIT, linewidth=2, label=_LIMIT_LABEL, zorder=4)


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


def _dress(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names, fontsize=10)
    axes.set_xlabel("seconds of computing for a second of audio (left is faster)", fontsize=9)
    axes.grid(axis="x", color="#e6e8ec", zorder=0)
    axes.tick_params(axis="both", length=0)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _title(report: Report) -> str:
    if report.voice is not None:
        return f"{report.voice.voice}: real-time factor of each stage"
    row = report.rows[0]
    batch = f", {row.batch} utterances at once" if row.batch > 1 else ""
    return f"Real-time factor of networks, {row.precision}{batch}"
