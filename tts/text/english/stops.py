"""The full stop of an abbreviation, where it is spoken as the end of a sentence."""

from __future__ import annotations

import re

from tts.text.sentences.boundaries import stop_ends_sentence

_CLOSING = frozenset({"", ")", "]", "}"})


def kept_stop(found: re.Match[str]) -> str:
    """Give "." where the stop that a match ends with also ends its sentence and others follow; else nothing.

    At the very end of a text nothing tells whether there are two stops in one; there it belongs to the abbreviation.
    """
    text, after = found.string, found.end()
    if text[after - 1] != "." or text[after : after + 1] in _CLOSING or text[after : after + 40].isspace():
        return ""
    return "." if stop_ends_sentence(text, after - 1) else ""
