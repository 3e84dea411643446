"""English rules for dates, years, decades, times of day and durations."""

from __future__ import annotations

import re

from tts.text.languages.english import MONTH_NUMBERS, MONTHS, TIME_ZONES, WEEKDAYS
from tts.text.languages.english.names import kept_stop
from tts.text.languages.english.numbers import cardinal, decade, decimal, ordinal, paired, things_follow, year
from tts.text.languages.language import Rule
from tts.text.spoken import DIGITS, Pattern, either

_MONTH = rf"(?P<month>{either({*MONTHS, *(name[:3] for name in MONTHS), 'Sept'})})"
_ORDINAL = r"(?:st|nd|rd|th)?"
_DAY = rf"(?P<day>3[01]|[12][0-9]|0?[1-9]){_ORDINAL}(?![0-9])"
_YEAR = r"(?P<year>[12][0-9]{3})"
_NO_MORE = r"(?![\w:%/]|[.,][0-9])"
_ERA_NAME = r"B\.? ?C\.? ?E|B\.? ?C|A\.? ?D|C\.? ?E"
_CENTURY = r"1[0-9]{3}|20[0-9]{2}"
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


def _any_year(written: str) -> str:
    """The words of a year of four digits or of its last two."""
    if len(written) == 4:
        return year(int(written))
    value = int(written)
    return cardinal(value) if value > 9 else f"oh {cardinal(value)}" if value else "two thousand"


def _early_year(value: int) -> str:
    return f"ten oh {cardinal(value % 100)}" if 1000 < value < 1010 else year(value)


def _era_number(written: str) -> str:
    return paired(written) if len(written) == 3 else year(int(written))


def _month_name(written: str) -> str:
    return MONTHS[MONTH_NUMBERS[written.lower().rstrip(".")[:3]] - 1]


def _joint(written: str) -> str:
    """ " to " for a dash between two days, else the word that is there."""
    return written if written.strip().isalpha() else " to "


def _with_year(found: re.Match[str]) -> str:
    """The year behind a day, with a comma only where one is written."""
    return f"{found['comma'] or ''} {year(int(found['year']))}" if found["year"] else ""


_named_dates = Rule("date")


@_named_dates.replaces(
    rf"(?<![\w.,:/$])(?<![0-9]-)(?P<the>the )?"
    rf"(?:(?P<from>3[01]|[12][0-9]|0?[1-9]){_ORDINAL}(?P<joint> ?[-–—] ?| (?:to|and|or) ))?"
    rf"{_DAY}(?: of)?[ -]{_MONTH}\b(?:\.(?=,? [0-9]))?(?:(?P<comma>,)?[ -]{_YEAR}{_NO_MORE})?",
    re.IGNORECASE,
)
def _day_month(found: re.Match[str]) -> str:
    the = found["the"] or "the "
    first = f"{ordinal(int(found['from']))}{_joint(found['joint'])}" if found["from"] else ""
    return f"{the}{first}{ordinal(int(found['day']))} of {_month_name(found['month'])}{_with_year(found)}"


@_named_dates.replaces(
    rf"\b{_MONTH}(?:\.? |\.?-|\.)(?:the )?{_DAY}"
    rf"(?:(?P<joint> ?[-–—] ?| (?:to|and|or) )(?P<until>3[01]|[12][0-9]|0?[1-9]){_ORDINAL}(?![\w:/-]|[.,][0-9]))?"
    rf"(?:(?P<comma>,)? ?(?<=[ ,]){_YEAR})?{_NO_MORE}(?! (?:{either(MONTHS)})\b)",
    re.IGNORECASE,
)
def _month_day(found: re.Match[str]) -> str:
    if found["month"] in {"may", "march", "mar"} and not found["year"]:
        return found.group()  # "you may 5 times …" is a verb
    until = f"{_joint(found['joint'])}{ordinal(int(found['until']))}" if found["until"] else ""
    return f"{_month_name(found['month'])} {ordinal(int(found['day']))}{until}{_with_year(found)}"


