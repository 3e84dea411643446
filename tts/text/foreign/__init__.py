"""Written text to spoken words in languages other than English: the rules of each, in the order that they need.

German, French, Spanish, Italian and Portuguese are done in depth, Dutch, Polish and Russian for what is common,
Chinese and Japanese as far as espeak-ng reads them. Of every other language espeak-ng reads the text, and num2words
the whole numbers, where it knows them.
"""

from __future__ import annotations

import functools
import re

from tts.text.foreign import amounts, calendar, characters, electronic, figures, shortened
from tts.text.foreign.language import Language, Rule, Rules
from tts.text.foreign.numbers import words

# Alone between blanks or marks: "3." may be an ordinal and "3,5" a decimal, which espeak-ng may know better.
_WHOLE = re.compile(r"(?<![\w.,:/'’-])[0-9]{1,15}(?![\w:/%°'’-]|[.,]\d|\.\s+\w)")
_KANJI = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々]")


@functools.cache
def rules_for(language: str) -> Rules:
    """The rules of a language of espeak-ng ("de", "fr-fr", "es-419", "cmn", …), each with the kind of what it reads."""
    code = language.lower().replace("_", "-")
    last = characters.leftovers(code)
    # Emoji come first: folding takes the joiners away that hold their parts together.
    first: Rules = (("emoji", characters.emoji_names(code)), ("symbol", characters.folding(code)))
    root = code.split("-")[0]
    if root in {"cmn", "zh", "yue", "hak"}:
        from tts.text.foreign import chinese

        marks = ("symbol", chinese.punctuation)
        return (first[0], marks, *first[1:], *chinese.RULES, ("symbol", characters.signs(chinese.CHINESE_SIGNS)), *last)
    if root == "ja":
        from tts.text.foreign import japanese

        marks = ("symbol", japanese.punctuation)
        return (
            first[0],
            marks,
            *first[1:],
            *japanese.RULES,
            ("symbol", characters.signs(japanese.JAPANESE_SIGNS)),
            *last,
        )
    known = _language(root, code)
    if known is None:
        return (*first, ("cardinal", _whole_numbers(_num2words_code(code))), *last)
    return (*first, *_rules_of(known), *last)


def advice(language: str, left_out: tuple[str, ...]) -> str | None:
    """What a user can do about text that was left out, in a sentence; none where there is nothing to say."""
    if not any(_KANJI.search(one) for one in left_out):
        return None
    if language.split("-")[0] == "ja":
        return "kanji cannot be read: write kana"
    return f"Chinese characters cannot be read in {language}: write them in its letters"


def _rules_of(language: Language) -> Rules:
    numeric = (
        *(("date", calendar.dates), ("telephone", figures.telephone), ("time", calendar.times)),
        *(("range", figures.ranges), ("money", amounts.money), ("measure", amounts.measures)),
        ("cardinal", amounts.magnitudes),
    )
    plain = (
        *(("score", figures.scores), ("fraction", figures.fractions), ("serial", figures.versions)),
        *(("cardinal", figures.plain_numbers), ("serial", figures.leftovers)),
    )
    return (
        ("electronic", electronic.addresses(language)),
        *((kind, figures.with_digits(make, language)) for kind, make in numeric),
        ("measure", amounts.bare_units(language)),
        ("abbreviation", shortened.abbreviations(language)),
        ("roman", shortened.roman(language)),
        *language.more,
        ("fraction", figures.halves(language)),
        *((kind, figures.with_digits(make, language)) for kind, make in plain),
        ("symbol", characters.signs(language.signs)),
    )


def _language(root: str, code: str) -> Language | None:
    """The tables of a language, imported only when it is asked for."""
    if root == "de":
        from tts.text.foreign.german import GERMAN

        return GERMAN
    if root == "nl":
        from tts.text.foreign.dutch import DUTCH

        return DUTCH
    if root == "pl":
        from tts.text.foreign.polish import POLISH

        return POLISH
    if root == "ru":
        from tts.text.foreign.russian import RUSSIAN

        return RUSSIAN
    if root == "it":
        from tts.text.foreign.italian import ITALIAN

        return ITALIAN
    return _regional(root, code)


def _regional(root: str, code: str) -> Language | None:
    if root == "fr":
        from tts.text.foreign import french

        return french.regional(code)
    if root == "es":
        from tts.text.foreign import spanish

        return spanish.regional(code)
    if root == "pt":
        from tts.text.foreign import portuguese

        return portuguese.regional(code)
    return None


def _num2words_code(code: str) -> str:
    return {"nb": "no", "kk": "kz", "fa-latn": "fa"}.get(code, code.split("-")[0])


def _whole_numbers(code: str) -> Rule:
    return lambda text: text.sub(_WHOLE, lambda found: _whole(code, found.group()))


def _whole(code: str, written: str) -> str:
    if len(written) > 1 and written[0] == "0":
        return written
    return words(code, int(written)) or written
