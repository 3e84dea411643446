import pytest

from tts.text.public_symbols import ARPABET, NVIDIA_SYMBOLS, TORCHAUDIO_CHARACTERS, TORCHAUDIO_PHONES
from tts.text.symbols import PublicSymbolTable


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
    assert table.encode(["HH", "b", "a"], [5, 8, 9]).places == [5, 9]
    assert "a" in table
    assert "_" not in table


@pytest.mark.parametrize("symbols", [(), ("_",), ("_", ""), ("_", "a", "a")])
def test_a_wrong_table_is_refused(symbols: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="a symbol table"):
        PublicSymbolTable(symbols)
