"""A passage cut into sentences, lazily, so that the first can be spoken before the last is found."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge

from tts.text.characters import splits_character, without_terminal_codes
from tts.text.full_stops import ends_before, sentence_words, starts_lower, stop_ends_sentence
from tts.text.layout import text_blocks
from tts.text.passage import LEVELS, Alias, Level, Note, Passage, Pause, Pronunciation, SpokenAs, stronger


@dataclass(frozen=True, slots=True)
class Segment:
    """The span [start, end) of a text that is spoken without a break: a sentence, or a part of a long one.

    `opens` is the boundary before it; "" is none.
    """

    start: int
    end: int
    opens: Level


def segments(passage: Passage, language: str = "en-us", max_characters: int = 400) -> Iterator[Segment]:
    """Yield the sentences of a passage in order, without whitespace around them; only whitespace lies between them.

    An empty line, a heading and a list entry begin a paragraph. Any other line break is a space, but between short
    lines that do not continue each other (verse, addresses) it ends a clause. Pauses and changes of voice split a
    sentence too; a pronunciation or an alias is never split. A sentence longer than `max_characters` is cut at its best
    clause boundary, else at whitespace, else between any two characters. `language` is an espeak-ng code; abbreviations
    are known for English and eight other languages.

    Raises:
        ValueError: max_characters is below 1.
    """
    if max_characters < 1:
        raise ValueError(f"max_characters must be at least 1, not {max_characters}")
    plain = without_terminal_codes(passage.text)
    return _segments(passage if plain is passage.text else replace(passage, text=plain), language, max_characters)


def split_sentences(text: str, max_characters: int = 400, language: str = "en-us") -> Iterator[str]:
    """Yield the sentences of a text as `segments` finds them, with single spaces for any run of whitespace.

    Raises:
        ValueError: max_characters is below 1.
    """
    found = segments(Passage(text), language, max_characters)
    return (" ".join(text[segment.start : segment.end].split()) for segment in found)


class _Unbroken:
    """The pronunciations and aliases of a passage, in which no cut is made."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for note in notes:
            if isinstance(note, (Pronunciation, Alias)) and note.start < note.end:
                self._starts.append(note.start)
                self._ends.append(max(note.end, self._ends[-1] if self._ends else 0))

    def __call__(self, position: int) -> bool:
        n_before = bisect_right(self._starts, position - 1)
        return n_before > 0 and self._ends[n_before - 1] > position


def _segments(passage: Passage, language: str, most: int) -> Iterator[Segment]:
    text = passage.text
    unbroken = _Unbroken(passage.notes)
    first = True
    for start, end, opens in _sentences(passage, language, unbroken):
        is_short = end - start <= most or len(" ".join(text[start:end].split())) <= most
        while start < end:
            whole = is_short or end - start <= most
            cut, is_clause = (end, False) if whole else _best_cut(text, start, end, most, language, unbroken)
            part_start, part_end = _without_edges(text, start, min(cut, end))
            if part_start < part_end:
                yield Segment(part_start, part_end, "" if first else opens)
                first = False
            start, opens = cut, "clause" if is_clause else ""


def _sentences(passage: Passage, language: str, unbroken: _Unbroken) -> Iterator[tuple[int, int, Level]]:
    """Yield the sentences of any length, without whitespace around them, and the boundary before each."""
    text = passage.text
    of_notes: list[tuple[int, Level]] = []
    for note in passage.notes:
        if isinstance(note, Pause):
            of_notes.append((note.start, note.level))
        elif isinstance(note, SpokenAs) and note.voice is not None:
            of_notes += [(note.start, ""), (note.end, "")]
    of_notes = sorted((cut for cut in of_notes if 0 < cut[0] < len(text)), key=lambda cut: cut[0])

    start = 0
    opens: Level = ""
    for position, level in merge(_text_cuts(text, language), of_notes, key=lambda cut: cut[0]):
        if unbroken(position):
            continue
        begin, end = _without_edges(text, start, position)
        if begin < end:
            yield begin, end, opens
            opens = ""
        opens = stronger(opens, level)
        start = position
    begin, end = _without_edges(text, start, len(text))
    if begin < end:
        yield begin, end, opens


