"""Two renderings of a sentence that do not keep the same time, brought to the same time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# How a path may come to a pair of frames: both go on, the first waits, the second waits.
_BOTH, _SECOND_ALONE, _FIRST_ALONE = 0, 1, 2


def warping_path(first: FloatArray, second: FloatArray) -> tuple[IntArray, IntArray]:
    """Features [T, D] and [U, D] → the frames [P] of each along the cheapest path from both starts to both ends.

    Dynamic time warping (Sakoe & Chiba 1978) with the steps (1, 1), (0, 1) and (1, 0) of equal weight and Euclidean
    distance. Takes T · U numbers of memory.
    """
    distances = _distances(first, second)
    return _traced(_steps(distances))


def _distances(first: FloatArray, second: FloatArray) -> FloatArray:
    """[T, U]"""
    squares = np.square(first).sum(1)[:, None] + np.square(second).sum(1) - 2 * first @ second.T
    distances: FloatArray = np.sqrt(np.maximum(squares, 0))
    return distances


def _steps(distances: FloatArray) -> npt.NDArray[np.int8]:
    """How the cheapest path comes to each pair, [T, U].

    Worked out along anti-diagonals, whose pairs wait only for the two diagonals before: arrays at a time.
    """
    n_first, n_second = distances.shape
    steps = np.zeros(distances.shape, np.int8)
    # Cost by the first's frame, one place further on; the border has no path.
    before, last = np.full(n_first + 1, np.inf), np.full(n_first + 1, np.inf)
    for diagonal in range(n_first + n_second - 1):
        i = np.arange(max(0, diagonal - n_second + 1), min(diagonal + 1, n_first))
        ways = np.stack([before[i], last[i + 1], last[i]])
        if diagonal == 0:
            ways[_BOTH] = 0.0
        chosen = ways.argmin(0)
        steps[i, diagonal - i] = chosen
        costs = np.full(n_first + 1, np.inf)
        costs[i + 1] = ways[chosen, np.arange(len(i))] + distances[i, diagonal - i]
        before, last = last, costs
    return steps


def _traced(steps: npt.NDArray[np.int8]) -> tuple[IntArray, IntArray]:
    i, j = steps.shape[0] - 1, steps.shape[1] - 1
    path = [(i, j)]
    while i or j:
        step = steps[i, j]
        i, j = i - (step != _SECOND_ALONE), j - (step != _FIRST_ALONE)
        path.append((i, j))
    pairs = np.array(path[::-1], np.int64)
    return pairs[:, 0], pairs[:, 1]
