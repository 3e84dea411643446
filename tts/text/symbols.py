"""Phoneme inventories: the symbol tables of voices, typed IPA, X-SAMPA, and the nearest of a missing sound."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

PAD, BEGIN, END = "_", "^", "$"
_RESERVED = (PAD, BEGIN, END)
N_RESERVED = len(_RESERVED)


class Encoded(NamedTuple):
    """Phonemes as ids, the symbol of each id ("" for a marker), and the symbols that the table lacks, sorted.

    `offsets` are the positions of the symbols in the phoneme string (-1 for a marker).
    """

    ids: list[int]
    symbols: list[str]
    dropped: tuple[str, ...]
    offsets: list[int]


@dataclass(frozen=True)
class SymbolTable:
    """Symbols of one character; the id of a symbol is its index, and the first three are padding (0), begin and end.

    Raises:
        ValueError: a symbol is not a single character or occurs twice, or the reserved three are not the first.
    """

    symbols: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.symbols[:N_RESERVED] != _RESERVED:
            raise ValueError(f"a symbol table starts with {' '.join(_RESERVED)}, not {self.symbols[:3]}")
        if long := [symbol for symbol in self.symbols if len(symbol) != 1]:
            raise ValueError(f"a symbol is one character, not {long[0]!r}")
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("a symbol table names each symbol once")
        object.__setattr__(self, "_ids", {symbol: i for i, symbol in enumerate(self.symbols)})

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def inventory(self) -> frozenset[str]:
        """The symbols that are not reserved."""
        return frozenset(self.symbols[N_RESERVED:])

    @property
    def pad_id(self) -> int:
        """The id that pads a batch."""
        return self._ids[PAD]

    def encode(self, phonemes: str) -> Encoded:
        """Return the ids of a phoneme string between begin and end; unknown characters are dropped and listed.

        In the string the reserved characters count as unknown.
        """
        offsets = [i for i, c in enumerate(phonemes) if c in self._ids and c not in _RESERVED]
        known = [phonemes[i] for i in offsets]
        dropped = {c for c in phonemes if c not in self._ids or c in _RESERVED}
        ids = [self._ids[BEGIN], *(self._ids[c] for c in known), self._ids[END]]
        return Encoded(ids, ["", *known, ""], tuple(sorted(dropped)), [-1, *offsets, -1])


@dataclass(frozen=True)
class PublicSymbolTable:
    """The symbols of a public checkpoint, of any length; the first is padding (0), and there are no markers.

    Raises:
        ValueError: a symbol is empty or occurs twice, or there is nothing but padding.
    """

    symbols: tuple[str, ...]
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.symbols) < 2 or not all(self.symbols):
            raise ValueError("a symbol table has padding and at least one symbol, and none is empty")
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("a symbol table names each symbol once")
        object.__setattr__(self, "_ids", {symbol: i for i, symbol in enumerate(self.symbols) if i})

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._ids

    def encode(self, symbols: Iterable[str], offsets: Iterable[int] | None = None) -> Encoded:
        """Return the ids of symbols; padding and unknown symbols are dropped and listed.

        `offsets` are the symbols' positions in the phoneme string, if they are not one character each.
        """
        given = list(symbols)
        located = zip(given, range(len(given)) if offsets is None else offsets, strict=True)
        known = [(symbol, offset) for symbol, offset in located if symbol in self._ids]
        return Encoded(
            [self._ids[symbol] for symbol, _ in known],
            [symbol for symbol, _ in known],
            tuple(sorted({symbol for symbol in given if symbol not in self._ids})),
            [offset for _, offset in known],
        )


@dataclass(frozen=True)
class NumberedSymbolTable:
    """Symbols of one character or several, each with its own ids: those of Piper's voices.

    A phoneme string is read in Unicode's decomposed form (NFD), the longest symbol first. Each symbol is one of
    `Encoded`, whatever the number of its ids: a symbol with a single id is encoded as that, one with several as a
    number above all ids. `network_ids` has the ids that the network expects for each number.

    Raises:
        ValueError: a reserved symbol has no id.
    """

    ids: Mapping[str, tuple[int, ...]]
    network_ids: dict[int, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)
    _symbol: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if missing := [symbol for symbol in _RESERVED if not self.ids.get(symbol)]:
            raise ValueError(f"the symbol {missing[0]} has no id")
        above = max(id for ids in self.ids.values() for id in ids) + 1
        numbers = {}
        for index, (symbol, ids) in enumerate(self.ids.items()):
            if ids:
                numbers[unicodedata.normalize("NFD", symbol)] = ids[0] if len(ids) == 1 else above + index
        network_ids = {numbers[unicodedata.normalize("NFD", symbol)]: ids for symbol, ids in self.ids.items() if ids}
        longest_first = sorted(numbers.keys() - set(_RESERVED), key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first)) or "(?!)"
        object.__setattr__(self, "network_ids", network_ids)
        object.__setattr__(self, "_numbers", numbers)
        object.__setattr__(self, "_symbol", re.compile(f"{pattern}|.", re.DOTALL))

    @property
    def inventory(self) -> frozenset[str]:
        """The characters that have ids, alone or as parts of a symbol, and those composed of them; not the reserved."""
        known = {character for symbol in self._numbers if symbol not in _RESERVED for character in symbol}
        marks = [character for character in known if unicodedata.combining(character)]
        composed = {unicodedata.normalize("NFC", letter + mark) for letter in known for mark in marks}
        return frozenset(known | {symbol for symbol in composed if len(symbol) == 1})

    @property
    def pad_id(self) -> int:
        """The number of the symbol between all others."""
        return self._numbers[PAD]

    def encode(self, phonemes: str) -> Encoded:
        """Return the numbers of a phoneme string between begin and end; unknown characters are dropped and listed."""
        parts = [(part, i) for i, c in enumerate(phonemes) for part in unicodedata.normalize("NFD", c)]
        found = []
        dropped = set()
        for match in self._symbol.finditer("".join(part for part, _ in parts)):
            if match[0] in self._numbers and match[0] not in _RESERVED:
                found.append((match[0], parts[match.start()][1]))
            else:
                dropped.add(match[0])
        ids = [self._numbers[BEGIN], *(self._numbers[symbol] for symbol, _ in found), self._numbers[END]]
        offsets = [-1, *(offset for _, offset in found), -1]
        return Encoded(ids, ["", *(symbol for symbol, _ in found), ""], tuple(sorted(dropped)), offsets)


PUNCTUATION = ' !"(),.:;?'
STRESS_AND_LENGTH = "ˈˌː"
VOWELS = "aeiouæɐɑɔəɚɛɜɪʊʌᵻ"
CONSONANTS = "bdfhjklmnpstvwzðŋɡɹɾʃʒʔθ"

ENGLISH_IPA = SymbolTable((*_RESERVED, *PUNCTUATION, *STRESS_AND_LENGTH, *VOWELS, *CONSONANTS))

# The symbol tables of the public Tacotron 2 checkpoints, in the order of their embeddings. NVIDIA's and TorchAudio's
# begin alike.
_MARKS = (PAD, *"-!'(),.:;? ")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

ARPABET_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
ARPABET_CONSONANTS = (
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N"),
    *("NG", "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH"),
)
# CMUdict's phones in its order: vowels bare and with each stress, consonants bare.
ARPABET = tuple(
    sorted([*(vowel + stress for vowel in ARPABET_VOWELS for stress in ("", "0", "1", "2")), *ARPABET_CONSONANTS])
)

NVIDIA_SYMBOLS = (*_MARKS, *_LETTERS.upper(), *_LETTERS, *(f"@{phone}" for phone in ARPABET))
TORCHAUDIO_CHARACTERS = (*_MARKS, *_LETTERS)
TORCHAUDIO_PHONES = (*_MARKS, *ARPABET)

_TYPED_IPA = str.maketrans({"g": "ɡ", ":": "ː", "'": "ˈ", "’": "ˈ", "͡": None, "͜": None, ".": None, "‿": None})
_TYPED = re.compile(f"[{''.join(map(chr, _TYPED_IPA))}]")


def tidy_ipa(ipa: str) -> str:
    """Return typed IPA in the characters that voices know: no ties or syllable dots, ː for a colon, single spaces."""
    # Most entries of a lexicon need no change, and this check is the slowest part of loading a long one.
    if _TYPED.search(ipa) or not unicodedata.is_normalized("NFC", ipa):
        ipa = unicodedata.normalize("NFC", ipa).translate(_TYPED_IPA)
    return " ".join(ipa.split())


# Substitutes for a sound, nearest first; without a length mark where the vowel is short.
_NEAREST: dict[str, tuple[str, ...]] = {
    # Consonants.
    "r": ("ɹ",), "ɾ": ("ɹ", "r", "t"), "ʁ": ("ɹ", "r"), "ʀ": ("ɹ", "r"), "ɻ": ("ɹ",), "ɽ": ("ɾ", "ɹ"), "ɹ": ("r",),
    "x": ("k",), "χ": ("x", "k"), "ħ": ("h",), "ɦ": ("h",), "ʕ": ("h",), "ç": ("h", "ʃ"), "ɣ": ("ɡ",), "ɰ": ("w",),
    "β": ("b", "v"), "ɸ": ("f",), "ʋ": ("v",), "ɱ": ("m",), "ɲ": ("nj",), "ɳ": ("n",), "ɴ": ("ŋ", "n"), "ŋ": ("n",),
    "ʎ": ("lj",), "ɭ": ("l",), "ɫ": ("l",), "ɬ": ("l",), "ɮ": ("l",), "ʝ": ("j",), "ɟ": ("dj",), "c": ("tj",),
    "ʈ": ("t",), "ɖ": ("d",), "q": ("k",), "ɢ": ("ɡ",), "g": ("ɡ",), "ʂ": ("ʃ",), "ʐ": ("ʒ",), "ɕ": ("ʃ",),
    "ʑ": ("ʒ",), "ɧ": ("ʃ",), "ɥ": ("w",), "ʍ": ("w",), "θ": ("s",), "ð": ("d",), "ʔ": ("",), "ʙ": ("b",), "ɺ": ("l",),
    "ʦ": ("ts",), "ʣ": ("dz",), "ʧ": ("tʃ",), "ʤ": ("dʒ",), "ʨ": ("tʃ",), "ʥ": ("dʒ",), "ɓ": ("b",), "ɗ": ("d",),
    # Vowels.
    "y": ("u",), "ʏ": ("ʊ",), "ø": ("ə",), "œ": ("ɜ", "ɛ"), "ɶ": ("æ",), "ɒ": ("ɔ", "ɑ"), "ɤ": ("ʌ", "o"),
    "ɯ": ("ʊ", "u"), "ɨ": ("ɪ",), "ʉ": ("u",), "ɵ": ("ə",), "ɘ": ("ə",), "ɞ": ("ɜ",), "ɐ": ("ə", "a"), "ä": ("a",),
    "ᵻ": ("ɪ",), "ɝ": ("ɜ",), "ɚ": ("əɹ",), "ɜ": ("ə",), "ʌ": ("a",), "æ": ("a", "ɛ"), "ɑ": ("a",), "a": ("æ",),
    "ɪ": ("i",), "ʊ": ("u",), "ɛ": ("e",), "ɔ": ("o",), "e": ("ɛ",), "o": ("ɔ",), "ə": ("ɛ",),
    # Diacritics, ties, tones and other marks have no letter of their own.
    "\u0303": ("n",),
    **dict.fromkeys("\u0308\u030a\u031a\u031e\u0320\u0325\u0329\u032a\u032f\u035c\u0361", ("",)),
    # Ligatures, Americanist letters, and what is typed for a letter that looks alike.
    "ʪ": ("ls",), "ʫ": ("lz",), "š": ("ʃ",), "ž": ("ʒ",), "č": ("tʃ",), "ǰ": ("dʒ",), "ǧ": ("dʒ",), "ñ": ("nj",),
    "ǝ": ("ə",), "ε": ("ɛ",), "ɩ": ("ɪ",), "ı": ("ɪ",), "ɷ": ("ʊ",), "∫": ("ʃ",), "ϑ": ("θ",), "δ": ("ð",),
    "ᵊ": ("ə",), "ʳ": ("ɹ",), "ᶦ": ("ɪ",), "ᶷ": ("ʊ",), "ɼ": ("ɹ",), "'": ("ˈ",), "’": ("ˈ",), "ʹ": ("ˈ",),
    "∶": ("ː",), "꞉": ("ː",),
    **dict.fromkeys("ʲʰʷˠˤˀ˞ˑᵝⁿˡ‿-.0123456789˥˦˧˨˩↗↘", ("",)),
}  # fmt: skip


def nearest_symbols(symbol: str, inventory: Container[str]) -> str:
    """Return an inventory's nearest for a symbol that it lacks: other symbols, nothing, or the symbol itself."""
    for other in _NEAREST.get(symbol, ()):
        if all(letter in inventory for letter in other):
            return other
    return symbol


