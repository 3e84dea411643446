"""Homographs that are a verb or not, or a verb of now or of the past: the place of one → its IPA (en-us), or None."""

from __future__ import annotations

from collections.abc import Callable

from tts.text.english import homograph_table as table
from tts.text.english.word_context import Place, is_before_noun, is_negated, is_open, is_plural, is_verb, is_verb_with_s

Rule = Callable[[Place], str | None]


def _verb_or_not(verb: str, other: str, *, adjective: bool = False, verb_before: frozenset[str] | None = None) -> Rule:
    """A rule for a verb that is also a noun or an adjective.

    With `verb_before`, what is not surely a verb is none, unless one of these words comes next: espeak-ng takes it for
    a verb too often.
    """

    def rule(place: Place) -> str | None:
        sure = is_verb(place, adjective=adjective)
        may_be_verb = place.opens or place.after in table.OBJECT_STARTS
        if sure is None and verb_before is not None and not may_be_verb and place.after not in verb_before:
            sure = False
        return None if sure is None else verb if sure else other

    return rule


def _with_s(verb: str, other: str) -> Rule:
    def rule(place: Place) -> str | None:
        sure = is_verb_with_s(place)
        return None if sure is None else verb if sure else other

    return rule


def _read(place: Place) -> str | None:
    past, present = "ɹˈɛd", "ɹˈiːd"
    governor = place.governor
    asked = place.is_asked() or (place.at(-2) in _HELPERS and place.before in _PERSONS)
    if asked or governor in table.BEFORE_VERB or is_negated(governor) or governor.endswith("'ll"):
        return present
    if _is_participle(place, governor) or governor in ("he", "she"):
        return past
    if governor in ("that", "which"):
        # "A sign that read": were it now, it would be "reads".
        return None if is_plural(place.at(-2)) and place.after else past
    if is_before_noun(governor) or place.has(table.HABITS):
        return None
    if governor in table.SUBJECTS - {"you"} or governor == "it":
        return past if _is_told(place) else None
    if place.has(_BEFORE_BASE, 6):
        return None
    if governor == "and":
        return past if _is_told(place) and not place.has(frozenset({"to"}), 8) else None
    owned = place.at(place.skipping_adverbs() - 1) in table.DETERMINERS
    return past if governor and owned and not is_plural(governor) else None


_HELPERS = table.DO | table.MODALS
_BEFORE_BASE = table.CAUSING | _HELPERS
_BEFORE_PARTICIPLE = table.BE | table.HAVE | {"get", "got"}
_PAST = table.PAST_TIMES | table.PAST_VERBS
_PERSONS = table.SUBJECTS | table.SUBJECTS_OF_S | table.INDEFINITE


def _is_participle(place: Place, governor: str) -> bool:
    """It was read, I've read it, it was written and read; have you read it?"""
    if governor in _BEFORE_PARTICIPLE or governor.endswith(("'ve", "'re")):
        return True
    if governor == "and" and place.after == "by" and place.at(-3) in table.BE:
        return True
    helper = next((place.at(d) for d in (-2, -3, -4) if place.at(d) in _BEFORE_PARTICIPLE), "")
    return bool(helper) and place.before in _PERSONS


def _is_told(place: Place) -> bool:
    """Whether something in the sentence says that it is past."""
    return place.has(_PAST) or any(word.endswith("ed") and len(word) > 4 for word in place.around())


def _live(place: Place) -> str | None:
    verb, other = "lˈɪv", "lˈaɪv"
    before, after = place.before, place.after
    if after in table.LIVE_THINGS or before in table.SHOWN_LIVE:
        return other
    if after in ("on", "from") and place.has(table.words("television tv radio air stage watch watched saw"), 5):
        return other
    sure = is_verb(place)
    if sure is not None:
        return verb if sure else other
    subject = is_plural(before) or before in table.INDEFINITE
    return verb if subject and (not after or after in table.LIVED) else None


def _lives(place: Place) -> str | None:
    verb, other = "lˈɪvz", "lˈaɪvz"
    governor, after = place.governor, place.after
    sure = is_verb_with_s(place)
    if sure is not None:
        return verb if sure else other
    if place.before != governor and place.before != "first" and after in table.LIVED:
        return verb
    owned = place.at(place.skipping_adverbs() - 1) in table.DETERMINERS
    named = place.index > 0 and place.sentence.written[place.index - 1][0].isupper()
    if (owned or named) and governor and not is_plural(governor) and (not after or after in table.LIVED):
        return verb
    return None


def _wind(place: Place) -> str | None:
    if place.after == "up" and not is_before_noun(place.governor):
        return "wˈaɪnd"
    if place.before.removesuffix("s") in table.WAYS and place.after in table.ALONG:
        return "wˈaɪnd"
    return None if is_verb(place) is False and place.after == "up" else _verb_or_not("wˈaɪnd", "wˈɪnd")(place)


def _winds(place: Place) -> str | None:
    if place.before in table.WAYS and place.after in table.ALONG:
        return "wˈaɪndz"
    return _with_s("wˈaɪndz", "wˈɪndz")(place) if place.after != "up" else None


