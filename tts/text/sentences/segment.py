"""Text cut into sentences, lazily: what is spoken first does not wait for what comes last."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge

from tts.text.passage import Alias, Level, Note, Passage, Pause, Pronunciation, Spoken
from tts.text.sentences.clauses import cut_long
from tts.text.sentences.layout import stretches
from tts.text.sentences.sentence_ends import ENDLESS, sentence_ends

_STRENGTH: dict[Level, int] = {"": 0, "clause": 1, "sentence": 2, "paragraph": 3}


@dataclass(frozen=True, slots=True)
class Segment:
    """The stretch [start, end) of a text that is read in one breath, a sentence or a piece of one.

    `opens` is what lies before it: nothing, or a boundary.
    """

    start: int
    end: int
    opens: Level


_Cut = tuple[int, Level]


def segments(passage: Passage, language: str = "en-us", max_characters: int = 400) -> Iterator[Segment]:
    """Yield the sentences of a passage in order, with no blanks around them; joined, they are its text up to blanks.

    An empty line, a heading and a list entry begin a paragraph; any other line break is a blank, but one between short
    lines that each begin anew (verse, addresses) is a clause's end. Pauses, and where the voice changes,
    part a sentence too; nothing parts what has a pronunciation or an alias. A sentence longer than max_characters is
    cut at its best clause boundary, else at a blank, else between any two characters as one sees them. `language` is
    an espeak-ng code; abbreviations are known for English and its larger neighbours.

    Raises:
        ValueError: max_characters is below 1.
    """
    if max_characters < 1:
        raise ValueError(f"max_characters must be at least 1, not {max_characters}")
    return _segments(passage, language, max_characters)


def split_sentences(text: str, max_characters: int = 400, language: str = "en-us") -> Iterator[str]:
    """Yield the sentences of a text as `segments` finds them, with single spaces for any run of blanks.

    Raises:
        ValueError: max_characters is below 1.
    """
    found = segments(Passage(text), language, max_characters)
    return (" ".join(text[segment.start : segment.end].split()) for segment in found)


def _segments(passage: Passage, language: str, most: int) -> Iterator[Segment]:
    text = passage.text
    held = _Held(passage.notes)
    first = True
    for start, end, opens in _sentences(passage, language, held):
        if end - start <= most or len(" ".join(text[start:end].split())) <= most:
            yield Segment(start, end, "" if first else opens)
            first = False
            continue
        for piece_start, piece_end, clause in cut_long(text, start, end, most, language, held):
            level: Level = opens if piece_start == start else "clause" if clause else ""
            piece_start, piece_end = _trimmed(text, piece_start, piece_end)
            if piece_start < piece_end:
                yield Segment(piece_start, piece_end, "" if first else level)
                first = False


def _sentences(passage: Passage, language: str, held: _Held) -> Iterator[tuple[int, int, Level]]:
    """Give the sentences, however long, without blanks around them, and what lies before each."""
    text = passage.text
    cuts = merge(_cuts_of_text(text, language), _cuts_of_notes(passage.notes, len(text)), key=lambda cut: cut[0])
    start = 0
    opens: Level = ""
    for position, level in cuts:
        if held(position):
            continue
        begin, end = _trimmed(text, start, position)
        if begin < end:
            yield begin, end, opens
            opens = ""
        opens = max(opens, level, key=_STRENGTH.__getitem__)
        start = position
    begin, end = _trimmed(text, start, len(text))
    if begin < end:
        yield begin, end, opens


def _cuts_of_text(text: str, language: str) -> Iterator[_Cut]:
    begun = 0
    opening = True
    for stretch in stretches(text):
        if stretch.opens:
            yield stretch.start, stretch.opens
        if _STRENGTH[stretch.opens] >= _STRENGTH["sentence"]:
            begun, opening = stretch.start, True
        for end in sentence_ends(text, stretch.start, stretch.end, begun, language, opening=opening):
            yield end, "sentence"
            begun, opening = end, False
        if stretch.end - begun > ENDLESS:
            yield stretch.end, ""
            begun = stretch.end


def _cuts_of_notes(notes: Sequence[Note], length: int) -> Iterator[_Cut]:
    cuts: list[_Cut] = []
    for note in notes:
        if isinstance(note, Pause):
            cuts.append((note.start, note.level))
        elif isinstance(note, Spoken) and note.voice is not None:
            cuts += [(note.start, ""), (note.end, "")]
    return iter(sorted((cut for cut in cuts if 0 < cut[0] < length), key=lambda cut: cut[0]))


class _Held:
    """Tells whether a position lies within a pronunciation or an alias."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for note in notes:
            if isinstance(note, (Pronunciation, Alias)) and note.start < note.end:
                self._starts.append(note.start)
                self._ends.append(max(note.end, self._ends[-1] if self._ends else 0))

    def __call__(self, position: int) -> bool:
        n_before = bisect_right(self._starts, position - 1)
        return n_before > 0 and self._ends[n_before - 1] > position


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Give the span without the blanks at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
