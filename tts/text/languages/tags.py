"""Words in angle brackets: which are tags of HTML, which go, and which are text ("Press <Enter>"), which is read.

The names of some elements are English words or names of keys ("<title>", "<q>"). Those are tags only with attributes,
with a slash, or where both of their tags are in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from tts.text.languages.language import Rule, split_words
from tts.text.spoken import Pattern

_SURE_TAGS = frozenset(
    split_words(
        """abbr b bdi bdo big blockquote br colgroup dd dfn div dl dt em figcaption font h1 h2 h3 h4 h5 h6 hr html i
        iframe img kbd li nobr noscript ol optgroup p pre rb rp rt rtc samp small span strike strong sub sup svg
        tbody td textarea tfoot th thead tr tt ul wbr"""
    )
)
"""No word and no key is written like this."""
_UNSURE_TAGS = frozenset(
    split_words(
        """a address applet area article aside audio base body button canvas caption center cite code col data datalist
        del details dialog dir embed fieldset figure footer form frame frameset head header hgroup input ins label
        legend link main map mark math menu meta meter nav object option output param picture progress q ruby s
        script search section select slot source style summary table template time title track u var video"""
    )
)
_ATTRIBUTES = r"(?:\s+[A-Za-z_:@][\w:.@-]*\s*=\s*(?:\"[^\"<>\n]*\"|'[^'<>\n]*'|[^\s\"'<>=`]+)){0,50}"
_TAG = re.compile(rf"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<attributes>{_ATTRIBUTES})\s*(?P<empty>/?)>")
_DECLARATION = re.compile(r"<(?:!--[^<>\n]*--|!doctype\b[^<>\n]*|\?xml\b[^<>\n]*)>", re.IGNORECASE)
_BRACKETED = Pattern(r"(?<!<)<{1,3}([^\s<>=](?:[^<>\n]{0,300}[^\s<>=])?)>{1,3}(?!>)", needs="<")
_ONE_WORD = re.compile(r"[^\W\d_][\w.-]*\w")


def is_tag(written: str, text: str) -> bool:
    """Tell whether what is written in angle brackets, brackets included, is a tag or comment of HTML within a text."""
    if _DECLARATION.fullmatch(written):
        return True
    tag = _TAG.fullmatch(written)
    if tag is None:
        return False
    name = tag["name"].lower()
    if name not in _SURE_TAGS and name not in _UNSURE_TAGS:
        return False
    if tag["attributes"] or tag["empty"] or (name in _SURE_TAGS and (len(name) > 1 or tag["name"] == name)):
        return True
    # "<Q>" is a key; "<q>…</q>" is a quotation.
    return ("" if tag["end"] else "/", name) in _tags_in(text)


@lru_cache(4)
def _tags_in(text: str) -> frozenset[tuple[str, str]]:
    """The slash (of an end tag) and the name of every tag in a text."""
    return frozenset((tag["end"], tag["name"].lower()) for tag in _TAG.finditer(text))


def _without_brackets(found: re.Match[str]) -> str:
    """Remove a tag; of other words in brackets, only the brackets, unless they are signs of comparison."""
    written, words, text = found.group(), found[1], found.string
    if is_tag(written, text):
        return " "
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    if words.startswith("-") or words.endswith("-"):  # arrows
        return written
    if before and before in "'\"`‘“" and words[0] in "'\"`’”":  # signs in quotes: "type '<' and '>'"
        return written
    # "a<b and c>d" compares; "List<String>" does not.
    if after.isalnum() and not _ONE_WORD.fullmatch(words):
        return written
    if before.isalnum() and len(words) < 2 and after.isalnum():
        return written
    return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"


_LAST_WORD = re.compile(r"[^\W_](?:[\w'’.-]*[^\W_])?(?=\W*\Z)")


def _surprising_tags(text: str) -> Iterator[str]:
    """Name the tags that stand like a word in a text ("Press <b> twice"), with the word before each.

    They are markup all the same, but a reader may have meant them. A tag with its partner, with attributes, or that
    touches what it marks is surely markup.
    """
    for found in _BRACKETED.finditer(text):
        tag = _TAG.fullmatch(found.group())
        if tag is None or tag["attributes"] or not is_tag(found.group(), text):
            continue
        before, after = text[max(0, found.start() - 40) : found.start()], text[found.end() : found.end() + 1]
        is_a_word = (not before or before[-1].isspace()) and not (after.isalnum() or after == "<")
        has_partner = ("" if tag["end"] else "/", tag["name"].lower()) in _tags_in(text)
        if is_a_word and not has_partner and (before or after):
            word = _LAST_WORD.search(before)
            yield f"{found.group()} ({f'behind {word.group()!r}' if word else 'at the beginning'})"


tags = Rule("symbol", needs="<")
tags.then(lambda text: text.leaving_out(_surprising_tags(text.text)))
tags.replace(_BRACKETED, _without_brackets)

_MODIFIERS = "Ctrl|Control|Strg|Shift|Umschalt|Maj|Alt|AltGr|Option|Opt|Cmd|Command|Win|Windows|Super|Meta|Hyper|Fn"
_KEY = r"(?:[A-Za-z0-9]|F[0-9]{1,2}|[A-Z][a-z]+(?:[A-Z][a-z]+)?)(?!\w)"


def key_combinations(names: Mapping[str, str]) -> Rule:
    """Keys that are pressed together: the plus sign between them is not spoken ("Ctrl+C": Control C).

    `names` has the words of keys that are written short.
    """
    rule = Rule("symbol", needs="+-")

    @rule.replaces(rf"(?<![\w+-])(?:(?:{_MODIFIERS}) ?\+ ?)+{_KEY}", needs="+")
    @rule.replaces(rf"(?<![\w+-])(?:(?:Ctrl|Strg|Cmd)(?:-(?:{_MODIFIERS}))*)-{_KEY}", needs="-")
    def combination(found: re.Match[str]) -> str:
        keys = [names.get(key, key) for key in re.split(r" ?[+-] ?", found.group())]
        keys[-1] = keys[-1].upper() if len(keys[-1]) == 1 else keys[-1]
        return " ".join(keys)

    return rule
