"""Addresses of the net as words: URLs, e-mail addresses, domains, handles and hashtags."""

import re

from tts.text.numbers import digits
from tts.text.spoken import SpokenText

_TOP_LEVEL = "|".join(
    [
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "int",
        "io",
        "ai",
        "app",
        "dev",
        "info",
        "biz",
        "me",
        "tv",
        "co",
        "uk",
        "us",
        "ca",
        "de",
        "fr",
        "it",
        "es",
        "nl",
        "ch",
        "at",
        "se",
        "no",
        "jp",
        "cn",
        "in",
        "au",
        "nz",
        "eu",
        "ie",
    ]
)
_EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_URL = r"(?:https?|ftp|file)://[^\s<>\"]+|www\.[^\s<>\"]+"
_DOMAIN = rf"[a-zA-Z0-9][\w-]*(?:\.[\w-]+)*\.(?:{_TOP_LEVEL})(?:/[^\s<>\"]*)?(?![\w@])"
_ADDRESS = re.compile(rf"(?<![\w@/.+-])(?:{_EMAIL}|{_URL}|{_DOMAIN})", re.ASCII)
_TRAILING_MARKS = re.compile(r"[.,;:!?)\]}'*_-]+\Z")
_HANDLE = re.compile(r"(?<![\w@#])([@#])(?=_*[A-Za-z])(\w+)", re.ASCII)
_PARTS = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]", re.ASCII)
_MARKS = {
    ".": "dot",
    "/": "slash",
    ":": "colon",
    "@": "at",
    "-": "dash",
    "_": "underscore",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
}
_SPOKEN = {"jpg": "jpeg", "jpeg": "jpeg", "gmail": "gmail", "png": "PNG", "gif": "gif"}
_VOWELS = frozenset("aeiouy")


def speak_electronic(text: SpokenText) -> SpokenText:
    """Replace addresses by what is said: "a.bc@gmail.com" becomes "a dot BC at gmail dot com"."""
    text = text.sub(_ADDRESS, _address)
    return text.sub(_HANDLE, _handle)


def _address(found: re.Match[str]) -> str:
    written = found.group()
    marks = _TRAILING_MARKS.search(written)
    tail = marks.group() if marks else ""
    written = written[: len(written) - len(tail)]
    if not written:
        return found.group()
    return _spoken(written) + tail


def _handle(found: re.Match[str]) -> str:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", found[2])
    return f"{'at' if found[1] == '@' else 'hashtag'} {_spoken(name)}"


def _spoken(written: str) -> str:
    words = (_part(part) for part in _PARTS.findall(written))
    return " ".join(word for word in words if word)


def _part(part: str) -> str:
    if part.isdigit():
        return digits(part)
    if not part[0].isalpha() or not part.isascii():
        return _MARKS.get(part, "")
    lower = part.lower()
    if lower in _SPOKEN:
        return _SPOKEN[lower]
    if part.isupper() or len(part) == 1:
        return part
    # Two letters (country codes) and what has no vowel are spelled; espeak spells what is in capitals.
    if lower in {"de", "fr", "it", "us", "io", "ai", "eu", "uk"}:
        return " ".join(lower.upper())
    return part.upper() if not _VOWELS & set(lower) and len(part) <= 5 else part
