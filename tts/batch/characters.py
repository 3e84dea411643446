"""Characters that no text of a person has: what stands there is a slip, or another kind of file."""

from __future__ import annotations

import re

# Half surrogate pairs, and what Unicode says is no character.
_NONE = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
)
# C0, delete and C1; in a text, tab and line feed are blanks.
_IN_TEXT = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_NONE}]")
_IN_NAME = re.compile(f"[\x00-\x1f\x7f-\x9f{_NONE}]")


def control_in_text(text: str) -> str | None:
    """The first control character and where it is, as the end of a sentence; None: there is none."""
    return _shown(_IN_TEXT, text)


def control_in_name(name: str) -> str | None:
    """The same, where tabs and line breaks are none of it either."""
    return _shown(_IN_NAME, name)


def _shown(controls: re.Pattern[str], text: str) -> str | None:
    # Most texts are printable, which Python knows twenty times sooner.
    if text.isprintable() or (found := controls.search(text)) is None:
        return None
    return f"a control character, U+{ord(found.group()):04X}, as its character {found.start() + 1:,}: take it out."
