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
    ("written", "left_out"),
    [
        ("Press <b> twice.", ("<b> (behind 'Press')",)),
        ("<br> is a tag, an <hr> too", ("<br> (at the beginning)", "<hr> (behind 'an')")),
        ("Use <i>.", ("<i> (behind 'Use')",)),
        ("line one <br/> line two", ("<br/> (behind 'one')",)),
        ("<b>bold</b> and <i> slanted </i> text", ()),
        ("Hello<br>world, a <b>bold word", ()),
        ('a <a href="x.org"> b', ()),
    ],
)
def test_tags_that_stand_like_words_are_named(written: str, left_out: tuple[str, ...]) -> None:
    assert read_out(written).left_out == left_out


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
