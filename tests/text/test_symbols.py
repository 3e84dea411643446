import pytest

from tts.text.symbols import BEGIN, END, ENGLISH_IPA, PAD, SymbolTable


def test_ids_are_positions_between_begin_and_end() -> None:
    table = SymbolTable((PAD, BEGIN, END, "a", "b"))
    assert table.encode("ab").ids == [1, 3, 4, 2]
    assert table.encode("ab").places == [-1, 0, 1, -1]
    assert table.pad_id == 0
    assert len(table) == 5


def test_unknown_and_reserved_characters_are_dropped_and_named() -> None:
    encoded = SymbolTable((PAD, BEGIN, END, "a")).encode("z_aa\u0303z^")
    assert encoded.ids == [1, 3, 3, 2]
    assert encoded.dropped == tuple(sorted({"z", "_", "^", "\u0303"}))
    assert encoded.places == [-1, 2, 3, -1]


def test_english_has_57_symbols_each_once() -> None:
    assert len(ENGLISH_IPA) == len(set(ENGLISH_IPA.symbols)) == 57
    assert ENGLISH_IPA.encode("həlˈoʊ wˈɜːld!").dropped == ()


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ((PAD, BEGIN, "a"), "starts with"),
        ((PAD, BEGIN, END, "ab"), "one character, not 'ab'"),
        ((PAD, BEGIN, END, "a", "a"), "each symbol once"),
    ],
)
def test_a_wrong_table_is_refused(symbols: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SymbolTable(symbols)
