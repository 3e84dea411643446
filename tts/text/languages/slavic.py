"""Polish and Russian, with numbers in the nominative: their grammar, beside the words in polish.tsv and russian.tsv."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tts.text.languages.language import Noun, Rule, TabledLanguage
from tts.text.languages.rules import shared_rules
from tts.text.spoken import DIGITS


class _Slavic(TabledLanguage):
    """A noun has a form for one, for few and for many."""

    decimals_as_number = 2

    def form(self, value: int, has_fraction: bool, noun: Noun) -> str:
        return {"one": noun.one, "few": noun.few, "many": noun.many}["few" if has_fraction else self.plural(value)]

    def plural(self, value: int) -> str:
        """one, few (2-4, but not 12-14) or many."""
        if value == 1:
            return "one"
        return "few" if 2 <= value % 10 <= 4 and not 12 <= value % 100 <= 14 else "many"

    def rules(self) -> Sequence[Rule]:
        return shared_rules(self)


class Polish(_Slavic):
    """Polish."""

    tables = ("polish",)
    number_code = "pl"
    has_year_names = True
    time_marks = r"godz\b\.?"
    dotted_time = r"(?<=\bgodz\. )(?P<hour>[0-9]{1,2})[.](?P<minute>[0-9]{2})(?![\w.,])"
    telephone = r"[1-9][0-9]{2}(?:[ -][0-9]{3}){2}"
    century = r"(?<!\w)(?P<roman>[IVX]+)(?= wiek\b)"

    def agree(self, words: str, value: int, gender: str) -> str:
        if gender == "f":
            words = "jedna" if value == 1 else re.sub(r"\bdwa\Z", "dwie", words)
        return "jedno" if gender == "n" and value == 1 else words

    def day(self, value: int, before: str) -> str:
        """A day is an ordinal in the genitive, both of its words: "dwudziestego pierwszego"."""
        genitives = ((r"ci\Z", "ciego"), (r"gi\Z", "giego"), (r"y\Z", "ego"), (r"i\Z", "iego"))
        words = self.ordinal(value).split()
        for n, word in enumerate(words):
            for ending, genitive in genitives:
                if re.search(ending, word):
                    words[n] = re.sub(ending, genitive, word)
                    break
        return " ".join(words)

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        words = re.sub(r"[yi]\Z", "a", self.ordinal(hour)) if hour else "zero"
        words = re.sub(r"\bdwudziesty\b", "dwudziesta", words)
        if minute:
            words += f" {self.cardinal(minute)}"
        elif not hour:
            words += " zero"
        if second:
            words += f" {self.cardinal(second, 'f')} {'sekunda' if second == 1 else 'sekund'}"
        return words

    def ruler(self, value: int, name: str) -> str:
        return self.ordinal(value)


class Russian(_Slavic):
    """Russian."""

    tables = ("russian",)
    number_code = "ru"
    group = r" \u00a0\u2009\u202f"
    date = "{day} {month} {year} года"
    time_marks = r"ч\b\.?"
    telephone = r"8[ -]?\(?[0-9]{3}\)?[ -][0-9]{3}[ -][0-9]{2}[ -][0-9]{2}"
    century = r"(?<!\w)(?P<roman>[IVX]+)(?= век\b)"

    def agree(self, words: str, value: int, gender: str) -> str:
        if gender == "f":
            return re.sub(r"\bодин\Z", "одна", re.sub(r"\bдва\Z", "две", words))
        return re.sub(r"\bодин\Z", "одно", words) if gender == "n" else words

    def plural(self, value: int) -> str:
        """one (1, 21, …, but not 11), few (2-4, 22-24, …) or many."""
        return "one" if value % 10 == 1 and value % 100 != 11 else super().plural(value)

    def ordinal_with(self, value: int, ending: str) -> str:
        """An ordinal whose last word has another ending: "первый" → "первого"."""
        words = self.ordinal(value)
        if words.endswith("третий"):
            third = {
                **{"ого": "третьего", "ом": "третьем", "ому": "третьему"},
                **{"ая": "третья", "ое": "третье", "ые": "третьи"},
            }
            return words.removesuffix("третий") + third.get(ending, "третий")
        return re.sub(r"(?:ый|ой|ий)\Z", ending, words) if ending else words

    def day(self, value: int, before: str) -> str:
        """A day is an ordinal in the genitive behind a preposition that governs it, else in the neuter."""
        return self.ordinal_with(value, "ого" if re.search(r"\b(?:с|до|от|после|около) \Z", before) else "ое")

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        words = self.cardinal(hour)
        if minute:
            words += f" {'ноль ' if minute < 10 else ''}{self.cardinal(minute)}"
        else:
            words += " " + self.form(hour, False, Noun("час", "часов", "m", "часа"))
        if second:
            words += f" {self.counted(str(second), Noun('секунда', 'секунд', 'f', 'секунды'))}"
        return words

    def price(self, main: str, hundredths: int, noun: Noun) -> str:
        return f"{main} {self.counted(str(hundredths), noun)}"

    def ruler(self, value: int, name: str) -> str:
        return self.ordinal_with(value, "ая" if name in self.word_set("women") else "")

    def more_rules(self) -> Sequence[Rule]:
        years = Rule("date", needs=DIGITS)
        ordinals = Rule("ordinal", needs=DIGITS)

        @years.replaces(r"(?<![\w.,-])(?P<value>[12][0-9]{3}) (?P<year>год[ауе]?|г\.)(?!\w)")
        def year(found: re.Match[str]) -> str:
            ending = {"год": "", "года": "ого", "году": "ом", "г.": "", "годе": "ом"}[found["year"]]
            word = "год" if found["year"] == "г." else found["year"]
            before = found.string[max(0, found.start() - 3) : found.start()]
            if found["year"] == "г." and re.search(r"\b[Вв] \Z", before):
                ending, word = "ом", "году"
            return f"{self.ordinal_with(int(found['value']), ending)} {word}"

        @ordinals.replaces(
            r"(?<![\w.,])(?P<value>[0-9]{1,4})-(?P<ending>ого|ому|ый|ий|ой|ая|ое|ые|го|му|ом|й|я|е|м|х)(?!\w)"
        )
        def ordinal(found: re.Match[str]) -> str:
            endings = {
                **{"го": "ого", "му": "ому", "я": "ая", "е": "ое", "м": "ом"},
                **{"й": "", "ый": "", "ий": "", "ой": "", "х": "ых"},
            }
            return self.ordinal_with(int(found["value"]), endings.get(found["ending"], found["ending"]))

        return years, ordinals
