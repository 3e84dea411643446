"""French, Italian, Spanish and Portuguese: their grammar, beside the words in the .tsv files of their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tts.text.languages.language import Noun, Rule, TabledLanguage, number_words, roman_value, split_words
from tts.text.languages.rules import shared_rules
from tts.text.spoken import DIGITS, Pattern


class _Romance(TabledLanguage):
    """A counted word shows its gender by its ending."""

    decimals_as_number = 2
    masculine: Pattern
    """Words whose ending does not show that they are masculine."""
    feminine: Pattern

    def gender(self, word: str) -> str:
        if not word.islower() or word in self.word_set("not_counted") or len(word) < 3:
            return ""
        if self.masculine.fullmatch(word):
            return "m"
        return "f" if self.feminine.fullmatch(word) else "m"

    def of(self, noun: str) -> str:
        return f" de {noun}"

    def is_woman(self, name: str) -> bool:
        """Whether a ruler's name is a woman's."""
        return name.split()[-1] in self.word_set("women")

    def short_dates(self, before: str, words: Callable[[int, str], str]) -> Rule:
        """A day and a month in digits, where `before` stands before them; `words` gives those of both."""
        rule = Rule("date", needs=DIGITS)

        @rule.replaces(rf"(?<=\b{before} )(?P<day>[0-9]{{1,2}})/(?P<month>0?[1-9]|1[0-2])(?![\w/]|[.,][0-9])")
        def short_date(found: re.Match[str]) -> str:
            day = int(found["day"])
            return words(day, self.months[int(found["month"]) - 1]) if 1 <= day <= 31 else found.group()

        return rule

    def rules(self) -> Sequence[Rule]:
        return shared_rules(self)


class French(_Romance):
    """French, also as it counts in Belgium and in Switzerland ("septante")."""

    tables = ("french",)
    time_marks = r"h(?:eures?)?(?![^\W\d_])\s?"
    telephone = r"0[1-9](?:[ .-]?[0-9]{2}){4}"
    telephone_in_pairs = True
    feminine = Pattern(
        r"(?:heure|semaine|année|minute|seconde|personne|page|femme|fille|chose|voiture|maison|place|partie|ville|route"
        r"|chambre|tonne|livre sterling|pièce|ligne|équipe|famille|question|photo|image|nuit|journée|soirée|matinée"
        r"|part|main|mère|sœur|table|école|église|bouteille|tasse|cuillère|lettre|porte|rue|île|étoile|couleur|goutte|tranche"
        r"|étape|phrase|séance"
        r"|.+(?:tion|sion|ance|ence|ette|ité|esse|ure|ière|aine|euse|trice|ique|logie|phie))s?"
    )

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.number_code = {"fr-be": "fr_BE", "fr-ch": "fr_CH"}.get(code, "fr")

    def agree(self, words: str, value: int, gender: str) -> str:
        return re.sub(r"\bun\Z", "une", words) if gender == "f" else words

    def gender(self, word: str) -> str:
        """f where the word is surely feminine: the masculine is what stands without a noun."""
        return "f" if self.feminine.fullmatch(word) else ""

    def form(self, value: int, has_fraction: bool, noun: Noun) -> str:
        """1.5 counts like one."""
        return noun.one if value < 2 else noun.many

    def of(self, noun: str) -> str:
        return f" d'{noun}" if noun[0].lower() in "aeéèiouhy" else f" de {noun}"

    def ordinal(self, value: int) -> str:
        words = number_words("fr", value, "ordinal") or ""
        # num2words keeps the s of "quatre-vingts" and "deux cents".
        return words.replace("vingtsième", "vingtième").replace("centsième", "centième")

    def day(self, value: int, before: str) -> str:
        return "premier" if value == 1 else self.cardinal(value)

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        words = f"{self.cardinal(hour, 'f')} heure{'s' if hour > 1 else ''}"
        if minute:
            words += f" {self.cardinal(minute, 'f')}"
        if second:
            words += f" et {self.cardinal(second, 'f')} seconde{'s' if second > 1 else ''}"
        return words

    # Hundredths and rulers are counted as in France, also in Belgium and in Switzerland.

    def price(self, main: str, hundredths: int, noun: Noun) -> str:
        return f"{main} {number_words('fr', hundredths)}"

    def ruler(self, value: int, name: str) -> str:
        return "premier" if value == 1 else number_words("fr", value) or ""

    def more_rules(self) -> Sequence[Rule]:
        saints = Rule("abbreviation").replace(Pattern(r"(?<!\w)St(e?)-(?=[^\W\d_])"), r"Saint\1-")
        ordinals = Rule("ordinal")
        is_feminine = Pattern(r"(?:[èe]re|re|nde)s?\Z")

        @ordinals.replaces(
            r"(?<![\w.,])(?P<value>[0-9]{1,4}|[IVX]+)"
            r"(?P<ending>ers?|[èe]res?|res?|ᵉʳ|ᵉ|nd(?:es?|s)?|(?:i?[eè]me|e)s?)(?!\w)"
        )
        def ordinal(found: re.Match[str]) -> str:
            written, ending = found["value"], found["ending"]
            value = int(written) if written.isdigit() else roman_value(written)
            if not value or (not written.isdigit() and ending in {"es", "me", "mes"}):
                return found.group()
            plural = "s" if ending.endswith("s") else ""
            feminine = bool(is_feminine.search(ending))
            if value == 1:
                return ("première" if feminine else "premier") + plural
            if ending.startswith("nd"):
                return ("seconde" if feminine else "second") + plural if value == 2 else found.group()
            if ending.startswith(("er", "r", "è", "ᵉʳ")) and not ending.startswith("ème"):
                return found.group()
            return self.ordinal(value) + plural

        return saints, ordinals, self.short_dates("le", lambda day, month: f"{self.day(day, '')} {month}")


class Italian(_Romance):
    """Italian."""

    tables = ("italian",)
    number_code = "it"
    group = r" .\u00a0\u2009\u202f'’"
    time_marks = r"h\b"
    hour_marks = r"(?!)"
    dotted_time = (
        r"(?:(?<=\b[Oo]re )|(?<=\b[Aa]lle )|(?<=\b[Dd]alle ))"
        r"(?P<hour>[0-9]{1,2})[.](?P<minute>[0-9]{2})(?![\w.,])"
    )
    telephone = r"0[0-9]{1,3}[ /.-][0-9]{5,8}|3[0-9]{2}[ .-][0-9]{3}[ .-]?[0-9]{3,4}"
    century = r"(?<!\w)(?P<roman>[IVX]+)(?= secolo\b)"
    masculine = Pattern(
        r"(?:problema|programma|sistema|tema|clima|poema|dramma|pianeta|chilogramma|collega|artista|turista)"
    )
    feminine = Pattern(
        r".*(?:a|zione|sione|tà|tù)|notte|parte|classe|mano|moglie|madre|chiave|nave|legge|voce|gente|lezione"
    )

    def agree(self, words: str, value: int, gender: str) -> str:
        if value != 1 or gender not in {"m", "f"}:
            return words
        return "una" if gender == "f" else "un"

    def of(self, noun: str) -> str:
        return f" di {noun}"

    def day(self, value: int, before: str) -> str:
        return "primo" if value == 1 else self.cardinal(value)

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        words = "una" if hour == 1 else self.cardinal(hour)
        if minute:
            words += f" e {self.cardinal(minute)}"
        if second:
            words += f" e {self.cardinal(second, 'm')} second{'o' if second == 1 else 'i'}"
        return words

    def price(self, main: str, hundredths: int, noun: Noun) -> str:
        return f"{main} e {self.cardinal(hundredths)}"

    def ruler(self, value: int, name: str) -> str:
        return self._ranked(value, self.is_woman(name))

    def _ranked(self, value: int, feminine: bool) -> str:
        """21 is "ventunesimo"."""
        words = self.ordinal(value)
        return words[:-1] + "a" if feminine else words

    def more_rules(self) -> Sequence[Rule]:
        elided = Rule("time").replace(Pattern(r"(?<=\b[Ll]['’])1:00|(?<=\b[Ll]['’])1(?![\w.,:])"), "una")
        ordinals = Rule("ordinal", needs=DIGITS)
        ranked = (
            "piano|posto|secolo|giorno|anno|capitolo|articolo|premio|livello|grado|turno|tempo|gruppo|comma|tomo|volume"
            "|round|classificato"
        )

        @ordinals.replaces(
            rf"(?<![\w.,])(?P<value>[0-9]{{1,4}})(?P<ending>[ºª]|°(?= (?:{ranked})\b)|(?<=\b1)°(?! ?[CF]\b))(?!\w)"
        )
        def ordinal(found: re.Match[str]) -> str:
            value = int(found["value"])
            return self._ranked(value, found["ending"] == "ª") if value else found.group()

        return elided, ordinals, self.short_dates("[Ii]l", lambda day, month: f"{self.day(day, '')} {month}")


class Spanish(_Romance):
    """Spanish, of Spain and of Latin America, where numbers are grouped as in Mexico: 1,234.5."""

    tables = ("spanish",)
    number_code = "es"
    decimal = ",'"
    date = "{day} de {month} de {year}"
    time_marks = r"h(?:s|rs)?\b\.?|horas\b|[ap]\.? ?m\b\.?"
    telephone = r"[6-9][0-9]{2}(?:[ .-][0-9]{3}){2}|[6-9][0-9]{2}(?:[ .-][0-9]{2}){3}"
    masculine = Pattern(
        r"(?:día|mapa|planeta|problema|programa|sistema|tema|idioma|clima|poema|drama|kilograma|grama|cura|guardia"
        r"|futbolista|.*ista)s?"
    )
    feminine = Pattern(
        r".*(?:as?|ción|ciones|sión|siones|dad|dades|tud|tudes)|veces|vez|noches?|clases?|partes?|calles?|mujer(?:es)?"
        r"|manos?|ley(?:es)?|imágenes|tardes?|redes|llaves?|flor(?:es)?|madres?"
    )

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.is_american = code != "es"
        if self.is_american:
            self.group, self.decimal = r" ,\u00a0\u2009\u202f", "."

    def agree(self, words: str, value: int, gender: str) -> str:
        words = words.replace("veintiuno mil", "veintiún mil").replace("y uno mil", "y un mil")
        if gender == "m":
            return re.sub(r"\buno\Z", "un", re.sub("veintiuno\\Z", "veintiún", words))
        if gender == "f":
            return re.sub(r"(cient|quinient)os\b", r"\1as", re.sub(r"uno\Z", "una", words))
        return words

    def ordinal(self, value: int) -> str:
        """1 to 99, in the masculine: 21 is "vigésimo primero"."""
        ones = ("", *split_words("primero segundo tercero cuarto quinto sexto séptimo octavo noveno"))
        tens = (
            *("", "décimo", "vigésimo", "trigésimo", "cuadragésimo", "quincuagésimo"),
            *("sexagésimo", "septuagésimo", "octogésimo", "nonagésimo"),
        )
        joined = {11: "undécimo", 12: "duodécimo", 13: "decimotercero", 17: "decimoséptimo"}
        if value in joined:
            return joined[value]
        first, second = divmod(value, 10)
        return f"decimo{ones[second]}" if first == 1 and second else f"{tens[first]} {ones[second]}".strip()

    def day(self, value: int, before: str) -> str:
        """America says "primero de mayo"; Spain does so only where an ordinal is written."""
        return "primero" if value == 1 and (self.is_american or before.endswith("º")) else self.cardinal(value)

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        half = re.sub(r"[\s.]", "", mark).lower()
        words = self.cardinal(hour, "f")
        if minute:
            words += f" {'cero ' if minute < 10 else ''}{self.cardinal(minute)}"
        elif half not in {"am", "pm"}:
            words += " horas" if hour != 1 else " hora"
        if second:
            words += f" y {self.cardinal(second)} segundo{'s' if second > 1 else ''}"
        if half == "am":
            return words + " de la mañana"
        if half == "pm":
            return words + (" de la tarde" if hour == 12 or hour < 8 else " de la noche")
        return words

    def price(self, main: str, hundredths: int, noun: Noun) -> str:
        return f"{main} con {self.cardinal(hundredths, 'm')} {noun.one if hundredths == 1 else noun.many}"

    def ruler(self, value: int, name: str) -> str:
        if value > 10:
            return self.cardinal(value)
        words = self.ordinal(value)
        return re.sub(r"o\Z", "a", words) if self.is_woman(name) else words

    def more_rules(self) -> Sequence[Rule]:
        ordinals = Rule("ordinal", needs=DIGITS)

        @ordinals.replaces(
            r"(?<![\w.,])(?P<value>[0-9]{1,2})\.?"
            r"(?P<ending>[ºª]s?|[oa]s?(?= )|er|ro|ra|do|da|to|ta|mo|ma|vo|va|no|na)(?!\w)"
        )
        def ordinal(found: re.Match[str]) -> str:
            value, ending = int(found["value"]), found["ending"]
            if not value:
                return found.group()
            words = self.ordinal(value)
            if ending == "er":
                return re.sub(r"ero\Z", "er", words)
            if ending[0] == "ª" or ending.rstrip("s")[-1] == "a":
                words = re.sub(r"o\b", "a", words)
            return words + ("s" if ending.endswith("s") else "")

        return ordinals, self.short_dates("[Ee]l", lambda day, month: f"{self.cardinal(day)} de {month}")


class Portuguese(_Romance):
    """Portuguese of Portugal, which is espeak-ng's plain "pt"."""

    tables: tuple[str, ...] = ("portuguese",)
    number_code = "pt"
    date = "{day} de {month} de {year}"
    time_marks = r"h(?:oras?)?(?![^\W\d_])\s?"
    telephone = r"[29][0-9]{2}(?:[ .-][0-9]{3}){2}"
    masculine = Pattern(
        r"(?:dia|mapa|planeta|problema|programa|sistema|tema|idioma|clima|poema|drama|grama|quilograma|.*ista)s?"
    )
    feminine = Pattern(
        r".*(?:as?|ção|ções|são|sões|dade|dades|tude|agem|agens)|vez(?:es)?|noites?|partes?|mulher(?:es)?|mãos?"
        r"|leis?|tardes?|flor(?:es)?|mães?|pontes?"
    )

    def agree(self, words: str, value: int, gender: str) -> str:
        if gender != "f":
            return words
        words = re.sub(r"\bum\Z", "uma", re.sub(r"\bdois\Z", "duas", words))
        return re.sub(r"entos\b", "entas", words)

    def day(self, value: int, before: str) -> str:
        return "primeiro" if value == 1 and before.endswith("º") else self.cardinal(value)

    def time(self, hour: int, minute: int, second: int | None, mark: str) -> str:
        words = self.cardinal(hour, "f")
        if minute:
            words += f" e {self.cardinal(minute)}"
        else:
            words += " hora" if hour == 1 else " horas"
        if second:
            words += f" e {self.cardinal(second)} segundo{'s' if second > 1 else ''}"
        return words

    def price(self, main: str, hundredths: int, noun: Noun) -> str:
        return f"{main} e {self.cardinal(hundredths)} {noun.one if hundredths == 1 else noun.many}"

    # Ranks, rulers and short dates are worded as in Portugal, also in Brazil.

    def _ranked(self, value: int, feminine: bool) -> str:
        """21 is "vigésimo primeiro"."""
        words = number_words("pt", value, "ordinal") or ""
        return re.sub(r"o\b", "a", words) if feminine else words

    def ruler(self, value: int, name: str) -> str:
        return number_words("pt", value) or "" if value > 10 else self._ranked(value, self.is_woman(name))

    def more_rules(self) -> Sequence[Rule]:
        ordinals = Rule("ordinal", needs=DIGITS)
        ranked = (
            "lugar|andar|ano|dia|grau|século|capítulo|artigo|prémio|prêmio|turno|grupo|volume|tempo|trimestre|semestre"
        )

        @ordinals.replaces(
            r"(?<![\w.,])(?P<value>[0-9]{1,3})\.?"
            rf"(?P<ending>[ºª]s?|°(?= (?:{ranked})\b)|(?<=\b1)°(?! ?[CF]\b)|[oa](?= ))(?!\w)"
        )
        def ordinal(found: re.Match[str]) -> str:
            value, ending = int(found["value"]), found["ending"]
            if not value:
                return found.group()
            return self._ranked(value, ending[0] in "ªa") + ("s" if ending.endswith("s") else "")

        return ordinals, self.short_dates("dia", lambda day, month: f"{number_words('pt', day)} de {month}")


class BrazilianPortuguese(Portuguese):
    """Portuguese of Brazil."""

    tables = ("portuguese", "brazilian")
    number_code = "pt_BR"
    telephone = r"\([0-9]{2}\) ?9?[0-9]{4}[ -][0-9]{4}|9?[0-9]{4}-[0-9]{4}"

    def day(self, value: int, before: str) -> str:
        return "primeiro" if value == 1 else self.cardinal(value)
