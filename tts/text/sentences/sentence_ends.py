"""Where sentences end by their marks, in any script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tts.text.sentences.boundaries import begins_small, is_no_abbreviation, stop_ends_sentence

# Marks that end a sentence where a blank follows; those beyond ASCII are Unicode's Sentence_Terminal characters.
_MARKS = (
    ".!?…‼‽⁇⁈⁉؟۔։\u037e\u061d\u061e\u0700\u0701\u0702\u07f9\u0837\u0839\u083d\u083e\u0f0d\u0f0e\u166e\u1735\u1736"
    "\u1803\u1809\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1c3b\u1c3c\u1c7e\u1c7f\u2e2e\u2e3c\ua4ff\ua60e\ua60f"
    "\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb"
)
# Those that end one without a blank, in scripts that write none.
_WIDE = "。！？｡﹒﹖﹗।॥።፧፨។៕။"
# What these languages end sentences with besides.
_MARKS_OF = {"el": ";", "grc": ";", "hy": ":", "hyw": ":"}
_CLOSERS = r"(?:[\"'”’“‘»«›‹)\]}*_~`」』）】]|[ \u00a0\u202f]»|\[\d{1,3}\]|[¹²³⁰⁴-⁹])*"
_WIDE_CLOSERS = r"(?:[」』”’）】〉》]|[\"')\]](?=\s|\Z))*"
# A verse's number stands between two marks of its own: "॥ १ ॥".
_VERSE_NUMBER = r"(?:\s?[०-९]{1,4}\s?[।॥]+)?"

# No sentence is longer, in characters: what is, is no prose, and nobody should wait for its end.
ENDLESS = 20_000

_NEXT = re.compile(r"\s+[\"'“„‘(\[{«»¿¡*_—–-]*\s*(?:([\w'’]+)|([.!?…]))?")
_FIRST_LETTER = re.compile(r"[\W\d_]*([^\W\d_])")
# A word and no abbreviation: with a vowel, or long.
_LAST_WORD = re.compile(r"(?<![\w.])(?:[^\W\d_]*[aeiouyáéíóúàèùìòäöü][^\W\d_]+|[^\W\d_]+[aeiouy]|[^\W\d_]{4,})\Z")
_ENUMERATOR = re.compile(r"[-*+•‣▪–—#>\s(]*(?:\d{1,3}(?:\.\d{1,3}){0,4}|[^\W\d_]|[IVXLC]{1,6}|[ivxl]{1,5})\s*")
_VERBS = "said|asked|replied|answered|cried|whispered|shouted|added|exclaimed|murmured|muttered|repeated|called|thought"
_SPEAKER = re.compile(rf"\s+(?:(?:(?:Mr|Mrs|Ms|Dr)\.|[A-Z][\w'’-]*)\s+){{1,3}}(?:{_VERBS})\b")
_QUOTES = frozenset("\"'”’“»")
_MARKUP = frozenset("*_~`")
# "…" he said, without a blank between: Japanese と and Chinese 他说.
_SAID_AFTER_QUOTE = re.compile(r"[とっ、，]|[^。！？，；：“「\s]{0,4}[说道问喊答說問]")


@cache
def _marks_of(language: str) -> re.Pattern[str]:
    marks = _MARKS + _MARKS_OF.get(language.split("-")[0], "")
    return re.compile(
        rf"(?P<marks>[{marks}](?<![{marks}]{{2}})[{marks}]*)(?P<closing>{_CLOSERS})(?=\s|\Z)"
        rf"|(?:[{_WIDE}]|．(?!\d))[{_WIDE}．!?…]*{_VERSE_NUMBER}(?P<wide_closing>{_WIDE_CLOSERS})"
    )


def sentence_ends(text: str, start: int, end: int, begun: int, language: str, *, opening: bool) -> Iterator[int]:
    """Yield where sentences end in text[start:end], lazily, each behind its marks and what closes there.

    The sentence under way began at text[begun]; with `opening`, a line or paragraph begins with it.
    """
    for found in _marks_of(language).finditer(text, start, end):
        if found.end() - begun > ENDLESS or _ends(text, begun, found, language, opening):
            yield found.end()
            begun, opening = found.end(), False


def _ends(text: str, begun: int, found: re.Match[str], language: str, opening: bool) -> bool:
    marks = found["marks"]
    if marks is None:
        return not (found["wide_closing"] and _SAID_AFTER_QUOTE.match(text, found.end(), found.end() + 12))
    after = _NEXT.match(text, found.end(), found.end() + 60)
    if after and after[2]:
        return False  # "? !" and ". . ." are one
    following = (after[1] or "").replace("’", "'") if after else ""
    closing = found["closing"]
    if begins_small(following):
        return _small_sentences(text, begun, found, following, language)
    if marks == "." and (not closing or _MARKUP.issuperset(closing)):
        if _numbers_an_entry(text, begun, found.start(), opening):
            return False
        if closing:
            return is_no_abbreviation(text, found.start(), following, language, begun)
        return stop_ends_sentence(text, found.start(), language, begun)
    if marks.startswith(("..", "…")) and following.split("'")[0] == "I":
        return False
    return not (closing and _QUOTES.intersection(closing) and _SPEAKER.match(text, found.end(), found.end() + 60))


def _small_sentences(text: str, begun: int, found: re.Match[str], following: str, language: str) -> bool:
    """Tell whether a sentence ends before a small letter: only in a text that begins its sentences so."""
    if found["closing"] or len(found["marks"]) > 1 or found["marks"] == "…":
        return False
    first = _FIRST_LETTER.match(text, begun, begun + 60)
    if not (first and begins_small(first[1])):
        return False
    if found["marks"] != ".":
        return True
    return bool(
        _LAST_WORD.search(text[max(begun, found.start() - 12) : found.start()])
        and is_no_abbreviation(text, found.start(), "", language, begun)
    )


def _numbers_an_entry(text: str, begun: int, stop: int, opening: bool) -> bool:
    """Tell whether all before the stop is the number of a list entry or heading: "1.", "b.", "IV."."""
    if stop - begun > 12 or not _ENUMERATOR.fullmatch(text, begun, stop):
        return False
    if opening:
        return True
    number = text[begun:stop].strip()
    # In the middle of a paragraph: "for two reasons: … 2. It is good", but not "How old is he? 42. And she?"
    return number.isdecimal() and len(number) <= 3 and int(number) <= 20 and text[begun - 1 : begun] != "?"
