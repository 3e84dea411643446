"""One rule for each homograph: the place of the word → its IPA (en-us), or None where espeak-ng may decide."""

from __future__ import annotations

from collections.abc import Callable

from tts.text import homograph_table as table
from tts.text.word_context import Place, is_before_noun, is_negated, is_open, is_plural, is_verb, is_verb_with_s

Rule = Callable[[Place], str | None]


def _verb_or_not(verb: str, other: str, *, adjective: bool = False, verb_before: frozenset[str] | None = None) -> Rule:
    """A rule for a verb that is also a noun or an adjective.

    With `verb_before`, what is not surely a verb is none, unless one of these words comes next: espeak-ng takes it for
    a verb too often.
    """

    def rule(place: Place) -> str | None:
        sure = is_verb(place, adjective=adjective)
        if sure is None and verb_before is not None and place.after not in verb_before:
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
    asked = place.is_asked() or place.at(-2) in table.DO | table.MODALS
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
    if place.has(table.CAUSING | table.MODALS | table.DO, 6):
        return None
    if governor == "and":
        return past if _is_told(place) and not place.has(frozenset({"to"}), 8) else None
    owned = place.at(place.skipping_adverbs() - 1) in table.DETERMINERS
    return past if governor and owned and not is_plural(governor) else None


def _is_participle(place: Place, governor: str) -> bool:
    """It was read, I've read it, it was written and read; have you read it?"""
    if governor in table.BE | table.HAVE | {"get", "got"} or governor.endswith(("'ve", "'re")):
        return True
    if governor == "and" and place.after == "by" and place.at(-3) in table.BE:
        return True
    helper = next((place.at(d) for d in (-2, -3, -4) if place.at(d) in table.HAVE | table.BE), "")
    return bool(helper) and place.before in table.SUBJECTS | table.SUBJECTS_OF_S | table.INDEFINITE


def _is_told(place: Place) -> bool:
    """Whether something in the sentence says that it is past."""
    words = place.sentence.lower
    return place.has(table.PAST_TIMES | table.PAST_VERBS) or any(
        word.endswith("ed") and len(word) > 4 for word in words
    )


def _lead(place: Place) -> str | None:
    metal = "lˈɛd"
    before, after = place.before, place.after
    if before in table.BEFORE_VERB or before in table.SUBJECTS:
        return "lˈiːd"
    if after in table.OF_METAL or (before in ("white", "molten", "liquid", "tetraethyl") and not after):
        return metal
    is_bare = after in table.BE | table.HAVE | {"", "and", "or", "in"}
    if is_bare and before in table.MADE_OF:
        return metal
    if not before and after in table.BE | table.HAVE:
        return metal
    nearest = {place.at(2)} if after in table.JOINING else set()
    nearest |= {place.at(-2)} if before in table.JOINING else set()
    is_listed = is_bare and (not before or before in table.ADVERBS | table.JOINING) and place.has(table.METALS, 8)
    return metal if nearest & table.METALS or is_listed else None


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


def _bow(place: Place) -> str | None:
    bend, curve = "bˈaʊ", "bˈoʊ"
    before, after = place.before, place.after
    if after in ("tie", "ties", "and") and place.at(2) in table.STRINGS | {"", "tie"}:
        return curve
    took = place.at(-2) in ("take", "took", "takes", "taking", "taken", "make", "made", "makes", "with")
    if (before in table.BOWED and place.at(-2) in table.ARTICLES | {"his", "her"}) or (
        took and before == "a" and not after
    ):
        return bend
    if after in ("shock", "wave"):
        return bend
    if place.has(table.STRINGS):
        return None
    if (before in table.ARTICLES | table.POSSESSIVES or before.endswith("'s")) and place.has(table.SHIPS):
        return bend
    return bend if is_verb(place) else None


def _bows(place: Place) -> str | None:
    if place.has(table.STRINGS):
        return None
    of_person = place.at(-2) in table.DETERMINERS and not is_plural(place.before) and not is_before_noun(place.before)
    if is_verb_with_s(place) or (of_person and place.after in ("", "and", "to", "before", "down", "low", "deeply")):
        return "bˈaʊz"
    return None


def _row(place: Place) -> str | None:
    quarrel = place.after in ("broke", "erupted", "over") and place.before in ("a", "the", "diplomatic", "political")
    return "ɹˈaʊ" if quarrel else None


def _sow(place: Place) -> str | None:
    pig = place.before in table.DETERMINERS and place.has(table.PIGS)
    return "sˈaʊ" if pig else None


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


def _dove(place: Place) -> str | None:
    governor, after = place.governor, place.after
    down = after in (
        "into",
        "in",
        "off",
        "under",
        "down",
        "for",
        "headfirst",
        "deep",
        "deeper",
        "behind",
        "through",
        "beneath",
    )
    if is_before_noun(governor) or not down or not governor or governor in table.JOINING:
        return "dˈoʊv" if governor in ("and", "then") and down and place.at(2) in table.DETERMINERS else None
    return "dˈoʊv"


