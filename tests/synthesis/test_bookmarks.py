from tts.synthesis.bookmarks import timed_bookmarks
from tts.synthesis.sentence import Place
from tts.synthesis.timing import TimedBookmark, TimedWord
from tts.text.reading import ReadWord


def test_a_place_is_reached_with_the_word_at_or_behind_it():
    read = (ReadWord(0, 3, 0, 3), ReadWord(4, 7, 4, 7))
    timed = (TimedWord("one", "one", 0.1, 0.3), TimedWord("two", "two", 0.4, 0.8))
    places = [Place("start", 0), Place("inside", 2), Place("second", 4), Place("end", 7)]
    assert timed_bookmarks(places, read, timed, 1.0) == (
        *(TimedBookmark("start", 0.1), TimedBookmark("inside", 0.4)),
        *(TimedBookmark("second", 0.4), TimedBookmark("end", 1.0)),
    )
