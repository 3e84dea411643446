import time

import pytest

from tts.text.alignment import AlignedWord, align


def spans(isolated: str, phonemes: str) -> list[str]:
    return [phonemes[word.first : word.last] for word in align(isolated.split("|"), phonemes)]


@pytest.mark.parametrize(
    ("isolated", "phonemes", "found"),
    [
        ("wˈʌn|tˈuː", "wˈʌn tˈuː", "wˈʌn|tˈuː"),
        ("ɪn|ðə|mˈɪdəl|ʌv|ðə|nˈaɪt", "ɪnðə mˈɪdəl ʌvðə nˈaɪt", "ɪn|ðə|mˈɪdəl|ʌv|ðə|nˈaɪt"),
        ("fˈɪn|ʌv|ˈeɪ|fˈɪʃ", "fˈɪn əvə fˈɪʃ", "fˈɪn|əv|ə|fˈɪʃ"),
        ("ˈaʊt|ʌv|ɪt", "ˌaʊɾəv ɪt", "ˌaʊɾ|əv|ɪt"),
        ("aɪ|ʃˈæl|ɡˈoʊ", "aɪʃˌɐl ɡˌoʊ", "aɪ|ʃˌɐl|ɡˌoʊ"),
        ("nˈaɪnhˈʌndɹɪd|dˈɑːlɚz", "nˈaɪn hˈʌndɹɪd dˈɑːlɚz", "nˈaɪn hˈʌndɹɪd|dˈɑːlɚz"),
        ("ðə|sˌiːˌɛnˈɛn|nˈuːz", "ðə sˈiː ˈɛn ˈɛn nˈuːz", "ðə|sˈiː ˈɛn ˈɛn|nˈuːz"),
        ("le|amˈi", "le zamˈi", "le|zamˈi"),
        ("tuː|bˈiː|ɔːɹ|nˈɑːt|tuː|bˈiː", "təbi ɔːɹ nˌɑːt təbˈiː", "tə|bi|ɔːɹ|nˌɑːt|tə|bˈiː"),
        ("wˈʌn||tˈuː", "wˈʌn tˈuː", "wˈʌn||tˈuː"),
        ("||", "", "||"),
        ("wˈʌn|tˈuː", "", "|"),
    ],
)
def test_each_word_has_its_own_span(isolated: str, phonemes: str, found: str) -> None:
    assert spans(isolated, phonemes) == found.split("|")


def test_what_is_found_by_likeness_is_clean_and_what_is_guessed_is_not() -> None:
    assert align(["ʌv", "ðə"], "ʌvðə") == [AlignedWord(0, 2, True), AlignedWord(2, 4, True)]
    assert [stretch.clean for stretch in align(["kˈæt", "dˈɔɡ"], "ˈoʊmi ˈuːɹɪ ˈaʊ")] == [False, False]
    assert [stretch.clean for stretch in align(["", "dˈɔɡ"], "dˈɔɡ")] == [False, True]


def test_words_follow_one_another_without_end_or_overlap() -> None:
    isolated = ["sˈʌm", "ʌv", "ðə", "nˈɛvɚ", "tuː", "bˈiː"] * 300
    phonemes = "sˈʌm ʌvðə tˈɛl təbi " * 300
    start = time.perf_counter()
    found = align(isolated, phonemes)
    assert time.perf_counter() - start < 2
    assert len(found) == len(isolated)
    bounds = [bound for stretch in found for bound in stretch[:2]]
    assert bounds == sorted(bounds)
    assert bounds[-1] <= len(phonemes)


def test_words_of_one_skeleton_are_told_apart_by_their_vowels():
    """ "the" is joined to the word before it; "other" has the same consonants."""
    aligned = align(["ɪn", "ðə", "ˈʌðɚ"], "ɪnðɪ ˈʌðɚ")
    assert [("ɪnðɪ ˈʌðɚ"[word.first : word.last]) for word in aligned] == ["ɪn", "ðɪ", "ˈʌðɚ"]
    phonemes = "wɪððɪ ˈʌðɚz ʌvðɪ ˈʌðɚ"
    aligned = align(["wɪð", "ðə", "ˈʌðɚz", "ʌv", "ðə", "ˈʌðɚ"], phonemes)
    assert [phonemes[word.first : word.last] for word in aligned] == ["wɪð", "ðɪ", "ˈʌðɚz", "ʌv", "ðɪ", "ˈʌðɚ"]
