"""How long pauses are, and how their length is written."""

from __future__ import annotations

import re

from tts.text.markup.remarks import Remarks, quoted

LONGEST_PAUSE = 30.0
"""Seconds; more is a slip of the pen."""

MEDIUM_PAUSE = 0.5
"""Seconds of a pause whose length nobody says."""

_LENGTH = re.compile(
    r"([+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+))\s*(?:(m|milli)?(?:s|secs?|seconds?))", re.IGNORECASE | re.ASCII
)


def seconds(written: str) -> float | None:
    """The length that "0.5s" or "500ms" says, in seconds; None where it is neither."""
    found = _LENGTH.fullmatch(written.strip())
    if not found:
        return None
    value = float(found[1].replace(",", "."))
    return value / 1000 if found[2] else value


def pause_seconds(written: str, remarks: Remarks) -> float | None:
    """The same for a pause: what is below 0 or above 30 seconds becomes that, and the author is told."""
    asked = seconds(written)
    if asked is None:
        return None
    given = min(max(asked, 0.0), LONGEST_PAUSE)
    if given != asked:
        remarks.add(f"A pause lasts 0 to {LONGEST_PAUSE:g} seconds: {quoted(written)} is taken as {given:g} s.")
    return given