def _bass(place: Place) -> str | None:
    fishy = place.has(table.FISHING) and not place.has(table.MUSICAL)
    return "bˈæs" if fishy else None


def _does(place: Place) -> str | None:
    deer = place.before in table.ARTICLES | table.NUMBERS | {"several", "some", "young"} and place.has(table.DEER)
    return "dˈoʊz" if deer else None


def _deserts(place: Place) -> str | None:
    return "dᵻzˈɜːts" if place.before == "just" and not place.after else None


def _minute(place: Place) -> str | None:
    is_said_of = place.governor in table.BE and not place.after and place.before not in table.NUMBERS
    return "maɪnˈuːt" if place.after in table.TINY or is_said_of else None


def _invalid(place: Place) -> str | None:
    person = place.after in table.RELATIVES or (
        place.before == "an" and place.after in ("", "for", "and", "who", "all")
    )
    return "ˈɪnvəlɪd" if person else None


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


def _suspect(place: Place) -> str | None:
    return _verb_or_not(*table.VERB_OR_NOT["suspect"])(place)


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


def _polish(place: Place) -> str | None:
    shine = place.opens and place.after in table.OBJECT_STARTS and place.written == "Polish"
    return "pˈɑːlɪʃ" if shine else None


def _resume(place: Place) -> str | None:
    return "ɹˈɛzuːmˌeɪ" if place.before in table.ARTICLES | table.POSSESSIVES else None


def _reading(place: Place) -> str | None:
    named = place.before in table.PLACES or (place.before == "of" and place.at(-2) in ("university", "town"))
    return "ɹˈɛdɪŋ" if place.is_capital and named and not _is_part_of_name(place) else None


def _nice(place: Place) -> str | None:
    named = place.before in table.PLACES | {"of", "and", "for"}
    return "nˈiːs" if place.is_capital and named and not _is_part_of_name(place) else None


def _is_part_of_name(place: Place) -> bool:
    """Whether the next word has a capital too, with no mark in between."""
    return bool(place.after) and place.sentence.written[place.index + 1][0].isupper()


def _job(place: Place) -> str | None:
    bible = table.words("book patience trials story bible god prophet sufferings testament satan psalms proverbs")
    return "dʒˈoʊb" if place.is_capital and place.before in ("of", "to", "like", "and") and place.has(bible) else None


def _august(place: Place) -> str | None:
    grand = place.written == "august" and place.before in table.DETERMINERS | {"that"} and place.after.isalpha()
    return "ɔːɡˈʌst" if grand else None


def _learned(place: Place) -> str | None:
    if place.before in table.DETERMINERS and place.after in (
        "behavior",
        "behaviour",
        "helplessness",
        "response",
        "skill",
    ):
        return "lˈɜːnd"
    return "lˈɜːnᵻd" if place.after in table.SCHOLARS and place.before not in table.HAVE | table.SUBJECTS else None


def _blessed(place: Place) -> str | None:
    holy = place.after in table.SACRED and (place.written == "Blessed" or place.before == "the")
    return "blˈɛsᵻd" if holy else None


def _aged(place: Place) -> str | None:
    old = place.before in table.DETERMINERS and (
        place.after in table.RELATIVES or (place.before == "the" and not place.after)
    )
    return "ˈeɪdʒᵻd" if old else None


def _beloved(place: Place) -> str | None:
    return "bᵻlˈʌvᵻd" if place.before in table.ARTICLES | table.POSSESSIVES and place.after != "by" else None


_OWN: dict[str, Rule] = {
    "aged": _aged,
    "august": _august,
    "bass": _bass,
    "beloved": _beloved,
    "blessed": _blessed,
    "bow": _bow,
    "bows": _bows,
    "close": _close,
    "content": _content,
    "deserts": _deserts,
    "does": _does,
    "dove": _dove,
    "invalid": _invalid,
    "job": _job,
    "lead": _lead,
    "learned": _learned,
    "live": _live,
    "lives": _lives,
    "minute": _minute,
    "nice": _nice,
    "object": _object,
    "polish": _polish,
    "present": _present,
    "produce": _produce,
    "protest": _against("protest"),
    "read": _read,
    "reading": _reading,
    "rebel": _against("rebel"),
    "resume": _resume,
    "row": _row,
    "sow": _sow,
    "subject": _subject,
    "suspect": _suspect,
    "tear": _tear,
    "tears": _tears,
    "use": _use,
    "used": _used,
    "wind": _wind,
    "winds": _winds,
    "wound": _wound,
}

RULES: dict[str, Rule] = {
    **{
        word: _verb_or_not(*said, adjective=word in table.ADJECTIVAL, verb_before=table.VERB_BEFORE.get(word))
        for word, said in table.VERB_OR_NOT.items()
    },
    **{f"{word}s": _with_s(*(ipa + s for ipa in table.VERB_OR_NOT[word])) for word, s in table.WITH_S.items()},
    **_OWN,
}
