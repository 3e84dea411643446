import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.languages.english.cases import CASES
from tts.text.normalize import normalize, read_out
from tts.text.passage import Alias

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


@pytest.mark.parametrize(
    "unit",
    ["1-", "1/", "a-b-", "A.", "A. ", "x=", "<a", "$", "1,", "12:", ". ", "a@", "#", "½", "\n", "e\u0301", "👩\u200d"],
)
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    def seconds(n: int) -> float:
        started = time.process_time()
        normalize(unit * n)
        return time.process_time() - started

    normalize(unit)
    # Eight times the text in eight times the time; with squares it would take 64 times as long.
    assert min(seconds(4000) for _ in range(2)) < 32 * max(min(seconds(500) for _ in range(3)), 0.001)


def test_line_breaks_stay() -> None:
    assert normalize("one  1\r\n2 two\n\n3") == "one one\ntwo two\n\nthree"


def written_for(written: str, language: str = "en-us") -> list[tuple[str, str]]:
    """The spoken words and the written span of each."""
    spoken = read_out(written, language)
    spans = [found.span() for found in re.finditer(r"[\w'-]*\w", spoken.text)]
    return [(spoken.text[start:end], written[slice(*spoken.written(start, end))]) for start, end in spans]


def test_each_word_knows_what_was_written() -> None:
    assert written_for("I paid $3.50 on 3/4/1998.") == [
        ("I", "I"),
        ("paid", "paid"),
        *[(word, "$3.50") for word in ("three", "dollars", "fifty", "cents")],
        ("on", "on"),
        *[(word, "3/4/1998") for word in ("March", "fourth", "nineteen", "ninety-eight")],
    ]


def test_typography_moves_no_word() -> None:
    assert written_for("  “Dr.  Lee”\t—\u200bit’s  5\u00a0km …") == [
        ("Doctor", "Dr."),
        ("Lee", "Lee"),
        ("it's", "it’s"),
        ("five", "5\u00a0km"),
        ("kilometers", "5\u00a0km"),
    ]
    assert written_for("One 👍🏽, two.") == [
        ("One", "One"),
        *[(word, "👍🏽") for word in ("thumbs", "up", "medium", "skin", "tone")],
        ("two", "two"),
    ]


def test_edits_are_of_the_class_of_what_was_written() -> None:
    spoken = read_out("It cost $5 on May 3 at 5 p.m.")
    assert [(spoken.text[edit.start : edit.end], edit.kind) for edit in spoken.edits] == [
        ("five dollars", "money"),
        ("third", "date"),
        ("five PM", "time"),
    ]


@given(st.lists(st.sampled_from([*FRAGMENTS, " ", " ", "  ", "😀", "e\u0301", "\u200b"]), max_size=14))
def test_outside_of_edits_the_text_is_as_written(fragments: list[str]) -> None:
    written = "".join(fragments)
    spoken = read_out(written)
    spoken_at = written_at = 0
    for edit in spoken.edits:
        assert spoken.text[spoken_at : edit.start] == written[written_at : edit.written_start]
        assert spoken_at <= edit.start <= edit.end
        assert written_at <= edit.written_start <= edit.written_end
        spoken_at, written_at = edit.end, edit.written_end
    assert spoken.text[spoken_at:] == written[written_at:]


def test_aliases_are_spoken_as_given() -> None:
    written = "The WHO met Dr. X on 3/4/1998."
    spoken = read_out(written, aliases=[Alias(4, 7, "W.H.O. No. 5"), Alias(12, 17, "Doctor Who")])
    assert spoken.text == "The W.H.O. No. 5 met Doctor Who on March fourth nineteen ninety-eight."
    assert spoken.written(4, 16) == (4, 7)
    assert spoken.written(21, 31) == (12, 17)
    assert spoken.edits[0].kind == "alias"


@pytest.mark.parametrize(
    ("written", "spoken", "left_out"),
    [
        ("Acme™ is ®", "Acme is", ("™", "®")),
        ("█▓ box █", "box", ("█", "▓")),
        ("a ~ b", "a b", ("~",)),
        ("x\udc80y", "x y", ("U+DC80",)),
        ("a\u200bb\u202ec\x07", "abc", ()),
        ("| **a** | `b` |", "a 'b'", ()),
        ("Привет, мир", "Привет, мир", ()),
    ],
)
def test_what_has_no_words_is_named(written: str, spoken: str, left_out: tuple[str, ...]) -> None:
    done = read_out(written)
    assert (done.text, done.left_out) == (spoken, left_out)


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("en-us", "March fourth nineteen ninety-eight, the twenty-fifth of December twenty twenty"),
        ("en-gb", "the third of April nineteen ninety-eight, the twenty-fifth of December twenty twenty"),
        ("en-gb-scotland", "the third of April nineteen ninety-eight, the twenty-fifth of December twenty twenty"),
    ],
)
def test_the_order_of_a_date_is_that_of_the_country(language: str, spoken: str) -> None:
    assert normalize("3/4/1998, 25/12/2020", language) == spoken
