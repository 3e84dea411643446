"""A sentence that is too long, cut where a reader would take breath."""

import re
from collections.abc import Callable, Iterator
from functools import cache

from tts.text.sentences.clusters import parts_characters

_CLOSERS = r"[\"'”’“»)\]}]*"
_CONJUNCTIONS = {
    "en": """and but or so because which who whom whose when while where whereas although though if that than yet nor
        for as since until unless""",
    "de": "und aber oder denn sondern weil dass daß wenn als ob obwohl während damit nachdem bevor bis wo wie",
    "fr": "et mais ou donc car qui que dont où lorsque quand parce puisque comme si tandis",
    "es": "y e o u pero sino porque que cuando aunque si donde quien como mientras",
    "it": "e ed o ma che perché quando dove se cui mentre benché come",
    "pt": "e ou mas que porque quando onde se embora enquanto como",
    "nl": "en maar of want die dat omdat als toen terwijl hoewel waar",
    "pl": "i a ale lub albo że który która które gdy bo więc ponieważ jeśli gdzie",
    "ru": "и а но или что который которая которое которые когда если потому чтобы где как хотя",
}
_ANY_CONJUNCTIONS = " ".join(_CONJUNCTIONS.values())

Cut = tuple[int, bool]
"""Where a piece ends, and whether a clause ends there."""


@cache
def _cuts_of(language: str) -> tuple[tuple[re.Pattern[str], bool], ...]:
    """Where a sentence may be cut, the best first, and whether a clause ends there."""
    words = "|".join(_CONJUNCTIONS.get(language.split("-")[0], _ANY_CONJUNCTIONS).split())
    strong = rf"(?:[;:!?…·؛]{_CLOSERS}\s)|[；：]"
    comma = rf"(?:[,،]{_CLOSERS}\s)|[，、၊፣፤]"
    return (
        (re.compile(strong), True),
        (re.compile(rf"[,،]{_CLOSERS}\s(?=\s*(?:{words})\b)"), True),
        (re.compile(rf"{comma}|[—–―]+\s?|\s-+\s|[)\]]\s|\s(?=[(\[])"), True),
        (re.compile(rf"\s(?=(?:{words})\s)"), True),
        (re.compile(r"(?<![.\s])\s+"), False),  # rather not between "Dr." and the name
        (re.compile(r"\s+"), False),
        (re.compile(r"[/.,;:?&=_\u200b-](?=\S)"), False),
    )


def cut_long(
    text: str, start: int, end: int, most: int, language: str, held: Callable[[int], bool]
) -> Iterator[tuple[int, int, bool]]:
    """Yield text[start:end] in pieces (start, end, whether a clause ended before) of at most `most` characters.

    Where held(position), there is no cut, and a piece may be longer for it.
    """
    clause = False
    while end - start > most:
        cut, next_clause = _best_cut(text, start, end, most, language, held)
        if cut >= end:
            break
        yield start, cut, clause
        start, clause = cut, next_clause
    yield start, end, clause


def _best_cut(text: str, start: int, end: int, most: int, language: str, held: Callable[[int], bool]) -> Cut:
    """Find the best boundary that leaves no tiny piece on either side."""
    tiny = most // 4
    limit = start + most
    last = max(min(limit, end - tiny), start + 1)
    for pattern, clause in _cuts_of(language):
        found = (match.end() for match in pattern.finditer(text, start, min(limit + 1, end)))
        # A blank right behind the limit belongs to neither piece.
        cuts = [cut for cut in found if start + tiny < cut <= last + text[last : last + 1].isspace() and not held(cut)]
        if cuts:
            return _chosen(cuts, start, end, most, clause), clause
    return _anywhere(text, start, end, last, held), False


def _chosen(cuts: list[int], start: int, end: int, most: int, clause: bool) -> int:
    """Choose the last cut; of clauses, when two pieces are enough, the one nearest to the middle."""
    halves = [cut for cut in cuts if end - cut <= most]
    if clause and halves:
        return min(halves, key=lambda cut: abs(2 * cut - start - end))
    return cuts[-1]


def _anywhere(text: str, start: int, end: int, last: int, held: Callable[[int], bool]) -> int:
    """Cut as late as can be where no character is parted; where there is no such place, behind what is held."""
    for cut in range(last, start, -1):
        if not held(cut) and not parts_characters(text, cut):
            return cut
    cut = last
    while cut < end and held(cut):
        cut += 1
    return cut
