"""SSML 1.1 (W3C, 2010) read into passages, as far as it can be carried out without recordings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from tts.errors import UsageError
from tts.text.language_codes import is_english
from tts.text.markup import MEDIUM_PAUSE, Mark, PassageBuilder, pause_seconds, quoted, shown
from tts.text.passage import NEUTRAL, Alias, Level, Passage, Pronunciation, Prosody, SpokenAs
from tts.text.ssml_say_as import KINDS, LETTERED, say_as
from tts.text.symbols import ipa_of_x_sampa

SILENT = -60.0
"""The gain, in dB, of volume="silent"."""

BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": MEDIUM_PAUSE, "strong": 0.8, "x-strong": 1.2}
"""Seconds of silence of each strength; SSML does not specify them."""

EMPHASIS = {
    "strong": Prosody(speed=0.88, pitch=1.0, energy=1.25, volume=3.0),
    "moderate": Prosody(speed=0.94, pitch=0.5, energy=1.1, volume=1.5),
    "none": Prosody(),
    "reduced": Prosody(speed=1.08, pitch=-0.5, energy=0.9, volume=-2.0),
}
"""The prosody of each level; SSML does not specify it. Voices without control of pitch and energy use the rest."""

TAGS: dict[str, tuple[str, ...]] = {
    "speak": ("version",),
    **dict.fromkeys(("p", "paragraph", "s", "sentence", "lang"), ()),
    "break": ("time", "strength"),
    "mark": ("name",),
    "prosody": ("rate", "pitch", "volume"),
    "emphasis": ("level",),
    "voice": ("name",),
    "sub": ("alias",),
    "phoneme": ("alphabet", "ph"),
    "say-as": ("interpret-as", "format"),
}
"""The supported tags and the attributes that each supports, beside those of XML."""

# What may stand before the root.
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]{1,100}:)?speak[\s/>]|<!DOCTYPE", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENTITY = re.compile(r"&[^;\s]{1,40};")
# Error codes of expat to which an explanation is added.
_NO_ELEMENT, _INVALID_TOKEN, _MISMATCHED_TAG, _UNDEFINED_ENTITY = 3, 4, 7, 11


def read_ssml(text: str, language: str = "en-us") -> Passage:
    """Read a document, or a piece of text with tags in it; the passage's warnings name what is not supported.

    `language` is that of text without a language of its own, and of the words of say-as.

    Raises:
        UsageError: it is not well-formed XML, or has a document type declaration.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.expatreader import create_parser

    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if found := _SURROGATE.search(text):
        raise _unreadable(text, found.start(), "half of a character (a surrogate)")
    start = len(text) - len(text.lstrip())  # nothing may come before an XML declaration
    prolog = _PROLOG.match(text, start)
    root = prolog.end() if prolog else start
    opening, closing = ("", "") if _ROOT.match(text, root) else ("<speak>", "</speak>")
    document = text[start:root] + opening + text[root:] + closing

    # The parser leaves prefixes in the names, so that an undeclared one ("amazon:effect") is not an error.
    reader = _Reader(language)
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(reader)
    try:
        parser.feed(document)
        parser.close()
    except DefusedXmlException as error:
        raise UsageError(
            "The SSML has a document type declaration (<!DOCTYPE …>), which is refused, because it can define entities "
            "that grow without end and read files from elsewhere. Remove it."
        ) from error
    except SAXParseException as error:
        line_start = 0
        for _ in range((error.getLineNumber() or 1) - 1):
            line_start = document.find("\n", line_start) + 1
        index = start + line_start + (error.getColumnNumber() or 0)
        # The tags that were put around the text do not count.
        index = min(index if index <= root else max(root, index - len(opening)), len(text))
        unclosed = reader.innermost if reader.depth > bool(opening) else ""
        code = getattr(error.getException(), "code", None)
        reason = error.getMessage()
        if code == _UNDEFINED_ENTITY and (entity := _ENTITY.match(text, index)):
            reason += f" {quoted(entity.group())}; write the character itself"
        elif code == _INVALID_TOKEN:
            reason += "; write an & in text as &amp;, and a < as &lt;"
        elif code in (_NO_ELEMENT, _MISMATCHED_TAG) and unclosed:
            reason += f"; <{shown(unclosed)}> is not closed"
        raise _unreadable(text, index, reason) from error
    return reader.passage()


def _unreadable(text: str, index: int, reason: str) -> UsageError:
    line, column = text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
    return UsageError(f"The SSML cannot be read at line {line}, column {column}: {reason}.")


