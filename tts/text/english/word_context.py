"""A word of an English sentence and what stands around it: enough of grammar to tell a verb from what is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tts.text.english import homograph_table as table

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MARK = re.compile(r"[^\s'\-‐‑]")
# Farther words tell nothing, and a text of one long line must not take the square of its length.
_REACH = 30
_MOST_ADVERBS = 4
_PLURAL = re.compile(r"[^\W\d_]{2,}[^su]s")


class Sentence:
    """The words of a text: as written, in lower case, where they stand, and before which a mark parts them."""

    def __init__(self, text: str) -> None:
        found = list(_WORD.finditer(text))
        self.written = [word.group() for word in found]
        self.lower = [word.lower().replace("’", "'") for word in self.written]
        self.spans = [word.span() for word in found]
        ends = [0, *(end for _, end in self.spans)]
        self.parted = [bool(_MARK.search(text, end, start)) for end, (start, _) in zip(ends, self.spans, strict=False)]
        self.ends_parted = bool(_MARK.search(text, ends[-1]))


@dataclass(frozen=True)
class Place:
    """One word of a sentence. Words beyond a comma or another mark are not seen: they are ""."""

    sentence: Sentence
    index: int

    @property
    def written(self) -> str:
        return self.sentence.written[self.index]

    @property
    def is_capital(self) -> bool:
        """Whether it is written with a capital letter that no beginning and no title asks for."""
        around = self._around(self.sentence.written, _REACH)
        capital = self.written[0].isupper() and not self.written.isupper() and not self.opens
        return capital and sum(word[0].isupper() for word in around) * 2 <= len(around) + 1

    @property
    def opens(self) -> bool:
        """Whether it is the first word, or the first behind a mark."""
        return self.index == 0 or self.sentence.parted[self.index]

    def at(self, distance: int) -> str:
        """The word so far ahead (behind, where it is below 0), in lower case."""
        index = self.index + distance
        between = range(index + 1, self.index + 1) if distance < 0 else range(self.index + 1, index + 1)
        if not 0 <= index < len(self.sentence.lower) or any(self.sentence.parted[i] for i in between):
            return ""
        return self.sentence.lower[index]

    @property
    def before(self) -> str:
        return self.at(-1)

    @property
    def after(self) -> str:
        return self.at(1)

    def skipping_adverbs(self) -> int:
        """How far the word lies (below 0) that governs it: the one before, adverbs aside."""
        distance = -1
        while distance > -_MOST_ADVERBS and is_adverb(self.at(distance)):
            distance -= 1
        return distance

    @property
    def governor(self) -> str:
        """The word before, adverbs aside."""
        return self.at(self.skipping_adverbs())

    def has(self, words: frozenset[str], reach: int = _REACH) -> bool:
        """Whether one of the words stands in the sentence, no farther than so many words."""
        return not words.isdisjoint(self.around(reach))

    def around(self, reach: int = _REACH) -> list[str]:
        """The words of the sentence, no farther than so many, in lower case."""
        return self._around(self.sentence.lower, reach)

    def _around(self, words: list[str], reach: int) -> list[str]:
        return words[max(0, self.index - reach) : self.index + reach + 1]

    def is_asked(self) -> bool:
        """Whether it is the verb of a question: "When does the shop close?", "Can anyone read it?"."""
        for distance in range(-2, -7, -1):
            helper = self.at(distance)
            if not helper:
                return False
            if helper in _HELPERS or is_negated(helper):
                asks = self.at(distance - 1) in _BEFORE_QUESTION
                known = self.at(distance + 1) in _KNOWN_SUBJECTS
                return asks and known and not is_before_noun(self.before)
        return False


def is_verb(place: Place, *, adjective: bool = False) -> bool | None:
    """Whether a word that may be a verb in its base form is one; None where that is not sure.

    `adjective`: it may be one, too.
    """
    distance = place.skipping_adverbs()
    governor, after = place.at(distance), place.after
    if governor == "to":
        may_be_noun = place.at(distance - 1) in table.BEFORE_PREPOSITION_TO and after not in table.OBJECT_STARTS
        return True if not may_be_noun else False if after == "of" else None
    if is_before_verb(governor) or governor in table.SUBJECTS:
        return True
    if governor in ("all", "both") and place.at(distance - 1) in table.SUBJECTS:
        return True
    if governor in ("her", "that", "which", "what", "it"):
        return _is_verb_by_object(place)
    if is_before_noun(governor):
        return False
    if place.is_asked():
        return True
    if governor in table.JOINING and is_before_verb(place.at(distance - 2)):
        # "to recover and resume", "can import or export"
        return True
    if not governor or governor in table.JOINING:
        return True if after in table.OBJECT_STARTS else None
    return _is_verb_of_plural(place, adjective) if is_plural(governor) or governor == "people" else None


def is_verb_with_s(place: Place) -> bool | None:
    """The same of a form with -s, which is a verb or a plural."""
    distance = place.skipping_adverbs()
    governor, after = place.at(distance), place.after
    if governor in table.SUBJECTS_OF_S:
        return True
    if is_before_noun(governor) or governor in table.NUMBERS:
        return False
    has_object = after in table.OBJECT_STARTS
    if governor == "that":
        return True if has_object else None
    if governor and not is_plural(governor) and place.at(distance - 1) in table.DETERMINERS:
        return True if has_object else None
    return None


def is_before_verb(word: str) -> bool:
    """Whether a base form after this word is a verb."""
    return word in table.BEFORE_VERB or is_negated(word) or word.endswith(("'ll", "'d"))


def is_before_noun(word: str) -> bool:
    """Whether after this word, as a rule, no base form of a verb can stand."""
    return (
        word in _BEFORE_NOUN
        or word.endswith(("'s", "s'", "'ve", "'re", "'m"))
        or (word.endswith("n't") and not is_negated(word))
    )


def is_negated(word: str) -> bool:
    """Whether it is don't, won't, can't …: a helping verb that a base form follows."""
    return word.endswith("n't") and word not in _NEGATED_BE_AND_HAVE


