import pytest

from tts.text.espeak import EspeakFrontend
from tts.text.espeak_library import espeak_library
from tts.text.nearest_sounds import in_alphabet, nearest
from tts.text.phonemes import Phonemizer
from tts.text.reading import Reading, ReadWord
from tts.text.symbols import ENGLISH_IPA

ALPHABET = frozenset(ENGLISH_IPA.symbols[3:])


def test_what_the_alphabet_has_stays() -> None:
    reading = Reading("həlˈoʊ", (ReadWord(0, 5, 0, 6),), ("told",))
    assert in_alphabet(reading, ALPHABET) is reading


def test_words_keep_their_phonemes_where_the_string_grows_or_shrinks() -> None:
    reading = in_alphabet(
        Reading("ʎˈa\u0308 ɲo ʁy", (ReadWord(0, 1, 0, 4), ReadWord(2, 3, 5, 7), ReadWord(4, 5, 8, 10))), ALPHABET
    )
    assert reading.phonemes == "ljˈa njo ɹu"
    assert [reading.phonemes[word.first : word.last] for word in reading.words] == ["ljˈa", "njo", "ɹu"]


@pytest.mark.parametrize(("nasal", "sound"), [("bɔ̃ pɛ̃", "bɔn pɛn"), ("mɔ̃n ɑ̃mi", "mɔn ɑmi")])
def test_a_nasal_vowel_is_one_before_n(nasal: str, sound: str) -> None:
    assert in_alphabet(Reading(nasal), ALPHABET).phonemes == sound


@pytest.mark.parametrize(("symbol", "sound"), [("ʁ", "ɹ"), ("y", "u"), ("ø", "ə"), ("ç", "h"), ("ʔ", "ʔ"), ("☃", "☃")])
def test_the_nearest_comes_first_and_what_has_none_stays(symbol: str, sound: str) -> None:
    assert (symbol if symbol in ALPHABET else nearest(symbol, ALPHABET)) == sound


def test_an_alphabet_without_the_first_choice_gets_the_next() -> None:
    assert nearest("œ", frozenset("ɛ")) == "ɛ"
    assert nearest("ɹ", frozenset("r")) == "r"
    assert nearest("y", frozenset("a")) == "y"


SENTENCES = {
    "de": "Die Brücke über den größten Fluss ist fünfzig Jahre alt; möchten Sie noch zwei Küchenstühle?",
    "fr-fr": "Un bon vin blanc, une feuille, deux yeux, huit nuits et la montagne de Guillaume.",
    "es": "El perro del guardia llegó ayer con cinco niños y una jaula vieja.",
    "it": "Gli gnocchi della zia sono già sulla tovaglia rossa.",
    "pt-br": "A manhã não é longe, o coração e o filho também não.",
    "pl": "Chrząszcz brzmi w trzcinie, a żaba nie śpi.",
    "ru": "Съешь ещё этих мягких французских булок.",
    "nl": "De kleine uil zag een huis bij de gracht.",
    "sv": "Sju sjösjuka sjömän sköttes av en skön kvinna.",
    "cmn": "他今天去学校, 你呢?",
    "ja": "これはとてもおおきいです",
    "hi": "यह एक अच्छा दिन है",
    "ar": "هذا يوم جميل",
    "ko": "오늘은 날씨가 좋다",
    "tr": "Küçük çocuk ağacın gölgesinde oturuyor.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_an_english_voice_has_a_sound_for_every_letter(language: str) -> None:
    ipa = Phonemizer(language)(SENTENCES[language])
    assert ENGLISH_IPA.encode(in_alphabet(Reading(ipa), ALPHABET).phonemes).dropped == ()
    assert language in espeak_library().languages
    assert EspeakFrontend().speakable(ipa)
