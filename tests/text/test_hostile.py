"""No text ends the program or is lost without a warning; `benchmarks/hostile_text.py` tries far more of it."""

from collections.abc import Callable

import pytest

from tests.text.hostile import hostile_lines, read_line, ssml_lines
from tts.text.frontend import CharacterFrontend, EspeakFrontend
from tts.text.markup import read_markup
from tts.text.passage import Passage
from tts.text.ssml import read_ssml


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


def test_hostile_lines_are_read_and_nothing_is_unread() -> None:
    assert check(list(hostile_lines(1, 320)), read_markup) == 0


def test_hostile_ssml_is_read_or_refused() -> None:
    lines = list(ssml_lines(2, 140))
    assert 0 < check(lines, read_ssml) < len(lines)
    bombs = [(kind, line) for kind, line in lines if kind in {"bomb", "outside"}]
    assert check(bombs, read_ssml) == len(bombs) == 40


@pytest.mark.parametrize("language", ["de", "hi", "cmn", "ar"])
def test_hostile_lines_are_read_in_other_languages(language: str) -> None:
    assert check(list(hostile_lines(3, 64)), read_markup, language) == 0


def test_voices_that_read_letters_name_what_they_do_not_read() -> None:
    frontend = CharacterFrontend()
    for _, line in hostile_lines(4, 160):
        assert not read_line(line, read_markup, frontend).silent


def test_a_long_line_is_read_as_it_comes() -> None:
    line = "A word, and one more word; then a stop. " * 2500
    outcome = read_line(line, read_markup, EspeakFrontend())
    assert (outcome.n_segments, outcome.silent) == (2500, set())
