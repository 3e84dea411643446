"""German and Dutch: their grammar, beside the words in german.tsv and dutch.tsv."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.text.languages.language import Rule, TabledLanguage
from tts.text.languages.rules import shared_rules
from tts.text.spoken import DIGITS, Pattern

# What stands before a German ordinal decides its ending.
_WITH_N = (
    r"\b(?:am|vom|zum|beim|im|dem|den|des|zur|jedem|jeden|jeder|ab|seit|bis|nach|vor|seinen|seinem|ihrem|ihren|meinem"
    r"|meinen|unserem|unseren|deren|dessen|einem|einen|einer|diesem|diesen|dieser|und dem|auf der|in der|mit der"
    r"|aus der|bei der|nach der|seit der|von der|zu der|während der|wegen der|bis zur)"
)
_ENDING_N = Pattern(rf"(?:{_WITH_N}|,) \Z", re.IGNORECASE)
_ENDING_E = Pattern(r"\b(?:der|die|das|jede|diese|dieses|eine|seine|ihre|meine|unsere) \Z", re.IGNORECASE)
_ENDING_R = Pattern(r"\b(?:ein|sein|ihr|mein|unser|kein) \Z", re.IGNORECASE)
_RULERS_IN_S = frozenset({"Johannes", "Pius", "Nikolaus", "Markus", "Julius", "Klemens", "Urbans"})
_FEMININE_ENDINGS = ("e", "ung", "heit", "keit", "schaft", "tion", "tät", "ion", "in", "ur")


def _ending(before: str) -> str:
    """The ending of a German ordinal by the text before it."""
    if _ENDING_N.search(before):
        return "n"
    return "" if _ENDING_E.search(before) else "r"


def _capitalized(words: str) -> str:
    return words[0].upper() + words[1:]


class _Germanic(TabledLanguage):
    """Years in hundreds: "neunzehnhundert"."""

    has_year_names = True
    hundred: tuple[str, str]
    """The word for hundred, and what stands between it and the rest."""

    def year(self, value: int) -> str:
        hundreds, rest = divmod(value, 100)
        if not 11 <= hundreds <= 19:
            return self.cardinal(value)
        hundred, joint = self.hundred
        return self.cardinal(hundreds) + hundred + (joint + self.cardinal(rest) if rest else "")

    def rules(self) -> Sequence[Rule]:
        return shared_rules(self)


class German(_Germanic):
    """German."""

    tables = ("german",)
    number_code = "de"
    group = r" .\u00a0\u2009\u202f'’"
    hundred = ("hundert", "")
    time_marks = r"Uhr\b|h\b"
    hour_marks = r"Uhr\b"
    dotted_time = r"(?<![\w:.,])(?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})\s?(?P<mark>Uhr)\b"
    telephone = r"(?:\(0[0-9]{1,5}\)|0[0-9]{1,5})(?:[ /-]{1,3}[0-9]{2,}){1,5}"
    century = r"(?<=\bim )(?P<roman>[IVX]+)(?P<rest>\.)(?= Jahrhundert)"

    def agree(self, words: str, value: int, gender: str) -> str:
        if not gender:
            return words
        return re.sub(r"eins\Z", "eine" if gender == "f" and value == 1 else "ein", words)

    def gender(self, word: str) -> str:
        """The gender of a capitalized noun, m standing for n too."""
        if not word[:1].isupper() or word in self.word_set("not_counted") or word.isupper():
            return ""
        if word in self.word_set("not_feminine"):
            return "m"
        return "f" if word in self.word_set("feminine") or word.endswith(_FEMININE_ENDINGS) else "m"

    def day(self, value: int, before: str) -> str:
        return self.ordinal(value) + _ending(before.rstrip("º"))

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        words = f"{self.cardinal(hour, 'n')} Uhr"
        if minute:
            words += f" {self.cardinal(minute)}"
        if second:
            words += f" und {self.cardinal(second, 'f')} {'Sekunde' if second == 1 else 'Sekunden'}"
        return words

    def ruler(self, value: int, name: str) -> str:
        last = name.split()[-1]
        if last in self.word_set("women"):
            return f"die {_capitalized(self.ordinal(value))}"
        if last.endswith("s") and last not in _RULERS_IN_S:
            return f"des {_capitalized(self.ordinal(value))}n"
        return f"der {_capitalized(self.ordinal(value))}"

    def century_words(self, value: int) -> str:
        return self.ordinal(value) + "n"

    def more_rules(self) -> Sequence[Rule]:
        dates = Rule("date", needs=DIGITS)
        ordinals = Rule("ordinal", needs=DIGITS)
        adjectives = Rule("cardinal", needs=DIGITS)
        street = Rule("abbreviation").replace(Pattern(r"(?<=[a-zäöüß]{2})str\.(?= ?[0-9])"), "straße")
        times = Rule("cardinal", needs=DIGITS)

        @dates.replaces(r"(?<![\w.,])(?P<day>[0-9]{1,2})\.(?P<month>0?[1-9]|1[0-2])\.(?![\w.]|,[0-9])")
        def day_and_month(found: re.Match[str]) -> str:
            day, month = int(found["day"]), int(found["month"])
            if not 1 <= day <= 31:
                return found.group()
            before = found.string[max(0, found.start() - 20) : found.start()]
            end = "." if not found.string[found.end() :].strip() else ""
            return f"{self.day(day, before)} {self.months[month - 1]}{end}"

        @dates.replaces(r"(?<![\w.,'’])['’]?(?P<value>[1-9][0-9]?[0-9]?0)(?P<ending>er[nsm]?)(?!\w)")
        def decade(found: re.Match[str]) -> str:
            value = int(found["value"])
            return (self.year(value) if value >= 1100 else self.cardinal(value)) + found["ending"]

        def before_noun(found: re.Match[str]) -> str:
            before = found.string[max(0, found.start() - 20) : found.start()]
            return self.ordinal(int(found["value"])) + ("" if not before.strip() else _ending(before))

        ordinals.replace(
            Pattern(r"(?<![\w.,])(?P<value>[0-9]{1,2})\.(?= (?:bis|und|oder|/) (?:zum )?[0-9]{1,2}\. )"), before_noun
        )

        @ordinals.replaces(
            rf"(?<![\w.,])(?:(?<=\b)(?P<before>{_WITH_N}|der|die|das|jede|diese|dieses|eine|seine|ihre|meine|unsere|ein"
            r"|sein|ihr|mein|unser) )(?P<value>[0-9]{1,3})\.(?= [^\W\d_])",
            re.IGNORECASE,
        )
        def after_article(found: re.Match[str]) -> str:
            before = found["before"] + " "
            window = found.string[max(0, found.start() - 12) : found.start()] + before
            ending = "n" if _ENDING_N.search(window) else "r" if _ENDING_R.search(window) else ""
            return before + self.ordinal(int(found["value"])) + ending

        ordinals.replace(
            Pattern(
                r"(?<![\w.,])(?P<value>[0-9]{1,3})\.(?= (?:Jahrhunderts?|Jh|Klasse|Platz|Weltkriegs?|Stock|Stocks"
                r"|Kapitel|Auflage|Mal|Geburtstag|Semester|Etage|Akt|Teil|Runde|Spieltag|Minute|Advent|Quartal|Rang"
                r"|Band|Strophe|Lebensjahr|Liga)\b)"
            ),
            before_noun,
        )

        @adjectives.replaces(
            r"(?<![\w.,])(?P<value>[0-9]{1,3})-?(?P<ending>(?:jährig|tägig|stündig|minütig|Jährig|teilig|fach|stellig"
            r"|köpfig|malig|prozentig|%ig)\w*)"
        )
        def adjective(found: re.Match[str]) -> str:
            """ "5-jährig", and as a noun "18-Jährige"."""
            ending = found["ending"].replace("%", "prozent")
            words = self.cardinal(int(found["value"]), "n") + ending.lower()
            return _capitalized(words) if ending[0].isupper() else words

        @times.replaces(r"(?<![\w.,])(?P<value>[0-9]{1,4})(?: ?x|×)(?= [^\W\d_])")
        def times_more(found: re.Match[str]) -> str:
            return self.cardinal(int(found["value"]), "n") + " mal"

        return dates, ordinals, adjectives, street, times


class Dutch(_Germanic):
    """Dutch."""

    tables = ("dutch",)
    number_code = "nl"
    decimals_as_number = 2
    hundred = ("honderd", " ")
    time_marks = r"uur\b|u\b\.?"
    dotted_time = r"(?<![\w:.,])(?P<hour>[0-9]{1,2})\.(?P<minute>[0-9]{2})\s?(?P<mark>uur)\b"
    telephone = r"0[0-9]{1,3}[ -][0-9]{6,8}"

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        words = f"{self.cardinal(hour)} uur"
        if minute:
            words += f" {self.cardinal(minute)}"
        if second:
            words += f" en {self.cardinal(second)} second{'e' if second == 1 else 'en'}"
        return words

    def ruler(self, value: int, name: str) -> str:
        return f"de {self.ordinal(value).capitalize()}"

    def more_rules(self) -> Sequence[Rule]:
        ordinals = Rule("ordinal", needs=DIGITS).replace(
            Pattern(r"(?<![\w.,])(?P<value>[0-9]{1,4})(?:ste|de|e)(?!\w)"),
            lambda found: self.ordinal(int(found["value"])),
        )
        decades = Rule("date", needs=DIGITS).replace(
            Pattern(r"(?<![\w.,'’])['’]?(?P<value>[1-9]0)(?=er)"), lambda found: self.cardinal(int(found["value"]))
        )
        return ordinals, decades
