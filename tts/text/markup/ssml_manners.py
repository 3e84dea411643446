"""How SSML's prosody and emphasis name speed, pitch and volume, as changes on top of what is asked for the whole."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from tts.text.markup.remarks import Remarks, quoted
from tts.text.passage import Manner

SILENT = -60.0
"""The gain, in dB, of volume="silent"."""

EMPHASIS = {
    "strong": Manner(speed=0.88, pitch=1.0, energy=1.25, volume=3.0),
    "moderate": Manner(speed=0.94, pitch=0.5, energy=1.1, volume=1.5),
    "none": Manner(),
    "reduced": Manner(speed=1.08, pitch=-0.5, energy=0.9, volume=-2.0),
}
"""How much of everything: SSML names the levels and leaves the amounts open. Speed and volume alone carry it too."""

_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "fast": 1.25, "x-fast": 1.6, "default": 1.0}
_PITCHES = {"x-low": -4.0, "low": -2.0, "medium": 0.0, "high": 2.0, "x-high": 4.0, "default": 0.0}
_VOLUMES = {
    **{"silent": SILENT, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "loud": 4.0, "x-loud": 8.0, "default": 0.0},
}
_NUMBER = re.compile(r"([+-]?)([0-9]{0,9}\.?[0-9]{1,9}|[0-9]{1,9}\.)\s{0,9}(%|st|dB|)", re.IGNORECASE | re.ASCII)
# Beyond these speech turns into noise; they are the limits of the command line's flags.
_LIMITS = {"speed": (0.25, 4.0), "pitch": (-12.0, 12.0), "volume": (SILENT, 30.0)}


def changed(manner: Manner, attribute: str, written: str, remarks: Remarks) -> Manner | None:
    """The manner with a prosody attribute (rate, pitch, volume) carried out; None where its value is not understood."""
    asked = _READERS[attribute](written.strip())
    if asked is None:
        return None
    name = "speed" if attribute == "rate" else attribute
    low, high = _LIMITS[name]
    value = min(max(asked, low), high)
    if value != asked:
        remarks.add(f"{attribute}={quoted(written)} is more than can be done: it is taken as a {name} of {value:g}.")
    return replace(manner, **{name: round(value, 4)})


def _rate(written: str) -> float | None:
    """x-slow … x-fast, "80%" and "0.8" (of the normal), "+10%" and "-10%" (beside it)."""
    if written.lower() in _RATES:
        return _RATES[written.lower()]
    sign, value, unit = _number(written)
    if unit == "%":
        return _factor(sign, value)
    return value if unit == "" and not sign and value > 0 else None


def _pitch(written: str) -> float | None:
    """x-low … x-high, "+2st" (semitones), "+10%" and "-10%", in semitones."""
    if written.lower() in _PITCHES:
        return _PITCHES[written.lower()]
    sign, value, unit = _number(written)
    if unit == "st":
        return -value if sign == "-" else value
    factor = _factor(sign, value) if unit == "%" else None
    return 12 * math.log2(factor) if factor else None


def _volume(written: str) -> float | None:
    """silent … x-loud, "+6dB", "0" to "100" (of the normal), "+10" and "-10" (beside it; also with "%"), in dB."""
    if written.lower() in _VOLUMES:
        return _VOLUMES[written.lower()]
    sign, value, unit = _number(written)
    if unit == "db":
        return -value if sign == "-" else value
    if unit not in ("", "%") or (unit == "" and value > 100):
        return None
    factor = 0.0 if value == 0 and not sign else _factor(sign, value)
    if factor is None:
        return SILENT if sign == "-" else None
    return 20 * math.log10(factor) if factor else SILENT


def _number(written: str) -> tuple[str, float, str]:
    """Sign, value and unit; the unit is "?" where it is no number or one of another unit."""
    found = _NUMBER.fullmatch(written)
    return (found[1], float(found[2]), found[3].lower()) if found else ("", 0.0, "?")


def _factor(sign: str, percent: float) -> float | None:
    """80 is 0.8, +10 is 1.1, -10 is 0.9; None where nothing is left."""
    share = {"": percent, "+": 100 + percent, "-": 100 - percent}[sign] / 100
    return share if share > 0 else None


_READERS = {"rate": _rate, "pitch": _pitch, "volume": _volume}
