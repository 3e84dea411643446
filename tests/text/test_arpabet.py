import pytest

from tts.text.arpabet import ArpabetFrontend, arpabet
from tts.text.lexicon import Lexicon
from tts.text.passage import Passage, Pronunciation

# As CMUdict has them.
WORDS = """
hello HH AH0 L OW1
world W ER1 L D
water W AO1 T ER0
ladder L AE1 D ER0
button B AH1 T AH0 N
bottle B AA1 T AH0 L
happy HH AE1 P IY0
hurry HH ER1 IY0
there DH EH1 R
fire F AY1 ER0
power P AW1 ER0
choice CH OY1 S
judge JH AH1 JH
church CH ER1 CH
vision V IH1 ZH AH0 N
thing TH IH1 NG
this DH IH1 S
nature N EY1 CH ER0
about AH0 B AW1 T
machine M AH0 SH IY1 N
computer K AH0 M P Y UW1 T ER0
question K W EH1 S CH AH0 N
north N AO1 R TH
poor P UH1 R
nurse N ER1 S
idea AY0 D IY1 AH0
create K R IY0 EY1 T
father F AA1 DH ER0
thought TH AO1 T
foot F UH1 T
goose G UW1 S
yellow Y EH1 L OW0
measure M EH1 ZH ER0
garage G ER0 AA1 ZH
is IH1 Z
and AE1 N D
the DH AH0
rhythm R IH1 DH AH0 M
little L IH1 T AH0 L
people P IY1 P AH0 L
quickly K W IH1 K L IY0
photograph F OW1 T AH0 G R AE2 F
photography F AH0 T AA1 G R AH0 F IY0
morning M AO1 R N IH0 NG
mouth M AW1 TH
zoo Z UW1
"""
FRONTEND = ArpabetFrontend()


@pytest.mark.parametrize("line", WORDS.strip().splitlines())
def test_words_are_pronounced_as_the_dictionary_has_them(line: str) -> None:
    word, _, phones = line.partition(" ")
    assert FRONTEND.phonemize(word) == f"{phones} ."


def test_words_marks_and_the_full_stop() -> None:
    phones = FRONTEND.phonemize('Hello, world! This is "fine"')
    assert phones == "HH AH0 L OW1 , | W ER1 L D ! | DH IH1 S | IH1 Z | F AY1 N ."
    encoded = FRONTEND.encode("HH AH0 L OW1 , | W ER1")
    assert encoded.symbols == ["HH", "AH0", "L", "OW1", ",", " ", "W", "ER1"]
    assert encoded.ids == [54, 21, 65, 71, 6, 11, 92, 46]
    assert FRONTEND.encode(phones).dropped == ()


def test_what_the_table_lacks_is_left_out_and_named() -> None:
    assert FRONTEND.encode("HH XX _ AA1") == ([54, 14], ["HH", "AA1"], ("XX", "_"), [0, 8])
    assert arpabet("ɮˈa") == "ɮ AA1"


def test_written_words_have_their_phones() -> None:
    passage = Passage('The "button" of £5 (twice), ABC.', (Pronunciation(28, 31, "bˈiː"),))
    reading = FRONTEND.read(passage)
    assert reading.phonemes == "DH AH0 | B AH1 T AH0 N | AH1 V | F AY1 V | P AW1 N D Z | ( T W AY1 S ) , | B IY1 ."
    assert [(passage.text[w.start : w.end], reading.phonemes[w.first : w.last]) for w in reading.words] == [
        ("The", "DH AH0"),
        ("button", "B AH1 T AH0 N"),
        ("of", "AH1 V"),
        ("£5", "F AY1 V | P AW1 N D Z"),
        ("twice", "T W AY1 S"),
        ("ABC", "B IY1"),
    ]
    encoded = FRONTEND.encode(reading.phonemes)
    assert [reading.phonemes[place:].split()[0].replace("|", " ") for place in encoded.places] == encoded.symbols


def test_a_lexicons_ipa_goes_through_the_same_table() -> None:
    frontend = ArpabetFrontend(lexicon=Lexicon({"Kokoro": "kˈoʊkəɹˌoʊ"}))
    assert frontend.phonemize("Kokoro!") == "K OW1 K ER0 OW2 !"


@pytest.mark.parametrize(("text", "expected"), [("Hi", True), ("...", False), ("", False), ("\u200f", False)])
def test_only_phones_are_speakable(text: str, expected: bool) -> None:
    assert FRONTEND.speakable(FRONTEND.phonemize(text)) is expected


def test_sentences_and_normalization_are_those_of_every_voice() -> None:
    assert list(FRONTEND.sentences("Dr. Li came. She left.")) == ["Dr. Li came.", "She left."]
    assert FRONTEND.normalize("2 cats") == "two cats"
