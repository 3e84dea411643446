import random
import textwrap
import unicodedata
from itertools import pairwise

import pytest

from tests.text.sentences.segment_cases import ABROAD, ENGLISH, LAYOUTS, UNSPACED
from tts.text.passage import Alias, Bookmark, Manner, Note, Passage, Pause, Pronunciation, Spoken
from tts.text.sentences.segment import Segment, segments, split_sentences


def cut(text: str, *notes: Note, language: str = "en-us", most: int = 400) -> list[tuple[str, str]]:
    """What opens each segment, and its text."""
    found = segments(Passage(text, notes), language, most)
    return [(segment.opens, text[segment.start : segment.end]) for segment in found]


@pytest.mark.parametrize("sentences", ENGLISH, ids=lambda sentences: sentences[0])
def test_english_sentences(sentences: list[str]) -> None:
    assert list(split_sentences(" ".join(sentences))) == sentences
    wrapped = textwrap.fill(" ".join(sentences * 5), 66, break_on_hyphens=False)
    assert list(split_sentences(wrapped)) == sentences * 5


@pytest.mark.parametrize(("language", "sentences"), ABROAD, ids=lambda value: str(value)[:30])
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


def test_another_voice_parts_a_sentence_and_another_manner_or_language_does_not() -> None:
    text = "One two three four."
    assert cut(text, Spoken(4, 7, Manner(speed=2))) == [("", text)]
    assert cut(text, Spoken(4, 7, voice="ann")) == [("", "One"), ("", "two"), ("", "three four.")]
    assert cut(text, Spoken(4, 7, language="fr")) == [("", text)]
    assert cut(text, Spoken(0, 19, Manner(pitch=1))) == [("", text)]


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
            notes.append(rng.choice([Alias(start, end, "x"), Pause(start, 1), Spoken(start, end, Manner(pitch=1))]))
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


def test_no_cut_leaves_a_combining_mark_alone() -> None:
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