def _close(place: Place) -> str | None:
    verb, other = table.VERB_OR_NOT["close"]
    governor, after = place.governor, place.after
    if (place.before in table.ARTICLES and after in ("of", "")) or (governor == "the" and after == "of"):
        # The end: "at the close of the day", "came to a close".
        return verb
    if governor == "to" and place.at(place.skipping_adverbs() - 1) in table.BE | {"stay", "stayed"}:
        return verb
    if after in ("to", "by", "enough", "behind", "together") and governor not in table.BEFORE_VERB:
        return other
    if is_plural(governor) and after in ("", "at", "on", "for", "early", "late", "down", "in", "before", "after"):
        return verb
    return _verb_or_not(verb, other, adjective=True)(place)


def _tear(place: Place) -> str | None:
    rip, drop = "tˈɛɹ", "tˈɪɹ"
    after = place.after
    if after in ("up", "apart", "down", "off", "open", "out") or (place.at(-2), place.before) == ("wear", "and"):
        return rip
    is_cry = place.has(table.CRYING)
    if place.has(table.TORN) and not is_cry and not place.is_asked():
        return rip
    if is_before_noun(place.governor):
        in_cloth = after in ("in", "of") and place.at(2) in table.DETERMINERS and not is_cry
        return rip if in_cloth else drop if is_cry else None
    return rip if is_verb(place) else None


def _tears(place: Place) -> str | None:
    if is_verb_with_s(place) or (place.governor in table.SUBJECTS_OF_S):
        return "tˈɛɹz"
    return None


def _wound(place: Place) -> str | None:
    turned, hurt = "wˈaʊnd", "wˈuːnd"
    governor, after = place.governor, place.after
    if after in ("up", "around", "round", "tightly") and governor not in table.DETERMINERS | {"to"}:
        return turned
    if governor in table.SUBJECTS | {"he", "she", "it"} and after in table.OBJECT_STARTS | table.ALONG:
        return turned
    if governor in table.WAYS and after in table.ALONG:
        return turned
    if governor in table.BE and after in table.ALONG | {"onto"}:
        return turned
    is_noun = is_before_noun(governor) and governor not in table.BE | table.HAVE
    return hurt if is_noun or governor == "to" else None


def _object(place: Place) -> str | None:
    if place.after == "to" and is_plural(place.governor):
        return "ɑːbdʒˈɛkt"
    return _verb_or_not(*table.VERB_OR_NOT["object"])(place)


def _against(word: str) -> Rule:
    verb, other = table.VERB_OR_NOT[word]

    def rule(place: Place) -> str | None:
        sure = is_verb(place)
        if sure is None and place.after == "against" and is_plural(place.governor):
            sure = True
        return None if sure is None else verb if sure else other

    return rule


def _content(place: Place) -> str | None:
    pleased, stuff = "kəntˈɛnt", "kˈɑːntɛnt"
    governor = place.governor
    if governor in table.BE | table.DEGREES | table.SEEMING or place.after == "with":
        return pleased if place.before != "the" else None
    if is_before_noun(governor):
        return stuff
    # Something's content: "moisture content".
    return stuff if governor and is_open(governor) and place.after != "to" and not is_plural(governor) else None


def _produce(place: Place) -> str | None:
    verb, other = table.VERB_OR_NOT["produce"]
    sold = place.before in table.words("fresh local organic garden farm seasonal")
    if sold or (place.after in table.words("section aisle market stand is was") and not place.is_asked()):
        return other
    return _verb_or_not(verb, other)(place)


def _present(place: Place) -> str | None:
    verb, other = table.VERB_OR_NOT["present"]
    if place.governor == "to" and not place.after and place.has(frozenset({"from"})):
        return other
    return _verb_or_not(verb, other)(place)


def _subject(place: Place) -> str | None:
    verb, _ = table.VERB_OR_NOT["subject"]
    return verb if is_verb(place) and place.after in table.OBJECT_STARTS else None


def _use(place: Place) -> str | None:
    verb, other = table.VERB_OR_NOT["use"]
    if place.after == "to" and (
        is_negated(place.governor) or place.at(-2) in ("did", "didn't") or place.before == "did"
    ):
        return other
    return _verb_or_not(verb, other)(place)


def _used(place: Place) -> str | None:
    if place.after != "to":
        return None
    governor, goal = place.governor, place.at(2)
    accustomed = goal in table.OBJECT_STARTS or goal.endswith("ing")
    if governor in table.words("get gets got gotten getting become becomes became becoming grow grew grown"):
        return "jˈuːst"
    if governor in table.BE or governor.endswith(("'re", "'m")):
        return "jˈuːst" if accustomed else "jˈuːzd"
    subject = governor in table.SUBJECTS | table.SUBJECTS_OF_S | {"it", "there", "people", "that"} - {"which"}
    owned = place.at(-2) in table.POSSESSIVES and governor in table.RELATIVES
    return "jˈuːst" if subject or owned else None


VERBS: dict[str, Rule] = {
    **{
        word: _verb_or_not(*said, adjective=word in table.ADJECTIVAL, verb_before=table.VERB_BEFORE.get(word))
        for word, said in table.VERB_OR_NOT.items()
    },
    **{f"{word}s": _with_s(*(ipa + s for ipa in table.VERB_OR_NOT[word])) for word, s in table.WITH_S.items()},
    "close": _close,
    "content": _content,
    "live": _live,
    "lives": _lives,
    "object": _object,
    "present": _present,
    "produce": _produce,
    "protest": _against("protest"),
    "read": _read,
    "rebel": _against("rebel"),
    "subject": _subject,
    "tear": _tear,
    "tears": _tears,
    "use": _use,
    "used": _used,
    "wind": _wind,
    "winds": _winds,
    "wound": _wound,
}
