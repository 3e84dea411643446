"""Homographs of two meanings, told apart by the words around: the place of one → its IPA (en-us), or None."""

from __future__ import annotations

from collections.abc import Callable

from tts.text.english import homograph_table as table
from tts.text.english.word_context import Place, is_before_noun, is_plural, is_verb, is_verb_with_s

Rule = Callable[[Place], str | None]


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
        "forward",
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


MEANINGS: dict[str, Rule] = {
    "aged": _aged,
    "august": _august,
    "bass": _bass,
    "beloved": _beloved,
    "blessed": _blessed,
    "bow": _bow,
    "bows": _bows,
    "deserts": _deserts,
    "does": _does,
    "dove": _dove,
    "invalid": _invalid,
    "job": _job,
    "lead": _lead,
    "learned": _learned,
    "minute": _minute,
    "nice": _nice,
    "polish": _polish,
    "reading": _reading,
    "resume": _resume,
    "row": _row,
    "sow": _sow,
}
