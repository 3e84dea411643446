"""A word of an English sentence and what stands around it: enough grammar to distinguish a verb from other words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tts.text.languages.language import read_tables, split_words

TABLES = read_tables(Path(__file__).with_name("homographs.tsv"))
WORDS = {table: frozenset(rows[0]) for table, rows in TABLES.items()}
"""The word lists of homographs.tsv by their names."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MARK = re.compile(r"[^\s'\-‐‑]")
# Words farther away show nothing, and a text of one long line must not need the square of its length.
_REACH = 30
_MAX_ADVERBS = 4
_PLURAL = re.compile(r"[^\W\d_]{2,}[^su]s")

ARTICLES = WORDS["articles"]
POSSESSIVES = WORDS["possessives"]
DETERMINERS = ARTICLES | POSSESSIVES | WORDS["determiners"]
OBJECT_STARTS = DETERMINERS | WORDS["object_pronouns"] | WORDS["object_starts"]
"""What begins the object of a verb, and seldom follows a noun."""
SUBJECTS = WORDS["subjects"]
SUBJECTS_OF_S = WORDS["subjects_of_s"]
"""Subjects of a verb with -s."""
INDEFINITE = WORDS["indefinite"]
BE, HAVE = WORDS["be"], WORDS["have"]
HELPERS = WORDS["modals"] | WORDS["do"]
"""Verbs that a base form follows."""
BEFORE_VERB = HELPERS | WORDS["before_verb"]
NUMBERS = WORDS["numbers"]
JOINING = WORDS["joining"]
ADVERBS = WORDS["adverbs"]

_FINITE = BE | HAVE | WORDS["modals"]
_AFTER_NOUN = BE | HAVE | HELPERS | WORDS["after_noun"]
_BEFORE_QUESTION = WORDS["questions"] | JOINING | {""}
_KNOWN_SUBJECTS = DETERMINERS | SUBJECTS | SUBJECTS_OF_S | INDEFINITE
_NEGATED_BE_AND_HAVE = frozenset(split_words("isn't aren't wasn't weren't hasn't haven't hadn't"))
_BEFORE_NOUN = DETERMINERS | WORDS["prepositions"] | BE | HAVE | WORDS["degrees"] | NUMBERS | WORDS["adjectives"]
_FUNCTION_WORDS = (
    _BEFORE_NOUN
    | (BEFORE_VERB | SUBJECTS | SUBJECTS_OF_S | JOINING | WORDS["subordinate"] | _AFTER_NOUN | ADVERBS | OBJECT_STARTS)
    | frozenset(split_words("to out off up down over than"))
)


class Sentence:
    """The words of a text: as written, in lower case, their spans, and before which a mark separates them."""

    def __init__(self, text: str) -> None:
        found = list(_WORD.finditer(text))
        self.written = [word.group() for word in found]
        self.lower = [word.lower().replace("’", "'") for word in self.written]
        self.spans = [word.span() for word in found]
        ends = [0, *(end for _, end in self.spans)]
        self.parted = [bool(_MARK.search(text, end, start)) for end, (start, _) in zip(ends, self.spans, strict=False)]


@dataclass(frozen=True)
class WordInContext:
    """One word of a sentence. Words beyond a comma or another mark are not seen: they are ""."""

    sentence: Sentence
    index: int

    @property
    def written(self) -> str:
        """The word as it is written."""
        return self.sentence.written[self.index]

    @property
    def lower(self) -> str:
        """The word in lower case."""
        return self.sentence.lower[self.index]

    @property
    def is_capital(self) -> bool:
        """Whether it has a capital letter that neither the beginning of a sentence nor a title explains."""
        near = self.sentence.written[max(0, self.index - _REACH) : self.index + _REACH + 1]
        capital = self.written[0].isupper() and not self.written.isupper() and not self.opens
        return capital and sum(word[0].isupper() for word in near) * 2 <= len(near) + 1

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
        """The word before."""
        return self.at(-1)

    @property
    def after(self) -> str:
        """The word after."""
        return self.at(1)

    def skipping_adverbs(self) -> int:
        """The distance (below 0) of the word that governs this one: the one before, adverbs aside."""
        distance = -1
        while distance > -_MAX_ADVERBS and is_adverb(self.at(distance)):
            distance -= 1
        return distance

    @property
    def governor(self) -> str:
        """The word before, adverbs aside."""
        return self.at(self.skipping_adverbs())

    @property
    def is_owned(self) -> bool:
        """Whether a determiner stands before its governor: "the man always …"."""
        return self.at(self.skipping_adverbs() - 1) in DETERMINERS

    def around(self, reach: int = _REACH) -> list[str]:
        """The words of the sentence within a distance, in lower case."""
        return self.sentence.lower[max(0, self.index - reach) : self.index + reach + 1]

    def has(self, words: frozenset[str], reach: int = _REACH) -> bool:
        """Whether one of the words stands in the sentence within a distance."""
        return not words.isdisjoint(self.around(reach))

    def is_in_question(self) -> bool:
        """Whether it is the verb of a question: "When does the shop close?", "Can anyone read it?"."""
        for distance in range(-2, -7, -1):
            helper = self.at(distance)
            if not helper:
                return False
            if helper in HELPERS or is_negated(helper):
                asks = self.at(distance - 1) in _BEFORE_QUESTION
                known = self.at(distance + 1) in _KNOWN_SUBJECTS
                return asks and known and not is_before_noun(self.before)
        return False


def is_verb(word: WordInContext, *, adjective: bool = False) -> bool | None:
    """Whether a word that may be a verb in its base form is one; None where that is not sure.

    `adjective`: it may be one, too.
    """
    distance = word.skipping_adverbs()
    governor, after = word.at(distance), word.after
    if governor == "to":
        may_be_noun = word.at(distance - 1) in WORDS["before_preposition_to"] and after not in OBJECT_STARTS
        return True if not may_be_noun else False if after == "of" else None
    if is_before_verb(governor) or governor in SUBJECTS:
        return True
    if governor in ("all", "both") and word.at(distance - 1) in SUBJECTS:
        return True
    if governor in ("her", "that", "which", "what", "it"):
        return True if after in DETERMINERS else None
    if is_before_noun(governor):
        return False
    if word.is_in_question():
        return True
    if governor in JOINING and is_before_verb(word.at(distance - 2)):
        # "to recover and resume", "can import or export"
        return True
    if not governor or governor in JOINING:
        return True if after in OBJECT_STARTS else None
    if not is_plural(governor) and governor != "people":
        return None

    # Behind a plural.
    if after in _AFTER_NOUN:
        return None
    if after in OBJECT_STARTS or after in WORDS["subordinate"] or is_adverb(after):
        return True
    # "Cows produce milk", "many countries export coffee"; not "the sports record books" nor "in terms of use".
    return True if not adjective and is_open(after) and not word.has(_FINITE) else None


def is_verb_with_s(word: WordInContext) -> bool | None:
    """The same for a form with -s, which is a verb or a plural."""
    distance = word.skipping_adverbs()
    governor, after = word.at(distance), word.after
    if governor in SUBJECTS_OF_S:
        return True
    if is_before_noun(governor) or governor in NUMBERS:
        return False
    has_object = after in OBJECT_STARTS
    if governor == "that":
        return True if has_object else None
    if governor and not is_plural(governor) and word.at(distance - 1) in DETERMINERS:
        return True if has_object else None
    return None


def is_before_verb(word: str) -> bool:
    """Whether a base form after this word is a verb."""
    return word in BEFORE_VERB or is_negated(word) or word.endswith(("'ll", "'d"))


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
    """Whether it is an adverb, by the list or by its ending."""
    return word in ADVERBS or (len(word) > 4 and word.endswith("ly") and word not in ("family", "only", "early"))


def is_open(word: str) -> bool:
    """Whether there is a word, and it is no function word."""
    return bool(word) and word not in _FUNCTION_WORDS


def is_plural(word: str) -> bool:
    """Whether a word looks like the plural of a noun."""
    return bool(_PLURAL.fullmatch(word)) and word not in WORDS["plural_modifiers"] and word not in _FUNCTION_WORDS
