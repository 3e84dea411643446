"""English: `rules.py` gives its rules. This module reads the words that several of its modules need, in words.tsv."""

from __future__ import annotations

from pathlib import Path

from tts.text.languages.language import read_tables

_TABLES = read_tables(Path(__file__).with_name("words.tsv"))


def _pairs(table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in _TABLES[table]}


def _words(table: str) -> frozenset[str]:
    return frozenset(_TABLES[table][0])


TITLES = _pairs("title")
"""Abbreviations before a name: the stop never ends a sentence."""
LEADING = _pairs("leading")
"""Abbreviations before a number, a name or an example: the stop does not end a sentence."""
NUMBERED = _pairs("numbered")
"""Abbreviations before a number only; elsewhere the same letters may be a word that ends a sentence ("No.")."""
TRAILING = _pairs("trailing")
"""Abbreviations behind a name or at the end of a phrase: the stop may end the sentence too, and stays where it does."""
STREETS = _pairs("street")
PLAIN_STREETS = _words("plain_streets")
"""Those that mean nothing else, and need no house number to be understood."""
DIRECTIONS = _pairs("direction")
SAINTS = _words("saints")
"""Names behind "st" in small letters, where it is no street."""
WEEKDAYS = _pairs("weekday")
MONTHS = _TABLES["months"][0]
MONTH_NUMBERS = {
    **{name.lower(): number for number, name in enumerate(MONTHS, 1)},
    **{name[:3].lower(): number for number, name in enumerate(MONTHS, 1)},
    "sept": 9,
}
TIME_ZONES = _words("time_zones")
STOPPED_UNITS = _words("stopped_units")
"""Units whose stop is part of them ("6 ft. tall"); they stand behind a number."""
STATES = _pairs("state")
AMBIGUOUS_STATES = _words("ambiguous_states")
"""Codes that are words, titles or degrees as well: states only where a town or a ZIP code shows it."""
TOWNS = {row[0]: frozenset(row[1:]) for row in _TABLES["towns"]}
"""The largest towns of the states with such a code: behind one of these it is a state."""
SENTENCE_STARTERS = _words("sentence_starters")
"""Words that start a sentence far more often than they continue a name: "… in the U.S. He left.", not "U.S. Army"."""
CHAPTERS = _words("chapters")
"""What is numbered: a Roman numeral behind it is a count."""
RULERS = _words("rulers")
"""Who is numbered and called "the"; behind any other name the numeral is only a rank ("Sam II" is "Sam second")."""
SIGN_NAMES = _pairs("sign")
ADDRESS_SIGNS = _pairs("address_sign")
CAPITAL_WORDS = _words("capital_words")
"""Short words that espeak-ng spells when they are in capitals."""
WORDS_AND_INITIALISMS = _words("words_and_initialisms")
"""Words that are initialisms too: words only in a sentence in capitals."""
INITIALISMS = _words("initialisms")
"""What is spelled in every sentence, though it holds vowels or looks like a word."""
DOUBLED = _words("doubled")
"""Words with a doubled letter, as the shortest form of stretched ones ("goooood")."""
