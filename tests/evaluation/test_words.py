import pytest

from tts.evaluation.words import WordErrors, edit_distance, spoken_words, word_errors


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)],
)
def test_edit_distance(first, second, distance):
    assert edit_distance(first, second) == distance


def test_both_texts_are_compared_as_they_are_spoken():
    assert spoken_words("Dr. Lee's £5, it’s 21-up!") == [
        "doctor",
        "lee's",
        "five",
        "pounds",
        "it's",
        "twenty",
        "one",
        "up",
    ]
    assert word_errors("Twenty-one doctors.", "21 doctors") == WordErrors(0, 3)


def test_errors_are_counted_against_what_was_to_be_said():
    assert word_errors("one two three four", "one too three four five") == WordErrors(2, 4)
    assert WordErrors(2, 4).rate == 0.5
    assert WordErrors(0, 0).rate is None
