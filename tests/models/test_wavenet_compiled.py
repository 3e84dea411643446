"""The compiled loop against the PyTorch loop, which is the definition."""

import math

import numpy as np
import pytest
import torch

from tests.models.test_wavenet import KINDS, inputs, wavenet
from tts.kernels.cpu.wavenet import _sigmoid, _tanh
from tts.models import wavenet_compiled, wavenet_steps
from tts.models.wavenet import compiled_loop


@torch.no_grad()
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_draws_what_the_plain_loop_draws(kind):
    """Over more samples than the condition is projected for at once, for every item of a batch."""
    network = wavenet(KINDS[kind])
    condition = network.condition(inputs(KINDS[kind], batch=3, n_frames=40)[1], None)
    numbers = network.distribution.random_numbers(320, 3, np.random.default_rng(3))
    plain = wavenet_steps.generate(network, condition, numbers)
    compiled = wavenet_compiled.generate(network, condition, numbers)
    assert compiled.dtype == plain.dtype
    assert len(compiled.unique()) > 10
    torch.testing.assert_close(compiled, plain, rtol=0, atol=1e-5)


@torch.no_grad()
def test_scales_are_held_as_in_the_plain_loop():
    dimensions = KINDS["gaussian"].__class__(**{**vars(KINDS["gaussian"]), "sampling_log_scale_min": 1.0})
    network = wavenet(dimensions)
    condition = network.condition(inputs(dimensions)[1], None)
    numbers = network.distribution.random_numbers(48, 2, np.random.default_rng(3))
    plain = wavenet_steps.generate(network, condition, numbers)
    torch.testing.assert_close(wavenet_compiled.generate(network, condition, numbers), plain, rtol=0, atol=1e-5)


def test_only_float32_on_the_cpu_is_compiled():
    assert compiled_loop(torch.zeros(1)) is wavenet_compiled.generate
    assert compiled_loop(torch.zeros(1, dtype=torch.float64)) is None
    assert compiled_loop(torch.zeros(1, device="meta")) is None


def test_tanh_and_sigmoid_are_good_to_six_digits():
    x = np.linspace(-20, 20, 20001, dtype=np.float32)
    tanh = np.array([_tanh.py_func(value) for value in x])
    np.testing.assert_allclose(tanh, np.tanh(x), atol=1e-6)
    assert math.isclose(_sigmoid(np.float32(0.5)), 1 / (1 + math.exp(-0.5)), abs_tol=1e-6)
