"""Assigns espeak-ng's phonemes to words: it joins some words ("of the") and splits others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

_TOKEN = re.compile(r"\S+")
_VOWELS = "aeiouyæɐɑɒɔəɘɵɚɛɜɝɞɪɨʉʊʌʏøœɶᵻɤɯ"
_BEFORE = "ˈˌ"
_SYMBOL = re.compile(rf"[{_BEFORE}]*([^\s{_BEFORE}])(?:[\u0300-\u036fːˑʰʲʷˠˤ˞0-9˥-˩-]*)")
_VOWEL_RUN = re.compile(f"[{_VOWELS}]+")
_MARKS = "ˈˌːˑʰʲʷ˞-"
# Two pronunciations of a word have the same skeleton: vowels change with the stress, a t between vowels is a flap, an
# r comes and goes.
_SKELETON = str.maketrans({**dict.fromkeys(_VOWELS + _MARKS + " ɹ\u0303\u0329"), "ɾ": "t", "ʔ": "t"})
_NEAR = ("pb", "tdɾʔ", "kɡgxç", "fv", "szθð", "ʃʒ", "mnŋɲ", "ɹrʁɾl", "hx")
# Costs of an alignment path: the same sound is free, the second half of a diphthong nearly so.
_NEAR_SOUND, _OTHER_SOUND, _OTHER_KIND, _JOINED = 0.4, 1.0, 1.6, 0.5
_LOST_VOWEL, _LOST_GLIDE, _LOST_CONSONANT = 1.2, 0.2, 0.9
# Larger problems would need too much time, and are hardly speech.
_MOST_CELLS = 40_000
_MOST_TOKENS = 200
# A word is certain if its sounds cost no more per sound than this: between spaces, and where a word is joined to its
# neighbour.
_CERTAIN, _CERTAIN_WITHIN = 0.45, 0.3


class AlignedWord(NamedTuple):
    """The phonemes [first, last) of a word; `clean` if they are certainly its own, all of them and no other word's."""

    first: int
    last: int
    clean: bool


class _Sound(NamedTuple):
    """A vowel or consonant, [first, last) with its stress and length, and whether a word begins with it."""

    letter: str
    first: int
    last: int
    opens: bool


def align(isolated: Sequence[str], phonemes: str) -> list[AlignedWord]:
    """Find each word's span in the phonemes of all of them.

    `isolated` are the phonemes of each word spoken by itself; a word without any gets an empty span.
    """
    spoken = [ipa for ipa in isolated if ipa.strip()]
    tokens = [found.span() for found in _TOKEN.finditer(phonemes)]
    words = [_skeleton(ipa) for ipa in spoken]
    parts = [_skeleton(phonemes[first:last]) for first, last in tokens]

    aligned: list[AlignedWord] = []
    if fits_by_count(words, parts):
        aligned = [AlignedWord(first, last, True) for first, last in tokens]
    else:
        # "the" and "other" have one skeleton; an anchor must have as many vowels too.
        words = [f"{word}{_n_vowels(ipa)}" for word, ipa in zip(words, spoken, strict=True)]
        parts = [f"{part}{_n_vowels(phonemes[first:last])}" for part, (first, last) in zip(parts, tokens, strict=True)]
        for word, last_word, token, last_token in _regions(words, parts):
            span = tokens[token:last_token]
            if not span:
                edge = tokens[token - 1][1] if token else 0
                aligned += [AlignedWord(edge, edge, False)] * (last_word - word)
            elif last_word - word == 1:
                aligned.append(AlignedWord(span[0][0], span[-1][1], True))
            else:
                # Several words have been joined or split differently: divide their sounds.
                first = span[0][0]
                sounds = _sounds(phonemes, first, span[-1][1])
                letters = [[sound.letter for sound in _sounds(ipa, 0, len(ipa))] for ipa in spoken[word:last_word]]
                opens = [*(sound.opens for sound in sounds), True]
                bounds, costs = _bounds(letters, sounds, opens)
                for count, cost, (start, end) in zip(map(len, letters), costs, pairwise(bounds), strict=True):
                    if start < end:
                        most = _CERTAIN if opens[start] and opens[end] else _CERTAIN_WITHIN
                        aligned.append(AlignedWord(sounds[start].first, sounds[end - 1].last, cost <= most * count))
                    else:
                        edge = sounds[start - 1].last if start else first
                        aligned.append(AlignedWord(edge, edge, False))

    following = iter(aligned)
    reached = 0
    found = []
    for ipa in isolated:
        one = next(following) if ipa.strip() else AlignedWord(reached, reached, False)
        reached = one.last
        found.append(one)
    return found


def _n_vowels(phonemes: str) -> int:
    """The number of vowels; neighbours, such as the halves of a diphthong, count as one."""
    return sum(1 for _ in _VOWEL_RUN.finditer(phonemes))


