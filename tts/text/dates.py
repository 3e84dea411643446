"""Dates, years and decades as words."""

import re

from tts.text.abbreviation_table import MONTH_NUMBERS, MONTHS, WEEKDAYS
from tts.text.numbers import cardinal, decade, ordinal, year
from tts.text.spoken import SpokenText

_MONTH = rf"(?P<month>{'|'.join(sorted({*MONTHS, *(name[:3] for name in MONTHS), 'Sept'}, key=len, reverse=True))})"
_DAY = r"(?P<day>0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12][0-9]{3})"
_NO_MORE = r"(?![\w:%/]|[.,][0-9])"
_SEPARATOR = r"(?:\.? |\.?-|\.)"

_ISO = re.compile(rf"(?<![\w/.-]){_YEAR}([-/.])(?P<month>[0-9]{{1,2}})\2(?P<day>[0-9]{{1,2}})(?![\w/-]|\.[0-9])")
_NUMERIC = re.compile(
    rf"(?<![\w/.$£€-])(?P<first>[0-9]{{1,2}})([/.-])(?P<second>[0-9]{{1,2}})\2(?:{_YEAR}|(?P<short>[0-9]{{2}}))"
    r"(?![\w/-]|\.[0-9])"
)
_MONTH_DAY = re.compile(
    rf"\b{_MONTH}{_SEPARATOR}(?:the )?{_DAY}(?:\s?[-–]\s?(?P<until>[0-9]{{1,2}})(?:st|nd|rd|th)?)?"
    rf"(?:,? {_YEAR})?{_NO_MORE}",
    re.IGNORECASE,
)
_DAY_MONTH = re.compile(
    rf"(?<![\w.,:/$-])(?P<the>the )?{_DAY}(?: of)?[ -]{_MONTH}\b(?:\.(?= [0-9]))?(?:,?[ -]{_YEAR}{_NO_MORE})?",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"\b{_MONTH}\.?(?P<between>,? (?:of )?){_YEAR}{_NO_MORE}", re.IGNORECASE)
_WEEKDAY = re.compile(rf"\b({'|'.join(WEEKDAYS)})(?:\.,?|,) (?=(?:{'|'.join(MONTHS)}|the [a-z]+ of)\b)")
_QUARTER = re.compile(r"\b(?:([1-4])Q|Q([1-4]))(?![A-Za-z])(?: ?'?((?:20)?[0-9]{2})\b)?(?![0-9])")
_DECADE = re.compile(r"(?<![\w.,$£€])'?((?:1[0-9]|20)?[0-9]0)(?:'?s|(?<=[0-9]{4}) s)\b(?! ?/)")
_DECADE_RANGE = re.compile(r"(?<=[0-9]s) ?[-–] ?(?='?(?:1[0-9]|20)?[0-9]0s\b)")
_ERA = re.compile(r"\b([0-9]{1,4}) ?(B\.?C\.?E?|A\.?D|C\.E)\b\.?(?![\w])|\b(A\.?D)\b\.? ?([0-9]{1,4})\b")

_YEAR_RANGE = re.compile(
    r"(?<![\w.,$£€-])(1[1-9][0-9]{2}|20[0-9]{2}) ?[-–—] ?((?:1[1-9]|20)?[0-9]{2})(?![\w%°]|[-–.,][0-9])"
)
_BARE_YEAR = re.compile(
    r"(?<![\w.,$£€#+*/=-])(?<!- )(1[1-9][0-9]{2}|20[0-9]{2})('s)?(?![\w%°/*+=]|[.,:][0-9]| ?[-–+*=] ?[0-9])"
)
_EARLY_YEAR = re.compile(r"\b([Ii]n|[Ss]ince|[Yy]ear|[Cc]irca) (10[0-9]{2})(?![\w%°/]|[.,:][0-9]| [a-z]+s\b)")
_COUNTED = re.compile(
    r" (?!(?:was|is|has|its|this|as|his|does|us|plus|minus|times|equals|vs|versus)\b)(?:[a-z]+ )?[a-z]{2,}s\b"
)
_COUNTING_BEFORE = re.compile(
    r"\b(?:of about|over|under|than|nearly|almost|approximately|exactly|roughly|some|page|number|room|only|total(?:ed)?"
    r"|up to|at least|costs?|pay|paid|win|won|sold|bought) \Z",
    re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|by|until|till|during|before|after|circa|year|around|early|late|mid|from|between|summer|winter|spring"
    r"|fall|autumn|copyright|of) \Z",
    re.IGNORECASE,
)


