"""Chinese as espeak-ng's cmn and yue read it: numbers as characters, full-width marks as the plain ones."""

from __future__ import annotations

import re
import unicodedata

from tts.text.foreign.language import Rules, either, listed
from tts.text.foreign.numbers import digit_by_digit, written_number
from tts.text.spoken import SpokenText

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_SCALES = ("", "万", "亿", "万亿")
_MOST_DIGITS = 16
_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
# Digits behind letters may be the tone of a syllable in pinyin, "hao3".
_START = r"(?<![0-9A-Za-z.])"
_END = r"(?![0-9])"

_YEAR = re.compile(r"(?<![0-9.])([0-9]{4}|[0-9]{2})(?=年(?!前|后|来|间|以))")
_FULL_DATE = re.compile(r"(?<![\w/.-])([12][0-9]{3})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![\w/-]|\.[0-9])", re.ASCII)
_SCORE = re.compile(r"(?<![0-9:.])([0-9]{1,3}):([0-9]{1,3})(?![0-9:.])")
_TIME = re.compile(r"(?<![0-9:])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?![0-9:])")
_PERCENT = re.compile(rf"{_START}({_NUMBER})\s?([%‰])")
_CURRENCIES = {
    "$": "美元",
    "¥": "元",
    "€": "欧元",
    "£": "英镑",
    "₩": "韩元",
    "₽": "卢布",
    "₹": "卢比",
    "HK$": "港元",
    "NT$": "新台币",
}
_CURRENCY = either(_CURRENCIES)
_MONEY = re.compile(rf"({_CURRENCY})\s?({_NUMBER})([万亿]?)")
_MONEY_BEHIND = re.compile(rf"{_START}({_NUMBER})([万亿]?)\s?({_CURRENCY})")
_UNITS = {
    **{
        "km/h": "公里每小时",
        "km²": "平方公里",
        "m²": "平方米",
        "m³": "立方米",
        "km": "公里",
        "cm": "厘米",
        "mm": "毫米",
    },
    **{"m": "米", "kg": "公斤", "mg": "毫克", "g": "克", "ml": "毫升", "mL": "毫升", "L": "升", "°C": "摄氏度"},
    **{"℃": "摄氏度", "°": "度", "kWh": "千瓦时", "kW": "千瓦", "GB": "吉字节", "MB": "兆字节"},
}
_MEASURE = re.compile(rf"{_START}({_NUMBER})\s?({either(_UNITS)})(?![A-Za-z²³])")
_FRACTION = re.compile(r"(?<![0-9/.])([0-9]{1,4})/([0-9]{1,4})(?![0-9/]|\.[0-9])")
_VULGAR = re.compile(r"([0-9]*)([½¼¾⅓⅔⅛])")
_VULGAR_PARTS = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8)}
_RANGE = re.compile(r"(?<=[0-9%])\s?[-–~]\s?(?=[0-9])")
_TELEPHONE = re.compile(
    r"(?<![0-9A-Za-z.])(?:\+86[ -]?)?(?:1[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}|0[0-9]{2,3}-[0-9]{7,8})(?![0-9])"
)
_COUNTED_TWO = re.compile(r"(?<![0-9.,第十月])2(?=[个位只条张本件次年天座家口杯瓶辆台层双对种场名间头元倍岁](?!月))")
_PLAIN = re.compile(rf"(?P<minus>(?<![\w)])[-−])?{_START}(?P<number>{_NUMBER}){_END}")
_GLUED = re.compile(r"(?<=[A-Za-z])[0-9]{2,}|(?<=[A-Z])[0-9]")

