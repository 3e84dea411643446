"""What espeak-ng 1.52 makes of each language, from the written text to its IPA."""

import pytest

from tts.text.normalize import normalize
from tts.text.phonemes import Phonemizer

# (language, written, spoken, phonemes)
SENTENCES = [
    ("en-us", "The bath is hot!", "The bath is hot!", "ðə bˈæθ ɪz hˈɑːt!"),
    ("en-gb", "The bath is hot!", "The bath is hot!", "ðə bˈaθ ɪz hˈɒt!"),
    (
        "de",
        "Am 3. Mai 1998 kostete es 3,50 €.",
        "Am dritten Mai neunzehnhundertachtundneunzig kostete es drei Euro fünfzig.",
        "am dɾˈɪtən mˈaɪ nˈɔøntseːnhˌʊndɜtˌaxtʊndnˌɔøntsɪç kˈɔstətə ɛs dɾˈaɪ ˈɔøroː fˈʏnftsɪç.",
    ),
    ("de", "Ich möchte 2 Brötchen, bitte.", "Ich möchte zwei Brötchen, bitte.", "ɪç mˈœçtə tsvˈaɪ bɾˈøːtçən, bˈɪtə."),
    (
        "fr-fr",
        "Le 1er mai, à 14h30 !",
        "Le premier mai, à quatorze heures trente!",
        "lə- pʁəmjˈe mˈɛ, a katˈɔʁz ˈœʁ tʁˈɑ̃t!",
    ),
    ("fr-fr", "« Un bon vin blanc »", "«Un bon vin blanc»", '"œ̃ bˈɔ̃ vˈɛ̃ blˈɑ̃"'),
    ("es", "¿Cuánto cuesta? 21 euros.", "¿Cuánto cuesta? veintiún euros.", "kwˈanto kwˈesta? beɪntjˈun ˈeʊɾos."),
    ("es", "Cinco zapatos y 1 corazón.", "Cinco zapatos y un corazón.", "θˈinko θapˈatos i ˈun kˌoɾaθˈon."),
    ("es-419", "Cinco zapatos y 1 corazón.", "Cinco zapatos y un corazón.", "sˈinko sapˈatos i ˈun kˌoɾasˈon."),
    (
        "it",
        "Gli amici di Roma hanno 3 gatti.",
        "Gli amici di Roma hanno tre gatti.",
        "ʎɪ amˈitʃɪ dɪ rˈoma ˌanno trˈe ɡˈatːɪ.",
    ),
    ("pt-br", "Bom dia, são 2 reais.", "Bom dia, são dois reais.", "bˈoŋ dʒˈiæ, sɐ̃ʊ̃ dˈoɪz xeˈaɪs."),
    ("pt", "Bom dia, são 2 euros.", "Bom dia, são dois euros.", "bˈoŋ dˈiɐ, sɐ̃ʊ̃ dˈoɪz ˈeʊɾʊʃ."),
    ("nl", "Goedemorgen, 5 km.", "Goedemorgen, vijf kilometer.", "ɣˈudəmˌɔrɣən, vˈɛɪf kˈiloːmˌeːtər."),
    ("pl", "Dzień dobry, 5 km.", "Dzień dobry, pięć kilometrów.", "dʑˈɛɲ dˈɔbrɨ, pʲˈɛɲtɕ kˌilɔmˈɛtruf."),
    ("ru", "Привет, мир!", "Привет, мир!", "prʲivʲˈet, mʲˈir!"),
    ("cmn", "你好，世界！2024年。", "你好, 世界! 二零二四年.", "ni2χˈɑu2, s.ˈi.5 tɕˈiɛ5! ˈər5 lˈiɜŋ ˈər5 sˈi̪5 nˈiɛɜn."),
    ("cmn", "妈麻马骂吗", "妈麻马骂吗", "mˈɑ5 mˈɑɜ mˈɑ2 mˈɑ5 mˈɑ1"),
    ("cmn", "我有2个 apple。", "我有两个 apple.", "wˈo2 jˈiou2 liɑ2ŋkˈo-1 ˈapəl."),
    ("cmn-latn-pinyin", "nǐ hǎo, zhōngguó!", "ni3 hao3, zhong1guo2!", "nˈi2 χˈɑu2, ts.onɡ5kˈuoɜ!"),
    (
        "ja",
        "こんにちは、せかい！50%です。",
        "こんにちは, せかい! ごじゅうパーセントです.",
        "kˌo̞nnitɕˈihä, se̞kˈäi! ɡˌo̞dʑɯᵝˌɯᵝpääsˌe̞nto̞dˈe̞sɯᵝ.",
    ),
    ("ja", "がっこう、コーヒー、ちゃ", "がっこう, コーヒー, ちゃ", "ɡäkkˈo̞ɯᵝ, kˈo̞o̞çiː, tɕˈä"),
]


@pytest.mark.parametrize(("language", "written", "spoken", "phonemes"), SENTENCES)
def test_a_written_sentence_becomes_ipa(language: str, written: str, spoken: str, phonemes: str) -> None:
    assert normalize(written, language) == spoken
    assert Phonemizer(language)(spoken) == phonemes
