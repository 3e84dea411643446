from __future__ import annotations

from tts.synthesis.textgrid import textgrid
from tts.synthesis.timing import Mark, timed_sentence, timed_words
from tts.text.reading import ReadWord


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
