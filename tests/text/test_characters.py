import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.text.characters import cut_at_marks, plain_punctuation, tracked_plain_punctuation

TRICKY = st.text(st.sampled_from("ab1 \n\t\u00a0.,;:!?\"'…—–―-[]{}()«»“”‘’¡¿。，？،\ud800\0"))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  a\n b ", "a b"),
        ("“a” ‘b’ «c»", '"a" \'b\' "c"'),
        ("wait — what—now", "wait, what, now"),
        ("wait, — what —", "wait, what"),
        ("no… yes.... …", "no. yes.."),
        ("¿Qué? ¡Sí!", "Qué? Sí!"),
        ("你好，世界。再见", "你好, 世界. 再见"),
        ("هل؟ نعم،", "هل? نعم,"),
        ("a\ud800b\0c", "ab c"),
        ("", ""),
    ],
)
def test_marks_become_those_that_voices_know(text: str, plain: str) -> None:
    assert plain_punctuation(text) == plain


@given(st.one_of(TRICKY, st.text()))
def test_both_ways_give_the_same(text: str) -> None:
    assert tracked_plain_punctuation(text).text == plain_punctuation(text)


def test_what_stood_where_is_known() -> None:
    text = "« Wait » — [now]…"
    tracked = tracked_plain_punctuation(text)
    assert tracked.text == '" Wait ", (now).'
    assert {text[slice(*tracked.written(*span))] for span in ((2, 6), (11, 14))} == {"Wait", "now"}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a, b! c", ["a", ", ", "b", "! ", "c"]),
        ('"a b" (c).', ["", '"', "a b", '" (', "c", ").", ""]),
        ("3,5 und 1.000, ja", ["3,5 und 1.000", ", ", "ja"]),
        ("1, 2. x", ["1", ", ", "2", ". ", "x"]),
        ("a", ["a"]),
    ],
)
def test_cut_at_marks_but_not_within_numbers(text: str, pieces: list[str]) -> None:
    assert cut_at_marks(text) == pieces


@pytest.mark.parametrize("text", [" " * 1_000_000, "—" * 1_000_000, "." * 1_000_000, " —" * 300_000, "1." * 300_000])
def test_a_megabyte_of_one_thing_needs_no_second(text: str) -> None:
    start = time.perf_counter()
    cut_at_marks(plain_punctuation(text))
    assert time.perf_counter() - start < 2