_MARKS = str.maketrans(
    {
        **{
            "。": ". ",
            "．": ".",
            "，": ", ",
            "、": ", ",
            "；": "; ",
            "：": ": ",
            "？": "? ",
            "！": "! ",
            "（": " (",
            "）": ") ",
        },
        **dict.fromkeys("《》〈〉「」『』【】〔〕", '"'),
        **{"～": "~", "—": "—", "·": " ", "・": " ", "〇": "零", "％": "%", "￥": "¥"},
    }
)
# Between digits they belong to the number: "14：30".
_MARK = re.compile("[。、；？！（）《》〈〉「」『』【】〔〕～·・〇％￥]|(?<![0-9０-９])[．，：]|[．，：](?![0-9０-９])")
# espeak-ng 1.52 has no sounds for the syllable jiong, and reads these by the letters of its code.
_WITHOUT_SOUND = "侰僒冏囧幜泂炯烱煚煛熲皛窘絅綗褧迥逈顈颎駉㓏㖥㢠㤯㷗㷡䌹䐃䢛"
_MUTE = re.compile(f"[{_WITHOUT_SOUND}]+")

_SIGNS = {
    **{
        "%": "百分号",
        "‰": "千分号",
        "&": "和",
        "+": "加",
        "=": "等于",
        "@": "艾特",
        "×": "乘",
        "÷": "除以",
        "±": "正负",
    },
    **{"°": "度", "≈": "约等于", "≠": "不等于", "≤": "小于等于", "≥": "大于等于", " < ": "小于", " > ": "大于"},
    **{"$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "#": "井号", "∞": "无穷大", "π": "派", "№": "号"},
}
CHINESE_SIGNS = _SIGNS


def cardinal(value: int) -> str:
    """A whole number in characters: 105 is "一百零五", 10000 "一万"."""
    if not value:
        return _DIGITS[0]
    if value >= 10**_MOST_DIGITS:
        return digits(str(value))
    groups = []
    for scale in _SCALES:
        value, group = divmod(value, 10**4)
        groups.append((group, scale))
    spoken = ""
    for group, scale in reversed(groups):
        if not group:
            spoken += _DIGITS[0] if spoken and not spoken.endswith(_DIGITS[0]) else ""
            continue
        if spoken and group < 1000 and not spoken.endswith(_DIGITS[0]):
            spoken += _DIGITS[0]
        spoken += _group(group) + scale
    spoken = spoken.rstrip(_DIGITS[0])
    return spoken[1:] if spoken.startswith("一十") else spoken


def digits(written: str) -> str:
    """Each digit by itself."""
    return digit_by_digit(written, _DIGITS)


def number(written: str) -> str:
    """A written number, with decimals or grouped."""
    return written_number(written, cardinal, digits, "点")


def _group(group: int) -> str:
    spoken = ""
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit:
            spoken += _DIGITS[digit] + _PLACES[place]
        elif spoken and not spoken.endswith(_DIGITS[0]) and group % 10**place:
            spoken += _DIGITS[0]
    return spoken


def _time(found: re.Match[str]) -> str:
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 24 or minute > 59 or second > 59:
        return _score(found)
    spoken = f"{'两' if hour == 2 else cardinal(hour)}点"
    if minute or second:
        spoken += f"{'零' if minute < 10 else ''}{cardinal(minute)}分" if minute else "零分"
    return spoken + (f"{cardinal(second)}秒" if second else "")


def _score(found: re.Match[str]) -> str:
    return f"{cardinal(int(found[1]))}比{cardinal(int(found[2]))}"


def _date(found: re.Match[str]) -> str:
    month, day = int(found[3]), int(found[4])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    return f"{digits(found[1])}年{cardinal(month)}月{cardinal(day)}日"


def _vulgar(found: re.Match[str]) -> str:
    above, below = _VULGAR_PARTS[found[2]]
    whole = f"{cardinal(int(found[1]))}又" if found[1] else ""
    return f"{whole}{cardinal(below)}分之{cardinal(above)}"


def _plain(found: re.Match[str]) -> str:
    return ("负" if found["minus"] else "") + number(found["number"])


def numbers(text: SpokenText) -> SpokenText:
    """Numbers in characters; what glues to letters of pinyin stays as its tone."""
    if not any(character in "0123456789½¼¾⅓⅔⅛" for character in text.text):
        return text
    text = text.under("date").sub(_FULL_DATE, _date).sub(_YEAR, lambda found: digits(found[1]))
    text = text.under("telephone").sub(
        _TELEPHONE, lambda found: ("加" if "+" in found.group() else "") + digits(found.group())
    )
    text = text.under("time").sub(_TIME, _time).sub(_SCORE, _score)
    text = text.under("money").sub(_MONEY, lambda found: number(found[2]) + found[3] + _CURRENCIES[found[1]])
    text = text.sub(_MONEY_BEHIND, lambda found: number(found[1]) + found[2] + _CURRENCIES[found[3]])
    text = (
        text.under("measure")
        .sub(_RANGE, "到")
        .sub(_PERCENT, lambda found: f"{'百' if found[2] == '%' else '千'}分之{number(found[1])}")
    )
    text = text.sub(_MEASURE, lambda found: number(found[1]) + _UNITS[found[2]])
    text = text.under("fraction").sub(_VULGAR, _vulgar)
    text = text.sub(_FRACTION, lambda found: f"{cardinal(int(found[2]))}分之{cardinal(int(found[1]))}")
    text = text.under("cardinal").sub(_COUNTED_TWO, "两").sub(_PLAIN, _plain)
    return text.sub(_GLUED, lambda found: number(found.group()))


def punctuation(text: SpokenText) -> SpokenText:
    """Full-width marks become those that the frontend keeps."""
    return text.sub(_MARK, lambda found: found.group().translate(_MARKS))


_FINALS = (
    "iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|üan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|üe|ui|un|uo|ün"
    "|a|e|i|o|u|ü"
)
_INITIALS = "zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]"
_SYLLABLE = re.compile(rf"(?:{_INITIALS})?(?:{_FINALS})(?![aeiouü])(?:(?<=[ae])n(?![aeiouüg]))?", re.IGNORECASE)
_TONED = re.compile(
    "(?<![A-Za-züÜ'’])[A-Za-züÜ'’]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜĀÁǍÀĒÉĚÈŌÓǑÒ][A-Za-züÜāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ'’]*"
)
# Syllables that often have no tone. Acute and grave accents alone may be another language's: résumé.
_NEUTRAL = frozenset(listed("ma ne ba de le zi men me ge a tou you fu"))
_LONGEST_WORD = 64
_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_UMLAUT = re.compile("[üÜ](?=[a-z]{0,3}[1-5]?(?![a-zü]))")


def pinyin(text: SpokenText) -> SpokenText:
    """Pinyin with marks for its tones as espeak-ng reads it, with numbers: "nǐ hǎo" is "ni3 hao3", ü a "v"."""
    if text.text.isascii():
        return text
    return text.sub(_TONED, _numbered_tones).sub(_UMLAUT, "v")


def _numbered_tones(found: re.Match[str]) -> str:
    if len(found.group()) > _LONGEST_WORD:
        return found.group()
    plain, tones = "", []
    for character in found.group():
        base = ""
        for part in unicodedata.normalize("NFD", character):
            if part in _TONES:
                tones.append((len(plain), _TONES[part]))
            else:
                base += part
        plain += unicodedata.normalize("NFC", base)
    is_sure = any(mark in unicodedata.normalize("NFD", found.group()) for mark in "\u0304\u030c")
    spoken, position = "", 0
    while position < len(plain):
        syllable = _SYLLABLE.match(plain, position)
        if syllable is None:
            if plain[position] not in "'’":
                return found.group()  # another language's accents: café
            position += 1
            continue
        tone = [digit for place, digit in tones if position <= place < syllable.end()]
        if not tone and not is_sure and syllable.group() not in _NEUTRAL:
            return found.group()
        spoken += syllable.group() + (tone[0] if tone else "5")
        position = syllable.end()
    return spoken.replace("ü", "v").replace("Ü", "V")


RULES: Rules = (
    ("pinyin", pinyin),
    ("cardinal", numbers),
    ("script", lambda text: text.drop(_MUTE)),
)
