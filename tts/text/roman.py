"""Roman numerals, in the contexts that make them clear."""

import re

from tts.text.numbers import cardinal, ordinal, roman_value
from tts.text.spoken import SpokenText

_NUMBERED_THINGS = [
    "act",
    "apollo",
    "appendix",
    "article",
    "book",
    "bowl",
    "canto",
    "category",
    "chapter",
    "class",
    "division",
    "episode",
    "factor",
    "fantasy",
    "figure",
    "grade",
    "group",
    "level",
    "mark",
    "model",
    "page",
    "part",
    "phase",
    "psalm",
    "rocky",
    "round",
    "scene",
    "schedule",
    "season",
    "section",
    "series",
    "stage",
    "table",
    "title",
    "type",
    "unit",
    "verse",
    "volume",
    "war",
]
_RULERS = [
    "Alexander",
    "Benedict",
    "Catherine",
    "Charles",
    "Clement",
    "Constantine",
    "Edward",
    "Elizabeth",
    "Francis",
    "Frederick",
    "George",
    "Gregory",
    "Henry",
    "Innocent",
    "Ivan",
    "James",
    "John",
    "Leo",
    "Leopold",
    "Louis",
    "Malcolm",
    "Mary",
    "Mehmed",
    "Napoleon",
    "Nicholas",
    "Otto",
    "Paul",
    "Peter",
    "Philip",
    "Pius",
    "Ptolemy",
    "Ramesses",
    "Ramses",
    "Richard",
    "Robert",
    "Urban",
    "Victor",
    "Wilhelm",
    "William",
    "Xerxes",
    "Darius",
    "Umberto",
    "Alfonso",
    "Carlos",
    "Juan",
    "Felipe",
]
_CAPITALIZED = "|".join(f"{noun.capitalize()}s?|{noun.upper()}" for noun in _NUMBERED_THINGS)
_THING = re.compile(rf"\b((?:{_CAPITALIZED}) )([IVXLC]+)\b(?!['.]?[A-Za-z])")
_LOWER_THING = re.compile(rf"\b((?:{'|'.join(_NUMBERED_THINGS)}) )([ivx]{{2,}})\b")
_RULER = re.compile(rf"\b((?:{'|'.join(_RULERS)}) )([IVX]+)\b(?!\.[A-Za-z])")
_NAME = re.compile(r"\b([A-Z][a-z]+ )([IVX]{2,})\b(?!\.[A-Za-z])")
# "Chapter I tells …" and "the part I play": a lone I before a word in small letters is the pronoun, but for wars.
_PRONOUN_FOLLOWS = re.compile(
    r"(?:'[a-z]| (?!(?:was|of|and|is|in|had|died|to|by|the|as|ended|began|until|at|on)\b)[a-z])"
)


def speak_roman(text: SpokenText) -> SpokenText:
    """Replace numerals after a numbered thing ("Chapter IV", "World War II") and after a name ("Henry VIII")."""
    text = text.sub(_THING, lambda found: _spoken(found, "cardinal"))
    text = text.sub(_LOWER_THING, lambda found: _spoken(found, "cardinal"))
    text = text.sub(_RULER, lambda found: _spoken(found, "ordinal"))
    return text.sub(_NAME, lambda found: _spoken(found, "ordinal"))


def _spoken(found: re.Match[str], kind: str) -> str:
    value = roman_value(found[2].upper())
    is_war = found[1].strip().lower() == "war"
    if value is None or (found[2] == "I" and not is_war and _PRONOUN_FOLLOWS.match(found.string, found.end())):
        return found.group()
    return found[1] + (cardinal(value) if kind == "cardinal" else f"the {ordinal(value)}")
