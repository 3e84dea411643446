"""What each tag of SSML asks for: its attributes, read into an element or carried out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tts.text.markup.composing import Beginning, Composer
from tts.text.markup.lengths import MEDIUM_PAUSE, pause_seconds
from tts.text.markup.remarks import quoted
from tts.text.markup.say_as import KINDS, LETTERED, is_english
from tts.text.markup.ssml_manners import EMPHASIS, changed
from tts.text.markup.x_sampa import ipa_of_x_sampa
from tts.text.passage import Level, Manner

Attributes = Mapping[str, str]

PLAIN = Manner()

BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": MEDIUM_PAUSE, "strong": 0.8, "x-strong": 1.2}
"""Seconds of silence of each strength; SSML leaves them open."""

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,8}")
# What say-as has formats for; those of times tell no more than the digits do.
_FORMED = frozenset({"date", "time"})
_READ_AS_WRITTEN = "the text is read as it is written"


@dataclass(slots=True)
class Element:
    """An open tag, and what it asks for the text within."""

    tag: str
    beginning: Beginning
    language: str
    """What is spoken within, and where no tag says it, around."""
    keeps_blanks: bool = False
    level: Level = ""
    manner: Manner = PLAIN
    own_language: str | None = None
    voice: str | None = None
    phonemes: str = ""
    alias: str = ""
    say_as: tuple[str, str] | None = None
    """interpret-as and format."""

    @property
    def says(self) -> bool:
        """Whether it says how the text within is spoken, so that no tag inside can say it otherwise."""
        return bool(self.phonemes or self.alias or self.say_as)

    @property
    def is_spoken_otherwise(self) -> bool:
        """Whether it asks for a manner, a language or a voice."""
        return bool(self.voice or self.own_language or self.manner is not PLAIN)


def read_language(element: Element, attributes: Attributes, composer: Composer) -> None:
    """Carry out xml:lang, which any tag may have; the language that is spoken anyway is none of its own."""
    written = attributes.get("xml:lang", "").strip()
    if not written:
        return
    if not _LANGUAGE.fullmatch(written):
        composer.remarks.add(f"xml:lang={quoted(written)} is no language and has no effect: write a code, as in en-GB.")
        return
    here, there = element.language.lower(), written.lower()
    if here != there and not here.startswith(there + "-"):
        element.own_language = written
    element.language = written


def _nothing(element: Element, attributes: Attributes, composer: Composer) -> None:
    """A tag that only holds text, or asks with attributes that any tag may have."""


def _paragraph(element: Element, attributes: Attributes, composer: Composer) -> None:
    element.level = "paragraph"


def _sentence(element: Element, attributes: Attributes, composer: Composer) -> None:
    element.level = "sentence"


def _break(element: Element, attributes: Attributes, composer: Composer) -> None:
    strength = attributes.get("strength", "medium").strip().lower()
    seconds = BREAKS.get(strength)
    if seconds is None:
        composer.remarks.add(_unknown(element, attributes, "strength", f"write {', '.join(BREAKS)}"))
        seconds = MEDIUM_PAUSE
    if "time" in attributes:
        asked = pause_seconds(attributes["time"], composer.remarks)
        if asked is None:
            composer.remarks.add(_unknown(element, attributes, "time", "write it as in 0.5s or 500ms"))
        else:
            seconds = asked
    composer.pause(seconds)


def _mark(element: Element, attributes: Attributes, composer: Composer) -> None:
    name = " ".join(attributes.get("name", "").split())
    if name:
        composer.bookmark(name)
    else:
        composer.remarks.add(_lacks(element, "name", "it marks nothing"))


def _prosody(element: Element, attributes: Attributes, composer: Composer) -> None:
    for attribute, hint in _PROSODY.items():
        if attribute not in attributes:
            continue
        manner = changed(element.manner, attribute, attributes[attribute], composer.remarks)
        if manner is None:
            composer.remarks.add(_unknown(element, attributes, attribute, hint))
        else:
            element.manner = manner if manner != PLAIN else PLAIN


_PROSODY = {
    "rate": "write x-slow, slow, medium, fast, x-fast, or as in 80% or +10%",
    "pitch": "write x-low, low, medium, high, x-high, or as in +2st or -10%",
    "volume": "write silent, x-soft, soft, medium, loud, x-loud, or as in +6dB or 80",
}


def _emphasis(element: Element, attributes: Attributes, composer: Composer) -> None:
    manner = EMPHASIS.get(attributes.get("level", "moderate").strip().lower())
    if manner is None:
        composer.remarks.add(_unknown(element, attributes, "level", f"write {', '.join(EMPHASIS)}"))
    elif manner != PLAIN:
        element.manner = manner


def _voice(element: Element, attributes: Attributes, composer: Composer) -> None:
    names = attributes.get("name", "").split()
    if names:
        element.voice = names[0]
    if len(names) > 1:
        composer.remarks.add(f"Of the names of <{element.tag}> only the first is tried, {quoted(names[0])}.")


def _lang(element: Element, attributes: Attributes, composer: Composer) -> None:
    if not attributes.get("xml:lang", "").strip():
        composer.remarks.add(_lacks(element, "xml:lang", "it has no effect"))


def _sub(element: Element, attributes: Attributes, composer: Composer) -> None:
    element.alias = " ".join(attributes.get("alias", "").split())
    if not element.alias:
        composer.remarks.add(_lacks(element, "alias", _READ_AS_WRITTEN))


def _phoneme(element: Element, attributes: Attributes, composer: Composer) -> None:
    written = " ".join(attributes.get("ph", "").split())
    if not written:
        composer.remarks.add(_lacks(element, "ph", _READ_AS_WRITTEN))
        return
    alphabet = attributes.get("alphabet", "ipa").strip().lower()
    if alphabet == "ipa":
        element.phonemes = written
    elif alphabet in {"x-sampa", "xsampa"}:
        element.phonemes = ipa_of_x_sampa(written) or ""
        if not element.phonemes:
            composer.remarks.add(f"ph={quoted(written)} of <{element.tag}> is no X-SAMPA: {_READ_AS_WRITTEN}.")
    else:
        hint = f"write ipa or x-sampa. Until then {_READ_AS_WRITTEN}"
        composer.remarks.add(_unknown(element, attributes, "alphabet", hint))


def _say_as(element: Element, attributes: Attributes, composer: Composer) -> None:
    kind = attributes.get("interpret-as", "").strip().lower()
    form = attributes.get("format", "").strip().lower()
    if not kind:
        composer.remarks.add(_lacks(element, "interpret-as", _READ_AS_WRITTEN))
    elif kind not in KINDS:
        hint = f"{_READ_AS_WRITTEN}. Known are {', '.join(sorted(KINDS))}"
        composer.remarks.add(_unknown(element, attributes, "interpret-as", hint))
    elif is_english(element.language) or kind in LETTERED:
        element.say_as = (form, "") if kind == "number" and form in KINDS else (kind, form)
        if form and kind not in _FORMED and element.say_as[0] == kind:
            composer.remarks.add(f'format={quoted(form)} has no effect with interpret-as="{kind}".')
    elif kind not in {"cardinal", "number"}:  # which are read as numbers anyway
        composer.remarks.add(
            f'interpret-as="{kind}" is known for English, not for {quoted(element.language)}: {_READ_AS_WRITTEN}.'
        )


def _unknown(element: Element, attributes: Attributes, name: str, hint: str) -> str:
    return f"{name}={quoted(attributes[name])} of <{element.tag}> is not understood and has no effect: {hint}."


def _lacks(element: Element, name: str, effect: str) -> str:
    return f"<{element.tag}> lacks its attribute {name}: {effect}."


@dataclass(frozen=True, slots=True)
class Tag:
    """What is done when a tag opens, and the attributes that it has an eye for."""

    opened: Callable[[Element, Attributes, Composer], None]
    attributes: frozenset[str] = frozenset()


def _tag(opened: Callable[[Element, Attributes, Composer], None], *attributes: str) -> Tag:
    return Tag(opened, frozenset(attributes))


TAGS = {
    "speak": _tag(_nothing, "version"),
    **dict.fromkeys(("p", "paragraph"), _tag(_paragraph)),
    **dict.fromkeys(("s", "sentence"), _tag(_sentence)),
    "break": _tag(_break, "time", "strength"),
    "mark": _tag(_mark, "name"),
    "prosody": _tag(_prosody, *_PROSODY),
    "emphasis": _tag(_emphasis, "level"),
    "voice": _tag(_voice, "name"),
    "lang": _tag(_lang),
    "sub": _tag(_sub, "alias"),
    "phoneme": _tag(_phoneme, "alphabet", "ph"),
    "say-as": _tag(_say_as, "interpret-as", "format"),
}
"""The tags that are carried out, by their names."""
