import subprocess
import sys

import pytest

from tts.errors import TtsError, UsageError
from tts.text.espeak import Phonemizer
from tts.text.frontend import ArpabetFrontend, CharacterFrontend, EspeakFrontend, Frontend, frontend_for, to_ascii
from tts.text.lexicon import Lexicon
from tts.text.passage import Alias, Passage, Pronunciation, SpokenAs
from tts.text.symbols import (
    ENGLISH_IPA,
    NVIDIA_SYMBOLS,
    TORCHAUDIO_CHARACTERS,
    TORCHAUDIO_PHONES,
    PublicSymbolTable,
    SymbolTable,
)

LEXICON = Lexicon({"Hi": "hˈaɪ"})


@pytest.mark.parametrize(
    ("kind", "symbols", "expected"),
    [
        ("espeak", ENGLISH_IPA.symbols, EspeakFrontend),
        ("characters", NVIDIA_SYMBOLS, CharacterFrontend),
        ("arpabet", TORCHAUDIO_PHONES, ArpabetFrontend),
    ],
)
def test_the_kind_of_a_manifest_chooses(kind: str, symbols: tuple[str, ...], expected: type) -> None:
    frontend = frontend_for(kind, "en-us", symbols)
    assert type(frontend) is expected
    spoken = frontend.phonemize("Hello there.")
    assert frontend.speakable(spoken)
    encoded = frontend.encode(spoken)
    assert encoded.dropped == ()
    assert [symbols[i] for i, symbol in zip(encoded.ids, encoded.symbols, strict=True) if symbol] == [
        symbol for symbol in encoded.symbols if symbol
    ]


def test_an_unknown_kind_needs_another_version() -> None:
    with pytest.raises(TtsError, match=r"needs the text frontend 'pinyin', which this version .* arpabet, characters"):
        frontend_for("pinyin", "en-us", NVIDIA_SYMBOLS)


@pytest.mark.parametrize("kind", ["espeak", "characters", "arpabet"])
def test_symbols_of_another_kind_are_refused(kind: str) -> None:
    with pytest.raises(TtsError, match=f"not those of a {kind} frontend"):
        frontend_for(kind, "en-us", ("_", "a", "a"))


def test_a_lexicon_is_for_voices_that_read_phonemes() -> None:
    with pytest.raises(UsageError, match="reads letters and cannot speak a lexicon's IPA"):
        frontend_for("characters", "en-us", NVIDIA_SYMBOLS, lexicon=LEXICON)
    assert frontend_for("espeak", "en-us", ENGLISH_IPA.symbols, lexicon=LEXICON).phonemize("Hi") == "hˈaɪ"
    assert frontend_for("arpabet", "en-us", TORCHAUDIO_PHONES, lexicon=LEXICON).phonemize("Hi") == "HH AY1 ."


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


def test_the_lexicon_overrides_espeak_and_keeps_spaces_and_marks() -> None:
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


def test_the_first_pronunciation_of_a_word_is_used() -> None:
    frontend = EspeakFrontend(lexicon=Lexicon({"read": "ɹˈɔ", "tear": "tˈɔ"}))
    passage = Passage("They have read it: a tear, a tear.", (Pronunciation(21, 25, "tˈu'g"),))
    assert words(frontend, passage)[0] == "ðeɪ hæv ɹˈɔ ɪt: ɐ tˈuˈɡ, ɐ tˈɔ."


def test_homographs_are_read_by_their_context_unless_disabled() -> None:
    text = "They have read it."
    assert EspeakFrontend().phonemize(text) == "ðeɪ hæv ɹˈɛd ɪt."
    assert EspeakFrontend(homographs=False).phonemize(text) == Phonemizer()(text)


def test_pronunciations_and_aliases_are_for_the_written_words() -> None:
    passage = Passage("Buy 3.5 kg of C4 now.", (Pronunciation(4, 7, "θɹˈiː"), Alias(14, 16, "see-4")))
    assert words(EspeakFrontend(), passage)[1].startswith("Buy=bˈaɪ|3.5=θɹˈiː|kg=")
    assert words(EspeakFrontend(), passage)[1].endswith("|C4=sˈiː fˈɔːɹ|now=nˈaʊ")


