"""The rules that languages with tables share: dates, times, money, units, abbreviations, addresses and plain numbers.

Each function makes a rule from the words and the grammar of a `TabledLanguage`; `shared_rules` puts them in order. A
rule behind another one finds what the first has left: once a date is words, no later rule reads its digits as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tts.text.languages.characters import emoji, folding, leftovers, signs
from tts.text.languages.language import BEYOND_ASCII, NEVER, Rule, TabledLanguage, number_words, roman_value
from tts.text.languages.tags import key_combinations, tags
from tts.text.spoken import DIGITS, Pattern, either

# A number begins and ends here: not within a word, nor within a longer number.
_START = r"(?<!\w)(?<![0-9][.,])"
_END = r"(?!\w)(?![.,][0-9])"
_MINUS = r"(?P<minus>(?<![\w)\]%])[-−])?"
# How much of the text before a match a rule looks at.
_DATE_CONTEXT = 40
_LABEL_CONTEXT = 24
# A text may end behind an abbreviation's own stop, which then is the sentence's too.
_ENDS = Pattern(r"[\s\"'”’»)\]]*\Z")
_NEXT_WORD = Pattern(r"\s([^\W\d_]{2,40})(?![\w])")
_YEAR_WITH_NAME = Pattern("1[1-9][0-9]{2}")
# Units that are a word of no language here: read also where the number is words already.
_UNAMBIGUOUS_UNITS = ("km/h", "km²", "kWh", "km", "kg", "cm", "mm", "MHz", "GHz", "kHz", "°C", "°F")
_TOP_LEVEL = (
    "com|org|net|edu|gov|int|io|ai|app|dev|info|eu|de|at|ch|fr|be|es|mx|ar|it|pt|br|nl|pl|ru|uk|us|co|cn|jp|tv|me"
)


def shared_rules(language: TabledLanguage) -> Sequence[Rule]:
    """The rules of a language with tables, in their order."""
    return (
        # Folding removes the joiners of an emoji's parts, so emoji come first.
        emoji(language.code),
        tags,
        folding(language.code),
        key_combinations({}),
        addresses(language),
        dates(language),
        telephone(language),
        times(language),
        ranges(language),
        money(language),
        measures(language),
        magnitudes(language),
        bare_units(language),
        abbreviations(language),
        roman(language),
        *language.more_rules(),
        fraction_signs(language),
        scores(language),
        fractions(language),
        versions(language),
        plain_numbers(language),
        remaining_digits(language),
        signs(language.signs),
        *leftovers(language.code),
    )


def whole_numbers(number_code: str) -> Rule:
    """The only rule for numbers of a language without tables: whole numbers between spaces or marks.

    "3." may be an ordinal and "3,5" a decimal, which espeak-ng may know better.
    """
    rule = Rule("cardinal", needs=DIGITS)

    @rule.replaces(r"(?<![\w.,:/'’-])[0-9]{1,15}(?![\w:/%°'’-]|[.,]\d|\.\s+\w)")
    def words(found: re.Match[str]) -> str:
        written = found.group()
        if len(written) > 1 and written[0] == "0":
            return written
        return number_words(number_code, int(written)) or written

    return rule


def addresses(language: TabledLanguage) -> Rule:
    """Addresses on the internet ("a.b@example.org", "www.example.org/x"): their parts as words, signs by name."""
    rule = Rule("electronic", hint=Pattern(r"\.|://"))
    trailing_marks = Pattern(r"[.,;:!?)\]}'*_]+\Z")
    parts = Pattern(r"[^\W\d_]+|[0-9]+|.", re.DOTALL)

    def part_words(part: str) -> str:
        if part[0] in DIGITS:
            return language.digits(part)
        return part if part[0].isalpha() else language.address_signs.get(part, "")

    @rule.replaces(
        r"(?<![\w@/.+-])(?:[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|(?:https?|ftp)://[^\s<>\"«»]+|www\.[^\s<>\"«»]+"
        rf"|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:{_TOP_LEVEL})(?:/[^\s<>\"«»]*)?(?![\w@.]\w))",
        re.ASCII | re.IGNORECASE,
    )
    def address(found: re.Match[str]) -> str:
        written = found.group()
        is_sure = "@" in written or "/" in written or written.lower().startswith("www.")
        # Two sentences without a space between them are no address: "Ende.De".
        if not is_sure and not (written.islower() and any(letter.isalpha() for letter in written)):
            return written
        marks = trailing_marks.search(written)
        end = marks.start() if marks else len(written)
        words = (part_words(part) for part in parts.compiled.findall(written[:end]))
        return " ".join(word for word in words if word) + written[end:]

    return rule


def dates(language: TabledLanguage) -> Rule:
    """Numeric dates, day before month ("12.03.2024", "2024-03-12"), and days before a month's name."""
    rule = Rule("date", needs=DIGITS)
    names = {name.lower(): month for month, name in enumerate(language.months, start=1)}
    short_months = either(language.short_months)

    def before(found: re.Match[str]) -> str:
        return found.string[max(0, found.start() - _DATE_CONTEXT) : found.start()]

    @rule.replaces(
        r"(?<![\w.,/-])(?P<day>[0-9]{1,2})(?P<mark>[./-])(?P<month>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4}|[0-9]{2})"
        r"(?![\w/-]|[.,][0-9])"
    )
    @rule.replaces(r"(?<![\w.,/-])(?P<year>[12][0-9]{3})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?![\w/-]|[.,][0-9])")
    def numeric(found: re.Match[str]) -> str:
        day, month, year = int(found["day"]), int(found["month"]), int(found["year"])
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return found.group()
        if len(found["year"]) == 2:
            year += 2000 if year < 50 else 1900
        month_name = language.months[month - 1]
        return language.date.format(day=language.day(day, before(found)), month=month_name, year=language.year(year))

    @rule.replaces(
        r"(?<![\w.,/:])(?P<day>[0-9]{1,2})(?P<rank>\.|er|º|°|\.º)?(?P<between> (?:de )?)"
        rf"(?P<month>{either([*names, *language.short_months])})(?!\w)"
        r"(?P<stop>\.?)(?:(?P<before_year>,? (?:de |del )?)(?P<year>[12][0-9]{3})(?![\w]|[.,:][0-9]))?",
        re.IGNORECASE,
    )
    def with_month_name(found: re.Match[str]) -> str:
        day, written = int(found["day"]), found["month"].lower()
        is_sure = written in names or found["stop"] or found["year"]
        if not 1 <= day <= 31 or not is_sure:
            return found.group()
        rank = "º" if found["rank"] in {"º", "°", ".º"} else ""
        month = found["month"] if written in names else language.months[language.short_months[written] - 1]
        words = language.day(day, before(found) + rank) + found["between"] + month
        if found["year"]:
            return words + found["before_year"] + language.year(int(found["year"]))
        return words + (found["stop"] if written in names else "")

    @rule.replaces(rf"(?<!\w)(?P<month>{short_months})\.?(?= [12][0-9]{{3}}(?!\w))", re.IGNORECASE)
    def short_month(found: re.Match[str]) -> str:
        name = language.months[language.short_months[found["month"].lower()] - 1]
        return name[0].upper() + name[1:] if found["month"][0].isupper() else name

    return rule


