import pytest

from tests.text.languages.english.fault_cases import PHONEMES, READINGS
from tts.text.frontend import EspeakFrontend
from tts.text.normalize import normalize, read_out
from tts.text.passage import Passage
from tts.text.symbols import ENGLISH_IPA


@pytest.mark.parametrize(("written", "spoken"), [case for cases in READINGS.values() for case in cases])
def test_what_was_misread(written: str, spoken: str) -> None:
    assert normalize(written) == spoken
    assert normalize(spoken) == spoken


@pytest.mark.parametrize(("written", "phonemes"), [case for cases in PHONEMES.values() for case in cases])
def test_what_was_mispronounced(written: str, phonemes: str) -> None:
    frontend = EspeakFrontend()
    assert frontend.phonemize(written) == phonemes
    assert frontend.read(Passage(written)).phonemes == phonemes


def test_note_marks_are_named() -> None:
    assert read_out("Sixth.¹² Then seven².").left_out == ("¹²", "²")


@pytest.mark.parametrize(
    ("typed", "symbols"),
    [
        ("ˈstoʊnˌhɛnʤ", "ˈstoʊnˌhɛndʒ"),
        ("ʧɑː g t͡ʃ", "tʃɑː ɡ tʃ"),
        ("š ε ɝ", "ʃ ɛ ɜ"),
    ],
)
def test_other_spellings_of_ipa(typed: str, symbols: str) -> None:
    encoded = EspeakFrontend().encode(typed)
    assert (encoded.ids, encoded.dropped) == (ENGLISH_IPA.encode(symbols).ids, ())
    assert all(0 <= offset < len(typed) for offset in encoded.offsets[1:-1])
    assert EspeakFrontend().encode("5").dropped == ("5",)
