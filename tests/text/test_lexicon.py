from pathlib import Path
from typing import NamedTuple

import platformdirs
import pytest

from tts.errors import TtsError
from tts.text.espeak import Phonemizer
from tts.text.lexicon import (
    Lexicon,
    Respelling,
    config_folder,
    in_spoken_form,
    lexicon_for,
    load_lexicon,
    user_lexicon_files,
    user_lexicon_path,
)
from tts.text.normalize import normalize
from tts.text.passage import Pronunciation
from tts.text.symbols import tidy_ipa


def said(lexicon: Lexicon, text: str) -> list[tuple[str, str]]:
    return [(text[found.start : found.end], found.phonemes) for found in lexicon.find(text)]


def test_columns_may_be_tab_two_spaces_or_a_bar(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# names\nKokoro\tkˈoʊkəɹoʊ\nNew York  nuː jˈɔːɹk # city\n\nGIF|dʒˈɪf\n", encoding="utf-8-sig")
    assert load_lexicon(file).entries == {"Kokoro": "kˈoʊkəɹoʊ", "New York": "nuː jˈɔːɹk", "GIF": "dʒˈɪf"}


@pytest.mark.parametrize("line", ["word", "word ipa", "\tipa", "word\t", "a\tb\tcase\td"])
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


class Piece(NamedTuple):
    text: str
    phonemes: str | None = None


def cut(lexicon: Lexicon, text: str) -> list[Piece]:
    """A text cut at the words that the lexicon finds."""
    pieces, position = [], 0
    for said in lexicon.find(text):
        pieces += [Piece(text[position : said.start]), Piece(text[said.start : said.end], said.phonemes)]
        position = said.end
    return [piece for piece in (*pieces, Piece(text[position:])) if piece.text]


def test_whole_words_match_in_any_case_the_longest_first() -> None:
    lexicon = Lexicon({"york": "A", "new york": "B"})
    assert cut(lexicon, "In NEW  York, Yorkshire and york") == [
        Piece("In "),
        Piece("NEW  York", "B"),
        Piece(", Yorkshire and "),
        Piece("york", "A"),
    ]


@pytest.mark.parametrize(("ipa", "spoken"), [("kˈæt", "kˈæts"), ("dˈɔɡ", "dˈɔɡz"), ("fˈɑːks", "fˈɑːksᵻz")])
def test_a_possessive_goes_with_its_word(ipa: str, spoken: str) -> None:
    assert cut(Lexicon({"Pet": ipa}), "Pet's") == [Piece("Pet's", spoken)]


@pytest.mark.parametrize("text", ["", "plain text", "C++ (really) a.b"])
def test_the_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in cut(Lexicon({"C++": "x", "a.b": "y"}), text)) == text
    assert "".join(piece.text for piece in cut(Lexicon({}), text)) == text


def written(folder: Path, content: str) -> Lexicon:
    file = folder / "lexicon.tsv"
    file.write_bytes(content.encode())
    return load_lexicon(file)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("sˈiːkwəl", "sˈiːkwəl"),
        ("/hi/", "hi"),
        ("/nuː jˈɔːɹk/", "nuː jˈɔːɹk"),
        ("kæt", "kæt"),
        ("θat", "θat"),
        ("sequel", Respelling("sequel")),
        ("hi", Respelling("hi")),
        ('"hi"', Respelling("hi")),
        ('"kæreste"', Respelling("kæreste")),
        ("see plus plus", Respelling("see plus plus")),
        ("Größe", Respelling("Größe")),
        ("œuvre", Respelling("œuvre")),
    ],
)
def test_ipa_is_in_slashes_or_has_a_letter_of_its_own_and_all_else_is_a_respelling(
    tmp_path: Path, column: str, expected: str | Respelling
) -> None:
    assert written(tmp_path, f"word\t{column}\n").entries == {"word": expected}


@pytest.mark.parametrize(
    ("typed", "ours"),
    [("ɡɪf", "ɡɪf"), ("gɪf", "ɡɪf"), ("t͡ʃaː", "tʃaː"), ("'si:.kwəl", "ˈsiːkwəl"), (" a  b ", "a b")],
)
def test_ipa_is_taken_as_people_type_it(typed: str, ours: str) -> None:
    assert tidy_ipa(typed) == ours


