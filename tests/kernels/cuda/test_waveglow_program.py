"""The Triton programs in Triton's interpreter, against the same in PyTorch. No GPU takes part."""

import pytest
import torch

from tests.kernels.cuda.test_waveglow import inputs
from tests.models.test_waveglow import TINY, waveglow
from tts.kernels.cuda import waveglow as cuda
from tts.kernels.cuda import waveglow_program as program
from tts.models.waveglow import kernel_weights


@pytest.fixture
def _small_blocks(monkeypatch):
    monkeypatch.setattr(program, "BLOCK", 8)


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize("layer", [0, 2])
def test_gates(layer):
    heard, told, gated = random(2, 6, 11), random(2, 18, 11), torch.zeros(2, 9, 11)
    expected = gated.clone()
    cuda.gate(heard, told, expected, layer)
    program.gate(heard, told, gated, layer)
    torch.testing.assert_close(gated, expected, rtol=0, atol=1e-6)


@pytest.mark.usefixtures("_small_blocks")
def test_additions_up_to_the_end():
    x, residual, beyond = random(2, 3, 11), random(2, 3, 11), torch.arange(11) > 7
    residual[:, :, 9] = torch.nan
    expected = x.clone()
    cuda.add(expected, residual, beyond)
    program.add(x, residual, beyond)
    assert torch.equal(x, expected)
    assert x[:, :, 8:].abs().max() == 0


@torch.no_grad()
def test_a_network_speaks_the_same_with_them(monkeypatch):
    weights = kernel_weights(waveglow(TINY))
    mel, noise = inputs(waveglow(TINY), 1, 3)
    expected = cuda.infer(cuda.GraphedWaveGlow(weights), mel, noise, 0.7)
    monkeypatch.setattr(cuda, "between_convolutions", lambda device: (program.gate, program.add))
    made = cuda.infer(cuda.GraphedWaveGlow(weights), mel, noise, 0.7)
    torch.testing.assert_close(made, expected, rtol=0, atol=1e-6)