# X-SAMPA (J. C. Wells, 1995), the phonetic alphabet in ASCII: a symbol and its IPA alternate.
_X_SAMPA = r"""
    p p  b b  t t  d d  t` ʈ  d` ɖ  c c  J\ ɟ  k k  g ɡ  q q  G\ ɢ  ? ʔ  m m  F ɱ  n n  n` ɳ  J ɲ  N ŋ  N\ ɴ
    B\ ʙ  r r  R\ ʀ  4 ɾ  r` ɽ  p\ ɸ  B β  f f  v v  T θ  D ð  s s  z z  S ʃ  Z ʒ  s` ʂ  z` ʐ  C ç  j\ ʝ  x x
    G ɣ  X χ  R ʁ  X\ ħ  ?\ ʕ  h h  h\ ɦ  H\ ʜ  <\ ʢ  >\ ʡ  K ɬ  K\ ɮ  P ʋ  v\ ʋ  r\ ɹ  r\` ɻ  j j  M\ ɰ  l l
    l` ɭ  L ʎ  L\ ʟ  l\ ɺ  w w  W ʍ  H ɥ  s\ ɕ  z\ ʑ  x\ ɧ  5 ɫ  O\ ʘ  |\ ǀ  |\|\ ǁ  =\ ǂ  !\ ǃ  b_< ɓ  d_< ɗ
    J\_< ʄ  g_< ɠ  G\_< ʛ
    i i  y y  1 ɨ  } ʉ  M ɯ  u u  I ɪ  Y ʏ  I\ ᵻ  U\ ᵿ  U ʊ  e e  2 ø  @\ ɘ  8 ɵ  7 ɤ  o o  @ ə  E ɛ  9 œ  3 ɜ
    3\ ɞ  V ʌ  O ɔ  { æ  6 ɐ  a a  & ɶ  A ɑ  Q ɒ  @` ɚ  3` ɝ
    " ˈ  % ˌ  : ː  :\ ˑ  _X ̆  . .  _h ʰ  _j ʲ  ' ʲ  _w ʷ  _G ˠ  _? ˤ  _?\ ˤ  _e ̴  _n ⁿ  _l ˡ  _> ʼ  _} ̚  _0 ̥
    _v ̬  _~ ̃  ~ ̃  _= ̩  = ̩  _^ ̯  _d ̪  _a ̺  _m ̻  _N ̼  _A ̘  _q ̙  _r ̝  _o ̞  _+ ̟  _- ̠  _" ̈  _x ̽
    _O ̹  _c ̜  _t ̤  _k ̰  ` ˞  -\ ‿  _T ̋  _H ́  _M ̄  _L ̀  _B ̏  _R ̌  _F ̂  ^ ꜛ  ! ꜜ  <R> ↗  <F> ↘  _ ͡
"""


def ipa_of_x_sampa(written: str) -> str | None:
    """Return X-SAMPA as IPA; None if a part of it is not X-SAMPA."""
    words = _X_SAMPA.split()
    # A hyphen only separates what would otherwise be read as one symbol.
    table = {**dict(zip(words[::2], words[1::2], strict=True)), "-": "", " ": " "}
    symbol = re.compile("|".join(re.escape(symbol) for symbol in sorted(table, key=len, reverse=True)))
    plain = " ".join(written.split())
    ipa = symbol.sub(lambda found: table[found.group()], plain)
    return None if symbol.sub("", plain) or not ipa else ipa
