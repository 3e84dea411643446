"""Times of day and durations written with colons, as words."""

import re

from tts.text.english.abbreviation_table import TIME_ZONES
from tts.text.english.numbers import cardinal, decimal
from tts.text.english.stops import kept_stop
from tts.text.patterns import Pattern
from tts.text.spoken import SpokenText

_HALF = r"(?P<{0}>[AaPp])\.? ?[Mm]\b\.?"
_CLOCK = r"(?P<{0}>2[0-4]|[01]?[0-9])(?::(?P<{1}>[0-5][0-9]))?"
_RANGE = Pattern(
    rf"(?<![\w.:,$]){_CLOCK.format('h1', 'm1')}(?: ?{_HALF.format('half1')})? ?(?:-|–|—) ?"
    rf"{_CLOCK.format('h2', 'm2')}(?: ?{_HALF.format('half2')})(?!\w)",
    needs="-–—",
)
_COLON_RANGE = Pattern(
    r"(?<![\w.:,$])(2[0-4]|[01]?[0-9]):([0-5][0-9]) ?[-–—] ?(2[0-4]|[01]?[0-9]):([0-5][0-9])(?![\w:])", needs=":"
)
_DURATION = Pattern(
    r"(?<![\w.:])([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])(\.[0-9]+)?(?![\w:])(?! ?[AaPp]\.?[Mm])", needs=":"
)
_TIME = Pattern(
    rf"(?<![\w.:,$])(?P<hour>2[0-4]|[01]?[0-9]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    rf"(?: ?{_HALF.format('half')})?(?![\w:])",
    needs=":",
)
_HOUR = Pattern(rf"(?<![\w.:,$/])(?P<hour>1[0-2]|0?[1-9]) ?{_HALF.format('half')}(?!\w)", needs="mM")
_RATIO = Pattern(r"(?<![\w.:])([0-9]{1,4}):([0-9]{1,4})(?![\w:])", needs=":")
_LETTERS = [r"\.?".join(zone) for zone in sorted(TIME_ZONES, key=len, reverse=True) if len(zone) > 2]
_ZONE = Pattern(rf"(?<=[AP]M) ({'|'.join(_LETTERS)})\b\.?(?!\w)", re.IGNORECASE)


def speak_times(text: SpokenText) -> SpokenText:
    """Replace times: "3:30 p.m." becomes "three thirty PM", "8am" "eight AM", "12:00" "twelve o'clock"."""
    text = text.sub(_RANGE, _range)
    text = text.sub(_COLON_RANGE, lambda f: f"{_clock(f[1], f[2])} to {_clock(f[3], f[4])}")
    text = text.sub(_DURATION, _duration)
    text = text.sub(_TIME, _time)
    text = text.sub(_HOUR, lambda found: _clock(found["hour"], None) + _half(found, "half"))
    text = text.sub(_ZONE, lambda found: " " + found[1].replace(".", "").upper() + kept_stop(found))
    return text.sub(_RATIO, lambda found: f"{cardinal(int(found[1]))} to {cardinal(int(found[2]))}")


def _clock(hour: str, minute: str | None, *, half: bool = False) -> str:
    """Speak hours and minutes; on the hour "o'clock" stands in for the half of the day."""
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


def _range(found: re.Match[str]) -> str:
    first = _clock(found["h1"], found["m1"], half=True)
    if found["half1"]:
        first += f" {found['half1'].upper()}M"
    return f"{first} to {_clock(found['h2'], found['m2'], half=True)}{_half(found, 'half2')}"


def _duration(found: re.Match[str]) -> str:
    hours, minutes, seconds = (int(value) for value in found.groups()[:3])
    counts = [(cardinal(hours), hours, "hour"), (cardinal(minutes), minutes, "minute")]
    parts = [f"{words} {unit if value == 1 else unit + 's'}" for words, value, unit in counts if value]
    if found[4]:
        parts.append(f"{decimal(str(seconds) + found[4])} seconds")
    elif seconds or not parts:
        parts.append(f"{cardinal(seconds)} {'second' if seconds == 1 else 'seconds'}")
    return " and ".join([" ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _time(found: re.Match[str]) -> str:
    spoken = _clock(found["hour"], found["minute"], half=bool(found["half"]))
    if found["second"]:
        spoken += f" and {cardinal(int(found['second']))} seconds"
    return spoken + _half(found, "half") if found["half"] else spoken
