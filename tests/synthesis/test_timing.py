from __future__ import annotations

import json

import pytest

from tts.errors import UsageError
from tts.synthesis.timing import (
    Mark,
    Span,
    srt,
    textgrid,
    timed_sentence,
    timing_format,
    timings_json,
    timings_text,
    vtt,
    words,
)

# "ab c." from 0.1 s: a and b 0.1 s each, the blank 0.05 s, c 0.1 s, the stop 0.15 s.
MARKS = (
    Mark("a", 0.1, 0.2),
    Mark("b", 0.2, 0.3),
    Mark(" ", 0.3, 0.35),
    Mark("c", 0.35, 0.45),
    Mark(".", 0.45, 0.6),
)


@pytest.fixture
def sentences():
    return [
        timed_sentence("Ab & <c>.", "ab c.", MARKS, 0.0, 0.7),
        timed_sentence('Say\n "c".', "c", (Mark("c", 0.3, 0.5),), 3600.7, 0.6),
    ]


def test_words_are_split_at_blanks_and_leave_punctuation_out():
    assert words(MARKS) == (Span("ab", 0.1, 0.3), Span("c", 0.35, 0.45))
    assert words(()) == ()
    assert words((Mark(".", 0, 1), Mark(" ", 1, 2), Mark("…", 2, 3))) == ()


def test_stress_marks_belong_to_their_word():
    assert words((Mark("ˈ", 0.0, 0.1), Mark("ɑ", 0.1, 0.2), Mark("ː", 0.2, 0.3))) == (Span("ˈɑː", 0.0, 0.3),)


def letters(symbols):
    return tuple(Mark(symbol, float(i), float(i + 1)) for i, symbol in enumerate(symbols))


def test_spelled_words_keep_the_signs_inside_them():
    marks = letters("it's 'so' well-known.")
    assert words(marks) == (Span("it's", 0, 4), Span("so", 6, 8), Span("well-known", 10, 20))
    assert words(letters("a - b")) == (Span("a", 0, 1), Span("b", 4, 5))


def test_phones_of_several_letters_are_set_apart():
    marks = letters(["HH", "AH0", "L", "OW1", ",", " ", "W", "ER1", "L", "D", "."])
    assert words(marks) == (Span("HH AH0 L OW1", 0, 4), Span("W ER1 L D", 6, 10))


def test_a_sentence_lasts_from_its_first_mark_to_its_last(sentences):
    assert (sentences[0].start, sentences[0].end) == (0.1, 0.6)
    assert (sentences[1].start, sentences[1].end) == (3601.0, 3601.2)
    bare = timed_sentence("Hm.", "", (), 2.0, 0.5)
    assert (bare.start, bare.end, bare.words) == (2.0, 2.5, ())


def test_srt(sentences):
    assert srt(sentences) == (
        '1\n00:00:00,100 --> 00:00:00,600\nAb & <c>.\n\n2\n01:00:01,000 --> 01:00:01,200\nSay "c".\n'
    )


def test_vtt(sentences):
    assert vtt(sentences) == (
        'WEBVTT\n\n00:00:00.100 --> 00:00:00.600\nAb &amp; &lt;c&gt;.\n\n01:00:01.000 --> 01:00:01.200\nSay "c".\n'
    )


def test_times_round_to_the_nearest_millisecond_and_carry():
    assert srt([timed_sentence("a", "a", (Mark("a", 59.9996, 119.9994),), 0, 1)]).split("\n")[1] == (
        "00:01:00,000 --> 00:01:59,999"
    )


def test_json(sentences):
    document = json.loads(timings_json(sentences[:1], 0.7))
    assert document == {
        "seconds": 0.7,
        "sentences": [
            {
                "text": "Ab & <c>.",
                "phonemes": "ab c.",
                "start": 0.1,
                "end": 0.6,
                "words": [
                    {"phonemes": "ab", "start": 0.1, "end": 0.3},
                    {"phonemes": "c", "start": 0.35, "end": 0.45},
                ],
                "marks": [{"symbol": m.symbol, "start": m.start, "end": m.end} for m in MARKS],
            }
        ],
    }


def test_textgrid_is_exactly_this():
    sentence = timed_sentence('A "c"', "a", (Mark("a", 0.1, 0.2),), 0.0, 0.3)
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
    named = (("sentences", 'A ""c""'), ("words", "a"), ("phonemes", "a"))
    tiers = (tier.format(n=n, name=name, text=text) for n, (name, text) in enumerate(named, 1))
    assert textgrid([sentence], 0.3) == head + "".join(tiers)


def test_textgrid_tiers_cover_everything_once_even_where_symbols_take_no_time():
    marks = (Mark("ˈ", 0.0, 0.0), Mark("a", 0.0, 0.1 + 0.2), Mark("b", 0.3, 0.5))
    lines = textgrid([timed_sentence("ab", "ˈab", marks, 0.0, 0.5)], 0.5).split('name = "phonemes"')[1].split("\n")
    edges = [line.strip() for line in lines if "xm" in line][2:]
    assert edges == ["xmin = 0", "xmax = 0.3", "xmin = 0.3", "xmax = 0.5"]


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.srt", ".srt"), ("a.VTT", ".vtt"), ("a.json", ".json"), ("a.textgrid", ".TextGrid")]
)
def test_the_suffix_is_the_format(name, suffix):
    assert timing_format(name) == suffix


@pytest.mark.parametrize("name", ["a.txt", "a", "srt"])
def test_another_suffix_is_refused_with_the_known_ones(name):
    with pytest.raises(UsageError, match=r"\.srt, \.vtt, \.json, \.TextGrid"):
        timing_format(name)


def test_timings_text_writes_each_format(sentences):
    assert timings_text(sentences, 1, ".srt") == srt(sentences)
    assert timings_text(sentences, 1, ".vtt") == vtt(sentences)
    assert timings_text(sentences, 1, ".json") == timings_json(sentences, 1)
    assert timings_text(sentences, 1, ".TextGrid") == textgrid(sentences, 1)


def test_no_sentences_are_valid_files_too():
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n"
    assert 'text = ""' in textgrid([], 1.0)
