"""Unicode tidied to what text is written with: straight quotes, plain spaces, one form of each letter, no controls."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
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
# Most texts hold none of this, and are tidy as they are.
_UNTIDY = re.compile(r"[^ -~]|  |--|\.\.|\. \.|`|\A | \Z")
_LINE_ENDS = Pattern("\r\n?|[\u0085\u2028\u2029\v\f]", needs="\r\u0085\u2028\u2029\v\f")
_DASHES = Pattern(r" ?-{2,3} ?(?=\w)", needs="-")
_ELLIPSIS = Pattern(r"\.(?: ?\.){2,}|…(?: ?…)+|…\.+", needs=".…")
_SPACES = Pattern(r"[^\S\n]{2,}|[^\S\n ]")
_CONTROLS = Pattern(r"[\x00-\x08\x0e-\x1f\x7f]+")
_BACK_TICK = Pattern("`", needs="`")
_MARKS_OF_TRADE = Pattern("[™℠®]+", needs="™℠®")  # folding would spell them: TM
_FOREIGN = Pattern(r"[^\x00-\x7f]+")
_LETTERS_THAT_FOLD = re.compile("[ʼ]")
# A vulgar fraction folds to "1⁄2" and would otherwise swallow a digit before it: 3½ is 3 1/2, not 31/2.
_VULGAR_FRACTION = Pattern(r"(?<=[0-9¼½¾⅐-⅞])(?=[¼½¾⅐-⅞])", needs="¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞")
# Raised digits would fold to plain ones: 10⁵ is no 105.
_RAISED = Pattern(r"(?<=[A-Za-z0-9)])[⁺⁻]?[²³¹⁰⁴-⁹]+", needs="²³¹⁰⁴⁵⁶⁷⁸⁹")
# What is neither letter, mark, number, punctuation, currency sign, maths sign nor space and can be seen: no words.
_WORDLESS = frozenset({"So", "Co", "Cn", "Cs"})
_INVISIBLE = frozenset({"Cc", "Cf", "Sk"})
_SPOKEN_LATER = frozenset("\n°©")
# A jamo of these goes on with the syllable before it.
_JAMO = ("\u1160", "\u11ff")


def tidy(text: SpokenText) -> SpokenText:
    """Fold typography to plain forms, leave out what has no words, and make every run of blanks one space.

    An ellipsis of three dots or more becomes "…", dashes between words "—"; line breaks stay.
    """
    if not _UNTIDY.search(text.text):
        return text
    text = text.sub(_LINE_ENDS, "\n").sub(_CONTROLS, "").sub(_BACK_TICK, "'")
    if not text.text.isascii():
        text = text.drop(_MARKS_OF_TRADE, "")
        text = _folded(text.sub(_VULGAR_FRACTION, " ").sub(_RAISED, _power))
    text = text.sub(_DASHES, " — ").sub(_ELLIPSIS, "…")
    return stripped(text.sub(_SPACES, " "))


def stripped(text: SpokenText) -> SpokenText:
    """The text without blanks around it and around its lines; runs of blanks are single spaces already."""
    if "\n" in text.text:
        text = text.sub(_LINE_EDGES, "\n")
    plain = text.text
    first = len(plain) - len(plain.lstrip())
    last = len(plain.rstrip())
    blanks = [(0, first, ""), (last, len(plain), "")] if first < last else [(0, len(plain), "")]
    changes = [blank for blank in blanks if blank[0] < blank[1]]
    return text.changed(changes) if changes else text


_LINE_EDGES = Pattern(r" ?\n ?")


def _power(found: re.Match[str]) -> str:
    """Write raised digits with a caret; behind a longer word they are a note's number, unless they may be a power."""
    digits = unicodedata.normalize("NFKC", found.group()).replace("−", "-")
    before = found.string[max(0, found.start() - 3) : found.start()]
    is_note = len(before) == 3 and before.isalpha() and digits not in {"2", "3"}
    return f" {digits}" if is_note else f"^{digits}"


def _folded(text: SpokenText) -> SpokenText:
    changes = []
    lost: dict[str, None] = {}
    for run in _FOREIGN.finditer(text.text):
        for start, end, new in _changes_in(run):
            changes.append((start, end, new))
            lost.update(dict.fromkeys(name for name in map(_lost_name, text.text[start:end]) if name))
    text = text.changed(changes) if changes else text
    return text.leaving_out(lost)


def _changes_in(run: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Give what is to change in a stretch beyond ASCII: (start, end, new), a character with its marks at a time."""
    letters = run.group()
    if letters.isalpha() and unicodedata.is_normalized("NFKC", letters) and not _LETTERS_THAT_FOLD.search(letters):
        return
    text, start = run.string, run.start()
    if start and _continues(text[start]):
        start -= 1
    while start < run.end():
        end = start + 1
        while end < run.end() and _continues(text[end]):
            end += 1
        cluster = text[start:end]
        if (new := _folded_cluster(cluster)) != cluster:
            yield start, end, new
        start = end


@lru_cache(4096)
def _continues(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or _JAMO[0] <= character <= _JAMO[1]


@lru_cache(4096)
def _folded_cluster(cluster: str) -> str:
    if cluster == "…":
        return cluster
    folded = unicodedata.normalize("NFKC", cluster.translate(_FOLDED)).translate(_FOLDED)
    return "".join(_kept(character) for character in folded)


def _kept(character: str) -> str:
    if (character.isascii() and character.isprintable()) or character in _SPOKEN_LATER:
        return character
    category = unicodedata.category(character)
    if category[0] == "Z":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return " " if category in _WORDLESS else "" if category in _INVISIBLE else character


@lru_cache(4096)
def _lost_name(character: str) -> str:
    """Give the name under which a character that has no words is told: itself, or its number where it has no face."""
    folded = character.translate(_FOLDED)
    if folded != character or unicodedata.category(character) not in _WORDLESS or character in _SPOKEN_LATER:
        return ""
    folded = unicodedata.normalize("NFKC", character)
    if any(unicodedata.category(part) not in _WORDLESS for part in folded):
        return ""
    return character if unicodedata.category(character) == "So" else f"U+{ord(character):04X}"
