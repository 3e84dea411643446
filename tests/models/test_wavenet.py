import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tts.audio.companding import inverse_mulaw_codes, mulaw_codes
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.excitation import Excitation
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.models.wavenet_steps import Steps

MEL = MelSettings(n_fft=64, hop_length=8, n_mels=5)
TINY = WaveNetDimensions(
    n_outputs=6,
    n_layers=6,
    n_stacks=2,
    residual_channels=4,
    gate_channels=6,
    skip_channels=5,
    context_frames=1,
    upsample_scales=(4, 2),
)
OLDER = replace(TINY, upsampling="transposed", context_frames=0, upsample_height=3, running_skips=True)
# For a network that does not shape its sound by the mel.
NO_MEL = torch.empty(0)
KINDS = {
    "logistics": TINY,
    "mulaw": replace(TINY, output="mulaw", n_outputs=16),
    "gaussian": replace(TINY, output="gaussian", n_outputs=2, kernel_size=2),
    "older": OLDER,
}


def wavenet(dimensions):
    torch.manual_seed(0)
    return WaveNet(MEL, dimensions).eval()


def inputs(dimensions, batch=2, n_frames=6):
    generator = torch.Generator().manual_seed(1)
    mel = torch.randn(batch, MEL.n_mels, n_frames + 2 * dimensions.context_frames, generator=generator)
    samples = torch.rand(batch, n_frames * MEL.hop_length, generator=generator) * 2 - 1
    return mulaw_codes(samples, 15) if dimensions.output == "mulaw" else samples, mel


@pytest.fixture(params=sorted(KINDS))
def dimensions(request):
    return KINDS[request.param]


@torch.no_grad()
def test_one_sample_at_a_time_is_all_at_once(dimensions):
    network = wavenet(dimensions)
    samples, mel = inputs(dimensions)
    steps = Steps(network, network.condition(mel, None))
    parameters = [steps(samples[:, t], condition) for t, condition in enumerate(steps.conditions())]
    torch.testing.assert_close(torch.stack(parameters, 2), network.predict(samples, mel))


@torch.no_grad()
def test_a_generation_is_what_it_would_predict(dimensions):
    """Fed with its own samples, the network's likeliest next sample is the one that it generated."""
    network = wavenet(dimensions)
    mel = inputs(dimensions)[1]
    made = network.generate(mel, None)
    before = torch.cat([network.first_input(2)[:, None], made[:, :-1]], dim=1)
    predicted = network.distribution.likeliest(network.predict(before, mel).transpose(1, 2))
    torch.testing.assert_close(predicted, made)


@torch.no_grad()
def test_a_batch_is_its_items(dimensions):
    network = wavenet(dimensions)
    mel = inputs(dimensions)[1]
    numbers = network.distribution.random_numbers(48, 2, np.random.default_rng(3))
    whole = network.generate(mel, numbers)
    alone = [network.generate(mel[i : i + 1], [n[:, i : i + 1] for n in numbers])[0] for i in range(2)]
    torch.testing.assert_close(torch.stack(alone), whole)


@torch.no_grad()
def test_nothing_hears_the_future(dimensions):
    network = wavenet(dimensions)
    samples, mel = inputs(dimensions)
    changed = samples.clone()
    changed[:, 30:] = 0
    before, after = network.predict(samples, mel), network.predict(changed, mel)
    assert torch.equal(before[:, :, :30], after[:, :, :30])
    assert not torch.equal(before[:, :, 30:], after[:, :, 30:])


@torch.no_grad()
def test_it_speaks_a_hop_a_frame_with_its_seed(dimensions):
    network = wavenet(dimensions)
    mel = torch.randn(2, MEL.n_mels, 4)
    first, again = (network(mel, np.random.default_rng(7)) for _ in range(2))
    assert first.shape == (2, 32)
    assert first.abs().max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, network(mel, np.random.default_rng(8)))


@torch.no_grad()
def test_what_was_done_to_the_wave_is_undone():
    wave = torch.tensor([[0.1, -0.2, 0.3, 0.05]])
    emphasised = 0.55 * (wave - 0.85 * torch.nn.functional.pad(wave, (1, 0))[:, :-1])
    torch.testing.assert_close(wavenet(TINY).sound(emphasised, NO_MEL), wave)
    plain = replace(KINDS["mulaw"], preemphasis=0.0, gain=1.0)
    codes = mulaw_codes(wave, 15)
    torch.testing.assert_close(wavenet(plain).sound(codes, NO_MEL), inverse_mulaw_codes(codes, 15))


@torch.no_grad()
def test_what_the_network_knows_is_the_sound_again():
    wave = torch.rand(2, 600, generator=torch.Generator().manual_seed(0)) - 0.5
    network = wavenet(TINY)
    torch.testing.assert_close(network.sound(network.known(wave, NO_MEL), NO_MEL), wave, atol=1e-5, rtol=0)
    torch.testing.assert_close(network.known(wave, NO_MEL)[:, :1], 0.55 * wave[:, :1])
    noise = 0.01 * torch.ones(2, 600)
    torch.testing.assert_close(network.known(wave, NO_MEL, noise), network.known(wave, NO_MEL) + noise)
    # A jump may be louder than the network's samples can be.
    assert network.known(torch.tensor([[1.0, -1.0, 1.0]]), NO_MEL)[0, 2] == 1
    plain = replace(KINDS["mulaw"], preemphasis=0.0, gain=1.0)
    assert torch.equal(wavenet(plain).known(wave, NO_MEL), mulaw_codes(wave, 15))


