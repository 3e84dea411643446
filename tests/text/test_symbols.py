import pytest

from tts.text.symbols import (
    ARPABET,
    BEGIN,
    END,
    ENGLISH_IPA,
    NVIDIA_SYMBOLS,
    PAD,
    TORCHAUDIO_CHARACTERS,
    TORCHAUDIO_PHONES,
    PublicSymbolTable,
    SymbolTable,
    ipa_of_x_sampa,
)


def test_ids_are_positions_between_begin_and_end() -> None:
    table = SymbolTable((PAD, BEGIN, END, "a", "b"))
    assert table.encode("ab").ids == [1, 3, 4, 2]
    assert table.encode("ab").offsets == [-1, 0, 1, -1]
    assert table.pad_id == 0
    assert len(table) == 5


def test_unknown_and_reserved_characters_are_dropped_and_named() -> None:
    encoded = SymbolTable((PAD, BEGIN, END, "a")).encode("z_aa\u0303z^")
    assert encoded.ids == [1, 3, 3, 2]
    assert encoded.dropped == tuple(sorted({"z", "_", "^", "\u0303"}))
    assert encoded.offsets == [-1, 2, 3, -1]


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


def test_the_tables_have_the_published_sizes_and_places() -> None:
    assert (len(NVIDIA_SYMBOLS), len(TORCHAUDIO_CHARACTERS), len(TORCHAUDIO_PHONES), len(ARPABET)) == (148, 38, 96, 84)
    for table in (NVIDIA_SYMBOLS, TORCHAUDIO_CHARACTERS, TORCHAUDIO_PHONES):
        assert table[:12] == ("_", "-", "!", "'", "(", ")", ",", ".", ":", ";", "?", " ")
        assert len(set(table)) == len(table)
    assert [NVIDIA_SYMBOLS.index(symbol) for symbol in ("A", "Z", "a", "z", "@AA", "@ZH")] == [12, 37, 38, 63, 64, 147]
    assert [TORCHAUDIO_PHONES.index(symbol) for symbol in ("AA", "B", "IH1", "ZH")] == [12, 36, 57, 95]


def test_symbols_of_any_length_become_ids() -> None:
    table = PublicSymbolTable(("_", "a", "HH"))
    assert table.encode(["HH", "a", "_", "b", "HH"]) == ([2, 1, 2], ["HH", "a", "HH"], ("_", "b"), [0, 1, 4])
    assert table.encode(["HH", "b", "a"], [5, 8, 9]).offsets == [5, 9]
    assert "a" in table
    assert "_" not in table


@pytest.mark.parametrize("symbols", [(), ("_",), ("_", ""), ("_", "a", "a")])
def test_a_wrong_public_table_is_refused(symbols: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="a symbol table"):
        PublicSymbolTable(symbols)


@pytest.mark.parametrize(
    ("written", "ipa"),
    [
        ('h@"l@U', "həˈləʊ"),
        ('%In.t@"n{S@n@l', "ˌɪn.təˈnæʃənəl"),
        ("t_hE:s~", "tʰɛːs̃"),
        ("r\\` r\\ r` R\\ 3` J\\_<", "ɻ ɹ ɽ ʀ ɝ ʄ"),
        ("|\\|\\ |\\", "ǁ ǀ"),
        ("t_S  n_= a_T", "t͡ʃ n̩ a̋"),
        ("a-I", "aɪ"),
        ("", None),
        ("ə", None),
        ("a$", None),
    ],
)
def test_x_sampa(written: str, ipa: str | None) -> None:
    assert ipa_of_x_sampa(written) == ipa