@_named_dates.replaces(rf"\b{_MONTH}\.?(?P<between>,? (?:of )?){_YEAR}{_NO_MORE}", re.IGNORECASE)
def _month_year(found: re.Match[str]) -> str:
    return f"{_month_name(found['month'])}{found['between']}{year(int(found['year']))}"


@_named_dates.replaces(
    rf"\b(?P<weekday>{either(WEEKDAYS)})(?P<stop>\.?)(?P<comma>,?) (?=(?:{either(MONTHS)}|the [a-z -]{{4,20}} of)\b)",
    re.IGNORECASE,
)
def _weekday(found: re.Match[str]) -> str:
    written = found["weekday"].capitalize()
    if found.string.startswith(("March", "May"), found.end()) and not found["stop"] + found["comma"]:
        return found.group()  # "The Sun may …"
    return f"{WEEKDAYS[written]}{found['comma']} "


@_named_dates.replaces(r"\b(?:([1-4])Q|Q([1-4]))(?![A-Za-z])(?: ?'?((?:20)?[0-9]{2})\b)?(?![0-9])", needs="Q")
def _quarter(found: re.Match[str]) -> str:
    quarter = f"{ordinal(int(found[1] or found[2]))} quarter"
    if not found[3]:
        return f"Q {cardinal(int(found[2]))}" if found[2] else f"the {quarter}"
    return f"the {quarter} of {_any_year(found[3][-2:] if found[1] and len(found[3]) == 2 else found[3])}"


@_named_dates.replaces(r"\bFY ?'?((?:20)?[0-9]{2})\b", needs="F")
def _fiscal_year(found: re.Match[str]) -> str:
    return f"fiscal year {_any_year(found[1])}"


_named_dates.replace(Pattern(r"\bca?\. ?(?=[0-9])", needs=("c.", "ca.")), "circa ")


@_named_dates.replaces(rf"(?<![\w,.-])([0-9]{{1,4}}) ?[-–—] ?(?=[0-9]{{1,4}} ?(?:{_ERA_NAME})\b)", needs="-–—")
def _era_range(found: re.Match[str]) -> str:
    return f"{_era_number(found[1])} to "


@_named_dates.replaces(
    rf"(?<![\w,.])(?P<number>[0-9]{{1,4}}) ?(?P<era>{_ERA_NAME})\b\.?(?!\w)"
    rf"|\b(?P<before>A\.? ?D)\b\.? ?(?P<after>[0-9]{{1,4}})\b"
)
def _era(found: re.Match[str]) -> str:
    letters = (found["era"] or found["before"]).replace(".", "").replace(" ", "")
    number = _era_number(found["number"] or found["after"])
    if found["era"] and found.group().endswith("."):
        letters += kept_stop(found) if "." in found["era"] else "."
    return f"{number} {letters}" if found["number"] else f"{letters} {number}"


_named_dates.replace(Pattern(r"(?<=[0-9]s) ?[-–—] ?(?='?(?:1[0-9]|20)?[0-9]0'?s\b)", needs="-–—"), " to ")


@_named_dates.replaces(r"(?<![\w.,$£€])'?((?:1[0-9]|2[0-9])?[0-9]0)(?:'?s|(?<=[0-9]{4}) s)\b(?! ?/)", needs="s")
def _decade(found: re.Match[str]) -> str:
    return decade(int(found[1]))


@_named_dates.replaces(r"(?<!\w)'([0-9]{2})(?![\w'\"])", needs="'")
def _short_year(found: re.Match[str]) -> str:
    return _any_year(found[1])


def _zone_of_offset(written: str | None) -> str:
    """Speak a zone of ISO 8601: "Z" is " UTC", "+05:30" " UTC plus five thirty"."""
    if not written:
        return ""
    hours, minutes = int(written[1:3] or 0), int(written[3:].lstrip(":") or 0)
    if not hours and not minutes:
        return " UTC"
    sign = "plus" if written[0] == "+" else "minus"
    return f" UTC {sign} {cardinal(hours)}{f' {cardinal(minutes)}' if minutes else ''}"


