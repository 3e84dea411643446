from __future__ import annotations

import json
import random
import re
import time
from itertools import pairwise

import pytest

from tests.synthesis.timed_texts import EDGE, timed_text, timed_texts
from tts.errors import UsageError
from tts.synthesis.subtitles import (
    MAX_COLUMNS,
    MAX_SECONDS,
    MIN_PAUSE_SECONDS,
    MIN_SECONDS,
    TIMING_SUFFIXES,
    columns,
    cues,
    lrc,
    srt,
    textgrid,
    timing_format,
    timings_json,
    timings_text,
    tokens,
    vtt,
)
from tts.synthesis.timing import Mark, TimedBookmark, TimedSentence, TimedWord, timed_sentence, timed_words
from tts.text.reading import ReadWord


@pytest.fixture
def sentences():
    """At 0.1 s, and an hour later: the first is shown as long as it takes to read, the second until the audio ends."""
    return [timed_text("Ab & <c>."), timed_text('Say\n "c".', start=3600.7)]


def test_srt(sentences):
    assert srt(sentences) == (
        '1\n00:00:00,100 --> 00:00:00,900\nAb & <c>.\n\n2\n01:00:00,800 --> 01:00:01,350\nSay "c".\n'
    )


def test_vtt(sentences):
    assert vtt(sentences) == (
        'WEBVTT\n\n00:00:00.100 --> 00:00:00.900\nAb &amp; &lt;c&gt;.\n\n01:00:00.800 --> 01:00:01.350\nSay "c".\n'
    )


def test_lrc(sentences):
    assert lrc(sentences, 3601.35) == (
        '[length:60:01.35]\n[00:00.10]Ab & <c>.\n[00:00.90]\n[60:00.80]Say "c".\n[60:01.35]\n'
    )


def test_lines_of_a_cue():
    (sentence,) = timed_texts("When the rain had stopped, we walked down to the river.")
    broken = "When the rain had stopped,\nwe walked down to the river.\n"
    assert srt([sentence]).endswith(f"\n{broken}")
    assert vtt([sentence]).endswith(f"\n{broken}")
    assert "]When the rain had stopped, we walked down to the river.\n" in lrc([sentence], 3.0)


def test_times_round_to_the_nearest_millisecond_and_carry():
    (line,) = srt([timed_text("abcdefghij", start=59.8996, seconds_per_letter=6.0)]).split("\n")[1:2]
    assert line == "00:01:00,000 --> 00:02:00,100"


def test_lyrics_have_nothing_that_reads_as_a_tag():
    made = lrc([timed_text("[12:30] at <3:15> [ar: me] [ok] <b>", seconds_per_letter=0.1)], 9.0)
    assert "](12:30] at (3:15> (ar: me] [ok] <b>\n" in made


def test_lyrics_are_blank_in_a_silence_and_not_between_sentences_that_follow():
    made = lrc(timed_texts("This is said for a while.", "And so is this one.", silence=0.2), 4.0)
    assert [line.split("]")[1] for line in made.splitlines()[1:]] == [
        "This is said for a while.",
        "And so is this one.",
        "",
    ]


def test_no_sentences_are_valid_files_too():
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n"
    assert lrc([], 1.0) == "[length:00:01.00]\n"


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
    assert second.start - first.end >= MIN_PAUSE_SECONDS
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
        assert cue.end - cue.start <= MAX_SECONDS + MIN_PAUSE_SECONDS
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


def texts(written, **options):
    return [token.text for token in tokens(timed_text(written, **options))]


def ranked(written):
    """The places for a break, the best first; those that cost the same in the order of the text."""
    made = tokens(timed_text(written))[:-1]
    return [token.text for token in sorted(made, key=lambda token: token.cost)]


def test_tokens_are_what_blanks_separate():
    assert texts(' He said:\n "Well - no,  (or) yes." ') == ["He", "said:", '"Well', "-", "no,", "(or)", 'yes."']


def test_tokens_have_the_time_of_their_words():
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
    assert [token.follows_space for token in tokens(timed_text("好 好好"))] == [False, True, False]
    assert columns("我用a") == 5
    assert columns("e\u0301") == 1


def test_what_is_wider_than_a_line_is_cut():
    made = tokens(timed_text("see " + "a" * 100, pattern=r"\w+"))
    assert [len(token.text) for token in made] == [3, MAX_COLUMNS, MAX_COLUMNS, 100 - 2 * MAX_COLUMNS]
    assert "".join(token.text for token in made[1:]) == "a" * 100
    assert made[1].end == made[2].start


def test_an_address_is_cut_behind_its_marks():
    address = "https://example.com/a-long-path/with-many-parts/and-some-more.html"
    assert texts(address, pattern=r"\S+") == ["https://example.com/a-long-path/with-many-", "parts/and-some-more.html"]


def test_control_characters_are_left_out():
    assert texts("a\x00b \x07 c") == ["ab", "c"]


