"""English homographs that espeak-ng pronounces wrongly: how each is pronounced, where the words around it show that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tts.text.languages.english.grammar import (
    ADVERBS,
    ARTICLES,
    BE,
    BEFORE_VERB,
    DETERMINERS,
    HAVE,
    HELPERS,
    INDEFINITE,
    JOINING,
    NUMBERS,
    OBJECT_STARTS,
    POSSESSIVES,
    SUBJECTS,
    SUBJECTS_OF_S,
    TABLES,
    WORDS,
    Sentence,
    WordInContext,
    is_before_noun,
    is_negated,
    is_open,
    is_plural,
    is_verb,
    is_verb_with_s,
)
from tts.text.passage import Pronunciation
from tts.text.spoken import Pattern

Reading = Callable[[WordInContext], str | None]
"""The IPA (en-us) of a word where it stands; None where that is not sure."""

VERB_OR_NOT = {row[0]: (row[1], row[2]) for row in TABLES["verb_or_not"]}
"""The IPA of a word as a verb, and as anything else. Where espeak-ng has a form for one of them, it is that."""
_VERB_BEFORE = {row[0]: frozenset(row[1:]) for row in TABLES["verb_before"]}
_BEFORE_PARTICIPLE = BE | HAVE | {"get", "got"}
_PAST = WORDS["past_times"] | WORDS["past_verbs"]
_PERSONS = SUBJECTS | SUBJECTS_OF_S | INDEFINITE
_READINGS: dict[str, Reading] = {}
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
# What American English pronounces differently from others: of the rest, IPA of en-us will do for all.
_AMERICAN = Pattern("oʊ|ɑː|ɚ|æ|ɾ|ɐs|ɹ(?![ˈˌaeiouæɐɑəɚɛɜɪɔʊʌᵻ])|[nzd]uː")


def find_homographs(spoken: str, language: str = "en-us") -> list[Pronunciation]:
    """The pronunciations of the homographs of an English text, in order, without those that the rules are not sure of.

    The IPA is espeak-ng's of en-us. For other English it gives only what is pronounced there in the same way.
    """
    if _READINGS.keys().isdisjoint(map(str.lower, _WORD.findall(spoken))):
        return []
    sentence = Sentence(spoken)
    found = []
    for index, word in enumerate(sentence.lower):
        if word in _READINGS and (ipa := _READINGS[word](WordInContext(sentence, index))):
            found.append(Pronunciation(*sentence.spans[index], ipa))
    if language.lower() == "en-us":
        return found
    alike = (said for said in found if not _AMERICAN.search(said.phonemes))
    return [replace(said, phonemes=said.phonemes.replace("ᵻ", "ɪ")) for said in alike]


def _homograph(*words: str) -> Callable[[Reading], Reading]:
    """Decorate the function that pronounces some words."""

    def add(reading: Reading) -> Reading:
        _READINGS.update(dict.fromkeys(words, reading))
        return reading

    return add


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _verb_or_not(
    verb: str, other: str, *, adjective: bool = False, verb_before: frozenset[str] | None = None
) -> Reading:
    """Pronounce a verb that is also a noun or an adjective.

    With `verb_before`, what is not surely a verb is none, unless one of these words comes next: espeak-ng reads it as a
    verb too often.
    """

    def reading(word: WordInContext) -> str | None:
        is_sure = is_verb(word, adjective=adjective)
        may_be_verb = word.opens or word.after in OBJECT_STARTS
        if is_sure is None and verb_before is not None and not may_be_verb and word.after not in verb_before:
            is_sure = False
        return None if is_sure is None else verb if is_sure else other

    return reading


def _with_s(verb: str, other: str) -> Reading:
    def reading(word: WordInContext) -> str | None:
        is_sure = is_verb_with_s(word)
        return None if is_sure is None else verb if is_sure else other

    return reading


for _verb, _as_verb, _as_other, *_more in TABLES["verb_or_not"]:
    _ending, _adjective = (*_more, "", "")[:2]
    _READINGS[_verb] = _verb_or_not(
        _as_verb, _as_other, adjective=bool(_adjective), verb_before=_VERB_BEFORE.get(_verb)
    )
    # Few forms with -s are given: an "estimates" is too seldom sure.
    if _ending:
        _READINGS[f"{_verb}s"] = _with_s(_as_verb + _ending, _as_other + _ending)


# Verbs or not, and verbs of the present or of the past.


def _is_participle(word: WordInContext, governor: str) -> bool:
    """It was read, I've read it, it was written and read; have you read it?"""
    if governor in _BEFORE_PARTICIPLE or governor.endswith(("'ve", "'re")):
        return True
    if governor == "and" and word.after == "by" and word.at(-3) in BE:
        return True
    helper = next((word.at(d) for d in (-2, -3, -4) if word.at(d) in _BEFORE_PARTICIPLE), "")
    return bool(helper) and word.before in _PERSONS