def _text_cuts(text: str, language: str) -> Iterator[tuple[int, Level]]:
    """Yield where the text itself is cut, by its layout and its marks, and the boundary at each cut."""
    begun = 0
    opening = True
    marks = _MARKS + _MARKS_OF.get(language.split("-")[0], "")
    pattern = re.compile(
        rf"(?P<marks>[{marks}](?<![{marks}]{{2}})[{marks}]*)(?P<closing>{_CLOSERS})(?=\s|\Z)"
        rf"|(?:[{_WIDE}]|．(?!\d))[{_WIDE}．!?…]*{_VERSE_NUMBER}(?P<wide_closing>{_WIDE_CLOSERS})"
    )
    for block in text_blocks(text):
        if block.opens:
            yield block.start, block.opens
        if LEVELS.index(block.opens) >= LEVELS.index("sentence"):
            begun, opening = block.start, True
        for found in pattern.finditer(text, block.start, block.end):
            if found.end() - begun > _ENDLESS or _ends(text, begun, found, language, opening):
                yield found.end(), "sentence"
                begun, opening = found.end(), False
        if block.end - begun > _ENDLESS:
            yield block.end, ""
            begun = block.end


def _without_edges(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without the whitespace at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


# Marks that end a sentence before whitespace; those beyond ASCII are Unicode's Sentence_Terminal characters.
_MARKS = (
    ".!?…‼‽⁇⁈⁉؟۔։\u037e\u061d\u061e\u0700\u0701\u0702\u07f9\u0837\u0839\u083d\u083e\u0f0d\u0f0e\u166e\u1735\u1736"
    "\u1803\u1809\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1c3b\u1c3c\u1c7e\u1c7f\u2e2e\u2e3c\ua4ff\ua60e\ua60f"
    "\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb"
)
# Marks that end a sentence without whitespace after it, in scripts that write none.
_WIDE = "。！？｡﹒﹖﹗।॥።፧፨។៕။"
# Additional marks of these languages.
_MARKS_OF = {"el": ";", "grc": ";", "hy": ":", "hyw": ":"}
_CLOSERS = r"(?:[\"'”’“‘»«›‹)\]}*_~`」』）】]|[ \u00a0\u202f]»|\[\d{1,3}\]|[¹²³⁰⁴-⁹])*"
_WIDE_CLOSERS = r"(?:[」』”’）】〉》]|[\"')\]](?=\s|\Z))*"
# A verse number stands between two marks: "॥ १ ॥".
_VERSE_NUMBER = r"(?:\s?[०-९]{1,4}\s?[।॥]+)?"

# In characters. No sentence is longer: such text is not prose, and should not delay the first sentence.
_ENDLESS = 20_000

_NEXT = re.compile(r"\s+[\"'“„‘(\[{«»¿¡*_—–-]*\s*(?:([\w'’]+)|([.!?…]))?")
_FIRST_LETTER = re.compile(r"[\W\d_]*([^\W\d_])")
# A word, not an abbreviation: with a vowel, or long.
_LAST_WORD = re.compile(r"(?<![\w.])(?:[^\W\d_]*[aeiouyáéíóúàèìùòäöü][^\W\d_]+|[^\W\d_]+[aeiouy]|[^\W\d_]{4,})\Z")
_ENUMERATOR = re.compile(r"[-*+•‣▪–—#>\s(]*(?:\d{1,3}(?:\.\d{1,3}){0,4}|[^\W\d_]|[IVXLC]{1,6}|[ivxl]{1,5})\s*")
_QUOTES = frozenset("\"'”’“»")
_MARKUP = frozenset("*_~`")
_SPEAKER = re.compile(
    r"\s+(?:(?:(?:Mr|Mrs|Ms|Dr)\.|[A-Z][\w'’-]*)\s+){1,3}"
    rf"(?:{'|'.join(sorted(sentence_words('speech verbs', 'en')))})\b"
)
# "…" he said, without a space between: Japanese と and Chinese 他说.
_SAID_AFTER_QUOTE = re.compile(r"[とっ、，]|[^。！？，；：“「\s]{0,4}[说道问喊答說問]")


def _ends(text: str, begun: int, found: re.Match[str], language: str, opening: bool) -> bool:
    """Tell whether marks end the sentence that began at text[begun]; with `opening`, a line or paragraph did too."""
    marks, start, end = found["marks"], found.start(), found.end()
    if marks is None:
        return not (found["wide_closing"] and _SAID_AFTER_QUOTE.match(text, end, end + 12))
    after = _NEXT.match(text, end, end + 60)
    if after and after[2]:
        return False  # "? !" and ". . ." are one
    following = (after[1] or "").replace("’", "'") if after else ""
    closing = found["closing"]

    if starts_lower(following):
        # Only a text that begins its sentences with small letters ends one before a small letter.
        first = _FIRST_LETTER.match(text, begun, begun + 60)
        if closing or len(marks) > 1 or marks == "…" or not (first and starts_lower(first[1])):
            return False
        if marks != ".":
            return True
        is_word = _LAST_WORD.search(text[max(begun, start - 12) : start]) is not None
        return is_word and ends_before(text, start, "", language, begun)

    if marks == "." and (not closing or _MARKUP.issuperset(closing)):
        if start - begun <= 12 and _ENUMERATOR.fullmatch(text, begun, start):
            # All of it may be the number of a list entry or heading: "1.", "b.", "IV.". In the middle of a paragraph:
            # "for two reasons: … 2. It is good", but not "How old is he? 42. And she?"
            number = text[begun:start].strip()
            is_low = number.isdecimal() and len(number) <= 3 and int(number) <= 20
            if opening or (is_low and text[begun - 1 : begun] != "?"):
                return False
        if closing:
            return ends_before(text, start, following, language, begun)
        return stop_ends_sentence(text, start, language, begun)
    if marks.startswith(("..", "…")) and following.split("'")[0] == "I":
        return False
    return not (closing and _QUOTES.intersection(closing) and _SPEAKER.match(text, end, end + 60))


_AFTER_CLAUSE = r"[\"'”’“»)\]}]*"


def _best_cut(
    text: str, start: int, end: int, most: int, language: str, unbroken: Callable[[int], bool]
) -> tuple[int, bool]:
    """Return the best cut, which leaves no tiny part on either side, and whether a clause ends there."""
    tiny = most // 4
    limit = start + most
    last = max(min(limit, end - tiny), start + 1)
    code = language.split("-")[0]
    words = "|".join(sorted(sentence_words("conjunctions", code) or sentence_words("conjunctions", "any")))
    patterns = (
        (rf"(?:[;:!?…·؛]{_AFTER_CLAUSE}\s)|[；：]", True),
        (rf"[,،]{_AFTER_CLAUSE}\s(?=\s*(?:{words})\b)", True),
        (rf"(?:[,،]{_AFTER_CLAUSE}\s)|[，、၊፣፤]|[—–―]+\s?|\s-+\s|[)\]]\s|\s(?=[(\[])", True),
        (rf"\s(?=(?:{words})\s)", True),
        (r"(?<![.\s])\s+", False),  # rather not between "Dr." and the name
        (r"\s+", False),
        (r"[/.,;:?&=_\u200b-](?=\S)", False),
    )
    for source, clause in patterns:
        pattern = re.compile(source)
        found = (match.end() for match in pattern.finditer(text, start, min(limit + 1, end)))
        # A space right after the limit belongs to neither part.
        latest = last + text[last : last + 1].isspace()
        cuts = [cut for cut in found if start + tiny < cut <= latest and not unbroken(cut)]
        if cuts:
            # Of clauses, where two parts are enough, the boundary nearest to the middle.
            halves = [cut for cut in cuts if end - cut <= most] if clause else []
            return min(halves, key=lambda cut: abs(2 * cut - start - end)) if halves else cuts[-1], clause

    for cut in range(last, start, -1):
        if not unbroken(cut) and not splits_character(text, cut):
            return cut, False
    cut = last
    while cut < end and unbroken(cut):
        cut += 1
    return cut, False
