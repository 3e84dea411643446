import random
import re
import time

import pytest

from tests.text.normalization_cases import CASES
from tts.text.normalize import normalize

FRAGMENTS = [
    "0",
    "1",
    "5",
    "12",
    "99",
    "101",
    "1999",
    "2012",
    "1,000",
    "3.14",
    ".5",
    "1/2",
    "st",
    "nd",
    "th",
    "'s",
    "%",
    "$",
    "£",
    "€",
    "US$",
    "k",
    "bn",
    "M",
    "kg",
    "km",
    "in",
    "in.",
    "ft.",
    "°",
    "°C",
    "am",
    "p.m.",
    "AM",
    "A",
    "I",
    "II",
    "IV",
    "Henry",
    "World",
    "War",
    "Chapter",
    "Dr.",
    "St.",
    "No.",
    "vs.",
    "e.g.",
    "etc.",
    "Inc.",
    "U.S.",
    "J.",
    ".",
    ",",
    ";",
    ":",
    "!",
    "?",
    "…",
    "...",
    "-",
    "–",
    "—",
    "--",
    "/",
    "(",
    ")",
    "[",
    "]",
    '"',
    "'",
    "“",
    "”",
    "#",
    "@",
    "&",
    "*",
    "+",
    "=",
    "<",
    ">",
    "^",
    "~",
    "_",
    "|",
    "a@b.com",
    "www.x.com",
    "http://a.b/c",
    "x",
    "Jan.",
    "May",
    "4",
    "the",
    "Elm",
    "'80s",
    "Q3",
    "BC",
    "CA",
    "NY",
    "12:30",
    "911",
    "555-1234",
    "to",
    "million",
    "²",
    "½",
    "①",
    "Ⅷ",
    "٣",
    "ß",
    "é",
    "日本",
    "\n",
    "\n\n",
    "\t",
    "v",
    "c",
    "est",
    "p",
    "C#",
    "ﬁ",
    "ａ",
    "％",
    "ﷺ",
    "‰",
    "™",
    "`",
]


@pytest.mark.parametrize(("written", "spoken"), [case for cases in CASES.values() for case in cases])
def test_written_forms_are_spoken(written: str, spoken: str) -> None:
    assert normalize(written) == spoken


@pytest.mark.parametrize("spoken", [spoken for cases in CASES.values() for _, spoken in cases])
def test_spoken_forms_stay_as_they_are(spoken: str) -> None:
    assert normalize(spoken) == spoken


@pytest.mark.parametrize("seed", range(4))
def test_any_mixture_gives_stable_text_without_digits(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(250):
        joint = rng.choice(["", " ", " "])
        written = joint.join(rng.choice(FRAGMENTS) for _ in range(rng.randint(1, 12)))
        spoken = normalize(written)
        assert not re.search(r"\d", spoken), written
        assert normalize(spoken) == spoken, written


def test_any_unicode_is_accepted() -> None:
    rng = random.Random(7)
    for _ in range(400):
        written = "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(1, 20)))
        spoken = normalize(written)
        assert normalize(spoken) == spoken, ascii(written)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]", spoken), ascii(written)


@pytest.mark.parametrize("unit", ["1-", "a-b-", "A.", "A. ", "x=", "<a", "$", "1,", "12:", ". ", "a@"])
def test_repetition_takes_no_quadratic_time(unit: str) -> None:
    started = time.perf_counter()
    normalize(unit * 4000)
    assert time.perf_counter() - started < 5


def test_line_breaks_stay() -> None:
    assert normalize("one  1\r\n2 two\n\n3") == "one one\ntwo two\n\nthree"
