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
_INITIALISM = re.compile(r"(?<![\w'&-])([A-Z]{2,6})(s|es|'[sdSD])?(?![\w&-])")
# espeak-ng loses the s of words in capitals ("NASA's", "GIFs").
_WORD_WITH_S = re.compile(r"(?<![\w'&-])[A-Z]{3,}(?='?s(?![\w&-]))")
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
# How an English syllable begins and ends: an initialism with another cluster cannot be a word ("TDAE"). Words that are
# written in capitals for emphasis ("the FIRST time") are far more frequent, so it permits what any of those has.
_ONSET = (
    "[bcdfghjklmnpqrstvwxyz]|[bcdfgkp][lr]|[dtw]r|s[cklmnpqtw]|s[cpt]r|spl|squ?|[cgkprstwz]h|[dt]w"
    "|thr|shr|chr|sch|kn|gn|wr|qu|sph|ps|phr|ll|cz|chl|mc[ck]?|"
)
_CODA = (
    "(?:[lrnmw]|gh)?(?:[bcdfgkpqtvxz]|l[bcdfklmpstvz]?|r[bcdfgklmnpstv]?|m[bnp]?|n[cdgknstxz]?|[gcpstw]h|tch|ck|s[chkpst]"
    "|[cfpx]t|ff|zz|tt|dd|bb|gg|pp|rr|ngth|rth|rch|nch|nth|lth|pth|rst|dst|rmth|rtz|w[nl]|w|y|h|hn|gn|dth|fth|xth|thm|sm)?t?s?"
)
_MIDDLE = "[bcdfghjklmnpqrstvwxyz]{1,4}"
_VOWELS = "[aeiouy]{1,3}"
_PRONOUNCEABLE = re.compile(rf"(?:{_ONSET}){_VOWELS}(?:{_MIDDLE}{_VOWELS})*(?:{_CODA})", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(?:the|an?) \Z", re.IGNORECASE)
# Behind an article even what is a word in a sentence in capitals is an initialism ("THE US", "THE WHO").
_BEHIND_ARTICLES = frozenset({"ID", "IT", "LED", "US", "WHO"})


@cache
def _exceptions() -> Lexicon:
    rows = read_tables(Path(__file__).with_name("exceptions.tsv"))
    return Lexicon({row[0].lower(): row[1] for table in rows.values() for row in table})


@cache
def _names() -> frozenset[str]:
    return frozenset(row[0].upper() for row in read_tables(Path(__file__).with_name("exceptions.tsv"))["exception"])


def _is_initialism(spoken: str, start: int, end: int) -> bool:
    """Tell whether an exception is more likely an initialism here: "the IRA", "by SSH" (but "SSH!")."""
    letters = spoken[start:end].partition("'")[0]
    if letters in INITIALISMS:
        return not spoken.startswith("!", end)
    is_sentence = " " in spoken and spoken.isupper()
    return 1 < len(letters) <= 3 and letters in _names() and not is_sentence


def find_exceptions(spoken: str, language: str = "en-us") -> list[Pronunciation]:
    """Return the pronunciations of what espeak-ng misreads; for other English than American those that are alike."""
    exceptions = _exceptions()
    found: list[Pronunciation] = []
    if not exceptions.entries.keys().isdisjoint(_LETTERS.findall(spoken.lower())):
        known = exceptions.find(spoken)
        found += [one for one in known if not _is_initialism(spoken, one.start, one.end)]
    if _TWO_CAPITALS.search(spoken):
        found += _odd_initialisms(spoken)
    if found and language.lower() != "en-us":
        return [one for one in found if not _AMERICAN.search(one.phonemes)]
    return found


def _odd_initialisms(spoken: str) -> Iterator[Pronunciation]:
    """Yield initialisms of which espeak-ng loses letters or their ending, or which it takes for words."""
    for found in _INITIALISM.finditer(spoken):
        letters, ending = found[1], (found[2] or "").lower()
        if letters in CAPITAL_WORDS:
            continue
        is_long = len(letters) > 3
        has_vowel = _VOWEL.search(letters) is not None
        if is_long:
            is_odd = (ending != "" or has_vowel) and not (has_vowel and _PRONOUNCEABLE.fullmatch(letters))
        else:
            is_odd = ending in {"es", "'d"} and (letters in {"ID", "OK"} or letters not in WORDS_AND_INITIALISMS)
        is_plural_lost = found[2] in {"s", "'s"} and letters in {"ID", "IT"}
        is_behind_article = letters == "WHO" and _ARTICLE.search(spoken, 0, found.start())
        if letters in INITIALISMS or is_odd or is_plural_lost or is_behind_article:
            yield Pronunciation(*found.span(), letter_names(letters) + _ending(letters[-1], ending))


def letter_names(letters: str) -> str:
    """Return the IPA of letters spoken one by one, with the main stress on the last."""
    names = [_NAMES[letter] for letter in letters]
    stressed = []
    for index, name in enumerate(names):
        at = _NUCLEUS.search(name).start() if _NUCLEUS.search(name) else 0  # type: ignore[union-attr]
        stressed.append(f"{name[:at]}{'ˈ' if index == len(names) - 1 else 'ˌ'}{name[at:]}")
    return "".join(stressed)


def _ending(last: str, ending: str) -> str:
    """Return the IPA of an ending behind the name of a letter."""
    if ending == "'d":
        return "t" if last in "FHSX" else "d"
    if not ending:
        return ""
    return "ᵻz" if last in "HSX" else "s" if last == "F" else "z"


def with_words_in_small_letters(spoken: str) -> str:
    """Return a text of the same length in which words written in capitals are in small letters, initialisms are not.

    espeak-ng spells short words in capitals ("a BIG dog"). In a sentence in capitals words that are initialisms
    elsewhere ("IT", "US") are words too.
    """
    if not _TWO_CAPITALS.search(spoken):
        return spoken
    capitals = [word.partition("'")[0] for word in _IN_CAPITALS.findall(spoken)]
    n_words = sum(word in CAPITAL_WORDS or word in WORDS_AND_INITIALISMS for word in capitals)
    is_sentence = len(capitals) > 1 and not _SMALL_LETTER.search(spoken) and n_words > 1

    def small(found: re.Match[str]) -> str:
        word, apostrophe, ending = found.group().partition("'")
        if is_sentence and word in WORDS_AND_INITIALISMS:
            is_word = word not in _BEHIND_ARTICLES or not _ARTICLE.search(spoken, 0, found.start())
        elif is_sentence or ending not in {"", "S"}:
            is_word = word not in INITIALISMS and word != "I" and _VOWEL.search(word) is not None
        else:
            is_word = word in CAPITAL_WORDS
        return f"{word.lower() if is_word else word}{apostrophe}{ending.lower()}"

    return _WORD_WITH_S.sub(_small_acronym, _IN_CAPITALS.sub(small, spoken))


def _small_acronym(found: re.Match[str]) -> str:
    word = found.group()
    is_long = len(word) > 3 and word not in INITIALISMS and _VOWEL.search(word)
    is_word = word in CAPITAL_WORDS or (is_long and (len(word) > 6 or _PRONOUNCEABLE.fullmatch(word)))
    return word.lower() if is_word else word