def times(language: TabledLanguage) -> Rule:
    """Times of day: "14:30", and with what the language writes behind them."""
    rule = Rule("time", needs=DIGITS)
    hour_marks = language.time_marks if language.hour_marks is None else language.hour_marks

    @rule.replaces(rf"(?<![\w:.,])(?P<hour>[0-9]{{1,2}})(?:\s?(?P<mark>{hour_marks}))(?P<minute>[0-9]{{2}})?(?!\w)")
    @rule.replaces(
        r"(?<![\w:.,])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
        rf"(?:\s?(?P<mark>{language.time_marks}))?(?![\w:]|[.,][0-9])"
    )
    @rule.replaces(language.dotted_time)
    def time(found: re.Match[str]) -> str:
        groups = found.groupdict()
        hour, minute = int(groups["hour"]), int(groups.get("minute") or 0)
        second = int(groups["second"]) if groups.get("second") else None
        if hour > 24 or minute > 59 or (second or 0) > 59:
            return found.group()
        return language.time(hour, minute, second, groups.get("mark") or "")

    return rule


def telephone(language: TabledLanguage) -> Rule:
    """Telephone numbers: in pairs of digits where the language reads them so, else digit by digit in their groups."""
    rule = Rule("telephone", needs=DIGITS)
    international = r"\+[0-9]{1,3}(?:[ ./-]?\(?[0-9]{1,5}\)?){2,7}"

    @rule.replaces(rf"(?<![\w.,+/-])(?:{international}|{language.telephone})(?![\w]|[.,/-][0-9])")
    def number(found: re.Match[str]) -> str:
        groups = [
            language.integer(group) if language.telephone_in_pairs and len(group) <= 2 else language.digits(group)
            for group in re.findall("[0-9]+", found.group())
        ]
        return " ".join([*([language.signs["+"]] if found.group()[0] == "+" else []), *groups])

    return rule