def _is_past(word: WordInContext) -> bool:
    """Whether something in the sentence says that it is past."""
    return word.has(_PAST) or any(near.endswith("ed") and len(near) > 4 for near in word.around())


@_homograph("read")
def _read(word: WordInContext) -> str | None:
    past, present = "ɹˈɛd", "ɹˈiːd"
    governor = word.governor
    question = word.is_in_question() or (word.at(-2) in HELPERS and word.before in _PERSONS)
    if question or governor in BEFORE_VERB or is_negated(governor) or governor.endswith("'ll"):
        return present
    if _is_participle(word, governor) or governor in ("he", "she"):
        return past
    if governor in ("that", "which"):
        # "A sign that read": were it now, it would be "reads".
        return None if is_plural(word.at(-2)) and word.after else past
    if is_before_noun(governor) or word.has(WORDS["habits"]):
        return None
    if governor in SUBJECTS - {"you"} or governor == "it":
        return past if _is_past(word) else None
    if word.has(WORDS["causing"] | HELPERS, 6):
        return None
    if governor == "and":
        return past if _is_past(word) and not word.has(frozenset({"to"}), 8) else None
    return past if governor and word.is_owned and not is_plural(governor) else None


@_homograph("live")
def _live(word: WordInContext) -> str | None:
    verb, other = "lˈɪv", "lˈaɪv"
    before, after = word.before, word.after
    if after in WORDS["live_things"] or before in WORDS["shown_live"]:
        return other
    if after in ("on", "from") and word.has(_words("television tv radio air stage watch watched saw"), 5):
        return other
    sure = is_verb(word)
    if sure is not None:
        return verb if sure else other
    subject = is_plural(before) or before in INDEFINITE
    return verb if subject and (not after or after in WORDS["lived"]) else None


@_homograph("lives")
def _lives(word: WordInContext) -> str | None:
    verb, other = "lˈɪvz", "lˈaɪvz"
    governor, after = word.governor, word.after
    sure = is_verb_with_s(word)
    if sure is not None:
        return verb if sure else other
    if word.before != governor and word.before != "first" and after in WORDS["lived"]:
        return verb
    named = word.index > 0 and word.sentence.written[word.index - 1][0].isupper()
    if (word.is_owned or named) and governor and not is_plural(governor) and (not after or after in WORDS["lived"]):
        return verb
    return None


@_homograph("wind")
def _wind(word: WordInContext) -> str | None:
    if word.after == "up" and not is_before_noun(word.governor):
        return "wˈaɪnd"
    if word.before.removesuffix("s") in WORDS["ways"] and word.after in WORDS["along"]:
        return "wˈaɪnd"
    return None if is_verb(word) is False and word.after == "up" else _verb_or_not("wˈaɪnd", "wˈɪnd")(word)


@_homograph("winds")
def _winds(word: WordInContext) -> str | None:
    if word.before in WORDS["ways"] and word.after in WORDS["along"]:
        return "wˈaɪndz"
    return _with_s("wˈaɪndz", "wˈɪndz")(word) if word.after != "up" else None


