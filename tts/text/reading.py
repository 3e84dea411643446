"""A sentence as a frontend reads it: its phonemes, the written words that they belong to, and what was not read."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from tts.text.passage import Alias, Passage, Pronunciation
from tts.text.spelled import SpelledWord
from tts.text.spoken import SpokenText
from tts.text.symbols import nearest_symbols, tidy_ipa

# Written together is one word, except across dashes and in scripts without spaces.
_TOKEN = re.compile(r"[^\s—–―…\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_OUTER_MARKS = "\"'“”„‟‘’‚‛«»‹›()[]{}.,;:!?¡¿*_~،؛؟"
# Layout characters (Markdown, tables) and markup are never read.
_LAYOUT = frozenset("*_~`#|^<>\\")
_NASAL_BEFORE_N = re.compile("\u0303(?=[ˈˌ]?[mnɲŋ])")


@dataclass(frozen=True)
class ReadWord:
    """A written word, [start, end) of the sentence as written, and its phonemes, [first, last) of the phoneme string.

    What is written together or read as one ("25 July 2012", "$3.50") is one word.
    """

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True)
class Reading:
    """A sentence's phonemes as its frontend writes them, its words in order, and warnings of what was not read."""

    phonemes: str
    words: tuple[ReadWord, ...] = ()
    warnings: tuple[str, ...] = ()


def aliases(passage: Passage, *, pronounced: bool = True) -> list[Alias]:
    """Return the aliases of a passage for normalization, in order and without overlaps.

    With `pronounced`, each span with a pronunciation is an alias of its own text, so that normalization keeps it.
    """
    found: list[Alias] = []
    for note in passage.notes:
        if pronounced and isinstance(note, Pronunciation):
            note = Alias(note.start, note.end, passage.text[note.start : note.end])
        if isinstance(note, Alias) and note.start < note.end and (not found or found[-1].end <= note.start):
            found.append(note)
    return found


def spoken_pronunciations(passage: Passage, spoken: SpokenText) -> Iterator[Pronunciation]:
    """Yield the pronunciations of a passage, with the spans that they have in its spoken text."""
    for note in passage.notes:
        if isinstance(note, Pronunciation):
            yield Pronunciation(*spoken_span(spoken, note.start, note.end), tidy_ipa(note.phonemes))


def spoken_span(spoken: SpokenText, start: int, end: int) -> tuple[int, int]:
    """Return the spoken span of the written span [start, end); an edit that it touches is included completely."""
    edits = spoken.edits
    first = bisect_right(edits, start, key=lambda edit: edit.written_end)
    last = bisect_left(edits, end, key=lambda edit: edit.written_start)
    low = start - (edits[first - 1].written_end - edits[first - 1].end if first else 0)
    high = end - (edits[last - 1].written_end - edits[last - 1].end if last else 0)
    if first < last:
        low, high = min(low, edits[first].start), max(high, edits[last - 1].end)
    return low, high


def without_overlaps(pronunciations: Iterable[Pronunciation]) -> list[Pronunciation]:
    """Return the pronunciations in the order of the text; of two that overlap, the one that came first."""
    starts: list[int] = []
    chosen: list[Pronunciation] = []
    for one in pronunciations:
        i = bisect_left(starts, one.start)
        free_before = not i or chosen[i - 1].end <= one.start
        if free_before and (i == len(starts) or (one.end <= starts[i] and one.start < starts[i])):
            starts.insert(i, one.start)
            chosen.insert(i, one)
    return chosen


def read_words(text: str, spoken: SpokenText, words: Sequence[SpelledWord]) -> tuple[ReadWord, ...]:
    """Return the written words of a text with their phonemes; spoken words for the same written ones are merged."""
    tokens = []
    for match in _TOKEN.finditer(text):
        written = match.group()
        bare = written.strip(_OUTER_MARKS)
        if bare:
            start = match.start() + written.index(bare)
            tokens.append((start, start + len(bare)))

    ends = [end for _, end in tokens]
    found: list[ReadWord] = []
    for word in words:
        # Where the written text was removed, the span of an insertion can be reversed.
        start, end = sorted(spoken.written(word.start, word.end))
        i = bisect_right(ends, start) if start < end else bisect_left(ends, start)
        while i < len(tokens) and (tokens[i][0] < end or tokens[i][0] <= start == end):
            start, end = min(start, tokens[i][0]), max(end, tokens[i][1])
            i += 1
        # A spoken word without a written one belongs to the one before.
        if found and (start < found[-1].end or start == end):
            before = found.pop()
            start, end = min(start, before.start), max(end, before.end)
            word = word._replace(first=min(word.first, before.first), last=max(word.last, before.last))
        found.append(ReadWord(start, end, word.first, word.last))
    return tuple(found)


def joined(text: str, readings: Sequence[tuple[int, Reading]]) -> Reading:
    """Concatenate the readings of parts of a text, each with its start, with a space where whitespace is written."""
    phonemes = ""
    words: list[ReadWord] = []
    for start, reading in readings:
        border = text[start - 1 : start + 1] if start else ""
        if phonemes and reading.phonemes and any(map(str.isspace, border)):
            phonemes += " "
        words += (
            ReadWord(word.start + start, word.end + start, word.first + len(phonemes), word.last + len(phonemes))
            for word in reading.words
        )
        phonemes += reading.phonemes
    return Reading(phonemes, tuple(words))


def in_inventory(reading: Reading, inventory: AbstractSet[str]) -> Reading:
    """Replace the sounds that an inventory lacks by the nearest that it has; what has none stays."""
    if set(reading.phonemes) <= inventory:
        return reading
    # A nasal vowel becomes a vowel and n; before a written n or m, that n is not doubled.
    plain = _NASAL_BEFORE_N.sub("\u0308", reading.phonemes) if "\u0303" not in inventory else reading.phonemes
    symbols = [symbol if symbol in inventory else nearest_symbols(symbol, inventory) for symbol in plain]
    offsets = [0, *accumulate(map(len, symbols))]
    words = (replace(word, first=offsets[word.first], last=offsets[word.last]) for word in reading.words)
    return Reading("".join(symbols), tuple(words), reading.warnings)


def with_unread_warning(text: str, reading: Reading, left_out: Iterable[str]) -> Reading:
    """Add a warning that names what normalization left out, and every other character that has no phonemes."""
    unread: list[str] = []
    read_to = 0
    for word in reading.words:
        if reading.phonemes[word.first : word.last].strip():
            if word.start > read_to and text[read_to : word.start] != " ":
                unread += _readable_runs(text[read_to : word.start])
            read_to = max(read_to, word.end)
    if read_to < len(text):
        unread += _readable_runs(text[read_to:])

    named = dict.fromkeys(left_out)
    characters = " ".join(named)
    for run in unread:
        if any(character not in characters for character in run):
            named[run] = None
            characters += run
    if not named:
        return reading
    warning = f"left out, because it has no words: {' '.join(named)}"
    return replace(reading, warnings=(*reading.warnings, warning))


@lru_cache(4096)
def is_readable(character: str) -> bool:
    """Tell whether a character must be read or named in a warning: a letter, digit or symbol that is not layout."""
    category = unicodedata.category(character)
    return category[0] in "LNS" and category != "Sk" and character not in _LAYOUT


def _readable_runs(text: str) -> Iterator[str]:
    run = ""
    for character in text:
        if is_readable(character):
            run += character if character.isprintable() else f" U+{ord(character):04X}"
        elif run and unicodedata.category(character)[0] != "M":
            yield run.strip()
            run = ""
    if run:
        yield run.strip()
