"""WaveGlow on the CPU against the reference."""

import pytest
import torch

from tts.kernels import execution, waveglow
from tts.kernels import waveglow_reference as reference
from tts.kernels.execution import reference_only
from tts.kernels.waveglow import FlowWeights, LayerWeights, Prepared, Upsampling, WaveGlowWeights

N_MELS, N_GROUP, HOP_LENGTH = 5, 8, 32


@pytest.fixture(autouse=True)
def _default_threads():
    yield
    execution.set_compute_threads(None)


def weights(channels=6, n_layers=4, upsample_kernel_size=128, n_conditions=None, taps=3):
    """Three flows, of which the last has two channels less; sized so that signals stay near 1."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape):
        n_inputs = shape[1] * shape[2] if len(shape) == 3 else 4
        return torch.randn(shape, generator=generator) / n_inputs**0.5

    def flow(n):
        n_inputs = n_conditions or N_MELS * N_GROUP
        layers = []
        for i in range(n_layers):
            n_out = channels if i == n_layers - 1 else 2 * channels
            shapes = (2 * channels, channels, taps), (2 * channels, n_inputs, 1), (n_out, channels, 1)
            layers.append(LayerWeights(*(t for shape in shapes for t in (drawn(*shape), drawn(shape[0])))))
        unmix = torch.linalg.qr(torch.randn(n, n, generator=generator))[0]
        ends = 0.3 * drawn(2 * (n - n // 2), channels, 1), 0.3 * drawn(2 * (n - n // 2))
        return FlowWeights(unmix, drawn(channels, n // 2, 1), drawn(channels), tuple(layers), *ends)

    kernel = torch.randn(N_MELS, N_MELS, upsample_kernel_size, generator=generator) / N_MELS**0.5
    upsampling = None if n_conditions else Upsampling(kernel, drawn(N_MELS), HOP_LENGTH)
    return WaveGlowWeights((flow(8), flow(8), flow(6)), upsampling, N_GROUP, n_early_every=2)


def inputs(n_frames, batch=1):
    generator = torch.Generator().manual_seed(1)
    groups = n_frames * HOP_LENGTH // N_GROUP
    mel = torch.randn(batch, N_MELS, n_frames, generator=generator)
    return mel, [torch.randn(batch, n, groups, generator=generator) for n in (6, 2)]


def both(w, conditioning, noise, precision="float32"):
    """The results of the fast implementation and of the reference."""
    prepared = Prepared(w, precision)
    assert prepared.fits_cpu
    fast = waveglow.infer(prepared, conditioning, noise, 0.6)
    with reference_only():
        return fast, waveglow.infer(prepared, conditioning, noise, 0.6)


def assert_same(fast, plain):
    """To five digits of the loudest."""
    torch.testing.assert_close(fast, plain, atol=1e-5 * float(plain.abs().max()), rtol=0)


@pytest.mark.parametrize("n_frames", [1, 2, 7, 30])
@pytest.mark.parametrize(("channels", "n_layers", "kernel"), [(6, 4, 128), (16, 1, 100), (5, 7, 32)])
def test_float32_is_the_reference(n_frames, channels, n_layers, kernel):
    fast, plain = both(weights(channels, n_layers, kernel), *inputs(n_frames, batch=2))
    assert fast.shape == (2, n_frames * HOP_LENGTH)
    assert plain.std() > 0.1
    assert_same(fast, plain)


def test_many_chunks_are_the_reference():
    """Chunks that end within a block, longer blocks than a chunk has steps, and edges where biases are missed."""
    fast, plain = both(weights(channels=4, n_layers=10), *inputs(1300))
    assert_same(fast, plain)


def test_conditioning_may_be_given_for_each_group():
    w = weights(n_conditions=7)
    conditioning = torch.randn(2, 7, 40, generator=torch.Generator().manual_seed(2))
    fast, plain = both(w, conditioning, inputs(10, batch=2)[1])
    assert_same(fast, plain)
    # In bfloat16 there are no frames to read, either.
    assert torch.equal(both(w, conditioning, inputs(10, batch=2)[1], "bfloat16")[0], fast)


@pytest.mark.parametrize("kernel", [128, 100, 32])
@pytest.mark.parametrize("n_frames", [1, 4, 30])
def test_bfloat16_is_near_the_reference(kernel, n_frames):
    fast, plain = both(weights(upsample_kernel_size=kernel), *inputs(n_frames, batch=2), "bfloat16")
    assert not torch.equal(fast, plain)
    assert (fast - plain).std() < 0.01 * plain.std()


def test_conditioning_from_frames_differs_only_by_rounding():
    """With weights that bfloat16 holds exactly, what is left is float32's."""
    w = weights()
    assert w.upsampling is not None
    kernel = torch.zeros_like(w.upsampling.weight)
    # A group depends on one sample of each of its four frames, with a weight of 1.
    places = torch.arange(128).view(4, 32)
    for tap in range(4):
        kernel[torch.arange(5), torch.arange(5), places[tap, tap::8, None]] = 1
    flows = tuple(
        flow._replace(layers=tuple(x._replace(condition=x.condition.bfloat16().float()) for x in flow.layers))
        for flow in w.flows
    )
    exact = w._replace(flows=flows, upsampling=w.upsampling._replace(weight=kernel))
    fast, plain = both(exact, *inputs(9), "bfloat16")
    assert_same(fast, plain)


def test_a_kernel_longer_than_four_frames_is_conditioned_on_samples():
    w, (mel, noise) = weights(upsample_kernel_size=160), inputs(9)
    assert torch.equal(both(w, mel, noise, "bfloat16")[0], both(w, mel, noise)[0])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_wave_does_not_depend_on_threads(precision):
    prepared, (mel, noise) = Prepared(weights(channels=16), precision), inputs(700)
    waves = []
    for n_threads in (1, 2, 3):
        execution.set_compute_threads(n_threads)
        waves.append(waveglow.infer(prepared, mel, noise, 0.6))
    assert torch.equal(waves[0], waves[1])
    assert torch.equal(waves[0], waves[2])


def test_the_waveform_may_be_modified_afterwards():
    prepared, (mel, noise) = Prepared(weights()), inputs(2)
    wave = waveglow.infer(prepared, mel, noise, 0.6)
    assert torch.equal(wave.clone().mul_(2), wave.mul_(2))


def test_unsupported_weights_are_computed_by_the_reference():
    mel, noise = inputs(4)
    five_taps = Prepared(weights(taps=5))
    assert not five_taps.fits_cpu
    expected = reference.infer(five_taps.weights, mel, noise, 0.6)
    assert torch.equal(waveglow.infer(five_taps, mel, noise, 0.6), expected)