@_homograph("close")
def _close(word: WordInContext) -> str | None:
    verb, other = VERB_OR_NOT["close"]
    governor, after = word.governor, word.after
    if (word.before in ARTICLES and after in ("of", "")) or (governor == "the" and after == "of"):
        # The end: "at the close of the day", "came to a close".
        return verb
    if governor == "to" and word.at(word.skipping_adverbs() - 1) in BE | {"stay", "stayed"}:
        return verb
    if after in ("to", "by", "enough", "behind", "together") and governor not in BEFORE_VERB:
        return other
    if is_plural(governor) and after in ("", "at", "on", "for", "early", "late", "down", "in", "before", "after"):
        return verb
    return _verb_or_not(verb, other, adjective=True)(word)


@_homograph("tear")
def _tear(word: WordInContext) -> str | None:
    rip, drop = "tˈɛɹ", "tˈɪɹ"
    after = word.after
    if after in ("up", "apart", "down", "off", "open", "out") or (word.at(-2), word.before) == ("wear", "and"):
        return rip
    is_cry = word.has(WORDS["crying"])
    if word.has(WORDS["torn"]) and not is_cry and not word.is_in_question():
        return rip
    if is_before_noun(word.governor):
        in_cloth = after in ("in", "of") and word.at(2) in DETERMINERS and not is_cry
        return rip if in_cloth else drop if is_cry else None
    return rip if is_verb(word) else None


@_homograph("tears")
def _tears(word: WordInContext) -> str | None:
    if is_verb_with_s(word) or (word.governor in SUBJECTS_OF_S):
        return "tˈɛɹz"
    return None


@_homograph("wound")
def _wound(word: WordInContext) -> str | None:
    turned, hurt = "wˈaʊnd", "wˈuːnd"
    governor, after = word.governor, word.after
    if after in ("up", "around", "round", "tightly") and governor not in DETERMINERS | {"to"}:
        return turned
    if governor in SUBJECTS | {"he", "she", "it"} and after in OBJECT_STARTS | WORDS["along"]:
        return turned
    if governor in WORDS["ways"] and after in WORDS["along"]:
        return turned
    if governor in BE and after in WORDS["along"] | {"onto"}:
        return turned
    is_noun = is_before_noun(governor) and governor not in BE | HAVE
    return hurt if is_noun or governor == "to" else None


@_homograph("object")
def _object(word: WordInContext) -> str | None:
    if word.after == "to" and is_plural(word.governor):
        return "ɑːbdʒˈɛkt"
    return _verb_or_not(*VERB_OR_NOT["object"])(word)


@_homograph("protest", "rebel")
def _against(word: WordInContext) -> str | None:
    verb, other = VERB_OR_NOT[word.lower]
    is_sure = is_verb(word)
    if is_sure is None and word.after == "against" and is_plural(word.governor):
        is_sure = True
    return None if is_sure is None else verb if is_sure else other


@_homograph("content")
def _content(word: WordInContext) -> str | None:
    pleased, stuff = "kəntˈɛnt", "kˈɑːntɛnt"
    governor = word.governor
    if governor in BE | WORDS["degrees"] | WORDS["seeming"] or word.after == "with":
        return pleased if word.before != "the" else None
    if is_before_noun(governor):
        return stuff
    # Something's content: "moisture content".
    return stuff if governor and is_open(governor) and word.after != "to" and not is_plural(governor) else None


@_homograph("produce")
def _produce(word: WordInContext) -> str | None:
    verb, other = VERB_OR_NOT["produce"]
    sold = word.before in _words("fresh local organic garden farm seasonal")
    if sold or (word.after in _words("section aisle market stand is was") and not word.is_in_question()):
        return other
    return _verb_or_not(verb, other)(word)


@_homograph("present")
def _present(word: WordInContext) -> str | None:
    verb, other = VERB_OR_NOT["present"]
    if word.governor == "to" and not word.after and word.has(frozenset({"from"})):
        return other
    return _verb_or_not(verb, other)(word)


