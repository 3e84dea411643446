"""One entry of a sentences file: its fields, the names that they may have, and the conversion of its option values."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tts.errors import UsageError
from tts.options import BATCH_COLUMNS, OPTIONS

OPTION_NAMES = tuple(name for name in BATCH_COLUMNS if name != "voice")
"""What an entry may set beside its id, voice and text."""
KNOWN_NAMES = ("id", "voice", "text", *OPTION_NAMES)
LONGEST_NAME = 1000
"""In characters, of a voice, vocoder and the like; no path is longer on most systems."""

# Above the default of difflib, 0.6, so that a column "speaker" is ignored and not taken for a typo of "speed".
_SIMILARITY = 0.8
_LONGEST_TYPO = 40

# Stricter than Python's numbers: no 1_000, no digits of other scripts, no nan.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_LONGEST_NUMBER = 60
_LARGEST_NUMBER = 2**64

# Surrogates, and code points that Unicode defines as noncharacters.
_NONCHARACTERS = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
)
# C0, delete and C1 controls; in a text, tab and line feed are whitespace.
_CONTROL_IN_TEXT = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_NONCHARACTERS}]")
_CONTROL_IN_NAME = re.compile(f"[\x00-\x1f\x7f-\x9f{_NONCHARACTERS}]")


@dataclass(frozen=True)
class Entry:
    """One utterance as requested; only the layout of its line has been checked."""

    line: int
    """Number of its first line, from 1."""
    id: str | None = None
    text: str = ""
    voice: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """By the names of `OPTION_NAMES`; all values from a CSV are strings."""
    problem: str | None = None
    """Why the line cannot be read, in one sentence."""


def plain_name(name: str) -> str:
    """A column or key in the spelling of `KNOWN_NAMES`: `Sample-Rate` → `sample_rate`."""
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def find_typo(names: Iterable[str], present: frozenset[str]) -> str | None:
    """The first name that looks like a typo of a known one, as the end of a message: "'txt'; did you mean text?".

    Known names that are `present` already are not suggested.
    """
    for name in names:
        if len(name) <= _LONGEST_TYPO and (near := _similar_names(name, present)):
            return f"{name!r}; did you mean {near[0]}?"
    return None


@lru_cache(maxsize=256)
def _similar_names(name: str, present: frozenset[str]) -> list[str]:
    candidates = [known for known in KNOWN_NAMES if known not in present]
    return difflib.get_close_matches(plain_name(name), candidates, n=1, cutoff=_SIMILARITY)


def convert_option(name: str, value: Any) -> str | int | float:
    """The value of an option in the option's type; `SynthesisOptions` checks the limits.

    Raises:
        UsageError: the value has another type or cannot be converted.
    """
    kind = OPTIONS[name].kind
    shown_name = name.replace("_", "-")
    if kind not in (int, float):
        return check_name(f"The {shown_name}", value)

    number: Any = value
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
            number = None
        else:
            # Without point and exponent it may be a seed, which has more digits than a float.
            number = int(text) if text.lstrip("+-").isdigit() else float(text)
    is_number = type(number) in (int, float) and abs(number) <= _LARGEST_NUMBER
    if not is_number or (kind is int and number != int(number)):
        raise UsageError(f"{shown_name} must be a {'whole ' if kind is int else ''}number, not {show_value(value)}.")
    # Adding zero turns a negative zero into zero.
    return int(number) if kind is int else float(number) + 0.0


def check_name(subject: str, value: Any) -> str:
    """A name, which may be a path, as it is.

    Raises:
        UsageError: it is no string or cannot be a name; the message begins with `subject`.
    """
    if not isinstance(value, str):
        raise UsageError(f"{subject} must be a string, not {show_value(value)}.")
    if len(value) > LONGEST_NAME:
        raise UsageError(f"{subject} has {len(value):,} characters; a name has at most {LONGEST_NAME:,}.")
    if control := describe_control_in_name(value):
        raise UsageError(f"{subject} has {control}")
    return value


def show_value(value: Any) -> str:
    """A value of an entry for a message, shortened."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    shown = repr(value) if isinstance(value, str) else json.dumps(value)
    return shown if len(shown) <= _LONGEST_NUMBER else f"{shown[:_LONGEST_NUMBER]}…"


def describe_control_in_text(text: str) -> str | None:
    """The first control character and its position, as the end of a message; None: the text has none."""
    return _describe_control(_CONTROL_IN_TEXT, text)


def describe_control_in_name(name: str) -> str | None:
    """The same for a name, in which tabs and line breaks are control characters too."""
    return _describe_control(_CONTROL_IN_NAME, name)


def _describe_control(controls: re.Pattern[str], text: str) -> str | None:
    # Most texts are printable, and `isprintable` is twenty times as fast as the pattern.
    if text.isprintable() or (found := controls.search(text)) is None:
        return None
    return f"a control character, U+{ord(found.group()):04X}, as its character {found.start() + 1:,}: remove it."