def fits_by_count(words: Sequence[str], parts: Sequence[str]) -> bool:
    """Tell whether the words are the parts, one by one: equally many, and of two neighbours one always equal."""
    if len(words) != len(parts):
        return False
    unequal = False
    for word, part in zip(words, parts, strict=True):
        if word != part and unequal:
            return False
        unequal = word != part
    return True


def _regions(words: Sequence[str], parts: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Words [a, b) that are the parts [c, d), as short as the equal words and parts between them allow."""
    anchors: list[tuple[int, int]] = []
    if max(len(words), len(parts)) > _MOST_TOKENS:
        shorter = min(len(words), len(parts))
        start = next((i for i in range(shorter) if words[i] != parts[i]), shorter)
        anchors += ((i, i) for i in range(start))
        back = next((i for i in range(shorter - start) if words[-1 - i] != parts[-1 - i]), shorter - start)
        anchors += ((len(words) - i, len(parts) - i) for i in range(back, 0, -1))
    else:
        from difflib import SequenceMatcher

        for word, part, length in SequenceMatcher(None, words, parts, autojunk=False).get_matching_blocks():
            anchors += ((word + i, part + i) for i in range(length))

    regions: list[tuple[int, int, int, int]] = []
    word = part = 0
    for next_word, next_part in [*anchors, (len(words), len(parts))]:
        if word < next_word and part < next_part:
            regions.append((word, next_word, part, next_part))
            word, part = next_word, next_part
        elif (word, part) != (next_word, next_part) and regions:
            # What only one side has may belong to the region before or to the next: both are merged.
            word, _, part, _ = regions.pop()
        if next_word < len(words) and next_part < len(parts):
            regions.append((word, next_word + 1, part, next_part + 1))
            word, part = next_word + 1, next_part + 1
    if (word, part) != (len(words), len(parts)):
        regions.append((word, len(words), part, len(parts)))
    return regions


def _sounds(phonemes: str, first: int, last: int) -> list[_Sound]:
    return [
        _Sound(
            found[1],
            found.start(),
            found.end(),
            found.start() == first or phonemes[found.start() - 1].isspace(),
        )
        for found in _SYMBOL.finditer(phonemes, first, last)
    ]


def _bounds(
    words: Sequence[Sequence[str]], sounds: Sequence[_Sound], opens: Sequence[bool]
) -> tuple[list[int], list[float]]:
    """Return where each word begins and the last ends among the sounds, and the cost of each: the cheapest edits."""
    total = sum(map(len, words))
    if total * len(sounds) > _MOST_CELLS:
        # By the words' lengths, at the next space if one is near.
        rough, n_before = [0], 0
        for word in words[:-1]:
            n_before += len(word)
            bound = max(rough[-1], round(len(sounds) * n_before / max(1, total)))
            rough.append(next((i for i in range(bound, min(bound + 4, len(sounds))) if opens[i]), bound))
        return [*rough, len(sounds)], [float("inf")] * len(words)

    # Between two words stands a None; `join` is the cost of that border before each sound, and after the last.
    path: list[str | None] = [letter for word in words for letter in (*word, None)][:-1]
    letters = [sound.letter for sound in sounds]
    lost, inserted = list(_losses(path)), list(_losses(letters))
    join = [0.0 if sound.opens else _JOINED for sound in sounds] + [0.0]

    # The least cost up to each letter of the path and each sound.
    row = [0.0]
    for cost in inserted:
        row.append(row[-1] + cost)
    rows = [row]
    for letter, loss in zip(path, lost, strict=True):
        new = [row[0] + (join[0] if letter is None else loss)]
        for j, other in enumerate(letters):
            insertion = new[j] + inserted[j]
            if letter is None:
                new.append(min(row[j + 1] + join[j + 1], insertion))
            else:
                new.append(min(row[j] + _difference(letter, other), row[j + 1] + loss, insertion))
        row = new
        rows.append(row)

    # The cheapest path, from its end back.
    i, j = len(path), len(letters)
    bounds, costs = [j], [0.0]
    while i or j:
        here = rows[i][j]
        letter = path[i - 1] if i else None
        if i and letter is None and here == rows[i - 1][j] + join[j]:
            bounds.append(j)
            costs.append(0.0)
            i -= 1
        elif letter and j and here == rows[i - 1][j - 1] + _difference(letter, letters[j - 1]):
            costs[-1] += _difference(letter, letters[j - 1])
            i, j = i - 1, j - 1
        elif letter and here == rows[i - 1][j] + lost[i - 1]:
            costs[-1] += lost[i - 1]
            i -= 1
        else:
            costs[-1] += inserted[j - 1]
            j -= 1
    return [0, *reversed(bounds)], costs[::-1]


def _difference(one: str, other: str) -> float:
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