@_homograph("subject")
def _subject(word: WordInContext) -> str | None:
    verb, _ = VERB_OR_NOT["subject"]
    return verb if is_verb(word) and word.after in OBJECT_STARTS else None


@_homograph("use")
def _use(word: WordInContext) -> str | None:
    verb, other = VERB_OR_NOT["use"]
    if word.after == "to" and (is_negated(word.governor) or word.at(-2) in ("did", "didn't") or word.before == "did"):
        return other
    return _verb_or_not(verb, other)(word)


@_homograph("used")
def _used(word: WordInContext) -> str | None:
    if word.after != "to":
        return None
    governor, goal = word.governor, word.at(2)
    accustomed = goal in OBJECT_STARTS or goal.endswith("ing")
    if governor in _words("get gets got gotten getting become becomes became becoming grow grew grown"):
        return "jˈuːst"
    if governor in BE or governor.endswith(("'re", "'m")):
        return "jˈuːst" if accustomed else "jˈuːzd"
    subject = governor in SUBJECTS | SUBJECTS_OF_S | {"it", "there", "people", "that"} - {"which"}
    owned = word.at(-2) in POSSESSIVES and governor in WORDS["relatives"]
    return "jˈuːst" if subject or owned else None


# Words of two meanings, distinguished by the words around them.


def _is_part_of_name(word: WordInContext) -> bool:
    """Whether the next word has a capital too, with no mark in between."""
    return bool(word.after) and word.sentence.written[word.index + 1][0].isupper()


@_homograph("lead")
def _lead(word: WordInContext) -> str | None:
    metal = "lˈɛd"
    before, after = word.before, word.after
    if before in BEFORE_VERB or before in SUBJECTS:
        return "lˈiːd"
    if after in WORDS["of_metal"] or (before in ("white", "molten", "liquid", "tetraethyl") and not after):
        return metal
    is_bare = after in BE | HAVE | {"", "and", "or", "in"}
    if is_bare and before in WORDS["made_of"]:
        return metal
    if not before and after in BE | HAVE:
        return metal
    nearest = {word.at(2)} if after in JOINING else set()
    nearest |= {word.at(-2)} if before in JOINING else set()
    is_listed = is_bare and (not before or before in ADVERBS | JOINING) and word.has(WORDS["metals"], 8)
    return metal if nearest & WORDS["metals"] or is_listed else None


@_homograph("bow")
def _bow(word: WordInContext) -> str | None:
    bend, curve = "bˈaʊ", "bˈoʊ"
    before, after = word.before, word.after
    if after in ("tie", "ties", "and") and word.at(2) in WORDS["strings"] | {"", "tie"}:
        return curve
    took = word.at(-2) in WORDS["before_a_bow"]
    if (before in WORDS["bowed"] and word.at(-2) in ARTICLES | {"his", "her"}) or (
        took and before == "a" and not after
    ):
        return bend
    if after in ("shock", "wave"):
        return bend
    if word.has(WORDS["strings"]):
        return None
    if (before in ARTICLES | POSSESSIVES or before.endswith("'s")) and word.has(WORDS["ships"]):
        return bend
    return bend if is_verb(word) else None


@_homograph("bows")
def _bows(word: WordInContext) -> str | None:
    if word.has(WORDS["strings"]):
        return None
    of_person = word.at(-2) in DETERMINERS and not is_plural(word.before) and not is_before_noun(word.before)
    if is_verb_with_s(word) or (of_person and word.after in ("", "and", "to", "before", "down", "low", "deeply")):
        return "bˈaʊz"
    return None


@_homograph("row")
def _row(word: WordInContext) -> str | None:
    quarrel = word.after in ("broke", "erupted", "over") and word.before in ("a", "the", "diplomatic", "political")
    return "ɹˈaʊ" if quarrel else None


@_homograph("sow")
def _sow(word: WordInContext) -> str | None:
    pig = word.before in DETERMINERS and word.has(WORDS["pigs"])
    return "sˈaʊ" if pig else None


