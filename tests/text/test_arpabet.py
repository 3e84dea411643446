import pytest

from tts.text.arpabet import arpabet
from tts.text.frontend import ArpabetFrontend

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


def test_a_character_without_a_phone_stays() -> None:
    assert arpabet("ɮˈa") == "ɮ AA1"
