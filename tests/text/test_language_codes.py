import pytest

from tts.text.espeak import espeak_library
from tts.text.language_codes import espeak_code, is_english, nearest_codes

KNOWN = sorted(espeak_library().languages)


@pytest.mark.parametrize("code", KNOWN)
def test_espeaks_own_codes_are_themselves(code: str) -> None:
    assert espeak_code(code, KNOWN) == code


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("en", "en-us"),
        ("EN_us", "en-us"),
        ("en-AU", "en-gb"),
        ("en-CA", "en-us"),
        ("fr", "fr-fr"),
        ("fr-CA", "fr-fr"),
        ("de-AT", "de"),
        ("es-ES", "es"),
        ("es-MX", "es-419"),
        ("pt-PT", "pt"),
        ("pt-BR", "pt-br"),
        ("zh", "cmn"),
        ("zh-Hans-CN", "cmn"),
        ("zh-HK", "yue"),
        ("no", "nb"),
        ("ja-JP", "ja"),
        ("chr-us-qaaa-x-west", "chr-US-Qaaa-x-west"),
    ],
)
def test_common_codes_are_understood(language: str, code: str) -> None:
    assert espeak_code(language, KNOWN) == code


@pytest.mark.parametrize("language", ["", "xx", "xx-none", "english", "-", "e"])
def test_an_unknown_language_has_no_code(language: str) -> None:
    assert espeak_code(language, KNOWN) is None


def test_the_nearest_are_named() -> None:
    assert nearest_codes("fr-xx", KNOWN)[0].startswith("fr-")
    assert "es" in nearest_codes("esp", KNOWN)
    assert nearest_codes("", KNOWN) == []


def test_english_is_known_by_its_code() -> None:
    assert [code for code in ("en", "en-gb", "EN_US", "de", "enm", "") if is_english(code)] == ["en", "en-gb", "EN_US"]
