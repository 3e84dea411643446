"""Dates, years and decades as words."""

import re

from tts.text.english.abbreviation_table import MONTH_NUMBERS, MONTHS, WEEKDAYS
from tts.text.english.counting import things_follow
from tts.text.english.numbers import cardinal, decade, ordinal, paired, year
from tts.text.patterns import Pattern, one_of
from tts.text.spoken import SpokenText

_MONTH = rf"(?P<month>{one_of({*MONTHS, *(name[:3] for name in MONTHS), 'Sept'})})"
_ORDINAL = r"(?:st|nd|rd|th)?"
_DAY = rf"(?P<day>3[01]|[12][0-9]|0?[1-9]){_ORDINAL}(?![0-9])"
_YEAR = r"(?P<year>[12][0-9]{3})"
_NO_MORE = r"(?![\w:%/]|[.,][0-9])"
_WEEKDAY_NAMES = one_of({*WEEKDAYS, *WEEKDAYS.values()})

_ISO = Pattern(rf"(?<![\w/.-]){_YEAR}([-/.])(?P<month>[0-9]{{1,2}})\2(?P<day>[0-9]{{1,2}})(?![\w/-]|\.[0-9])")
_NUMERIC = Pattern(
    rf"(?<![\w/.$£€-])(?P<first>[0-9]{{1,2}})([/.-])(?P<second>[0-9]{{1,2}})\2(?:{_YEAR}|(?P<short>[0-9]{{2}}))"
    r"(?![\w/-]|\.[0-9])"
)
_MONTH_DAY = Pattern(
    rf"\b{_MONTH}(?:\.? |\.?-|\.)(?:the )?{_DAY}"
    rf"(?:(?P<joint> ?[-–—] ?| (?:to|and|or) )(?P<until>3[01]|[12][0-9]|0?[1-9]){_ORDINAL}(?![\w:/-]|[.,][0-9]))?"
    rf"(?:(?P<comma>,)? ?(?<=[ ,]){_YEAR})?{_NO_MORE}(?! (?:{one_of(MONTHS)})\b)",
    re.IGNORECASE,
)
_DAY_MONTH = Pattern(
    rf"(?<![\w.,:/$])(?<![0-9]-)(?P<the>the )?"
    rf"(?:(?P<from>3[01]|[12][0-9]|0?[1-9]){_ORDINAL}(?P<joint> ?[-–—] ?| (?:to|and|or) ))?"
    rf"{_DAY}(?: of)?[ -]{_MONTH}\b(?:\.(?=,? [0-9]))?(?:(?P<comma>,)?[ -]{_YEAR}{_NO_MORE})?",
    re.IGNORECASE,
)
_MONTH_YEAR = Pattern(rf"\b{_MONTH}\.?(?P<between>,? (?:of )?){_YEAR}{_NO_MORE}", re.IGNORECASE)
_WEEKDAY = Pattern(
    rf"\b(?P<weekday>{one_of(WEEKDAYS)})(?P<stop>\.?)(?P<comma>,?) (?=(?:{one_of(MONTHS)}|the [a-z -]{{4,20}} of)\b)",
    re.IGNORECASE,
)
_QUARTER = Pattern(r"\b(?:([1-4])Q|Q([1-4]))(?![A-Za-z])(?: ?'?((?:20)?[0-9]{2})\b)?(?![0-9])", needs="Q")
_FISCAL = Pattern(r"\bFY ?'?((?:20)?[0-9]{2})\b", needs="F")
_DECADE = Pattern(r"(?<![\w.,$£€])'?((?:1[0-9]|2[0-9])?[0-9]0)(?:'?s|(?<=[0-9]{4}) s)\b(?! ?/)", needs="s")
_DECADE_RANGE = Pattern(r"(?<=[0-9]s) ?[-–—] ?(?='?(?:1[0-9]|20)?[0-9]0'?s\b)", needs="-–—")
_ERA_NAME = r"B\.? ?C\.? ?E|B\.? ?C|A\.? ?D|C\.? ?E"
_ERA = Pattern(
    rf"(?<![\w,.])(?P<number>[0-9]{{1,4}}) ?(?P<era>{_ERA_NAME})\b\.?(?!\w)"
    rf"|\b(?P<before>A\.? ?D)\b\.? ?(?P<after>[0-9]{{1,4}})\b"
)
_ERA_RANGE = Pattern(rf"(?<![\w,.-])([0-9]{{1,4}}) ?[-–—] ?(?=[0-9]{{1,4}} ?(?:{_ERA_NAME})\b)", needs="-–—")
_SHORT_YEAR = Pattern(r"(?<!\w)'([0-9]{2})(?![\w'\"])", needs="'")

