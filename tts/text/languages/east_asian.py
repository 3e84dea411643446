"""Chinese as espeak-ng's cmn and yue read it, and Japanese in kana, beside the words in their .tsv files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import ClassVar

from tts.text.languages.characters import emoji, folding, leftovers, signs
from tts.text.languages.language import Language, Rule, number_words, split_words
from tts.text.languages.tags import key_combinations, tags
from tts.text.spoken import DIGITS, Pattern, SpokenText, either

_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
_DATE = r"(?<![\w/.-])([12][0-9]{3})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![\w/-]|\.[0-9])"
_TIME = r"(?<![0-9:])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?![0-9:])"
_MINUS = r"(?P<minus>(?<![\w)])[-−])?"
_MAX_DIGITS = 16
# int() refuses longer strings.
_MAX_INT_DIGITS = 4300
_FRACTIONS = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "⅛": (1, 8)}
_MARKS = {
    **{"。": ". ", "．": ".", "，": ", ", "、": ", ", "；": "; ", "？": "? ", "！": "! ", "（": " (", "）": ") "},
    **dict.fromkeys("《》〈〉「」『』【】〔〕", '"'),
    **{"～": "~", "・": " ", "％": "%", "￥": "¥"},
}


class _EastAsian(Language):
    """Numbers are written without spaces; full-width marks become those that the frontend keeps."""

    digit_names: Sequence[str]
    point: str
    more_marks: ClassVar[Mapping[str, str]]
    """What other full-width marks become than those of both languages."""

    def cardinal(self, value: int) -> str:
        """The words of a whole number."""
        raise NotImplementedError

    def number_rules(self) -> Sequence[Rule]:
        """Rules of this language between those for characters."""
        raise NotImplementedError

    def digits(self, written: str) -> str:
        """The words of each digit."""
        return "".join(self.digit_names[int(digit)] for digit in written if digit in DIGITS)

    def number(self, written: str) -> str:
        """The words of a written number, with decimals or grouped."""
        whole, _, fraction = written.replace(",", "").partition(".")
        zero_leads = len(whole) > 1 and whole[0] == "0"
        words = self.digits(whole) if zero_leads else self.cardinal(int(whole[:_MAX_INT_DIGITS]))
        return f"{words}{self.point}{self.digits(fraction)}" if fraction else words

    def marks(self) -> Rule:
        """Full-width marks as plain ones. Between digits they belong to the number: "14：30"."""
        marks = {**_MARKS, **self.more_marks}
        anywhere = "".join(mark for mark in marks if mark not in "．，：")
        return Rule("symbol").replace(
            Pattern(f"[{anywhere}]|(?<![0-9０-９])[．，：]|[．，：](?![0-9０-９])"), lambda found: marks[found.group()]
        )

    def rules(self) -> Sequence[Rule]:
        return (
            emoji(self.code),
            tags,
            self.marks(),
            folding(self.code),
            key_combinations({}),
            *self.number_rules(),
            signs(self.pairs("sign")),
            *leftovers(self.code),
        )


class Chinese(_EastAsian):
    """Chinese; digits behind Latin letters are the tones of pinyin, "hao3"."""

    tables = ("chinese",)
    digit_names = "零一二三四五六七八九"
    point = "点"
    more_marks: ClassVar[Mapping[str, str]] = {"：": ": ", "·": " ", "〇": "零"}

    def cardinal(self, value: int) -> str:
        """A whole number in characters: 105 is "一百零五", 10000 "一万"."""
        zero = self.digit_names[0]
        if not value:
            return zero
        if value >= 10**_MAX_DIGITS:
            return self.digits(str(value))
        groups = []
        for scale in ("", "万", "亿", "万亿"):
            value, group = divmod(value, 10**4)
            groups.append((group, scale))
        words = ""
        for group, scale in reversed(groups):
            if not group:
                words += zero if words and not words.endswith(zero) else ""
                continue
            if words and group < 1000 and not words.endswith(zero):
                words += zero
            within = ""
            for power, unit in ((3, "千"), (2, "百"), (1, "十"), (0, "")):
                digit = group // 10**power % 10
                if digit:
                    within += self.digit_names[digit] + unit
                elif within and not within.endswith(zero) and group % 10**power:
                    within += zero
            words += within + scale
        words = words.rstrip(zero)
        return words[1:] if words.startswith("一十") else words

    def number_rules(self) -> Sequence[Rule]:
        # espeak-ng 1.52 has no sounds for the syllable jiong, and reads these by the letters of its code.
        mute = Pattern("[侰僒冏囧幜泂炯烱煚煛熲皛窘絅綗褧迥逈顈颎駉㓏㖥㢠㤯㷗㷡䌹䐃䢛]+")
        return (
            Rule("pinyin", pinyin),
            *self.calendar_rules(),
            *self.amount_rules(),
            Rule("script", lambda text: text.drop(mute)),
        )

    def calendar_rules(self) -> Sequence[Rule]:
        """Dates, telephone numbers, times of day and scores."""
        cardinal, digits = self.cardinal, self.digits
        dates, telephones, times = (Rule(kind, needs=DIGITS) for kind in ("date", "telephone", "time"))

        @dates.replaces(_DATE, re.ASCII)
        def date(found: re.Match[str]) -> str:
            month, day = int(found[3]), int(found[4])
            if not (1 <= month <= 12 and 1 <= day <= 31):
                return found.group()
            return f"{digits(found[1])}年{cardinal(month)}月{cardinal(day)}日"

        dates.replace(
            Pattern(r"(?<![0-9.])([0-9]{4}|[0-9]{2})(?=年(?!前|后|来|间|以))"), lambda found: digits(found[1])
        )
        telephones.replace(
            Pattern(
                r"(?<![0-9A-Za-z.])(?:\+86[ -]?)?(?:1[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}|0[0-9]{2,3}-[0-9]{7,8})"
                r"(?![0-9])"
            ),
            lambda found: ("加" if "+" in found.group() else "") + digits(found.group()),
        )

        def score(found: re.Match[str]) -> str:
            return f"{cardinal(int(found[1]))}比{cardinal(int(found[2]))}"

        @times.replaces(_TIME)
        def time(found: re.Match[str]) -> str:
            hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
            if hour > 24 or minute > 59 or second > 59:
                return score(found)
            words = f"{'两' if hour == 2 else cardinal(hour)}点"
            if minute or second:
                words += f"{'零' if minute < 10 else ''}{cardinal(minute)}分" if minute else "零分"
            return words + (f"{cardinal(second)}秒" if second else "")

        times.replace(Pattern(r"(?<![0-9:.])([0-9]{1,3}):([0-9]{1,3})(?![0-9:.])"), score)
        return dates, telephones, times

    def amount_rules(self) -> Sequence[Rule]:
        """Prices, ranges, measures, fractions and plain numbers."""
        cardinal, number = self.cardinal, self.number
        start = r"(?<![0-9A-Za-z.])"
        money, measures, numbers = (Rule(kind, needs=DIGITS) for kind in ("money", "measure", "cardinal"))
        fractions = Rule("fraction", needs={*DIGITS, *_FRACTIONS})
        currencies, units = self.pairs("currency"), self.pairs("unit")
        currency = either(currencies)

        money.replace(
            Pattern(rf"({currency})\s?({_NUMBER})([万亿]?)"),
            lambda found: number(found[2]) + found[3] + currencies[found[1]],
        )
        money.replace(
            Pattern(rf"{start}({_NUMBER})([万亿]?)\s?({currency})"),
            lambda found: number(found[1]) + found[2] + currencies[found[3]],
        )
        measures.replace(Pattern(r"(?<=[0-9%])\s?[-–~]\s?(?=[0-9])"), "到")
        measures.replace(
            Pattern(rf"{start}({_NUMBER})\s?([%‰])"),
            lambda found: f"{'百' if found[2] == '%' else '千'}分之{number(found[1])}",
        )
        measures.replace(
            Pattern(rf"{start}({_NUMBER})\s?({either(units)})(?![A-Za-z²³])"),
            lambda found: number(found[1]) + units[found[2]],
        )

        @fractions.replaces(rf"([0-9]*)([{''.join(_FRACTIONS)}])")
        def fraction_sign(found: re.Match[str]) -> str:
            above, below = _FRACTIONS[found[2]]
            whole = f"{cardinal(int(found[1]))}又" if found[1] else ""
            return f"{whole}{cardinal(below)}分之{cardinal(above)}"

        fractions.replace(
            Pattern(r"(?<![0-9/.])([0-9]{1,4})/([0-9]{1,4})(?![0-9/]|\.[0-9])"),
            lambda found: f"{cardinal(int(found[2]))}分之{cardinal(int(found[1]))}",
        )
        numbers.replace(
            Pattern(r"(?<![0-9.,第十月])2(?=[个位只条张本件次年天座家口杯瓶辆台层双对种场名间头元倍岁](?!月))"),
            "两",
        )
        numbers.replace(
            Pattern(rf"{_MINUS}{start}(?P<number>{_NUMBER})(?![0-9])"),
            lambda found: ("负" if found["minus"] else "") + number(found["number"]),
        )
        numbers.replace(Pattern(r"(?<=[A-Za-z])[0-9]{2,}|(?<=[A-Z])[0-9]"), lambda found: number(found.group()))
        return money, measures, fractions, numbers


_FINALS = (
    "iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|üan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|üe|ui|un|uo|ün"
    "|a|e|i|o|u|ü"
)
_INITIALS = "zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]"
_SYLLABLE = Pattern(rf"(?:{_INITIALS})?(?:{_FINALS})(?![aeiouü])(?:(?<=[ae])n(?![aeiouüg]))?", re.IGNORECASE)
_TONED = Pattern(
    "(?<![A-Za-züÜ'’])[A-Za-züÜ'’]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜĀÁǍÀĒÉĚÈŌÓǑÒ][A-Za-züÜāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ'’]*"
)
# Syllables that often have no tone. Acute and grave accents on their own may be another language's: résumé.
_NEUTRAL = frozenset(split_words("ma ne ba de le zi men me ge a tou you fu"))
_MAX_WORD = 64
_TONES = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_UMLAUT = Pattern("[üÜ](?=[a-z]{0,3}[1-5]?(?![a-zü]))")


def pinyin(text: SpokenText) -> SpokenText:
    """Rewrite pinyin with tone marks as espeak-ng reads it, with numbers: "nǐ hǎo" is "ni3 hao3", ü a "v"."""
    if text.text.isascii():
        return text
    return text.sub(_TONED, _numbered_tones).sub(_UMLAUT, "v")


def _numbered_tones(found: re.Match[str]) -> str:
    if len(found.group()) > _MAX_WORD:
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
    words, position = "", 0
    while position < len(plain):
        syllable = _SYLLABLE.match(plain, position)
        if syllable is None:
            if plain[position] not in "'’":
                return found.group()  # another language's accents: café
            position += 1
            continue
        tone = [digit for index, digit in tones if position <= index < syllable.end()]
        if not tone and not is_sure and syllable.group() not in _NEUTRAL:
            return found.group()
        words += syllable.group() + (tone[0] if tone else "5")
        position = syllable.end()
    return words.replace("ü", "v").replace("Ü", "V")


class Japanese(_EastAsian):
    """Japanese in kana, which is what espeak-ng reads; kanji are dropped and named in `left_out`."""

    tables = ("japanese",)
    digit_names = tuple(split_words("ゼロ いち に さん よん ご ろく なな はち きゅう"))
    point = "てん"
    more_marks: ClassVar[Mapping[str, str]] = {"：": ":", "〜": "~"}

    def cardinal(self, value: int) -> str:
        """A whole number in kana: 300 is "さんびゃく"."""
        if value >= 10**_MAX_DIGITS:
            return self.digits(str(value))
        if not value:
            return self.digit_names[0]
        return number_words("ja", value, "kana") or self.digits(str(value))

    def marks(self) -> Rule:
        """Full-width marks as plain ones; behind kana a wave draws the sound out, and a length mark needs kana."""
        return (
            super()
            .marks()
            .replace(Pattern("(?<=[ぁ-ゖァ-ヺ])~+"), "ー")
            .replace(Pattern("(?<![ぁ-ゖァ-ヺー])ー+"), " ")
        )

    def minutes(self, minute: int) -> str:
        """ふん after most numbers, ぷん after 1, 3, 4, 6, 8 and 10, which then change."""
        tens, ones = divmod(minute, 10)
        before = self.cardinal(tens * 10) if tens else ""
        if not ones:
            return before.removesuffix("う") + "っぷん"
        last = {1: "いっぷん", 3: "さんぷん", 4: "よんぷん", 6: "ろっぷん", 8: "はっぷん"}
        return before + last.get(ones, f"{self.digit_names[ones]}ふん")

    def hour(self, hour: int) -> str:
        """Hours, some of which are irregular."""
        irregular = self.pairs("hour")
        tens, ones = divmod(hour, 10)
        if str(ones) not in irregular or (not ones and tens):
            return f"{self.cardinal(hour)}じ"
        return (self.cardinal(tens * 10) if tens else "") + irregular[str(ones)]

    def month(self, value: int) -> str:
        """Months, some of which are irregular."""
        return self.pairs("month").get(str(value), f"{self.cardinal(value)}がつ")

    def day(self, value: int) -> str:
        """Days of the month, many of which are irregular."""
        return self.pairs("day").get(str(value), f"{self.cardinal(value)}にち")

    def number_rules(self) -> Sequence[Rule]:
        return *self.calendar_rules(), *self.amount_rules()

    def calendar_rules(self) -> Sequence[Rule]:
        """Dates and other counters, telephone numbers and times of day."""
        cardinal, digits, number = self.cardinal, self.digits, self.number
        dates, telephones, times = (Rule(kind, needs=DIGITS) for kind in ("date", "telephone", "time"))
        counters = self.pairs("counter")

        @dates.replaces(_DATE, re.ASCII)
        def date(found: re.Match[str]) -> str:
            month, day = int(found[3]), int(found[4])
            if not (1 <= month <= 12 and 1 <= day <= 31):
                return found.group()
            return f"{cardinal(int(found[1]))}ねん{self.month(month)}{self.day(day)}"

        @dates.replaces(r"(?<![0-9.,])([0-9]{1,9})([年月日円秒歳人])")
        def counter(found: re.Match[str]) -> str:
            """The counters of a date, in kanji too; other kanji are not read."""
            value = int(found[1])
            if found[2] == "月":
                return self.month(value)
            return self.day(value) if found[2] == "日" else cardinal(value) + counters[found[2]]

        telephones.replace(
            Pattern(r"(?<![0-9A-Za-z.])0[0-9]{1,3}-[0-9]{2,4}-[0-9]{4}(?![0-9])"),
            lambda found: " ".join(map(digits, found.group().split("-"))),
        )

        @times.replaces(_TIME)
        def time(found: re.Match[str]) -> str:
            hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
            if hour > 24 or minute > 59 or second > 59:
                return f"{number(found[1])}たい{number(found[2])}"
            words = self.hour(hour) + (self.minutes(minute) if minute else "")
            return words + (f"{cardinal(second)}びょう" if second else "")

        times.replace(Pattern(r"(?<![0-9.])([0-9]{1,2})(?:じ|時)"), lambda found: self.hour(int(found[1])))
        times.replace(Pattern(r"(?<![0-9.])([0-9]{1,2})(?:ふん|ぷん|分)"), lambda found: self.minutes(int(found[1])))
        return dates, telephones, times

    def amount_rules(self) -> Sequence[Rule]:
        """Ranges, prices, measures and plain numbers."""
        number = self.number
        ranges, money, measures, numbers = (
            Rule(kind, needs=DIGITS) for kind in ("range", "money", "measure", "cardinal")
        )
        currencies, units = self.pairs("currency"), self.pairs("unit")
        # Between numbers a wave is "to".
        ranges.replace(Pattern(r"(?<=[0-9])\s?[~–-]\s?(?=[0-9])"), "から")
        money.replace(Pattern(rf"([$¥€£])\s?({_NUMBER})"), lambda found: number(found[2]) + currencies[found[1]])
        money.replace(
            Pattern(rf"(?<![0-9.])({_NUMBER})\s?([$€£])"), lambda found: number(found[1]) + currencies[found[2]]
        )
        measures.replace(
            Pattern(rf"(?<![0-9.])({_NUMBER})\s?({either(units)})(?![A-Za-z])"),
            lambda found: number(found[1]) + units[found[2]],
        )
        numbers.replace(
            Pattern(rf"{_MINUS}(?<![0-9.])(?P<number>{_NUMBER})(?![0-9])"),
            lambda found: ("マイナス" if found["minus"] else "") + number(found["number"]),
        )
        numbers.replace(Pattern("[0-9]+"), lambda found: self.digits(found.group()))
        return ranges, money, measures, numbers
