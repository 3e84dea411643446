"""The marks that voices know, and a text cut at them into what espeak-ng reads at a time."""

from __future__ import annotations

import re

from tts.text.spoken import SpokenText

# Characters that the alphabet of voices lacks become their nearest in it. Done before espeak: it reads an unknown quote
# as nothing and a dash inside a word as part of the word.
_NEAREST = {
    **dict.fromkeys("“”„‟«»″〝〞「」『』", '"'),
    **dict.fromkeys("‘’‚‛′ʼ", "'"),
    **dict.fromkeys("[{", "("),
    **dict.fromkeys("]}", ")"),
    **dict.fromkeys("¡¿", ""),
    **dict.fromkeys("\u00a0\0", " "),
    # Those of other scripts; where no blank is written behind a mark, one is heard.
    **dict.fromkeys("，、", ", "),
    **{"。": ". ", "！": "! ", "？": "? ", "；": "; ", "：": ": ", "（": " (", "）": ") "},
    **{"،": ",", "؛": ";", "؟": "?", "।": ".", "॥": ".", "۔": ".", "።": ".", "፣": ","},
}
_TABLE = str.maketrans(_NEAREST)
# Half a surrogate pair has no UTF-8.
_ODD = re.compile(rf"[{re.escape(''.join(_NEAREST))}\ud800-\udfff]")
_BLANKS = re.compile(r"\s{2,}|[^\S ]")
_EDGES = re.compile(r"\A | \Z")
# A dash is a comma's pause; next to a mark, or at an end, it adds nothing.
_DASH = re.compile(r"(?<=[\w'\")]) ?[—―–]+ ?(?=[\w'\"(])")
_IDLE_DASH = re.compile(r" ?[—―–]+ ?")
_ELLIPSIS = re.compile(r" ?(?:…|\.{2,})+")
# The marks at which espeak-ng's clauses are cut, with the blanks around; between digits a stop or comma is a decimal
# sign and no mark.
_MARKS = re.compile(r'( ?[;:,.!?"()][;:,.!?"() ]*)')
_MARK = r'(?:[;:!?"()]|[.,](?![0-9])|(?<![0-9])[.,])'
_MARKS_AMONG_DIGITS = re.compile(rf"( ?{_MARK}(?: |{_MARK})*)")
_DIGIT = re.compile(r"[0-9]")


def plain_punctuation(text: str) -> str:
    """Give a text on one line with the marks that voices know: straight quotes, round brackets, commas for dashes."""
    text = text.encode("utf-8", "ignore").decode().translate(_TABLE)
    text = _one_line(text)
    if "—" in text or "–" in text or "―" in text:
        text = _one_line(_IDLE_DASH.sub(" ", _DASH.sub(", ", text)))
    if "…" in text or ".." in text:
        text = _ELLIPSIS.sub(".", text)
    return text.strip()


def tracked_plain_punctuation(text: str) -> SpokenText:
    """The same, with what stood where in the text."""
    spoken = SpokenText(text).sub(_ODD, lambda found: _NEAREST.get(found.group(), ""))
    spoken = spoken.sub(_BLANKS, " ").sub(_DASH, ", ").sub(_IDLE_DASH, " ").sub(_BLANKS, " ")
    return spoken.sub(_ELLIPSIS, ".").sub(_EDGES, "")


def cut_at_marks(plain: str) -> list[str]:
    """Cut a text with plain punctuation: words, marks, words, …; the first and the last may be empty."""
    return (_MARKS_AMONG_DIGITS if _DIGIT.search(plain) else _MARKS).split(plain)


def _one_line(text: str) -> str:
    # No blank but the space is printable, and asking is faster than looking for them.
    return text if text.isprintable() and "  " not in text else _BLANKS.sub(" ", text)
