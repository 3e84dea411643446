import pytest

from tts.errors import TtsError, UsageError
from tts.text.arpabet import ArpabetFrontend
from tts.text.espeak import EspeakFrontend
from tts.text.frontend import frontend_for
from tts.text.lexicon import Lexicon
from tts.text.public_symbols import NVIDIA_SYMBOLS, TORCHAUDIO_PHONES
from tts.text.spelling import CharacterFrontend
from tts.text.symbols import ENGLISH_IPA

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
