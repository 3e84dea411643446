import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.text.markup import read_markup
from tts.text.passage import Passage, Pause, Pronunciation

HOW_TO_PAUSE = "is read as text: write a pause as [pause], [pause 0.5s] or [pause 500ms]."


def test_text_without_brackets_is_itself() -> None:
    assert read_markup("  Hello\n\n world. ") == Passage("  Hello\n\n world. ")


@pytest.mark.parametrize(
    ("written", "text", "note"),
    [
        ("Say [nuclear](/ˈnuːkliɚ/).", "Say nuclear.", Pronunciation(4, 11, "ˈnuːkliɚ")),
        ("[New\nYork](/nuː jˈɔːɹk/)!", "New\nYork!", Pronunciation(0, 8, "nuː jˈɔːɹk")),
        ("an [ odd one ](/ ˈɑd wʌn /) here", "an  odd one  here", Pronunciation(4, 11, "ˈɑd wʌn")),
        ("[pause](/pɔːz/)", "pause", Pronunciation(0, 5, "pɔːz")),
        ("Oh, [[həlˈoʊ]] you", "Oh, həlˈoʊ you", Pronunciation(4, 10, "həlˈoʊ")),
        ("[[ ni2χˈɑu2 ]]", "ni2χˈɑu2", Pronunciation(0, 8, "ni2χˈɑu2")),
        ("[[[haɪ]]]", "[haɪ]", Pronunciation(1, 4, "haɪ")),
    ],
)
def test_pronunciations(written: str, text: str, note: Pronunciation) -> None:
    assert read_markup(written) == Passage(text, (note,))


@pytest.mark.parametrize(
    ("written", "text", "at", "seconds"),
    [
        ("one [pause 0.5s] two", "one two", 4, 0.5),
        ("one[pause 500ms]two", "one two", 4, 0.5),
        ("one  [pause 1 s]  two", "one two", 4, 1.0),
        ("one [PAUSE 0,25 sec] two", "one two", 4, 0.25),
        ("one[ pause ] two", "one two", 4, 0.5),
        ("one [pause 0s] two", "one two", 4, 0.0),
        ("one [pause 1s][pause 2s] [pause] two", "one two", 4, 3.5),
        ("One.\n\n[pause 2s]\n\nTwo.", "One.\n\nTwo.", 6, 2.0),
        ("One. [pause 2s]\nTwo.", "One.\nTwo.", 5, 2.0),
        ("One [pause 1s], two", "One, two", 3, 1.0),
        ("[pause 1s] one", "one", 0, 1.0),
        ("one [pause 1s]\n", "one", 3, 1.0),
        ("[pause 1s]", "", 0, 1.0),
    ],
)
def test_pauses_vanish_and_leave_one_space(written: str, text: str, at: int, seconds: float) -> None:
    assert read_markup(written) == Passage(text, (Pause(at, seconds),))


@pytest.mark.parametrize(("written", "seconds"), [("31s", 30), ("1e0s", None), ("-2s", 0), ("99999ms", 30)])
def test_the_length_of_a_pause_has_limits(written: str, seconds: float | None) -> None:
    passage = read_markup(f"a [pause {written}] b")
    if seconds is None:
        assert passage == Passage(f"a [pause {written}] b", (), (f'"[pause {written}]" {HOW_TO_PAUSE}',))
    else:
        warning = f'A pause lasts 0 to 30 seconds: "{written}" is read as {seconds} s.'
        assert passage == Passage("a b", (Pause(2, seconds),), (warning,))


def test_pauses_in_a_row_are_cut_where_they_are_too_long_together() -> None:
    passage = read_markup("a [pause 20s] [pause 20s] b")
    assert passage.notes == (Pause(2, 30.0),)
    assert passage.warnings == ("Pauses in a row add up to more than 30 seconds and are shortened to that.",)


@pytest.mark.parametrize(
    "text",
    [
        "see [1] and [2, 3].",
        "a [link](https://example.org/a) and [another](/docs/index.html) and [one](/About/)",
        "![a picture](/pictures/)",
        "[[Main Page]] [[страница]] [[漢字]]",
        "[pause](https://example.org)",
        "[paused] [pauses 1s] [unpause 1s]",
        "[] [](/a/) [ ](/a/) [a](//) [[]] [[ ]] ]( [ [[",
        "  [x]\t\n",
        "[a\n\nb](/ab/)",
    ],
)
def test_what_else_is_in_brackets_is_text(text: str) -> None:
    assert read_markup(text) == Passage(text)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("wait [pause five] here", f'"[pause five]" {HOW_TO_PAUSE}'),
        ("wait [pause 2] here", f'"[pause 2]" {HOW_TO_PAUSE}'),
        (
            "[word](/wɜːd)",
            '"[word](/wɜːd)" is read as text: write a pronunciation as in [word](/ipa/), with both slashes.',
        ),
    ],
)
def test_failed_markup_is_a_warning(text: str, warning: str) -> None:
    assert read_markup(text) == Passage(text, (), (warning,))


def test_a_backslash_writes_the_bracket() -> None:
    assert read_markup(r"\[pause] \[[haɪ]] \[a](/b/) \[") == Passage("[pause] [[haɪ]] [a](/b/) [")


def test_of_hundreds_of_warnings_only_the_first_are_reported() -> None:
    warnings = read_markup("".join(f"[pause {n}]" for n in range(300))).warnings
    assert len(warnings) == 51
    assert warnings[-1] == "There are 250 more such warnings."


PIECES = {
    **{"word ": "word ", "3.5": "3.5", ", ": ", ", "\n": "\n", "[w x](/wɜː/)": "w x", "[[haɪ]]": "haɪ"},
    **{"[pause 1s]": "", "[pause]": "", r"\[": "[", "[1]": "[1]", "[pause five]": "[pause five]", "]": "]"},
}


@given(st.lists(st.sampled_from(sorted(PIECES)), max_size=12))
def test_nothing_but_tags_is_lost(pieces: list[str]) -> None:
    passage = read_markup("".join(pieces))
    seen = "".join(PIECES[piece] for piece in pieces)
    assert "".join(passage.text.split()) == "".join(seen.split())


@given(st.text() | st.text("[]()/\\ \nɪəapuse15.sm", max_size=60))
def test_any_text_is_read(text: str) -> None:
    passage = read_markup(text)
    for note in passage.notes:
        assert 0 <= note.start <= note.end <= len(passage.text)
        assert isinstance(note, Pause) or passage.text[note.start : note.end].strip()
    if not passage.notes and "\\[" not in text:
        assert passage.text == text


@pytest.mark.parametrize("unit", ["[", "[[", "](/", "[a](/", "[pause](", "\\[", "[pause 1s] ", " ", "[[a", "[[a]]"])
def test_long_texts_take_no_longer_than_their_length(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit)) + "["
        start = time.process_time()
        read_markup(text)
        return time.process_time() - start

    # 16 times the length: a search that begins anew at each character would take 256 times as long.
    assert min(seconds(160_000) for _ in range(2)) < 120 * max(min(seconds(10_000) for _ in range(3)), 0.005)
