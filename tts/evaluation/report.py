"""A report as a folder that a browser opens from disk: the table, and for each item its pictures and players.

The folder is written atomically. Importing this module loads neither PyTorch nor matplotlib.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tts.audio.writer import FORMATS, AudioWriter
from tts.dependencies import prepare_matplotlib
from tts.errors import TtsError
from tts.evaluation.scores import ScoredItem, ScoredUtterance, mean_rows, shown_columns
from tts.files import check_parent, folder_beside

if TYPE_CHECKING:
    from tts.evaluation.evaluator import EvaluatedItem

INDEX, DATA = "index.html", "report.json"

_INCHES_PER_SECOND = 1.6
_WIDTHS = (7.0, 40.0)
_MEL_INCHES, _PITCH_INCHES = 1.5, 2.4
_DYNAMIC_RANGE_DECIBELS = 80.0
_NEPERS_PER_DECIBEL = np.log(10) / 20
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 0.5rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
td.transcript { text-align: left; white-space: normal; }
audio { height: 2rem; vertical-align: middle; }
img { max-width: 100%; }
section { border-top: 2px solid #888; margin-top: 2rem; }
.wide { overflow-x: auto; }
"""


def can_draw() -> bool:
    """Whether matplotlib, of the extra [plot], is installed."""
    return find_spec("matplotlib") is not None


def check_report_folder(folder: Path) -> Path:
    """Return the real path of a report to write, after checking that it looks writable.

    Raises:
        TtsError: `folder` exists and is neither empty nor a report, or nothing can be created beside it.
    """
    target = Path(os.path.realpath(folder))
    if target.exists():
        is_replaceable = target.is_dir() and (
            not any(target.iterdir()) or all((target / name).is_file() for name in (INDEX, DATA))
        )
        if not is_replaceable:
            raise TtsError(f"{folder} exists and is no report: remove it first, or name another folder.")
    check_parent(target)
    return target


@contextmanager
def report_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder to write to; it replaces `folder` when the block ends without an exception.

    Raises:
        TtsError: see `check_report_folder`.
    """
    target = check_report_folder(folder)
    with folder_beside(target) as new:
        yield new
        if not target.exists():
            new.rename(target)
            return
        # The old report is removed only when the new one has its name.
        old = target.with_name(f"{new.name}-old")
        target.rename(old)
        try:
            new.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


class ReportPage:
    """Writes items to a folder one by one, so that memory holds one at a time, and at the end the page."""

    def __init__(self, folder: Path, frame_seconds: float) -> None:
        self._folder, self._frame_seconds = folder, frame_seconds
        self._items: list[ScoredItem] = []
        self._has_pictures = can_draw()
        (folder / "audio").mkdir()
        if self._has_pictures:
            (folder / "pictures").mkdir()

    def add(self, item: EvaluatedItem) -> None:
        number = len(self._items)
        for row, utterance in enumerate(item.utterances):
            with AudioWriter(self._folder / _audio_name(number, row), FORMATS["wav"]) as writer:
                writer.write(utterance.audio)
        if self._has_pictures:
            draw(item, self._frame_seconds, self._folder / _picture_name(number))
        self._items.append(item.scored)

    def finish(self, title: str, facts: Sequence[tuple[str, str]], data: str) -> None:
        """Write the page itself, with `facts` (name, value) below its title, and `data` as report.json."""
        (self._folder / DATA).write_text(data, encoding="utf-8")
        facts_html = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
        sections = ""
        for number, item in enumerate(self._items):
            players = [
                f'<audio controls preload="none" src="{_audio_name(number, row)}"></audio>'
                for row in range(len(item.rows))
            ]
            image = f'<img loading="lazy" src="{_picture_name(number)}" alt="Mel spectrograms and pitch">'
            picture = f'<div class="wide">{image}</div>' if self._has_pictures else ""
            head = f"<h2>{escape(item.id)}</h2><p>{escape(item.text)}</p>"
            sections += f"<section>{head}\n{_table(item.rows, players)}\n{picture}</section>\n"
        page = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n<dl>{facts_html}</dl>\n"
            f"<h2>Means over {len(self._items)} items</h2>\n{_table(mean_rows(self._items))}\n{sections}"
            "</body></html>\n"
        )
        (self._folder / INDEX).write_text(page, encoding="utf-8")


def _table(rows: Sequence[ScoredUtterance], players: Sequence[str] = ()) -> str:
    columns = shown_columns(rows)
    has_transcripts = any(row.transcript is not None for row in rows)
    headings = ["system", *(column.heading for column in columns)]
    headings += [*(["listen"] if players else []), *(["transcript"] if has_transcripts else [])]
    lines = ["".join(f"<th>{escape(heading)}</th>" for heading in headings)]
    for index, row in enumerate(rows):
        values = [row.system.title, *(column.cell(row.scores) for column in columns)]
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        cells += f"<td>{players[index]}</td>" if players else ""
        cells += f'<td class="transcript">{escape(row.transcript or "")}</td>' if has_transcripts else ""
        lines.append(cells)
    body = "".join(f"<tr>{line}</tr>\n" for line in lines)
    return f'<div class="wide"><table>{body}</table></div>'


def _audio_name(number: int, row: int) -> str:
    return f"audio/{number:03}-{row}.wav"


def _picture_name(number: int) -> str:
    return f"pictures/{number:03}.png"


def draw(item: EvaluatedItem, frame_seconds: float, path: Path) -> None:
    """Write a PNG of one item: the mel of the recording and of every system, and their F0 in the recording's time."""
    # A figure object of its own, not pyplot, which would look for a display.
    prepare_matplotlib()
    from matplotlib.figure import Figure

    utterances = item.utterances
    seconds = max(utterance.features.n_frames for utterance in utterances) * frame_seconds
    width = float(np.clip(_INCHES_PER_SECOND * seconds, *_WIDTHS))
    heights = [*[_MEL_INCHES] * len(utterances), _PITCH_INCHES]
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    axes = figure.subplots(len(heights), height_ratios=heights, sharex=True)

    loudest = max(float(utterance.features.log_mel.max()) for utterance in utterances)
    for utterance, mel_axes in zip(utterances, axes[:-1], strict=True):
        mel = utterance.features.log_mel
        mel_axes.imshow(
            mel,
            origin="lower",
            aspect="auto",
            extent=(0, mel.shape[1] * frame_seconds, 0, mel.shape[0]),
            vmin=loudest - _DYNAMIC_RANGE_DECIBELS * _NEPERS_PER_DECIBEL,
            vmax=loudest,
        )
        mel_axes.set_title(utterance.scored.system.title, loc="left", fontsize=9)
        mel_axes.set_ylabel("mel band")

    # The recording's F0 is broad and grey, the others' drawn over it; that of full synthesis is aligned to it.
    for utterance in utterances:
        f0 = utterance.aligned_f0
        is_recording = utterance.scored.system.kind == "recording"
        axes[-1].plot(
            np.arange(len(f0)) * frame_seconds,
            np.where(f0 > 0, f0, np.float32(np.nan)),
            color="0.75" if is_recording else None,
            linewidth=5 if is_recording else 1.2,
            label=utterance.scored.system.title,
        )
    axes[-1].set_title("F0 at the recording's time", loc="left", fontsize=9)
    axes[-1].set_ylabel("Hz")
    axes[-1].set(xlabel="seconds", xlim=(0, seconds))
    figure.legend(*axes[-1].get_legend_handles_labels(), loc="outside lower center", ncols=len(utterances), fontsize=8)
    figure.savefig(path, format="png", dpi=90, metadata={"Software": None})
