"""Abbreviations as the words they stand for, with a full stop kept where it ends the sentence."""

import re

from tts.text.english.abbreviation_table import LEADING, NUMBERED, TITLES, TRAILING
from tts.text.english.serials import spell
from tts.text.english.stops import kept_stop
from tts.text.patterns import Pattern
from tts.text.sentences.boundaries import stop_ends_sentence
from tts.text.spoken import SpokenText

# "No." is a word too, and so is "Ch.": only before a digit are these abbreviations.
_BEFORE_DIGITS = frozenset({"no", "nos", "nr", "art", "ed", "p", "pt", "bk", "ch", "ver"})
# Any word with a stop; the tables decide.
_STOPPED = Pattern(r"(?<![\w.])([A-Za-z](?:\.[A-Za-z]|[A-Za-z]){0,12})\.(?![\w.])", needs=".")
_GLUED = Pattern(r"(?<![\w.])([A-Za-z]{1,5})\.(?=[0-9]|[A-Z][a-z])", needs=".")
_DOTTED = Pattern(r"(?<![\w.])[A-Za-z](?:\.[A-Za-z])+(?![\w.])", needs=".")
_UNSTOPPED = Pattern(
    r"\b(?:(Mr|Mrs|Ms|Dr|Messrs)(?= [A-Z])|(?<= )(Jr|Sr|Inc|Ltd|Corp|etc)\b(?!\.)|(vs|approx)\b(?!\.))"
)
_DEGREE = Pattern(r"\bPh\.? ?D\b\.?", needs="P")
_OTHERS = Pattern(r"\bet al\b\.?", needs="t")
_INITIALS = Pattern(r"(?<![\w.'-])((?:[A-Z]\. ?){1,6})(?=[A-Z][a-z])", needs=".")
_INITIAL = Pattern(r"[A-Z]\.", needs=".")
_INNER_STOP = Pattern(r"\.[A-Za-z0-9]", needs=".")
_WITHOUT_STOP = (
    "Mr ",
    "Mrs ",
    "Ms ",
    "Dr ",
    "Messrs ",
    " Jr",
    " Sr",
    " Inc",
    " Ltd",
    " Corp",
    " etc",
    "vs",
    "approx",
)
_WITH = Pattern(r"(?<![\w/])w/o?(?= ?[a-z0-9])", needs="/")
_NAME_FOLLOWS = Pattern(r" ?[A-Z(\"']")
_PAIR_FOLLOWS = Pattern(r" (?:and|or) ")
_NUMBER_FOLLOWS = Pattern(r" ?(?:[0-9]|[IVXL]+\b)")


def speak_abbreviations(text: SpokenText) -> SpokenText:
    """Replace abbreviations: "Dr. Smith et al." is "Doctor Smith and others"; dotted letters become plain ones."""
    text = text.sub(_WITH, lambda found: "without" if found.group().endswith("o") else "with")
    if "D" in text.text:
        text = text.sub(_DEGREE, lambda found: "PhD" + kept_stop(found))
    if "et al" in text.text:
        text = text.sub(_OTHERS, lambda found: "and others" + kept_stop(found))
    text = text.sub(_STOPPED, _stopped)
    if _INNER_STOP.search(text.text):
        text = text.sub(_GLUED, _glued)
        text = text.sub(_DOTTED, lambda found: spell(found.group().replace(".", "")))
    if any(word in text.text for word in _WITHOUT_STOP):
        text = text.sub(_UNSTOPPED, _unstopped)
    return text.sub(_INITIALS, _initials) if _INITIAL.search(text.text) else text


def _stopped(found: re.Match[str]) -> str:
    """Speak a word with a stop: a title, what leads to a number or an example, or what ends a name or a phrase."""
    word, text, end = found[1], found.string, found.end()
    if word in TITLES and (_NAME_FOLLOWS.match(text, end) or (len(word) < 6 and _PAIR_FOLLOWS.match(text, end))):
        return TITLES[word]
    return _numbered(found) or _leading(found) or _trailing(found)


def _trailing(found: re.Match[str]) -> str:
    word = found[1]
    if word in TRAILING:
        return TRAILING[word] + kept_stop(found)
    return spell(word.replace(".", "")) + kept_stop(found) if _DOTTED.match(word) else found.group()


def _numbered(found: re.Match[str]) -> str:
    """Speak what stands before a number: "No. 5", "Fig. IV"; give nothing if it is none of these."""
    word, text, end = found[1], found.string, found.end()
    key = next((form for form in (word, word.capitalize(), word.lower()) if form in NUMBERED), "")
    if not key or not _NUMBER_FOLLOWS.match(text, end):
        return ""
    if word.lower() in _BEFORE_DIGITS and not text[end:].lstrip(" ")[:1].isdigit():
        return ""  # "No. I said no."
    spoken = NUMBERED[key]
    spoken = spoken.capitalize() if word[0].isupper() and word not in {"No", "Nos", "Nr"} else spoken
    return spoken if text[end] == " " else f"{spoken} "


def _leading(found: re.Match[str]) -> str:
    """Speak "e.g." and the like, which end no sentence; some are that only before a year or a name."""
    word, lower = found[1], found[1].lower()
    following = found.string[found.end() : found.end() + 2]
    if lower not in LEADING or (len(word) == 1 and word.isupper()):
        return ""
    if (lower in {"c", "ca", "est"} and not following[-1:].isdigit()) or (
        lower == "v" and not following[-1:].isupper()
    ):
        return ""
    return LEADING[lower].capitalize() if word[0].isupper() and not word.isupper() else LEADING[lower]


def _glued(found: re.Match[str]) -> str:
    """Speak "No.5" and "Dr.Smith", where the blank is missing."""
    if found.string[found.end()].isdigit():
        return _numbered(found) or found.group()
    return f"{TITLES[found[1]]} " if found[1] in TITLES else found.group()


def _unstopped(found: re.Match[str]) -> str:
    title, name, leading = found.groups()
    return TITLES[title] if title else TRAILING[name] if name else LEADING[leading]


def _initials(found: re.Match[str]) -> str:
    """Speak the initials of a name, "J. R. R. Tolkien"; but "Plan B. Then we" is the end of a sentence."""
    written = found[1]
    stop = found.start() + len(written.rstrip()) - 1
    if written.endswith(" ") and stop_ends_sentence(found.string, stop):
        return found.group()
    letters = re.findall(r"[A-Z]", written)
    return re.sub(r"\bA ", "A-", " ".join(letters) + " ")