def speak_dates(text: SpokenText) -> SpokenText:
    """Replace full and partial dates, decades, quarters and years with an era; bare years are speak_years' work."""
    text = text.sub(_ISO, _iso)
    text = text.sub(_NUMERIC, _numeric)
    text = text.sub(_DAY_MONTH, _day_month)
    text = text.sub(_MONTH_DAY, _month_day)
    text = text.sub(_MONTH_YEAR, _month_year)
    text = text.sub(_WEEKDAY, lambda found: f"{WEEKDAYS[found[1]]}, ")
    text = text.sub(_QUARTER, _quarter)
    text = text.sub(_ERA, _era)
    text = text.sub(_DECADE_RANGE, " to ")
    return text.sub(_DECADE, lambda found: decade(int(found[1])))


def speak_years(text: SpokenText) -> SpokenText:
    """Replace four digits that read as a year (1100 to 2099), ranges of years too, unless things are counted."""
    text = text.sub(_YEAR_RANGE, _year_range)
    text = text.sub(_EARLY_YEAR, lambda found: f"{found[1]} {_early_year(int(found[2]))}")
    return text.sub(_BARE_YEAR, _bare_year)


def _early_year(value: int) -> str:
    return cardinal(value) if value == 1000 else f"ten {'oh ' if value % 100 < 10 else ''}{cardinal(value % 100)}"


def _spoken_year(written: str | None) -> str:
    return f", {year(int(written))}" if written else ""


def _iso(found: re.Match[str]) -> str:
    month, day = int(found["month"]), int(found["day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    return f"{MONTHS[month - 1]} {ordinal(day)}{_spoken_year(found['year'])}"


def _numeric(found: re.Match[str]) -> str:
    """Speak 7/4/1776 in the American order, 15.01.2020 (dots, or a first number above 12) day first."""
    first, second, mark = int(found["first"]), int(found["second"]), found[2]
    if found["short"] and mark != "/":
        return found.group()  # 12-34-56 and 1.2.34 are more often something else
    spoken_year = _spoken_year(found["year"]) if found["year"] else f", {_short_year(found['short'])}"
    day_first = (mark == "." or first > 12) and second <= 12
    day, month = (first, second) if day_first else (second, first)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    if day_first:
        return f"the {ordinal(day)} of {MONTHS[month - 1]}{spoken_year}"
    return f"{MONTHS[month - 1]} {ordinal(day)}{spoken_year}"


def _short_year(written: str) -> str:
    value = int(written)
    return cardinal(value) if value > 9 else f"oh {cardinal(value)}" if value else "two thousand"


def _month_name(written: str) -> str:
    return MONTHS[MONTH_NUMBERS[written.lower().rstrip(".")[:3]] - 1]


def _day_month(found: re.Match[str]) -> str:
    the = found["the"] or "the "
    return f"{the}{ordinal(int(found['day']))} of {_month_name(found['month'])}{_spoken_year(found['year'])}"


def _month_day(found: re.Match[str]) -> str:
    if found["month"] in {"may", "march", "mar"} and not found["year"]:
        return found.group()  # "you may 5 times …" is a verb
    until = f" to {ordinal(int(found['until']))}" if found["until"] else ""
    return f"{_month_name(found['month'])} {ordinal(int(found['day']))}{until}{_spoken_year(found['year'])}"


def _month_year(found: re.Match[str]) -> str:
    return f"{_month_name(found['month'])}{found['between']}{year(int(found['year']))}"


def _quarter(found: re.Match[str]) -> str:
    quarter = f"{ordinal(int(found[1] or found[2]))} quarter"
    if not found[3]:
        return f"Q {cardinal(int(found[2]))}" if found[2] else f"the {quarter}"
    value = int(found[3])
    return f"the {quarter} of {year(value) if value > 99 else _short_year(found[3])}"


def _era(found: re.Match[str]) -> str:
    written, era = (found[1], found[2]) if found[1] else (found[4], found[3])
    letters = "-".join(era.replace(".", "")) if era.startswith("A") else " ".join(era.replace(".", ""))
    value = int(written)
    spoken = year(value) if value >= 1100 else cardinal(value)
    return f"{spoken} {letters}" if found[1] else f"{letters} {spoken}"


def _year_range(found: re.Match[str]) -> str:
    first, last = found[1], found[2]
    if _COUNTED.match(found.string, found.end()) or (len(last) == 4 and int(last) < int(first)):
        return found.group()
    return f"{year(int(first))} to {year(int(last)) if len(last) == 4 else _short_year(last)}"


def _bare_year(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 24) : found.start()]
    counted = _COUNTED.match(found.string, found.end()) or _COUNTING_BEFORE.search(before)
    if counted and not _YEAR_BEFORE.search(before):
        return found.group()
    return year(int(found[1])) + (found[2] or "")