def ranges(language: TabledLanguage) -> Rule:
    """Ranges and products: "10–20" becomes "10 bis 20", "3 x 4" "3 mal 4"; later rules read the numbers."""
    rule = Rule("range", needs=DIGITS)

    @rule.replaces(
        r"(?<![\w.,/:–-])([0-9]{1,4}(?:[.,][0-9]{1,3})?)( ?[%€°]?)( ?[–-] ?)([0-9]{1,4})(?![0-9]|[/:–-]|[.,][0-9]{4})"
    )
    def to(found: re.Match[str]) -> str:
        first, sign, dash, last = found.groups()
        rising = int(re.split("[.,]", first)[0]) < int(last)
        if "–" not in dash and (not rising or "0" in (first[0], last[0])):
            return found.group()
        return f"{first}{sign} {language.word['to']} {last}"

    return rule.replace(Pattern(r"(?<=[0-9]) ?[x×] ?(?=[0-9])"), f" {language.signs['×']} ")


def money(language: TabledLanguage) -> Rule:
    """Prices with the sign before or behind: "3,50 €", "$5", "2,5 Mio. €"."""
    rule = Rule("money", needs=DIGITS)
    magnitude_words = either(language.magnitudes)
    amount = rf"(?P<number>{language.number_pattern})(?:,[-–—]{{1,2}})?(?:\s?(?P<magnitude>{magnitude_words})(?!\w))?"
    # "F1" is no price, but "CHF 20" is.
    leading = "|".join(
        re.escape(sign) + (r"\s" if sign[-1].isalpha() else "")
        for sign in language.money
        if len(sign) > 1 or not sign.isalpha()
    )
    following = "|".join(
        re.escape(sign) + (r"(?![^\W\d_])" if sign[-1].isalpha() else "")
        for sign in sorted(language.money, key=len, reverse=True)
    )

    @rule.replaces(rf"{_MINUS}{_START}{amount}\s?(?P<sign>{following})(?!\w)")
    @rule.replaces(rf"{_MINUS}(?<!\w)(?<![0-9]\s)(?P<sign>{leading})\s?{amount}(?!\w|[.,][0-9])")
    def price(found: re.Match[str]) -> str:
        currency, written = language.money[found["sign"].strip()], found["number"]
        whole, fraction, _ = language.split(written)
        if found["magnitude"]:
            magnitude = language.magnitudes[found["magnitude"]]
            many = currency.main.many
            words = language.counted(written, magnitude) + (
                language.of(many) if magnitude.gender != "-" else f" {many}"
            )
        elif len(fraction) != 2:
            words = language.counted(written, currency.main)
        elif not int(whole) and int(fraction):
            words = language.counted(str(int(fraction)), currency.hundredth)
        else:
            words = language.counted(whole, currency.main)
            words = language.price(words, int(fraction), currency.hundredth) if int(fraction) else words
        return f"{language.word['minus']} {words}" if found["minus"] else words

    return rule


def measures(language: TabledLanguage) -> Rule:
    """Quantities with a unit, percent too: "5 km", "20 °C", "3,5 %"."""
    rule = Rule("measure", needs=DIGITS)
    units = either(language.units).replace("²", "[²2]").replace("³", "[³3]")

    @rule.replaces(rf"{_MINUS}{_START}(?P<number>{language.number_pattern})\s?(?P<unit>{units})(?![\w²³])")
    def measure(found: re.Match[str]) -> str:
        unit = found["unit"]
        noun = language.units.get(unit) or language.units[unit.replace("2", "²").replace("3", "³")]
        words = language.counted(found["number"], noun)
        return f"{language.word['minus']} {words}" if found["minus"] else words

    return rule


