"""A written sentence as what subtitles are put together from: its tokens, when each is heard, what a break costs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts.synthesis.timing import TimedSentence, TimedWord, with_single_blanks

# Chinese characters and kana are written without blanks; what closes stays with the one before, what opens behind.
_UNSPACED = "\u3040-\u309f\u30a0-\u30fb\u30fd-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WIDE_OPENING = "「『（【〈《〔［｛"
_OPENING = "(\\[{‘“„«‹¿¡" + _WIDE_OPENING
_SMALL = "ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々"
_TOKEN = re.compile(
    rf"[{_OPENING}]*[{_UNSPACED}](?:[^\w\s{_OPENING}]|[{_SMALL}])*"
    rf"|[{_WIDE_OPENING}]*[^\s{_UNSPACED}{_WIDE_OPENING}]+"
    rf"|[{_WIDE_OPENING}]+"
)
_CLOSING = "\"'”’»›)]}」』）】〉》〕］｝"
# What is longer than this has no place on one line, and is cut.
MAX_COLUMNS = 42

# What a break behind a token costs: the end of a sentence, of a clause, before a joining word, anywhere, behind a word
# that leans on the next, inside a name or a measure, inside of one word, before a dash.
_AT_SENTENCE, _AT_CLAUSE, _AT_COMMA, _BEFORE_JOINER, _ANYWHERE = 0.0, 0.25, 0.5, 2.5, 3.5
GOOD_BREAK = _BEFORE_JOINER
_BEHIND_LIGHT, _INSIDE_NAME, _INSIDE_WORD, _BEFORE_MARK = 6.0, 6.0, 8.0, 10.0
# Most articles, prepositions and pronouns of European languages are this short; the longer ones of English are named.
_LIGHT_LETTERS = 3
_LIGHT = """
    with from into onto upon over under than that this these those their your every each some many such will would shall
    should could have been were when where which while whose very more most only also about between through against
    during without within before after behind beside because although until since they she's it's i'm we're
    eine einen einem einer dans pour avec para como della delle degli nella
"""
_JOINING = """
    and but or nor so yet because although though while when where which who whom whose that if unless until since
    before after than as to in on at by for from with into over under through between without about like
    behind beside against within towards during despite unlike
    und oder aber dass weil wenn et ou mais que qui où y o pero porque e ma che se mas
"""
_LIGHT_WORDS, _JOINING_WORDS = (frozenset(words.split()) for words in (_LIGHT, _JOINING))


@dataclass(frozen=True, slots=True)
class Token:
    """What stands between two places for a break, when it is heard in seconds, and how wide it is in columns.

    `is_apart`: a blank stands before it. `cost` is that of a break behind it.
    """

    text: str
    start: float
    end: float
    is_apart: bool
    columns: int
    cost: float


def tokens(sentence: TimedSentence) -> list[Token]:
    """The tokens of a sentence as written: all of it but its blanks and control characters."""
    text = with_single_blanks(sentence.text)
    stretches = list(_stretches(text))
    words = [word for word in sentence.words if word.written[0] < word.written[1]]
    are_known = bool(words)
    if not are_known:
        words = [TimedWord(text, "", sentence.start, sentence.end, (0, max(1, len(text))))]
    found = []
    heard = _heard(stretches, words)
    reached = 0
    for i, ((start, end, shown), (first, last, is_inside)) in enumerate(zip(stretches, heard, strict=True)):
        after = stretches[i + 1][2] if i + 1 < len(stretches) else ""
        cost = _INSIDE_WORD if is_inside and are_known else _break_cost(shown, after)
        found.append(Token(shown, first, last, start > reached, columns(shown), cost))
        reached = end
    return found


def columns(text: str) -> int:
    """How wide a text is: Chinese, Japanese and Korean characters take two columns, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _stretches(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what is shown) of each token."""
    for found in _TOKEN.finditer(text):
        for start, end in _fitting(text, found.start(), found.end()):
            shown = "".join(c for c in text[start:end] if unicodedata.category(c) != "Cc")
            if shown:
                yield start, end, shown


def _fitting(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch in parts of which none is wider than a line."""
    if columns(text[start:end]) <= MAX_COLUMNS:
        yield start, end
        return
    width = 0
    for place in range(start, end):
        width += _width(text[place])
        if width > MAX_COLUMNS:
            yield start, place
            start, width = place, _width(text[place])
    yield start, end


def _heard(
    stretches: Sequence[tuple[int, int, str]], words: Sequence[TimedWord]
) -> Iterator[tuple[float, float, bool]]:
    """When each stretch is heard, from the words that it touches, and whether the last of them goes on behind it.

    A word over several stretches is divided by its letters; a stretch without a word has the instant where the one
    before ends.
    """
    first, reached = 0, words[0].start
    for start, end, _ in stretches:
        while first < len(words) and words[first].written[1] <= start:
            first += 1
        last = first
        while last < len(words) and words[last].written[0] < end:
            last += 1
        if first == last:
            yield reached, reached, False
            continue
        begins, reached = _moment(words[first], start), _moment(words[last - 1], end)
        yield begins, reached, words[last - 1].written[1] > end
        first = last - 1


def _moment(word: TimedWord, place: int) -> float:
    """When a place in or beside a word is heard, its letters taken as equally long."""
    first, last = word.written
    part = min(max((place - first) / (last - first), 0.0), 1.0)
    return word.start + part * (word.end - word.start)


def _break_cost(token: str, after: str) -> float:
    bare, following = token.rstrip(_CLOSING), after.lstrip(_OPENING + "\"'")
    if not any(map(str.isalnum, following)):
        return _BEFORE_MARK
    if (at_mark := _cost_at_mark(bare)) is not None:
        return at_mark
    if _is_name_or_measure(bare, following):
        return _INSIDE_NAME
    if (
        bare.lower() in _LIGHT_WORDS
        or (len(bare) <= _LIGHT_LETTERS and bare.islower())
        or bare in ("A", "The", "I", "An")
    ):
        return _BEHIND_LIGHT
    return _BEFORE_JOINER if following.rstrip(",").lower() in _JOINING_WORDS else _ANYWHERE


def _cost_at_mark(bare: str) -> float | None:
    """The cost behind a mark that ends something; None where there is none, or only that of an abbreviation."""
    if bare.endswith(("!", "?", "…", "。", "！", "？")):
        return _AT_SENTENCE
    if bare.endswith("."):
        return None if _is_abbreviation(bare) else _AT_SENTENCE
    if bare.endswith((";", ":", "—", "–", "-", "；", "：")):
        return _AT_CLAUSE
    return _AT_COMMA if bare.endswith((",", "，", "、")) else None


def _is_abbreviation(bare: str) -> bool:
    """Mr., Dr., J., U.S., e.g.: short, or with a point inside."""
    letters = bare.rstrip(".")
    return "." in letters or len(letters) == 1 or (letters.istitle() and len(letters) <= _LIGHT_LETTERS)


def _is_name_or_measure(bare: str, following: str) -> bool:
    """Mary Smith, Dr. Lee, 5 km, July 4: capitals behind each other, or a figure and what it counts."""
    if bare[-1:].isdigit() or (following[:1].isdigit() and bare[:1].isupper()):
        return True
    return bare[:1].isupper() and following[:1].isupper() and bare not in ("I", "A", "The", "And", "But", "So")
