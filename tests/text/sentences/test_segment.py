import random
import time
from collections.abc import Iterator

import pytest

from tts.text.sentences.segment import split_sentences

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
def test_a_long_text_takes_linear_time(unit: str) -> None:
    started = time.perf_counter()
    n_characters = sum(len(piece.replace(" ", "")) for piece in split_sentences(unit * (100_000 // len(unit))))
    assert n_characters == len("".join(unit.split())) * (100_000 // len(unit))
    assert time.perf_counter() - started < 10
