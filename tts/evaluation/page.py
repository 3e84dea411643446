"""A folder that a browser opens from disk: the table, and for each item its pictures and players."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path

from tts.audio.files import FORMATS, AudioWriter
from tts.audio.waveform import Audio
from tts.errors import TtsError
from tts.evaluation.evaluator import EvaluatedItem
from tts.evaluation.pictures import can_draw, draw
from tts.evaluation.scores import Scored, ScoredItem, mean_rows, shown_columns

INDEX, DATA = "index.html", "report.json"

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 0.5rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.8rem; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
td.heard { text-align: left; white-space: normal; }
audio { height: 2rem; vertical-align: middle; }
img { max-width: 100%; }
section { border-top: 2px solid #888; margin-top: 2rem; }
.wide { overflow-x: auto; }
"""


def check_report_folder(folder: Path) -> Path:
    """The real path of a report to write, refused early where it can be seen that writing will fail.

    Raises:
        TtsError: something else stands there, or nothing can be made beside it.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and not _is_report(target):
        raise TtsError(f"{folder} is there and is no report: remove it first, or name another folder.")
    if not target.parent.is_dir():
        raise TtsError(f"The folder {target.parent} does not exist; make it first, or write elsewhere.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise TtsError(f"The folder {target.parent} is write-protected; write elsewhere.")
    return target


@contextmanager
def report_folder(folder: Path) -> Iterator[Path]:
    """A new folder to write to, which becomes `folder` when the block ends well and is gone when it does not.

    Raises:
        TtsError: see `check_report_folder`.
    """
    target = check_report_folder(folder)
    making = target.with_name(f".tts-{os.urandom(6).hex()}")
    try:
        making.mkdir()
        yield making
        _replace(target, making)
    finally:
        # After Ctrl-C too.
        shutil.rmtree(making, ignore_errors=True)


class Page:
    """Collects items in a folder, each written as it comes, so that memory holds one at a time."""

    def __init__(self, folder: Path, frame_seconds: float) -> None:
        self._folder, self._frame_seconds = folder, frame_seconds
        self._items: list[ScoredItem] = []
        self._has_pictures = can_draw()
        (folder / "audio").mkdir()
        if self._has_pictures:
            (folder / "pictures").mkdir()

    def add(self, item: EvaluatedItem) -> None:
        number = len(self._items)
        for place, utterance in enumerate(item.utterances):
            _write_wav(self._folder / _audio_name(number, place), utterance.audio)
        if self._has_pictures:
            draw(item, self._frame_seconds, self._folder / _picture_name(number))
        self._items.append(item.scored)

    def finish(self, title: str, facts: Sequence[tuple[str, str]], data: str) -> None:
        """Write the page itself, with `facts` (what, value) below its title, and `data` as report.json."""
        (self._folder / DATA).write_text(data, encoding="utf-8")
        listed = "".join(f"<dt>{escape(what)}</dt><dd>{escape(value)}</dd>" for what, value in facts)
        sections = "".join(self._section(number, item) for number, item in enumerate(self._items))
        page = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n<dl>{listed}</dl>\n"
            f"<h2>Means over {len(self._items)} items</h2>\n{_table(mean_rows(self._items))}\n{sections}</body></html>\n"
        )
        (self._folder / INDEX).write_text(page, encoding="utf-8")

    def _section(self, number: int, item: ScoredItem) -> str:
        players = [
            f'<audio controls preload="none" src="{_audio_name(number, place)}"></audio>'
            for place in range(len(item.rows))
        ]
        picture = (
            f'<div class="wide"><img loading="lazy" src="{_picture_name(number)}" alt="mel spectrograms and pitch"></div>'
            if self._has_pictures
            else ""
        )
        head = f"<h2>{escape(item.id)}</h2><p>{escape(item.text)}</p>"
        return f"<section>{head}\n{_table(item.rows, players)}\n{picture}</section>\n"


def _table(rows: Sequence[Scored], players: Sequence[str] = ()) -> str:
    columns = shown_columns(rows)
    has_heard = any(row.heard is not None for row in rows)
    headings = ["system", *(column.heading for column in columns)]
    headings += [*(["listen"] if players else []), *(["heard"] if has_heard else [])]
    lines = ["".join(f"<th>{escape(heading)}</th>" for heading in headings)]
    for place, row in enumerate(rows):
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (row.system.title, *(c.cell(row.scores) for c in columns)))
        cells += f"<td>{players[place]}</td>" if players else ""
        cells += f'<td class="heard">{escape(row.heard or "")}</td>' if has_heard else ""
        lines.append(cells)
    body = "".join(f"<tr>{line}</tr>\n" for line in lines)
    return f'<div class="wide"><table>{body}</table></div>'


def _audio_name(number: int, place: int) -> str:
    return f"audio/{number:03}-{place}.wav"


def _picture_name(number: int) -> str:
    return f"pictures/{number:03}.png"


def _write_wav(path: Path, audio: Audio) -> None:
    with AudioWriter(path, FORMATS["wav"]) as writer:
        writer.write(audio)


def _is_report(folder: Path) -> bool:
    """Whether a folder is empty, or an earlier report, which may go."""
    if not folder.is_dir():
        return False
    return not any(folder.iterdir()) or all((folder / name).is_file() for name in (INDEX, DATA))


def _replace(target: Path, made: Path) -> None:
    """Put the finished folder in place; what stood there goes only when the new one stands."""
    if not target.exists():
        made.rename(target)
        return
    old = target.with_name(f"{made.name}-old")
    target.rename(old)
    try:
        made.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
