import subprocess
import sys
from pathlib import Path

import pytest

from tts.errors import TtsError
from tts.text.espeak_library import EspeakLibrary, espeak_library


def test_the_bundled_library_is_loaded_once() -> None:
    assert espeak_library() is espeak_library()
    assert espeak_library().version == (1, 52, 0)


def test_a_clause_is_one_piece() -> None:
    assert espeak_library().clauses("en-us", "Hello. World") == ["həlˈoʊ", "wˈɜːld"]
    assert espeak_library().clauses("en-us", "") == []


def test_the_voice_changes_with_the_language_and_back() -> None:
    library = espeak_library()
    said = [library.clauses(code, "bath")[0] for code in ("en-us", "en-gb", "de", "en-us")]
    assert said == ["bˈæθ", "bˈaθ", "bˈat", "bˈæθ"]


def test_no_voice_needs_another_program() -> None:
    languages = espeak_library().languages
    assert len(languages) > 100
    assert not [voice for voice in languages.values() if voice.startswith("mb/")]
    assert {"en-us", "en-gb", "de", "fr-fr", "es", "es-419", "it", "pt-br", "cmn", "ja"} <= set(languages)


def test_an_unknown_language_is_told_with_the_nearest() -> None:
    with pytest.raises(TtsError, match=r"does not speak the language 'deu-x'; .*'de'.*English is 'en-us' or 'en-gb'"):
        espeak_library().code("deu-x")


def test_what_is_not_espeak_is_refused(tmp_path: Path) -> None:
    import _ctypes

    with pytest.raises(OSError, match="is not espeak-ng: "):
        EspeakLibrary(_ctypes.__file__, None)
    with pytest.raises(OSError, match=r"none\.so"):
        EspeakLibrary(str(tmp_path / "none.so"), None)


def test_a_library_without_its_data_is_refused_and_ends_nothing(tmp_path: Path) -> None:
    program = (
        "import sys, espeakng_loader; from tts.text.espeak_library import EspeakLibrary\n"
        "try: EspeakLibrary(espeakng_loader.get_library_path(), sys.argv[1])\n"
        "except OSError as error: print('refused:', error)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "does not find its data" in done.stdout


def test_the_systems_library_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import espeakng_loader

    monkeypatch.setenv("PHONEMIZER_ESPEAK_LIBRARY", espeakng_loader.get_library_path())
    monkeypatch.setenv("PHONEMIZER_ESPEAK_DATA_PATH", espeakng_loader.get_data_path())
    assert espeak_library(system=True) is espeak_library()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_a_forked_child_speaks() -> None:
    program = (
        "import os; from tts.text.phonemes import Phonemizer; say = Phonemizer(); say('one')\n"
        "child = os.fork()\n"
        "print(say('two') + ' ' + Phonemizer('de')('zwei'), flush=True)\n"
        "os.waitpid(child, 0) if child else os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True, env={"PYTHONUTF8": "1"}
    )
    assert done.stdout == "tˈuː tsvˈaɪ\n" * 2
