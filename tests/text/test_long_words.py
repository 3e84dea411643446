import pytest

from tts.text.espeak import EspeakFrontend
from tts.text.espeak_library import espeak_library
from tts.text.long_words import parted
from tts.text.passage import Passage
from tts.text.spoken import SpokenText


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Words of any usual length stay.", "Words of any usual length stay."),
        ("la" * 40, "la" * 32 + " " + "la" * 8),
        ("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", None),
        ("x" * 50, "x" * 24 + " " + "x" * 24 + " xx"),
        ("e\u0301" * 40, "e\u0301" * 32 + " " + "e\u0301" * 8),
        ("กาน" * 20, "กาน" * 16 + " " + "กาน" * 4),
        ("こんにちは。" * 20, None),
        ("one-two/" * 20, None),
    ],
)
def test_only_what_is_too_long_is_parted(written: str, spoken: str | None) -> None:
    assert parted(SpokenText(written)).text == (written if spoken is None else spoken)


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("en-us", "xkcd"),
        ("en-us", "la"),
        ("th", "ผมเป็น"),
        ("ja", "カタカナ"),
        ("ko", "안녕"),
        ("ar", "مرحبا"),
        ("pl", "é"),
    ],
)
def test_espeak_says_all_of_a_long_word(language: str, unit: str) -> None:
    frontend = EspeakFrontend(language)
    whole = frontend.read(Passage(unit * (300 // len(unit))))
    part = frontend.read(Passage(unit * (30 // len(unit))))
    assert 8 < len(whole.phonemes) / len(part.phonemes) < 13
    assert [(word.start, word.end) for word in whole.words] in ([(0, 300 // len(unit) * len(unit))], [(0, 300)]) or (
        language == "ja"
    )


@pytest.mark.parametrize(
    ("language", "unit"), [("ko", "나는 집에 간다 "), ("cmn", "你好吗 "), ("cmn", "你"), ("en-us", "old bridge ")]
)
def test_espeak_says_all_of_a_long_clause(language: str, unit: str) -> None:
    library = espeak_library()
    once = len("".join(library.clauses(language, unit)).replace(" ", ""))
    assert len("".join(library.clauses(language, unit * 60)).replace(" ", "")) == pytest.approx(60 * once, rel=0.1)
