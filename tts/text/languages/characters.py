"""Rules for characters in any language: fold variants, name emoji and signs, drop what espeak-ng cannot read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from tts.text.languages.language import BEYOND_ASCII, Rule, split_words
from tts.text.spoken import Pattern, SpokenText, either

_PICTURES = (
    "\u231a-\u23ff\u24c2\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001faff"
)
# These are pictures only with a variation selector behind them.
_SIGNS = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u25aa\u25ab\u3030\u303d\u3297\u3299"
_TONES = "\U0001f3fb-\U0001f3ff"
_ONE = f"(?:[{_PICTURES}][\ufe0f\ufe0e{_TONES}]{{0,2}}|[{_SIGNS}]\ufe0f)"
# The number of parts is limited: the work stays linear on any text, and no picture has more than five.
_EMOJI = Pattern(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag, by the letters of its country
    "|[0-9#*]\ufe0f?\u20e3"
    f"|\U0001f3f4[\U000e0020-\U000e007e]{{1,8}}\U000e007f|{_ONE}(?:\u200d{_ONE}){{0,9}}"
)
_DINGBATS = {
    **dict.fromkeys("★☆✩✪✭✯✰", "star"),
    **dict.fromkeys("✓🗸", "check mark"),
    **dict.fromkeys("✕✗✘🗴", "cross mark"),
    **dict.fromkeys("♩♪♫♬", "music note"),
    **dict.fromkeys("♡♥❥", "heart"),
}
_UNSPOKEN = Pattern("[()“”!:]")

# What Unicode encodes apart for its looks: full widths, ligatures, circled and squared letters, mathematical alphabets.
_COMPATIBLE = Pattern(
    "[\uff66-\uff9d][\uff9e\uff9f]?|[\xb9\u2070-\u209c\u2100-\u2121\u2123-\u214f\u2160-\u218b\u2460-\u24ff\u3200-\u33ff\ufb00-\ufb06\ufb50-\ufdcf\ufdf0-\ufdfc\ufe70-\ufefc"
    "\ufe30-\ufe6f\uff01-\uff65\uff9e-\uffef\U0001d400-\U0001d7ff\U0001f100-\U0001f1e5]"
)
_COMBINED = Pattern("[^\\W\\d_][\u0300-\u036f\u3099\u309a]+")
_OTHER_DIGIT = Pattern(r"(?![0-9])\d")
_INVISIBLE = Pattern(
    "[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_LINE_END = Pattern("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ODD_SPACE = Pattern("[\t\u1680\u2000-\u2006\u2008\u205f\u3000]+")
_FOLDED_MARKS = {
    **dict.fromkeys("−‐‑", "-"),
    **dict.fromkeys("ʼ′", "'"),
    **{"‹": "“", "›": "”"},
    **dict.fromkeys("•·‣●→", ","),
    **dict.fromkeys("™®", ""),
}
_FOLDED_MARK = Pattern("|".join(_FOLDED_MARKS))
# Languages whose spelling needs zero-width joiners.
_WITH_JOINERS = frozenset(split_words("fa ar ur hi mr ne bn ta te kn ml si sd"))

# Marks of layout, which are silent around words.
_LAYOUT = Pattern(r"[*_`~|^<>\\#]+")
_SPACES = Pattern(r"[^\S\n]{2,}|[^\S\n ]")
# One space at a time, as all runs are one by then: a pattern of a run and what follows it needs quadratic time.
_IDLE_SPACE = Pattern(r"(?<=\w) (?=[,;:!?…](?:\s|\Z)|\.(?:\s|\Z))|(?<=[«“„]) | (?=»)|(?m:^ | $)")
_SYMBOLS = frozenset({"So", "Sc", "Sm", "Sk", "Co", "Cn", "Me"})
_KEPT_MARKS = frozenset("¡¿…‘’“”„‟‚‛«»‹›–—―·‧")

# Scripts whose letters espeak-ng reads as words, or at least calls by their names, in any language.
_READ_EVERYWHERE = (
    *[(0x00, 0x17F), (0x250, 0x2FF), (0x370, 0x58F), (0x5D0, 0x5EA), (0x620, 0x6D5), (0x900, 0xAFF), (0xB80, 0xDFF)],
    *[(0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1C80, 0x1CBF), (0x1F00, 0x1FFF), (0x3130, 0x318F), (0xAC00, 0xD7A3)],
)
# Letters that stand for aliases, which `tts.text.normalize` puts in after all rules.
_PLACEHOLDERS = range(0x17000, 0x187F8)
_KANA = ((0x3041, 0x3096), (0x30A1, 0x30FA), (0x30FC, 0x30FE))
_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_IDEOGRAPHS = (*_HAN, (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3100, 0x312F), (0x31A0, 0x31EF))
_WRITES_HAN = frozenset({"cmn", "yue", "zh", "hak"})
# Languages whose letters are known here; in others espeak-ng decides, except for Chinese characters and kana.
_KNOWN = frozenset(split_words("en de fr es it pt nl pl ru cmn yue zh hak ja"))
# Letters of further languages (Vietnamese, Romanian, …), which the known ones would spell by their code points.
_RARE_LETTER = Pattern("[ıŉſ\u0180-\u024f\u1e00-\u1eff]")
_PLAIN_LETTERS = {"ı": "i", "ŉ": "n", "ſ": "s", "đ": "d", "Ʒ": "Z", "ƒ": "f", "ẞ": "ß", "ǝ": "e"}


def emoji(code: str, kind: str = "emoji") -> Rule:
    """Emoji by their names ("👍🏽" is "thumbs up medium skin tone"), between commas where they touch.

    A sequence of characters that shows as one picture has one name. Emoji without a name in the language stay. In
    Japanese all stay: their names are in kanji, which are not read.
    """
    language = code.lower().split("-")[0].replace("cmn", "zh")
    if language == "ja":
        return Rule(kind)
    rule = Rule(kind, needs={BEYOND_ASCII})

    def named(found: re.Match[str]) -> str:
        written = found.group()
        parts = [written] if _emoji_name(written, language) else written.split("\u200d")
        names = [name for name in (_emoji_name(part, language) for part in parts) if name]
        if not names:
            return written
        text = found.string
        before = "" if found.start() == 0 or text[found.start() - 1].isspace() else " "
        following = text[found.end() : found.end() + 1]
        after = "," if _EMOJI.match(text, found.end()) else "" if not following or following in " ,.;:!?…)" else " "
        return f"{before}{', '.join(names)}{after}"

    return rule.replace(_EMOJI, named)


@lru_cache(1024)
def _emoji_name(picture: str, language: str) -> str:
    from emoji import EMOJI_DATA, LANGUAGES, config

    if language not in LANGUAGES:
        return ""
    if language != "en":
        config.load_language(language)
    elif picture in _DINGBATS:
        return _DINGBATS[picture]
    plain = picture.replace("\ufe0f", "").replace("\ufe0e", "")
    for form in (picture, plain, plain + "\ufe0f"):
        if name := EMOJI_DATA.get(form, {}).get(language, ""):
            flag = " flag" if language == "en" and "\U0001f1e6" <= form[0] <= "\U0001f1ff" else ""
            return _UNSPOKEN.compiled.sub("", name).strip("_").replace("_", " ") + flag
    return ""


def folding(code: str) -> Rule:
    """Compose letters, fold what differs only in looks, and remove what is invisible.

    English folds more (`tts.text.characters`): elsewhere º, « and ， are more than typography.
    """
    keeps_joiners = code.split("-")[0] in _WITH_JOINERS

    def fold(text: SpokenText) -> SpokenText:
        if text.text.isascii() and text.text.isprintable():
            return text
        text = text.sub(_LINE_END, "\n").sub(_ODD_SPACE, " ")
        text = text.sub(_COMBINED, lambda found: unicodedata.normalize("NFC", found.group()))
        text = text.sub(_COMPATIBLE, lambda found: unicodedata.normalize("NFKC", found.group()))
        text = text.sub(_OTHER_DIGIT, lambda found: str(unicodedata.decimal(found.group())))
        text = text.sub(_FOLDED_MARK, lambda found: _FOLDED_MARKS[found.group()])
        return text.sub(_INVISIBLE, lambda found: re.sub("[^\u200c\u200d]", "", found.group()) if keeps_joiners else "")

    return Rule("symbol", fold)


def signs(names: Mapping[str, str]) -> Rule:
    """Signs by their names in a language; other rules read the "-" before a number."""

    def named(found: re.Match[str]) -> str:
        after = "" if found.string[found.end() : found.end() + 1] == "-" else " "
        return f" {names[found.group()]}{after}"

    return Rule("symbol").replace(Pattern(either(names)), named)


def leftovers(code: str) -> tuple[Rule, ...]:
    """The rules that come last: drop what espeak-ng cannot read, and tidy the spaces."""
    is_known = code.split("-")[0] in _KNOWN

    def is_lost(character: str) -> bool:
        """Whether a sign is neither spoken nor kept as punctuation; unknown languages have marks of their own."""
        category = unicodedata.category(character)
        return category in _SYMBOLS or (is_known and category in {"Po", "Ps", "Pe"} and character not in _KEPT_MARKS)

    def drop_symbols(text: SpokenText) -> SpokenText:
        text = text.sub(_LAYOUT, " ")
        return _dropped(text, {character for character in _beyond_ascii(text.text) if is_lost(character)})

    return (
        Rule("symbol", drop_symbols),
        unreadable(code),
        Rule("").replace(_SPACES, " ").replace(_IDLE_SPACE, ""),
    )


@cache
def unreadable(code: str) -> Rule:
    """Drop the letters of scripts that espeak-ng has no sounds for in the language, and name them in `left_out`."""
    language = code.split("-")[0]

    def plain_letter(found: re.Match[str]) -> str:
        letter = found.group()
        return _PLAIN_LETTERS.get(letter) or unicodedata.normalize("NFKD", letter)[0]

    def drop_letters(text: SpokenText) -> SpokenText:
        if language in _KNOWN:
            text = text.sub(_RARE_LETTER, plain_letter)
        lost = {character for character in _beyond_ascii(text.text) if not _is_readable(character, language)}
        return _dropped(text, lost)

    return Rule("script", drop_letters, needs={BEYOND_ASCII})


@lru_cache(maxsize=16384)
def _is_readable(character: str, language: str) -> bool:
    if unicodedata.category(character)[0] not in "LM" and character not in "々〆〇":
        return True
    point = ord(character)
    if point in _PLACEHOLDERS:
        return True
    if language in _WRITES_HAN and _within(point, _HAN[:2]):
        return True
    if language == "ja" and _within(point, _KANA):
        return True
    if _within(point, (*_IDEOGRAPHS, *_KANA)):
        return False
    if language not in _KNOWN:
        return True
    return _within(point, _READ_EVERYWHERE) or unicodedata.category(character)[0] == "M"


def _within(point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= point <= last for first, last in ranges)


def _beyond_ascii(text: str) -> set[str]:
    return {character for character in set(text) if character > "\x7f"}


def _dropped(text: SpokenText, characters: set[str]) -> SpokenText:
    """Replace characters by spaces and name them in `left_out`: as themselves, or by number where nothing shows."""
    if not characters:
        return text
    pattern = re.compile(f"[{''.join(re.escape(character) for character in sorted(characters))}]+")
    names = [
        "".join(f"U+{ord(c):04X}" if unicodedata.category(c) in {"Co", "Cn"} else c for c in found.group())
        for found in pattern.finditer(text.text)
    ]
    return text.sub(pattern, " ").leaving_out(names)
