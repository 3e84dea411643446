"""Written English to spoken words: the rules of this package's other modules, in the order that they need."""

import re
from collections.abc import Callable

from tts.text.abbreviations import speak_abbreviations
from tts.text.characters import tidy
from tts.text.dates import speak_dates, speak_years
from tts.text.electronic import speak_electronic
from tts.text.marks import speak_equations, speak_marks
from tts.text.measures import speak_measures
from tts.text.money import speak_money
from tts.text.places import speak_places
from tts.text.quantities import speak_paired, speak_quantities
from tts.text.roman import speak_roman
from tts.text.serials import speak_serials
from tts.text.telephone import speak_telephone
from tts.text.times import speak_times

# What needs the most context goes first: once a date or a price is words, no later rule can take its digits for a
# plain number. Years come after measures, because "1980 kg" is no year.
_RULES: tuple[Callable[[str], str], ...] = (
    speak_electronic,
    speak_equations,
    speak_dates,
    speak_times,
    speak_telephone,
    speak_money,
    speak_measures,
    speak_places,
    speak_roman,
    speak_abbreviations,
    speak_paired,
    speak_years,
    speak_quantities,
    speak_serials,
    speak_marks,
)
# The words of one rule can complete the pattern of an earlier one ("4 € AM"): passes repeat until nothing changes,
# which takes two for ordinary text.
_MOST_PASSES = 12
_SPACE_BEFORE_MARK = re.compile(r" +(?=[,;:!?](?:\s|\Z)|\.(?:\s|\Z))")
_SPACES = re.compile(r"[^\S\n]+")


def normalize(text: str) -> str:
    """Write out what is read differently from how it is written; ordinary words keep their case and punctuation.

    Normalizing the result again changes nothing. No string is refused: what cannot be spoken is left out.
    """
    for _ in range(_MOST_PASSES):
        before, text = text, _one_pass(text)
        if text == before:
            break
    return text


def _one_pass(text: str) -> str:
    text = tidy(text)
    for rule in _RULES:
        text = rule(text)
    text = _SPACE_BEFORE_MARK.sub("", _SPACES.sub(" ", text))
    return "\n".join(line.strip() for line in text.split("\n")).strip()