def is_adverb(word: str) -> bool:
    return word in table.ADVERBS or (len(word) > 4 and word.endswith("ly") and word not in ("family", "only", "early"))


def is_open(word: str) -> bool:
    """Whether there is a word, and it is none of grammar."""
    return bool(word) and word not in _FUNCTION_WORDS


def is_plural(word: str) -> bool:
    """Whether a word looks like the plural of a noun."""
    return bool(_PLURAL.fullmatch(word)) and word not in table.PLURAL_MODIFIERS and word not in _FUNCTION_WORDS


def _is_verb_by_object(place: Place) -> bool | None:
    return True if place.after in table.DETERMINERS else None


def _is_verb_of_plural(place: Place, adjective: bool) -> bool | None:
    after = place.after
    if after in table.AFTER_NOUN:
        return None
    if after in table.OBJECT_STARTS or after in table.SUBORDINATE or is_adverb(after):
        return True
    # "Cows produce milk", "many countries export coffee"; not "the sports record books" nor "in terms of use".
    return True if not adjective and is_open(after) and not place.has(_FINITE) else None


_HELPERS = table.DO | table.MODALS
_FINITE = table.BE | table.HAVE | table.MODALS
_BEFORE_QUESTION = table.QUESTIONS | table.JOINING | {""}
_KNOWN_SUBJECTS = table.DETERMINERS | table.SUBJECTS | table.SUBJECTS_OF_S | table.INDEFINITE
_NEGATED_BE_AND_HAVE = table.words("isn't aren't wasn't weren't hasn't haven't hadn't")
_BEFORE_NOUN = (
    table.DETERMINERS | table.PREPOSITIONS | table.BE | table.HAVE | table.DEGREES | table.NUMBERS | table.ADJECTIVES
)
_FUNCTION_WORDS = (
    _BEFORE_NOUN
    | table.BEFORE_VERB
    | table.SUBJECTS
    | table.SUBJECTS_OF_S
    | table.JOINING
    | table.SUBORDINATE
    | table.AFTER_NOUN
    | table.ADVERBS
    | table.OBJECT_STARTS
    | table.words("to out off up down over than")
)
