"""What one entry of a sentences file says, as it stands there, and the names that its parts may have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tts.synthesis.options import SynthesisOptions

OPTION_NAMES = (*SynthesisOptions.names(), "format", "sample_rate")
"""What an entry may say of itself beside its id, voice and text."""
KNOWN_NAMES = ("id", "voice", "text", *OPTION_NAMES)

# Above difflib's own 0.6, so that "speaker" is a column of somebody's and no slip for "speed".
_NEAR = 0.8
_LONGEST_SLIP = 40


@dataclass(frozen=True)
class Entry:
    """One utterance as it is asked for; nothing of it is checked but the layout of its line."""

    line: int
    """Where it begins, from 1 on."""
    id: str | None = None
    text: str = ""
    voice: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """By names of `OPTION_NAMES`; from a CSV all values are strings."""
    problem: str | None = None
    """Why the line cannot be read, in one sentence."""


def plain_name(name: str) -> str:
    """A column or key as `KNOWN_NAMES` spells it: `Sample-Rate` is sample_rate."""
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def slip_among(names: Iterable[str], taken: frozenset[str]) -> str | None:
    """What to say of the first name that is a slip for a known one: "'txt'; did you mean text?".

    What is `taken` is there by its own name, so that none of the others is meant as it.
    """
    near = ((name, _known_name_near(name, taken)) for name in names if len(name) <= _LONGEST_SLIP)
    return next((f"{name!r}; did you mean {meant}?" for name, meant in near if meant is not None), None)


@lru_cache(maxsize=256)
def _known_name_near(name: str, taken: frozenset[str]) -> str | None:
    near = difflib.get_close_matches(plain_name(name), [n for n in KNOWN_NAMES if n not in taken], n=1, cutoff=_NEAR)
    return near[0] if near else None
