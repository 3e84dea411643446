"""Which stretch of espeak-ng's phonemes belongs to which word: it joins some words ("of the") and parts others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

_TOKEN = re.compile(r"\S+")
_VOWELS = "aeiouyæɐɑɒɔəɘɵɚɛɜɝɞɪɨʉʊʌʏøœɶᵻɤɯ"
_BEFORE = "ˈˌ"
_SYMBOL = re.compile(rf"[{_BEFORE}]*([^\s{_BEFORE}])(?:[\u0300-\u036fːˑʰʲʷˠˤ˞0-9˥-˩-]*)")
_MARKS = "ˈˌːˑʰʲʷ˞-"
# Words are alike if these are: a vowel changes with the stress, a t is a flap between vowels, an r comes and goes.
_SKELETON = str.maketrans({**dict.fromkeys(_VOWELS + _MARKS + " ɹ\u0303\u0329"), "ɾ": "t", "ʔ": "t"})
_NEAR = ("pb", "tdɾʔ", "kɡgxç", "fv", "szθð", "ʃʒ", "mnŋɲ", "ɹrʁɾl", "hx")
# What a path through both costs: the same sound is free, the second half of a diphthong next to nothing.
_NEAR_SOUND, _OTHER_SOUND, _OTHER_KIND, _JOINED = 0.4, 1.0, 1.6, 0.5
_LOST_VOWEL, _LOST_GLIDE, _LOST_CONSONANT = 1.2, 0.2, 0.9
# What more would take too long, and is hardly speech.
_MOST_CELLS = 40_000
_MOST_TOKENS = 200
# A word is surely found where its sounds differ from those it has alone by no more, a sound: between blanks, and where
# no blank parts it from its neighbour.
_SURE, _SURE_WITHIN = 0.45, 0.3


class Stretch(NamedTuple):
    """The phonemes [first, last) of a word, and whether they surely are its, all of them and no other's."""

    first: int
    last: int
    clean: bool


class _Sound(NamedTuple):
    """A vowel or consonant, [first, last) with its stress and length, and whether a word begins with it."""

    letter: str
    first: int
    last: int
    opens: bool


def align(alone: Sequence[str], phonemes: str) -> list[Stretch]:
    """Find each word's stretch of the phonemes of all of them.

    `alone` is how each is said by itself; one that says nothing gets an empty stretch.
    """
    heard = [ipa for ipa in alone if ipa.strip()]
    tokens = [found.span() for found in _TOKEN.finditer(phonemes)]
    stretches = iter(_aligned(heard, phonemes, tokens))
    reached = 0
    found = []
    for ipa in alone:
        stretch = next(stretches) if ipa.strip() else Stretch(reached, reached, False)
        reached = stretch.last
        found.append(stretch)
    return found


def _aligned(alone: Sequence[str], phonemes: str, tokens: Sequence[tuple[int, int]]) -> Iterator[Stretch]:
    words = [_skeleton(ipa) for ipa in alone]
    parts = [_skeleton(phonemes[first:last]) for first, last in tokens]
    if fits_by_count(words, parts):
        yield from (Stretch(first, last, True) for first, last in tokens)
        return
    for word, last_word, token, last_token in _regions(words, parts):
        span = tokens[token:last_token]
        if not span:
            edge = tokens[token - 1][1] if token else 0
            yield from (Stretch(edge, edge, False) for _ in range(word, last_word))
        elif last_word - word == 1:
            yield Stretch(span[0][0], span[-1][1], True)
        else:
            yield from _parted(alone[word:last_word], phonemes, span[0][0], span[-1][1])


def fits_by_count(words: Sequence[str], parts: Sequence[str]) -> bool:
    """Tell whether each word is the part at its place: as many, and of two neighbours always one alike."""
    if len(words) != len(parts):
        return False
    unlike = False
    for word, part in zip(words, parts, strict=True):
        if word != part and unlike:
            return False
        unlike = word != part
    return True


