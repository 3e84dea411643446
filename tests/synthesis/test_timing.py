from __future__ import annotations

from tts.synthesis.timing import (
    BookmarkPosition,
    Mark,
    TimedBookmark,
    TimedSentence,
    TimedWord,
    symbol_marks,
    timed_bookmarks,
    timed_sentence,
    timed_words,
)
from tts.text.reading import ReadWord


def marks_of(symbols, first=0.0):
    """A second a symbol, each at its place."""
    return tuple(Mark(symbol, first + i, first + i + 1, i) for i, symbol in enumerate(symbols))


def times(words):
    return [(word.text, word.start, word.end) for word in words]


def test_marks_leave_out_the_markers():
    made = symbol_marks(["", "a", "b", ""], [-1, 0, 2, -1], [1, 2, 3, 1], 1.0, 0.5)
    assert made == (Mark("a", 1.5, 2.5, 0), Mark("b", 2.5, 4.0, 2))


def test_marks_of_an_hour_do_not_drift():
    n, frame_seconds = 360_000, 256 / 24_000
    made = symbol_marks(["a"] * n, [-1] * n, [1] * n, 0.25, frame_seconds)
    assert made[-1].end == 0.25 + n * frame_seconds
    assert made[n // 2].start == made[n // 2 - 1].end == 0.25 + n // 2 * frame_seconds


def test_words_are_as_written_and_last_from_their_first_sound_to_their_last():
    # "Ab, $3." is said "ˈab, θɹˈiː.".
    phonemes = "ˈab, θɹˈiː."
    words = (ReadWord(0, 2, 0, 4), ReadWord(4, 6, 5, 11))
    made = timed_words("Ab, $3.", words, marks_of(phonemes))
    assert made == (TimedWord("Ab", "ˈab", 0, 3, (0, 2)), TimedWord("$3", "θɹˈiː", 5, 10, (4, 6)))


def test_a_written_word_may_be_spoken_as_several():
    (word,) = timed_words("25", (ReadWord(0, 2, 0, 6),), marks_of("aa, bb"))
    assert word == TimedWord("25", "aa bb", 0, 6, (0, 2))


def test_words_have_single_blanks_and_their_place_in_the_text_that_has():
    text = "  one \n 5  km "
    one, other = timed_words(text, (ReadWord(2, 5, 0, 1), ReadWord(8, 13, 2, 3)), marks_of("a b"))
    assert (one.text, other.text) == ("one", "5 km")
    assert [" ".join(text.split())[slice(*word.written)] for word in (one, other)] == ["one", "5 km"]


def test_a_silent_word_has_the_instant_between_its_neighbours():
    words = (ReadWord(0, 1, 0, 1), ReadWord(2, 3, 2, 3), ReadWord(4, 5, 4, 5), ReadWord(6, 7, 6, 7))
    # The alphabet lacks what stands at 0 and 4.
    marks = tuple(mark for mark in marks_of("a b c d") if mark.place not in (0, 4))
    assert times(timed_words("A B C D", words, marks)) == [("A", 2, 2), ("B", 2, 3), ("C", 3, 3), ("D", 6, 7)]
    assert timed_words("A B", words[:2], ()) == ()


def test_words_stay_in_order_and_apart_even_if_their_phonemes_overlap():
    words = (ReadWord(0, 2, 0, 4), ReadWord(3, 6, 2, 5))
    assert times(timed_words("of the", words, marks_of("ʌvðə.")))[:2] == [("of", 0, 4), ("the", 4, 4)]


def test_a_sentence_spoken_in_two_parts_has_a_blank_without_a_place_between():
    marks = (Mark("a", 0, 1, 0), Mark(" ", 1, 1, -1), Mark("b", 1, 2, 2))
    assert times(timed_words("A B", (ReadWord(0, 1, 0, 1), ReadWord(2, 3, 2, 3)), marks)) == [("A", 0, 1), ("B", 1, 2)]


def test_without_words_they_are_split_at_blanks_and_leave_punctuation_out():
    bare = tuple(Mark(symbol, float(i), float(i + 1)) for i, symbol in enumerate("ab c."))
    assert timed_words("Ab c.", (), bare) == (TimedWord("ab", "ab", 0, 2), TimedWord("c", "c", 3, 4))
    assert timed_words("", (), ()) == ()
    assert timed_words(". …", (), marks_of(". …")) == ()


def test_typed_phonemes_are_their_own_words_in_their_place():
    assert timed_words("ˈɑː  c.", (), marks_of("ˈɑː  c.")) == (
        TimedWord("ˈɑː", "ˈɑː", 0, 3, (0, 3)),
        TimedWord("c", "c", 5, 6, (4, 5)),
    )


def test_spelled_words_keep_the_signs_inside_them():
    assert times(timed_words("", (), marks_of("it's 'so' well-known."))) == [
        ("it's", 0, 4),
        ("so", 6, 8),
        ("well-known", 10, 20),
    ]
    assert times(timed_words("", (), marks_of("a - b"))) == [("a", 0, 1), ("b", 4, 5)]


def test_phones_of_several_letters_are_set_apart():
    marks = marks_of(["HH", "AH0", "L", "OW1", ",", " ", "W", "ER1", "L", "D", "."])
    assert times(timed_words("", (), marks)) == [("HH AH0 L OW1", 0, 4), ("W ER1 L D", 6, 10)]
    (word,) = timed_words("25", (ReadWord(0, 2, 0, 11),), marks)
    assert word.phonemes == "HH AH0 L OW1 | W ER1 L D"


def test_a_sentence_lasts_from_its_first_mark_to_its_last():
    marks = (Mark("a", 0.25, 0.5, 0), Mark(".", 0.5, 1.0, 1))
    placed = timed_sentence("A.", "a.", marks, timed_words("A.", (ReadWord(0, 1, 0, 1),), marks), 2.0, 1.5)
    assert placed == TimedSentence(
        text="A.",
        phonemes="a.",
        start=2.25,
        end=3.0,
        marks=(Mark("a", 2.25, 2.5, 0), Mark(".", 2.5, 3.0, 1)),
        words=(TimedWord("A", "a", 2.25, 2.5, (0, 1)),),
        audio_end=3.5,
    )
    bare = timed_sentence("Hm.", "", (), (), 2.0, 0.5)
    assert (bare.start, bare.end, bare.audio_end, bare.words) == (2.0, 2.5, 2.5, ())


def test_a_place_is_reached_with_the_word_at_or_behind_it():
    read = (ReadWord(0, 3, 0, 3), ReadWord(4, 7, 4, 7))
    timed = (TimedWord("one", "one", 0.1, 0.3), TimedWord("two", "two", 0.4, 0.8))
    bookmarks = [
        BookmarkPosition("start", 0),
        BookmarkPosition("inside", 2),
        BookmarkPosition("second", 4),
        BookmarkPosition("end", 7),
    ]
    assert timed_bookmarks(bookmarks, read, timed, 1.0) == (
        *(TimedBookmark("start", 0.1), TimedBookmark("inside", 0.4)),
        *(TimedBookmark("second", 0.4), TimedBookmark("end", 1.0)),
    )