def test_breaks_are_best_behind_sentences_then_clauses_then_commas():
    assert ranked("Green trees grow, birds sing; fish swim! Deer graze.")[:3] == ["swim!", "sing;", "grow,"]


def test_breaks_are_better_before_a_joining_word_than_elsewhere_and_worst_behind_an_article():
    assert ranked("Green trees grow behind walls") == ["grow", "Green", "trees", "behind"]
    assert ranked("near the bridge")[-1] == "the"
    assert ranked("for tall trees (see there)")[0] == "trees"


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


def test_textgrid_is_exactly_this():
    marks = (Mark("a", 0.1, 0.2, 0),)
    words = timed_words('A\n "c"', (ReadWord(0, 1, 0, 1),), marks)
    sentence = timed_sentence('A\n "c"', "a", marks, words, 0.0, 0.3)
    tier = """    item [{n}]:
        class = "IntervalTier"
        name = "{name}"
        xmin = 0
        xmax = 0.3
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.1
            text = ""
        intervals [2]:
            xmin = 0.1
            xmax = 0.2
            text = "{text}"
        intervals [3]:
            xmin = 0.2
            xmax = 0.3
            text = ""
"""
    head = (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
        "xmin = 0\nxmax = 0.3\ntiers? <exists>\nsize = 3\nitem []:\n"
    )
    named = (("sentences", 'A ""c""'), ("words", "A"), ("phonemes", "a"))
    tiers = (tier.format(n=n, name=name, text=text) for n, (name, text) in enumerate(named, 1))
    assert textgrid([sentence], 0.3) == head + "".join(tiers)


def test_tiers_cover_everything_once_even_where_symbols_take_no_time():
    marks = (Mark("ˈ", 0.0, 0.0), Mark("a", 0.0, 0.1 + 0.2), Mark("b", 0.3, 0.5))
    sentence = timed_sentence("ab", "ˈab", marks, timed_words("ab", (), marks), 0.0, 0.5)
    lines = textgrid([sentence], 0.5).split('name = "phonemes"')[1].split("\n")
    edges = [line.strip() for line in lines if "xm" in line][2:]
    assert edges == ["xmin = 0", "xmax = 0.3", "xmin = 0.3", "xmax = 0.5"]


def test_no_sentences_are_a_valid_file_too():
    assert 'text = ""' in textgrid([], 1.0)


def test_json():
    marks = (Mark("w", 0.1, 0.2, 0), Mark("n", 0.2, 0.3, 1), Mark(".", 0.3, 0.45, 2))
    sentence = timed_sentence("1.", "wn.", marks, timed_words("1.", (ReadWord(0, 1, 0, 2),), marks), 2.0, 0.7)
    assert json.loads(timings_json([sentence], 2.7, [TimedBookmark("here", 2.1)])) == {
        "seconds": 2.7,
        "sentences": [
            {
                "text": "1.",
                "phonemes": "wn.",
                "start": 2.1,
                "end": 2.45,
                "words": [{"text": "1", "phonemes": "wn", "start": 2.1, "end": 2.3}],
                "marks": [
                    {"symbol": "w", "start": 2.1, "end": 2.2},
                    {"symbol": "n", "start": 2.2, "end": 2.3},
                    {"symbol": ".", "start": 2.3, "end": 2.45},
                ],
            }
        ],
        "bookmarks": [{"name": "here", "seconds": 2.1}],
    }
    assert json.loads(timings_json([], 1.0)) == {"seconds": 1.0, "sentences": [], "bookmarks": []}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.srt", ".srt"), ("a.VTT", ".vtt"), ("a.b.lrc", ".lrc"), ("a.json", ".json"), ("a.textgrid", ".TextGrid")],
)
def test_the_suffix_is_the_format(name, suffix):
    assert timing_format(name) == suffix


@pytest.mark.parametrize("name", ["a.txt", "a", "srt"])
def test_another_suffix_is_refused_with_the_known_ones(name):
    with pytest.raises(UsageError, match=r"\.srt, \.vtt, \.lrc, \.json, \.TextGrid"):
        timing_format(name)


def test_timings_text_writes_each_format():
    sentences = [timed_text("Hello there.")]
    assert timings_text(sentences, 1, ".srt") == srt(sentences)
    assert timings_text(sentences, 1, ".vtt") == vtt(sentences)
    assert timings_text(sentences, 1, ".lrc") == lrc(sentences, 1)
    assert timings_text(sentences, 1, ".TextGrid") == textgrid(sentences, 1)
    bookmarks = [TimedBookmark("here", 0.5)]
    assert timings_text(sentences, 1, ".json", bookmarks) == timings_json(sentences, 1, bookmarks)


@pytest.mark.parametrize("suffix", TIMING_SUFFIXES)
def test_what_is_no_character_can_be_written_all_the_same(suffix):
    text = timings_text([timed_text("half \ud83d of one, \ud83d\ude00 a whole")], 2.0, suffix)
    assert text.encode("utf-8")
    assert "half \ufffd of one, \U0001f600 a whole" in text.replace("\n", " ")
