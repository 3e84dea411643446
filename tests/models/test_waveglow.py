import copy

import numpy as np
import pytest
import torch

from tests.models.rounding import rounding_bound
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.kernels.execution import reference_only
from tts.models.waveglow import InvertibleConv, WaveGlow, WaveGlowDimensions
from tts.training.losses import waveglow_loss

MEL = MelSettings(n_fft=64, hop_length=16, n_mels=5)
TINY = WaveGlowDimensions(
    n_flows=5, n_group=8, n_early_every=2, n_early_size=2, n_layers=2, channels=6, upsample_kernel_size=64
)


def waveglow(dimensions=TINY):
    """Random in every weight, also in those that start as zeros."""
    torch.manual_seed(0)
    network = WaveGlow(MEL, dimensions)
    for flow in network.flows:
        torch.nn.init.normal_(flow.transform.end.weight, std=0.1)
        torch.nn.init.normal_(flow.mix.weight, std=0.2)
        flow.mix.weight.data += torch.eye(len(flow.mix.weight))[:, :, None]
    return network.eval()


def inputs(batch=2, n_frames=6):
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(batch, MEL.n_mels, n_frames, generator=generator)
    return mel, 0.1 * torch.randn(batch, n_frames * MEL.hop_length, generator=generator)


def split_as_drawn(z, dimensions):
    """z of `encode` as the noise of `infer`: what left early comes last, and the latest of it first."""
    n_early = sum(dimensions.is_early_output(k) for k in range(dimensions.n_flows))
    early = z[:, : n_early * dimensions.n_early_size].chunk(n_early, dim=1) if n_early else ()
    return [z[:, n_early * dimensions.n_early_size :], *reversed(early)]


@pytest.mark.parametrize(
    "dimensions", [TINY, WaveGlowDimensions(2, 4, 4, 2, 1, 4, 3, 64), WaveGlowDimensions(3, 8, 1, 2, 1, 4, 3, 48)]
)
@torch.no_grad()
def test_inference_undoes_encoding(dimensions):
    network = waveglow(dimensions).double()
    mel, audio = (tensor.double() for tensor in inputs())
    drawn = split_as_drawn(network.encode(mel, audio).z, dimensions)
    assert [z.shape for z in drawn] == [z.shape for z in network.noise(2, 6)]
    torch.testing.assert_close(network.infer(mel, drawn, sigma=1.0), audio)


def test_likelihood_is_what_the_jacobian_says():
    network = waveglow().double()
    mel, audio = (t[:1].double() for t in inputs(n_frames=2))
    jacobian = torch.autograd.functional.jacobian(lambda a: network.encode(mel, a).z.flatten(), audio)
    z = network.encode(mel, audio).z.flatten()
    expected = (
        torch.distributions.Normal(z.new_tensor(0.0), z.new_tensor(0.7)).log_prob(z).sum()
        + torch.linalg.slogdet(jacobian[:, 0])[1]
    )
    torch.testing.assert_close(network.log_likelihood(mel, audio, sigma=0.7)[0], expected)
    constant = z.numel() * 0.5 * torch.log(torch.tensor(2 * torch.pi * 0.49, dtype=torch.float64))
    torch.testing.assert_close(waveglow_loss(network.encode(mel, audio), sigma=0.7), -(expected + constant) / z.numel())


@torch.no_grad()
def test_a_batch_is_its_items():
    network = waveglow().double()
    mel, audio = (tensor.double() for tensor in inputs(batch=3))
    noise = [z.double() for z in network.noise(3, mel.shape[2], np.random.default_rng(0))]
    together = network.infer(mel, noise, 0.6)
    for i in range(3):
        single = network.infer(mel[i : i + 1], [z[i : i + 1] for z in noise], 0.6)
        torch.testing.assert_close(single[0], together[i])
    torch.testing.assert_close(network.log_likelihood(mel, audio)[1:2], network.log_likelihood(mel[1:2], audio[1:2]))


def test_a_shorter_audio_is_encoded_by_the_first_frames():
    network = waveglow()
    mel, audio = inputs(n_frames=6)
    assert network.encode(mel, audio[:, :40]).z.shape == (2, 8, 5)


def test_an_untrained_flow_only_mixes():
    torch.manual_seed(0)
    network = WaveGlow(MEL, TINY)
    encoding = network.encode(*inputs())
    assert all(torch.equal(s, torch.zeros_like(s)) for s in encoding.log_s)
    torch.testing.assert_close(torch.stack(encoding.log_det), torch.zeros(5), atol=1e-4, rtol=0)