@pytest.mark.parametrize("column", ["//", '""', "/ /", "/./"])
def test_an_empty_pronunciation_is_an_error(tmp_path: Path, column: str) -> None:
    with pytest.raises(TtsError, match=r"lexicon\.tsv, line 1: there is nothing between"):
        written(tmp_path, f"word\t{column}\n")


def test_a_comment_is_a_line_or_follows_a_blank(tmp_path: Path) -> None:
    lexicon = written(tmp_path, "# all\nC#\tsee sharp # a language\n\t# nothing\n")
    assert lexicon.entries == {"C#": Respelling("see sharp")}


def test_lines_may_end_as_windows_ends_them_and_columns_may_be_empty_behind(tmp_path: Path) -> None:
    assert written(tmp_path, "a\tˈeɪ\t\r\nb | bˈiː\r\n").entries == {"a": "ˈeɪ", "b": "bˈiː"}


def test_the_last_of_two_entries_goes(tmp_path: Path) -> None:
    assert said(written(tmp_path, "Word\tˈeɪ\nword\tbˈiː\n"), "WORD") == [("WORD", "bˈiː")]


def test_a_third_column_keeps_an_entry_for_the_word_as_it_is_written(tmp_path: Path) -> None:
    lexicon = written(tmp_path, "US\tjˌuːˈɛs\tcase\nPolish|pˈoʊlɪʃ|case\npolish|pˈɑːlɪʃ\n")
    assert said(lexicon, "The US and us.") == [("US", "jˌuːˈɛs")]
    assert said(lexicon, "Polish polish POLISH") == [
        ("Polish", "pˈoʊlɪʃ"),
        ("polish", "pˈɑːlɪʃ"),
        ("POLISH", "pˈɑːlɪʃ"),
    ]
    with pytest.raises(TtsError, match="line 1: the third column can only be \"case\", not 'noun'"):
        written(tmp_path, "lead\tlˈɛd\tnoun\n")


def test_found_words_have_their_spans() -> None:
    lexicon = Lexicon({"new york": "B", "C++": "C", ".NET": "N", "don't": "D"})
    assert lexicon.find("New  York's C++, don’t") == [
        Pronunciation(0, 11, "Bz"),
        Pronunciation(12, 15, "C"),
        Pronunciation(17, 22, "D"),
    ]
    assert lexicon.find("newer york, new yorks, xC++ C++x a.NETx ASP.NET C+ + New") == []
    assert said(lexicon, "(.NET) .NET's") == [(".NET", "N"), (".NET's", "Nz")]


def test_words_that_no_blanks_part_are_found_too() -> None:
    assert said(Lexicon({"東京": "A", "京": "B"}), "私は東京で京と") == [("東京", "A"), ("京", "B")]


def test_a_respelling_is_phonemized_once() -> None:
    texts = []

    def phonemize(text: str) -> str:
        texts.append(text)
        return f"<{text}>"

    lexicon = Lexicon({"SQL": Respelling("sequel")}, phonemize=phonemize)
    assert said(lexicon, "SQL and sql's") == [("SQL", "<sequel>"), ("sql's", "<sequel>z")]
    assert texts == ["sequel"]
    with pytest.raises(ValueError, match="needs a phonemizer"):
        Lexicon({"SQL": Respelling("sequel")}).find("SQL")


def test_in_spoken_form_words_are_found_as_normalization_writes_them() -> None:
    written = Lexicon({"C++": "C", "Nguyen": Respelling("win 2")}, {"AT&T": "A"})
    lexicon = in_spoken_form(written, normalize, str.upper)
    assert said(lexicon, normalize("C++ of AT&T and at&t, Nguyen")) == [
        ("C plus plus", "C"),
        ("A-T and T", "A"),
        ("Nguyen", "WIN TWO"),
    ]
    assert said(lexicon, "C++ of AT&T") == [("C++", "C"), ("AT&T", "A")]


@pytest.mark.parametrize(
    ("respelling", "ipa"),
    [("sequel", "sˈiːkwəl"), ("jif", "dʒˈɪf"), ("S Q L", "ˈɛs kjˈuː ˈɛl"), ("shi-VAWN", "ʃivˈɔːn"), ("4", "fˈɔːɹ")],
)
def test_a_respelling_is_said_as_espeak_says_it(respelling: str, ipa: str) -> None:
    lexicon = in_spoken_form(Lexicon({"word": Respelling(respelling)}), normalize, Phonemizer("en-us"))
    assert said(lexicon, "a word") == [("word", ipa)]


