"""Signs as words: arithmetic, percent, ampersand, at, hash; what has no words is told, marks of layout just go."""

import re
import unicodedata

from tts.text.english.numbers import cardinal
from tts.text.english.signs import speak_signs
from tts.text.patterns import Pattern
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
_EQUATION = Pattern(rf"(?<![\w.-])-?{_TERM}(?: ?[-+*/=<>^] ?-?{_TERM})+(?![\w/-])", needs="=<>")
_TWO_SIGNS = Pattern(" ?(<=|>=|!=|==)(?!=) ?", needs="=")
_COMPARISONS = {"<=": "is at most", ">=": "is at least", "!=": "is not equal to", "==": "equals"}
_PRODUCT = Pattern(" ?([×÷]) ?", needs="×÷")
_POWER = Pattern(r"(?<=[\w)])\^(?:\(?([+-]?[0-9]+)\)?|([a-z])\b)", needs="^")
_LONE_GREEK = Pattern(r"(?<![^\W\d_])[Α-ΡΣ-Ωα-ω](?![^\W\d_])")
_SUM = Pattern(r"(?<=[\w%)]) ?(\+) ?(?=[\w(])|(?<=[\w%)]) ([*^]) (?=[\w(])", needs="+*^")
_ASTERISK = Pattern(r"(?<=\w)\*(?=\w)", needs="*")
_SPACED = Pattern(r"(?<=[\w%)]) ([=<>]) (?=[\w(\-])", needs="=<>")
_COMPARED = Pattern(r"(?<!\w)([<>]) ?(?=[0-9$£€.]|[a-z]+ )", needs="<>")
_EMPHASIS = Pattern(r"(?<![\w*])\*{1,3}(?=\S)([^*\n]{1,300}?)(?<=\S)\*{1,3}(?![\w*])", needs="*")
_TAG = Pattern(r"<(?=/?[a-zA-Z!])[^<>\n]{1,200}>", needs="<")
_NAMES = {
    "&": "and",
    "@": "at",
    "%": "percent",
    "‰": "per mille",
    "±": "plus or minus",
    "§": "section",
    "©": "copyright",
    "°": "degrees",
    "=": "equals",
    "+": "plus",
    "\\": "backslash",
}
_NAMED = Pattern("§§|[&@%‰±§©°=+\\\\]")
_SHARP = Pattern(r"\b([CF])#(?!\w)", needs="#")
_SLASH = Pattern(r"(?<=\w) / (?=\w)", needs="/")
_LAYOUT = Pattern(r"[*_|`]+|(?<![\w#])#+(?=\s)|~~+|#(?=\w)|(?<=\w)#", needs="*_|`#~")
_UNSPOKEN = Pattern(r"[#<>~^]+", needs="#<>~^")


def speak_equations(text: SpokenText) -> SpokenText:
    """Replace the operators of an equation or comparison, "1-2=5", where a hyphen is surely a minus."""
    text = text.sub(_TAG, " ").sub(_PRODUCT, lambda found: " times " if found[1] == "×" else " divided by ")
    text = text.sub(_TWO_SIGNS, lambda found: f" {_COMPARISONS[found[1]]} ")
    return text.sub(_EQUATION, _equation)


def speak_powers(text: SpokenText) -> SpokenText:
    """Replace powers: "x^2" is "x squared", "2^10" "two to the power of ten"; and Greek letters by themselves."""
    return text.sub(_POWER, _power).sub(_LONE_GREEK, _greek)


def speak_marks(text: SpokenText) -> SpokenText:
    """Replace the signs that are read aloud; those of markup go in silence, others are told as left out."""
    text = text.sub(_SHARP, r"\1 sharp")
    text = text.sub(_EMPHASIS, r"\1")
    text = text.sub(_SUM, lambda found: f" {_OPERATORS[found[1] or found[2]]} ").sub(_ASTERISK, " asterisk ")
    text = text.sub(_SPACED, lambda found: f" {_OPERATORS[found[1]]} ")
    text = text.sub(_COMPARED, lambda found: "less than " if found[1] == "<" else "more than ")
    text = text.sub(_SLASH, " slash ")
    text = text.sub(_NAMED, lambda found: f" {_NAMES.get(found.group(), 'sections')} ")
    return speak_signs(text.sub(_LAYOUT, " ").drop(_UNSPOKEN))


def _greek(found: re.Match[str]) -> str:
    blank = " " if found.string[found.start() - 1 : found.start()].isdigit() else ""
    return blank + unicodedata.name(found.group()).split()[-1].lower()


def _power(found: re.Match[str]) -> str:
    if found[2]:
        return f" to the power of {found[2]}"
    value = int(found[1][:40])
    return {2: " squared", 3: " cubed"}.get(value) or f" to the power of {cardinal(value)}"


def _equation(found: re.Match[str]) -> str:
    written = found.group()
    if not any(mark in written for mark in "=<>"):
        return written
    written = _POWER.compiled.sub(_power, written)
    spaced = re.sub(r" ?([-+*/=<>^]) ?", lambda operator: f" {_OPERATORS[operator[1]]} ", written)
    return re.sub(r"\bA (?=[a-z])", "A-", spaced).strip()
