import random
import textwrap
import time
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.text.segment_cases import ENGLISH, LAYOUTS, OTHER_LANGUAGES, UNSPACED
from tts.text.passage import Alias, Bookmark, Note, Passage, Pause, Pronunciation, Prosody, SpokenAs
from tts.text.segment import Segment, segments, split_sentences

SENTENCES = [
    ["Dr. Smith met Mr. Jones.", "They left at 5 p.m.", "Then it rained."],
    ["J. R. R. Tolkien wrote it.", "C. S. Lewis read it."],
    ['He said "Stop."', "Then he left."],
    ['"Stop!" he said.', '"Why?" she asked.'],
    ["Wait... what?"],
    ["I see...", "Then go."],
    ["I… I don't know."],
    ["What?!", "No way!!", "Really..."],
    ["It is 3.14 or v1.2.3.", "See www.example.com.", "Mail a.b@c.com.", "Done."],
    ["He lives in the U.S.", "He joined the U.S. Army."],
    ["Apples, pears, etc. are fruit.", "We sell tea, etc.", "Come in."],
    ["No.", "I said No. 5 is alive."],
    ["I live on Elm St. near St. Louis.", "She lives on Oak St.", "It is nice."],
    ["Apple Inc. is big.", "He joined Acme Inc.", "The pay was good."],
    ["(He left.)", 'Then "Yes."', "And so on."],
    ["See e.g. Smith vs. Jones, i.e. vol. 2 and Fig. 3.", "On Jan. 5 we met."],
    ["He is 6 ft. tall.", "She is 5 ft.", "They ran."],
    ["Plan B.", "Then we go.", "It was I.", "He lied."],
    ["He came at 8 a.m. Monday.", "At 9 p.m. EST it ended."],
    ["What is iOS?", "iPhone sales rose."],
    ["Yahoo! is a site."],
    ["He has a Ph.D.", "It took years."],
    ["1. Open the lid.", "Close it."],
]


@pytest.mark.parametrize("sentences", SENTENCES, ids=lambda sentences: sentences[0])
def test_sentences_end_where_a_reader_ends_them(sentences: list[str]) -> None:
    assert list(split_sentences(" ".join(sentences))) == sentences


def test_line_breaks_are_spaces_and_blank_lines_end_a_sentence() -> None:
    text = "A wrapped\nline here.\n\nA title\n \n\nThe text.\r\n\r\nEnd"
    assert list(split_sentences(text)) == ["A wrapped line here.", "A title", "The text.", "End"]


def test_list_entries_are_sentences() -> None:
    assert list(split_sentences("Buy:\n- apples\n- red pears\n2) milk")) == [
        "Buy:",
        "- apples",
        "- red pears",
        "2) milk",
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("\x1b[1mDone.\x1b[0m Next one.", ["Done.", "Next one."]),
        ("Done.\x1b[0m\x1b[32m Next.", ["Done.", "Next."]),
        ("Is it?\x1b[K\x1b[1;31m \x1b[mYes!\x1b[0m\nGood.", ["Is it?", "Yes!", "Good."]),
        ('He said "Go.\x1b[0m" We went.', ['He said "Go.\x1b[0m"', "We went."]),
        ("It is 3.\x1b[1m5 m. Dr.\x1b[0m Smith came.", ["It is 3.\x1b[1m5 m.", "Dr.\x1b[0m Smith came."]),
        ("\x1b]8;;http://x.y/\x07A link.\x1b]8;;\x07 More.", ["A link.", "More."]),
    ],
)
def test_codes_of_a_terminal_hide_no_end(text: str, sentences: list[str]) -> None:
    assert list(split_sentences(text)) == sentences


@pytest.mark.parametrize("text", ["", " ", "\n\n \t\n"])
def test_nothing_gives_nothing(text: str) -> None:
    assert list(split_sentences(text)) == []


def test_a_long_sentence_is_cut_at_its_best_boundary() -> None:
    text = "one two three, four five; six seven, eight nine ten eleven"
    assert list(split_sentences(text, max_characters=30)) == [
        "one two three, four five;",
        "six seven,",
        "eight nine ten eleven",
    ]
    assert list(split_sentences("aaaa bbbb cccc", max_characters=10)) == ["aaaa bbbb", "cccc"]
    assert list(split_sentences("a" * 25, max_characters=10)) == ["a" * 10, "a" * 10, "a" * 5]


def test_max_characters_must_be_positive() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        split_sentences("Hello.", max_characters=0)


@pytest.mark.parametrize("max_characters", [1, 7, 60, 400])
def test_nothing_is_lost_and_no_piece_is_too_long(max_characters: int) -> None:
    rng = random.Random(max_characters)
    fragments = [
        "Dr.",
        "A",
        "word",
        "U.S.",
        "...",
        "?!",
        '"',
        ")",
        "(",
        ",",
        ";",
        "—",
        "\n",
        "\n\n",
        "3.14",
        "é",
        "。",
        "\t",
        "- ",
    ]
    for _ in range(300):
        text = "".join(rng.choice(fragments) + rng.choice(["", " "]) for _ in range(rng.randint(0, 40)))
        pieces = list(split_sentences(text, max_characters=max_characters))
        assert "".join("".join(pieces).split()) == "".join(text.split())
        assert all(0 < len(piece) <= max_characters for piece in pieces)


