"""What a passage's notes ask of the words of its spoken text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from tts.text.passage import Alias, Passage, Pronunciation
from tts.text.spoken import Edit, SpokenText


def aliases(passage: Passage, *, said: bool = True) -> list[Alias]:
    """The aliases of a passage, in order and apart.

    With `said` also each stretch with a pronunciation, for its own words: normalization then leaves it as it is.
    """
    found: list[Alias] = []
    for note in passage.notes:
        if said and isinstance(note, Pronunciation):
            note = Alias(note.start, note.end, passage.text[note.start : note.end])
        if isinstance(note, Alias) and note.start < note.end and (not found or found[-1].end <= note.start):
            found.append(note)
    return found


def noted(passage: Passage, spoken: SpokenText) -> Iterator[Pronunciation]:
    """The pronunciations of a passage, in the places of its spoken text."""
    from tts.text.lexicon import tidy_ipa

    for note in passage.notes:
        if isinstance(note, Pronunciation):
            yield Pronunciation(*spoken_stretch(spoken, note.start, note.end), tidy_ipa(note.phonemes))


def spoken_stretch(spoken: SpokenText, start: int, end: int) -> tuple[int, int]:
    """The spoken stretch that stands for the written one, [start, end): whole edits, where it touches one."""
    edits = spoken.edits
    first = bisect_right(edits, start, key=lambda edit: edit.written_end)
    last = bisect_left(edits, end, key=lambda edit: edit.written_start)
    low, high = start - _lag(edits, first), end - _lag(edits, last)
    if first < last:
        low, high = min(low, edits[first].start), max(high, edits[last - 1].end)
    return low, high


def first_claims(pronunciations: Iterable[Pronunciation]) -> list[Pronunciation]:
    """In order of the text: those that touch none that came before them among the pronunciations."""
    starts: list[int] = []
    claimed: list[Pronunciation] = []
    for said in pronunciations:
        place = bisect_left(starts, said.start)
        free_before = not place or claimed[place - 1].end <= said.start
        if free_before and (place == len(starts) or (said.end <= starts[place] and said.start < starts[place])):
            starts.insert(place, said.start)
            claimed.insert(place, said)
    return claimed


def _lag(edits: Sequence[Edit], n: int) -> int:
    return edits[n - 1].written_end - edits[n - 1].end if n else 0
