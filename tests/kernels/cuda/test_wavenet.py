"""The Triton program in Triton's interpreter, against the reference. No GPU is needed."""

from dataclasses import replace

import pytest
import torch

from tests.models.test_wavenet import TINY, inputs, wavenet
from tts.kernels import wavenet as kernel
from tts.kernels import wavenet_reference as reference
from tts.kernels.cuda import wavenet as cuda
from tts.kernels.cuda.wavenet import skip_scales
from tts.kernels.execution import reference_only
from tts.kernels.wavenet import Conditions, Layer, Weights

R, G, S = 4, 6, 5
N_OUTPUTS = {"mulaw": 11, "logistics": 6, "gaussian": 2}
NOISE_COLUMNS = {"mulaw": 1, "logistics": 3, "gaussian": 1}


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


def random_weights(kind, n_channels, n_taps=3, dilations=(1, 2), running_skips=False):
    layers = tuple(
        Layer(
            dilation,
            *(0.3 * random(G, R, n_taps, seed=k), 0.3 * random(G, seed=k)),
            *(0.3 * random(G, n_channels, 1, seed=k), 0.3 * random(G, seed=k + 10)),
            *(0.5 * random(R, G // 2, 1, seed=k), 0.3 * random(R, seed=k)),
            *(random(S, G // 2, 1, seed=k), 0.3 * random(S, seed=k)),
        )
        for k, dilation in enumerate(dilations)
    )
    n_inputs = N_OUTPUTS["mulaw"] if kind == "mulaw" else 1
    ends = (random(R, n_inputs, 1), random(R)), (random(S, S, 1), random(S)), (random(N_OUTPUTS[kind], S, 1),)
    first, hidden, last = ends
    return Weights(kind, running_skips, -3.0, *first, layers, *hidden, *last, random(N_OUTPUTS[kind]))


def at_sample_rate(batch, n_channels, n):
    return Conditions(torch.zeros(batch, 0, 0), torch.zeros(1, n, 0), random(batch, n_channels, n), 1)


def in_frames(batch, n_channels, n_frames, hop, n_more):
    """Spread as for all streams; beyond the ends there are no frames."""
    spread = torch.rand(1, n_frames * hop, 3, generator=torch.Generator().manual_seed(0))
    return Conditions(random(batch, n_channels, n_frames), spread, random(batch, n_more, n_frames * hop), hop)


def random_noise(kind, batch, n):
    shape, generator = (batch, n, NOISE_COLUMNS[kind]), torch.Generator().manual_seed(5)
    noise = torch.rand if kind == "mulaw" else torch.randn
    return noise(shape, dtype=torch.float64, generator=generator)


def assert_equal(weights, conditions, noise):
    expected = reference.generate(weights, conditions, noise).samples
    generated = cuda.generate(weights, conditions, noise).samples
    assert generated.dtype == expected.dtype
    assert len(expected.unique()) > 3
    torch.testing.assert_close(generated, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", sorted(N_OUTPUTS))
def test_it_generates_what_the_reference_generates(kind):
    assert_equal(random_weights(kind, 5), at_sample_rate(2, 5, 8), random_noise(kind, 2, 8))


def test_skips_that_are_scaled_as_they_come_and_two_taps():
    weights = random_weights("logistics", 3, n_taps=2, dilations=(1, 2), running_skips=True)
    assert_equal(weights, at_sample_rate(1, 3, 8), random_noise("logistics", 1, 8))


def test_frames_are_mixed_beside_channels_at_sample_rate(monkeypatch):
    """The frames come in several parts, and the loop goes on from one to the next."""
    monkeypatch.setattr(cuda, "MOST_FRAMES", 2)
    weights = random_weights("gaussian", 6, dilations=(1, 2))
    assert_equal(weights, in_frames(2, 4, 3, hop=4, n_more=2), random_noise("gaussian", 2, 12))


def test_more_streams_than_a_program_has():
    weights = random_weights("gaussian", 2, dilations=(1,))
    assert_equal(weights, at_sample_rate(cuda.STREAMS + 2, 2, 4), random_noise("gaussian", cuda.STREAMS + 2, 4))


def test_a_negative_number_selects_the_likeliest_class():
    weights, conditions = random_weights("mulaw", 2, dilations=(1,)), at_sample_rate(3, 2, 6)
    noise = torch.full((3, 6, 1), -1.0, dtype=torch.float64)
    expected = reference.generate(weights, conditions, noise).samples
    assert torch.equal(cuda.generate(weights, conditions, noise).samples, expected)


def test_weights_of_sixteen_bits_are_near(monkeypatch):
    """In float16, because Triton's interpreter cannot multiply bfloat16."""
    monkeypatch.setitem(cuda.FORMATS, "bfloat16", torch.float16)
    weights, conditions = random_weights("gaussian", 2, dilations=(1,)), at_sample_rate(2, 2, 4)
    noise = random_noise("gaussian", 2, 4)
    exact, rounded = (
        cuda.generate(weights, conditions, noise, precision=precision).samples for precision in ("float32", "bfloat16")
    )
    torch.testing.assert_close(rounded, exact, rtol=0, atol=0.01)
    assert not torch.equal(rounded, exact)


def test_the_scale_of_each_skip_in_all():
    """((a + b) √½ + c) √½ against (a + b + c) / √3."""
    torch.testing.assert_close(skip_scales(3, running=True), torch.tensor([0.5, 0.5, 0.5**0.5]))
    torch.testing.assert_close(skip_scales(3, running=False), torch.full((3,), 3**-0.5))


@torch.no_grad()
def test_a_network_generates_the_same_by_its_program(monkeypatch):
    """As on a GPU where it is enabled: mel frames are mixed."""
    network = wavenet(replace(TINY, n_layers=2, n_stacks=1))
    mel = inputs(network.dimensions, batch=1, n_frames=2)[1]
    numbers = (torch.full((16, 1, 2), 0.3), torch.full((16, 1), 0.6))
    with reference_only():
        expected = network.generate(mel, numbers)
    monkeypatch.setattr(kernel, "_implementation", lambda weights, forced: cuda.generate)
    torch.testing.assert_close(network.generate(mel, numbers), expected, rtol=0, atol=1e-5)


def test_a_gpu_uses_the_program_where_it_is_enabled(monkeypatch):
    weights = random_weights("gaussian", 2)
    weights.first = torch.zeros(1, device="meta")
    assert kernel._implementation(weights) is reference.generate
    monkeypatch.setattr(kernel, "cuda_kernels_chosen", lambda device: True)
    assert kernel._implementation(weights) is cuda.generate
    # Forced samples are for checks, and for the reference.
    assert kernel._implementation(weights, torch.zeros(1)) is reference.generate
    weights.first = weights.first.double()
    assert kernel._implementation(weights) is reference.generate
