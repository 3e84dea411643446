"""Where a run of characters may be parted at all: not inside of what is seen as one character."""

import unicodedata

_JOINER = "\u200d"
# Scripts whose vowel signs, written before a consonant, are letters of their own: Thai and Lao.
_BEFORE_THEIR_CONSONANT = frozenset("เแโใไເແໂໃໄ")
_VIRAMA = 9


def parts_characters(text: str, position: int) -> bool:
    """Tell whether a cut before text[position] would part what is seen as one character.

    Held together: a letter and its combining marks, what a joiner or a virama joins, emoji with their modifiers, the
    two letters of a flag, Hangul written in its parts, a surrogate pair, a line end of two characters. After Unicode
    Standard Annex 29, extended by Thai and Lao vowels that are written first.
    """
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before < "\u0300" and after < "\u0300":
        return before == "\r" and after == "\n"
    return (
        _extends(after)
        or before == _JOINER
        or unicodedata.combining(before) == _VIRAMA
        or before in _BEFORE_THEIR_CONSONANT
        or (_is_flag_letter(after) and _n_flag_letters(text, position) % 2 == 1)
        or (_is_jamo(before) and _is_jamo(after) and not _is_first_jamo(after))
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
    )


def _extends(character: str) -> bool:
    return (
        character == _JOINER
        or unicodedata.category(character)[0] == "M"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or character in "\uff9e\uff9f"
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _n_flag_letters(text: str, position: int) -> int:
    """Count the flag letters right before a position, as far as it matters."""
    n = 0
    while n < position and n < 64 and _is_flag_letter(text[position - 1 - n]):
        n += 1
    return n


def _is_jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff" or "\uac00" <= character <= "\ud7fb" or "\ua960" <= character <= "\ua97c"


def _is_first_jamo(character: str) -> bool:
    """A consonant that begins a syllable, or a syllable written as one character, begins anew."""
    return "\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c"