def dates(*, day_first: bool) -> Rule:
    """Full and partial dates, decades, quarters and years with an era; `years` reads years by themselves.

    With `day_first`, 3/4/1998 is in April, as everywhere but in America. Dates with dots (15.01.2020), or with a first
    number above 12, are always day first.
    """
    rule = Rule("date", needs=DIGITS)

    @rule.replaces(
        r"(?<![\w/.-])(?P<year>[12][0-9]{3})(?P<dash>-?)(?P<month>0[1-9]|1[0-2])(?P=dash)(?P<day>0[1-9]|[12][0-9]|3[01])"
        r"(?:[Tt]|(?<=[0-9]{2}-[0-9]{2}) )"
        r"(?P<hour>[01][0-9]|2[0-4])(?P<colon>:?)(?P<minute>[0-5][0-9])(?:(?P=colon)(?P<second>[0-5][0-9])(?:[.,][0-9]{1,9})?)?"
        r"(?: ?(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?))?(?![\w:+-]|[.,][0-9])(?! ?[AaPp]\.?[Mm]\b)",
        needs="Tt:",
    )
    def iso_date_and_time(found: re.Match[str]) -> str:
        time = _clock(found["hour"], found["minute"])
        if found["second"] and found["second"] != "00":
            seconds = int(found["second"])
            time += f" and {cardinal(seconds)} second{'s' if seconds > 1 else ''}"
        date = f"{MONTHS[int(found['month']) - 1]} {ordinal(int(found['day']))} {year(int(found['year']))}"
        return f"{date}, {time}{_zone_of_offset(found['zone'])}"

    @rule.replaces(rf"(?<![\w/.-]){_YEAR}([-/.])(?P<month>[0-9]{{1,2}})\2(?P<day>[0-9]{{1,2}})(?![\w/-]|\.[0-9])")
    def iso_date(found: re.Match[str]) -> str:
        month, day = int(found["month"]), int(found["day"])
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return found.group()
        return f"{MONTHS[month - 1]} {ordinal(day)} {year(int(found['year']))}"

    @rule.replaces(
        rf"(?<![\w/.$£€-])(?P<first>[0-9]{{1,2}})([/.-])(?P<second>[0-9]{{1,2}})\2(?:{_YEAR}|(?P<short>[0-9]{{2}}))"
        r"(?![\w/-]|\.[0-9])"
    )
    def numeric_date(found: re.Match[str]) -> str:
        first, second, mark = int(found["first"]), int(found["second"]), found[2]
        if found["short"] and mark != "/":
            return found.group()  # 12-34-56 and 1.2.34 are more often something else
        spoken_year = _any_year(found["year"] or found["short"])
        is_day_first = (day_first or mark == "." or first > 12) and second <= 12
        day, month = (first, second) if is_day_first else (second, first)
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return found.group()
        if is_day_first:
            return f"the {ordinal(day)} of {MONTHS[month - 1]} {spoken_year}"
        return f"{MONTHS[month - 1]} {ordinal(day)} {spoken_year}"

    return rule.then(_named_dates)


# Four digits that read as a year (1100 to 2099), and ranges of years, unless things are counted.
years = Rule("date", needs=DIGITS)


@years.replaces(rf"\A({_CENTURY})(?=[.!?]?\Z)")
def _only_year(found: re.Match[str]) -> str:
    return _early_year(int(found[1]))


@years.replaces(
    rf"(?<![\w.,$£€-])({_CENTURY})(?P<joint> ?[-–—] ?|/)((?:1[0-9]|20)?[0-9]{{2}})(?![\w%°/]|[-–.,][0-9])",
    needs="-–—/",
)
def _year_range(found: re.Match[str]) -> str:
    first, last = found[1], found[3]
    if things_follow(found) or (len(last) == 4 and int(last) < int(first)):
        return found.group()
    if found["joint"] == "/":
        follows = len(last) == 2 or int(last) == int(first) + 1
        return f"{year(int(first))} {_any_year(last)}" if follows else found.group()
    return f"{year(int(first))} to {_any_year(last)}"


