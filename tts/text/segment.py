"""Written text cut into sentences, lazily: what is spoken first does not wait for what comes last."""

import re
from collections.abc import Iterator

from tts.text.boundaries import stop_ends_sentence

# A blank line ends a paragraph; so does a line that starts a list entry.
_PARAGRAPH_BREAK = re.compile(r"\n[^\S\n]*\n\s*|\n(?=[^\S\n]*(?:[-*•‣▪]|\d{1,3}[.)])[^\S\n]+\S)")
# Sentence marks with the quotes and brackets that close behind them, before a blank or the end.
_MARKS = re.compile(r"(?P<marks>[.!?…]+)(?P<closing>[\"'”’»)\]}*_]*)(?=\s|\Z)|(?P<wide>[。！？]+[」』”’）]*)")
_NEXT_WORD = re.compile(r"\s+[\"'“‘(\[{«¿¡*_—–-]*\s*([\w'’]*)")
_BLANKS = re.compile(r"\s+")
# Where a sentence that is too long may be cut, the best first.
_CUTS = tuple(
    re.compile(pattern) for pattern in (r"[.!?…][\"'”’)\]]*\s", r"[;:][\"'”’)\]]*\s", r",[\"'”’)\]]*\s|[—–]", r"\s")
)


def split_sentences(text: str, max_characters: int = 400) -> Iterator[str]:
    """Yield the sentences of a text in order, each with its punctuation and single spaces for any run of blanks.

    Joined, the pieces are the text up to blanks. A blank line always ends a sentence; a single line break is a space,
    unless a list entry begins after it. A sentence longer than max_characters is cut at its best clause boundary:
    after a sentence mark, a semicolon or colon, a comma or dash, a space, or else anywhere.

    Raises:
        ValueError: max_characters is below 1.
    """
    if max_characters < 1:
        raise ValueError(f"max_characters must be at least 1, not {max_characters}")
    return _split(text, max_characters)


def _split(text: str, max_characters: int) -> Iterator[str]:
    for start, end in _paragraphs(text):
        for sentence_start, sentence_end in _sentences(text, start, end):
            yield from _pieces(text, sentence_start, sentence_end, max_characters)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    text_end = len(text)
    for found in _PARAGRAPH_BREAK.finditer(text):
        yield start, found.start()
        start = found.end()
    yield start, text_end


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the spans of the sentences within text[start:end]."""
    paragraph = text[start:end]
    begin = 0
    for found in _MARKS.finditer(paragraph):
        if found["wide"] or _ends_sentence(paragraph, begin, found):
            yield start + begin, start + found.end()
            begin = found.end()
    yield start + begin, end


def _ends_sentence(paragraph: str, begin: int, found: re.Match[str]) -> bool:
    marks = found["marks"]
    after = _NEXT_WORD.match(paragraph, found.end(), found.end() + 60)
    following = after.group(1).replace("’", "'") if after else ""
    if following[:1].islower() and not following[1:2].isupper():
        return False
    if marks == "." and not found["closing"]:
        # Only the sentence so far may speak for the stop: its first word is then recognised as such.
        window_start = max(begin, found.start() - 60)
        return stop_ends_sentence(paragraph[window_start : found.end() + 60], found.start() - window_start)
    if marks.startswith(("..", "…")):
        return following.split("'")[0] != "I"
    return True


def _pieces(text: str, start: int, end: int, max_characters: int) -> Iterator[str]:
    """Give text[start:end] with plain blanks, cut into pieces of at most max_characters."""
    sentence = _BLANKS.sub(" ", text[start:end]).strip()
    position = 0
    while len(sentence) - position > max_characters:
        cut = _best_cut(sentence, position, position + max_characters)
        piece = sentence[position:cut].strip()
        if piece:
            yield piece
        position = cut
    rest = sentence[position:].strip()
    if rest:
        yield rest


def _best_cut(sentence: str, start: int, limit: int) -> int:
    """Find where to cut sentence[start:limit]: the last boundary of the best kind that leaves no tiny first piece."""
    early = start + (limit - start) // 4
    for pattern in _CUTS:
        ends = [found.end() for found in pattern.finditer(sentence, start, limit + 1) if found.end() > early]
        if ends:
            return min(ends[-1], limit) if not sentence[limit - 1 : limit + 1].isspace() else ends[-1]
    return limit