def test_the_first_sentence_does_not_wait_for_the_rest() -> None:
    pieces = split_sentences("Hello there. " * 50_000)
    started = time.perf_counter()
    assert isinstance(pieces, Iterator)
    assert next(pieces) == "Hello there."
    assert time.perf_counter() - started < 0.2


@pytest.mark.parametrize("unit", ["Mr. ", ". ", "a.", '."x', "A\n", "\r", "e\u0301", '"', "word ", "\n \t", "- "])
def test_a_long_text_needs_linear_time(unit: str) -> None:
    started = time.perf_counter()
    n_characters = sum(len(piece.replace(" ", "")) for piece in split_sentences(unit * (100_000 // len(unit))))
    assert n_characters == len("".join(unit.split())) * (100_000 // len(unit))
    assert time.perf_counter() - started < 10


def cut(text: str, *notes: Note, language: str = "en-us", most: int = 400) -> list[tuple[str, str]]:
    """What opens each segment, and its text."""
    found = segments(Passage(text, notes), language, most)
    return [(segment.opens, text[segment.start : segment.end]) for segment in found]


@pytest.mark.parametrize("sentences", ENGLISH, ids=lambda sentences: sentences[0])
def test_english_sentences(sentences: list[str]) -> None:
    assert list(split_sentences(" ".join(sentences))) == sentences
    wrapped = textwrap.fill(" ".join(sentences * 5), 66, break_on_hyphens=False)
    assert list(split_sentences(wrapped)) == sentences * 5


@pytest.mark.parametrize(("language", "sentences"), OTHER_LANGUAGES, ids=lambda value: str(value)[:30])
def test_sentences_of_other_languages(language: str, sentences: list[str]) -> None:
    assert list(split_sentences(" ".join(sentences), language=language)) == sentences


@pytest.mark.parametrize(("language", "sentences"), UNSPACED, ids=lambda value: str(value)[:30])
def test_sentences_without_blanks_between(language: str, sentences: list[str]) -> None:
    assert list(split_sentences("".join(sentences), language=language)) == sentences


@pytest.mark.parametrize(("text", "expected"), LAYOUTS, ids=lambda value: repr(value)[:30])
def test_layouts(text: str, expected: list[tuple[str, str]]) -> None:
    assert cut(text) == expected


def test_segments_are_spans_without_blanks() -> None:
    assert list(segments(Passage("  One.\n Two.  \n\nThree "))) == [
        Segment(2, 6, ""),
        Segment(8, 12, "sentence"),
        Segment(16, 21, "paragraph"),
    ]


def test_a_pause_parts_a_sentence_and_its_level_counts() -> None:
    text = "One two three. Four."
    assert cut(text, Pause(4, 0.5)) == [("", "One"), ("", "two three."), ("sentence", "Four.")]
    assert cut(text, Pause(15, 1)) == [("", "One two three."), ("sentence", "Four.")]
    assert cut(text, Pause(14, None, "paragraph")) == [("", "One two three."), ("paragraph", "Four.")]
    assert cut(text, Pause(7, None, "clause")) == [("", "One two"), ("clause", "three."), ("sentence", "Four.")]
    assert cut(text, Pause(0, 1), Pause(20, 1), Bookmark(4, "x")) == [("", "One two three."), ("sentence", "Four.")]


def test_another_voice_splits_a_sentence_and_another_prosody_or_language_does_not() -> None:
    text = "One two three four."
    assert cut(text, SpokenAs(4, 7, Prosody(speed=2))) == [("", text)]
    assert cut(text, SpokenAs(4, 7, voice="ann")) == [("", "One"), ("", "two"), ("", "three four.")]
    assert cut(text, SpokenAs(4, 7, language="fr")) == [("", text)]
    assert cut(text, SpokenAs(0, 19, Prosody(pitch=1))) == [("", text)]


def test_nothing_parts_what_has_a_pronunciation_or_an_alias() -> None:
    text = "See plan B. The man. Go."
    assert cut(text) == [("", "See plan B."), ("sentence", "The man."), ("sentence", "Go.")]
    assert cut(text, Alias(4, 20, "x")) == [("", "See plan B. The man."), ("sentence", "Go.")]
    assert cut(text, Pronunciation(9, 15, "x"), Pause(12, 1)) == [("", "See plan B. The man."), ("sentence", "Go.")]
    assert cut("a b c d e f", Alias(2, 9, "x"), most=3) == [("", "a"), ("", "b c d e"), ("", "f")]
    assert cut("abcdefgh", Alias(0, 8, "x"), most=3) == [("", "abcdefgh")]


def test_long_sentences_are_cut_at_clauses_and_say_so() -> None:
    text = (
        "The old fox jumped over the lazy dog and then it ran away; the dog, which was old, slept on and on for hours"
    )
    assert cut(text, most=70) == [
        ("", "The old fox jumped over the lazy dog and then it ran away;"),
        ("clause", "the dog, which was old, slept on and on for hours"),
    ]
    listed = "we saw red cars, blue cars, green cars, and white cars, black cars, grey cars, pink cars"
    assert cut(listed, most=60) == [
        ("", "we saw red cars, blue cars, green cars,"),
        ("clause", "and white cars, black cars, grey cars, pink cars"),
    ]
    words = "one two three four five six seven eight nine ten"
    assert cut(words, most=30) == [("", "one two three four five six"), ("", "seven eight nine ten")]
    assert cut("aaa bbb and ccc ddd", most=12) == [("", "aaa bbb"), ("clause", "and ccc ddd")]
    assert cut("他来了，我走了，他们都在家里，没有人", language="cmn", most=10) == [
        ("", "他来了，我走了，"),
        ("clause", "他们都在家里，没有人"),
    ]


def test_an_abbreviation_in_a_long_sentence_is_no_place_to_cut() -> None:
    assert [piece for _, piece in cut("we saw the old Dr. Hill there again", most=20)] == [
        "we saw the old",
        "Dr. Hill there again",
    ]


@pytest.mark.parametrize(
    ("text", "most", "pieces"),
    [
        ("สวัสดีครับ ผมชื่อสมชาย ผมเป็นคนไทย", 24, ["สวัสดีครับ ผมชื่อสมชาย", "ผมเป็นคนไทย"]),
        ("👨\u200d👩\u200d👧" * 3, 7, ["👨\u200d👩\u200d👧"] * 3),
        ("🇩🇪🇫🇷🇮🇹", 3, ["🇩🇪", "🇫🇷", "🇮🇹"]),
        ("👍🏽👍🏽", 3, ["👍🏽", "👍🏽"]),
        ("e\u0301" * 4, 3, ["e\u0301"] * 4),
        ("क्षक्ष", 4, ["क्ष", "क्ष"]),
        ("\u1112\u1161\u11ab" * 2, 5, ["\u1112\u1161\u11ab"] * 2),
        ("ไทยไทย", 4, ["ไทย", "ไทย"]),
        ("https://example.com/this/is/a/path", 20, ["https://example.com/", "this/is/a/path"]),
    ],
)
def test_what_is_one_character_to_the_eye_is_not_parted(text: str, most: int, pieces: list[str]) -> None:
    assert [piece for _, piece in cut(text, most=most)] == pieces


def test_a_character_longer_than_a_sentence_is_cut_all_the_same() -> None:
    assert [len(piece) for _, piece in cut("e" + "\u0301" * 25, most=10)] == [10, 10, 6]


def test_any_text_is_covered_in_order_and_what_is_held_is_whole() -> None:
    rng = random.Random(7)
    parts = [
        "Dr.",
        "word",
        " ",
        "\n",
        "\n\n",
        ". ",
        "?",
        "“",
        "”",
        "。",
        "e\u0301",
        "\u200d",
        "- ",
        "1. ",
        "| ",
        "—",
        "\ud800",
    ]
    for _ in range(400):
        text = "".join(rng.choice(parts) for _ in range(rng.randint(1, 60)))
        notes: list[Note] = []
        for _ in range(rng.randint(0, 4)):
            start, end = sorted(rng.randint(0, len(text)) for _ in range(2))
            notes.append(rng.choice([Alias(start, end, "x"), Pause(start, 1), SpokenAs(start, end, Prosody(pitch=1))]))
        most = rng.choice([1, 5, 20, 400])
        found = list(segments(Passage(text, tuple(notes)), rng.choice(["en-us", "de", "el", "cmn"]), most))
        covered = [place for segment in found for place in range(segment.start, segment.end)]
        assert covered == sorted(set(covered))
        assert all(text[place].isspace() for place in set(range(len(text))) - set(covered))
        assert all(not text[segment.start].isspace() and not text[segment.end - 1].isspace() for segment in found)
        assert not found or found[0].opens == ""
        for note in notes:
            if isinstance(note, Alias):
                assert not any(
                    note.start < segment.start < note.end and text[note.start : segment.start].strip()
                    for segment in found
                )


def test_no_cut_separates_a_combining_mark() -> None:
    rng = random.Random(8)
    for _ in range(100):
        text = "".join(rng.choice(["a", "\u0301", "\u0e31", "\u200d", "😀", "\ufe0f", "가"]) for _ in range(60))
        found = list(segments(Passage(text), max_characters=25))
        for before, after in pairwise(found):
            if before.end == after.start:
                assert unicodedata.category(text[after.start])[0] != "M"
                assert "\u200d" not in (text[after.start], text[after.start - 1])


@pytest.mark.parametrize("language", ["", "xx", "zh-Hant", "EN-US", "pt_BR", "grc", "en-gb-x-rp"])
def test_any_language_code_is_taken(language: str) -> None:
    assert list(split_sentences("One two. Three.", language=language)) == ["One two.", "Three."]