_CENTURY = r"1[0-9]{3}|20[0-9]{2}"
_YEAR_RANGE = Pattern(
    rf"(?<![\w.,$£€-])({_CENTURY})(?P<joint> ?[-–—] ?|/)((?:1[0-9]|20)?[0-9]{{2}})(?![\w%°/]|[-–.,][0-9])",
    needs="-–—/",
)
_BARE_YEAR = Pattern(
    r"(?<![\w.,$£€#+*/=-])(?<!- )(?P<year>1[1-9][0-9]{2}|20[0-9]{2})(?P<owner>'s)?"
    r"(?![\w%°/*+=]|[.,:][0-9]| ?[-–+*=] ?[0-9])"
)
_ONLY_YEAR = Pattern(rf"\A({_CENTURY})(?=[.!?]?\Z)")
_EARLY_YEAR = Pattern(r"\b([Ii]n|[Ss]ince|[Yy]ear|[Cc]irca) (10[0-9]{2})(?![\w%°/]|[.,:][0-9]| [a-z]+s\b)")
_COUNTING_BEFORE = Pattern(
    r"\b(?:of about|over|under|than|nearly|almost|approximately|exactly|roughly|some|page|number|room|only|total(?:ed)?"
    r"|up to|at least|costs?|pay|paid|win|won|sold|bought) \Z",
    re.IGNORECASE,
)
_YEAR_BEFORE = Pattern(
    r"\b(?:in|since|by|until|till|during|before|after|circa|year|around|early|late|mid|from|between|summer|winter|spring"
    r"|fall|autumn|copyright|of) \Z",
    re.IGNORECASE,
)


def speak_dates(text: SpokenText, *, day_first: bool = False) -> SpokenText:
    """Replace full and partial dates, decades, quarters and years with an era; bare years are speak_years' work.

    `day_first`: 3/4/1998 is in April, as everywhere but in America.
    """
    text = text.sub(_ISO, _iso)
    text = text.sub(_NUMERIC, lambda found: _numeric(found, day_first))
    text = text.sub(_DAY_MONTH, _day_month)
    text = text.sub(_MONTH_DAY, _month_day)
    text = text.sub(_MONTH_YEAR, _month_year)
    text = text.sub(_WEEKDAY, _weekday)
    text = text.sub(_QUARTER, _quarter)
    text = text.sub(_FISCAL, lambda found: f"fiscal year {_any_year(found[1])}")
    text = text.sub(_ERA_RANGE, lambda found: f"{_era_number(found[1])} to ")
    text = text.sub(_ERA, _era)
    text = text.sub(_DECADE_RANGE, " to ")
    text = text.sub(_DECADE, lambda found: decade(int(found[1])))
    return text.sub(_SHORT_YEAR, lambda found: _any_year(found[1]))


def speak_years(text: SpokenText) -> SpokenText:
    """Replace four digits that read as a year (1100 to 2099), ranges of years too, unless things are counted."""
    text = text.sub(_ONLY_YEAR, lambda found: _early_year(int(found[1])))
    text = text.sub(_YEAR_RANGE, _year_range)
    text = text.sub(_EARLY_YEAR, lambda found: f"{found[1]} {_early_year(int(found[2]))}")
    return text.sub(_BARE_YEAR, _bare_year)


def _early_year(value: int) -> str:
    if not 1000 < value < 1010:
        return year(value)
    return f"ten oh {cardinal(value % 100)}"