_NAMESPACE = "http://www.w3.org/2001/10/synthesis"
_WHITESPACE = re.compile(r"[ \t\r\n]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,8}")
# Describes the document, for machines.
_UNREAD = frozenset({"metadata"})
# Attributes of XML itself.
_OF_XML = ("xmlns", "xml:", "xsi:")
_Attributes = Mapping[str, str]


# What say-as has formats for; those of times say no more than the digits do.
_WITH_FORMAT = frozenset({"date", "time"})
_READ_AS_WRITTEN = "the text is read as it is written"
_PROSODY_HINTS = {
    "rate": "write x-slow, slow, medium, fast, x-fast, or as in 80% or +10%",
    "pitch": "write x-low, low, medium, high, x-high, or as in +2st or -10%",
    "volume": "write silent, x-soft, soft, medium, loud, x-loud, or as in +6dB or 80",
}
_NAMED_VALUES = {
    "rate": {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "fast": 1.25, "x-fast": 1.6, "default": 1.0},
    "pitch": {"x-low": -4.0, "low": -2.0, "medium": 0.0, "high": 2.0, "x-high": 4.0, "default": 0.0},
    "volume": {
        **{"silent": SILENT, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "loud": 4.0, "x-loud": 8.0, "default": 0.0}
    },
}
_NUMBER = re.compile(r"([+-]?)([0-9]{0,9}\.?[0-9]{1,9}|[0-9]{1,9}\.)\s{0,9}(%|st|dB|)", re.IGNORECASE | re.ASCII)
# Beyond these speech turns into noise; they are the limits of the command line's flags.
_LIMITS = {"speed": (0.25, 4.0), "pitch": (-12.0, 12.0), "volume": (SILENT, 30.0)}


def _prosody_value(attribute: str, written: str) -> float | None:
    """Return a rate as a factor, a pitch in semitones or a volume in dB; None if it is not understood.

    Rates are "80%" or "0.8" (absolute) or "+10%" (relative); pitches "+2st" or "+10%"; volumes "+6dB", "0" to "100"
    (absolute), or "+10" and "+10%" (relative).
    """
    if written.lower() in _NAMED_VALUES[attribute]:
        return _NAMED_VALUES[attribute][written.lower()]
    found = _NUMBER.fullmatch(written)
    if not found:
        return None
    sign, number, unit = found[1], float(found[2]), found[3].lower()
    signed = -number if sign == "-" else number
    share = {"": number, "+": 100 + number, "-": 100 - number}[sign] / 100
    factor = share if share > 0 else None

    if attribute == "rate":
        if unit == "%":
            return factor
        return number if unit == "" and not sign and number > 0 else None
    if attribute == "pitch":
        if unit == "st":
            return signed
        return 12 * math.log2(factor) if unit == "%" and factor else None
    if unit == "db":
        return signed
    if unit == "st" or (unit == "" and number > 100):
        return None
    return 20 * math.log10(factor) if factor else SILENT