@years.replaces(r"\b([Ii]n|[Ss]ince|[Yy]ear|[Cc]irca) (10[0-9]{2})(?![\w%°/]|[.,:][0-9]| [a-z]+s\b)")
def _early_year_in_context(found: re.Match[str]) -> str:
    return f"{found[1]} {_early_year(int(found[2]))}"


@years.replaces(
    r"(?<![\w.,$£€#+*/=-])(?<!- )(?P<year>1[1-9][0-9]{2}|20[0-9]{2})(?P<owner>'s)?"
    r"(?![\w%°/*+=]|[.,:][0-9]| ?[-–+*=] ?[0-9])"
)
def _bare_year(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 24) : found.start()]
    counted = things_follow(found) or _COUNTING_BEFORE.search(before)
    if counted and not _YEAR_BEFORE.search(before):
        return found.group()
    return year(int(found["year"])) + (found["owner"] or "")


# "Mon-Fri" is "Monday to Friday", "Apr–Jun" "April to June"; "Sat 9am" is a day too.
day_ranges = Rule(
    "date",
    hint=Pattern(
        r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
        r"(?=[a-z]*\.?(?:(?:,? [0-9]{1,4}(?:st|nd|rd|th)?(?:, [0-9]{4})?)? ?[-–—/&]"
        r"|,? (?:to|through|thru|until|till|and|or) |, [A-Z]|,? [0-9]{1,2}(?:[:.][0-9]| ?[AaPp]\.?[Mm])))"
    ),
)
_DAY_NAME = rf"(?:{either({*WEEKDAYS, *WEEKDAYS.values()})})"
_MONTH_NAME = rf"(?:{either({*MONTHS, *(name[:3] for name in MONTHS), 'Sept'})})"
_RANGE_JOINT = r"(?: ?[-–—] ?| (?:to|through|thru|until|till) )"
_LIST_JOINT = r"(?:,? (?:and|or|&) | ?[/&] ?|, )"
_CALENDAR_NAMES = {
    **WEEKDAYS,
    **{form: name for name in MONTHS for form in (name, name[:3])},
    **{name: name for name in WEEKDAYS.values()},
    "Sept": "September",
}
_NAME_OR_JOINT = Pattern(r"[A-Z][a-z]+|\.? ?[-–—] ?|\.? ?[/&] ?|\.? thru ")


def _calendar_words(found: re.Match[str]) -> str:
    """Write out the names of days or months, "to" for a dash, "and" for a slash."""

    def spoken(part: re.Match[str]) -> str:
        written = part.group()
        if written in _CALENDAR_NAMES:
            return _CALENDAR_NAMES[written]
        return " through " if "thru" in written else " and " if "/" in written or "&" in written else " to "

    names = re.sub(r"\.(?=[ ,])", "", found[1])
    return _NAME_OR_JOINT.compiled.sub(spoken, names) + ("." if found["stop"] and kept_stop(found) else "")


day_ranges.replace(
    Pattern(rf"\b({_DAY_NAME}(?:\.?(?:{_RANGE_JOINT}|{_LIST_JOINT}){_DAY_NAME})+)\b(?P<stop>\.?)(?![\w'/-])"),
    _calendar_words,
)
day_ranges.replace(
    Pattern(rf"\b({_MONTH_NAME}\.?(?:{_RANGE_JOINT}| ?[/&] ?){_MONTH_NAME})\b(?P<stop>\.?)(?![\w'/-])"),
    _calendar_words,
)
day_ranges.replace(
    Pattern(
        rf"\b({_MONTH_NAME}\.? [0-9]{{1,4}}(?:st|nd|rd|th)?(?:, [0-9]{{4}})?) ?[-–—] ?"
        rf"(?={_MONTH_NAME}\.? [0-9]|[Pp]resent\b|[Nn]ow\b|today\b)"
    ),
    r"\1 to ",
)
day_ranges.replace(
    Pattern(
        rf"(?<![\w.,/-])([0-9]{{1,2}}(?:st|nd|rd|th)? {_MONTH_NAME}\.?(?: [0-9]{{4}})?) ?[-–—] ?"
        rf"(?=[0-9]{{1,2}}(?:st|nd|rd|th)? {_MONTH_NAME}\b)"
    ),
    r"\1 to ",
)


