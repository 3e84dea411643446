"""A rule for addresses of the net: "a.b@example.org", "www.example.org/x"."""

from __future__ import annotations

import re

from tts.text.foreign.language import Language, Rule
from tts.text.foreign.numbers import digits

_TOP_LEVEL = (
    "com|org|net|edu|gov|int|io|ai|app|dev|info|eu|de|at|ch|fr|be|es|mx|ar|it|pt|br|nl|pl|ru|uk|us|co|cn|jp|tv|me"
)
_ADDRESS = re.compile(
    r"(?<![\w@/.+-])(?:[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|(?:https?|ftp)://[^\s<>\"«»]+|www\.[^\s<>\"«»]+"
    rf"|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:{_TOP_LEVEL})(?:/[^\s<>\"«»]*)?(?![\w@.]\w))",
    re.ASCII | re.IGNORECASE,
)
_TRAILING_MARKS = re.compile(r"[.,;:!?)\]}'*_]+\Z")
_PARTS = re.compile(r"[^\W\d_]+|[0-9]+|.", re.DOTALL)


def addresses(language: Language) -> Rule:
    """The parts of an address as words, its signs by name."""

    def part(written: str) -> str:
        if written[0] in "0123456789":
            return digits(language, written)
        if written[0].isalpha():
            return written
        return language.address.get(written, "")

    def spoken(found: re.Match[str]) -> str:
        written = found.group()
        if not _is_address(written):
            return written
        marks = _TRAILING_MARKS.search(written)
        end = marks.start() if marks else len(written)
        words = (part(one) for one in _PARTS.findall(written[:end]))
        return " ".join(word for word in words if word) + written[end:]

    return lambda text: text.sub(_ADDRESS, spoken) if "." in text.text or "://" in text.text else text


def _is_address(written: str) -> bool:
    """Tell an address from two sentences without a blank between them: "Ende.De" is none."""
    if "@" in written or "/" in written or written.lower().startswith("www."):
        return True
    return written.islower() and any(letter.isalpha() for letter in written)
