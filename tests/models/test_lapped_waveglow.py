import math

import numpy as np
import pytest
import torch

from tts.audio.mel_settings import MelSettings
from tts.models.lapped_waveglow import LappedTransform, LappedWaveGlow, LappedWaveGlowDimensions

MEL = MelSettings(n_fft=64, hop_length=16, n_mels=5)
TINY = LappedWaveGlowDimensions(
    channels=8, hidden=12, n_blocks=2, n_flows=3, n_layers=2, flow_channels=6, condition_channels=4
)


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = LappedWaveGlow(MEL, TINY).eval().requires_grad_(False)
    # Couplings begin as identities; these do something.
    for flow in network.flows:
        flow.transform.end.weight.normal_(std=0.1)
    return network


@pytest.fixture
def conditions(network):
    """Mel, pitch and pulses; the network in float64."""
    network.double()
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(2, MEL.n_mels, 7, generator=generator).double()
    f0 = torch.full((2, 7), 200.0).double()
    return mel, f0, network.excitation(mel, f0).double()


def test_the_transform_is_orthonormal():
    transform = LappedTransform(8)
    x = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))
    coefficients = transform(x)
    assert coefficients.shape == (3, 8, 5)
    torch.testing.assert_close(transform.inverse(coefficients), x)
    torch.testing.assert_close(coefficients.square().sum((1, 2)), x.square().sum(1))


def test_the_quadrature_is_a_quarter_of_a_period_later():
    """Of a constant tone, cosines and sines together have the same power in every frame; only cosines do not."""
    n, frequency = 32, 5.5 / 64
    tone = torch.cos(2 * math.pi * frequency * torch.arange(n * 32) + 0.3)[None]
    transform = LappedTransform(n)
    cosine, sine = transform(tone)[0, 5, 2:-2], transform.quadrature(tone)[0, 5, 2:-2]
    power = cosine.square() + sine.square()
    torch.testing.assert_close(power, power.mean().expand_as(power), rtol=1e-3, atol=0)
    assert cosine.square().std() > 0.1 * power.mean()


def test_encoding_undoes_inference(network, conditions):
    noise = network.noise(2, 7, np.random.default_rng(2))[0].double()
    mel, f0, pulses = conditions
    wave = network.infer(mel, [noise], 1.0, f0, pulses)
    assert wave.shape == (2, 7 * 16)
    torch.testing.assert_close(network.encode(mel, wave, f0, pulses).z, noise, rtol=0, atol=1e-5)


def test_the_determinant_is_that_of_the_jacobian(network, conditions):
    mel, f0, pulses = (tensor[:1] for tensor in conditions)
    wave = 0.1 * torch.randn(1, 7 * 16, generator=torch.Generator().manual_seed(3)).double()
    jacobian = torch.autograd.functional.jacobian(lambda x: network.encode(mel, x, f0, pulses).z.flatten(), wave)
    expected = torch.linalg.slogdet(jacobian.reshape(112, 112)).logabsdet
    encoding = network.encode(mel, wave, f0, pulses)
    found = sum(s.sum() for s in encoding.log_s) + sum(encoding.log_det)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)


def test_it_speaks_at_the_pitch_it_is_given(network):
    mel = torch.zeros(1, MEL.n_mels, 60)
    f0 = torch.full((1, 60), 441.0)
    wave = network.infer(mel, network.noise(1, 60), 0.0, f0, network.excitation(mel, f0))[0]
    spectrum = torch.fft.rfft(wave[:950].double()).abs()
    # 950 samples are 19 periods of 50.
    harmonics = spectrum[19::19].square().sum()
    assert harmonics > 0.95 * spectrum.square().sum()


def test_noise_comes_from_the_generator(network):
    mel = torch.zeros(1, MEL.n_mels, 4)
    first, again = (network(mel, np.random.default_rng(5)) for _ in range(2))
    other = network(mel, np.random.default_rng(6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
