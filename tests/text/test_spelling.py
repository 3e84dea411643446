import pytest

from tts.text.passage import Passage, Pronunciation, Spoken
from tts.text.public_symbols import NVIDIA_SYMBOLS, TORCHAUDIO_CHARACTERS
from tts.text.spelling import CharacterFrontend, to_ascii
from tts.text.symbols import PublicSymbolTable

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


def test_what_the_table_lacks_is_left_out_and_named() -> None:
    encoded = TORCHAUDIO.encode(TORCHAUDIO.phonemize("Кот и cat"))
    assert "".join(encoded.symbols).split() == ["cat."]
    assert encoded.dropped == ("и", "к", "о", "т")
    assert TORCHAUDIO.encode("Cat_").dropped == ("C", "_")


def test_arpabet_in_braces_where_the_table_has_it() -> None:
    encoded = NVIDIA.encode("say {HH AH0 QQ}.")
    assert encoded.symbols == ["s", "a", "y", " ", "@HH", "@AH0", "."]
    assert encoded.dropped == ("@QQ",)
    assert TORCHAUDIO.encode("{HH}").dropped == ("@HH",)


def words(frontend: CharacterFrontend, passage: Passage) -> str:
    reading = frontend.read(passage)
    return "|".join(f"{passage.text[w.start : w.end]}={reading.phonemes[w.first : w.last]}" for w in reading.words)


def test_written_words_have_their_part_of_the_spelling() -> None:
    passage = Passage("“Ærø”: Dr. Smith's £45,  it’s a well-known – CAFÉ")
    assert NVIDIA.read(passage).phonemes == NVIDIA.phonemize(passage.text)
    assert words(NVIDIA, passage) == (
        "Ærø=aero|Dr.=doctor|Smith's=smith's|£45=forty-five pounds|it’s=it's|a=a|well-known=well-known|CAFÉ=cafe"
    )


def test_phonemes_are_said_where_the_table_has_them() -> None:
    passage = Passage("Say GIF now", (Pronunciation(4, 7, "dʒˈɪf ɪt"), Spoken(0, 3, language="fr")))
    assert words(NVIDIA, passage) == "Say=say|GIF={JH IH1 F} {IH1 T}|now=now"
    other = "this voice reads letters, as English: another language is not said as such"
    assert NVIDIA.read(passage).warnings == (other,)
    assert NVIDIA.encode(NVIDIA.read(passage).phonemes).dropped == ()
    assert words(TORCHAUDIO, passage) == "Say=say|GIF=gif|now=now"
    lost = "this voice reads letters: the phonemes that are given for 'GIF' are not said"
    assert TORCHAUDIO.read(passage).warnings == (lost, other)


def test_symbols_know_their_places() -> None:
    encoded = NVIDIA.encode("a {HH AH0}.")
    assert [(symbol, place) for symbol, place in zip(encoded.symbols, encoded.places, strict=True)] == [
        ("a", 0), (" ", 1), ("@HH", 3), ("@AH0", 6), (".", 10)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spelling", "expected"), [("a", True), ("{HH}", True), (" .,'-", False), ("", False), ("кот", False)]
)
def test_only_letters_are_speakable(spelling: str, expected: bool) -> None:
    assert NVIDIA.speakable(spelling) is expected


def test_sentences_and_normalization_are_those_of_every_voice() -> None:
    assert list(NVIDIA.sentences("Dr. Li came. She left.")) == ["Dr. Li came.", "She left."]
    assert NVIDIA.normalize("2 cats") == "two cats"


def test_letters_lose_their_accents_and_others_stay() -> None:
    assert to_ascii("àçñőšž þæœ кот") == "acnosz thaeoe кот"


def test_the_default_table_is_nvidias() -> None:
    assert CharacterFrontend().symbols.symbols == NVIDIA_SYMBOLS
