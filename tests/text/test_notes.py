from tts.text.normalize import read_out
from tts.text.notes import aliases, first_claims, noted, spoken_stretch
from tts.text.passage import Alias, Bookmark, Passage, Pronunciation

TEXT = "Pay $3.00 to Dr. Lee"


def test_a_spoken_stretch_is_what_is_said_for_a_written_one() -> None:
    spoken = read_out(TEXT)
    assert spoken.text == "Pay three dollars to Doctor Lee"
    said = [spoken.text[slice(*spoken_stretch(spoken, *span))] for span in ((0, 3), (4, 9), (5, 6), (13, 16), (17, 20))]
    assert said == ["Pay", "three dollars", "three dollars", "Doctor", "Lee"]
    assert spoken_stretch(spoken, 0, len(TEXT)) == (0, len(spoken.text))


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
    assert aliases(passage, said=False) == [Alias(13, 16, "doc")]
    spoken = read_out(TEXT, aliases=aliases(passage))
    assert spoken.text == "Pay $3.00 to doc Lee"
    assert list(noted(passage, spoken)) == [Pronunciation(4, 9, "tˈɛn")]


def test_the_first_claim_holds_and_claims_are_in_the_order_of_the_text() -> None:
    first, second = Pronunciation(6, 9, "a"), Pronunciation(0, 2, "b")
    lost = [Pronunciation(1, 4, "c"), Pronunciation(6, 9, "d"), Pronunciation(5, 20, "e"), Pronunciation(8, 9, "f")]
    last = Pronunciation(2, 6, "g")
    assert first_claims([first, second, *lost, last]) == [second, last, first]
