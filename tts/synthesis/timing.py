"""When each sentence, word and phoneme is heard, and the files that say so: SRT, WebVTT, JSON, Praat TextGrid.

Pure functions over seconds; nothing here knows a network or a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tts.errors import UsageError

# What separates or decorates words in a phoneme string without being heard itself.
_SILENT = frozenset(" !\"(),.:;?'-—…¡¿«»“”^$_")
# Voices that read spelling have these inside words: "it's", "well-known".
_INSIDE_WORDS = frozenset("'-")
TIMING_SUFFIXES = (".srt", ".vtt", ".json", ".TextGrid")
# Praat and the subtitle formats are read by eye; a microsecond is far below any frame.
_DIGITS = 6


@dataclass(frozen=True)
class Mark:
    """A phoneme symbol and when it is heard, in seconds."""

    symbol: str
    start: float
    end: float


@dataclass(frozen=True)
class Span:
    """A stretch of speech and when it is heard, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class TimedSentence:
    """A sentence as written, its phonemes, when it is heard, and its marks; all in seconds of the whole audio."""

    text: str
    phonemes: str
    start: float
    end: float
    marks: tuple[Mark, ...]

    @property
    def words(self) -> tuple[Span, ...]:
        return words(self.marks)


def timed_sentence(text: str, phonemes: str, marks: Sequence[Mark], offset: float, seconds: float) -> TimedSentence:
    """Place a sentence whose marks count from its own start at `offset` seconds of the whole.

    It lasts from its first mark to its last, so that the silence around it is nobody's; without marks, for the
    `seconds` of its audio.
    """
    placed = tuple(Mark(mark.symbol, mark.start + offset, mark.end + offset) for mark in marks)
    start, end = (placed[0].start, placed[-1].end) if placed else (offset, offset + seconds)
    return TimedSentence(text, phonemes, start, end, placed)


def words(marks: Iterable[Mark]) -> tuple[Span, ...]:
    """The words that blanks separate, as symbols without punctuation; stretches without a sound are left out.

    Symbols of several characters (ARPAbet) have a blank between them.
    """
    found = []
    for is_blank, run in groupby(marks, key=lambda mark: mark.symbol.isspace()):
        heard = [] if is_blank else _without_marks(list(run))
        if heard:
            symbols = [mark.symbol for mark in heard]
            text = (" " if max(map(len, symbols)) > 1 else "").join(symbols)
            found.append(Span(text, heard[0].start, heard[-1].end))
    return tuple(found)


def _without_marks(word: list[Mark]) -> list[Mark]:
    """A word's marks from its first sound to its last, without punctuation, but with the signs that spelling uses."""
    sounds = [i for i, mark in enumerate(word) if mark.symbol not in _SILENT]
    if not sounds:
        return []
    return [mark for mark in word[sounds[0] : sounds[-1] + 1] if mark.symbol not in _SILENT - _INSIDE_WORDS]


def timing_format(path: str | Path) -> str:
    """The suffix of a timings file, in the spelling of `TIMING_SUFFIXES`.

    Raises:
        UsageError: it is none of them.
    """
    suffix = Path(path).suffix
    for known in TIMING_SUFFIXES:
        if suffix.lower() == known.lower():
            return known
    raise UsageError(f"Timings are written as {', '.join(TIMING_SUFFIXES)}, and {str(path)!r} ends in none of these.")


def timings_text(sentences: Sequence[TimedSentence], seconds: float, suffix: str) -> str:
    """The contents of a timings file; `seconds` is the length of the whole audio."""
    if suffix == ".srt":
        return srt(sentences)
    if suffix == ".vtt":
        return vtt(sentences)
    if suffix == ".json":
        return timings_json(sentences, seconds)
    return textgrid(sentences, seconds)


def srt(sentences: Sequence[TimedSentence]) -> str:
    """SubRip subtitles, a cue a sentence."""
    cues = (
        f"{number}\n{_clock(s.start, ',')} --> {_clock(s.end, ',')}\n{_one_line(s.text)}\n"
        for number, s in enumerate(sentences, 1)
    )
    return "\n".join(cues)


def vtt(sentences: Sequence[TimedSentence]) -> str:
    """WebVTT subtitles, a cue a sentence; what its text format reserves is escaped."""
    cues = (f"{_clock(s.start, '.')} --> {_clock(s.end, '.')}\n{_escaped(_one_line(s.text))}\n" for s in sentences)
    return "\n".join(["WEBVTT\n", *cues])


def timings_json(sentences: Sequence[TimedSentence], seconds: float) -> str:
    """One document: the length, and for each sentence its words and phonemes."""
    document = {"seconds": _rounded(seconds), "sentences": [_sentence_record(s) for s in sentences]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def textgrid(sentences: Sequence[TimedSentence], seconds: float) -> str:
    """A Praat TextGrid in the long text format, with the tiers sentences, words and phonemes."""
    tiers = {
        "sentences": [Span(_one_line(s.text), s.start, s.end) for s in sentences],
        "words": [word for s in sentences for word in s.words],
        "phonemes": [Span(m.symbol, m.start, m.end) for s in sentences for m in s.marks if not m.symbol.isspace()],
    }
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {_number(seconds)}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for index, (name, spans) in enumerate(tiers.items(), 1):
        lines += _tier(index, name, spans, seconds)
    return "\n".join(lines) + "\n"


def _tier(index: int, name: str, spans: Sequence[Span], seconds: float) -> list[str]:
    intervals = list(_tiled(spans, seconds))
    lines = [f"    item [{index}]:", '        class = "IntervalTier"', f'        name = "{name}"']
    lines += ["        xmin = 0", f"        xmax = {_number(seconds)}", f"        intervals: size = {len(intervals)}"]
    for number, span in enumerate(intervals, 1):
        text = span.text.replace('"', '""')
        lines += [f"        intervals [{number}]:", f"            xmin = {_number(span.start)}"]
        lines += [f"            xmax = {_number(span.end)}", f'            text = "{text}"']
    return lines


def _tiled(spans: Sequence[Span], seconds: float) -> Iterator[Span]:
    """The spans with empty ones between them: Praat wants a tier covered from end to end, without empty intervals."""
    reached, whole = 0.0, _rounded(seconds)
    for span in spans:
        start, end = max(_rounded(span.start), reached), min(_rounded(span.end), whole)
        if end <= start:
            continue
        if start > reached:
            yield Span("", reached, start)
        yield Span(span.text, start, end)
        reached = end
    if reached < whole:
        yield Span("", reached, whole)


def _sentence_record(sentence: TimedSentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "phonemes": sentence.phonemes,
        "start": _rounded(sentence.start),
        "end": _rounded(sentence.end),
        "words": [{"phonemes": w.text, "start": _rounded(w.start), "end": _rounded(w.end)} for w in sentence.words],
        "marks": [{"symbol": m.symbol, "start": _rounded(m.start), "end": _rounded(m.end)} for m in sentence.marks],
    }


def _clock(seconds: float, decimal_mark: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{decimal_mark}{rest % 1000:03}"


def _one_line(text: str) -> str:
    """A blank line would end a cue."""
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _rounded(seconds: float) -> float:
    return round(seconds, _DIGITS)


def _number(seconds: float) -> str:
    return f"{_rounded(seconds):.{_DIGITS}f}".rstrip("0").rstrip(".")
