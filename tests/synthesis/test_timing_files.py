from __future__ import annotations

import json

import pytest

from tests.synthesis.timed_texts import timed_text
from tts.errors import UsageError
from tts.synthesis.subtitles import lrc, srt, vtt
from tts.synthesis.textgrid import textgrid
from tts.synthesis.timing import Mark, TimedBookmark, timed_sentence, timed_words
from tts.synthesis.timing_files import TIMING_SUFFIXES, timing_format, timings_json, timings_text
from tts.text.reading import ReadWord


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
