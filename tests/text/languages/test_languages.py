import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.text.languages.cases import CASES, LEFT_OUT
from tests.text.test_normalize import FRAGMENTS
from tts.text.languages import advice
from tts.text.normalize import read_out
from tts.text.passage import Alias
from tts.text.spoken import SpokenText

KNOWN = ["de", "fr-fr", "es", "es-419", "it", "pt-br", "pt", "nl", "pl", "ru", "cmn", "cmn-latn-pinyin", "ja"]


def spoken(written: str, language: str) -> SpokenText:
    return read_out(written, language)


@pytest.mark.parametrize(
    ("language", "written", "words"), [(language, *case) for language, cases in CASES.items() for case in cases]
)
def test_written_forms_are_spoken(language: str, written: str, words: str) -> None:
    result = spoken(written, language)
    assert result.text == words
    assert result.left_out == ()


@pytest.mark.parametrize(
    ("language", "words"), [(language, words) for language, cases in CASES.items() for _, words in cases]
)
def test_spoken_forms_stay_as_they_are(language: str, words: str) -> None:
    assert spoken(words, language).text == words


@pytest.mark.parametrize(("language", "written", "words", "left_out"), LEFT_OUT)
def test_what_cannot_be_read_is_named(language: str, written: str, words: str, left_out: tuple[str, ...]) -> None:
    result = spoken(written, language)
    assert (result.text, result.left_out) == (words, left_out)


@pytest.mark.parametrize("language", ["de", "fr-fr", "cmn", "ja", "sv"])
def test_aliases_stay_as_they_are(language: str) -> None:
    assert "Alpha 5" in read_out("Ja ABC.", language, [Alias(3, 6, "Alpha 5")]).text
    assert read_out("Ja ABC.", language, [Alias(3, 6, "Alpha 5")]).left_out == ()


def test_there_is_advice_for_kanji_and_chinese_characters() -> None:
    assert advice("ja", ("日本",)) == "kanji cannot be read: write kana"
    assert advice("de", ("☃", "日本")) == "Chinese characters cannot be read in de: write them in its letters"
    assert advice("ja", ("☃",)) is None


@pytest.mark.parametrize(
    ("written", "language", "word", "stands_for", "kind"),
    [
        ("Es kostet 3,50 € im Mai.", "de", "fünfzig", "3,50 €", "money"),
        ("Am 3. Mai 1998 kam er.", "de", "dritten", "3. Mai 1998", "date"),
        ("Am 3. Mai 1998 kam er.", "de", "kam", "kam", ""),
        ("M. Dupont a 21 ans.", "fr-fr", "vingt", "21", "cardinal"),
        ("M. Dupont a 21 ans.", "fr-fr", "Monsieur", "M.", "abbreviation"),
        ("el siglo XX fue", "es", "veinte", "XX", "roman"),
        ("他在2024年回来。", "cmn", "二零二四", "2024", "date"),
        ("きょうは10:30です", "ja", "さんじゅっぷん", "10:30", "time"),
    ],
)
def test_words_remember_what_was_written(written: str, language: str, word: str, stands_for: str, kind: str) -> None:
    result = spoken(written, language)
    start = result.text.index(word)
    low, high = result.written(start, start + len(word))
    assert written[low:high].rstrip(".") == stands_for.rstrip(".")
    kinds = {edit.kind for edit in result.edits if edit.start < start + len(word) and start < edit.end}
    assert kinds == ({kind} if kind else set())


@pytest.mark.parametrize("language", KNOWN)
def test_any_mixture_leaves_no_digit(language: str) -> None:
    rng = random.Random(language)
    for _ in range(100):
        written = rng.choice(["", " "]).join(rng.choice(FRAGMENTS) for _ in range(rng.randint(1, 12)))
        words = spoken(written, language).text
        # A digit behind a Latin letter is a tone of pinyin.
        assert not any("0" <= c <= "9" for c in words) or language.startswith("cmn"), written


@pytest.mark.parametrize("language", [*KNOWN, "sv", "fa", "hi", "vi", "xx"])
def test_any_unicode_is_accepted(language: str) -> None:
    rng = random.Random(language)
    for _ in range(60):
        written = "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(1, 20)))
        words = spoken(written, language).text
        assert not any(c < " " or "\x7f" <= c < "\xa0" or "\ud800" <= c <= "\udfff" for c in words if c != "\n")


def test_no_letter_is_lost_in_silence() -> None:
    rng = random.Random(3)
    for _ in range(200):
        letters = [chr(c) for c in (rng.randrange(0x250, 0x3000) for _ in range(8))]
        written = " ".join(letter for letter in letters if letter.isalpha())
        result = spoken(written, "de")
        assert len(result.text.split()) + len(result.left_out) >= len(written.split())


@pytest.mark.parametrize("language", ["de", "cmn"])
@pytest.mark.parametrize("unit", [" ", "a", "1", "1.", "A.", "a-", "a@", "e\u0301", "ā", "I", "1 "])
def test_repetition_needs_no_quadratic_time(language: str, unit: str) -> None:
    started = time.process_time()
    spoken(unit * 4000, language)
    assert time.process_time() - started < 5


def test_tables_and_number_words_are_imported_only_when_needed() -> None:
    program = (
        "import sys; from tts.text.languages import rules_for; rules_for('de');"
        "print([name for name in ('num2words', 'emoji', 'tts.text.languages.romance') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "[]\n"


def test_a_title_with_a_capital_is_read_where_the_table_has_a_small_letter() -> None:
    assert spoken("Dr Kowalski i Prof. Nowak", "pl").text == "Doktor Kowalski i Profesor Nowak"
