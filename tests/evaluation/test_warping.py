import numpy as np
import pytest

from tts.evaluation.warping import warping_path


def cheapest(first, second):
    """The cost of the cheapest path, by the definition."""
    distances = np.sqrt(np.square(first[:, None] - second[None]).sum(2))
    costs = np.full((len(first) + 1, len(second) + 1), np.inf)
    costs[0, 0] = 0
    for i, row in enumerate(distances, 1):
        for j, distance in enumerate(row, 1):
            costs[i, j] = distance + min(costs[i - 1, j - 1], costs[i - 1, j], costs[i, j - 1])
    return costs[-1, -1]


@pytest.mark.parametrize("lengths", [(1, 1), (1, 6), (6, 1), (9, 9), (13, 5), (5, 13)])
def test_the_path_is_the_cheapest_one(lengths):
    random = np.random.default_rng(sum(lengths))
    first, second = (random.normal(size=(n, 3)) for n in lengths)
    i, j = warping_path(first, second)
    assert (i[0], j[0], i[-1], j[-1]) == (0, 0, lengths[0] - 1, lengths[1] - 1)
    steps = set(zip(np.diff(i).tolist(), np.diff(j).tolist(), strict=True))
    assert steps <= {(1, 1), (0, 1), (1, 0)}
    assert np.sqrt(np.square(first[i] - second[j]).sum(1)).sum() == pytest.approx(cheapest(first, second))


def test_the_same_frames_are_paired_with_themselves():
    frames = np.arange(12.0).reshape(6, 2)
    i, j = warping_path(frames, frames)
    assert i.tolist() == j.tolist() == [0, 1, 2, 3, 4, 5]


def test_frames_said_slower_are_found_again():
    frames = np.arange(4.0)[:, None]
    i, j = warping_path(frames, frames[[0, 0, 1, 2, 2, 2, 3]])
    assert i.tolist() == [0, 0, 1, 2, 2, 2, 3]
    assert j.tolist() == [0, 1, 2, 3, 4, 5, 6]
