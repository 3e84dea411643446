"""Unicode characters: typography folded to plain forms, the punctuation that voices know, and grapheme clusters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tts.text.spoken import Pattern, SpokenText

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′ʼ`´＇", "'"),
        **dict.fromkeys("“”„‟″«»〝〞＂", '"'),
        **dict.fromkeys("‐‑‒−﹣－", "-"),
        **dict.fromkeys("―⸺⸻─", "—"),
        **dict.fromkeys("•‣▪●○◦·", ","),
        **dict.fromkeys("。．", "."),
        **dict.fromkeys("、，", ","),
        **dict.fromkeys("【〔《「『", '"'),
        **dict.fromkeys("】〕》」』", '"'),
        "⁄": "/",
        "∕": "/",
        "µ": "μ",
    }
)
# Most texts contain none of this and are plain already.
_NOT_PLAIN = re.compile(r"[^ -~]|  |--|\.\.|\. \.|`|\A | \Z|[=+%&@/\\<>^|~#*_:-]{4}|([=+*#~_]) \1 \1")
_LINE_ENDS = Pattern("\r\n?|[\u0085\u2028\u2029\v\f]", needs="\r\u0085\u2028\u2029\v\f")
_DASHES = Pattern(r" ?-{2,3} ?(?=\w)", needs="-")
_ELLIPSIS = Pattern(r"\.(?: ?\.){2,}|…(?: ?…)+|…\.+", needs=".…")
_SPACES = Pattern(r"[^\S\n]{2,}|[^\S\n ]")
_LINE_EDGES = Pattern(r" ?\n ?")
# Colours and cursor movements of a terminal, and letters that are printed twice or underlined by overstriking.
_TERMINAL_CODES = Pattern(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[\]PX^_][^\x07\x1b\n]{0,400}(?:\x07|\x1b\\)"
    r"|\x1b[ -/]{0,4}[0-Z\\^-~]",
    needs="\x1b\x9b",
)
_OVERSTRUCK = Pattern(r"[^\n\x08]\x08", needs="\x08")
# Rows of marks are ornament: "=====", "-=-=-=-", "+----+", "* * * *".
_ROW_OF_MARKS = Pattern(
    r"(?:(?<![\w:/.])|(?<=\w)(?=([=*#~_])\1{3}))[=+%&@/\\<>^|~#*_:-]{4,}|(?<!\S)([=+*#~_-])(?: \2){2,}(?!\S)",
    needs=(
        "====",
        "++",
        "%%%%",
        "&&&&",
        "@@@@",
        "//",
        "\\\\",
        "<",
        ">",
        "^^",
        "||",
        "~",
        "#",
        "*",
        "_",
        "::",
        "=",
        "- -",
        "--",
    ),
)
_CONTROLS = Pattern(r"[\x00-\x08\x0e-\x1f\x7f]+")
_BACK_TICK = Pattern("`", needs="`")
_TRADEMARKS = Pattern("[™℠®]+", needs="™℠®")  # folding would spell them: TM
_NOT_ASCII = Pattern(r"[^\x00-\x7f]+")
_FOLDED_LETTER = re.compile("[ʼ]")
# A vulgar fraction folds to "1⁄2" and would otherwise join a digit before it: 3½ is 3 1/2, not 31/2.
_VULGAR_FRACTION = Pattern(r"(?<=[0-9¼½¾⅐-⅞])(?=[¼½¾⅐-⅞])", needs="¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞")
# Superscript digits would fold to plain ones: 10⁵ is not 105.
_SUPERSCRIPT = Pattern(r"(?<=[A-Za-z0-9)])(?:[⁺⁻]?[²³¹⁰⁴-⁹]+|ⁿ(?!\w))", needs="²³¹⁰⁴⁵⁶⁷⁸⁹ⁿ")
# Behind a word or a mark they number a note. A 2 or 3 behind the name of a unit or a function is its power.
_NOTE_MARK = Pattern(
    r"(?:(?<=[.,;:!?\"'”’»…])|(?<=[^\W\d_][^\W\d_][^\W\d_])(?![²³](?![⁰¹²³⁴-⁹]))|(?<=[a-z]{3}[\])])(?![²³](?![⁰¹²³⁴-⁹]))"
    r"|(?<=[a-z]{4})(?<!(?i:eter|etre|inch|ches|feet|foot|mile|iles|yard|ards|cond|onds|etri|tros|tres|ètre|zoll))"
    r"(?=[²³](?![⁰¹²³⁴-⁹])(?!\s?[-+=*/×·÷^<>])))[⁰¹²³⁴-⁹]+(?:[⁻,–-][⁰¹²³⁴-⁹]+)*",
    needs="²³¹⁰⁴⁵⁶⁷⁸⁹",
)
# Categories of characters that are visible and have no words: neither letters, marks, numbers, punctuation, currency or
# mathematical signs nor spaces.
_WORDLESS = frozenset({"So", "Co", "Cn", "Cs"})
_INVISIBLE = frozenset({"Cc", "Cf", "Sk"})
_SPOKEN_LATER = frozenset("\n°©")


def tidy(text: SpokenText) -> SpokenText:
    """Fold typography to plain forms, leave out what has no words, and make every run of whitespace one space.

    An ellipsis of three dots or more becomes "…", dashes between words "—"; line breaks stay.
    """
    if not _NOT_PLAIN.search(text.text):
        return text
    text = text.sub(_TERMINAL_CODES, "").sub(_OVERSTRUCK, "")
    text = text.sub(_LINE_ENDS, "\n").sub(_ROW_OF_MARKS, _without_ornament).sub(_CONTROLS, "").sub(_BACK_TICK, "'")
    if not text.text.isascii():
        text = text.drop(_TRADEMARKS, "").drop(_NOTE_MARK, "").sub(_VULGAR_FRACTION, " ").sub(_SUPERSCRIPT, _power)
        changes: list[tuple[int, int, str]] = []
        wordless: dict[str, None] = {}
        for run in _NOT_ASCII.finditer(text.text):
            letters, start = run.group(), run.start()
            if letters.isalpha() and unicodedata.is_normalized("NFKC", letters) and not _FOLDED_LETTER.search(letters):
                continue
            # A character and its combining marks are folded together.
            if start and _continues(text.text[start]):
                start -= 1
            while start < run.end():
                end = start + 1
                while end < run.end() and _continues(text.text[end]):
                    end += 1
                cluster = text.text[start:end]
                folded, names = _folded(cluster)
                if folded != cluster:
                    changes.append((start, end, folded))
                    wordless.update(dict.fromkeys(names))
                start = end
        text = (text.changed(changes) if changes else text).leaving_out(wordless)
    text = text.sub(_DASHES, " — ").sub(_ELLIPSIS, "…")
    return stripped(text.sub(_SPACES, " "))


def without_terminal_codes(text: str) -> str:
    """Return a text of the same length without the codes of a terminal, for finding its sentences.

    Spaces stand for a code beside whitespace, asterisks, which are markup, for one that touches text on both sides.
    """
    if "\x1b" not in text and "\x9b" not in text:
        return text

    def filler(found: re.Match[str]) -> str:
        before, after = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
        is_beside_space = not before.strip() or not after.strip()
        return (" " if is_beside_space else "*") * len(found.group())

    return re.sub(f"(?:{_TERMINAL_CODES.source})+", filler, text)


def stripped(text: SpokenText) -> SpokenText:
    """Remove the spaces around the text and around its lines; runs of whitespace are single spaces already."""
    if "\n" in text.text:
        text = text.sub(_LINE_EDGES, "\n")
    plain = text.text
    first = len(plain) - len(plain.lstrip())
    last = len(plain.rstrip())
    edges = [(0, first, ""), (last, len(plain), "")] if first < last else [(0, len(plain), "")]
    changes = [edge for edge in edges if edge[0] < edge[1]]
    return text.changed(changes) if changes else text


def _without_ornament(found: re.Match[str]) -> str:
    """Give a space for a row of at most three different marks; a path ("../../x", "//host") and other signs stay."""
    marks = found.group()
    is_row = len(set(marks) - {" "}) <= 3 and not (set(marks) == {"/"} and found.string[found.end() :][:1].isalnum())
    return " " if is_row else marks


def _power(found: re.Match[str]) -> str:
    """Write superscript digits with a caret."""
    return "^" + unicodedata.normalize("NFKC", found.group()).replace("−", "-")


@lru_cache(4096)
def _continues(character: str) -> bool:
    """Tell whether a character belongs to the one before: a combining mark or a jamo within a syllable."""
    return unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"


@lru_cache(4096)
def _folded(cluster: str) -> tuple[str, tuple[str, ...]]:
    """Return a character with its marks folded, and the names of those that have no words, for a warning.

    A character is named by itself, or by its number if it cannot be displayed.
    """
    if cluster == "…":
        return cluster, ()
    folded = ""
    for character in unicodedata.normalize("NFKC", cluster.translate(_FOLDED)).translate(_FOLDED):
        category = unicodedata.category(character)
        if (character.isascii() and character.isprintable()) or character in _SPOKEN_LATER:
            folded += character
        elif category == "Nd":
            folded += str(unicodedata.decimal(character))
        elif category[0] == "Z" or category in _WORDLESS:
            folded += " "
        elif category not in _INVISIBLE:
            folded += character

    names = []
    for character in cluster:
        parts = [character, *unicodedata.normalize("NFKC", character)]
        is_spoken = character in _SPOKEN_LATER or character.translate(_FOLDED) != character
        if not is_spoken and all(unicodedata.category(part) in _WORDLESS for part in parts):
            names.append(character if unicodedata.category(character) == "So" else f"U+{ord(character):04X}")
    return folded, tuple(names)


# Marks that the voices' symbol tables lack, and their nearest. They are replaced before espeak-ng reads the text: it
# ignores an unknown quote and reads a dash inside a word as part of the word.
_PLAIN_MARKS = {
    **dict.fromkeys("“”„‟«»″〝〞「」『』", '"'),
    **dict.fromkeys("‘’‚‛′ʼ", "'"),
    **dict.fromkeys("[{", "("),
    **dict.fromkeys("]}", ")"),
    **dict.fromkeys("¡¿", ""),
    **dict.fromkeys("\u00a0\0", " "),
    # Other scripts: where no space is written after a mark, one is added.
    **dict.fromkeys("，、", ", "),
    **{"。": ". ", "！": "! ", "？": "? ", "；": "; ", "：": ": ", "（": " (", "）": ") "},
    **{"،": ",", "؛": ";", "؟": "?", "।": ".", "॥": ".", "۔": ".", "።": ".", "፣": ","},
}
_PLAIN_TABLE = str.maketrans(_PLAIN_MARKS)
# Half a surrogate pair has no UTF-8.
_NOT_PLAIN_MARK = re.compile(rf"[{re.escape(''.join(_PLAIN_MARKS))}\ud800-\udfff]")
_WHITESPACE = re.compile(r"\s{2,}|[^\S ]")
_EDGES = re.compile(r"\A | \Z")
# A dash is read as a comma; next to a mark, or at an end, it adds nothing.
_DASH = re.compile(r"(?<=[\w'\")]) ?[—―–]+ ?(?=[\w'\"(])")
_IDLE_DASH = re.compile(r" ?[—―–]+ ?")
_DOTS = re.compile(r" ?(?:…|\.{2,})+")
# The marks at which espeak-ng's clauses are cut, with the spaces around them; between digits a stop or comma is a
# decimal sign.
_MARKS = re.compile(r'( ?[;:,.!?"()][;:,.!?"() ]*)')
_MARK = r'(?:[;:!?"()]|[.,](?![0-9])|(?<![0-9])[.,])'
_MARKS_AMONG_DIGITS = re.compile(rf"( ?{_MARK}(?: |{_MARK})*)")
_DIGIT = re.compile(r"[0-9]")


def plain_punctuation(text: str) -> str:
    """Return a text on one line with the marks that voices know: straight quotes, round brackets, commas for dashes."""
    text = _one_line(text.encode("utf-8", "ignore").decode().translate(_PLAIN_TABLE))
    if "—" in text or "–" in text or "―" in text:
        text = _one_line(_IDLE_DASH.sub(" ", _DASH.sub(", ", text)))
    if "…" in text or ".." in text:
        text = _DOTS.sub(".", text)
    return text.strip()


def tracked_plain_punctuation(text: str) -> SpokenText:
    """Return the same text with its edits, so that spans can be traced back."""
    spoken = SpokenText(text).sub(_NOT_PLAIN_MARK, lambda found: _PLAIN_MARKS.get(found.group(), ""))
    spoken = spoken.sub(_WHITESPACE, " ").sub(_DASH, ", ").sub(_IDLE_DASH, " ").sub(_WHITESPACE, " ")
    return spoken.sub(_DOTS, ".").sub(_EDGES, "")


def cut_at_marks(plain: str) -> list[str]:
    """Split a text with plain punctuation into words, marks, words, …; the first and the last may be empty."""
    return (_MARKS_AMONG_DIGITS if _DIGIT.search(plain) else _MARKS).split(plain)


def _one_line(text: str) -> str:
    # Whitespace other than the space is not printable, and this check is faster than a search.
    return text if text.isprintable() and "  " not in text else _WHITESPACE.sub(" ", text)


_JOINER = "\u200d"
# Thai and Lao vowels that are written before their consonant.
_BEFORE_THEIR_CONSONANT = frozenset("เแโใไເແໂໃໄ")
_VIRAMA = 9


def splits_character(text: str, position: int) -> bool:
    """Tell whether a cut before text[position] splits what a reader sees as one character.

    After Unicode Standard Annex 29, extended by Thai and Lao vowels that are written first: a letter and its
    combining marks, what a joiner or virama joins, emoji with modifiers, the two letters of a flag, decomposed Hangul,
    a surrogate pair and a line end of two characters stay together.
    """
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before < "\u0300" and after < "\u0300":
        return before == "\r" and after == "\n"

    if (
        after == _JOINER
        or unicodedata.category(after)[0] == "M"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or "\U000e0020" <= after <= "\U000e007f"
        or after in "\uff9e\uff9f"
        or before == _JOINER
        or unicodedata.combining(before) == _VIRAMA
        or before in _BEFORE_THEIR_CONSONANT
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
    ):
        return True

    if _is_flag_letter(after):
        n_flag_letters = 0
        while n_flag_letters < min(position, 64) and _is_flag_letter(text[position - 1 - n_flag_letters]):
            n_flag_letters += 1
        return n_flag_letters % 2 == 1

    # A complete syllable, or a consonant that begins one, starts a new character.
    begins = "\uac00" <= after <= "\ud7a3" or "\u1100" <= after <= "\u115f" or "\ua960" <= after <= "\ua97c"
    return _is_jamo(before) and _is_jamo(after) and not begins


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff" or "\uac00" <= character <= "\ud7fb" or "\ua960" <= character <= "\ua97c"