@_homograph("dove")
def _dove(word: WordInContext) -> str | None:
    governor, after = word.governor, word.after
    down = after in WORDS["diving"]
    if is_before_noun(governor) or not down or not governor or governor in JOINING:
        return "dˈoʊv" if governor in ("and", "then") and down and word.at(2) in DETERMINERS else None
    return "dˈoʊv"


@_homograph("bass")
def _bass(word: WordInContext) -> str | None:
    fishy = word.has(WORDS["fishing"]) and not word.has(WORDS["musical"])
    return "bˈæs" if fishy else None


@_homograph("does")
def _does(word: WordInContext) -> str | None:
    deer = word.before in ARTICLES | NUMBERS | {"several", "some", "young"} and word.has(WORDS["deer"])
    return "dˈoʊz" if deer else None


@_homograph("deserts")
def _deserts(word: WordInContext) -> str | None:
    return "dᵻzˈɜːts" if word.before == "just" and not word.after else None


@_homograph("minute")
def _minute(word: WordInContext) -> str | None:
    is_said_of = word.governor in BE and not word.after and word.before not in NUMBERS
    return "maɪnˈuːt" if word.after in WORDS["tiny"] or is_said_of else None


@_homograph("invalid")
def _invalid(word: WordInContext) -> str | None:
    person = word.after in WORDS["relatives"] or (
        word.before == "an" and word.after in ("", "for", "and", "who", "all")
    )
    return "ˈɪnvəlɪd" if person else None


@_homograph("polish")
def _polish(word: WordInContext) -> str | None:
    shine = word.opens and word.after in OBJECT_STARTS and word.written == "Polish"
    return "pˈɑːlɪʃ" if shine else None


@_homograph("resume")
def _resume(word: WordInContext) -> str | None:
    return "ɹˈɛzuːmˌeɪ" if word.before in ARTICLES | POSSESSIVES else None


@_homograph("reading")
def _reading(word: WordInContext) -> str | None:
    named = word.before in WORDS["places"] or (word.before == "of" and word.at(-2) in ("university", "town"))
    return "ɹˈɛdɪŋ" if word.is_capital and named and not _is_part_of_name(word) else None


@_homograph("nice")
def _nice(word: WordInContext) -> str | None:
    named = word.before in WORDS["places"] | {"of", "and", "for"}
    return "nˈiːs" if word.is_capital and named and not _is_part_of_name(word) else None


@_homograph("job")
def _job(word: WordInContext) -> str | None:
    bible = _words("book patience trials story bible god prophet sufferings testament satan psalms proverbs")
    return "dʒˈoʊb" if word.is_capital and word.before in ("of", "to", "like", "and") and word.has(bible) else None


@_homograph("august")
def _august(word: WordInContext) -> str | None:
    grand = word.written == "august" and word.before in DETERMINERS | {"that"} and word.after.isalpha()
    return "ɔːɡˈʌst" if grand else None


@_homograph("learned")
def _learned(word: WordInContext) -> str | None:
    if word.before in DETERMINERS and word.after in _words("behavior behaviour helplessness response skill"):
        return "lˈɜːnd"
    return "lˈɜːnᵻd" if word.after in WORDS["scholars"] and word.before not in HAVE | SUBJECTS else None


@_homograph("blessed")
def _blessed(word: WordInContext) -> str | None:
    holy = word.after in WORDS["sacred"] and (word.written == "Blessed" or word.before == "the")
    return "blˈɛsᵻd" if holy else None


@_homograph("aged")
def _aged(word: WordInContext) -> str | None:
    old = word.before in DETERMINERS and (word.after in WORDS["relatives"] or (word.before == "the" and not word.after))
    return "ˈeɪdʒᵻd" if old else None


@_homograph("beloved")
def _beloved(word: WordInContext) -> str | None:
    return "bᵻlˈʌvᵻd" if word.before in ARTICLES | POSSESSIVES and word.after != "by" else None