@dataclass(slots=True)
class _Element:
    """An open tag, and how the text within is spoken."""

    tag: str
    mark: Mark
    language: str
    """The language of the text within, its own or that around it."""
    keeps_space: bool = False
    level: Level = ""
    prosody: Prosody = NEUTRAL
    own_language: str | None = None
    voice: str | None = None
    phonemes: str = ""
    alias: str = ""
    say_as: tuple[str, str] | None = None
    """interpret-as and format."""

    @property
    def replaces_words(self) -> bool:
        """Whether it sets the words or phonemes of the text within, so that no tag inside can."""
        return bool(self.phonemes or self.alias or self.say_as)

    @property
    def is_spoken_as(self) -> bool:
        """Whether it sets a prosody, language or voice."""
        return bool(self.voice or self.own_language or self.prosody is not NEUTRAL)

    def set_language(self, written: str, builder: PassageBuilder) -> None:
        """Carry out xml:lang, which any tag may have; the language that is spoken anyway needs no note."""
        if not written:
            return
        if not _LANGUAGE.fullmatch(written):
            builder.warn(f"xml:lang={quoted(written)} is not a language and has no effect: write a code, as in en-GB.")
            return
        outer, inner = self.language.lower(), written.lower()
        if outer != inner and not outer.startswith(inner + "-"):
            self.own_language = written
        self.language = written

    def carry_out(self, attributes: _Attributes, builder: PassageBuilder) -> None:
        """Carry out a supported tag that opens: set the element's fields, or add a pause or a bookmark."""

        def value(name: str, default: str = "") -> str:
            return " ".join(attributes.get(name, default).split())

        def missing(name: str, effect: str) -> None:
            builder.warn(f"<{self.tag}> lacks its attribute {name}: {effect}.")

        match self.tag:
            case "p" | "paragraph":
                self.level = "paragraph"
            case "s" | "sentence":
                self.level = "sentence"
            case "break":
                self.add_break(attributes, builder)
            case "mark":
                if name := value("name"):
                    builder.bookmark(name)
                else:
                    missing("name", "it marks nothing")
            case "prosody":
                self.set_prosody(attributes, builder)
            case "emphasis":
                prosody = EMPHASIS.get(attributes.get("level", "moderate").strip().lower())
                if prosody is None:
                    builder.warn(self.unknown(attributes, "level", f"write {', '.join(EMPHASIS)}"))
                elif prosody != NEUTRAL:
                    self.prosody = prosody
            case "voice":
                names = value("name").split()
                self.voice = names[0] if names else None
                if len(names) > 1:
                    builder.warn(f"Of the names of <voice>, only the first is used: {quoted(names[0])}.")
            case "lang":
                if not value("xml:lang"):
                    missing("xml:lang", "it has no effect")
            case "sub":
                self.alias = value("alias")
                if not self.alias:
                    missing("alias", _READ_AS_WRITTEN)
            case "phoneme":
                written, alphabet = value("ph"), attributes.get("alphabet", "ipa").strip().lower()
                if not written:
                    missing("ph", _READ_AS_WRITTEN)
                elif alphabet == "ipa":
                    self.phonemes = written
                elif alphabet in {"x-sampa", "xsampa"}:
                    self.phonemes = ipa_of_x_sampa(written) or ""
                    if not self.phonemes:
                        builder.warn(f"ph={quoted(written)} of <phoneme> is not X-SAMPA: {_READ_AS_WRITTEN}.")
                else:
                    builder.warn(
                        self.unknown(attributes, "alphabet", f"write ipa or x-sampa; {_READ_AS_WRITTEN} until then")
                    )
            case "say-as":
                if attributes.get("interpret-as", "").strip():
                    self.set_say_as(attributes, builder)
                else:
                    missing("interpret-as", _READ_AS_WRITTEN)

    def add_break(self, attributes: _Attributes, builder: PassageBuilder) -> None:
        seconds = BREAKS.get(attributes.get("strength", "medium").strip().lower())
        if seconds is None:
            builder.warn(self.unknown(attributes, "strength", f"write {', '.join(BREAKS)}"))
            seconds = MEDIUM_PAUSE
        if "time" in attributes:
            written = pause_seconds(attributes["time"], builder)
            if written is None:
                builder.warn(self.unknown(attributes, "time", "write it as in 0.5s or 500ms"))
            else:
                seconds = written
        builder.pause(seconds)

    def set_say_as(self, attributes: _Attributes, builder: PassageBuilder) -> None:
        kind = attributes["interpret-as"].strip().lower()
        form = attributes.get("format", "").strip().lower()
        if kind not in KINDS:
            hint = f"{_READ_AS_WRITTEN}. Supported are {', '.join(sorted(KINDS))}"
            builder.warn(self.unknown(attributes, "interpret-as", hint))
        elif is_english(self.language) or kind in LETTERED:
            self.say_as = (form, "") if kind == "number" and form in KINDS else (kind, form)
            if form and kind not in _WITH_FORMAT and self.say_as[0] == kind:
                builder.warn(f'format={quoted(form)} has no effect with interpret-as="{kind}".')
        elif kind not in {"cardinal", "number"}:  # which are read as numbers anyway
            builder.warn(
                f'interpret-as="{kind}" is supported for English, not for {quoted(self.language)}: {_READ_AS_WRITTEN}.'
            )

    def set_prosody(self, attributes: _Attributes, builder: PassageBuilder) -> None:
        for attribute, hint in _PROSODY_HINTS.items():
            if attribute not in attributes:
                continue
            written = attributes[attribute]
            value = _prosody_value(attribute, written.strip())
            if value is None:
                builder.warn(self.unknown(attributes, attribute, hint))
                continue
            name = "speed" if attribute == "rate" else attribute
            low, high = _LIMITS[name]
            allowed = min(max(value, low), high)
            if allowed != value:
                builder.warn(f"{attribute}={quoted(written)} is out of range: it is read as a {name} of {allowed:g}.")
            prosody = replace(self.prosody, **{name: round(allowed, 4)})
            self.prosody = prosody if prosody != NEUTRAL else NEUTRAL

    def unknown(self, attributes: _Attributes, name: str, hint: str) -> str:
        return f"{name}={quoted(attributes[name])} of <{self.tag}> is not understood and has no effect: {hint}."


