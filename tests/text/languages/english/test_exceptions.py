"""Words that espeak-ng misreads: tts/text/languages/english/exceptions.tsv."""

import pytest

from tts.text.espeak import Phonemizer
from tts.text.frontend import EspeakFrontend
from tts.text.languages.english.pronunciations import _exceptions
from tts.text.symbols import ENGLISH_IPA


@pytest.fixture(scope="module")
def frontend():
    return EspeakFrontend("en-us")


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("The almond tree.", "ðɪ ˈɑːmənd tɹˈiː."),
        ("Almonds!", "ˈɑːməndz!"),
        ("Kobe's coup was handsome.", "kˈoʊbiz kˈuː wʌz hˈænsəm."),
        ("They distributed the innings.", "ðeɪ dɪstɹˈɪbjuːɾᵻd ðɪ ˈɪnɪŋz."),
        ("INNINGS", "ˈɪnɪŋz"),
        ("Located in Dubai, the cafes.", "lˈoʊkeɪɾᵻd ɪn duːbˈaɪ, ðə kæfˈeɪz."),
        ("A guru in Kyoto.", "ɐ ɡˈʊɹuː ɪn kiˈoʊɾoʊ."),
        ("Exquisite versailles-like rooms", "ɛkskwˈɪzɪt vɚsˈaɪlˈaɪk ɹˈuːmz"),
        ("She banged the door.", "ʃiː bˈæŋd ðə dˈɔːɹ."),
        ("We faced it, raced and typed.", "wiː fˈeɪst ɪt, ɹˈeɪst ænd tˈaɪpt."),
        ("My husband's trousers resided there.", "maɪ hˈʌzbəndz tɹˈaʊzɚz ɹᵻzˈaɪdᵻd ðˈɛɹ."),
        ("Lucas's cupboards, Moses' tapas", "lˈuːkəsᵻz kˈʌbɚdz, mˈoʊzᵻz tˈɑːpəs"),
        ("THE HUSBAND FACED LEAH.", "ðə hˈʌzbənd fˈeɪst lˈiːə."),
        ("The IRA and Ira left.", "ðɪ ˌaɪˌɑːɹɹˈeɪ ænd ˈaɪɹə lˈɛft."),
        ("Chapter XI: Xi's schizophrenia", "tʃˈæptɚɹ ᵻlˈɛvən: ʃˈiːz skˌɪtsəfɹˈiːniə"),
    ],
)
def test_are_corrected_in_their_sentence(frontend, text, phonemes):
    assert frontend.phonemize(text) == phonemes


def test_other_words_are_not_touched(frontend):
    plain = Phonemizer("en-us", initialisms=True)
    for text in ("a cafeteria", "the subject", "distribution", "an outdoorsman", "locale"):
        assert frontend.phonemize(text) == plain(text)


def test_british_english_keeps_its_own():
    british = EspeakFrontend("en-gb")
    assert british.phonemize("located") == "ləʊkˈeɪtɪd"
    assert british.phonemize("innings") == "ˈɪnɪŋz"


def test_each_changes_what_espeak_says_and_can_be_spoken():
    plain = Phonemizer("en-us", initialisms=True)
    entries = _exceptions().entries
    assert 800 < len(entries) < 1000
    assert [word for word, ipa in entries.items() if ENGLISH_IPA.encode(ipa).dropped] == []
    # What is right in small letters, not in capitals.
    only_in_capitals = {"gui", "guis", "phd", "scsi"}
    assert {word for word, ipa in entries.items() if plain(word).strip() == ipa} == only_in_capitals
