"""Dates and times that SSML's say-as gives an order for, as English words."""

from __future__ import annotations

import re
from itertools import groupby

from tts.text.languages.english import MONTH_NUMBERS, MONTHS
from tts.text.languages.english.numbers import cardinal, ordinal, year

_ORDERS = frozenset({"mdy", "dmy", "ymd", "ydm", "md", "dm", "my", "ym", "y", "m", "d"})
_PART = re.compile(r"([0-9]+)(?:st|nd|rd|th)?(?![A-Za-z0-9])|([A-Za-z]+)\.?", re.IGNORECASE | re.ASCII)
_BETWEEN = re.compile(r"[\s./,–-]*")
_CLOCK = re.compile(
    r"([0-9]{1,2})(?:[:.h]([0-9]{2})(?:[:.]([0-9]{2}))?)?(?: ?([ap])\.?m\.?)?|([0-9]{2})([0-9]{2})",
    re.IGNORECASE | re.ASCII,
)
_LASTING = re.compile(
    r"(?:([0-9]{1,6}) ?(?:h|hrs?|hours?))? ?(?:([0-9]{1,6}) ?(?:m|mins?|minutes?|'|′|’))?"
    r" ?(?:([0-9]{1,6}) ?(?:s|secs?|seconds?|''|\"|″|”))?",
    re.IGNORECASE | re.ASCII,
)
_HALVES = {"a": "A-M", "p": "PM"}  # espeak-ng reads "AM" as the verb


def date(written: str, form: str = "", language: str = "en-us") -> str | None:
    """Speak a date whose fields stand in the order of `form` ("mdy", "yyyymmdd", "dd-mm-yyyy"); None if it is none.

    Without one, four digits are the year, and between day and month the language decides.
    """
    order = "".join(letter for letter, _ in groupby(re.sub("[^a-z]", "", form.lower())))
    if order and order not in _ORDERS:
        return None
    if "?" in written:  # an unknown year: ????0922
        written, order = written.replace("?", ""), order.replace("y", "")
    parts = _parts(written)
    if not parts:
        return None
    if not order and len(parts) == 1 and len(parts[0]) == 8:
        order = "ymd"
    if len(parts) == 1 and order and len(parts[0]) > 2:
        parts = _taken_apart(parts[0], order)
    return _spoken(parts, order or _guessed(parts, language))


def _parts(written: str) -> list[str]:
    """The numbers and names of a date; nothing where something else stands there."""
    parts = [found[1] or found[2] for found in _PART.finditer(written)]
    if _BETWEEN.fullmatch(_PART.sub("", written)):
        return [part for part in parts if part.lower() not in {"the", "of"}]
    return []


def _taken_apart(run: str, order: str) -> list[str]:
    """The fields of digits without marks between: two digits each, but a year may have four."""
    width = {"m": 2, "d": 2, "y": len(run) - 2 * (len(order) - 1)}
    parts = []
    for field in order:
        parts.append(run[: width[field]])
        run = run[width[field] :]
    return [*parts, run] if run else parts


def _guessed(parts: list[str], language: str) -> str:
    if len(parts) == 1:
        return "y" if len(parts[0]) > 2 else "d"
    day_first = language.lower() not in {"en", "en-us"} or (parts[0].isdigit() and int(parts[0][:3]) > 12)
    if len(parts) == 2:
        if len(parts[1]) == 4 and parts[1].isdigit():
            return "my"
        return "ym" if len(parts[0]) == 4 and parts[0].isdigit() else "dm" if day_first else "md"
    return "ymd" if len(parts[0]) == 4 and parts[0].isdigit() else "dmy" if day_first else "mdy"


def _spoken(parts: list[str], order: str) -> str | None:
    named = [n for n, part in enumerate(parts) if not part.isdigit()]
    if len(parts) != len(order) or len(named) > 1:
        return None
    if named:
        # A month by its name tells itself: the other fields keep their order around it.
        if "m" not in order:
            return None
        rest = order.replace("m", "")
        order = rest[: named[0]] + "m" + rest[named[0] :]
    return _in_words(dict(zip(order, parts, strict=True)), order)


def _in_words(fields: dict[str, str], order: str) -> str | None:
    month = _month(fields["m"]) if "m" in fields else ""
    day = _day(fields["d"]) if "d" in fields else ""
    if month is None or day is None or len(fields.get("y", "")) > 4:
        return None
    spoken_year = _year(fields["y"]) if "y" in fields else ""
    if not day:
        return f"{month} {spoken_year}".strip()
    if not month:
        return f"{day}, {spoken_year}" if spoken_year else day
    words = f"the {day} of {month}" if order.index("d") < order.index("m") else f"{month} {day}"
    return f"{words}, {spoken_year}" if spoken_year else words


def _month(written: str) -> str | None:
    number = int(written[:3]) if written.isdigit() else MONTH_NUMBERS.get(written.lower(), 0)
    return MONTHS[number - 1] if 1 <= number <= 12 else None


def _day(written: str) -> str | None:
    number = int(written[:3])
    return ordinal(number) if 1 <= number <= 31 else None


def _year(written: str) -> str:
    value = int(written)
    if len(written) == 2 and value < 10:
        return f"oh {cardinal(value)}" if value else "two thousand"
    return year(value)


def time(written: str) -> str | None:
    """Speak a time of day ("2:30pm", "14:30", "1430"), or how long something takes (1'21", 2h 5m)."""
    if found := _CLOCK.fullmatch(written):
        return _clock(found[1] or found[5], found[2] or found[6], found[3], found[4])
    found = _LASTING.fullmatch(written)
    counts = list(zip(found.groups(), ("hour", "minute", "second"), strict=True)) if found else []
    words = [f"{cardinal(int(n))} {name if int(n) == 1 else name + 's'}" for n, name in counts if n]
    return " ".join(words) or None


def _clock(hour: str, minute: str | None, second: str | None, half: str | None) -> str | None:
    if int(hour) > (12 if half else 24) or int(minute or 0) > 59 or int(second or 0) > 59:
        return None
    words = cardinal(int(hour))
    if minute and int(minute):
        words += f" {'oh ' if minute.startswith('0') else ''}{cardinal(int(minute))}"
    elif not half:
        words = _on_the_hour(int(hour))
    if second and int(second):
        words += f" and {cardinal(int(second))} second{'' if int(second) == 1 else 's'}"
    return f"{words} {_HALVES[half.lower()]}" if half else words


def _on_the_hour(hour: int) -> str:
    if hour in (0, 24):
        return "midnight"
    return f"{cardinal(hour)} o'clock" if hour <= 12 else f"{cardinal(hour)} hundred"