def test_ordinary_words_are_not_normalized_and_others_are() -> None:
    texts = []
    in_spoken_form(Lexicon(dict.fromkeys(("Kokoro", "etc", "SQL12", "GIF", "ﬁnally", "Straße"), "x")), texts.append)
    assert texts == ["etc", "SQL12", "GIF", "ﬁnally"]


def test_of_two_lexicons_the_other_overrides() -> None:
    ours = Lexicon({"Word": "1", "us": "2", "alone": "3"}, {"IT": "4", "US": "5"})
    other = Lexicon({"word": "6", "it": "7"}, {"US": "8", "Alone": "9"})
    both = ours.overridden_by(other)
    assert said(both, "word US us IT Alone alone") == [
        ("word", "6"),
        ("US", "8"),
        ("us", "2"),
        ("IT", "7"),
        ("Alone", "9"),
        ("alone", "3"),
    ]


def test_an_empty_lexicon_and_an_empty_word_find_nothing() -> None:
    assert Lexicon().find("a b") == Lexicon({"": "x", " ": "y"}).find(" ") == []


def test_a_long_lexicon_is_not_slower_to_look_up(tmp_path: Path) -> None:
    text = "".join(f"word{n}\twˈɜːd\n" for n in range(10_000))
    lexicon = written(tmp_path, text)
    assert len(lexicon) == 10_000
    # A search through all entries at each word would take minutes here.
    assert len(lexicon.find("word5 other " * 20_000)) == 20_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config folder of somebody who has no lexicon yet."""
    monkeypatch.delenv("TTS_NO_USER_LEXICON")
    monkeypatch.setenv("TTS_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def said_in(language: str, text: str, file: Path | None = None) -> list[str]:
    lexicon = lexicon_for(language, file)
    assert lexicon is not None
    return [found.phonemes for found in lexicon.find(text)]


def test_it_lies_beside_the_config_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_lexicon_path() == folder / "lexicon.tsv"
    assert user_lexicon_path("de") == folder / "lexicon.de.tsv"
    monkeypatch.delenv("TTS_CONFIG")
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda name, **_: f"/folder/of/{name}")
    assert config_folder() == Path("/folder/of/utter")


def test_without_any_there_is_no_lexicon(folder: Path) -> None:
    assert user_lexicon_files("en-us") == []
    assert lexicon_for("en-us", None) is None


def test_a_language_goes_before_all_languages_and_a_region_before_its_language(folder: Path) -> None:
    write(folder, "lexicon.tsv", "a\t/1/", "b\t/1/", "c\t/1/", "d\t/1/")
    write(folder, "lexicon.en.tsv", "b\t/2/", "C\t/2/")
    write(folder, "lexicon.en-us.tsv", "c\t/3/")
    write(folder, "lexicon.de.tsv", "d\t/4/")
    assert said_in("en-us", "a b c d") == ["1", "2", "3", "1"]
    assert said_in("en-GB", "a b c d") == ["1", "2", "2", "1"]
    assert said_in("de", "a b c d") == ["1", "1", "1", "4"]


def test_the_requested_file_overrides_the_users(folder: Path) -> None:
    file = write(folder, "own.txt", "Us\t/1/")
    write(folder, "lexicon.tsv", "us\t/2/", "US\t/3/\tcase", "them\t/4/")
    assert said_in("en-us", "us US them", file) == ["1", "1", "4"]
    only = lexicon_for("en-us", file, user=False)
    assert only is not None
    assert only.find("us them") == [Pronunciation(0, 2, "1")]


@pytest.mark.parametrize(("value", "found"), [("1", 0), ("true", 0), ("0", 1), ("", 1)])
def test_a_variable_leaves_it_out(folder: Path, monkeypatch: pytest.MonkeyPatch, value: str, found: int) -> None:
    write(folder, "lexicon.tsv", "a\t/1/")
    monkeypatch.setenv("TTS_NO_USER_LEXICON", value)
    assert len(user_lexicon_files("en-us")) == found


def test_an_invalid_one_is_named_by_its_path(folder: Path) -> None:
    write(folder, "lexicon.en.tsv", "a\t/1/", "b")
    with pytest.raises(TtsError, match=r"lexicon\.en\.tsv, line 2: expected a word"):
        lexicon_for("en-us", None)