@torch.no_grad()
def test_the_inverse_follows_its_weight():
    torch.manual_seed(0)
    conv = InvertibleConv(4).eval()
    x = torch.randn(1, 4, 3)

    def undone():
        """Up to rounding, which a matrix and its inverse enlarge by their condition number, in two sums of 4 terms."""
        unit = torch.finfo(x.dtype).eps * float(torch.linalg.cond(conv.weight[:, :, 0].double()))
        return (conv.inverse(conv(x)[0]) - x).abs().max() <= 8 * unit * x.abs().max()

    assert undone()
    conv.load_state_dict({"weight": 3 * torch.randn(4, 4, 1)})
    assert undone()
    x = x.double()
    assert conv.double().inverse(x).dtype == torch.float64
    assert undone()
    # While training nothing is cached; and what was cached before is gone.
    conv.train()
    conv.weight.mul_(2)
    assert undone()
    conv.weight.mul_(2)
    assert undone()
    conv = copy.deepcopy(conv.eval())
    assert undone()


def test_the_hum_leaves_the_global_random_numbers_as_they_are():
    network = waveglow()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    network.hum(4)
    assert torch.equal(torch.rand(3), expected)


LARGE_GROUPS = WaveGlowDimensions(
    n_flows=4, n_group=128, n_early_every=2, n_early_size=8, n_layers=2, channels=6, condition_channels=10
)
HOP_256 = MelSettings(n_fft=1024, hop_length=256, n_mels=5)


def waveglow_with_pulses():
    """Groups of 128 samples at a hop of 256, random in every weight, and a mel, its pulses, a wave."""
    torch.manual_seed(0)
    network = WaveGlow(HOP_256, LARGE_GROUPS)
    for flow in network.flows:
        torch.nn.init.normal_(flow.transform.end.weight, std=0.1)
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(2, 5, 6, generator=generator)
    pulses = network.excitation(mel, torch.full((2, 6), 170.0), torch.tensor([[0.0], [0.3]]))
    return network.eval(), mel, pulses, 0.1 * torch.randn(2, 6 * 256, generator=generator)


@torch.no_grad()
def test_inference_undoes_encoding_in_large_groups_with_pulses():
    network, mel, pulses, audio = waveglow_with_pulses()
    network, mel, pulses, audio = network.double(), mel.double(), pulses.double(), audio.double()
    encoding = network.encode(mel, audio, pulses)
    drawn = split_as_drawn(encoding.z, LARGE_GROUPS)
    assert [z.shape for z in drawn] == [(2, 120, 12), (2, 8, 12)] == [z.shape for z in network.noise(2, 6)]
    torch.testing.assert_close(network.infer(mel, drawn, 1.0, pulses), audio)
    # Other pulses, other speech.
    assert (network.infer(mel, drawn, 1.0, pulses.flip(0)) - audio).abs().max() > 0.01


def test_likelihood_with_pulses_is_what_the_jacobian_says():
    network, mel, pulses, audio = waveglow_with_pulses()
    network, mel, pulses, audio = (
        network.double(),
        mel[:1, :, :1].double(),
        pulses[:1, :, :256].double(),
        audio[:1, :256],
    )
    audio = audio.double()
    jacobian = torch.autograd.functional.jacobian(lambda a: network.encode(mel, a, pulses).z.flatten(), audio)
    z = network.encode(mel, audio, pulses).z.flatten()
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum() + torch.linalg.slogdet(jacobian[:, 0])[1]
    torch.testing.assert_close(network.log_likelihood(mel, audio, pulses=pulses)[0], expected)


@torch.no_grad()
def test_it_speaks_with_the_pulses_of_its_pitch():
    network, mel, _, _ = waveglow_with_pulses()
    wave = network(mel, np.random.default_rng(3))
    noise = network.noise(2, 6, np.random.default_rng(3))
    expected = network.infer(mel, noise, LARGE_GROUPS.sigma, network.excitation(mel)).clamp(-1, 1)
    assert torch.equal(wave, expected)
    other = network(mel, np.random.default_rng(3), f0=torch.full((2, 6), 300.0))
    assert not torch.equal(wave, other)


