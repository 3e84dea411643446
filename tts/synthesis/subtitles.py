"""The timings files, by their suffix: subtitles (.srt, .vtt), lyrics (.lrc), JSON, and Praat's TextGrid.

Subtitles and lyrics are made of cues: a sentence is divided into tokens, each with the cost of a line break behind it,
and the cheapest breaks are chosen. The limits are common practice of subtitling: two lines of 42 columns, seven
seconds, twenty characters per second, no flicker, no interruption shorter than half a second.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

from tts.errors import UsageError
from tts.options import nearest
from tts.synthesis.timing import TimedBookmark, TimedSentence, TimedWord, with_single_spaces

TIMING_SUFFIXES = (".srt", ".vtt", ".lrc", ".json", ".TextGrid")
_SUFFIXES = {suffix.lower(): suffix for suffix in TIMING_SUFFIXES}

MAX_COLUMNS = 42
MAX_SECONDS = 7.0
MIN_SECONDS = 0.8
MAX_CHARACTERS_PER_SECOND = 20.0
MIN_PAUSE_SECONDS = 0.5

# Decimals of seconds in JSON and TextGrid: a microsecond is far below any frame.
_DIGITS = 6

# The cost of a break behind a token: at the end of a sentence, of a clause, before a joining word, anywhere, behind a
# word that belongs to the next, inside a name or a measure, inside a word, before a dash.
_AT_SENTENCE, _AT_CLAUSE, _AT_COMMA, _BEFORE_JOINER, _ANYWHERE = 0.0, 0.25, 0.5, 2.5, 3.5
_BEHIND_LIGHT, _INSIDE_NAME, _INSIDE_WORD, _BEFORE_MARK = 6.0, 6.0, 8.0, 10.0
_GOOD_BREAK = _BEFORE_JOINER

# The cost of a cue: for being one more, for being short (a share of it, squared), for being too long (per second), for
# having too little time; shares of the cost of the break behind it, and between its lines if that is not a good one.
_ONE_MORE, _SHORT_LINE, _TOO_LONG, _TOO_BRIEF = 0.5, 1.5, 10.0, 6.0
_BETWEEN_CUES, _BETWEEN_LINES = 2.0, 1.2
# The cost of the two lines of a cue: for being unequal (a share of it), and for the first being the longer.
_UNEQUAL, _TOP_HEAVY = 4.0, 0.5

# Chinese characters and kana are written without spaces; closing marks stay with the one before, opening ones behind.
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
_MARKS_OF_ADDRESSES = frozenset("/-_.?&=#")

# Most articles, prepositions and pronouns of European languages are this short; the longer ones of English are listed.
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

# What a player of lyrics would read as its own tag: "[01:02" and "<01:02".
_LYRICS_TAG = re.compile(r"\[(?=\s*\w+\s*:)|<(?=\s*\d+\s*:)")


def timing_format(path: str | Path) -> str:
    """The suffix of a timings file, in the spelling of `TIMING_SUFFIXES`.

    Raises:
        UsageError: it is none of them.
    """
    suffix = _SUFFIXES.get(Path(path).suffix.lower())
    if suffix is None:
        raise UsageError(
            f"The format of a timings file is its suffix, one of {', '.join(TIMING_SUFFIXES)}; {str(path)!r} has none "
            "of these."
        )
    return suffix


def timing_suffix(name: str) -> str:
    """The suffix of the timings files of a format, which is named with or without a dot: "srt" → ".srt".

    Raises:
        UsageError: there is no such format.
    """
    suffix = _SUFFIXES.get(f".{name.lower().removeprefix('.')}")
    if suffix is None:
        names = [suffix[1:] for suffix in TIMING_SUFFIXES]
        hint = nearest(name, names) or f"; there are {', '.join(names)}."
        raise UsageError(f"There is no format of timings {name!r}{hint}")
    return suffix


def timings_text(
    sentences: Sequence[TimedSentence], seconds: float, suffix: str, bookmarks: Sequence[TimedBookmark] = ()
) -> str:
    """The contents of a timings file; `seconds` is the length of the complete audio.

    What cannot be written as UTF-8, half of a surrogate pair, becomes the replacement character.
    """
    if suffix == ".srt":
        text = srt(sentences)
    elif suffix == ".vtt":
        text = vtt(sentences)
    elif suffix == ".lrc":
        text = lrc(sentences, seconds)
    elif suffix == ".json":
        text = timings_json(sentences, seconds, bookmarks)
    else:
        text = textgrid(sentences, seconds)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def srt(sentences: Sequence[TimedSentence]) -> str:
    """SubRip subtitles."""
    return "\n".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues(sentences), 1)
    )


def vtt(sentences: Sequence[TimedSentence]) -> str:
    """WebVTT subtitles; what its text format reserves is escaped."""
    blocks = ["WEBVTT\n"]
    for cue in cues(sentences):
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def lrc(sentences: Sequence[TimedSentence], seconds: float) -> str:
    """Lyrics, one line per cue, and an empty one where a silence begins.

    The times of single words ("enhanced" LRC) are left out: players that do not know them show them as text.
    """
    all_cues = cues(sentences)
    lines = [f"[length:{_minutes(seconds)}]"]
    for i, cue in enumerate(all_cues):
        text = _line_text([token for line in cue.lines for token in line])
        lines.append(f"[{_minutes(cue.start)}]{_LYRICS_TAG.sub('(', text)}")
        if i + 1 == len(all_cues) or all_cues[i + 1].start - cue.end >= MIN_PAUSE_SECONDS:
            lines.append(f"[{_minutes(cue.end)}]")
    return "\n".join(lines) + "\n"


def timings_json(sentences: Sequence[TimedSentence], seconds: float, bookmarks: Sequence[TimedBookmark] = ()) -> str:
    """One document: the length, for each sentence its words and phonemes, and the author's bookmarks."""

    def times(item: TimedSentence | TimedWord) -> dict[str, float]:
        return {"start": round(item.start, _DIGITS), "end": round(item.end, _DIGITS)}

    document = {
        "seconds": round(seconds, _DIGITS),
        "sentences": [
            {
                "text": sentence.text,
                "phonemes": sentence.phonemes,
                **times(sentence),
                "words": [{"text": word.text, "phonemes": word.phonemes, **times(word)} for word in sentence.words],
                "marks": [
                    {"symbol": mark.symbol, "start": round(mark.start, _DIGITS), "end": round(mark.end, _DIGITS)}
                    for mark in sentence.marks
                ],
            }
            for sentence in sentences
        ],
        "bookmarks": [{"name": mark.name, "seconds": round(mark.seconds, _DIGITS)} for mark in bookmarks],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def textgrid(sentences: Sequence[TimedSentence], seconds: float) -> str:
    """A TextGrid in the long text format, with the tiers sentences, words and phonemes.

    Praat wants each tier covered from end to end, and no interval without duration: silence is an empty interval.
    """
    tiers: dict[str, list[tuple[str, float, float]]] = {
        "sentences": [(with_single_spaces(s.text), s.start, s.end) for s in sentences],
        "words": [(word.text, word.start, word.end) for s in sentences for word in s.words],
        "phonemes": [(m.symbol, m.start, m.end) for s in sentences for m in s.marks if not m.symbol.isspace()],
    }
    duration = round(seconds, _DIGITS)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {_number(duration)}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for index, (name, labelled) in enumerate(tiers.items(), 1):
        intervals: list[tuple[str, float, float]] = []
        reached = 0.0
        for label, first, last in labelled:
            start, end = max(round(first, _DIGITS), reached), min(round(last, _DIGITS), duration)
            if end <= start:
                continue
            if start > reached:
                intervals.append(("", reached, start))
            intervals.append((label, start, end))
            reached = end
        if reached < duration:
            intervals.append(("", reached, duration))

        lines += [f"    item [{index}]:", '        class = "IntervalTier"', f'        name = "{name}"']
        lines += [
            "        xmin = 0",
            f"        xmax = {_number(duration)}",
            f"        intervals: size = {len(intervals)}",
        ]
        for number, (label, start, end) in enumerate(intervals, 1):
            text = label.replace('"', '""')
            lines += [f"        intervals [{number}]:", f"            xmin = {_number(start)}"]
            lines += [f"            xmax = {_number(end)}", f'            text = "{text}"']
    return "\n".join(lines) + "\n"


def _clock(seconds: float, decimal_mark: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{decimal_mark}{rest % 1000:03}"


def _minutes(seconds: float) -> str:
    """A time in LRC, which has no hours: mm:ss.xx."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes:02}:{rest // 100:02}.{rest % 100:02}"


def _number(seconds: float) -> str:
    return f"{seconds:.{_DIGITS}f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Token:
    """What stands between two possible breaks, with its time in seconds and its width in columns.

    `follows_space`: a space stands before it. `cost` is that of a break behind it.
    """

    text: str
    start: float
    end: float
    follows_space: bool
    columns: int
    cost: float


@dataclass(frozen=True)
class Cue:
    """One or two lines that are on the screen from `start` to `end`, in seconds."""

    lines: tuple[tuple[Token, ...], ...]
    start: float
    end: float

    @property
    def text(self) -> str:
        return "\n".join(map(_line_text, self.lines))


def cues(sentences: Sequence[TimedSentence]) -> list[Cue]:
    """The cues of all sentences, in order and without overlap; none contains parts of two sentences.

    Each begins with its first word. It ends with its last, or later where there is time before the next: to be read, to
    close a short interruption; and the last one lasts as long as the audio of its sentence.
    """
    found = []
    for sentence in sentences:
        breaks = _Breaks(tokens(sentence), sentence.audio_end)
        for first, last in breaks.cues():
            lines = breaks.lines(first, last)
            found.append(Cue(lines, breaks.tokens[first].start, breaks.tokens[last - 1].end))
    if not found:
        return []

    for i, (cue, following) in enumerate(pairwise(found)):
        wanted = max(cue.end, cue.start + MIN_SECONDS, cue.start + len(cue.text) / MAX_CHARACTERS_PER_SECOND)
        limit = following.start
        found[i] = replace(cue, end=limit if limit - wanted < MIN_PAUSE_SECONDS else wanted)
    found[-1] = replace(found[-1], end=max(sentences[-1].audio_end, found[-1].end))
    return found


def tokens(sentence: TimedSentence) -> list[Token]:
    """The tokens of a sentence as written: all of it except spaces and control characters.

    The time of a token follows from the words that it touches: a word over several tokens is divided by its letters,
    and a token without a word has the instant at which the previous one ends.
    """
    text = with_single_spaces(sentence.text)
    spans = list(_token_spans(text))
    words = [word for word in sentence.words if word.written[0] < word.written[1]]
    are_known = bool(words)
    if not are_known:
        words = [TimedWord(text, "", sentence.start, sentence.end, (0, max(1, len(text))))]

    found = []
    first_word, reached, previous_end = 0, words[0].start, 0
    for i, (start, end, shown) in enumerate(spans):
        while first_word < len(words) and words[first_word].written[1] <= start:
            first_word += 1
        last_word = first_word
        while last_word < len(words) and words[last_word].written[0] < end:
            last_word += 1
        begins, is_inside_word = reached, False
        if first_word < last_word:
            begins, reached = _time_at(words[first_word], start), _time_at(words[last_word - 1], end)
            is_inside_word = are_known and words[last_word - 1].written[1] > end
            first_word = last_word - 1
        following = spans[i + 1][2] if i + 1 < len(spans) else ""
        cost = _INSIDE_WORD if is_inside_word else _break_cost(shown, following)
        found.append(Token(shown, begins, reached, start > previous_end, columns(shown), cost))
        previous_end = end
    return found


def columns(text: str) -> int:
    """The width of a text: Chinese, Japanese and Korean characters have two columns, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _line_text(line: Sequence[Token]) -> str:
    return "".join(f" {token.text}" if i and token.follows_space else token.text for i, token in enumerate(line))


def _token_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, visible text) of each token; one that is wider than a line is cut into several.

    A line is cut behind the last mark of an address in its second half, or where it is full.
    """
    for found in _TOKEN.finditer(text):
        start, position, cut, width = found.start(), found.start(), found.start(), 0
        spans = []
        while position < found.end():
            width += _width(text[position])
            if width > MAX_COLUMNS:
                end = cut if cut > start else position
                spans.append((start, end))
                start = position = cut = end
                width = 0
                continue
            if width > MAX_COLUMNS / 2 and text[position] in _MARKS_OF_ADDRESSES:
                cut = position + 1
            position += 1
        spans.append((start, found.end()))
        for first, last in spans:
            shown = "".join(c for c in text[first:last] if unicodedata.category(c) != "Cc")
            if shown:
                yield first, last, shown


def _time_at(word: TimedWord, offset: int) -> float:
    """The time at an offset in or beside a word, if its letters are equally long."""
    first, last = word.written
    part = min(max((offset - first) / (last - first), 0.0), 1.0)
    return word.start + part * (word.end - word.start)


def _break_cost(token: str, following: str) -> float:
    bare, next_bare = token.rstrip(_CLOSING), following.lstrip(_OPENING + "\"'")
    if not any(map(str.isalnum, next_bare)):
        return _BEFORE_MARK

    # Behind a mark that ends something. Mr., Dr., J., U.S., e.g. are abbreviations: short, or with a point inside.
    letters = bare.rstrip(".")
    is_abbreviation = bare.endswith(".") and (
        "." in letters or len(letters) == 1 or (letters.istitle() and len(letters) <= _LIGHT_LETTERS)
    )
    if bare.endswith((".", "!", "?", "…", "。", "！", "？")) and not is_abbreviation:
        return _AT_SENTENCE
    if bare.endswith((";", ":", "—", "–", "-", "；", "：")):
        return _AT_CLAUSE
    if bare.endswith((",", "，", "、")) or following.startswith(("(", "[", '"', "“", "«", "„", *_WIDE_OPENING)):
        return _AT_COMMA

    # Mary Smith, Dr. Lee, 5 km, July 4: two capitals in a row, or a figure and what it counts.
    is_capital = bare[:1].isupper()
    if bare[-1:].isdigit() or (next_bare[:1].isdigit() and is_capital):
        return _INSIDE_NAME
    if is_capital and next_bare[:1].isupper() and bare not in ("I", "A", "The", "And", "But", "So"):
        return _INSIDE_NAME
    is_light = bare.lower() in _LIGHT_WORDS or (len(bare) <= _LIGHT_LETTERS and bare.islower())
    if is_light or bare in ("A", "The", "I", "An"):
        return _BEHIND_LIGHT
    return _BEFORE_JOINER if next_bare.rstrip(",").lower() in _JOINING_WORDS else _ANYWHERE


class _Breaks:
    """The cheapest breaks between the tokens of a sentence, by dynamic programming with one step per cue."""

    def __init__(self, tokens: Sequence[Token], audio_end: float) -> None:
        self.tokens = tokens
        self._widths = [0, *accumulate(token.columns + token.follows_space for token in tokens)]
        # The start of what follows each token: a cue may stay until then.
        self._following = [token.start for token in tokens[1:]] + [audio_end]
        # For each token the end of the longest line that it can begin.
        self._line_ends: list[int] = []
        last = 0
        for first in range(len(tokens)):
            last = max(last, first + 1)
            while last < len(tokens) and self._columns(first, last + 1) <= MAX_COLUMNS:
                last += 1
            self._line_ends.append(last)

    def cues(self) -> list[tuple[int, int]]:
        """The cues as ranges [first, last) of tokens."""
        n = len(self.tokens)
        costs, origins = [0.0] + [float("inf")] * n, [0] * (n + 1)
        for first in range(n):
            line_end = self._line_ends[first]
            longest = line_end if line_end == n else self._line_ends[line_end]
            for last in range(first + 1, longest + 1):
                cost = costs[first] + self._cue_cost(first, last)
                if cost < costs[last]:
                    costs[last], origins[last] = cost, first
        found = []
        while n:
            found.append((origins[n], n))
            n = origins[n]
        return found[::-1]

    def lines(self, first: int, last: int) -> tuple[tuple[Token, ...], ...]:
        """A cue as one line, or as two where the break is cheapest."""
        _, cut = self._line_break(first, last)
        return tuple(tuple(self.tokens[start:end]) for start, end in ((first, cut), (cut, last)) if start < end)

    def _columns(self, first: int, last: int) -> int:
        return self._widths[last] - self._widths[first] - self.tokens[first].follows_space

    def _line_break(self, first: int, last: int) -> tuple[float, int]:
        """The cost and the index of the best break into two lines; no cost where one line is enough."""
        if last <= self._line_ends[first]:
            return 0.0, last
        cut = self._line_ends[first]
        best = self._lines_cost(first, cut, last), cut
        while cut > first + 1 and self._columns(cut - 1, last) <= MAX_COLUMNS:
            cut -= 1
            best = min(best, (self._lines_cost(first, cut, last), cut))
        return best

    def _cue_cost(self, first: int, last: int) -> float:
        start, following = self.tokens[first].start, self._following[last - 1]
        cost = _ONE_MORE + (_BETWEEN_CUES * self.tokens[last - 1].cost if last < len(self.tokens) else 0.0)
        cost += _BETWEEN_LINES * max(0.0, self._line_break(first, last)[0] - _GOOD_BREAK)
        cost += _SHORT_LINE * (1 - self._columns(first, last) / (2 * MAX_COLUMNS)) ** 2
        cost += _TOO_LONG * max(0.0, self.tokens[last - 1].end - start - MAX_SECONDS)
        return cost + _TOO_BRIEF * max(0.0, 1 - (following - start) / MIN_SECONDS)

    def _lines_cost(self, first: int, cut: int, last: int) -> float:
        above, below = self._columns(first, cut), self._columns(cut, last)
        unequal = _UNEQUAL * abs(above - below) / MAX_COLUMNS
        return self.tokens[cut - 1].cost + unequal + (_TOP_HEAVY if above > below else 0.0)
