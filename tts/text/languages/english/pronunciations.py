"""English words that espeak-ng misreads wherever they stand: exceptions, initialisms, and words in capitals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tts.text.languages.english import CAPITAL_WORDS, INITIALISMS, WORDS_AND_INITIALISMS
from tts.text.languages.language import read_tables, split_words
from tts.text.lexicon import Lexicon
from tts.text.passage import Pronunciation
from tts.text.spoken import Pattern

_IN_CAPITALS = re.compile(r"(?<![\w'&-])(?:[A-Z]{2,}|[A-Z](?='))(?:'(?:M|S|T|D|LL|RE|VE))?(?![\w&])")
_INITIALISM = re.compile(r"(?<![\w'&-])([A-Z]{2,6})(s|'s)?(?![\w&-])")
_LETTERS = re.compile("[a-z]+")
_SMALL_LETTER = re.compile(r"[a-z]{2}|\b[a-z]\b")
_VOWEL = re.compile("[AEIOUY]")
_TWO_CAPITALS = re.compile("[A-Z][A-Z']")
# Of American English only: what other English pronounces alike is in other symbols there.
_AMERICAN = Pattern("oʊ|ɑː|ɚ|æ|ɾ|zˈiː|zˌiː|ɹ(?![ˈˌaeiouæɐɑəɚɛɜɪɔʊʌᵻ])")

_NAMES = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        split_words(
            "eɪ biː siː diː iː ɛf dʒiː eɪtʃ aɪ dʒeɪ keɪ ɛl ɛm ɛn oʊ piː kjuː ɑːɹ ɛs tiː juː viː dʌbəljuː ɛks waɪ ziː"
        ),
        strict=True,
    )
)
_NUCLEUS = re.compile("[aeiouɑɛʌ]")
# How an English syllable begins and ends: an initialism with another cluster cannot be a word ("TDAE").
_ONSET = (
    "[bcdfghjklmnpqrstvwxyz]|[bcfgp]l|[bcdfgpt]r|s[cklmnpqtw]|s[cpt]r|spl|squ?|[cgpstw]h|[dt]w"
    "|thr|shr|chr|sch|kn|gn|wr|qu|sph|ps|phr|"
)
_CODA = (
    "[bcdfghklmnprstvwxyz]|ck|ch|sh|th|ng|gh|ph|ll|ss|ff|zz|tt|n[cdgkst]|nch|nth|l[bdfkmpt]"
    "|r[bcdfgklmnpstv]|m[bp]|s[kpt]|ct|ft|pt|x"
    "|[bcdfgklmnprtvw]s|mps|nts|rts|nds|lls|cks|ths|st[s]?|"
)
_MIDDLE = "[bcdfghjklmnpqrstvwxz]{1,3}"
_PRONOUNCEABLE = re.compile(rf"(?:{_ONSET})[aeiouy]{{1,2}}(?:{_MIDDLE}[aeiouy]{{1,2}})*(?:{_CODA})", re.IGNORECASE)


@cache
def _exceptions() -> Lexicon:
    rows = read_tables(Path(__file__).with_name("exceptions.tsv"))
    return Lexicon({row[0].lower(): row[1] for table in rows.values() for row in table})


def _is_initialism(word: str, spoken: str) -> bool:
    """Tell whether letters that an exception has are more likely an initialism ("the IRA", not "Ira")."""
    word = word.partition("'")[0]
    return 1 < len(word) <= 3 and word.isupper() and _VOWEL.search(word) is not None and not spoken.isupper()


def find_exceptions(spoken: str, language: str = "en-us") -> list[Pronunciation]:
    """Return the pronunciations of what espeak-ng misreads; for other English than American those that are alike."""
    exceptions = _exceptions()
    found: list[Pronunciation] = []
    if not exceptions.entries.keys().isdisjoint(_LETTERS.findall(spoken.lower())):
        known = exceptions.find(spoken)
        found += [one for one in known if not _is_initialism(spoken[one.start : one.end], spoken)]
    if _TWO_CAPITALS.search(spoken):
        found += _odd_initialisms(spoken)
    if found and language.lower() != "en-us":
        return [one for one in found if not _AMERICAN.search(one.phonemes)]
    return found


def _odd_initialisms(spoken: str) -> Iterator[Pronunciation]:
    """Yield initialisms of which espeak-ng loses letters, or the s of their plural."""
    for found in _INITIALISM.finditer(spoken):
        letters, plural = found[1], found[2]
        is_odd = len(letters) > 3 and _VOWEL.search(letters) and not _PRONOUNCEABLE.fullmatch(letters)
        if letters in CAPITAL_WORDS or not (is_odd or (plural and letters in {"ID", "IT"}) or letters in INITIALISMS):
            continue
        yield Pronunciation(*found.span(), letter_names(letters) + _plural(letters[-1], bool(plural)))


def letter_names(letters: str) -> str:
    """Return the IPA of letters spoken one by one, with the main stress on the last."""
    names = [_NAMES[letter] for letter in letters]
    stressed = []
    for index, name in enumerate(names):
        at = _NUCLEUS.search(name).start() if _NUCLEUS.search(name) else 0  # type: ignore[union-attr]
        stressed.append(f"{name[:at]}{'ˈ' if index == len(names) - 1 else 'ˌ'}{name[at:]}")
    return "".join(stressed)


def _plural(last: str, is_plural: bool) -> str:
    if not is_plural:
        return ""
    return "ᵻz" if last in "HSX" else "s" if last == "F" else "z"


def with_words_in_small_letters(spoken: str) -> str:
    """Return a text of the same length in which words written in capitals are in small letters, initialisms are not.

    espeak-ng spells short words in capitals ("a BIG dog"). In a sentence in capitals words that are initialisms
    elsewhere ("IT", "US") are words too.
    """
    capitals = _IN_CAPITALS.findall(spoken) if _TWO_CAPITALS.search(spoken) else []
    if not capitals:
        return spoken
    n_words = sum(word.partition("'")[0] in CAPITAL_WORDS or word in WORDS_AND_INITIALISMS for word in capitals)
    is_sentence = len(capitals) > 1 and not _SMALL_LETTER.search(spoken) and n_words > 1

    def small(found: re.Match[str]) -> str:
        word, apostrophe, ending = found.group().partition("'")
        if is_sentence and word in WORDS_AND_INITIALISMS:
            is_word = word != "US" or not spoken[: found.start()].endswith("THE ")
        elif is_sentence or ending not in {"", "S"}:
            is_word = word not in INITIALISMS and word != "I" and _VOWEL.search(word) is not None
        else:
            is_word = word in CAPITAL_WORDS
        return f"{word.lower() if is_word else word}{apostrophe}{ending.lower()}"

    return _IN_CAPITALS.sub(small, spoken)
