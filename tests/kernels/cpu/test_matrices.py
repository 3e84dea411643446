import numpy as np
import pytest
import torch
from numba import njit

from tts.kernels.cpu.matrices import (
    MOST_INT8,
    Vectors,
    add,
    add_mixture,
    add_product,
    add_products,
    empty_vectors,
    gate,
    most_steps,
    pack,
    pack_flat,
    padded,
    put,
    put_positive,
    to_bfloat16,
    widened,
)

N_OUT, N_IN, N_ROWS = 70, 301, 7


@njit
def _widened_all(bits):
    return np.array([widened(b) for b in bits])


def test_rounds_as_pytorch_does_and_widens_back():
    values = np.random.default_rng(0).standard_normal(1000).astype(np.float32) * 10.0 ** np.arange(-5, 5).repeat(100)
    values = np.append(values, [0, -0.0, 1, 1.00390625, 1.01171875]).astype(np.float32)
    expected = torch.from_numpy(values).bfloat16()
    bits = to_bfloat16(values)
    assert np.array_equal(bits, expected.view(torch.int16).numpy().view(np.uint16))
    assert np.array_equal(_widened_all(bits), expected.float().numpy())


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
    y = all_products(vectors, pack(matrix, precision), N_ROWS).reshape(N_ROWS, -1)
    x = vectors.values[0, :, :N_IN]
    # Each weight is off by at most `error` of itself, or for int8 of the largest of its row.
    size = np.abs(matrix).max(axis=1, keepdims=True) if precision == "int8" else np.abs(matrix)
    limit = np.abs(x) @ np.broadcast_to(size, matrix.shape).T * error + 1e-3
    assert np.all(np.abs(y[:, :N_OUT] - x.astype(np.float64) @ matrix.T) <= limit)
    assert np.all(y[:, N_OUT:] == 0)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_a_row_is_the_same_beside_other_rows(matrix, vectors, precision):
    panels = pack(matrix, precision)
    together = all_products(vectors, panels, N_ROWS)
    for row in range(N_ROWS):
        one = Vectors(*(part[:, row : row + 1] for part in vectors[:2]), vectors.steps[row : row + 1])
        by_itself = all_products(Vectors(*(np.ascontiguousarray(part) for part in one)), panels, 1)
        assert np.array_equal(by_itself[0], together[row])


def test_sums_of_int8_hold_the_largest_numbers():
    n = 1024
    x = empty_vectors(1, n)
    x.ints[:], x.steps[:] = most_steps(n), 1.0
    y = all_products(x, pack(np.ones((1, n), np.float32), "int8"), 1)
    assert y[0, 0, 0] == pytest.approx(n * most_steps(n), rel=1e-6)


def test_a_mixture_of_rows_of_a_table(matrix, vectors):
    table = pack(matrix[:32])
    sums = mixture(vectors, table, 10, 5)
    assert np.all(sums[0] == 1)
    expected = 1 + vectors.values[0, 0, 10:15].astype(np.float64) @ matrix[:32, 10:15].T
    # Five products may cancel, so the bound is relative to their sizes: six roundings of 2^-24 each.
    size = 1 + np.abs(vectors.values[0, 0, 10:15]) @ np.abs(matrix[:32, 10:15].T)
    assert np.all(np.abs(sums[1] - expected) <= 6 * 2.0**-24 * size)


def test_outputs_come_in_complete_groups():
    assert [padded(n) for n in (1, 16, 17, 64)] == [16, 16, 32, 64]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(7, 16), (64, 128), (5, 176)])
def test_a_product_is_added_row_by_row(n_inputs, n_outputs, precision):
    generator = np.random.default_rng(0)
    matrix = generator.standard_normal((n_inputs, n_outputs), np.float32)
    # Of eight bits, so that bfloat16 is exact.
    matrix = np.round(matrix * 16) / 16
    x, y = (generator.standard_normal((6, n), np.float32) for n in (n_inputs + 3, n_outputs))
    before = pack_flat(np.ones((2, 16), np.float32), precision=precision)
    weights = np.concatenate([before, pack_flat(matrix, precision=precision)])
    made = y.reshape(-1).copy()
    # From the second of three inputs more than are multiplied.
    add_product(made, 0, n_outputs, n_outputs, x.reshape(-1), 1, n_inputs + 3, n_inputs, 6, weights, len(before))
    # In float64, since a library's float32 sums depend on the processor; ours have one order everywhere.
    expected = y + x[:, 1 : n_inputs + 1].astype(np.float64) @ matrix
    np.testing.assert_allclose(made.reshape(6, -1), expected, rtol=0, atol=2e-5)
    by_itself = y[5].copy()
    add_product(by_itself, 0, 0, n_outputs, x[5], 1, 0, n_inputs, 1, weights, len(before))
    assert np.array_equal(by_itself, made.reshape(6, -1)[5])


@njit
def gated(y, x, n):
    gate(y, 0, x, 0, n, n)


def test_tanh_and_sigmoid_are_good_to_six_digits():
    signals, gates = np.linspace(-20, 20, 16000, dtype=np.float32), np.linspace(30, -30, 16000, dtype=np.float32)
    made = np.zeros(16000, np.float32)
    gated(made, np.concatenate([signals, gates / 2]), 16000)
    expected = 2 * np.tanh(signals.astype(np.float64)) / (1 + np.exp(-gates.astype(np.float64)))
    np.testing.assert_allclose(made, expected, rtol=0, atol=2e-6)


@njit
def three(a, b, c, x):
    add(a, 8, x, 0, 8)
    put(b, 0, x, 8, 8)
    put_positive(c, 0, x, 0, 16)


def test_eights_are_added_copied_and_cut_at_zero():
    x = np.arange(-8, 8, dtype=np.float32)
    a, b, c = (np.ones(16, np.float32) for _ in range(3))
    three(a, b, c, x)
    assert a.tolist() == [1] * 8 + list(range(-7, 1))
    assert b.tolist() == list(range(8)) + [1] * 8
    assert c.tolist() == [0] * 8 + list(range(8))
