import time

from tts.text.passage import Bookmark, Passage, Pause, Pronunciation, Prosody, SpokenAs


def test_a_part_has_the_notes_within_it_clipped() -> None:
    loud = SpokenAs(0, 20, Prosody(volume=6))
    passage = Passage("one two. three four.", (Pronunciation(4, 7, "tuː"), loud, Pause(9, 0.5), Bookmark(20, "end")))
    assert passage.part(0, 9).notes == (SpokenAs(0, 9, Prosody(volume=6)), Pronunciation(4, 7, "tuː"))
    second = passage.part(9, 20)
    assert second.text == "three four."
    assert second.notes == (SpokenAs(0, 11, Prosody(volume=6)), Pause(0, 0.5), Bookmark(11, "end"))


def test_without_notes_a_part_is_its_text() -> None:
    assert Passage("one two", warnings=("x",)).part(4, 7) == Passage("two")


def test_a_prosody_within_another_adds_to_it() -> None:
    inner, outer = Prosody(speed=2, pitch=1), Prosody(speed=0.5, pitch=1, volume=-3)
    assert inner.within(outer) == Prosody(speed=1, pitch=2, volume=-3)


def test_pauses_and_bookmarks_in_the_whitespace_between_parts_are_not_lost() -> None:
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
    outer, inner, word = SpokenAs(0, 5000, Prosody(pitch=1)), SpokenAs(10, 3000, Prosody(pitch=2)), SpokenAs(2000, 2900)
    passage = Passage("a" * 5000, (word, inner, outer, Pause(2500, 1), Pause(2600, 2)))
    assert passage.part(2500, 2550).notes == (
        SpokenAs(0, 50, Prosody(pitch=1)),
        SpokenAs(0, 50, Prosody(pitch=2)),
        SpokenAs(0, 50),
        Pause(0, 1),
    )
    assert passage.part(4000, 5000).notes == (SpokenAs(0, 1000, Prosody(pitch=1)),)


def test_many_notes_in_a_long_text_take_linear_time() -> None:
    n = 20_000
    notes = [SpokenAs(0, 10 * n, Prosody(pitch=1)), *(Pause(10 * place, 1) for place in range(n))]
    passage = Passage("a word ok " * n, tuple(notes))
    started = time.perf_counter()
    assert all(len(passage.part(10 * place, 10 * place + 9).notes) == 2 for place in range(n))
    assert time.perf_counter() - started < 5
