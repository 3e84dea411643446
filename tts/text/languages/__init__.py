"""The languages of normalization: how the text of each becomes spoken words.

English, German, French, Spanish, Italian and Portuguese are covered in depth, Dutch, Polish and Russian for what is
common, Chinese and Japanese as far as espeak-ng reads them. Of every other language espeak-ng reads the text, and
num2words the whole numbers where it knows them.

To add a language, write its words into NAME.tsv (german.tsv has every table: the first column names it, and
`TabledLanguage` in language.py says what each is for), its grammar as a subclass of `TabledLanguage`, and its code into
`_language` below. Cases for its tests stand in tests/text/languages/cases.py.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tts.text.spoken import Pattern

if TYPE_CHECKING:
    from tts.text.languages.language import Language, Rule

_KANJI = Pattern("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々]")
# Where num2words calls a language by another code than espeak-ng.
_NUM2WORDS_CODES = {"nb": "no", "kk": "kz", "fa-latn": "fa"}


@cache
def rules_for(code: str) -> tuple[Rule, ...]:
    """The rules of a language of espeak-ng ("en-us", "de", "fr-fr", "es-419", "cmn", …), in their order."""
    code = code.lower().replace("_", "-")
    language = _language(code)
    if language is not None:
        return tuple(language.rules())
    from tts.text.languages.characters import emoji, folding, leftovers
    from tts.text.languages.rules import whole_numbers

    number_code = _NUM2WORDS_CODES.get(code, code.split("-")[0])
    return (emoji(code), folding(code), whole_numbers(number_code), *leftovers(code))


def _language(code: str) -> Language | None:
    """The language of a code, imported only when it is needed; None where it has no rules of its own."""
    root = code.split("-")[0]
    if root == "en":
        from tts.text.languages.english.rules import English

        return English(code)
    if root in {"de", "nl"}:
        from tts.text.languages import germanic

        return germanic.German(code) if root == "de" else germanic.Dutch(code)
    if root in {"fr", "it", "es", "pt"}:
        from tts.text.languages import romance

        portuguese = romance.BrazilianPortuguese if code == "pt-br" else romance.Portuguese
        return {"fr": romance.French, "it": romance.Italian, "es": romance.Spanish, "pt": portuguese}[root](code)
    if root in {"pl", "ru"}:
        from tts.text.languages import slavic

        return slavic.Polish(code) if root == "pl" else slavic.Russian(code)
    if root in {"cmn", "zh", "yue", "hak", "ja"}:
        from tts.text.languages import east_asian

        return east_asian.Japanese(code) if root == "ja" else east_asian.Chinese(code)
    return None


def advice(language: str, left_out: tuple[str, ...]) -> str | None:
    """Say in a sentence what a user can do about text that was left out; None where there is nothing to say."""
    if not any(_KANJI.search(one) for one in left_out):
        return None
    if language.split("-")[0] == "ja":
        return "kanji cannot be read: write kana"
    return f"Chinese characters cannot be read in {language}: write them in its letters"
