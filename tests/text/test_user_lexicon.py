from pathlib import Path

import platformdirs
import pytest

from tts.errors import TtsError
from tts.text.passage import Pronunciation
from tts.text.user_lexicon import config_folder, lexicon_for, user_lexicon_files, user_lexicon_path


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


def said(language: str, text: str, file: Path | None = None) -> list[str]:
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
    assert said("en-us", "a b c d") == ["1", "2", "3", "1"]
    assert said("en-GB", "a b c d") == ["1", "2", "2", "1"]
    assert said("de", "a b c d") == ["1", "1", "1", "4"]


def test_the_file_that_was_asked_for_goes_before_the_users(folder: Path) -> None:
    file = write(folder, "own.txt", "Us\t/1/")
    write(folder, "lexicon.tsv", "us\t/2/", "US\t/3/\tcase", "them\t/4/")
    assert said("en-us", "us US them", file) == ["1", "1", "4"]
    only = lexicon_for("en-us", file, user=False)
    assert only is not None
    assert only.find("us them") == [Pronunciation(0, 2, "1")]


@pytest.mark.parametrize(("value", "found"), [("1", 0), ("true", 0), ("0", 1), ("", 1)])
def test_a_variable_leaves_it_out(folder: Path, monkeypatch: pytest.MonkeyPatch, value: str, found: int) -> None:
    write(folder, "lexicon.tsv", "a\t/1/")
    monkeypatch.setenv("TTS_NO_USER_LEXICON", value)
    assert len(user_lexicon_files("en-us")) == found


def test_a_broken_one_is_told_by_its_place(folder: Path) -> None:
    write(folder, "lexicon.en.tsv", "a\t/1/", "b")
    with pytest.raises(TtsError, match=r"lexicon\.en\.tsv, line 2: expected a word"):
        lexicon_for("en-us", None)
