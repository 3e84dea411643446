"""Whether a full stop ends the sentence, in languages other than English."""

import re

from tts.text.sentences.abbreviations_abroad import Abroad, abroad

# The abbreviation that ends right before the stop, with what belongs to it: "z. B", "J.-C", "т. д".
_CHAIN = re.compile(r"(?:[^\W\d_]{1,4}[.]-?\s?){0,4}[^\W\d_]+\Z")
_ROMAN = re.compile(r"[IVXLC]{1,7}\Z")
_NUMBERISH = re.compile(r"\d|[IVXLC]+\b|[ivxlc]+\b")
# Vowels are words ("il y en a", "и"); a consonant alone is an abbreviation.
_VOWELS = frozenset("aeiouyàáâèéêìíòóôùúąęаеёиоуыэюяієї")


def ends_abroad(word: str, previous: str, following: str, language: str) -> bool:
    """Tell whether the stop behind `word` ends a sentence.

    previous: what stands before the word; following: the word after the stop, "" if none is near, no small letter.
    """
    known = abroad(language)
    starter = _starts(following, known)
    if word.isdigit():
        ordinal = known.ordinal_stops and known.capital_nouns and len(word) <= 2 and not previous.endswith(".")
        return starter or not ordinal
    if known.capital_nouns and word.endswith("str") and following[:1].isdigit():
        return False  # "Goethestr. 5"
    for form in _forms(word, previous):
        ends = _by_table(form, previous, following, starter, known)
        if ends is not None:
            return ends
    if len(word) == 1:
        initial_follows = len(following) == 1 and following.isupper()
        return not initial_follows and (starter if word.isupper() else word in _VOWELS)
    if known.ordinal_stops and _ROMAN.match(word):
        return starter
    if "." in word and not any(map(str.isdigit, word)):
        return starter
    return True


def _by_table(form: str, previous: str, following: str, starter: bool, known: Abroad) -> bool | None:
    if form in known.closing:
        return not following[:1].isdigit()
    if form in known.numbered and _NUMBERISH.match(following):
        return False
    if form in known.trailing:
        # "Он родился в 1998 г. Москва…", but "В 1998 г. Москва…" goes on.
        measured = previous[-1:].isdigit() and len(previous.split()) > 2
        return starter or (measured and following[:1].isupper() and not known.capital_nouns)
    return False if form in known.going_on else None


def _forms(word: str, previous: str) -> list[str]:
    """Give the ways in which an abbreviation can be listed, the longest first: "z.b" and "b" for "z. B"."""
    written = f"{previous} {word}" if previous.endswith((".", ".-")) else word
    chain = _CHAIN.search(written[-24:])
    parts = "".join((chain.group() if chain else word).split()).lower().split(".")
    forms = [".".join(parts[first:]) for first in range(len(parts))]
    return [*forms, word.lower().rpartition("-")[2]]


def _starts(following: str, known: Abroad) -> bool:
    word = following.lower()
    elided = word.partition("'")
    return word in known.starters or elided[0] + elided[1] in known.starters
