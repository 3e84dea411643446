import numpy as np
import pytest
from numba import njit

from tts.kernels.cpu.panels import (
    MOST_INT8,
    Vectors,
    add_mixture,
    add_products,
    empty_vectors,
    most_steps,
    packed,
)

N_OUT, N_IN, N_ROWS = 70, 301, 7


@njit
def all_products(x, panels, n_rows):
    n_panels = len(panels.scales) // 32
    y = np.zeros((n_rows, n_panels, 32), np.float32)
    sums = np.zeros((n_rows, 32), np.float32)
    for panel in range(n_panels):
        sums[:] = 0
        add_products(sums, n_rows, x, 0, x.values.shape[2], panels, panel)
        y[:, panel] = sums
    return y


@njit
def mixture(x, table, first, n):
    sums = np.ones((2, 32), np.float32)
    add_mixture(sums, 1, x, first, table, 32 * first, 32, n)
    return sums


@pytest.fixture(scope="module")
def matrix():
    return np.random.default_rng(0).standard_normal((N_OUT, N_IN)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors():
    x = empty_vectors(N_ROWS, N_IN)
    x.values[0, :, :N_IN] = np.random.default_rng(1).uniform(-1, 1, (N_ROWS, N_IN))
    x.steps[:] = 1 / most_steps(N_IN)
    x.ints[:] = np.rint(x.values / x.steps[:, None])
    return x


@pytest.mark.parametrize(("precision", "error"), [("float32", 1e-6), ("bfloat16", 2**-9), ("int8", 0.5 / MOST_INT8)])
def test_products_are_as_exact_as_the_weights(matrix, vectors, precision, error):
    y = all_products(vectors, packed(matrix, precision), N_ROWS).reshape(N_ROWS, -1)
    x = vectors.values[0, :, :N_IN]
    # Each weight is off by at most `error` of itself, or for int8 of the largest of its row.
    size = np.abs(matrix).max(axis=1, keepdims=True) if precision == "int8" else np.abs(matrix)
    limit = np.abs(x) @ np.broadcast_to(size, matrix.shape).T * error + 1e-3
    assert np.all(np.abs(y[:, :N_OUT] - x @ matrix.T) <= limit)
    assert np.all(y[:, N_OUT:] == 0)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_a_row_is_the_same_in_any_company(matrix, vectors, precision):
    panels = packed(matrix, precision)
    together = all_products(vectors, panels, N_ROWS)
    for row in range(N_ROWS):
        one = Vectors(*(part[:, row : row + 1] for part in vectors[:2]), vectors.steps[row : row + 1])
        alone = all_products(Vectors(*(np.ascontiguousarray(part) for part in one)), panels, 1)
        assert np.array_equal(alone[0], together[row])


def test_sums_of_int8_hold_the_largest_numbers():
    n = 1024
    x = empty_vectors(1, n)
    x.ints[:], x.steps[:] = most_steps(n), 1.0
    y = all_products(x, packed(np.ones((1, n), np.float32), "int8"), 1)
    assert y[0, 0, 0] == pytest.approx(n * most_steps(n), rel=1e-6)


def test_a_mixture_of_rows_of_a_table(matrix, vectors):
    table = packed(matrix[:32])
    sums = mixture(vectors, table, 10, 5)
    assert np.all(sums[0] == 1)
    np.testing.assert_allclose(sums[1], 1 + vectors.values[0, 0, 10:15] @ matrix[:32, 10:15].T, rtol=1e-5)
