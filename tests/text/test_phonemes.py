import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tts.errors import TtsError
from tts.text.phonemes import Phonemizer, espeak_version
from tts.text.symbols import ENGLISH_IPA

PHONEMES = [
    ("Hello, world!", "həlˈoʊ, wˈɜːld!"),
    ("Hello\nworld.", "həlˈoʊ wˈɜːld."),
    ('He said, "no" (twice).', 'hiː sˈɛd, "nˈoʊ" (twˈaɪs).'),
    ("The king's men.", "ðə kˈɪŋz mˈɛn."),
    ("Ninety-nine.", "nˈaɪndinˈaɪn."),
    ("nine hundred and five", "nˈaɪn hˈʌndɹɪd ænd fˈaɪv"),
    ("eight A-M", "ˈeɪt ˈeɪˈɛm"),
    ("", ""),
    (" \n ", ""),
]


@pytest.mark.parametrize(("text", "phonemes"), PHONEMES)
def test_text_becomes_ipa_with_stress_and_punctuation(text: str, phonemes: str) -> None:
    assert Phonemizer()(text) == phonemes


@pytest.mark.parametrize(
    ("typographic", "plain"),
    [
        ("“Hello”, it’s me", '"Hello", it\'s me'),
        ("wait—what", "wait, what"),
        ("wait — what", "wait, what"),
        ("wait, — what", "wait, what"),
        ("wait…", "wait."),
        ("wait... what", "wait. what"),
        ("a [b] {c}", "a (b) (c)"),
        ("¿what?", "what?"),
    ],
)
def test_typography_maps_to_the_alphabet(typographic: str, plain: str) -> None:
    assert Phonemizer()(typographic) == Phonemizer()(plain)


@pytest.mark.parametrize("text", ["Bach, loch, crème brûlée", "Москва 日本", "😀", "\ud800a\0b", "[{¡…—«»]"])
def test_everything_stays_in_the_alphabet(text: str) -> None:
    assert ENGLISH_IPA.encode(Phonemizer()(text)).dropped == ()


def test_threads_take_turns() -> None:
    texts = [text for text, _ in PHONEMES] * 5
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(Phonemizer(), texts)) == [phonemes for _, phonemes in PHONEMES] * 5


def test_british_english_differs() -> None:
    assert Phonemizer("en-gb")("bath") == "bˈaθ"
    assert Phonemizer("en-us")("bath") == "bˈæθ"


def test_an_unknown_language_is_explained() -> None:
    with pytest.raises(TtsError, match="does not speak the language 'xx-none'"):
        Phonemizer("xx-none")("hello")


def test_a_missing_system_library_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tmp_path / "libespeak-ng.so"
    library.write_bytes(b"not a library")
    monkeypatch.setenv("PHONEMIZER_ESPEAK_LIBRARY", str(library))
    with pytest.raises(TtsError, match="no espeak-ng on this machine can be loaded"):
        Phonemizer("en-029", system_espeak=True)("hello")


def test_a_broken_bundled_library_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("espeakng_loader.get_library_path", lambda: str(tmp_path / "none.so"))
    with pytest.raises(TtsError, match="the bundled espeak-ng cannot be loaded"):
        Phonemizer("en-gb-scotland")("hello")


def test_the_bundled_version_is_1_52() -> None:
    assert espeak_version() == "1.52.0"


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        Phonemizer()("It is in the middle of the night, bon voyage.")
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


KILLED = pytest.mark.skipif(sys.platform == "win32", reason="a library in use cannot be removed there")


@pytest.mark.parametrize("end", ["", pytest.param("; import os; os._exit(0)", marks=KILLED)], ids=["ended", "killed"])
def test_no_temporary_files_are_left(tmp_path: Path, end: str) -> None:
    program = f"from tts.text.phonemes import Phonemizer; print(Phonemizer()('hello'), flush=True){end}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "həlˈoʊ\n"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