@day_ranges.replaces(
    rf"\b({either(WEEKDAYS)})\.?(,?) (?=[0-9]{{1,2}}(?:[:.][0-9]{{2}})? ?(?:[AaPp]\.?[Mm]\b|[-–—] ?[0-9]{{1,2}}\b)"
    r"|[0-9]{1,2}:[0-9]{2})",
    needs=DIGITS,
)
def _day_before_time(found: re.Match[str]) -> str:
    return f"{WEEKDAYS[found[1]]}{found[2]} "


# Times: "3:30 p.m." becomes "three thirty PM", "8am" "eight AM", "12:00" "twelve o'clock".
times = Rule("time", needs=DIGITS)
_HALF = r"(?P<{0}>[AaPp])\.? ?[Mm]\b\.?"
_CLOCK = r"(?P<{0}>2[0-4]|[01]?[0-9])(?:[:.](?P<{1}>[0-5][0-9]))?"
# With seconds, a time stands behind one of these words or before a zone; elsewhere it is a duration ("ran 2:05:30").
_TIME_BEFORE = Pattern(
    r"\b(?:at|by|until|till|since|before|after|from|around|about|past|exactly|is|was|it's|now|clock|time)[:,]? \Z",
    re.IGNORECASE,
)
_LETTERS = "|".join(r"\.?".join(zone) for zone in sorted(TIME_ZONES, key=len, reverse=True) if len(zone) > 2)


def _clock(hour: str, minute: str | None, *, half: bool = False) -> str:
    """Hours and minutes; on the hour "o'clock" stands in for the half of the day."""
    value = int(hour)
    if minute is None:
        return cardinal(value)
    if minute == "00":
        if half:
            return cardinal(value)
        if value in (0, 24):
            return "midnight"
        return f"{cardinal(value)} o'clock" if value <= 12 else f"{cardinal(value)} hundred"
    spoken = f"oh {cardinal(int(minute))}" if minute.startswith("0") else cardinal(int(minute))
    return f"{cardinal(value)} {spoken}"


def _half(found: re.Match[str], group: str) -> str:
    """Give " AM" or " PM", and the full stop again where the abbreviation ends the sentence."""
    return f" {found[group].upper()}M{kept_stop(found)}"


@times.replaces(r"\b(UTC|GMT) ?([+−-][0-9]{1,2}(?::?[0-9]{2})?)(?![\w:]|\.[0-9])", needs=("UTC", "GMT"))
def _offset(found: re.Match[str]) -> str:
    """Speak "UTC+2" and "GMT-05:30" """
    sign, number = "plus" if found[2][0] == "+" else "minus", found[2][1:]
    hours, minutes = (number[:-2].rstrip(":"), int(number[-2:])) if len(number) > 2 else (number, 0)
    return f"{found[1]} {sign} {cardinal(int(hours))}{f' {cardinal(minutes)}' if minutes else ''}"


@times.replaces(
    rf"(?<![\w.:,$]){_CLOCK.format('h1', 'm1')}(?: ?{_HALF.format('half1')})? ?(?:-|–|—) ?"
    rf"{_CLOCK.format('h2', 'm2')}(?: ?{_HALF.format('half2')})(?!\w)",
    needs="-–—",
)
def _range_with_half(found: re.Match[str]) -> str:
    first = _clock(found["h1"], found["m1"], half=True)
    if found["half1"]:
        first += f" {found['half1'].upper()}M"
    return f"{first} to {_clock(found['h2'], found['m2'], half=True)}{_half(found, 'half2')}"


@times.replaces(
    r"(?<![\w.:,$])(2[0-4]|[01]?[0-9]):([0-5][0-9]) ?[-–—] ?(2[0-4]|[01]?[0-9]):([0-5][0-9])(?![\w:])", needs=":"
)
def _range(found: re.Match[str]) -> str:
    return f"{_clock(found[1], found[2])} to {_clock(found[3], found[4])}"