def magnitudes(language: TabledLanguage) -> Rule:
    """ "3 Mio.", where no money follows."""
    rule = Rule("cardinal", needs=DIGITS)

    @rule.replaces(
        rf"{_START}(?P<number>{language.number_pattern})\s?(?P<magnitude>{either(language.magnitudes)})(?!\w)"
    )
    def magnitude(found: re.Match[str]) -> str:
        return language.counted(found["number"], language.magnitudes[found["magnitude"]])

    return rule


def bare_units(language: TabledLanguage) -> Rule:
    """Units behind a number in words: "zehn km"."""
    units = "|".join(re.escape(unit) for unit in _UNAMBIGUOUS_UNITS if unit in language.units) or NEVER
    pattern = Pattern(rf"(?<=[^\W\d_]\s)(?:{units})(?![\w/²³])")
    return Rule("measure").replace(pattern, lambda found: language.units[found.group()].many)


def abbreviations(language: TabledLanguage) -> Rule:
    """The words of abbreviations: titles before a name, others before a number, the rest anywhere."""
    rule = Rule("abbreviation")

    def plain(short: str) -> str:
        return re.sub(r"\s", "", short)

    def any_of(table: Iterable[str]) -> str:
        """A pattern of abbreviations with optional spaces within them and the first letter in either case."""
        forms = []
        for short in sorted(table, key=len, reverse=True):
            first = f"[{short[0]}{short[0].upper()}]" if short[0].islower() else re.escape(short[0])
            forms.append(first + re.escape(short[1:]).replace(r"\ ", r"\s?"))
        return "|".join(forms) or NEVER

    known = {plain(short): words for short, words in (*language.abbreviations.items(), *language.numbered.items())}
    titles = {plain(short): words for short, words in language.titles.items()}

    def words_of(short: str, table: dict[str, str]) -> str:
        if words := table.get(plain(short)):
            return words
        words = table[plain(short[0].lower() + short[1:])]
        return words[:1].upper() + words[1:]

    @rule.replaces(rf"(?<![\w.])(?P<short>{any_of(language.abbreviations)})(?!\w)")
    def anywhere(found: re.Match[str]) -> str:
        ends = found["short"][-1] == "." and _ENDS.match(found.string, found.end())
        return words_of(found["short"], known) + ("." if ends else "")

    @rule.replaces(rf"(?<![\w.])(?P<short>{any_of(language.numbered)}) ?(?=[0-9]|[IVXL]+\b)")
    def before_number(found: re.Match[str]) -> str:
        return words_of(found["short"], known) + " "

    @rule.replaces(rf"(?<![\w.])(?P<short>{any_of(language.titles)})(?= ?[^\W\d_])")
    def before_name(found: re.Match[str]) -> str:
        following = found.string[found.end() : found.end() + 2].strip()
        if not following[:1].isupper():
            return found.group()
        return words_of(found["short"], titles) + ("" if found.string[found.end()] == " " else " ")

    return rule


def roman(language: TabledLanguage) -> Rule:
    """Roman numerals where they surely are such: in centuries, chapters and the names of rulers."""
    rule = Rule("roman")
    numeral = r"(?P<roman>[IVXLCDM]+)"
    capitalized = r"[^\W\d_a-zà-öø-ÿ][^\W\d_]+"

    @rule.replaces(language.century)
    def century(found: re.Match[str]) -> str:
        value = roman_value(found["roman"])
        if not value:
            return found.group()
        start, end = found.start("roman") - found.start(), found.end("roman") - found.start()
        rest = found.groupdict().get("rest") or ""
        return found.group()[:start] + language.century_words(value) + found.group()[end + len(rest) :]

    @rule.replaces(rf"(?<!\w)(?P<before>(?:{language.any_of('chapters')}) ){numeral}(?![\w'’])")
    def chapter(found: re.Match[str]) -> str:
        value = roman_value(found["roman"])
        return found["before"] + language.cardinal(value) if value else found.group()

    def ruler(found: re.Match[str]) -> str:
        value = roman_value(found["roman"])
        if not value:
            return found.group()
        stop = found["rest"] if _ENDS.match(found.string, found.end()) else ""
        return found["before"] + language.ruler(value, found["before"].strip()) + stop

    rulers = rf"(?<!\w)(?P<before>(?:{language.any_of('rulers')}) ){numeral}(?P<rest>\.?)(?![\w'’])"
    names = rf"(?<!\w)(?P<before>{capitalized} )(?P<roman>[IVX]{{2,}})(?P<rest>\.?)(?![\w'’])"
    return rule.replace(Pattern(rulers), ruler).replace(Pattern(names), ruler)


