"""Addresses of the net as words: URLs, e-mail addresses, domains, file names, handles and hashtags."""

import re

from tts.text.english.numbers import cardinal, digits
from tts.text.patterns import Pattern
from tts.text.spoken import SpokenText

_TOP_LEVEL = (
    "com|org|net|edu|gov|mil|int|io|ai|app|dev|info|biz|me|tv|co|uk|us|ca|de|fr|it|es|nl|ch|at|se|no|jp|cn|in|au|nz|eu"
    "|ie|be|br|dk|fi|gr|hu|kr|mx|pl|pt|ru|tr|ua|za|xyz|online|store|shop|blog|news|museum"
)
_FILE_TYPES = (
    "pdf|html?|txt|docx?|xlsx?|pptx?|csv|tsv|json|xml|ya?ml|toml|ini|py|js|ts|css|md|jpe?g|png|gif|svg|tiff?|mp[34]|wav"
    "|flac|ogg|opus|zip|gz|tgz|tar|exe|dll|sh|cpp|java|rs|log|cfg|epub"
)
_EMAIL = r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
_URL = r"(?:https?|ftp|file|ssh|git)://[^\s<>\"]+|www\.[^\s<>\"]+"
_DOMAIN = (
    rf"[a-zA-Z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,8}}\.(?:(?:{_TOP_LEVEL})(?::[0-9]{{1,5}})?(?:/[^\s<>\"]*)?"
    rf"|{_FILE_TYPES})(?![\w@])"
)
_ADDRESS = Pattern(rf"(?<![\w@/.+-])(?:{_EMAIL}|{_URL}|{_DOMAIN})", re.ASCII, needs=".:@")
_PATH = Pattern(r"(?<![\w/.<])(?:~|\.{1,2})?(?:/[\w.+-]+){2,}/?", re.ASCII, needs="/")
_COLOR = Pattern(r"(?<![\w#&])#([0-9A-Fa-f]{6})(?!\w)", needs="#")
_HANDLE = Pattern(r"(?<![\w@#])([@#])(?=_{0,8}[A-Za-z])(\w+)(#?)", re.ASCII, needs="@#")
_DOT_NAME = Pattern(r"(?<![\w.])\.(?=[A-Z]{2,}\b)", needs=".")
_HINT = Pattern(r"[@#]|:/|\w\.\w|/\w[\w.+-]*/|\.[A-Z]")
_TRAILING_MARKS = re.compile(r"[.,;:!?)\]}'*_-]{1,40}\Z")
_PARTS = re.compile(r"[A-Za-z]+|[0-9]+|[^\W\d_]+|[\W_]")
_MARKS = {
    ".": "dot",
    "/": "slash",
    ":": "colon",
    "@": "at",
    "-": "dash",
    "_": "underscore",
    "?": "question mark",
    "!": "exclamation mark",
    "=": "equal sign",
    "&": "ampersand",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
    "*": "asterisk",
    "$": "dollar",
    ",": "comma",
    ";": "semicolon",
    "|": "vertical bar",
    "\\": "backslash",
    "^": "caret",
    "(": "open parenthesis",
    ")": "close parenthesis",
    "[": "open bracket",
    "]": "close bracket",
    "{": "open brace",
    "}": "close brace",
    "'": "apostrophe",
}
_SPOKEN = {"jpg": "jpeg", "jpeg": "jpeg", "gmail": "gmail", "png": "PNG", "gif": "gif", "json": "jason", "yml": "yaml"}
_COUNTRIES = frozenset(
    ["de", "fr", "it", "us", "io", "ai", "eu", "uk", "es", "at", "se", "be", "ie", "ua", "za", "au", "no"]
)
_VOWELS = frozenset("aeiouy")


def speak_electronic(text: SpokenText) -> SpokenText:
    """Replace addresses by what is said: "a.bc@gmail.com" becomes "a dot BC at gmail dot com"."""
    if not _HINT.search(text.text):
        return text
    text = text.sub(_ADDRESS, _address)
    text = text.sub(_PATH, lambda found: _without_trailing_marks(found.group()))
    text = text.sub(_COLOR, lambda found: f"hash {_letter_by_letter(found[1])}")
    return text.sub(_HANDLE, _handle).sub(_DOT_NAME, "dot ")


def _address(found: re.Match[str]) -> str:
    return _without_trailing_marks(found.group())


def _without_trailing_marks(written: str) -> str:
    """Speak an address but for the marks behind it, which belong to the sentence."""
    marks = _TRAILING_MARKS.search(written, max(0, len(written) - 40))
    tail = marks.group() if marks else ""
    address = written[: len(written) - len(tail)]
    return _spoken(address) + tail if address else written


def _handle(found: re.Match[str]) -> str:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", found[2])
    after = " hash" if found[3] else ""
    return f"{'at' if found[1] == '@' else 'hash'} {_spoken(name)}{after}"


def _letter_by_letter(code: str) -> str:
    letters = " ".join(digits(character) if character.isdigit() else character.upper() for character in code)
    return re.sub(r"\bA (?=[A-Za-z])", "A-", letters)


def _spoken(written: str) -> str:
    words = (_part(part) for part in _PARTS.findall(written))
    return " ".join(word for word in words if word)


def _part(part: str) -> str:
    if part.isdecimal():
        round_number = len(part) in range(4, 7) and part.endswith("000") and part[0] != "0"
        return cardinal(int(part)) if round_number else digits(part)
    if not part.isascii():
        return part
    if not part[0].isalpha():
        return _MARKS.get(part, "")
    lower = part.lower()
    if lower in _SPOKEN:
        return _SPOKEN[lower]
    if part.isupper() or len(part) == 1:
        return part
    # Two letters (country codes) and what has no vowel are spelled; espeak spells what is in capitals.
    return part.upper() if lower in _COUNTRIES or (not _VOWELS & set(lower) and len(part) <= 5) else part
