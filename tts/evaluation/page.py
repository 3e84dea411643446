"""A folder that a browser opens from disk: the table, and for each item its pictures and players."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from tts.audio.files import FORMATS, AudioWriter
from tts.audio.waveform import Audio
from tts.evaluation.evaluator import EvaluatedItem
from tts.evaluation.extras import can_draw
from tts.evaluation.folder import DATA, INDEX
from tts.evaluation.pictures import draw
from tts.evaluation.scores import Scored, ScoredItem, mean_rows, shown_columns

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
            f"<h2>Means over {len(self._items)} items</h2>\n{_table(mean_rows(self._items))}\n{sections}"
            "</body></html>\n"
        )
        (self._folder / INDEX).write_text(page, encoding="utf-8")

    def _section(self, number: int, item: ScoredItem) -> str:
        players = [
            f'<audio controls preload="none" src="{_audio_name(number, place)}"></audio>'
            for place in range(len(item.rows))
        ]
        image = f'<img loading="lazy" src="{_picture_name(number)}" alt="Mel spectrograms and pitch">'
        picture = f'<div class="wide">{image}</div>' if self._has_pictures else ""
        head = f"<h2>{escape(item.id)}</h2><p>{escape(item.text)}</p>"
        return f"<section>{head}\n{_table(item.rows, players)}\n{picture}</section>\n"


def _table(rows: Sequence[Scored], players: Sequence[str] = ()) -> str:
    columns = shown_columns(rows)
    has_heard = any(row.heard is not None for row in rows)
    headings = ["system", *(column.heading for column in columns)]
    headings += [*(["listen"] if players else []), *(["heard"] if has_heard else [])]
    lines = ["".join(f"<th>{escape(heading)}</th>" for heading in headings)]
    for place, row in enumerate(rows):
        cells = "".join(
            f"<td>{escape(cell)}</td>" for cell in (row.system.title, *(c.cell(row.scores) for c in columns))
        )
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
