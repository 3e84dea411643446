"""No text ends the program or is lost in silence; `benchmarks/hostile_text.py` tries far more of it."""

from collections.abc import Callable

import pytest

from tests.text.hostile import read_line
from tests.text.hostile_lines import hostile_lines, ssml_lines
from tts.text.espeak import EspeakFrontend
from tts.text.espeak_library import espeak_library
from tts.text.markup.inline import read_markup
from tts.text.markup.ssml import read_ssml
from tts.text.passage import Passage
from tts.text.reading import Reading, ReadWord
from tts.text.spelling import CharacterFrontend
from tts.text.unread import with_losses


def check(lines: list[tuple[str, str]], read: Callable[[str], Passage], language: str = "en-us") -> int:
    """Read all lines; give how many were refused."""
    frontend = EspeakFrontend(language)
    n_refused = 0
    for kind, line in lines:
        outcome = read_line(line, read, frontend)
        assert not outcome.silent, f"{kind}: {line!r}"
        assert outcome.slowest_segment < 5, f"{kind}: {line!r}"
        n_refused += outcome.refused
    return n_refused


def test_hostile_lines_are_read_and_nothing_is_lost_in_silence() -> None:
    assert check(list(hostile_lines(1, 320)), read_markup) == 0


def test_hostile_ssml_is_read_or_refused() -> None:
    lines = list(ssml_lines(2, 140))
    assert 0 < check(lines, read_ssml) < len(lines)
    bombs = [(kind, line) for kind, line in lines if kind in {"bomb", "outside"}]
    assert check(bombs, read_ssml) == len(bombs) == 40


@pytest.mark.parametrize("language", ["de", "hi", "cmn", "ar"])
def test_hostile_lines_are_read_in_other_languages(language: str) -> None:
    assert check(list(hostile_lines(3, 64)), read_markup, language) == 0


def test_voices_that_read_letters_tell_what_they_do_not_read() -> None:
    frontend = CharacterFrontend()
    for _, line in hostile_lines(4, 160):
        assert not read_line(line, read_markup, frontend).silent


def test_a_long_line_is_read_as_it_comes() -> None:
    line = "A word, and one more word; then a stop. " * 2500
    outcome = read_line(line, read_markup, EspeakFrontend())
    assert (outcome.n_segments, outcome.silent) == (2500, set())


@pytest.mark.parametrize("text", ["Ꭹ-नम", "①-नम", "٣-नम", "ꦮ-मस", "५-नम", "'-नम"])
@pytest.mark.parametrize("code", ["en-us", "hi"])
def test_a_hyphen_between_scripts_does_not_end_the_process(text: str, code: str) -> None:
    assert isinstance(espeak_library().clauses(code, text), list)


def test_what_has_no_phonemes_is_told() -> None:
    text = "one ᏣᎳᎩ two ☃\U000f0000!"
    heard = Reading("wʌn tuː", (ReadWord(0, 3, 0, 3), ReadWord(4, 7, 3, 3), ReadWord(8, 11, 4, 7)), ("before",))
    assert with_losses(text, heard, ["☃"]).warnings == ("before", "left out, because it has no words: ☃ ᏣᎳᎩ")
    everything = Reading("wʌn", (ReadWord(0, 3, 0, 3),))
    assert with_losses("one*", everything, []) is everything
