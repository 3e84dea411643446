import numpy as np
import pytest
import torch

from tts.audio.companding import inverse_mulaw_codes, inverse_preemphasis, mulaw, mulaw_codes, preemphasis


def test_mulaw_of_a_few_numbers():
    samples = torch.tensor([-1.0, -0.5, 0.0, 0.01, 1.0])
    expected = [-1.0, -np.log(128.5) / np.log(256), 0.0, np.log(3.55) / np.log(256), 1.0]
    np.testing.assert_allclose(mulaw(samples), expected, rtol=1e-6)
    assert mulaw_codes(samples).tolist() == [0, 15, 127, 156, 255]


def test_every_code_survives_the_way_there_and_back():
    codes = torch.arange(256)
    # Codes are cut, not rounded: a hair more than the value, and the code is the same again.
    again = mulaw_codes(inverse_mulaw_codes(codes).double() + 1e-7)
    assert torch.equal(again, codes.clamp(max=255))


@pytest.mark.parametrize("n", [1, 255, 256, 1000])
def test_preemphasis_and_its_inverse(n):
    samples = np.random.default_rng(0).normal(size=(2, n))
    expected = samples.copy()
    expected[:, 1:] -= 0.85 * samples[:, :-1]
    emphasised = preemphasis(samples, 0.85)
    np.testing.assert_allclose(emphasised, expected)
    np.testing.assert_allclose(inverse_preemphasis(emphasised, 0.85), samples, atol=1e-12)
    single = inverse_preemphasis(emphasised.astype(np.float32), 0.85)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, samples, atol=1e-5)
