"""Signs beyond ASCII as words: of mathematics, of money, and a few others; rare ones by their Unicode names."""

import re
import unicodedata
from functools import lru_cache

from tts.text.patterns import Pattern
from tts.text.spoken import SpokenText

_NAMES = {
    "≈": "approximately",
    "≃": "approximately",
    "∼": "about",
    "≠": "is not equal to",
    "≡": "is identical to",
    "≤": "is at most",
    "≥": "is at least",
    "≪": "is much less than",
    "≫": "is much greater than",
    "√": "square root of",
    "∛": "cube root of",
    "∞": "infinity",
    "∑": "sum of",
    "∏": "product of",
    "∫": "integral of",
    "∂": "partial",
    "∇": "nabla",
    "∆": "delta",
    "∈": "in",
    "∉": "not in",
    "⊂": "subset of",
    "⊆": "subset of",
    "∪": "union",
    "∩": "intersection",
    "∅": "the empty set",
    "∀": "for all",
    "∃": "there is",
    "¬": "not",
    "∧": "and",
    "∨": "or",
    "⊕": "plus",
    "∝": "is proportional to",
    "∠": "angle",
    "⊥": "is perpendicular to",
    "∥": "is parallel to",
    "→": "to",
    "←": "left arrow",
    "↑": "up arrow",
    "↓": "down arrow",
    "↔": "left right arrow",
    "⇒": "implies",
    "⇔": "if and only if",
    "∴": "therefore",
    "∵": "because",
    "¤": "currency",
    "¶": "paragraph",
    "†": "dagger",
    "‡": "double dagger",
}
_BEYOND_ASCII = Pattern(r"[^\x00-\x7f]")
_NOISE = re.compile(r"\b(?:sign|with|symbol|n-ary)\b ?")


def speak_signs(text: SpokenText) -> SpokenText:
    """Replace the signs of mathematics and money that no rule has claimed by their names ("≤" is "is at most")."""
    if text.text.isascii():
        return text
    return text.sub(_BEYOND_ASCII, lambda found: _name(found.group()))


@lru_cache(4096)
def _name(character: str) -> str:
    if character in _NAMES:
        return f" {_NAMES[character]} "
    if unicodedata.category(character) not in {"Sm", "Sc"}:
        return character
    name = _NOISE.sub("", unicodedata.name(character).lower()).strip()
    return f" {name} "
