from __future__ import annotations

import re

import pytest

from tests.synthesis.timed_texts import EDGE, timed_text
from tts.synthesis.phrases import MAX_COLUMNS, columns, tokens
from tts.synthesis.timing import Mark, TimedSentence, TimedWord, timed_sentence


def texts(written, **options):
    return [token.text for token in tokens(timed_text(written, **options))]


def ranked(written):
    """The places for a break, the best first; those that cost the same in the order of the text."""
    made = tokens(timed_text(written))[:-1]
    return [token.text for token in sorted(made, key=lambda token: token.cost)]


def test_tokens_are_what_blanks_separate():
    assert texts(' He said:\n "Well - no,  (or) yes." ') == ["He", "said:", '"Well', "-", "no,", "(or)", 'yes."']


def test_tokens_are_heard_when_their_words_are():
    made = tokens(timed_text("One, two.", seconds_per_letter=0.125))
    assert [(token.start, token.end) for token in made] == [(EDGE, EDGE + 0.375), (EDGE + 0.625, EDGE + 1.0)]


def test_a_word_over_several_tokens_is_divided_by_its_letters():
    made = tokens(timed_text("25 July", pattern="25 July", seconds_per_letter=0.125))
    assert [(token.start, token.end) for token in made] == [(EDGE, EDGE + 0.25), (EDGE + 0.375, EDGE + 0.875)]


def test_a_token_without_a_word_has_the_instant_where_the_one_before_ends():
    made = tokens(timed_text("a - b", seconds_per_letter=0.125))
    assert [(token.start, token.end) for token in made][1] == (EDGE + 0.125, EDGE + 0.125)


def test_without_words_a_sentence_is_divided_by_its_letters():
    bare = timed_sentence("ab cd", "", (), (), 1.0, 0.5)
    assert [(token.start, token.end) for token in tokens(bare)] == [
        pytest.approx((1.0, 1.2)),
        pytest.approx((1.3, 1.5)),
    ]


def test_chinese_and_japanese_are_cut_at_characters_with_the_marks_beside_them():
    assert texts("我用iPhone，「好」。ちゃんと") == ["我", "用", "iPhone，", "「好」。", "ちゃ", "ん", "と"]
    assert [token.is_apart for token in tokens(timed_text("好 好好"))] == [False, True, False]
    assert columns("我用a") == 5
    assert columns("e\u0301") == 1


def test_what_is_wider_than_a_line_is_cut():
    made = tokens(timed_text("see " + "a" * 100, pattern=r"\w+"))
    assert [len(token.text) for token in made] == [3, MAX_COLUMNS, MAX_COLUMNS, 100 - 2 * MAX_COLUMNS]
    assert "".join(token.text for token in made[1:]) == "a" * 100
    assert made[1].end == made[2].start


def test_control_characters_are_left_out():
    assert texts("a\x00b \x07 c") == ["ab", "c"]


def test_breaks_are_best_behind_sentences_then_clauses_then_commas():
    assert ranked("Green trees grow, birds sing; fish swim! Deer graze.")[:3] == ["swim!", "sing;", "grow,"]


def test_breaks_are_better_before_a_joining_word_than_elsewhere_and_worst_behind_an_article():
    assert ranked("Green trees grow behind walls") == ["grow", "Green", "trees", "behind"]
    assert ranked("near the bridge")[-1] == "the"


@pytest.mark.parametrize(
    ("written", "inside"),
    [
        ("ask Dr. Lee today", "Dr."),
        ("met Mary Smith today", "Mary"),
        ("ran 5 kilometres today", "5"),
        ("came July 4", "July"),
        ("by J. Smith alone", "J."),
        ("bought oranges — cheaply", "oranges"),
    ],
)
def test_breaks_are_bad_inside_names_and_measures_and_before_a_dash(written, inside):
    assert ranked(written)[-1] == inside


def test_breaks_inside_what_is_read_as_one_word_are_worse_than_in_a_name():
    made = tokens(timed_text("on 25 July 2012 we", pattern=r"25 July 2012|\w+"))
    costs = {token.text: token.cost for token in made}
    assert costs["25"] == costs["July"] > costs["2012"]


def test_every_letter_of_any_text_is_kept():
    written = "\ufeffA\u200b b\u0301 \U0001f600 \u202eabc\u202c ﷺ " + "\u0301" * 50 + " 好\u0301。"
    kept = "".join(texts(written))
    assert kept == re.sub(r"\s", "", written)


def test_words_that_touch_are_taken_as_they_are():
    words = (TimedWord("a", "a", 0.0, 1.0, (0, 1)), TimedWord("b", "b", 1.0, 2.0, (1, 2)))
    sentence = TimedSentence("ab c", "", 0.0, 2.0, (Mark("a", 0.0, 2.0),), words, 2.0)
    assert [(token.text, token.start, token.end) for token in tokens(sentence)] == [("ab", 0.0, 2.0), ("c", 2.0, 2.0)]
