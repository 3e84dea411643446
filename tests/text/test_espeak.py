import subprocess
import sys

import pytest

from tts.text.espeak import EspeakFrontend
from tts.text.frontend import Frontend
from tts.text.lexicon import Lexicon
from tts.text.passage import Alias, Passage, Pronunciation, Spoken
from tts.text.phonemes import Phonemizer
from tts.text.symbols import ENGLISH_IPA, SymbolTable


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
    ("text", "expected"), [("Hi", True), ("a", True), ("...", False), ("", False), ('"?!"', False), ("\u200f", False)]
)
def test_only_sounds_are_speakable(text: str, expected: bool) -> None:
    frontend = EspeakFrontend()
    assert frontend.speakable(frontend.phonemize(text)) is expected


@pytest.mark.parametrize("phonemes", ["ˈˌː", "_^$", " ,.", "~"])
def test_marks_stress_and_unknown_characters_are_not_speakable(phonemes: str) -> None:
    assert not EspeakFrontend().speakable(phonemes)


def words(frontend: Frontend, passage: Passage | str) -> tuple[str, str, tuple[str, ...]]:
    """The phonemes, `word=phonemes` of each written word, and the warnings."""
    passage = passage if isinstance(passage, Passage) else Passage(passage)
    reading = frontend.read(passage)
    pairs = (f"{passage.text[w.start : w.end]}={reading.phonemes[w.first : w.last]}" for w in reading.words)
    return reading.phonemes, "|".join(pairs), reading.warnings


def test_written_words_have_the_phonemes_of_what_is_read_for_them() -> None:
    text = "Dr. Lee paid $3, on 25 July, for a well-known “thing” of 90%."
    assert words(EspeakFrontend(), text)[1] == (
        "Dr.=dˈɑːktɚ|Lee=lˈiː|paid=pˈeɪd|$3=θɹˈiː dˈɑːlɚz|on=ɔn|"
        "25=ðə twˈɛntifˈɪfθ ʌv|July=dʒuːlˈaɪ|for=fɚɹ|a=ə|well-known=wˈɛlnˈoʊn|"
        "thing=θˈɪŋ|of=ʌv|90%=nˈaɪndi pɚsˈɛnt"
    )


@pytest.mark.parametrize(
    "text", ["", "...", "' x", 'He said, "It\'s 5 p.m. — go" (twice)…', "I read it; I will read it."]
)
def test_reading_gives_the_phonemes_of_phonemizing(text: str) -> None:
    frontend = EspeakFrontend(lexicon=Lexicon({"go": "ɡˈʌ"}))
    assert frontend.read(Passage(text)).phonemes == frontend.phonemize(text)


def test_the_first_to_claim_a_word_says_it() -> None:
    frontend = EspeakFrontend(lexicon=Lexicon({"read": "ɹˈɔ", "tear": "tˈɔ"}))
    noted = Passage("They have read it: a tear, a tear.", (Pronunciation(21, 25, "tˈu'g"),))
    assert words(frontend, noted)[0] == "ðeɪ hæv ɹˈɔ ɪt: ɐ tˈuˈɡ, ɐ tˈɔ."


def test_homographs_are_said_by_what_stands_around_them_unless_nobody_asks() -> None:
    text = "They have read it."
    assert EspeakFrontend().phonemize(text) == "ðeɪ hæv ɹˈɛd ɪt."
    assert EspeakFrontend(homographs=False).phonemize(text) == Phonemizer()(text)


def test_notes_on_pronunciation_and_aliases_are_for_what_is_written() -> None:
    passage = Passage("Buy 3.5 kg of C4 now.", (Pronunciation(4, 7, "θɹˈiː"), Alias(14, 16, "see-4")))
    assert words(EspeakFrontend(), passage)[1].startswith("Buy=bˈaɪ|3.5=θɹˈiː|kg=")
    assert words(EspeakFrontend(), passage)[1].endswith("|C4=sˈiː fˈɔːɹ|now=nˈaʊ")


def test_another_language_is_said_in_this_alphabet() -> None:
    text = "She said schön and bonjour, mon ami."
    notes = (Spoken(9, 14, language="de-AT"), Spoken(19, 35, language="fr"))
    phonemes, pairs, warnings = words(EspeakFrontend(), Passage(text, notes))
    assert pairs == "She=ʃiː|said=sˈɛd|schön=ʃˈəːn|and=ænd|bonjour=bɔnʒˈuɹ|mon=mɔn|ami=amˈi"
    assert phonemes == "ʃiː sˈɛd ʃˈəːn ænd bɔnʒˈuɹ, mɔn amˈi."
    assert warnings == ()


def test_the_innermost_language_counts_and_one_that_nobody_speaks_is_told() -> None:
    notes = (Spoken(0, 7, language="xx"), Spoken(4, 7, language="en"))
    phonemes, _, warnings = words(EspeakFrontend(), Passage("One two three", notes))
    assert phonemes == "wˈʌn tˈuː θɹˈiː"
    assert warnings == (
        "read as en-us: espeak-ng does not speak the language 'xx'; the nearest that it knows: 'xex'; "
        "English is 'en-us' or 'en-gb'",
    )


def test_what_has_no_words_is_told_once() -> None:
    assert words(EspeakFrontend(), "a \ue000 b \ue000")[2] == ("left out, because it has no words: U+E000",)


def test_other_languages_keep_their_letters() -> None:
    table = SymbolTable((*ENGLISH_IPA.symbols, "r", "ɲ"))
    assert words(EspeakFrontend("es", table), "El perro, 3 niños.")[1] == "El=el|perro=pˈero|3=tɾˈes|niños=nˈiɲos"
    assert EspeakFrontend("zh-CN", table).normalize("3") == EspeakFrontend("cmn", table).normalize("3")


def test_segments_are_those_of_the_language() -> None:
    passage = Passage("Dr. Li came. She left.")
    assert [passage.text[one.start : one.end] for one in EspeakFrontend().segments(passage)] == [
        "Dr. Li came.",
        "She left.",
    ]


@pytest.mark.parametrize(
    "module", ["tts.text", "tts.text.frontend", "tts.text.normalize", "tts.text.sentences.segment"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    program = f"import {module}, sys; print(sorted({{'torch', 'numpy', 'phonemizer', 'joblib'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