@torch.no_grad()
def test_each_group_is_conditioned_on_its_own_pulses():
    """With blocks that add nothing, a changed sample changes its group and the two beside it."""
    network, mel, pulses, _ = waveglow_with_pulses()
    for block in network.upsample.blocks:
        block.scale.zero_()
    changed = pulses.clone()
    changed[:, 0, 5 * 128 + 7] += 1
    difference = (network.upsample(mel, 1536, changed) - network.upsample(mel, 1536, pulses)).abs().amax((0, 1))
    assert torch.nonzero(difference > 1e-6)[:, 0].tolist() == [4, 5, 6]


def test_a_frame_must_be_a_multiple_of_groups():
    mel = MelSettings(n_fft=1024, hop_length=200, n_mels=5)
    with pytest.raises(TtsError, match="groups of 128 samples do not make 200 samples"):
        WaveGlow(mel, LARGE_GROUPS)


def test_the_published_layout_has_nothing_of_the_pulses():
    names = set(WaveGlow(MEL, TINY).state_dict())
    assert not any(name.startswith("excitation") for name in names)
    assert {n for n in names if n.startswith("upsample")} == {"upsample.stretch.weight", "upsample.stretch.bias"}


@torch.no_grad()
@pytest.mark.parametrize("chunk_frames", [5, 64])
def test_a_stream_is_the_inference_in_chunks(chunk_frames):
    network = waveglow().double()
    mel = inputs(n_frames=33)[0].double()
    noise = [z.double() for z in network.noise(2, 33, np.random.default_rng(2))]
    # Five flows of three groups and three frames of a kernel of four.
    assert network.reach() == (11, 8)
    chunks = list(network.stream(mel, noise, 0.6, chunk_frames))
    assert [chunk.shape[1] // 16 for chunk in chunks] == [chunk_frames] * (33 // chunk_frames) + [33 % chunk_frames]
    torch.testing.assert_close(torch.cat(chunks, 1), network.infer(mel, noise, 0.6))


@torch.no_grad()
def test_a_stream_without_context_is_not_the_inference():
    network = waveglow()
    mel, _ = inputs(n_frames=33)
    noise = network.noise(2, 33, np.random.default_rng(2))
    cut = torch.cat(list(network.stream(mel, noise, 0.6, 5, context=(0, 0))), 1)
    assert (cut - network.infer(mel, noise, 0.6)).abs().max() > 1e-3


@torch.no_grad()
def test_a_stream_has_its_pulses():
    network, mel, pulses, _ = waveglow_with_pulses()
    network.double()
    mel, pulses = mel.double().repeat(1, 1, 9), pulses.double().repeat(1, 1, 9)
    noise = [z.double() for z in network.noise(2, 54, np.random.default_rng(2))]
    streamed = torch.cat(list(network.stream(mel, noise, 0.6, 7, pulses=pulses)), 1)
    torch.testing.assert_close(streamed, network.infer(mel, noise, 0.6, pulses))


@torch.no_grad()
def test_speaking_follows_its_weights():
    """However they change: written to, loaded, moved to another type."""
    network = waveglow()
    mel, _ = inputs()
    noise = network.noise(2, 6, np.random.default_rng(2))

    def reference(network):
        with reference_only():
            return network.infer(mel, noise, 0.6)

    def speaks_as_the_reference(tolerance=None):
        wave, expected = network.infer(mel, noise, 0.6), reference(network)
        assert wave.dtype == expected.dtype == mel.dtype
        bound = rounding_bound(network, reference) if tolerance is None else tolerance
        torch.testing.assert_close(wave, expected, atol=bound, rtol=0)
        return wave

    before = speaks_as_the_reference()
    network.flow(1).transform.start.weight.mul_(2)
    written = speaks_as_the_reference()
    assert not torch.equal(written, before)
    network.flow(2).mix.weight.mul_(2)
    assert not torch.equal(speaks_as_the_reference(), written)
    network.load_state_dict(waveglow().state_dict())
    assert torch.equal(speaks_as_the_reference(), before)
    network.double()
    mel, noise = mel.double(), [z.double() for z in noise]
    speaks_as_the_reference(1e-12)


def test_with_gradients_it_is_the_modules_that_speak():
    network = waveglow()
    mel, _ = inputs()
    noise = network.noise(2, 6)
    wave = network.infer(mel, noise, 0.6)
    bound = rounding_bound(network, lambda network: network.infer(mel, noise, 0.6))
    wave.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    with torch.no_grad():
        torch.testing.assert_close(network.infer(mel, noise, 0.6), wave.detach(), atol=bound, rtol=0)
