"""Signs as words: arithmetic, percent, ampersand, at, hash; what is never spoken is removed."""

import re

from tts.text.spoken import SpokenText

_OPERATORS = {
    "=": "equals",
    "+": "plus",
    "-": "minus",
    "*": "times",
    "/": "divided by",
    "^": "to the power of",
    "<": "is less than",
    ">": "is greater than",
}
_TERM = r"(?:[0-9]+(?:\.[0-9]+)?|[a-zA-Z]\b|\.[0-9]+)[a-z]?"
_EQUATION = re.compile(rf"(?<![\w.-])-?{_TERM}(?: ?[-+*/=<>^] ?-?{_TERM})+(?![\w/-])")
_SUM = re.compile(r"(?<=[\w%)]) ?([+*^]) ?(?=[\w(])")
_SPACED = re.compile(r"(?<=[\w%)]) ([=<>]) (?=[\w(\-])")
_TIGHT_EQUALS = re.compile(r"(?<=\w)=(?=\w)")
_EMPHASIS = re.compile(r"(?<![\w*])\*{1,3}(?=\S)([^*\n]{1,300}?)(?<=\S)\*{1,3}(?![\w*])")
_TAG = re.compile(r"<(?=/?[a-zA-Z!])[^<>\n]{1,200}>")
_NAMES = {
    "&": " and ",
    "@": " at ",
    "%": " percent ",
    "‰": " per mille ",
    "±": " plus or minus ",
    "§": " section ",
    "©": " copyright ",
    "°": " degrees ",
    "=": " equals ",
    "+": " plus ",
    "\\": " backslash ",
}
_SHARP = re.compile(r"\b([CF])#(?!\w)")
_DOT_NAME = re.compile(r"(?<![\w.])\.(?=[A-Z]{2,}\b)")
_SLASH = re.compile(r"(?<=\w) / (?=\w)")
_DROPPED = re.compile(r"[*#_<>|~^`]+")


def speak_equations(text: SpokenText) -> SpokenText:
    """Replace the operators of an equation or comparison, "1-2=5", where a hyphen is surely a minus."""
    text = text.sub(_TAG, " ")
    return text.sub(_EQUATION, _equation)


def speak_marks(text: SpokenText) -> SpokenText:
    """Replace the signs that are read aloud and drop those that are not (markup, bars, stray carets)."""
    text = text.sub(_DOT_NAME, "dot ").sub(_SHARP, r"\1 sharp")
    text = text.sub(_EMPHASIS, r"\1")
    text = text.sub(_SUM, lambda found: f" {_OPERATORS[found[1]]} ")
    text = text.sub(_SPACED, lambda found: f" {_OPERATORS[found[1]]} ")
    text = text.sub(_SLASH, " slash ")
    for mark, spoken in _NAMES.items():
        text = text.replace(mark, spoken)
    return text.sub(_DROPPED, " ")


def _equation(found: re.Match[str]) -> str:
    written = found.group()
    if not any(mark in written for mark in "=<>"):
        return written
    spaced = re.sub(r" ?([-+*/=<>^]) ?", lambda operator: f" {_OPERATORS[operator[1]]} ", written)
    return re.sub(r"\bA (?=[a-z])", "A-", spaced).strip()