@torch.no_grad()
def test_stretching_repeats_then_smooths():
    network = wavenet(TINY)
    upsampling = network.upsample
    for conv in upsampling.convs:
        conv.weight.zero_()
        conv.weight[..., conv.weight.shape[3] // 2] = 1
    mel = torch.randn(1, 5, 8)
    expected = upsampling.context(mel).repeat_interleave(8, dim=2)
    torch.testing.assert_close(upsampling(mel), expected)


@torch.no_grad()
def test_transposed_upsampling_of_mels_and_their_neighbours():
    network = wavenet(replace(OLDER, upsample_scales=(8,)))
    conv = network.upsample.convs[0]
    conv.bias.fill_(0.25)
    mel = torch.randn(1, 5, 3)
    # Sample i of a frame is made of the frame's mel and its two neighbours, by row and column i of the kernel.
    padded = torch.nn.functional.pad(mel, (0, 0, 1, 1))
    kernel = conv.weight[0, 0]
    expected = sum(padded[:, 2 - k : 7 - k, :, None] * kernel[k] for k in range(3)) + 0.25
    torch.testing.assert_close(network.upsample(mel), torch.relu(expected).flatten(2))


@torch.no_grad()
def test_skips_are_scaled_once_or_as_they_come():
    network, older = wavenet(TINY), wavenet(OLDER)
    ones = torch.ones(1, 5)
    assert network.add_skip(ones, ones)[0, 0] == 2
    assert network.scale_skips(ones)[0, 0].item() == pytest.approx(6**-0.5)
    assert older.add_skip(ones, ones)[0, 0].item() == pytest.approx(2**0.5)
    assert older.scale_skips(ones)[0, 0] == 1


def test_steps_up_must_make_a_hop():
    with pytest.raises(TtsError, match=r"\(4, 4\) does not make 8 samples"):
        wavenet(replace(TINY, upsample_scales=(4, 4)))


WITH_PULSES = {kind: replace(KINDS[kind], pulses=True) for kind in ("logistics", "mulaw", "gaussian")}


@pytest.mark.parametrize("kind", sorted(WITH_PULSES))
@torch.no_grad()
def test_one_sample_at_a_time_is_all_at_once_with_pulses(kind):
    dimensions = WITH_PULSES[kind]
    network = wavenet(dimensions)
    samples, mel = inputs(dimensions)
    pulses = network.excitation(mel[:, :, 1:-1], torch.full((2, 6), 400.0), torch.tensor([[0.0], [0.4]]))
    steps = Steps(network, network.condition(mel, pulses))
    parameters = [steps(samples[:, t], condition) for t, condition in enumerate(steps.conditions())]
    predicted = network.predict(samples, mel, pulses)
    torch.testing.assert_close(torch.stack(parameters, 2), predicted)
    assert not torch.allclose(predicted, network.predict(samples, mel, pulses.flip(0)))


@pytest.mark.parametrize("kind", sorted(WITH_PULSES))
@torch.no_grad()
def test_a_generation_with_pulses_is_what_it_would_predict(kind):
    network = wavenet(WITH_PULSES[kind])
    mel = inputs(network.dimensions)[1]
    pulses = network.excitation(mel[:, :, 1:-1])
    made = network.generate(mel, None, pulses)
    before = torch.cat([network.first_input(2)[:, None], made[:, :-1]], dim=1)
    predicted = network.distribution.likeliest(network.predict(before, mel, pulses).transpose(1, 2))
    torch.testing.assert_close(predicted, made)


@torch.no_grad()
def test_a_pulse_is_heard_where_the_sample_it_falls_on_is_predicted():
    network = wavenet(WITH_PULSES["logistics"])
    samples, mel = inputs(network.dimensions)
    pulses = network.excitation(mel[:, :, 1:-1])
    changed = pulses.clone()
    changed[:, :-1, 30] += 1
    before, after = network.predict(samples, mel, pulses), network.predict(samples, mel, changed)
    # The parameters at 29 are of sample 30.
    assert torch.equal(before[:, :, :29], after[:, :, :29])
    assert not torch.equal(before[:, :, 29], after[:, :, 29])


@torch.no_grad()
def test_it_speaks_with_the_pulses_of_its_pitch():
    network = wavenet(WITH_PULSES["gaussian"])
    mel = torch.randn(2, MEL.n_mels, 6)
    heard = network(mel, np.random.default_rng(7))
    told = network(mel, np.random.default_rng(7), f0=network.excitation.pitch(mel))
    assert torch.equal(heard, told)
    assert not torch.equal(heard, network(mel, np.random.default_rng(7), f0=torch.full((2, 6), 600.0)))


def test_the_published_layout_has_nothing_of_the_pulses():
    network = wavenet(TINY)
    assert not any(name.startswith("excitation") for name in network.state_dict())
    assert network.layers[0].condition.weight.shape[1] == MEL.n_mels
    assert wavenet(WITH_PULSES["logistics"]).layers[0].condition.weight.shape[1] == MEL.n_mels + Excitation.n_channels


@torch.no_grad()
def test_a_shaped_network_speaks_white_and_sounds_like_the_mel():
    """What it knows of a wave is the wave without the mel's level, and its sound has the level again."""
    network = wavenet(replace(TINY, shaping=True, preemphasis=0.0, gain=0.5))
    wave = 0.05 * torch.randn(1, 160, generator=torch.Generator().manual_seed(0))
    quiet = torch.full((1, MEL.n_mels, 20), -1.0)
    known = network.known(wave, quiet)
    torch.testing.assert_close(known, 0.5 * math.e * wave, atol=1e-5, rtol=0)
    torch.testing.assert_close(network.sound(known, quiet), wave, atol=1e-5, rtol=0)
