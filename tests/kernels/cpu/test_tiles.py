import numpy as np
import pytest
from numba import njit

from tts.kernels.cpu.tiles import add, add_product, gate, packed, padded, put, put_positive


def test_outputs_come_in_whole_groups():
    assert [padded(n) for n in (1, 16, 17, 64)] == [16, 16, 32, 64]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(7, 16), (64, 128), (5, 176)])
def test_a_product_is_added_row_by_row(n_inputs, n_outputs, precision):
    generator = np.random.default_rng(0)
    matrix = generator.standard_normal((n_inputs, n_outputs), np.float32)
    # Of eight bits, so that bfloat16 is exact.
    matrix = np.round(matrix * 16) / 16
    x, y = (generator.standard_normal((6, n), np.float32) for n in (n_inputs + 3, n_outputs))
    before = packed(np.ones((2, 16), np.float32), precision=precision)
    weights = np.concatenate([before, packed(matrix, precision=precision)])
    made = y.reshape(-1).copy()
    # From the second of three inputs more than are multiplied.
    add_product(made, 0, n_outputs, n_outputs, x.reshape(-1), 1, n_inputs + 3, n_inputs, 6, weights, len(before))
    np.testing.assert_allclose(made.reshape(6, -1), y + x[:, 1 : n_inputs + 1] @ matrix, rtol=0, atol=2e-5)
    alone = y[5].copy()
    add_product(alone, 0, 0, n_outputs, x[5], 1, 0, n_inputs, 1, weights, len(before))
    assert np.array_equal(alone, made.reshape(6, -1)[5])


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
