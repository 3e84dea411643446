"""Subtitles and lyrics: SubRip, WebVTT and LRC, from the same cues."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tts.synthesis.cues import MIN_GAP_SECONDS, Cue, cues, line_text
from tts.synthesis.timing import TimedSentence

# What a player of lyrics would take for its own: "[01:02" and "<01:02".
_LYRICS_TAG = re.compile(r"\[(?=\s*\w+\s*:)|<(?=\s*\d+\s*:)")


def srt(sentences: Sequence[TimedSentence]) -> str:
    """SubRip subtitles."""
    return "\n".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues(sentences), 1)
    )


def vtt(sentences: Sequence[TimedSentence]) -> str:
    """WebVTT subtitles; what its text format reserves is escaped."""
    made = (f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_escaped(cue.text)}\n" for cue in cues(sentences))
    return "\n".join(["WEBVTT\n", *made])


def lrc(sentences: Sequence[TimedSentence], seconds: float) -> str:
    """Lyrics, a line a cue, and an empty one where a silence begins.

    The times of single words ("enhanced" LRC) are left out: players that do not know them show them as text.
    """
    return "\n".join([f"[length:{_minutes(seconds)}]", *_lyrics(cues(sentences))]) + "\n"


def _lyrics(made: Sequence[Cue]) -> Iterator[str]:
    for i, cue in enumerate(made):
        text = line_text([token for line in cue.lines for token in line])
        yield f"[{_minutes(cue.start)}]{_LYRICS_TAG.sub('(', text)}"
        if i + 1 == len(made) or made[i + 1].start - cue.end >= MIN_GAP_SECONDS:
            yield f"[{_minutes(cue.end)}]"


def _clock(seconds: float, decimal_mark: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{decimal_mark}{rest % 1000:03}"


def _minutes(seconds: float) -> str:
    """As LRC has it, which knows no hours: mm:ss.xx."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes:02}:{rest // 100:02}.{rest % 100:02}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
