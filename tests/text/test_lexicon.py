from pathlib import Path

import pytest

from tts.errors import TtsError
from tts.text.lexicon import Lexicon, Piece, load_lexicon


def test_columns_may_be_tab_two_spaces_or_a_bar(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# names\nKokoro\tkˈoʊkəɹoʊ\nNew York  nuː jˈɔːɹk # city\n\nGIF|dʒˈɪf\n", encoding="utf-8-sig")
    assert load_lexicon(file).entries == {"Kokoro": "kˈoʊkəɹoʊ", "New York": "nuː jˈɔːɹk", "GIF": "dʒˈɪf"}


@pytest.mark.parametrize("line", ["word", "word ipa", "\tipa", "word\t", "a\tb\tc"])
def test_a_bad_line_is_named_with_its_file_and_number(tmp_path: Path, line: str) -> None:
    file = tmp_path / "bad.txt"
    file.write_text(f"ok\tˈoʊ\n{line}\n", encoding="utf-8")
    with pytest.raises(TtsError, match=r"bad\.txt, line 2: expected a word"):
        load_lexicon(file)


def test_an_unreadable_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(TtsError, match=r"cannot read the lexicon .*none\.txt: No such file"):
        load_lexicon(tmp_path / "none.txt")
    file = tmp_path / "latin.txt"
    file.write_bytes(b"caf\xe9\tx\n")
    with pytest.raises(TtsError, match=r"latin\.txt is not UTF-8 text \(byte 3\)"):
        load_lexicon(file)


def test_whole_words_match_in_any_case_the_longest_first() -> None:
    lexicon = Lexicon({"york": "A", "new york": "B"})
    assert lexicon.apply("In NEW  York, Yorkshire and york") == [
        Piece("In "),
        Piece("NEW  York", "B"),
        Piece(", Yorkshire and "),
        Piece("york", "A"),
    ]


@pytest.mark.parametrize(("ipa", "spoken"), [("kˈæt", "kˈæts"), ("dˈɔɡ", "dˈɔɡz"), ("fˈɑːks", "fˈɑːksᵻz")])
def test_a_possessive_goes_with_its_word(ipa: str, spoken: str) -> None:
    assert Lexicon({"Pet": ipa}).apply("Pet's") == [Piece("Pet's", spoken)]


@pytest.mark.parametrize("text", ["", "plain text", "C++ (really) a.b"])
def test_the_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in Lexicon({"C++": "x", "a.b": "y"}).apply(text)) == text
    assert "".join(piece.text for piece in Lexicon({}).apply(text)) == text
