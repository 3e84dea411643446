"""The step that a CUDA graph would record, without the graph, against the reference. No GPU is needed."""

import copy

import pytest
import torch

from tests.models.test_waveglow import MEL, TINY, waveglow, waveglow_with_pulses
from tts.kernels import waveglow as kernel
from tts.kernels import waveglow_reference as reference
from tts.kernels.cuda import waveglow as cuda
from tts.kernels.execution import reference_only
from tts.models.waveglow import WaveGlowDimensions, kernel_weights

# Its convolutions reach further than the padding.
DEEP = WaveGlowDimensions(
    n_flows=4, n_group=8, n_early_every=2, n_early_size=2, n_layers=5, channels=6, upsample_kernel_size=64
)


def inputs(network, batch, n_frames):
    generator = torch.Generator().manual_seed(n_frames)
    mel = torch.randn(batch, MEL.n_mels, n_frames, generator=generator)
    groups = n_frames * MEL.hop_length // network.dimensions.n_group
    return mel, [torch.randn(batch, c, groups, generator=generator) for c in early_channels(network.dimensions)]


def early_channels(dimensions):
    n_early = sum(dimensions.is_early_output(k) for k in range(dimensions.n_flows))
    return [dimensions.n_group - n_early * dimensions.n_early_size, *[dimensions.n_early_size] * n_early]


@pytest.fixture(scope="module", params=[TINY, DEEP], ids=["tiny", "deep"])
def network(request):
    return waveglow(request.param)


@pytest.mark.parametrize("n_frames", [1, 6, 31, 32, 33, 40])
@torch.no_grad()
def test_padding_does_not_change_the_waveform(network, n_frames):
    weights = kernel_weights(network)
    mel, noise = inputs(network, 2, n_frames)
    computed = cuda.infer(cuda.GraphedWaveGlow(weights), mel, noise, 0.7)
    expected = reference.infer(weights, mel, noise, 0.7)
    assert computed.shape == (2, n_frames * MEL.hop_length)
    torch.testing.assert_close(computed, expected, rtol=0, atol=1e-5)


@torch.no_grad()
def test_a_longer_utterance_leaves_nothing_behind(network):
    """Lengths of one bucket share their tensors, and nothing of a longer utterance may remain."""
    graphed = cuda.GraphedWaveGlow(kernel_weights(network))
    mel, noise = inputs(network, 1, 20)
    first = cuda.infer(graphed, mel, noise, 0.7)
    copied_first = first.clone()
    cuda.infer(graphed, *inputs(network, 1, 32), 0.7)
    assert torch.equal(first, copied_first)
    assert torch.equal(cuda.infer(graphed, mel, noise, 0.7), copied_first)
    assert graphed.graph(mel, noise) is graphed.graph(*inputs(network, 1, 31))
    assert graphed.graph(mel, noise) is not graphed.graph(*inputs(network, 1, 33))


@torch.no_grad()
def test_not_even_infinity_leaves_the_padding(network):
    graphed = cuda.GraphedWaveGlow(kernel_weights(network))
    mel, noise = inputs(network, 1, 20)
    expected = cuda.infer(graphed, mel, noise, 0.7)
    run = graphed.graph(mel, noise)
    for padded in run.noise:
        padded[:, :, 40:] = torch.inf
    run._replay()
    assert torch.equal(run.wave[:, :320], expected)


@torch.no_grad()
def test_conditioning_may_be_given_for_each_group():
    network, mel, pulses, _ = waveglow_with_pulses()
    weights = kernel_weights(network)
    conditioning = network.upsample(mel, mel.shape[2] * network.mel.hop_length, pulses)
    generator = torch.Generator().manual_seed(0)
    noise = [torch.randn(2, channels, 12, generator=generator) for channels in early_channels(network.dimensions)]
    computed = cuda.infer(cuda.GraphedWaveGlow(weights), conditioning, noise, 1.0)
    torch.testing.assert_close(computed, reference.infer(weights, conditioning, noise, 1.0), rtol=0, atol=1e-5)


@torch.no_grad()
def test_layers_in_bfloat16_are_near(network):
    weights = kernel_weights(network)
    mel, noise = inputs(network, 1, 20)
    expected = reference.infer(weights, mel, noise, 0.7)
    computed = cuda.infer(cuda.GraphedWaveGlow(weights, torch.bfloat16), mel, noise, 0.7)
    assert computed.dtype == torch.float32
    assert 0 < (computed - expected).square().mean().sqrt() < 0.02 * expected.square().mean().sqrt()


def test_a_graph_serves_inside_and_outside_of_inference_mode(network):
    mel, noise = inputs(network, 1, 20)
    with torch.inference_mode():
        graphed = cuda.GraphedWaveGlow(kernel_weights(network))
        first = cuda.infer(graphed, mel, noise, 0.7)
    assert torch.equal(cuda.infer(graphed, mel, noise, 0.7), first)


def test_the_network_uses_its_graphs_until_a_weight_changes(monkeypatch):
    """As on a GPU where they are enabled."""
    monkeypatch.setattr(kernel, "cuda_kernels_chosen", lambda device: True)
    network = waveglow()
    mel, noise = inputs(network, 1, 6)

    @torch.no_grad()
    def equal_to_the_reference():
        computed = network.infer(mel, noise, 0.7)
        monkeypatch.setattr(kernel, "cuda_kernels_chosen", lambda device: False)
        with reference_only():
            expected = network.infer(mel, noise, 0.7)
        monkeypatch.setattr(kernel, "cuda_kernels_chosen", lambda device: True)
        torch.testing.assert_close(computed, expected, rtol=0, atol=1e-5)
        return computed

    first = equal_to_the_reference()
    with torch.no_grad():
        network.flow(0).mix.weight.mul_(2)
        network.flow(1).transform.start.weight.mul_(2)
    assert not torch.allclose(equal_to_the_reference(), first)


@torch.no_grad()
def test_a_copy_has_graphs_of_its_own(network):
    graphed = cuda.GraphedWaveGlow(kernel_weights(network))
    mel, noise = inputs(network, 1, 20)
    expected = cuda.infer(graphed, mel, noise, 0.7)
    copied = copy.deepcopy(graphed)
    assert torch.equal(cuda.infer(copied, mel, noise, 0.7), expected)
    assert copied.graph(mel, noise) is not graphed.graph(mel, noise)
