"""What a line says of an option, as the option has it: a CSV has strings only, JSON has types of its own."""

from __future__ import annotations

import re
from typing import Any, get_args, get_type_hints

from tts.batch.characters import control_in_name
from tts.errors import UsageError
from tts.synthesis.options import SynthesisOptions

# Not all that Python takes for a number: no 1_000, no digits of other scripts, no nan.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_LONGEST_NUMBER = 60
_LARGEST = 2**64
LONGEST_NAME = 1000
"""In characters, of a voice, vocoder and the like; no path is longer on most systems."""


def converted(name: str, value: Any) -> str | int | float:
    """An option's value with the option's type.

    Raises:
        UsageError: it cannot be one; whether it lies between the option's limits, `SynthesisOptions` says.
    """
    kind = _KINDS[name]
    if kind is str:
        return checked_name(f"The {_spoken(name)}", value)
    number = _number(value)
    whole = kind is int
    if number is None or (whole and number != int(number)):
        raise UsageError(f"{_spoken(name)} must be a {'whole ' if whole else ''}number, not {_shown(value)}.")
    # A negative zero is nothing that anybody asks for.
    return int(number) if whole else float(number) + 0.0


def checked_name(what: str, value: Any) -> str:
    """A name of something, which may be a path.

    Raises:
        UsageError: it is no string, or cannot be a name; `what` begins the sentence.
    """
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a string, not {_shown(value)}.")
    if len(value) > LONGEST_NAME:
        raise UsageError(f"{what} has {len(value):,} characters; a name has at most {LONGEST_NAME:,}.")
    if control := control_in_name(value):
        raise UsageError(f"{what} has {control}")
    return value


def _number(value: Any) -> int | float | None:
    if isinstance(value, str):
        value = value.strip()
        if len(value) > _LONGEST_NUMBER or not _NUMBER.fullmatch(value):
            return None
        # What has neither point nor exponent may be a seed of more digits than a float has.
        value = int(value) if value.lstrip("+-").isdigit() else float(value)
    if type(value) not in (int, float) or not abs(value) <= _LARGEST:
        return None
    number: int | float = value
    return number


def _kind(hint: Any) -> type:
    return next((kind for kind in (float, int) if kind is hint or kind in get_args(hint)), str)


def _spoken(name: str) -> str:
    return name.replace("_", "-")


def _shown(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_NUMBER else f"{shown[:_LONGEST_NUMBER]}…"


_KINDS = {name: _kind(hint) for name, hint in get_type_hints(SynthesisOptions).items()}
_KINDS |= {"format": str, "sample_rate": int}
