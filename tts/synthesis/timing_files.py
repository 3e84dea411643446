"""The files that say when what is heard, by their suffix: subtitles, JSON, Praat TextGrid, lyrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tts.errors import UsageError
from tts.synthesis.subtitles import lrc, srt, vtt
from tts.synthesis.textgrid import textgrid
from tts.synthesis.timing import TimedBookmark, TimedSentence

TIMING_SUFFIXES = (".srt", ".vtt", ".lrc", ".json", ".TextGrid")
# A microsecond is far below any frame.
_DIGITS = 6


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


def timings_text(
    sentences: Sequence[TimedSentence], seconds: float, suffix: str, bookmarks: Sequence[TimedBookmark] = ()
) -> str:
    """The contents of a timings file; `seconds` is the length of the whole audio.

    What cannot be written as UTF-8, half of a character in two parts, becomes a question mark in a box.
    """
    if suffix == ".json":
        return _whole_characters(timings_json(sentences, seconds, bookmarks))
    return _whole_characters(_contents(sentences, seconds, suffix))


def _contents(sentences: Sequence[TimedSentence], seconds: float, suffix: str) -> str:
    if suffix == ".srt":
        return srt(sentences)
    if suffix == ".vtt":
        return vtt(sentences)
    if suffix == ".lrc":
        return lrc(sentences, seconds)
    return textgrid(sentences, seconds)


def timings_json(sentences: Sequence[TimedSentence], seconds: float, bookmarks: Sequence[TimedBookmark] = ()) -> str:
    """One document: the length, for each sentence its words and phonemes, and the author's bookmarks."""
    document = {
        "seconds": round(seconds, _DIGITS),
        "sentences": [_sentence_record(sentence) for sentence in sentences],
        "bookmarks": [{"name": mark.name, "seconds": round(mark.seconds, _DIGITS)} for mark in bookmarks],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _sentence_record(sentence: TimedSentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "phonemes": sentence.phonemes,
        **_span(sentence.start, sentence.end),
        "words": [{"text": w.text, "phonemes": w.phonemes, **_span(w.start, w.end)} for w in sentence.words],
        "marks": [{"symbol": mark.symbol, **_span(mark.start, mark.end)} for mark in sentence.marks],
    }


def _span(start: float, end: float) -> dict[str, float]:
    return {"start": round(start, _DIGITS), "end": round(end, _DIGITS)}


def _whole_characters(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
