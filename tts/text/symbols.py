"""Phonemes as token ids: the alphabet that a voice was trained with, one character a symbol."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

PAD, BEGIN, END = "_", "^", "$"
_RESERVED = (PAD, BEGIN, END)
N_RESERVED = len(_RESERVED)


class Encoded(NamedTuple):
    """Phonemes as ids, what each id stands for ("" for a marker), and what the table does not know, sorted.

    `places` says where in the phoneme string each symbol begins (-1 for a marker).
    """

    ids: list[int]
    symbols: list[str]
    dropped: tuple[str, ...]
    places: list[int]


@dataclass(frozen=True)
class SymbolTable:
    """An alphabet: the id of a symbol is its position; the first three are padding (0), begin and end.

    Raises:
        ValueError: a symbol is not a single character, occurs twice, or the reserved three do not come first.
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
    def pad_id(self) -> int:
        """The id that fills up a batch."""
        return self._ids[PAD]

    def encode(self, phonemes: str) -> Encoded:
        """Give the ids of a phoneme string between begin and end; what the table lacks is left out and named.

        The reserved characters are markers, not phonemes: in the string they count as unknown.
        """
        places = [place for place, c in enumerate(phonemes) if c in self._ids and c not in _RESERVED]
        known = [phonemes[place] for place in places]
        dropped = {c for c in phonemes if c not in self._ids or c in _RESERVED}
        ids = [self._ids[BEGIN], *(self._ids[c] for c in known), self._ids[END]]
        return Encoded(ids, ["", *known, ""], tuple(sorted(dropped)), [-1, *places, -1])


@dataclass(frozen=True)
class PublicSymbolTable:
    """The symbols of a public checkpoint, of any length each: the first is padding (0), and there are no markers.

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

    def encode(self, symbols: Iterable[str], places: Iterable[int] | None = None) -> Encoded:
        """Give the ids of symbols; what the table lacks, and padding, is left out and named.

        `places` says where in what is shown as phonemes each begins, if they are not a character each.
        """
        asked = list(symbols)
        placed = zip(asked, range(len(asked)) if places is None else places, strict=True)
        known = [(symbol, place) for symbol, place in placed if symbol in self._ids]
        dropped = {symbol for symbol in asked if symbol not in self._ids}
        return Encoded(
            [self._ids[symbol] for symbol, _ in known],
            [symbol for symbol, _ in known],
            tuple(sorted(dropped)),
            [place for _, place in known],
        )


PUNCTUATION = ' !"(),.:;?'
STRESS_AND_LENGTH = "ˈˌː"
VOWELS = "aeiouæɐɑɔəɚɛɜɪʊʌᵻ"
CONSONANTS = "bdfhjklmnpstvwzðŋɡɹɾʃʒʔθ"

ENGLISH_IPA = SymbolTable((*_RESERVED, *PUNCTUATION, *STRESS_AND_LENGTH, *VOWELS, *CONSONANTS))
