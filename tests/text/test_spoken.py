import re

from hypothesis import given
from hypothesis import strategies as st

from tts.text.spoken import Edit, SpokenText


def stands_for(text: SpokenText, written: str, word: str) -> str:
    start = text.text.index(word)
    low, high = text.written(start, start + len(word))
    return written[low:high]


def test_a_replaced_span_keeps_its_written_span() -> None:
    written = "I have 3 dogs and $5."
    text = SpokenText(written).under("cardinal").sub(re.compile(r"3"), "three")
    text = text.under("money").sub(re.compile(r"\$5"), lambda found: "five dollars")
    assert text.text == "I have three dogs and five dollars."
    assert text.edits == (Edit(7, 12, 7, 8, "cardinal"), Edit(22, 34, 18, 20, "money"))
    assert [stands_for(text, written, word) for word in ("three", "dogs", "five", "dollars", "five dollars")] == [
        *("3", "dogs", "$5", "$5", "$5")
    ]


def test_words_that_a_rule_only_looks_at_stay_their_own() -> None:
    text = SpokenText("the 5 km run").sub(re.compile(r"the (\d) km run"), "the five kilometers run")
    assert text.edits == (Edit(4, 19, 4, 8),)


def test_a_common_letter_is_no_common_word() -> None:
    text = SpokenText("the 1980s").sub(re.compile("1980s"), "nineteen eighties")
    assert text.edits == (Edit(4, 21, 4, 9),)


def test_a_second_rule_within_an_edit_widens_it() -> None:
    written = "a 4 € AM b"
    text = SpokenText(written).sub(re.compile("€"), "euros").sub(re.compile("4 euros AM"), "four")
    assert text.text == "a four b"
    assert stands_for(text, written, "four") == "4 € AM"
    assert stands_for(text, written, "b") == "b"


def test_what_is_dropped_is_named() -> None:
    text = SpokenText("a ~ b").drop(re.compile(" ?~ ?"))
    assert (text.text, text.left_out) == ("a b", ("~",))
    assert stands_for(text, "a ~ b", "b") == "b"


CHANGES = st.lists(st.tuples(st.sampled_from("abcde "), st.sampled_from(["", "x", "yy", "a b", " "])), max_size=8)


@given(st.text("abcde ", max_size=30), CHANGES)
def test_outside_of_edits_the_text_is_as_written(written: str, changes: list[tuple[str, str]]) -> None:
    text = SpokenText(written)
    for old, new in changes:
        plain = text.text.replace(old, new)
        text = text.replace(old, new)
        assert text.text == plain
    spoken_at = written_at = 0
    for edit in text.edits:
        assert text.text[spoken_at : edit.start] == written[written_at : edit.written_start]
        assert edit.start <= edit.end
        assert edit.written_start <= edit.written_end
        spoken_at, written_at = edit.end, edit.written_end
    assert text.text[spoken_at:] == written[written_at:]