class _Reader(ContentHandler):
    """Composes a passage from the events of a parser that leaves prefixes in the names."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._builder = PassageBuilder()
        self._outside = _Element("", self._builder.mark(), language)
        self._open: list[_Element] = []
        self._replacing: _Element | None = None
        """The outermost open tag that replaces words."""
        self._n_unread = 0
        self._prefixes: set[str] = set()
        self._unsupported: dict[str, None] = {}

    def passage(self) -> Passage:
        for name in self._unsupported:
            self._builder.warn(f"<{shown(name)}> is not supported: the text within is read without it.")
        return self._builder.passage()

    @property
    def depth(self) -> int:
        """How many tags are open."""
        return len(self._open)

    @property
    def innermost(self) -> str:
        """The tag that was opened last and is not closed."""
        return self._open[-1].tag if self._open else ""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 (the name that SAX gives it)
        for key, value in attrs.items():
            if key.startswith("xmlns:") and value == _NAMESPACE:
                self._prefixes.add(key[6:])
        attributes = {self._without_prefix(key): value for key, value in attrs.items()}
        tag = self._without_prefix(name)
        outer = self._open[-1] if self._open else self._outside
        element = _Element(tag, self._builder.mark(), outer.language, outer.keeps_space)
        self._open.append(element)
        if self._n_unread or tag in _UNREAD:
            if not self._n_unread:
                self._builder.warn(f"<{tag}> is for machines: the text within is not read.")
            self._n_unread += 1
            return

        if "xml:space" in attributes:
            element.keeps_space = attributes["xml:space"] == "preserve"
        if "xml:lang" in attributes:
            element.set_language(attributes["xml:lang"].strip(), self._builder)
        if tag in TAGS:
            for key in attributes:
                if key not in TAGS[tag] and not key.startswith(_OF_XML):
                    self._builder.warn(f"The attribute {shown(key)} of <{tag}> is not supported.")
            element.carry_out(attributes, self._builder)
        else:
            self._unsupported.setdefault(name)

        if element.level:
            self._add_boundary(element)
        if self._replacing and (element.replaces_words or element.is_spoken_as):
            self._builder.warn(f"<{element.tag}> has no effect within <{self._replacing.tag}>.")
        elif element.replaces_words:
            self._replacing = element

    def endElement(self, name: str) -> None:  # noqa: N802
        element = self._open.pop()
        if self._n_unread:
            self._n_unread -= 1
            return
        if element.replaces_words and self._replacing is element:
            self._replacing = None
            self._replace_words(element)
        elif self._replacing is None:
            self._note_spoken_as(element)
        if element.level:
            self._add_boundary(element)

    def characters(self, content: str) -> None:
        if self._n_unread:
            return
        if self._open[-1].keeps_space:
            self._builder.text(content)
            return
        plain = _WHITESPACE.sub(" ", content)
        if plain.startswith(" "):
            self._builder.space()
        words = plain.strip(" ")
        self._builder.write(words)
        if words and plain.endswith(" "):
            self._builder.space()

    def _without_prefix(self, name: str) -> str:
        """Return a name in lower case, that of an SSML tag or attribute without its prefix."""
        prefix, _, rest = name.partition(":") if self._prefixes else ("", "", "")
        return (rest if rest and prefix in self._prefixes else name).lower()

    def _add_boundary(self, element: _Element) -> None:
        self._builder.pause(None, element.level)
        self._builder.space("\n\n" if element.level == "paragraph" else " ")

    def _note_spoken_as(self, element: _Element) -> None:
        span = self._builder.span(element.mark)
        if span and element.is_spoken_as:
            note = SpokenAs(*span, element.prosody, element.own_language, element.voice)
            self._builder.note(element.mark, note)

    def _replace_words(self, element: _Element) -> None:
        """Note the words or phonemes of the text within; an empty element contains them."""
        builder = self._builder
        if builder.span(element.mark) is None:
            builder.write(element.phonemes or element.alias)
        span = builder.span(element.mark)
        if not span:
            return
        builder.move_pauses_behind(element.mark)
        self._note_spoken_as(element)
        if element.phonemes:
            builder.note(element.mark, Pronunciation(*span, element.phonemes))
            return
        spoken: str | None = element.alias
        if element.say_as and not spoken:
            kind, form = element.say_as
            written = builder.words(element.mark)
            spoken = say_as(written, kind, form, element.language)
            if spoken is None:
                requested = f'interpret-as="{kind}"' + (f" format={quoted(form)}" if form else "")
                builder.warn(f"{quoted(written)} does not fit {requested}: it is read as it is written.")
        if spoken:
            builder.note(element.mark, Alias(*span, spoken))
