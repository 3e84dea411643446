import re
from pathlib import Path

import pytest

from tts.text.languages.language import Rule, number_words, read_tables, roman_value
from tts.text.spoken import Pattern, SpokenText


@pytest.mark.parametrize(
    ("written", "value"),
    [("IV", 4), ("XL", 40), ("MCMXCIX", 1999), ("IIII", None), ("VX", None), ("", None), ("A", None)],
)
def test_roman_value(written: str, value: int | None) -> None:
    assert roman_value(written) == value


def test_a_rule_applies_its_replacements_in_order() -> None:
    rule = Rule("letters").replace(Pattern("a"), "b")

    @rule.replaces("b")
    def _upper(found: re.Match[str]) -> str:
        return found.group().upper()

    text = rule(SpokenText("a b"))
    assert text.text == "B B"
    assert {edit.kind for edit in text.edits} == {"letters"}


def test_the_lowest_decorator_of_a_function_is_added_first() -> None:
    rule = Rule("letters")

    @rule.replaces("bb")
    @rule.replaces("a")
    def _b(found: re.Match[str]) -> str:
        return "b"

    assert rule(SpokenText("aab")).text == "bb"


def test_a_rule_without_a_match_of_its_hint_changes_nothing() -> None:
    rule = Rule("letters", hint=Pattern("x")).replace(Pattern("a"), "b")
    assert [rule(SpokenText(text)).text for text in ("a", "ax")] == ["a", "bx"]


def test_number_words_are_none_where_num2words_has_none() -> None:
    assert number_words("de", 21) == "einundzwanzig"
    assert number_words("de", 3, "ordinal") == "dritte"
    assert number_words("xx", 3) is None


def test_tables_are_read_by_the_name_in_their_first_column(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("unit\tkm\tKilometer\nwords\ta\tb\nunit\tm\tMeter\n", encoding="utf-8")
    assert read_tables(path) == {"unit": [["km", "Kilometer"], ["m", "Meter"]], "words": [["a", "b"]]}
