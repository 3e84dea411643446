"""The Triton programs in Triton's interpreter, against the same in PyTorch; and compiled for a GPU, but not run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.kernels.cuda.test_waveglow import inputs
from tests.models.test_waveglow import TINY, waveglow
from tts.kernels import waveglow_reference as reference
from tts.kernels.cuda import triton_program as program
from tts.kernels.cuda import waveglow as cuda
from tts.models.waveglow import kernel_weights

# What the smallest GPUs that have tensor cores for bfloat16 (compute capability 8.6) let a program have.
SHARED_BYTES = 99 * 1024


@pytest.fixture
def _small_blocks(monkeypatch):
    monkeypatch.setattr(program, "GROUPS_PER_PROGRAM", 8)


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize("layer", [0, 2])
def test_gates(layer):
    convolved, conditions, gated = random(2, 6, 11), random(2, 18, 11), torch.zeros(2, 9, 11)
    expected = gated.clone()
    cuda.gate(convolved, conditions, expected, layer)
    program.gate(convolved, conditions, gated, layer)
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
def test_a_network_computes_the_same_with_them(monkeypatch):
    """As exactly as with PyTorch's own operations: how far rounding moves a wave depends on the network, so it is
    measured against float64."""
    network = waveglow(TINY)
    weights, (mel, noise) = kernel_weights(network), inputs(network, 1, 3)
    exact = reference.infer(kernel_weights(network.double()), mel.double(), [z.double() for z in noise], 0.7)

    def error():
        wave = cuda.infer(cuda.GraphedWaveGlow(weights), mel, noise, 0.7)
        return (wave - exact).square().mean().sqrt()

    plain = error()
    monkeypatch.setattr(cuda, "between_convolutions", lambda device: (program.gate, program.add))
    # Operations that round as often as PyTorch's move a wave about as far.
    assert error() < 3 * plain
    assert plain < 1e-5 * exact.abs().max()


def test_the_wavenet_program_is_compiled_for_a_gpu(tmp_path):
    """In a process of its own, because Triton interprets in this one."""
    environment = {**os.environ, "TRITON_CACHE_DIR": str(tmp_path)}
    environment.pop("TRITON_INTERPRET")
    command = [sys.executable, "-m", "tests.kernels.cuda.compiled", "sm_90"]
    root = Path(__file__).parents[3]
    printed = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True).stdout
    columns = [line.split("\t") for line in printed.splitlines()]
    programs = {name: (int(shared), int(products)) for name, shared, products in columns}
    assert list(programs) == ["logistics float32", "classes bfloat16"]
    assert all(shared <= SHARED_BYTES for shared, _ in programs.values())
    # Tensor cores multiply bfloat16, but not float32, which they would round.
    assert [products > 0 for _, products in programs.values()] == [False, True]
