import pytest

from tts.errors import TtsError
from tts.text.frontend import KokoroFrontend, frontend_for
from tts.text.kokoro import KOKORO_IDS
from tts.text.lexicon import Lexicon
from tts.text.passage import Passage

AMERICAN = """
choice ʧˈYs
judge ʤˈʌʤ
day dˈA
time tˈIm
now nˈW
go ɡˈO
bird bˈɜɹd
hurry hˈɜɹi
water wˈɔTəɹ
button bˈʌtᵊn
certain sˈɜɹtᵊn
little lˈɪTᵊl
colossal kəlˈɔsᵊl
prison pɹˈɪzᵊn
moment mˈOmᵊnt
north nˈɔɹθ
radio ɹˈAdiˌO
about əbˈWt
before bəfˈɔɹ
wanted wˈɔntᵻd
touring tˈʊɹɪŋ
"""
BRITISH = """
go ɡˈQ
hair hˈɛː
near nˈɪə
car kˈɑː
cat kˈat
every ˈɛvɹi
station stˈAʃᵊn
garden ɡˈɑːdᵊn
water wˈɔːtə
hot hˈɒt
"""


def cases(written):
    return [line.split() for line in written.strip().splitlines()]


@pytest.mark.parametrize(("word", "phonemes"), cases(AMERICAN))
def test_american_words(word, phonemes):
    assert KokoroFrontend().phonemize(word) == phonemes


@pytest.mark.parametrize(("word", "phonemes"), cases(BRITISH))
def test_british_words(word, phonemes):
    assert KokoroFrontend("en-gb").phonemize(word) == phonemes


@pytest.mark.parametrize(
    ("language", "text", "phonemes"),
    [
        ("es", "¿Dónde está, Juan?", "dˈonde estˈa, xwˈan?"),
        ("fr-fr", "Un bon vin.", "œ̃ bˈɔ̃ vˈɛ̃."),
        ("it", "Mezzo chilo.", "mˈɛʣːo kˈilo."),
        ("pt-br", "Bom dia.", "bˈoŋ ʤˈiæ."),
        ("hi", "नमस्ते।", "nəmˈʌsteː."),
    ],
)
def test_other_languages_keep_the_ipa_of_espeak(language, text, phonemes):
    frontend = KokoroFrontend(language)
    assert frontend.phonemize(text) == phonemes
    assert frontend.encode(phonemes).dropped == ()


def words(text, frontend=None):
    reading = (frontend or KokoroFrontend()).read(Passage(text))
    return [(text[word.start : word.end], reading.phonemes[word.first : word.last]) for word in reading.words]


def test_words_have_their_own_phonemes_also_where_espeak_joins_them():
    text = "A man of the sea ate an egg at the end of the day."
    reading = KokoroFrontend().read(Passage(text))
    assert reading.phonemes == "ɐ mˈæn ʌv ðə sˈi ˈAt ɐn ˈɛɡ æt ði ˈɛnd ʌv ðə dˈA."
    assert words(text) == list(zip(text.rstrip(".").split(), reading.phonemes.rstrip(".").split(), strict=True))


def test_quotation_marks_are_opening_and_closing():
    assert KokoroFrontend().phonemize('"Go," he said ("now").') == "“ɡˈO,” hi sˈɛd (“nˈW”)."


def test_numbers_homographs_and_given_pronunciations_are_read():
    assert words("I read 3 books yesterday.")[1:3] == [("read", "ɹˈɛd"), ("3", "θɹˈi")]
    frontend = KokoroFrontend(lexicon=Lexicon({"Anthea": "ˈænθiə"}))
    assert words("Anthea came.", frontend)[0] == ("Anthea", "ˈænθiə")


def test_ids_are_between_pads_and_know_their_symbols():
    encoded = KokoroFrontend().encode("həlˈO!")
    assert encoded.ids == [0, 50, 83, 54, 156, 31, 5, 0]
    assert encoded.symbols == ["", *"həlˈO!", ""]
    assert encoded.offsets == [-1, 0, 1, 2, 3, 4, 5, -1]


def test_typed_symbols_without_an_id_become_the_nearest_or_are_named():
    encoded = KokoroFrontend().encode("ɫg5ʭ")
    assert encoded.symbols == ["", "l", "ɡ", ""]
    assert encoded.offsets == [-1, 0, 1, -1]
    assert encoded.dropped == ("ʭ",)


def test_only_marks_are_not_speakable():
    frontend = KokoroFrontend()
    assert frontend.speakable("a")
    assert not frontend.speakable('"ˈ ,…')


def test_the_inventory_is_that_of_the_published_configuration():
    assert len(KOKORO_IDS) == 114
    assert len(set(KOKORO_IDS.values())) == 114
    assert [KOKORO_IDS[symbol] for symbol in ";AOQTWYaɑəɡˈᵻ"] == [1, 24, 31, 33, 36, 39, 41, 43, 69, 83, 92, 156, 177]


@pytest.mark.parametrize(("language", "name"), [("ja", "Japanese"), ("cmn", "Chinese")])
def test_languages_that_need_misaki_read_only_phonemes(language, name):
    frontend = frontend_for("kokoro", language, ())
    with pytest.raises(TtsError, match=f"speakers of {name} expect phonemes of the program misaki"):
        frontend.read(Passage("東京"))
    assert frontend.encode("to").ids == [0, 62, 57, 0]