def fraction_signs(language: TabledLanguage) -> Rule:
    """Fractions of one character: "½", "3½"."""
    rule = Rule("fraction", needs={BEYOND_ASCII})

    @rule.replaces(rf"(?:{_START}([0-9]{{1,9}}) ?)?([{''.join(language.fraction_signs)}])")
    def words(found: re.Match[str]) -> str:
        single, behind = language.fraction_signs[found[2]]
        if found[1] is None:
            return f" {single} "
        whole = language.integer(found[1])
        if behind.startswith("-"):  # joined to the number: "dreieinhalb"
            return re.sub(r"eins\Z", "ein", whole) + behind[1:]
        return f"{whole} {behind}"

    return rule


def scores(language: TabledLanguage) -> Rule:
    """What is left of numbers with a colon, once times are words: "3:2"."""
    rule = Rule("score", needs=DIGITS)

    @rule.replaces(r"(?<![\w:.,])([0-9]{1,3}):([0-9]{1,3})(?![\w:]|[.,][0-9])")
    def score(found: re.Match[str]) -> str:
        return f"{language.integer(found[1])} {language.word['versus']} {language.integer(found[2])}"

    return rule


def fractions(language: TabledLanguage) -> Rule:
    """Fractions with a slash: "3/4", "2 1/2"."""
    rule = Rule("fraction", needs=DIGITS)

    @rule.replaces(r"(?<![\w/.,])(?:([0-9]{1,3}) )?([0-9]{1,3})/([0-9]{1,4})(?![\w/]|[.,][0-9])")
    def words(found: re.Match[str]) -> str:
        above, below = int(found[2]), int(found[3])
        whole = f"{language.integer(found[1])} " if found[1] else ""
        if below not in language.parts or not 0 < above < below:
            return f"{whole}{language.integer(found[2])} {language.word['over']} {language.integer(found[3])}"
        one, many = language.parts[below]
        return whole + (one if above == 1 else f"{language.cardinal(above, 'm')} {many}")

    return rule


def versions(language: TabledLanguage) -> Rule:
    """Numbers with several stops, "1.2.3", and the apostrophe of the years '80."""
    rule = Rule("serial", needs=DIGITS).replace(Pattern(r"(?<!\w)['’](?=[0-9]{2}(?!\w))"), "")
    number = Pattern(language.number_pattern)

    @rule.replaces(r"(?<![\w.])[0-9]+(?:\.[0-9]+){2,}(?![\w]|\.[0-9])")
    def version(found: re.Match[str]) -> str:
        if number.fullmatch(found.group()):
            return found.group()
        return f" {language.word['point']} ".join(language.integer(part) for part in found.group().split("."))

    return rule


def plain_numbers(language: TabledLanguage) -> Rule:
    """Whole numbers, decimals and, where the language has words of their own for them, years."""
    rule = Rule("cardinal", needs=DIGITS)
    label = Pattern(rf"\b(?:{language.any_of('labels')}) \Z")

    def gender(found: re.Match[str]) -> str:
        """The gender of what the number counts; a label before it ("Kapitel 5") means that it counts nothing."""
        following = _NEXT_WORD.match(found.string, found.end())
        before = found.string[max(0, found.start() - _LABEL_CONTEXT) : found.start()]
        return "" if following is None or label.search(before) else language.gender(following[1])

    @rule.replaces(rf"{_MINUS}{_START}(?P<number>{language.number_pattern}){_END}")
    def words(found: re.Match[str]) -> str:
        written = found["number"]
        if language.has_year_names and not found["minus"] and _YEAR_WITH_NAME.fullmatch(written):
            return language.year(int(written))
        spoken = language.number(written, gender(found))
        return f"{language.word['minus']} {spoken}" if found["minus"] else spoken

    return rule


def remaining_digits(language: TabledLanguage) -> Rule:
    """Digits among letters ("A4") and all that no other rule has read; behind this one no digit is left."""
    rule = Rule("serial", needs=DIGITS)
    rule.replace(Pattern(r"(?<=[^\W\d_])(?=[0-9])|(?<=[0-9])(?=[^\W\d_])"), " ")
    return rule.replace(Pattern(r"[0-9]+"), lambda found: language.integer(found.group()))