_ZONE_FOLLOWS = Pattern(rf" ?(?:{_LETTERS}|[ECMP]T|Z)\b")
# "2h30m" is "two hours thirty minutes"; the unit of the last part may be missing.
_DURATION_UNITS = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_DURATION_PART = Pattern(r"([0-9]{1,4}(?:\.[0-9]+)?) ?([a-z]*)")


@times.replaces(
    r"(?<![\w.,:/-])(?:[0-9]{1,3}h[0-5][0-9]|[0-9]{1,3} ?(?:wks?|w|days?|d|hrs?|h|mins?|m)"
    r"(?: ?[0-9]{1,3}(?:\.[0-9]+)? ?(?:days?|d|hrs?|h|mins?|m|secs?|s)){1,4})(?![\w'/-]|[.,][0-9])",
    needs="dhmw",
)
def _joined_duration(found: re.Match[str]) -> str:
    parts = [(number, unit[:1] or "m") for number, unit in _DURATION_PART.compiled.findall(found.group())]
    order = ["wdhms".index(unit) for _, unit in parts]
    if order != sorted(set(order)):
        return found.group()  # not from the longest to the shortest
    numbers = [(number.lstrip("0") or "0", _DURATION_UNITS[unit]) for number, unit in parts]
    return " ".join(f"{decimal(number)} {unit if number == '1' else unit + 's'}" for number, unit in numbers)


# "at 14.45", "from 9.30 to 17.00", "6.45 tonight": a full stop for the colon, where nothing else is meant.
_dotted_times = Rule("time", hint=Pattern(r"\.[0-5][0-9]"))
_DOTTED = r"(2[0-3]|[01]?[0-9])\.([0-5][0-9])"
_PART_OF_DAY = (
    r"(?= (?:tonight|today|tomorrow|yesterday|sharp|in the (?:morning|afternoon|evening)|at night|o'clock|hours|hrs)\b)"
)
_VALUE_BEFORE = Pattern(
    r"\b(?:values?d?|prices?d?|rates?d?|shares?|stocks?|ind(?:ex|ices)|trad\w+|sold|sells?|settl\w+"
    r"|worth|stands?|stood|pH|averag\w*|mean|scor\w+|odds|ratio|versions?|pegged|bought|rose|fell|grew|estimated|measured"
    r"|constant|level\w*|set|fixed|cap\w*|peak\w*|quot\w+|GPA|diluted|p|significan\w+|dollars?|euros?|pounds?|percent|rises?"
    r"|falls?|growth|increas\w+|decreas\w+|rang\w+|var\w+)\b"
)


@_dotted_times.replaces(
    rf"\b(?P<before>[Aa]t|[Uu]ntil|[Tt]ill) {_DOTTED}"
    r"(?=[,;:!?)]|\.?(?:\Z|\s*\n| [A-Z])| (?:on|in the|and|or|for|to|today|tomorrow|tonight|sharp|the|every"
    r"|this|next|when|we|he|she|they|I|you|it|precisely|exactly|local|UTC|GMT|CET|EST)\b)",
)
def _dotted_time(found: re.Match[str]) -> str:
    if _VALUE_BEFORE.search(found.string[max(0, found.start() - 60) : found.start()]):
        return found.group()
    return f"{found['before']} {_clock(found[2], found[3])}"