def _any_year(written: str) -> str:
    """Speak a year of four digits or of its last two."""
    if len(written) == 4:
        return year(int(written))
    value = int(written)
    return cardinal(value) if value > 9 else f"oh {cardinal(value)}" if value else "two thousand"


def _with_year(found: re.Match[str]) -> str:
    """The year behind a day, with a comma only where one is written."""
    return f"{found['comma'] or ''} {year(int(found['year']))}" if found["year"] else ""


def _iso(found: re.Match[str]) -> str:
    month, day = int(found["month"]), int(found["day"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    return f"{MONTHS[month - 1]} {ordinal(day)} {year(int(found['year']))}"


def _numeric(found: re.Match[str], day_first: bool) -> str:
    """Speak 7/4/1776 in the order asked for, 15.01.2020 (dots, or a first number above 12) day first."""
    first, second, mark = int(found["first"]), int(found["second"]), found[2]
    if found["short"] and mark != "/":
        return found.group()  # 12-34-56 and 1.2.34 are more often something else
    spoken_year = _any_year(found["year"] or found["short"])
    day_first = (day_first or mark == "." or first > 12) and second <= 12
    day, month = (first, second) if day_first else (second, first)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return found.group()
    if day_first:
        return f"the {ordinal(day)} of {MONTHS[month - 1]} {spoken_year}"
    return f"{MONTHS[month - 1]} {ordinal(day)} {spoken_year}"


def _month_name(written: str) -> str:
    return MONTHS[MONTH_NUMBERS[written.lower().rstrip(".")[:3]] - 1]


def _joint(written: str) -> str:
    """ " to " for a dash between two days, else the word that is there."""
    return written if written.strip().isalpha() else " to "


def _day_month(found: re.Match[str]) -> str:
    the = found["the"] or "the "
    first = f"{ordinal(int(found['from']))}{_joint(found['joint'])}" if found["from"] else ""
    return f"{the}{first}{ordinal(int(found['day']))} of {_month_name(found['month'])}{_with_year(found)}"


def _month_day(found: re.Match[str]) -> str:
    if found["month"] in {"may", "march", "mar"} and not found["year"]:
        return found.group()  # "you may 5 times …" is a verb
    until = f"{_joint(found['joint'])}{ordinal(int(found['until']))}" if found["until"] else ""
    return f"{_month_name(found['month'])} {ordinal(int(found['day']))}{until}{_with_year(found)}"


def _month_year(found: re.Match[str]) -> str:
    return f"{_month_name(found['month'])}{found['between']}{year(int(found['year']))}"


def _weekday(found: re.Match[str]) -> str:
    written = found["weekday"].capitalize()
    if found.string.startswith(("March", "May"), found.end()) and not found["stop"] + found["comma"]:
        return found.group()  # "The Sun may …"
    return f"{WEEKDAYS[written]}{found['comma']} "


def _quarter(found: re.Match[str]) -> str:
    quarter = f"{ordinal(int(found[1] or found[2]))} quarter"
    if not found[3]:
        return f"Q {cardinal(int(found[2]))}" if found[2] else f"the {quarter}"
    return f"the {quarter} of {_any_year(found[3][-2:] if found[1] and len(found[3]) == 2 else found[3])}"


def _era(found: re.Match[str]) -> str:
    letters = (found["era"] or found["before"]).replace(".", "").replace(" ", "")
    number = _era_number(found["number"] or found["after"])
    return f"{number} {letters}" if found["number"] else f"{letters} {number}"


def _era_number(written: str) -> str:
    return paired(written) if len(written) == 3 else year(int(written))


def _year_range(found: re.Match[str]) -> str:
    first, last = found[1], found[3]
    if things_follow(found) or (len(last) == 4 and int(last) < int(first)):
        return found.group()
    if found["joint"] == "/":
        return f"{year(int(first))} {_any_year(last)}" if len(last) == 2 else found.group()
    return f"{year(int(first))} to {_any_year(last)}"


def _bare_year(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 24) : found.start()]
    counted = things_follow(found) or _COUNTING_BEFORE.search(before)
    if counted and not _YEAR_BEFORE.search(before):
        return found.group()
    return year(int(found["year"])) + (found["owner"] or "")