def _regions(words: Sequence[str], parts: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Words [a, b) that are the parts [c, d), as short as what is alike between them allows."""
    regions: list[tuple[int, int, int, int]] = []
    word = part = 0
    for anchor_word, anchor_part in _anchors(words, parts):
        word, part = _closed(regions, word, part, anchor_word, anchor_part)
        regions.append((word, anchor_word + 1, part, anchor_part + 1))
        word, part = anchor_word + 1, anchor_part + 1
    word, part = _closed(regions, word, part, len(words), len(parts))
    if (word, part) != (len(words), len(parts)):
        regions.append((word, len(words), part, len(parts)))
    return regions


def _closed(
    regions: list[tuple[int, int, int, int]], word: int, part: int, next_word: int, next_part: int
) -> tuple[int, int]:
    """Add what lies before an anchor as a region; tell where the one with the anchor begins.

    What only one side has may belong before or behind: it goes with both.
    """
    if word < next_word and part < next_part:
        regions.append((word, next_word, part, next_part))
        return next_word, next_part
    if (word, part) != (next_word, next_part) and regions:
        word, _, part, _ = regions.pop()
    return word, part


def _anchors(words: Sequence[str], parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Words and parts that are alike, in order."""
    if max(len(words), len(parts)) > _MOST_TOKENS:
        yield from _anchors_from_the_ends(words, parts)
        return
    from difflib import SequenceMatcher

    for word, part, length in SequenceMatcher(None, words, parts, autojunk=False).get_matching_blocks():
        yield from ((word + i, part + i) for i in range(length))


def _anchors_from_the_ends(words: Sequence[str], parts: Sequence[str]) -> Iterator[tuple[int, int]]:
    shorter = min(len(words), len(parts))
    start = next((i for i in range(shorter) if words[i] != parts[i]), shorter)
    yield from ((i, i) for i in range(start))
    back = next((i for i in range(shorter - start) if words[-1 - i] != parts[-1 - i]), shorter - start)
    yield from ((len(words) - i, len(parts) - i) for i in range(back, 0, -1))


def _parted(alone: Sequence[str], phonemes: str, first: int, last: int) -> Iterator[Stretch]:
    """Part phonemes [first, last) among several words."""
    sounds = list(_sounds(phonemes, first, last))
    letters = [[sound.letter for sound in _sounds(ipa, 0, len(ipa))] for ipa in alone]
    opens = [*(sound.opens for sound in sounds), True]
    n_cells = sum(map(len, letters)) * len(sounds)
    bounds, costs = _best_bounds(letters, sounds) if n_cells <= _MOST_CELLS else _rough_bounds(letters, opens)
    for word, cost, (start, end) in zip(letters, costs, pairwise(bounds), strict=True):
        most = _SURE if opens[start] and opens[end] else _SURE_WITHIN
        clean = start < end and cost <= most * len(word)
        if start < end:
            yield Stretch(sounds[start].first, sounds[end - 1].last, clean)
        else:
            edge = sounds[start - 1].last if start else first
            yield Stretch(edge, edge, False)


def _sounds(phonemes: str, first: int, last: int) -> Iterator[_Sound]:
    for found in _SYMBOL.finditer(phonemes, first, last):
        opens = found.start() == first or phonemes[found.start() - 1].isspace()
        yield _Sound(found[1], found.start(), found.end(), opens)


def _best_bounds(words: Sequence[Sequence[str]], sounds: Sequence[_Sound]) -> tuple[list[int], list[float]]:
    """Where each word begins and the last ends among the sounds, and what each word's path costs."""
    path: list[str | None] = [letter for word in words for letter in (*word, None)][:-1]
    heard = [sound.letter for sound in sounds]
    join = [0.0 if sound.opens else _JOINED for sound in sounds] + [0.0]
    grid = _Grid(path, list(_losses(path)), heard, list(_losses(heard)), join)
    return _traced(grid, _rows(grid))


class _Grid(NamedTuple):
    """The words' sounds against those that were heard, and what leaving each out costs.

    Between two words stands a None; `join` is what that costs before each sound that was heard, and at the end.
    """

    path: list[str | None]
    lost: list[float]
    heard: list[str]
    inserted: list[float]
    join: list[float]


def _rows(grid: _Grid) -> list[list[float]]:
    """The least cost up to each sound of the path and each that was heard."""
    row = [0.0]
    for cost in grid.inserted:
        row.append(row[-1] + cost)
    rows = [row]
    for letter, lost in zip(grid.path, grid.lost, strict=True):
        new = [row[0] + (grid.join[0] if letter is None else lost)]
        for j, other in enumerate(grid.heard):
            inserted = new[j] + grid.inserted[j]
            if letter is None:
                new.append(min(row[j + 1] + grid.join[j + 1], inserted))
            else:
                new.append(min(row[j] + _unlike(letter, other), row[j + 1] + lost, inserted))
        row = new
        rows.append(row)
    return rows


def _traced(grid: _Grid, rows: Sequence[Sequence[float]]) -> tuple[list[int], list[float]]:
    """The best path from its end back: the bounds of the words, and what each costs."""
    i, j = len(grid.path), len(grid.heard)
    bounds, costs = [j], [0.0]
    while i or j:
        here = rows[i][j]
        letter = grid.path[i - 1] if i else None
        if i and letter is None and here == rows[i - 1][j] + grid.join[j]:
            bounds.append(j)
            costs.append(0.0)
            i -= 1
        elif letter and j and here == rows[i - 1][j - 1] + _unlike(letter, grid.heard[j - 1]):
            costs[-1] += _unlike(letter, grid.heard[j - 1])
            i, j = i - 1, j - 1
        elif letter and here == rows[i - 1][j] + grid.lost[i - 1]:
            costs[-1] += grid.lost[i - 1]
            i -= 1
        else:
            costs[-1] += grid.inserted[j - 1]
            j -= 1
    return [0, *reversed(bounds)], costs[::-1]


def _rough_bounds(words: Sequence[Sequence[str]], opens: Sequence[bool]) -> tuple[list[int], list[float]]:
    """Bounds by the words' lengths, at the next blank where there is one."""
    n_sounds, total = len(opens) - 1, max(1, sum(map(len, words)))
    bounds, said = [0], 0
    for word in words[:-1]:
        said += len(word)
        bound = max(bounds[-1], round(n_sounds * said / total))
        near = next((place for place in range(bound, min(bound + 4, n_sounds)) if opens[place]), bound)
        bounds.append(near)
    return [*bounds, n_sounds], [float("inf")] * len(words)


def _unlike(one: str, other: str) -> float:
    if one == other:
        return 0.0
    vowels = (one in _VOWELS) + (other in _VOWELS)
    if vowels == 1:
        return _OTHER_KIND
    near = vowels == 2 or any(one in group and other in group for group in _NEAR)
    return _NEAR_SOUND if near else _OTHER_SOUND


def _losses(letters: Iterable[str | None]) -> Iterator[float]:
    """What it costs to leave out each of the sounds."""
    before: str | None = None
    for letter in letters:
        if letter is None or letter not in _VOWELS:
            yield _LOST_CONSONANT
        else:
            yield _LOST_GLIDE if before is not None and before in _VOWELS else _LOST_VOWEL
        before = letter


def _skeleton(phonemes: str) -> str:
    return phonemes.translate(_SKELETON) or phonemes.strip(_BEFORE)
