import re

import pytest

from tts.text.espeak import Phonemizer, espeak_library
from tts.text.frontend import EspeakFrontend
from tts.text.normalize import read_out
from tts.text.passage import Alias, Bookmark, Passage, Pronunciation
from tts.text.reading import (
    Reading,
    ReadWord,
    aliases,
    in_inventory,
    read_words,
    spoken_pronunciations,
    spoken_span,
    with_unread_warning,
    without_overlaps,
)
from tts.text.spelled import SpelledWord
from tts.text.spoken import SpokenText
from tts.text.symbols import ENGLISH_IPA, nearest_symbols

TEXT = "Pay $3.00 to Dr. Lee"


def test_a_spoken_stretch_is_what_is_said_for_a_written_one() -> None:
    spoken = read_out(TEXT)
    assert spoken.text == "Pay three dollars to Doctor Lee"
    said = [spoken.text[slice(*spoken_span(spoken, *span))] for span in ((0, 3), (4, 9), (5, 6), (13, 16), (17, 20))]
    assert said == ["Pay", "three dollars", "three dollars", "Doctor", "Lee"]
    assert spoken_span(spoken, 0, len(TEXT)) == (0, len(spoken.text))


def test_what_has_a_pronunciation_is_left_as_it_is_written() -> None:
    notes = (
        Pronunciation(4, 9, "tˈɛn"),
        Alias(13, 16, "doc"),
        Alias(14, 15, "x"),
        Bookmark(2, "b"),
        Alias(20, 20, "y"),
    )
    passage = Passage(TEXT, notes)
    assert aliases(passage) == [Alias(4, 9, "$3.00"), Alias(13, 16, "doc")]
    assert aliases(passage, pronounced=False) == [Alias(13, 16, "doc")]
    spoken = read_out(TEXT, aliases=aliases(passage))
    assert spoken.text == "Pay $3.00 to doc Lee"
    assert list(spoken_pronunciations(passage, spoken)) == [Pronunciation(4, 9, "tˈɛn")]


def test_the_first_claim_holds_and_claims_are_in_the_order_of_the_text() -> None:
    first, second = Pronunciation(6, 9, "a"), Pronunciation(0, 2, "b")
    lost = [Pronunciation(1, 4, "c"), Pronunciation(6, 9, "d"), Pronunciation(5, 20, "e"), Pronunciation(8, 9, "f")]
    last = Pronunciation(2, 6, "g")
    assert without_overlaps([first, second, *lost, last]) == [second, last, first]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one, two!", "one|two"),
        ("(“well-known”) and/or it’s… so—there", "well-known|and/or|it’s|so|there"),
        ("$3.50, please", "$3.50|please"),
        ("on 25 July 2012, C++, 90% & more", "on|25 July 2012|C++|90%|&|more"),
        ("3 kg of Dr. Lee's", "3 kg|of|Dr.|Lee's"),
        ("我去", "我|去"),
    ],
)
def test_a_written_word_is_what_stands_together_or_is_read_as_one(text: str, words: str) -> None:
    spoken = read_out(text, "cmn" if "我" in text else "en-us")
    found = re.finditer(r"[\u4e00-\u9fff]|[\w'’-]+", spoken.text)
    spelled = [SpelledWord(*word.span(), *word.span()) for word in found]
    read = read_words(text, spoken, spelled)
    assert [text[word.start : word.end] for word in read] == words.split("|")
    # The stretches of phonemes are as many as the words, in their order.
    assert [(read[0].first, read[-1].last)] == [(spelled[0].first, spelled[-1].last)]


def test_what_stands_for_nothing_belongs_to_the_word_before() -> None:
    spoken = SpokenText("go").changed([(2, 2, " now")])
    read = read_words("go", spoken, [SpelledWord(0, 2, 0, 3), SpelledWord(3, 6, 4, 8)])
    assert [(word.start, word.end, word.first, word.last) for word in read] == [(0, 2, 0, 8)]


ALPHABET = frozenset(ENGLISH_IPA.symbols[3:])


def test_what_the_alphabet_has_stays() -> None:
    reading = Reading("həlˈoʊ", (ReadWord(0, 5, 0, 6),), ("a warning",))
    assert in_inventory(reading, ALPHABET) is reading


def test_words_keep_their_phonemes_where_the_string_grows_or_shrinks() -> None:
    reading = in_inventory(
        Reading("ʎˈa\u0308 ɲo ʁy", (ReadWord(0, 1, 0, 4), ReadWord(2, 3, 5, 7), ReadWord(4, 5, 8, 10))), ALPHABET
    )
    assert reading.phonemes == "ljˈa njo ɹu"
    assert [reading.phonemes[word.first : word.last] for word in reading.words] == ["ljˈa", "njo", "ɹu"]


@pytest.mark.parametrize(("nasal", "sound"), [("bɔ̃ pɛ̃", "bɔn pɛn"), ("mɔ̃n ɑ̃mi", "mɔn ɑmi")])
def test_a_nasal_vowel_is_one_before_n(nasal: str, sound: str) -> None:
    assert in_inventory(Reading(nasal), ALPHABET).phonemes == sound


@pytest.mark.parametrize(("symbol", "sound"), [("ʁ", "ɹ"), ("y", "u"), ("ø", "ə"), ("ç", "h"), ("ʔ", "ʔ"), ("☃", "☃")])
def test_the_nearest_comes_first_and_what_has_none_stays(symbol: str, sound: str) -> None:
    assert (symbol if symbol in ALPHABET else nearest_symbols(symbol, ALPHABET)) == sound


def test_an_alphabet_without_the_first_choice_gets_the_next() -> None:
    assert nearest_symbols("œ", frozenset("ɛ")) == "ɛ"
    assert nearest_symbols("ɹ", frozenset("r")) == "r"
    assert nearest_symbols("y", frozenset("a")) == "y"


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
    assert ENGLISH_IPA.encode(in_inventory(Reading(ipa), ALPHABET).phonemes).dropped == ()
    assert language in espeak_library().languages
    assert EspeakFrontend().speakable(ipa)


def test_what_has_no_phonemes_is_named_in_a_warning() -> None:
    text = "one ᏣᎳᎩ two ☃\U000f0000!"
    reading = Reading("wʌn tuː", (ReadWord(0, 3, 0, 3), ReadWord(4, 7, 3, 3), ReadWord(8, 11, 4, 7)), ("before",))
    assert with_unread_warning(text, reading, ["☃"]).warnings == ("before", "left out, because it has no words: ☃ ᏣᎳᎩ")
    everything = Reading("wʌn", (ReadWord(0, 3, 0, 3),))
    assert with_unread_warning("one*", everything, []) is everything
