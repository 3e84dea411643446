import re

import pytest

from tts.text.normalize import read_out
from tts.text.spelled import SpelledWord
from tts.text.spoken import SpokenText
from tts.text.written_words import read_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one, two!", "one|two"),
        ("(“well-known”) and/or it’s… so—there", "well-known|and/or|it’s|so|there"),
        ("$3.50, please", "$3.50|please"),
        ("on 25 July 2012, C++, 90% & more", "on|25 July 2012|C++|90%|&|more"),
        ("3 kg of Dr. Lee's", "3 kg|of|Dr.|Lee's"),
        ("我去", "我|去"),
    ],
)
def test_a_written_word_is_what_stands_together_or_is_read_as_one(text: str, words: str) -> None:
    spoken = read_out(text, "cmn" if "我" in text else "en-us")
    found = re.finditer(r"[\u4e00-\u9fff]|[\w'’-]+", spoken.text)
    spelled = [SpelledWord(*word.span(), *word.span()) for word in found]
    read = read_words(text, spoken, spelled)
    assert [text[word.start : word.end] for word in read] == words.split("|")
    # The stretches of phonemes are as many as the words, in their order.
    assert [(read[0].first, read[-1].last)] == [(spelled[0].first, spelled[-1].last)]


def test_what_stands_for_nothing_belongs_to_the_word_before() -> None:
    spoken = SpokenText("go").changed([(2, 2, " now")])
    read = read_words("go", spoken, [SpelledWord(0, 2, 0, 3), SpelledWord(3, 6, 4, 8)])
    assert [(word.start, word.end, word.first, word.last) for word in read] == [(0, 2, 0, 8)]
