"""Text to ids exactly as the training code of the public Tacotron 2 checkpoints does it, oddities included.

Only for comparing with that code: our voices are fed from our own normalizer. What is followed is the behaviour of
`english_cleaners` (Keith Ito's, in NVIDIA/tacotron2) and of the text processors of TorchAudio's pipelines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import inflect
from unidecode import unidecode

_inflect = inflect.engine()

# `.` ends at a line break, so that text after one that follows braces is lost, and braces after one are not seen.
_BRACES = re.compile(r"(.*?)\{(.+?)\}(.*)")
_SPACES = re.compile(r"\s+")

_ABBREVIATIONS = {
    "mrs": "misess",  # as it is there
    "mr": "mister",
    "dr": "doctor",
    "st": "saint",
    "co": "company",
    "jr": "junior",
    "maj": "major",
    "gen": "general",
    "drs": "doctors",
    "rev": "reverend",
    "lt": "lieutenant",
    "hon": "honorable",
    "sgt": "sergeant",
    "capt": "captain",
    "esq": "esquire",
    "ltd": "limited",
    "col": "colonel",
    "ft": "fort",
}


def nvidia_ids(text: str, symbols: Sequence[str]) -> list[int]:
    """`text_to_sequence(text, ["english_cleaners"])`: letters, and ARPAbet in braces; the rest is left out."""
    ids = {symbol: index for index, symbol in enumerate(symbols)}
    found: list[str] = []
    while text:
        braces = _BRACES.match(text)
        if braces is None:
            found += english_cleaners(text)
            break
        before, phones, text = braces.groups()
        found += [*english_cleaners(before), *(f"@{phone}" for phone in phones.split())]
    return [ids[symbol] for symbol in found if symbol in ids]


def nvidia_text(ids: Iterable[int], symbols: Sequence[str]) -> str:
    """`sequence_to_text(ids)`: the letters again, neighbouring phones in one pair of braces."""
    found = (symbols[index] for index in ids)
    braced = (f"{{{symbol[1:]}}}" if symbol[0] == "@" and len(symbol) > 1 else symbol for symbol in found)
    return "".join(braced).replace("}{", " ")


def torchaudio_character_ids(text: str, symbols: Sequence[str]) -> list[int]:
    """Lower case, and what the table lacks is left out: numbers and accents too."""
    return torchaudio_phone_ids(text.lower(), symbols)


def torchaudio_phone_ids(phones: Iterable[str], symbols: Sequence[str]) -> list[int]:
    """The ids of phones and marks, a space between words."""
    ids = {symbol: index for index, symbol in enumerate(symbols)}
    return [ids[phone] for phone in phones if phone in ids]


def english_cleaners(text: str) -> str:
    """ASCII, lower case, numbers and abbreviations written out, every run of whitespace one space."""
    text = _numbers(unidecode(text).lower())
    for short, full in _ABBREVIATIONS.items():
        text = re.sub(rf"\b{short}\.", full, text)
    return _SPACES.sub(" ", text)


def _numbers(text: str) -> str:
    """In this order, which is why pounds never fire after transliteration and fractions are read as whole numbers."""
    text = re.sub(r"[0-9][0-9,]+[0-9]", lambda number: number[0].replace(",", ""), text)
    text = re.sub(r"£([0-9,]*[0-9]+)", r"\1 pounds", text)
    text = re.sub(r"\$([0-9.,]*[0-9]+)", lambda amount: _dollars(amount[1]), text)
    text = re.sub(r"[0-9]+\.[0-9]+", lambda number: number[0].replace(".", " point "), text)
    text = re.sub(r"[0-9]+(st|nd|rd|th)", lambda ordinal: _words(ordinal[0]), text)
    return re.sub(r"[0-9]+", lambda number: _cardinal(int(number[0])), text)


def _dollars(amount: str) -> str:
    parts = amount.split(".")
    if len(parts) > 2:
        return f"{amount} dollars"
    dollars, cents = int(parts[0] or 0), int(parts[1] or 0) if len(parts) > 1 else 0
    named = [(dollars, "dollar"), (cents, "cent")]
    spoken = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in named if count]
    return ", ".join(spoken) or "zero dollars"


def _cardinal(number: int) -> str:
    if not 1000 < number < 3000:
        return _words(number, andword="")
    if number == 2000:
        return "two thousand"
    if 2000 < number < 2010:
        return f"two thousand {_words(number % 100)}"
    if number % 100 == 0:
        return f"{_words(number // 100)} hundred"
    return _words(number, andword="", zero="oh", group=2).replace(", ", " ")


def _words(number: int | str, **options: object) -> str:
    return str(_inflect.number_to_words(number, **options))
