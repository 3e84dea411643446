"""Rules for dates and times of day."""

from __future__ import annotations

import re

from tts.text.foreign.language import Language, Rule, either
from tts.text.foreign.numbers import cardinal

_ISO = re.compile(r"(?<![\w.,/-])(?P<year>[12][0-9]{3})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?![\w/-]|[.,][0-9])")
_NUMERIC = re.compile(
    r"(?<![\w.,/-])(?P<day>[0-9]{1,2})(?P<mark>[./-])(?P<month>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4}|[0-9]{2})(?![\w/-]|[.,][0-9])"
)
_CONTEXT = 40


def dates(language: Language) -> Rule:
    """Dates in figures ("12.03.2024", "2024-03-12"), day before month, and days before a month's name."""
    names = {name.lower(): month for month, name in enumerate(language.months, start=1)}
    months = either({**names, **language.short_months})
    named = re.compile(
        rf"(?<![\w.,/:])(?P<day>[0-9]{{1,2}})(?P<rank>\.|er|º|°|\.º)?(?P<between> (?:de )?)(?P<month>{months})(?!\w)"
        r"(?P<stop>\.?)(?:(?P<before_year>,? (?:de |del )?)(?P<year>[12][0-9]{3})(?![\w]|[.,:][0-9]))?",
        re.IGNORECASE,
    )
    with_year = language.date

    def numeric(found: re.Match[str]) -> str:
        day, month, year = int(found["day"]), int(found["month"]), _full_year(found["year"])
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return found.group()
        day_words = language.day(day, _before(found))
        return with_year.format(day=day_words, month=language.months[month - 1], year=year_words(language, year))

    def by_name(found: re.Match[str]) -> str:
        day, written = int(found["day"]), found["month"].lower()
        is_sure = written in names or found["stop"] or found["year"]
        if not 1 <= day <= 31 or not is_sure:
            return found.group()
        rank = "º" if found["rank"] in {"º", "°", ".º"} else ""
        month = found["month"] if written in names else language.months[language.short_months[written] - 1]
        stop = "" if written not in names else found["stop"]
        words = language.day(day, _before(found) + rank) + found["between"] + month
        if found["year"]:
            return words + found["before_year"] + year_words(language, int(found["year"]))
        return words + stop

    lone = re.compile(rf"(?<!\w)(?P<month>{either(language.short_months)})\.?(?= [12][0-9]{{3}}(?!\w))", re.IGNORECASE)

    def full_name(found: re.Match[str]) -> str:
        name = language.months[language.short_months[found["month"].lower()] - 1]
        return name[0].upper() + name[1:] if found["month"][0].isupper() else name

    return lambda text: text.sub(_ISO, numeric).sub(_NUMERIC, numeric).sub(named, by_name).sub(lone, full_name)


def year_words(language: Language, year: int) -> str:
    """The words of a year in a date."""
    return cardinal(language, year) if language.year is None else language.year(year)


def times(language: Language) -> Rule:
    """Times of day: "14:30", and with what the language writes behind them."""
    marked = rf"(?:\s?(?P<mark>{language.time_marks}))"
    marked_hour = marked if language.hour_marks is None else rf"(?:\s?(?P<mark>{language.hour_marks}))"
    plain = re.compile(
        rf"(?<![\w:.,])(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?::(?P<second>[0-9]{{2}}))?{marked}?(?![\w:]|[.,][0-9])"
    )
    dotted = re.compile(language.dotted_time)
    full = re.compile(rf"(?<![\w:.,])(?P<hour>[0-9]{{1,2}}){marked_hour}(?P<minute>[0-9]{{2}})?(?!\w)")

    def spoken(found: re.Match[str]) -> str:
        groups = found.groupdict()
        hour, minute = int(groups["hour"]), int(groups.get("minute") or 0)
        second = int(groups["second"]) if groups.get("second") else None
        if hour > 24 or minute > 59 or (second or 0) > 59:
            return found.group()
        return language.time(hour, minute, second, groups.get("mark") or "")

    return lambda text: text.sub(dotted, spoken).sub(plain, spoken).sub(full, spoken)


def _before(found: re.Match[str]) -> str:
    return found.string[max(0, found.start() - _CONTEXT) : found.start()]


def _full_year(written: str) -> int:
    year = int(written)
    if len(written) == 4:
        return year
    return year + (2000 if year < 50 else 1900)