def test_another_language_is_read_with_this_inventory() -> None:
    text = "She said schön and bonjour, mon ami."
    notes = (SpokenAs(9, 14, language="de-AT"), SpokenAs(19, 35, language="fr"))
    phonemes, pairs, warnings = words(EspeakFrontend(), Passage(text, notes))
    assert pairs == "She=ʃiː|said=sˈɛd|schön=ʃˈəːn|and=ænd|bonjour=bɔnʒˈuɹ|mon=mɔn|ami=amˈi"
    assert phonemes == "ʃiː sˈɛd ʃˈəːn ænd bɔnʒˈuɹ, mɔn amˈi."
    assert warnings == ()


def test_the_innermost_language_is_used_and_an_unknown_one_is_a_warning() -> None:
    notes = (SpokenAs(0, 7, language="xx"), SpokenAs(4, 7, language="en"))
    phonemes, _, warnings = words(EspeakFrontend(), Passage("One two three", notes))
    assert phonemes == "wˈʌn tˈuː θɹˈiː"
    assert warnings == (
        "read as en-us: espeak-ng does not speak the language 'xx'; similar codes: 'xex'; "
        "English is 'en-us' or 'en-gb'",
    )


def test_what_has_no_words_is_named_once() -> None:
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


@pytest.mark.parametrize("module", ["tts.text", "tts.text.frontend", "tts.text.normalize", "tts.text.segment"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    program = f"import {module}, sys; print(sorted({{'torch', 'numpy', 'phonemizer', 'joblib'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


ARPABET = ArpabetFrontend()


def test_words_marks_and_the_full_stop() -> None:
    phones = ARPABET.phonemize('Hello, world! This is "fine"')
    assert phones == "HH AH0 L OW1 , | W ER1 L D ! | DH IH1 S | IH1 Z | F AY1 N ."
    encoded = ARPABET.encode("HH AH0 L OW1 , | W ER1")
    assert encoded.symbols == ["HH", "AH0", "L", "OW1", ",", " ", "W", "ER1"]
    assert encoded.ids == [54, 21, 65, 71, 6, 11, 92, 46]
    assert ARPABET.encode(phones).dropped == ()


def test_phones_that_the_table_lacks_are_dropped_and_named() -> None:
    assert ARPABET.encode("HH XX _ AA1") == ([54, 14], ["HH", "AA1"], ("XX", "_"), [0, 8])


def test_written_words_have_their_phones() -> None:
    passage = Passage('The "button" of £5 (twice), ABC.', (Pronunciation(28, 31, "bˈiː"),))
    reading = ARPABET.read(passage)
    assert reading.phonemes == "DH AH0 | B AH1 T AH0 N | AH1 V | F AY1 V | P AW1 N D Z | ( T W AY1 S ) , | B IY1 ."
    assert [(passage.text[w.start : w.end], reading.phonemes[w.first : w.last]) for w in reading.words] == [
        ("The", "DH AH0"),
        ("button", "B AH1 T AH0 N"),
        ("of", "AH1 V"),
        ("£5", "F AY1 V | P AW1 N D Z"),
        ("twice", "T W AY1 S"),
        ("ABC", "B IY1"),
    ]
    encoded = ARPABET.encode(reading.phonemes)
    assert [reading.phonemes[offset:].split()[0].replace("|", " ") for offset in encoded.offsets] == encoded.symbols


def test_the_ipa_of_a_lexicon_becomes_phones() -> None:
    frontend = ArpabetFrontend(lexicon=Lexicon({"Kokoro": "kˈoʊkəɹˌoʊ"}))
    assert frontend.phonemize("Kokoro!") == "K OW1 K ER0 OW2 !"


@pytest.mark.parametrize(("text", "expected"), [("Hi", True), ("...", False), ("", False), ("\u200f", False)])
def test_only_phones_are_speakable(text: str, expected: bool) -> None:
    assert ARPABET.speakable(ARPABET.phonemize(text)) is expected


def test_sentences_and_normalization_are_those_of_every_phone_voice() -> None:
    assert list(ARPABET.sentences("Dr. Li came. She left.")) == ["Dr. Li came.", "She left."]
    assert ARPABET.normalize("2 cats") == "two cats"


NVIDIA = CharacterFrontend()
TORCHAUDIO = CharacterFrontend(PublicSymbolTable(TORCHAUDIO_CHARACTERS))


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("Dr. Smith's 3 cats cost £45.", "doctor smith's three cats cost forty-five pounds."),
        ("naïve  CAFÉ:\n“quoted” text…", "naive cafe: quoted text."),
        ("Straße, Ærø, Łódź", "strasse, aero, lodz."),
        ("well-known — and [so] on", "well-known, and (so) on."),
        ("It's fine (really)", "it's fine (really)."),
        ("(It is.)", "(it is.)"),
        ("one, two;", "one, two;"),
        ("Is it?", "is it?"),
        ("...", "."),
        ("", ""),
    ],
)
def test_text_becomes_the_spelling_that_the_voice_reads(text: str, spelling: str) -> None:
    for frontend in (NVIDIA, TORCHAUDIO):
        assert frontend.phonemize(text) == spelling
        assert frontend.encode(spelling).dropped == ()


