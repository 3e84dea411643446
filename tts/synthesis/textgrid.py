"""Praat's TextGrid: what is heard when, in tiers that cover the whole audio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tts.synthesis.timing import TimedSentence, with_single_blanks

# A microsecond is far below any frame.
_DIGITS = 6
Interval = tuple[str, float, float]
"""A label, where it begins and where it ends, in seconds."""


def textgrid(sentences: Sequence[TimedSentence], seconds: float) -> str:
    """A TextGrid in the long text format, with the tiers sentences, words and phonemes."""
    tiers: dict[str, list[Interval]] = {
        "sentences": [(with_single_blanks(s.text), s.start, s.end) for s in sentences],
        "words": [(word.text, word.start, word.end) for s in sentences for word in s.words],
        "phonemes": [(m.symbol, m.start, m.end) for s in sentences for m in s.marks if not m.symbol.isspace()],
    }
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {_number(seconds)}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for index, (name, intervals) in enumerate(tiers.items(), 1):
        lines += _tier(index, name, intervals, seconds)
    return "\n".join(lines) + "\n"


def _tier(index: int, name: str, labelled: Sequence[Interval], seconds: float) -> list[str]:
    intervals = list(_tiled(labelled, seconds))
    lines = [f"    item [{index}]:", '        class = "IntervalTier"', f'        name = "{name}"']
    lines += ["        xmin = 0", f"        xmax = {_number(seconds)}", f"        intervals: size = {len(intervals)}"]
    for number, (label, start, end) in enumerate(intervals, 1):
        text = label.replace('"', '""')
        lines += [f"        intervals [{number}]:", f"            xmin = {_number(start)}"]
        lines += [f"            xmax = {_number(end)}", f'            text = "{text}"']
    return lines


def _tiled(labelled: Sequence[Interval], seconds: float) -> Iterator[Interval]:
    """The intervals with empty ones between them: Praat wants a tier covered from end to end, and none without time."""
    reached, whole = 0.0, round(seconds, _DIGITS)
    for label, first, last in labelled:
        start, end = max(round(first, _DIGITS), reached), min(round(last, _DIGITS), whole)
        if end <= start:
            continue
        if start > reached:
            yield "", reached, start
        yield label, start, end
        reached = end
    if reached < whole:
        yield "", reached, whole


def _number(seconds: float) -> str:
    return f"{seconds:.{_DIGITS}f}".rstrip("0").rstrip(".")
