"""Rules for characters: typography folded, signs and emoji named, what cannot be read left out and told."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping

from tts.text.emoji_names import speak_emoji
from tts.text.foreign.language import Rule, Rules, listed
from tts.text.spoken import SpokenText

# What Unicode writes apart for its looks: full widths, ligatures, circled and squared letters, mathematical alphabets.
_COMPATIBLE = re.compile(
    "[\uff66-\uff9d][\uff9e\uff9f]?|[\xb9\u2070-\u209c\u2100-\u2121\u2123-\u214f\u2160-\u218b\u2460-\u24ff\u3200-\u33ff\ufb00-\ufb06\ufb50-\ufdcf\ufdf0-\ufdfc\ufe70-\ufefc"
    "\ufe30-\ufe6f\uff01-\uff65\uff9e-\uffef\U0001d400-\U0001d7ff\U0001f100-\U0001f1e5]"
)
_COMBINED = re.compile("[^\\W\\d_][\u0300-\u036f\u3099\u309a]+")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_INVISIBLE = re.compile(
    "[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ODD_BLANK = re.compile("[\t\u1680\u2000-\u2006\u2008\u205f\u3000]+")
# Marks of layout: around words they say nothing that is heard.
_LAYOUT = re.compile(r"[*_`~|^<>\\#]+")
_BLANKS = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
# One blank at a time, all runs being one: a pattern of a run and what follows it takes quadratic time.
_IDLE_BLANK = re.compile(r"(?<=\w) (?=[,;:!?…](?:\s|\Z)|\.(?:\s|\Z))|(?<=[«“„]) | (?=»)|(?m:^ | $)")
_MARKS = {
    "−": "-",
    "‐": "-",
    "‑": "-",
    "ʼ": "'",
    "′": "'",
    "‹": "“",
    "›": "”",
    "•": ",",
    "·": ",",
    "‣": ",",
    "●": ",",
    "→": ",",
    "™": "",
    "®": "",
}
_MARK = re.compile("|".join(_MARKS))
_SYMBOLS = frozenset({"So", "Sc", "Sm", "Sk", "Co", "Cn", "Me"})


def folding(language: str) -> Rule:
    """Compose letters, fold what only looks different, and take what is invisible away."""
    keeps_joiners = language.split("-")[0] in {
        "fa",
        "ar",
        "ur",
        "hi",
        "mr",
        "ne",
        "bn",
        "ta",
        "te",
        "kn",
        "ml",
        "si",
        "sd",
    }

    def rule(text: SpokenText) -> SpokenText:
        if text.text.isascii() and text.text.isprintable():
            return text
        text = text.sub(_LINE_END, "\n").sub(_ODD_BLANK, " ")
        text = text.sub(_COMBINED, lambda found: unicodedata.normalize("NFC", found.group()))
        text = text.sub(_COMPATIBLE, _compatible).sub(
            _FOREIGN_DIGIT, lambda found: str(unicodedata.decimal(found.group()))
        )
        return text.sub(_MARK, lambda found: _MARKS[found.group()])

    def whole(text: SpokenText) -> SpokenText:
        return _without_controls(rule(text), keeps_joiners)

    return whole


def emoji_names(language: str) -> Rule:
    """Emoji by their names in the language; in Japanese these are in kanji, which nobody reads here."""
    if language.split("-")[0] == "ja":
        return lambda text: text
    return lambda text: speak_emoji(text, language)


def signs(words: Mapping[str, str]) -> Rule:
    """Signs by their names in the language; "-" is one only before a number, which is not seen to here."""
    pattern = re.compile("|".join(re.escape(sign) for sign in sorted(words, key=len, reverse=True)))

    def named(found: re.Match[str]) -> str:
        after = "" if found.string[found.end() : found.end() + 1] == "-" else " "
        return f" {words[found.group()]}{after}"

    def rule(text: SpokenText) -> SpokenText:
        return text.sub(pattern, named)

    return rule


def leftovers(language: str) -> Rules:
    """Rules that come last: leave out what espeak-ng cannot read, and tidy the blanks."""

    known = language.split("-")[0] in _KNOWN

    def symbols(text: SpokenText) -> SpokenText:
        text = text.sub(_LAYOUT, " ")
        if text.text.isascii():
            return text
        lost = {character for character in _others(text.text) if _is_lost(character, known)}
        return _dropped(text, lost)

    def blanks(text: SpokenText) -> SpokenText:
        return text.sub(_BLANKS, " ").sub(_IDLE_BLANK, "")

    return ("symbol", symbols), ("script", unreadable(language)), ("", blanks)


def unreadable(language: str) -> Rule:
    """Letters of scripts that espeak-ng has no sounds for in the language are left out and told."""
    readable = _readable(language)

    def rule(text: SpokenText) -> SpokenText:
        if text.text.isascii():
            return text
        text = text.sub(_RARE_LETTER, _plain_letter) if language.split("-")[0] in _KNOWN else text
        return _dropped(text, {character for character in _others(text.text) if not readable(character)})

    return rule


# Scripts whose letters espeak-ng reads as words, or at least calls by their names, whatever the language.
_READ_EVERYWHERE = (
    *[(0x00, 0x17F), (0x250, 0x2FF), (0x370, 0x58F), (0x5D0, 0x5EA), (0x620, 0x6D5), (0x900, 0xAFF), (0xB80, 0xDFF)],
    *[(0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1C80, 0x1CBF), (0x1F00, 0x1FFF), (0x3130, 0x318F), (0xAC00, 0xD7A3)],
)
# Letters that stand for words which are given, and are put in when all rules are done (tts.text.normalize).
_PLACEHOLDERS = range(0x17000, 0x187F8)
_KANA = ((0x3041, 0x3096), (0x30A1, 0x30FA), (0x30FC, 0x30FE))
_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_IDEOGRAPHS = (*_HAN, (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3021, 0x3029), (0x3100, 0x312F), (0x31A0, 0x31EF))
_WRITES_HAN = frozenset({"cmn", "yue", "zh", "hak"})
# Languages whose letters are known here; of the others espeak-ng decides, but for Chinese characters and kana.
_KNOWN = frozenset(listed("de fr es it pt nl pl ru cmn yue zh hak ja"))
# Letters of further languages (Vietnamese, Romanian, …), which these spell by their code points.
_RARE_LETTER = re.compile("[ıŉſ\u0180-\u024f\u1e00-\u1eff]")
_PLAIN_LETTERS = {"ı": "i", "ŉ": "n", "ſ": "s", "đ": "d", "Ʒ": "Z", "ƒ": "f", "ẞ": "ß", "ǝ": "e"}
_KEPT_MARKS = frozenset("¡¿…‘’“”„‟‚‛«»‹›–—―·‧")


def _readable(language: str) -> Callable[[str], bool]:
    code = language.split("-")[0]

    @functools.lru_cache(maxsize=4096)
    def tell(character: str) -> bool:
        if unicodedata.category(character)[0] not in "LM" and character not in "々〆〇":
            return True
        point = ord(character)
        if point in _PLACEHOLDERS:
            return True
        if code in _WRITES_HAN and _within(point, _HAN[:2]):
            return True
        if code == "ja" and _within(point, _KANA):
            return True
        if _within(point, (*_IDEOGRAPHS, *_KANA)):
            return False
        if code not in _KNOWN:
            return True
        return _within(point, _READ_EVERYWHERE) or unicodedata.category(character)[0] == "M"

    return tell


def _is_lost(character: str, known: bool) -> bool:
    """Tell whether a sign is neither said nor kept as punctuation; other languages have marks of their own."""
    category = unicodedata.category(character)
    return category in _SYMBOLS or (known and category in {"Po", "Ps", "Pe"} and character not in _KEPT_MARKS)


def _within(point: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= point <= last for first, last in ranges)


def _others(text: str) -> set[str]:
    """The characters of a text beyond ASCII."""
    return {character for character in set(text) if character > "\x7f"}


def _dropped(text: SpokenText, characters: set[str]) -> SpokenText:
    if not characters:
        return text
    pattern = re.compile(f"[{''.join(re.escape(character) for character in sorted(characters))}]+")
    names = ["".join(map(_name, found.group())) for found in pattern.finditer(text.text)]
    return text.sub(pattern, " ").leaving_out(names)


def _name(character: str) -> str:
    """What a character is told as: itself, or its number where it has no face."""
    return f"U+{ord(character):04X}" if unicodedata.category(character) in {"Co", "Cn"} else character


def _without_controls(text: SpokenText, keeps_joiners: bool) -> SpokenText:
    if not _INVISIBLE.search(text.text):
        return text
    return text.sub(_INVISIBLE, lambda found: re.sub("[^\u200c\u200d]", "", found.group()) if keeps_joiners else "")


def _compatible(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", found.group())


def _plain_letter(found: re.Match[str]) -> str:
    letter = found.group()
    return _PLAIN_LETTERS.get(letter) or unicodedata.normalize("NFKD", letter)[0]