@_dotted_times.replaces(
    rf"(?P<before>\b(?:[Ff]rom|[Bb]etween|[Oo]pen|[Dd]aily|[Hh]ours:?) )?(?<![\w.,:$£€]){_DOTTED}"
    r"(?P<joint> (?:to|until|till|and) | ?[-–—] ?)"
    r"(2[0-4]|[01]?[0-9])\.([0-5][05])(?![\w%:]|\.[0-9]"
    r"| (?:percent|million|billion|[a-z]{1,3}\b(?<! in)(?<! on)(?<! and)(?<! or)))"
    r"(?P<hours> (?:hrs|hours)\b)?",
)
def _dotted_range(found: re.Match[str]) -> str:
    is_time = found["before"] and not _VALUE_BEFORE.search(found.string[max(0, found.start() - 60) : found.start()])
    if not (is_time or found["hours"]) or found[3][1] not in "05":
        return found.group()
    joint = found["joint"] if found["joint"].strip().isalpha() else " to "
    last = f"{_clock(found[5], found[6])}{found['hours'] or ''}"
    return f"{found['before'] or ''}{_clock(found[2], found[3])}{joint}{last}"


@_dotted_times.replaces(rf"(?<![\w.,:$£€]){_DOTTED}{_PART_OF_DAY}")
def _dotted_time_of_day(found: re.Match[str]) -> str:
    if _VALUE_BEFORE.search(found.string[max(0, found.start() - 60) : found.start()]):
        return found.group()
    return _clock(found[1], found[2])


times.then(_dotted_times)


@times.replaces(r"(?<![\w.:])([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])(\.[0-9]+)?(?![\w:])(?! ?[AaPp]\.?[Mm])", needs=":")
def _duration(found: re.Match[str]) -> str:
    before = found.string[max(0, found.start() - 12) : found.start()]
    is_time = _ZONE_FOLLOWS.match(found.string, found.end()) or (not found[4] and _TIME_BEFORE.search(before))
    if int(found[1]) < 25 and is_time:
        spoken = _clock(found[1], found[2])
        second = decimal(found[3].lstrip("0") + (found[4] or "")) if found[4] else cardinal(int(found[3]))
        return (
            spoken
            if found[3] == "00" and not found[4]
            else f"{spoken} and {second} second{'s' if second != 'one' else ''}"
        )
    hours, minutes, seconds = (int(value) for value in found.groups()[:3])
    counts = [(cardinal(hours), hours, "hour"), (cardinal(minutes), minutes, "minute")]
    parts = [f"{words} {unit if value == 1 else unit + 's'}" for words, value, unit in counts if value]
    if found[4]:
        parts.append(f"{decimal(str(seconds) + found[4])} seconds")
    elif seconds or not parts:
        parts.append(f"{cardinal(seconds)} {'second' if seconds == 1 else 'seconds'}")
    return " and ".join([" ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


@_dotted_times.replaces(
    rf"(?<![\w.:,$])(?P<hour>1[0-2]|0?[1-9])\.(?P<minute>[0-5][0-9])(?:[.:](?P<second>[0-5][0-9]))?"
    rf" ?{_HALF.format('half')}(?![\w:])",
)
@times.replaces(
    rf"(?<![\w.:,$])(?P<hour>2[0-4]|[01]?[0-9]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    rf"(?: ?{_HALF.format('half')})?(?![\w:])",
    needs=":",
)
def _time(found: re.Match[str]) -> str:
    spoken = _clock(found["hour"], found["minute"], half=bool(found["half"]))
    if found["second"]:
        seconds = int(found["second"])
        spoken += f" and {cardinal(seconds)} second{'' if seconds == 1 else 's'}"
    return spoken + _half(found, "half") if found["half"] else spoken


@times.replaces(rf"(?<![\w.:,$/])(?P<hour>1[0-2]|0?[1-9]) ?{_HALF.format('half')}(?!\w)", needs="mM")
def _hour(found: re.Match[str]) -> str:
    return _clock(found["hour"], None) + _half(found, "half")


@times.replaces(rf"(?<=[AP]M) ({_LETTERS})\b\.?(?!\w)", re.IGNORECASE)
def _zone(found: re.Match[str]) -> str:
    return " " + found[1].replace(".", "").upper() + kept_stop(found)


@times.replaces(r"(?<![\w.:])([0-9]{1,4}):([0-9]{1,4})(?![\w:])", needs=":")
def _ratio(found: re.Match[str]) -> str:
    return f"{cardinal(int(found[1]))} to {cardinal(int(found[2]))}"
