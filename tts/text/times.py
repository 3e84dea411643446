"""Times of day and durations written with colons, as words."""

import re

from tts.text.boundaries import stop_ends_sentence
from tts.text.numbers import cardinal
from tts.text.spoken import SpokenText

_HALF = r"(?P<{0}>[AaPp])\.? ?[Mm]\b\.?"
_CLOCK = r"(?P<{0}>[01]?[0-9]|2[0-4])(?::(?P<{1}>[0-5][0-9]))?"
_ZONE = re.compile(r"(?<=M) ([A-Za-z])\.([A-Za-z])\.([A-Za-z])\b\.?(?= |\Z)")
_RANGE = re.compile(
    rf"(?<![\w.:,$]){_CLOCK.format('h1', 'm1')}(?: ?{_HALF.format('half1')})? ?(?:-|–|—) ?"
    rf"{_CLOCK.format('h2', 'm2')}(?: ?{_HALF.format('half2')})(?!\w)"
)
_COLON_RANGE = re.compile(
    r"(?<![\w.:,$])([01]?[0-9]|2[0-4]):([0-5][0-9]) ?[-–] ?([01]?[0-9]|2[0-4]):([0-5][0-9])(?![\w:])"
)
_DURATION = re.compile(r"(?<![\w.:])([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])(?![\w:])(?! ?[AaPp]\.?[Mm])")
_TIME = re.compile(
    rf"(?<![\w.:,$])(?P<hour>[01]?[0-9]|2[0-4]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    rf"(?: ?{_HALF.format('half')})?(?![\w:])"
)
_HOUR = re.compile(rf"(?<![\w.:,$/])(?P<hour>1[0-2]|0?[1-9]) ?{_HALF.format('half')}(?!\w)")
_RATIO = re.compile(r"(?<![\w.:])([0-9]{1,4}):([0-9]{1,4})(?![\w:])")
_HALF_ALONE = re.compile(r"\b([ap])\.m\b\.?|(?<=\w )\b([AP])\.M\b\.?|(?<=[a-z] )\b(A)M\b(?= |[.,;:!?]|\Z)")
_HALVES = {"a": "A-M", "p": "PM"}


def speak_times(text: SpokenText) -> SpokenText:
    """Replace times: "3:30 p.m." becomes "three thirty PM", "8am" "eight A-M", "12:00" "twelve o'clock".

    The morning is written "A-M" because espeak-ng reads "AM" as the verb.
    """
    text = text.sub(_RANGE, _range)
    text = text.sub(_COLON_RANGE, lambda f: f"{_clock(f[1], f[2])} to {_clock(f[3], f[4])}")
    text = text.sub(_DURATION, _duration)
    text = text.sub(_TIME, _time)
    text = text.sub(_HOUR, lambda found: _clock(found["hour"], None) + _half(found, "half"))
    text = text.sub(_HALF_ALONE, _half_alone)
    text = text.sub(_ZONE, lambda found: " " + "".join(found.groups()).upper())
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
    """Give " A-M" or " PM", and the full stop again where the abbreviation ends the sentence."""
    return " " + _HALVES[found[group].lower()] + _kept_stop(found)


def _kept_stop(found: re.Match[str]) -> str:
    written = found.group()
    last = found.end() - 1
    return "." if written.endswith(".") and stop_ends_sentence(found.string, last) else ""


def _range(found: re.Match[str]) -> str:
    first = _clock(found["h1"], found["m1"], half=True)
    if found["half1"]:
        first += " " + _HALVES[found["half1"].lower()]
    return f"{first} to {_clock(found['h2'], found['m2'], half=True)}{_half(found, 'half2')}"


def _duration(found: re.Match[str]) -> str:
    parts = [
        f"{cardinal(int(value))} {unit if int(value) == 1 else unit + 's'}"
        for value, unit in zip(found.groups(), ("hour", "minute", "second"), strict=True)
        if int(value)
    ]
    if not parts:
        return "zero seconds"
    return " and ".join([" ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _time(found: re.Match[str]) -> str:
    spoken = _clock(found["hour"], found["minute"], half=bool(found["half"]))
    if found["second"]:
        spoken += f" and {cardinal(int(found['second']))} seconds"
    return spoken + _half(found, "half") if found["half"] else spoken


def _half_alone(found: re.Match[str]) -> str:
    letter = next(group for group in found.groups() if group)
    return _HALVES[letter.lower()] + _kept_stop(found)
