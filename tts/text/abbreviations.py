"""Abbreviations as the words they stand for, with a full stop kept where it ends the sentence."""

import re

from tts.text.abbreviation_table import LEADING, NUMBERED, TITLES, TRAILING
from tts.text.boundaries import stop_ends_sentence
from tts.text.serials import spell
from tts.text.spoken import SpokenText

_WORDS = {**TITLES, **TRAILING}
_TITLE = re.compile(
    rf"\b({'|'.join(TITLES)})\.(?= ?[A-Z(\"'])|\b(Mr|Mrs|Ms|Dr|Prof|Messrs)\.(?= (?:and|or) )"
    r"|\b(Mr|Mrs|Ms|Dr|Messrs)(?= [A-Z])"
)
_LEADING = re.compile(
    rf"(?<![\w.])({'|'.join(re.escape(word) for word in sorted(LEADING, key=len, reverse=True))})\.?,?(?!\w)", re.I
)
_NEEDS_STOP = frozenset({"v", "c", "ca", "est", "cf", "esp", "viz", "incl"})
_NUMBERED = re.compile(
    rf"\b({'|'.join(sorted(NUMBERED, key=len, reverse=True))})\. ?(?=[0-9]|[IVXL]+\b)", re.IGNORECASE
)
_TRAILING = re.compile(
    rf"(?<![\w.])({'|'.join(re.escape(word) for word in TRAILING)})\.(?!\w)|(?<= )(Jr|Sr|Inc|Ltd|Corp|etc)\b(?!\.)"
)
_DEGREE = re.compile(r"\b(Ph)\.? ?(D)\b\.?")
_DOTTED = re.compile(r"(?<![\w.])[A-Za-z](?:\.[A-Za-z])+(?:\.(?!\w)|(?![\w.]))")
_INITIALS = re.compile(r"(?<![\w.'-])((?:[A-Z]\. ?){1,6})(?=[A-Z][a-z])")
_WITH = re.compile(r"(?<![\w/])w/o?(?= [a-z0-9])")


def speak_abbreviations(text: SpokenText) -> SpokenText:
    """Replace abbreviations: "Dr. Smith et al." is "Doctor Smith and others."; dotted letters become plain ones."""
    text = text.sub(_WITH, lambda found: "without" if found.group().endswith("o") else "with")
    text = text.sub(_DEGREE, lambda found: "PhD" + _kept_stop(found))
    text = text.sub(_TITLE, lambda found: TITLES[found[1] or found[2] or found[3]])
    text = text.sub(_LEADING, _leading)
    text = text.sub(_NUMBERED, _numbered)
    text = text.sub(_TRAILING, _trailing)
    text = text.sub(_DOTTED, lambda found: spell(found.group().replace(".", "")) + _kept_stop(found))
    return text.sub(_INITIALS, _initials)


def _kept_stop(found: re.Match[str]) -> str:
    last = found.end() - 1
    return "." if found.string[last] == "." and stop_ends_sentence(found.string, last) else ""


def _leading(found: re.Match[str]) -> str:
    word = found[1].lower()
    written = found.group()
    if "." not in written.removeprefix(found[1]) and (
        word in _NEEDS_STOP or word not in {"vs", "e.g", "i.e", "approx"}
    ):
        return written
    following = found.string[found.end() : found.end() + 2]
    if (word in {"c", "ca", "est"} and not following[-1:].isdigit()) or (word == "v" and not following[-1:].isupper()):
        return written  # "c." and the like are abbreviations only where a year or a name follows
    if len(word) == 1 and found[1].isupper():
        return written
    spoken = LEADING[word]
    if found[1][0].isupper() and not found[1].isupper():
        spoken = spoken.capitalize()
    return spoken + ("," if written.endswith(",") else "")


def _numbered(found: re.Match[str]) -> str:
    if found[1].lower() in {"no", "nos", "art", "ed", "p", "ch"} and not found.string[found.end()].isdigit():
        return found.group()  # "No. I said no."
    key = next(word for word in (found[1], found[1].capitalize(), found[1].lower()) if word in NUMBERED)
    spoken = NUMBERED[key]
    return (spoken.capitalize() if found[1][0].isupper() and found[1] not in {"No", "Nos"} else spoken) + " "


def _trailing(found: re.Match[str]) -> str:
    return TRAILING[found[1] or found[2]] + (_kept_stop(found) if found[1] else "")


def _initials(found: re.Match[str]) -> str:
    """Speak the initials of a name, "J. R. R. Tolkien"; but "Plan B. Then we" is the end of a sentence."""
    written = found[1]
    if written.endswith(" ") and stop_ends_sentence(found.string, found.start() + len(written.rstrip()) - 1):
        return found.group()
    letters = re.findall(r"[A-Z]", written)
    return re.sub(r"\bA ", "A-", " ".join(letters) + " ")
