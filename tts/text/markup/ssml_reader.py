"""SSML's tags and text in their order, put together as a passage."""

from __future__ import annotations

import re
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from tts.text.markup.composing import Composer
from tts.text.markup.remarks import quoted, shown
from tts.text.markup.say_as import say_as
from tts.text.markup.ssml_tags import TAGS, Attributes, Element, read_language
from tts.text.passage import Alias, Passage, Pronunciation, Spoken

_NAMESPACE = "http://www.w3.org/2001/10/synthesis"
_BLANKS = re.compile(r"[ \t\r\n]+")
# What says something about the document, to machines.
_UNREAD = frozenset({"metadata"})
# Attributes of XML itself, which ask for nothing.
_OF_XML = ("xmlns", "xml:", "xsi:")


class Reader(ContentHandler):
    """Hears of each tag and text from a parser that leaves prefixes in the names."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._composer = Composer()
        self._outside = Element("", self._composer.begin(), language)
        self._open: list[Element] = []
        self._saying: Element | None = None
        self._n_unread = 0
        self._prefixes: set[str] = set()
        self._unsupported: dict[str, None] = {}

    def passage(self) -> Passage:
        """What was read."""
        for name in self._unsupported:
            self._composer.remarks.add(f"<{shown(name)}> is not supported: the text within is read without it.")
        return self._composer.passage()

    @property
    def depth(self) -> int:
        """How many tags are open."""
        return len(self._open)

    @property
    def innermost(self) -> str:
        """The tag that was opened last and is not closed."""
        return self._open[-1].tag if self._open else ""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 (the name that SAX gives it)
        attributes = self._attributes(attrs)
        tag = self._local(name)
        outer = self._open[-1] if self._open else self._outside
        element = Element(tag, self._composer.begin(), outer.language, outer.keeps_blanks)
        self._open.append(element)
        if self._n_unread or tag in _UNREAD:
            self._leave_unread(tag)
            return
        if "xml:space" in attributes:
            element.keeps_blanks = attributes["xml:space"] == "preserve"
        if "xml:lang" in attributes:
            read_language(element, attributes, self._composer)
        if tag in TAGS:
            self._tell_unsupported(tag, attributes)
            TAGS[tag].opened(element, attributes, self._composer)
        else:
            self._unsupported.setdefault(name)
        self._begin(element)

    def endElement(self, name: str) -> None:  # noqa: N802
        element = self._open.pop()
        if self._n_unread:
            self._n_unread -= 1
            return
        if element.says and self._saying is element:
            self._saying = None
            self._say(element)
        elif self._saying is None:
            self._speak(element)
        if element.level:
            self._boundary(element)

    def characters(self, content: str) -> None:
        if self._n_unread:
            return
        if self._open[-1].keeps_blanks:
            self._composer.run(content)
            return
        plain = _BLANKS.sub(" ", content)
        if plain.startswith(" "):
            self._composer.blank()
        words = plain.strip(" ")
        self._composer.write(words)
        if words and plain.endswith(" "):
            self._composer.blank()

    def _attributes(self, attrs: AttributesImpl) -> Attributes:
        """The attributes by their names, those of SSML without a prefix."""
        if not len(attrs):
            return {}
        for name, value in attrs.items():
            if name.startswith("xmlns:") and value == _NAMESPACE:
                self._prefixes.add(name[6:])
        return {self._local(name): value for name, value in attrs.items()}

    def _local(self, name: str) -> str:
        prefix, _, rest = name.partition(":") if self._prefixes else ("", "", "")
        return (rest if rest and prefix in self._prefixes else name).lower()

    def _leave_unread(self, tag: str) -> None:
        if not self._n_unread:
            self._composer.remarks.add(f"<{tag}> is for machines: the text within is not read.")
        self._n_unread += 1

    def _tell_unsupported(self, tag: str, attributes: Attributes) -> None:
        for name in attributes:
            if name not in TAGS[tag].attributes and not name.startswith(_OF_XML):
                self._composer.remarks.add(f"The attribute {shown(name)} of <{tag}> is not supported.")

    def _begin(self, element: Element) -> None:
        """Set the bounds before the text of an element; what changes its words goes for all that is within."""
        if element.level:
            self._boundary(element)
        if self._saying and (element.says or element.is_spoken_otherwise):
            self._composer.remarks.add(f"<{element.tag}> has no effect within <{self._saying.tag}>.")
        elif element.says:
            self._saying = element

    def _boundary(self, element: Element) -> None:
        self._composer.pause(None, element.level)
        self._composer.blank("\n\n" if element.level == "paragraph" else " ")

    def _speak(self, element: Element) -> None:
        """Note who says the stretch, and how."""
        stretch = self._composer.stretch(element.beginning)
        if stretch and element.is_spoken_otherwise:
            note = Spoken(*stretch, element.manner, element.own_language, element.voice)
            self._composer.note(element.beginning, note)

    def _say(self, element: Element) -> None:
        """Note what is said in place of the stretch; where nothing is written, it is that."""
        composer = self._composer
        if composer.stretch(element.beginning) is None:
            composer.write(element.phonemes or element.alias)
        stretch = composer.stretch(element.beginning)
        if not stretch:
            return
        composer.places_behind(element.beginning)
        self._speak(element)
        if element.phonemes:
            composer.note(element.beginning, Pronunciation(*stretch, element.phonemes))
        elif spoken := element.alias or self._interpreted(element):
            composer.note(element.beginning, Alias(*stretch, spoken))

    def _interpreted(self, element: Element) -> str | None:
        kind, form = element.say_as or ("", "")
        written = self._composer.words(element.beginning)
        spoken = say_as(written, kind, form, element.language)
        if spoken is None:
            asked = f'interpret-as="{kind}"' + (f" format={quoted(form)}" if form else "")
            self._composer.remarks.add(f"{quoted(written)} does not fit {asked}: it is read as it is written.")
        return spoken
