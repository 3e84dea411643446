"""Unicode tidied to what English text is written with: straight quotes, plain spaces, no emoji, no controls."""

import re
import unicodedata

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
        **dict.fromkeys("™®", None),  # folding would spell them: TM
        "⁄": "/",
        "∕": "/",
        "×": " times ",
        "÷": " divided by ",
        "≈": " approximately ",
        "≠": " is not equal to ",
        "≤": " is at most ",
        "≥": " is at least ",
        "√": " square root of ",
        "∞": " infinity ",
        "π": " pi ",
        "→": ", ",
        "µ": "μ",
        "\u00ad": "",  # a soft hyphen only says where a line may break
    }
)
# A vulgar fraction folds to "1⁄2" and would otherwise swallow a digit before it: 3½ is 3 1/2, not 31/2.
_VULGAR_FRACTION = re.compile(r"(?<=\d)(?=[¼½¾⅐-⅞])")
_SUPERSCRIPTS = {"²": " squared", "³": " cubed"}
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
_ELLIPSIS = re.compile(r"\.(?: ?\.){2,}")
# What is neither letter, mark, number, punctuation, currency sign, maths sign nor space: emoji, controls, private use.
_REMOVED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk"})
_KEPT = frozenset("\n°©")


def tidy(text: str) -> str:
    """Fold typography to plain forms, drop what cannot be spoken, and make every run of blanks one space.

    An ellipsis of three dots or more becomes "…", dashes between words "—"; line breaks stay.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _VULGAR_FRACTION.sub(" ", text)
    text = _fold(_fold(text))
    text = re.sub(r" ?-{2,3} ?(?=\w)", " — ", text)
    text = _ELLIPSIS.sub("…", text)
    return _SPACES.sub(" ", text).strip()


def _fold(text: str) -> str:
    for written, spoken in _SUPERSCRIPTS.items():
        text = re.sub(rf"(?<=[A-Za-z]){written}", spoken, text)
    text = unicodedata.normalize("NFKC", text.replace("…", "...").translate(_FOLDED)).translate(_FOLDED)
    return "".join(_kept(character) for character in text)


def _kept(character: str) -> str:
    if (character.isascii() and character.isprintable()) or character in _KEPT:
        return character
    category = unicodedata.category(character)
    if category[0] == "Z" or character == "\t":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "" if category in _REMOVED_CATEGORIES else character
