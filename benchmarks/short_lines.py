"""Short sentences in any number, made by a small grammar of our own: what a batch is measured on."""

from __future__ import annotations

import random

LENGTHS = (20, 60)

_WORDS = {
    "adjective": "old small quiet bright broken narrow green heavy early friendly hollow crooked patient rusty warm",
    "noun": "bridge kettle garden letter window engine lantern ferry baker teacher wagon mirror candle anchor clock",
    "things": "apples tickets bottles ladders pencils barrels feathers blankets buttons shovels maps carrots keys",
    "person": "Anna Martin Dr. Hill Mrs. Stone Peter Clara Mr. Webb Julia Oscar Nora Hugo",
    "past": "turned waited vanished landed stopped arrived rested shone trembled settled slipped returned",
    "plain": "turn wait vanish land stop arrive rest shine tremble settle slip return",
    "does": "counted carried painted borrowed sorted wrapped measured dropped bought sold washed hid",
    "do": "count carry paint borrow sort wrap measure drop buy sell wash hide",
    "where": "behind the mill|near the harbor|under the stairs|by the river|in the cellar|at the station",
    "when": "at noon|before breakfast|on Monday|last winter|after rain|at 7:30|in 1984|every week|by half past two",
}
_SHAPES = (
    "The {adjective} {noun} {past} {where}.",
    "{person} {does} {number} {things} {when}.",
    "Did the {noun} {plain} {where}?",
    "Please {do} the {adjective} {things} {when}!",
    "{person} and I {past} {where}, not {when}.",
    "{number} {adjective} {things} cost ${price}.",
    "Why would {person} {do} a {noun} {when}?",
)


def short_lines(n: int, seed: int = 0) -> list[str]:
    """`n` different sentences of 20 to 60 characters; the first of many are the same as few."""
    draws = random.Random(seed)
    words = {kind: _split(kind, text) for kind, text in _WORDS.items()}
    lines: dict[str, None] = {}
    while len(lines) < n:
        chosen = {kind: draws.choice(known) for kind, known in words.items()}
        numbers = {"number": str(draws.randint(2, 999)), "price": f"{draws.uniform(1, 90):.2f}"}
        line = draws.choice(_SHAPES).format(**chosen, **numbers)
        if LENGTHS[0] <= len(line) <= LENGTHS[1]:
            lines[line] = None
    return list(lines)


def _split(kind: str, text: str) -> list[str]:
    if kind == "person":
        # A title belongs to the name behind it.
        text = text.replace(". ", "._")
        return [name.replace("_", " ") for name in text.split()]
    return text.split("|") if "|" in text else text.split()
