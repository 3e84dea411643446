"""Japanese in kana, which is what espeak-ng reads: numbers as kana, kanji left out and told."""

from __future__ import annotations

import re

from tts.text.foreign.language import Rules, either, listed
from tts.text.foreign.numbers import digit_by_digit, words, written_number
from tts.text.spoken import SpokenText

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
_MOST_DIGITS = 16
_DIGITS = listed("ゼロ いち に さん よん ご ろく なな はち きゅう")
# Between digits they belong to the number: "14：30".
_MARK = re.compile("[。、；？！（）《》〈〉「」『』【】〔〕・％￥〜～]|(?<![0-9０-９])[．，：]|[．，：](?![0-9０-９])")
_MARKS = str.maketrans(
    {
        **{
            "。": ". ",
            "．": ".",
            "，": ", ",
            "、": ", ",
            "；": "; ",
            "：": ":",
            "？": "? ",
            "！": "! ",
            "（": " (",
            "）": ") ",
        },
        **dict.fromkeys("《》〈〉「」『』【】〔〕", '"'),
        **{"・": " ", "％": "%", "￥": "¥", "〜": "~", "～": "~"},
    }
)
# Between numbers a wave is "to"; behind kana it only draws the sound out.
_WAVE = re.compile(r"(?<=[0-9])\s?[~–-]\s?(?=[0-9])")
_TELEPHONE = re.compile(r"(?<![0-9A-Za-z.])0[0-9]{1,3}-[0-9]{2,4}-[0-9]{4}(?![0-9])")
_LONG_WAVE = re.compile("(?<=[ぁ-ゖァ-ヺ])~+")
_LONE_LENGTH = re.compile("(?<![ぁ-ゖァ-ヺー])ー+")
_HOURS = {4: "よじ", 7: "しちじ", 9: "くじ", 0: "れいじ"}
_TIME = re.compile(r"(?<![0-9:])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?![0-9:])")
_DATE = re.compile(r"(?<![\w/.-])([12][0-9]{3})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![\w/-]|\.[0-9])", re.ASCII)
_DAYS = {
    **{1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか", 7: "なのか", 8: "ようか"},
    **{9: "ここのか", 10: "とおか", 14: "じゅうよっか", 20: "はつか", 24: "にじゅうよっか"},
}
_MONTHS = {4: "しがつ", 7: "しちがつ", 9: "くがつ"}
_COUNTERS = {"年": "ねん", "月": "がつ", "日": "にち", "円": "えん", "秒": "びょう", "歳": "さい", "人": "にん"}
_YEAR_MONTH_DAY = re.compile(r"(?<![0-9.,])([0-9]{1,9})([年月日円秒歳人])")
_HOUR = re.compile(r"(?<![0-9.])([0-9]{1,2})(?:じ|時)")
_MINUTE = re.compile(r"(?<![0-9.])([0-9]{1,2})(?:ふん|ぷん|分)")
_CURRENCIES = {"$": "ドル", "¥": "えん", "€": "ユーロ", "£": "ポンド"}
_MONEY = re.compile(rf"([$¥€£])\s?({_NUMBER})")
_MONEY_BEHIND = re.compile(rf"(?<![0-9.])({_NUMBER})\s?([$€£])")
_UNITS = {
    **{
        "%": "パーセント",
        "km/h": "キロメートルまいじ",
        "km": "キロメートル",
        "cm": "センチメートル",
        "mm": "ミリメートル",
    },
    **{"m": "メートル", "kg": "キログラム", "g": "グラム", "mg": "ミリグラム", "ml": "ミリリットル", "L": "リットル"},
    **{"°C": "ど", "℃": "ど", "°": "ど", "GB": "ギガバイト", "MB": "メガバイト"},
}
_MEASURE = re.compile(rf"(?<![0-9.])({_NUMBER})\s?({either(_UNITS)})(?![A-Za-z])")
_LEFT = re.compile("[0-9]+")
_PLAIN = re.compile(rf"(?P<minus>(?<![\w)])[-−])?(?<![0-9.])(?P<number>{_NUMBER})(?![0-9])")
JAPANESE_SIGNS = {
    **{
        "%": "パーセント",
        "&": "アンド",
        "+": "プラス",
        "=": "イコール",
        "@": "アットマーク",
        "×": "かける",
        "÷": "わる",
    },
    **{"±": "プラスマイナス", "°": "ど", "$": "ドル", "€": "ユーロ", "£": "ポンド", "¥": "えん", "#": "シャープ"},
}


def cardinal(value: int) -> str:
    """A whole number in kana: 300 is "さんびゃく"."""
    if value >= 10**_MOST_DIGITS:
        return digits(str(value))
    if not value:
        return _DIGITS[0]
    return words("ja", value, "kana") or digits(str(value))


def digits(written: str) -> str:
    """Each digit by itself."""
    return digit_by_digit(written, _DIGITS)


def number(written: str) -> str:
    """A written number, with decimals or grouped."""
    return written_number(written, cardinal, digits, "てん")


def _minutes(minute: int) -> str:
    """ふん after most numbers, ぷん after 1, 3, 4, 6, 8 and 10, which then change."""
    tens, ones = divmod(minute, 10)
    before = cardinal(tens * 10) if tens else ""
    if not ones:
        return before.removesuffix("う") + "っぷん"
    last = {1: "いっぷん", 3: "さんぷん", 4: "よんぷん", 6: "ろっぷん", 8: "はっぷん"}
    return before + last.get(ones, f"{_DIGITS[ones]}ふん")


def _hour(hour: int) -> str:
    tens, ones = divmod(hour, 10)
    if ones not in _HOURS or (not ones and tens):
        return f"{cardinal(hour)}じ"
    return (cardinal(tens * 10) if tens else "") + _HOURS[ones]


def _time(found: re.Match[str]) -> str:
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 24 or minute > 59 or second > 59:
        return f"{number(found[1])}たい{number(found[2])}"
    return _hour(hour) + (_minutes(minute) if minute else "") + (f"{cardinal(second)}びょう" if second else "")


def _date(found: re.Match[str]) -> str:
    month, day = int(found[3]), int(found[4])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    spoken_day = _DAYS.get(day, f"{cardinal(day)}にち")
    return f"{cardinal(int(found[1]))}ねん{_MONTHS.get(month, f'{cardinal(month)}がつ')}{spoken_day}"


def _year_month_day(found: re.Match[str]) -> str:
    """The counters of a date, in kanji too; other kanji are not read."""
    value = int(found[1])
    if found[2] == "月":
        return _MONTHS.get(value, f"{cardinal(value)}がつ")
    if found[2] == "日":
        return _DAYS.get(value, f"{cardinal(value)}にち")
    return cardinal(value) + _COUNTERS[found[2]]


def _plain(found: re.Match[str]) -> str:
    return ("マイナス" if found["minus"] else "") + number(found["number"])


def numbers(text: SpokenText) -> SpokenText:
    """Numbers in kana."""
    if not any(character in "0123456789" for character in text.text):
        return text
    text = text.under("date").sub(_DATE, _date)
    text = text.sub(_YEAR_MONTH_DAY, _year_month_day)
    text = text.under("telephone").sub(_TELEPHONE, lambda found: " ".join(map(digits, found.group().split("-"))))
    text = (
        text.under("time")
        .sub(_TIME, _time)
        .sub(_HOUR, lambda found: _hour(int(found[1])))
        .sub(_MINUTE, lambda found: _minutes(int(found[1])))
    )
    text = text.under("range").sub(_WAVE, "から")
    text = text.under("money").sub(_MONEY, lambda found: number(found[2]) + _CURRENCIES[found[1]])
    text = text.sub(_MONEY_BEHIND, lambda found: number(found[1]) + _CURRENCIES[found[2]])
    text = text.under("measure").sub(_MEASURE, lambda found: number(found[1]) + _UNITS[found[2]])
    return text.under("cardinal").sub(_PLAIN, _plain).sub(_LEFT, lambda found: digits(found.group()))


def punctuation(text: SpokenText) -> SpokenText:
    """Full-width marks become those that the frontend keeps; a length mark that lengthens nothing is none."""
    text = text.sub(_MARK, lambda found: found.group().translate(_MARKS))
    return text.sub(_LONG_WAVE, "ー").sub(_LONE_LENGTH, " ")


RULES: Rules = (("cardinal", numbers),)
