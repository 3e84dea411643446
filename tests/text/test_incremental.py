"""Text that arrives in pieces has the sentences of the whole text, each as soon as it is certain."""

from __future__ import annotations

import random

import pytest

from tts.text import incremental
from tts.text.incremental import IncrementalText
from tts.text.markup import read_markup
from tts.text.segment import segments

TEXTS = [
    "Hello world. This is the second sentence! Is it? Yes.",
    "Dr. Smith paid $3.50 to Mr. Jones at 5 p.m. on Jan. 5. It was too much, e.g. for him. He said no.",
    "First paragraph. It has two sentences.\n\nSecond paragraph, which ends without a mark\n\nThird one.",
    "# A heading\n\nSome text follows here. And more.\n\n- one entry\n- another entry\n- the last one\n\nThe end.",
    'He said "Stop." Then he left. "Why?" she asked. \'Because.\' It was late… And dark... Very dark.',
    "One. [pause 1s] Two, and a [word](/wɜːd/) with markup. [[həlˈoʊ]] there. Three. [pause] Four.",
    "1. The first thing. 2. The second thing. There are two reasons: one. And two.",
    "A line that is broken by hand, as in an e-mail or\na text file. It goes on here, and ends\nhere. Another one.",
    "U.S. forces left. The U.S. is large. J. R. R. Tolkien wrote it. See Fig. 3. No. 5 is alive.",
    "Is it no? No. Five are.",
    "i write without capitals. it is fine. really.",
    "Wait... what? No!! Yes?! Well. “Quoted. Twice.” (In brackets. Twice.) End.",
    "The roses are red\nThe violets blue\nThe sugar is sweet\nAnd so are you",
    "你好。今天天气很好。我们走吧！",
    '"Yes!" Mary said. "No." He left. “Hi!” Tom Jones replied. "Where are you?" Dr. Smith asked. Nobody knew.',
    "The train leaves at 5 p.m. Monday. We met at 9 a.m. EST. It was 5 p.m. The sun set. See Fig. IV. See Fig. It is.",
    "Stop. [pause] Go on. [pause 2s] End. Say [hello](/həˈloʊ/) now. And [Kokoro](/kˈOkəɹO/)! [No](/nˈO/) more.",
    "Visit www.example.com. It is v2.0.1. Pi is 3.14159. The end is near. 3 people came. 42.",
]


def whole(text: str, language: str = "en-us") -> list[tuple[str, str]]:
    passage = read_markup(text)
    found = segments(passage, language, 20_000)
    # Clauses are cut within a sentence, also when it is spoken.
    merged: list[tuple[str, str]] = []
    for segment in found:
        spoken = " ".join(passage.text[segment.start : segment.end].split())
        if (segment.opens == "clause" and merged) or (segment.opens == "" and merged):
            merged[-1] = (merged[-1][0], f"{merged[-1][1]} {spoken}")
        else:
            merged.append((segment.opens, spoken))
    return merged


def in_pieces(pieces: list[str], language: str = "en-us") -> list[tuple[str, str]]:
    text = IncrementalText(language)
    parts = [part for piece in pieces for part in text.add(piece)] + text.flush()
    spoken = [(part.opens, " ".join(read_markup(part.text).text.split())) for part in parts]
    return [each for each in spoken if each[1]]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:20])
def test_pieces_have_the_sentences_of_the_whole_text(text):
    expected = whole(text)
    assert in_pieces(list(text)) == expected
    assert in_pieces([text]) == expected
    chance = random.Random(text)
    for _ in range(10):
        cuts = sorted(chance.sample(range(len(text)), 6))
        assert in_pieces([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]) == expected
    words = text.split(" ")
    assert in_pieces([f"{word} " for word in words[:-1]] + words[-1:]) == expected


@pytest.mark.parametrize(
    ("pieces", "n_parts"),
    [
        (["It rains. ", "T"], [0, 1]),
        (["It rains.", " T"], [0, 1]),
        (["Is it? ", "Y"], [0, 1]),
        (["It costs $3", ".", "5", "0. T"], [0, 0, 0, 1]),
        (["A paragraph", "\n", "\n"], [0, 0, 1]),
        (["Mr. S", "mith left. W"], [0, 1]),
        (["It rains. and", " then. S"], [0, 1]),
    ],
)
def test_a_sentence_comes_as_soon_as_it_is_certain(pieces, n_parts):
    text = IncrementalText("en-us")
    assert [len(text.add(piece)) for piece in pieces] == n_parts


def test_a_flush_ends_the_sentence():
    text = IncrementalText("en-us")
    assert text.add("No full stop") == []
    assert [part.text for part in text.flush()] == ["No full stop"]
    assert text.add("Another ") == []
    assert [(part.text, part.opens) for part in text.flush()] == [("Another", "sentence")]
    assert text.flush() == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "「はい。」と言った。そうです。「いいえ！」彼は行った。"),
        ("cmn", "他说：“你好。”他走了。“走吧！”老师说。好的。"),
        ("de", "Am 3. Oktober kam z. B. Herr Müller. Er ging. Im 19. Jahrhundert. Die Goethestr. 5 ist da. Nr. 5."),
        ("fr", "Il a dit : « Oui ! » Marie partit. M. Dupont arrive. Et voilà… Oui."),
        ("ru", "Он родился в 1998 г. Москва большая. И т. д. Конец."),
    ],
)
def test_other_languages(language, text):
    assert in_pieces(list(text), language) == whole(text, language)


@pytest.mark.parametrize(
    "sentence", ["The [fox](/fɒks/) jumps over the dog. ", "word [x](/ks/) and ", "[[a]] [pause] "]
)
def test_the_work_for_markup_is_bounded(sentence, monkeypatch):
    """As the number of characters that are read for markup, per character of the text."""
    n_read = 0

    def counting(text):
        nonlocal n_read
        n_read += len(text)
        return read_markup(text)

    monkeypatch.setattr(incremental, "read_markup", counting)
    for n in (20, 80):
        n_read = 0
        text = IncrementalText("en-us")
        for word in (sentence * n).split(" "):
            text.add(f"{word} ")
        assert n_read / len(sentence * n) < 20_000


def test_a_text_without_end_is_not_kept():
    text = IncrementalText("en-us")
    parts = [part for _ in range(50) for part in text.add("word " * 200)]
    assert sum(len(part.text.split()) for part in parts + text.flush()) == 10_000
