from __future__ import annotations

import pytest

from tests.synthesis.timed_texts import timed_text, timed_texts
from tts.synthesis.subtitles import lrc, srt, vtt


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
