import numpy as np
import torch
from numba import njit

from tts.kernels.cpu.bfloat16 import to_bfloat16, widened


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