def test_a_spelling_typed_again_is_itself() -> None:
    spelling = NVIDIA.phonemize("Waveglow is really awesome!")
    assert NVIDIA.phonemize(spelling) == spelling == "waveglow is really awesome!"
    assert NVIDIA.encode(spelling).symbols == list(spelling)
    # The ids that NVIDIA's own code gives this text.
    assert NVIDIA.encode(spelling).ids[:8] == [60, 38, 59, 42, 44, 49, 52, 60]


def test_letters_that_the_table_lacks_are_dropped_and_named() -> None:
    encoded = TORCHAUDIO.encode(TORCHAUDIO.phonemize("Кот и cat"))
    assert "".join(encoded.symbols).split() == ["cat."]
    assert encoded.dropped == ("и", "к", "о", "т")
    assert TORCHAUDIO.encode("Cat_").dropped == ("C", "_")


def test_arpabet_in_braces_where_the_table_has_it() -> None:
    encoded = NVIDIA.encode("say {HH AH0 QQ}.")
    assert encoded.symbols == ["s", "a", "y", " ", "@HH", "@AH0", "."]
    assert encoded.dropped == ("@QQ",)
    assert TORCHAUDIO.encode("{HH}").dropped == ("@HH",)


def spelled_words(frontend: CharacterFrontend, passage: Passage) -> str:
    reading = frontend.read(passage)
    return "|".join(f"{passage.text[w.start : w.end]}={reading.phonemes[w.first : w.last]}" for w in reading.words)


def test_written_words_have_their_part_of_the_spelling() -> None:
    passage = Passage("“Ærø”: Dr. Smith's £45,  it’s a well-known – CAFÉ")
    assert NVIDIA.read(passage).phonemes == NVIDIA.phonemize(passage.text)
    assert spelled_words(NVIDIA, passage) == (
        "Ærø=aero|Dr.=doctor|Smith's=smith's|£45=forty-five pounds|it’s=it's|a=a|well-known=well-known|CAFÉ=cafe"
    )


def test_pronunciations_are_used_where_the_table_has_phones() -> None:
    passage = Passage("Say GIF now", (Pronunciation(4, 7, "dʒˈɪf ɪt"), SpokenAs(0, 3, language="fr")))
    assert spelled_words(NVIDIA, passage) == "Say=say|GIF={JH IH1 F} {IH1 T}|now=now"
    other = "this voice reads letters, as English: text in another language is read as English"
    assert NVIDIA.read(passage).warnings == (other,)
    assert NVIDIA.encode(NVIDIA.read(passage).phonemes).dropped == ()
    assert spelled_words(TORCHAUDIO, passage) == "Say=say|GIF=gif|now=now"
    lost = "this voice reads letters: the phonemes given for 'GIF' are not used"
    assert TORCHAUDIO.read(passage).warnings == (lost, other)


def test_symbols_have_offsets_in_the_spelling() -> None:
    encoded = NVIDIA.encode("a {HH AH0}.")
    assert [(symbol, offset) for symbol, offset in zip(encoded.symbols, encoded.offsets, strict=True)] == [
        ("a", 0), (" ", 1), ("@HH", 3), ("@AH0", 6), (".", 10)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spelling", "expected"), [("a", True), ("{HH}", True), (" .,'-", False), ("", False), ("кот", False)]
)
def test_only_letters_are_speakable(spelling: str, expected: bool) -> None:
    assert NVIDIA.speakable(spelling) is expected


def test_sentences_and_normalization_are_those_of_every_spelling_voice() -> None:
    assert list(NVIDIA.sentences("Dr. Li came. She left.")) == ["Dr. Li came.", "She left."]
    assert NVIDIA.normalize("2 cats") == "two cats"


def test_letters_lose_their_accents_and_others_stay() -> None:
    assert to_ascii("àçñőšž þæœ кот") == "acnosz thaeoe кот"


def test_the_default_table_is_nvidias() -> None:
    assert CharacterFrontend().symbols.symbols == NVIDIA_SYMBOLS
