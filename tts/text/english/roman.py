"""Roman numerals, in the contexts that make them clear."""

import re

from tts.text.english.abbreviation_table import SENTENCE_STARTERS
from tts.text.english.numbers import cardinal, ordinal, roman_value
from tts.text.patterns import Pattern
from tts.text.spoken import SpokenText

# What is numbered: a numeral behind it is a count.
_THINGS = frozenset(
    [
        "act",
        "annex",
        "apollo",
        "appendix",
        "article",
        "book",
        "bowl",
        "canto",
        "category",
        "chapter",
        "class",
        "corps",
        "division",
        "edition",
        "episode",
        "exhibit",
        "factor",
        "fantasy",
        "figure",
        "gemini",
        "generation",
        "grade",
        "group",
        "level",
        "mark",
        "mission",
        "model",
        "olympiad",
        "page",
        "panel",
        "part",
        "phase",
        "plate",
        "psalm",
        "rocky",
        "round",
        "saturn",
        "scene",
        "schedule",
        "season",
        "section",
        "series",
        "stage",
        "step",
        "table",
        "tier",
        "title",
        "type",
        "unit",
        "vatican",
        "verse",
        "volume",
        "war",
        "wrestlemania",
    ]
)
# Who is numbered and called "the": of any other name the numeral is only its rank ("Sam II" is "Sam second").
_RULERS = frozenset(
    [
        "Alexander",
        "Alexandra",
        "Alfonso",
        "Anne",
        "Benedict",
        "Boris",
        "Carlos",
        "Catherine",
        "Charles",
        "Christian",
        "Clement",
        "Constantine",
        "Cosimo",
        "Darius",
        "Edmund",
        "Edward",
        "Elizabeth",
        "Felipe",
        "Ferdinand",
        "Francis",
        "Frederick",
        "George",
        "Gregory",
        "Gustav",
        "Haakon",
        "Harald",
        "Harold",
        "Henry",
        "Innocent",
        "Isabella",
        "Ivan",
        "James",
        "Jane",
        "John",
        "Joseph",
        "Juan",
        "Leo",
        "Leopold",
        "Louis",
        "Margaret",
        "Margrethe",
        "Mary",
        "Maximilian",
        "Mehmed",
        "Murad",
        "Napoleon",
        "Nicholas",
        "Olaf",
        "Oscar",
        "Otto",
        "Paul",
        "Pedro",
        "Peter",
        "Philip",
        "Philippe",
        "Pius",
        "Ptolemy",
        "Rama",
        "Ramesses",
        "Ramses",
        "Richard",
        "Robert",
        "Rudolf",
        "Selim",
        "Sixtus",
        "Stephen",
        "Suleiman",
        "Theodore",
        "Thutmose",
        "Umberto",
        "Urban",
        "Victor",
        "Vittorio",
        "Wilhelm",
        "William",
        "Xerxes",
    ]
)
_NUMERAL = Pattern(r"(?<![\w.&/'-])([IVXLCDM]+)(st|nd|rd|th)?(?![\w&/]|\.[A-Za-z]|'(?!s\b))")
_SMALL = Pattern(r"(?<= )[ivx]{2,6}\b(?!['.]?[A-Za-z])")
_FROM_ONE = Pattern(r"(?<=[a-z] )I ?[-–] ?(?=[IVX]{2,}\b)", needs="-–")
_WORD_BEFORE = re.compile(r"(?:([A-Z][a-z]+)\.? )?([A-Za-z]+)\.? \Z")
_CROWNS = frozenset(["King", "Queen", "Pope", "Emperor", "Empress", "Tsar", "Czar", "Sultan", "Pharaoh", "Antipope"])
# "Chapter I tells …" and "the part I play": a lone I before a word in small letters is the pronoun, but for wars.
_PRONOUN_FOLLOWS = Pattern(r"(?:'[a-z]| (?!(?:was|of|and|is|in|had|died|to|by|the|as|ended|began|until|at|on)\b)[a-z])")
_ANYTHING_FOLLOWS = Pattern(r"'|[ ]?\w")
_AGE_FOLLOWS = Pattern(r" (?:[Cc]entur(?:y|ies)|[Dd]ynasty|[Aa]rrondissement)\b")
_INFUSION_FOLLOWS = Pattern(
    r" (?:drip|fluids?|lines?|bags?|therapy|antibiotics?|medications?|access|catheter|push|needles?|pump|drugs?)\b"
)
_LETTERS_TOO = {"model": "VX", "factor": "X"}
# Behind these a single L or C is a numeral; elsewhere ("Appendix C") it is a letter.
_LONG_WORKS = frozenset({"chapter", "psalm", "canto", "verse", "page"})


def speak_roman(text: SpokenText) -> SpokenText:
    """Replace numerals: behind a numbered thing ("Chapter IV"), a name ("Henry VIII", "Sam II"), alone below 50."""
    text = text.sub(_FROM_ONE, "one to ")
    text = text.sub(_NUMERAL, _numeral)
    return text.sub(_SMALL, _small)


def _small(found: re.Match[str]) -> str:
    value = roman_value(found.group().upper())
    before = _WORD_BEFORE.search(found.string[max(0, found.start() - 32) : found.start()])
    if value is None or before is None or before[2].lower().removesuffix("s") not in _THINGS:
        return found.group()
    return cardinal(value)


def _numeral(found: re.Match[str]) -> str:
    written, value = found[1], roman_value(found[1])
    if value is None:
        return found.group()
    if found[2]:
        return ordinal(value) if len(written) > 1 and value < 50 else found.group()
    before = _WORD_BEFORE.search(found.string[max(0, found.start() - 32) : found.start()])
    if before is None:
        return _alone(found, value, "")
    title, word = before.groups()
    thing = word.lower().removesuffix("s") if word.lower() not in _THINGS else word.lower()
    if thing in _THINGS and (word[0].isupper() or len(written) > 1 or written == "I"):
        return cardinal(value) if _counts(found, word, thing) else written
    if written != "I" or not _PRONOUN_FOLLOWS.match(found.string, found.end()):
        if word in _RULERS and set(written) <= set("IVX"):
            return f"the {ordinal(value)}"
        if title in _CROWNS and word.istitle() and set(written) <= set("IVX"):
            return f"the {ordinal(value)}"
    return _alone(found, value, word)


def _counts(found: re.Match[str], word: str, thing: str) -> bool:
    """Tell whether the numeral behind a numbered thing is one, and no letter or pronoun."""
    written = found[1]
    if written == "I":
        if word.islower():
            return not _ANYTHING_FOLLOWS.match(found.string, found.end())
        return thing == "war" or not _PRONOUN_FOLLOWS.match(found.string, found.end())
    if len(written) > 1:
        return True
    return (written in "VX" and written not in _LETTERS_TOO.get(thing, "")) or (
        written in "LC" and thing in _LONG_WORKS
    )


def _alone(found: re.Match[str], value: int, word: str) -> str:
    """Speak a numeral that only looks like one: two letters at least, and below fifty."""
    written, text, end = found[1], found.string, found.end()
    if len(written) < 2 or not set(written) <= set("IVXL") or value > 49:
        return written
    if _AGE_FOLLOWS.match(text, end):
        return ordinal(value)
    if word.istitle() and word not in SENTENCE_STARTERS and value < 20 and written != "XX":
        return ordinal(value)
    if written in {"XL", "XX", "XXX"} or (
        written == "IV" and (_INFUSION_FOLLOWS.match(text, end) or word in _ARTICLES)
    ):
        return written
    return cardinal(value)


_ARTICLES = frozenset({"an", "An", "the", "The", "by", "via", "her", "his", "my"})
