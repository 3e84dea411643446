import time

from tts.text.passage import Bookmark, Manner, Passage, Pause, Pronunciation, Spoken


def test_a_part_has_the_notes_within_it_clipped() -> None:
    loud = Spoken(0, 20, Manner(volume=6))
    passage = Passage("one two. three four.", (Pronunciation(4, 7, "tuː"), loud, Pause(9, 0.5), Bookmark(20, "end")))
    assert passage.part(0, 9).notes == (Spoken(0, 9, Manner(volume=6)), Pronunciation(4, 7, "tuː"))
    second = passage.part(9, 20)
    assert second.text == "three four."
    assert second.notes == (Spoken(0, 11, Manner(volume=6)), Pause(0, 0.5), Bookmark(11, "end"))


def test_without_notes_a_part_is_its_text() -> None:
    assert Passage("one two", warnings=("x",)).part(4, 7) == Passage("two")


def test_a_manner_within_another_adds_to_it() -> None:
    inner, outer = Manner(speed=2, pitch=1), Manner(speed=0.5, pitch=1, volume=-3)
    assert inner.within(outer) == Manner(speed=1, pitch=2, volume=-3)


def test_places_in_the_blanks_between_parts_are_not_lost() -> None:
    passage = Passage(" one.  two. ", (Pause(0, 1), Bookmark(5, "after"), Pause(6, 2), Bookmark(7, "at"), Pause(12, 3)))
    assert passage.part(1, 5).notes == (Pause(0, 1),)
    assert passage.part(7, 11).notes == (Bookmark(0, "after"), Pause(0, 2), Bookmark(0, "at"), Pause(4, 3))
    assert passage.part(1, 11).notes == (
        Pause(0, 1),
        Bookmark(4, "after"),
        Pause(5, 2),
        Bookmark(6, "at"),
        Pause(10, 3),
    )


def test_a_part_of_a_long_text_has_what_reaches_far_and_the_outer_comes_first() -> None:
    outer, inner, word = Spoken(0, 5000, Manner(pitch=1)), Spoken(10, 3000, Manner(pitch=2)), Spoken(2000, 2900)
    passage = Passage("a" * 5000, (word, inner, outer, Pause(2500, 1), Pause(2600, 2)))
    assert passage.part(2500, 2550).notes == (
        Spoken(0, 50, Manner(pitch=1)),
        Spoken(0, 50, Manner(pitch=2)),
        Spoken(0, 50),
        Pause(0, 1),
    )
    assert passage.part(4000, 5000).notes == (Spoken(0, 1000, Manner(pitch=1)),)


def test_many_notes_in_a_long_text_take_linear_time() -> None:
    n = 20_000
    notes = [Spoken(0, 10 * n, Manner(pitch=1)), *(Pause(10 * place, 1) for place in range(n))]
    passage = Passage("a word ok " * n, tuple(notes))
    started = time.perf_counter()
    assert all(len(passage.part(10 * place, 10 * place + 9).notes) == 2 for place in range(n))
    assert time.perf_counter() - started < 5
