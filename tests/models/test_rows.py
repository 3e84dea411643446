import pytest

from tts.models.rows import alike


@pytest.mark.parametrize(
    ("lengths", "most", "groups"),
    [
        ([], 4, []),
        ([7], 4, [[0]]),
        ([3, 9, 5], 4, [[1, 2, 0]]),
        ([3, 9, 5, 9, 1], 2, [[1], [3, 2], [0, 4]]),
        ([1, 2, 3, 4, 5, 6], 4, [[5, 4, 3], [2, 1, 0]]),
    ],
)
def test_those_of_similar_lengths_are_together_the_longest_first(lengths, most, groups):
    assert alike(lengths, most) == groups
