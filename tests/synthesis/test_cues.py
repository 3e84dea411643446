from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest

from tests.synthesis.timed_texts import EDGE, timed_text, timed_texts
from tts.synthesis.cues import MAX_SECONDS, MIN_GAP_SECONDS, MIN_SECONDS, cues
from tts.synthesis.phrases import MAX_COLUMNS, columns

LONG = (
    "The ferry left at half past seven, and because the wind had turned in the night, the captain, who knew the coast "
    "better than anyone on board, kept well away from the rocks until the lighthouse was in sight."
)


def shown(*sentences, **options):
    return [cue.text for cue in cues(timed_texts(*sentences, **options))]


def test_a_short_sentence_is_one_line():
    assert shown("Hello there.", "How are you?") == ["Hello there.", "How are you?"]


def test_a_longer_one_has_two_lines_broken_at_the_comma():
    assert shown("When the rain had stopped, we walked down to the river.") == [
        "When the rain had stopped,\nwe walked down to the river."
    ]


def test_a_long_one_becomes_cues_broken_where_the_sense_allows():
    made = shown(LONG)
    assert made == [
        "The ferry left at half past seven,",
        "and because the wind had turned\nin the night, the captain,",
        "who knew the coast better\nthan anyone on board,",
        "kept well away from the rocks\nuntil the lighthouse was in sight.",
    ]
    assert " ".join(made).replace("\n", " ") == LONG


def test_a_line_does_not_end_with_an_article_nor_inside_a_name():
    (cue,) = shown("We gave the letter about the bridge to Mary Smith today.")
    above, _ = cue.split("\n")
    assert above.split()[-1] not in ("the", "to", "about", "Mary")


def test_chinese_is_broken_by_characters():
    written = "我们昨天在火车站等了很久但是火车一直没有来所以我们最后决定坐公共汽车回家。"
    (cue,) = cues([timed_text(written, pattern=r"\w")])
    above, below = cue.text.split("\n")
    assert above + below == written
    assert max(columns(above), columns(below)) <= MAX_COLUMNS


def test_a_cue_begins_with_its_first_word():
    (first, second) = cues(timed_texts("Hello there, my old friend.", "Yes.", silence=2.0))
    assert first.start == EDGE
    assert second.start == pytest.approx(27 * 0.05 + 2 * EDGE + 2.0 + EDGE)


def test_a_brief_cue_stays_until_it_can_be_read_where_there_is_time():
    first, second = cues(timed_texts("Yes.", "No, I do not.", silence=2.0))
    assert first.end - first.start == pytest.approx(MIN_SECONDS)
    assert second.start - first.end >= MIN_GAP_SECONDS
    # Forty letters in one second; they want two.
    quick, _ = cues(timed_texts("x" * 19 + " " + "y" * 20, "No.", silence=5.0, seconds_per_letter=0.025))
    assert quick.end - quick.start == pytest.approx(2.0)


def test_a_short_gap_is_closed():
    first, second = cues(timed_texts("This is said for a while.", "And so is this one.", silence=0.2))
    assert first.end == second.start


def test_the_last_cue_ends_with_the_audio_of_its_sentence():
    sentences = timed_texts("Hello there.", "This is said for a while, I think.")
    assert cues(sentences)[-1].end == sentences[-1].audio_end


def test_no_sentences_are_no_cues():
    assert cues([]) == []


def test_sentences_with_nothing_to_show_are_no_cues():
    assert [cue.text for cue in cues(timed_texts("\x00", "Hello."))] == ["Hello."]


def random_sentence(draws):
    words = [
        "a",
        "the",
        "of",
        "river",
        "Mary",
        "12",
        "engine",
        "counterclockwise",
        "and",
        "who",
        "it's",
        "Dr.",
        "$3.50",
    ]
    marks = ["", "", "", "", ",", ",", ";", " —", "!"]
    return " ".join(draws.choice(words) + draws.choice(marks) for _ in range(draws.randint(1, 60))) + "."


def test_cues_of_any_text_keep_to_the_limits():
    draws = random.Random(0)
    sentences = timed_texts(*(random_sentence(draws) for _ in range(200)), seconds_per_letter=0.06)
    made = cues(sentences)
    for cue in made:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(0 < columns(line) <= MAX_COLUMNS for line in lines)
        assert cue.end - cue.start <= MAX_SECONDS + MIN_GAP_SECONDS
    for one, other in pairwise(made):
        assert one.end <= other.start
        assert one.end - one.start >= MIN_SECONDS or one.end == other.start
    assert " ".join(cue.text.replace("\n", " ") for cue in made) == " ".join(each.text for each in sentences)


def test_the_time_grows_with_the_length_of_a_sentence_and_not_faster():
    def seconds(n):
        sentence = timed_text("river of the engine, " * n)
        started = time.perf_counter()
        cues([sentence])
        return time.perf_counter() - started

    seconds(10)
    assert seconds(1000) < 20 * seconds(100) + 0.1
