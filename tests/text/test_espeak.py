import subprocess
import sys

import pytest

from tts.text.espeak import EspeakFrontend
from tts.text.lexicon import Lexicon


def test_written_text_becomes_phonemes_and_ids() -> None:
    frontend = EspeakFrontend()
    assert frontend.normalize("Dr. Lee has 2 cats.") == "Doctor Lee has two cats."
    phonemes = frontend.phonemize("Dr. Lee has 2 cats.")
    assert phonemes == "dˈɑːktɚ lˈiː hɐz tˈuː kˈæts."
    encoded = frontend.encode(phonemes)
    assert len(encoded.ids) == len(phonemes) + 2
    assert encoded.dropped == ()


def test_sentences_are_as_written() -> None:
    assert list(EspeakFrontend().sentences("Dr. Li came. She left.")) == ["Dr. Li came.", "She left."]


def test_the_lexicon_overrules_espeak_and_keeps_spaces_and_marks() -> None:
    frontend = EspeakFrontend(lexicon=Lexicon({"Kokoro": "kˈoʊkəɹoʊ", "C++": "sˈiː"}))
    assert frontend.phonemize("I like Kokoro, C++ and Kokoro's voice.") == (
        "aɪ lˈaɪk kˈoʊkəɹoʊ, sˈiː ænd kˈoʊkəɹoʊz vˈɔɪs."
    )
    assert frontend.phonemize("KOKORO") == "kˈoʊkəɹoʊ"
    assert frontend.phonemize("Hello, world!") == EspeakFrontend().phonemize("Hello, world!")


@pytest.mark.parametrize(
    ("text", "expected"), [("Hi", True), ("a", True), ("...", False), ("", False), ('"?!"', False), ("😀", False)]
)
def test_only_sounds_are_speakable(text: str, expected: bool) -> None:
    frontend = EspeakFrontend()
    assert frontend.speakable(frontend.phonemize(text)) is expected


@pytest.mark.parametrize("phonemes", ["ˈˌː", "_^$", " ,.", "~"])
def test_marks_stress_and_unknown_characters_are_not_speakable(phonemes: str) -> None:
    assert not EspeakFrontend().speakable(phonemes)


@pytest.mark.parametrize("module", ["tts.text", "tts.text.frontend", "tts.text.normalize", "tts.text.segment"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    program = f"import {module}, sys; print(sorted({{'torch', 'numpy', 'phonemizer', 'joblib'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
