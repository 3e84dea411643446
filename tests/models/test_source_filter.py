import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_voice import MEL as HEART_MEL
from tests.tiny_voice import VOCODER
from tts.audio.mel import stft
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fundamental_frequency
from tts.errors import TtsError
from tts.models.source_filter import (
    Excitation,
    Guide,
    MelEnvelope,
    PitchFromMel,
    SourceFilter,
    SourceFilterDimensions,
    cepstral_smoothing,
    cycles,
    dirichlet_kernel,
    excitation_channels,
    interpolate,
    pulse_train,
    sample_gains,
)

MEL = MelSettings(sample_rate=8000, n_fft=64, hop_length=16, n_mels=5)
SIZES = SourceFilterDimensions(channels=6, hidden=8, n_blocks=1)


def test_phase_is_the_sum_of_the_pitch():
    f0 = torch.tensor([[100.0, 200.0, 200.0]])
    phase, f0_samples = cycles(f0, 4, 1000)
    expected = torch.tensor([[100.0, 125, 150, 175, *[200] * 8]], dtype=torch.float64)
    torch.testing.assert_close(f0_samples, expected)
    torch.testing.assert_close(phase, torch.cumsum(expected / 1000, 1))


def test_the_initial_phase_is_added_and_may_change():
    f0 = torch.full((2, 3), 125.0)
    plain, f0_samples = cycles(f0, 16, 8000)
    begun, same = cycles(f0, 16, 8000, torch.tensor([[0.25], [0.5]]))
    torch.testing.assert_close(begun - plain, torch.tensor([[0.25], [0.5]]).double().expand(2, 48))
    assert torch.equal(same, f0_samples)
    moving = torch.rand(2, 48, dtype=torch.float64)
    torch.testing.assert_close(cycles(f0, 16, 8000, moving)[0] - plain, moving)


def test_the_phase_does_not_drift_over_a_long_sentence():
    """Ten minutes at a pitch that float32 would round."""
    phase, _ = cycles(torch.full((1, 8000 * 600 // 16), 123.4), 16, 8000)
    f0 = float(torch.tensor(123.4))
    assert float(phase[0, -1]) == pytest.approx(f0 * 600, abs=2e-5)


def test_there_is_a_pulse_per_period_where_the_phase_is_an_integer():
    pulses = pulse_train(torch.full((1, 100), 100.0), 16, 8000, torch.tensor([[0.5]]))[0]
    highest = torch.nonzero(pulses > 0.9 * pulses.max())[:, 0]
    # A period is 80 samples; sample 0 has already advanced by one step, and the phase began half a period on.
    assert highest.tolist() == list(range(39, 1600, 80))
    assert float(pulses.max()) == 40


def test_the_kernel_is_its_sum():
    phase = torch.linspace(-1.3, 2.7, 401, dtype=torch.float64)
    expected = torch.stack([torch.cos(2 * math.pi * k * phase) for k in range(1, 8)]).sum(0)
    made = dirichlet_kernel(phase, torch.full((401,), 7.0))
    torch.testing.assert_close(made, expected.float(), atol=2e-4, rtol=0)


@torch.no_grad()
def test_an_excitation_is_pulses_of_unit_power_and_their_phase():
    torch.manual_seed(0)
    excitation = Excitation(MEL)
    mel = torch.randn(2, 5, 100)
    f0 = torch.tensor([[100.0], [250.0]]).expand(2, 100)
    pulses, cos, sin = excitation(mel, f0, torch.tensor([[0.25], [0.0]])).unbind(1)
    assert pulses.shape == (2, 1600)
    # 40 and 16 harmonics over complete periods; the topmost, at half the sample rate, has twice the power.
    torch.testing.assert_close(pulses.square().mean(1), torch.tensor([41 / 40, 17 / 16]), atol=1e-3, rtol=0)
    phase, _ = cycles(f0, 16, 8000, torch.tensor([[0.25], [0.0]]))
    torch.testing.assert_close(cos, torch.cos(2 * math.pi * phase).float(), atol=1e-5, rtol=0)
    torch.testing.assert_close(sin, torch.sin(2 * math.pi * phase).float(), atol=1e-5, rtol=0)


@torch.no_grad()
def test_an_excitation_without_a_pitch_predicts_it_from_the_mel():
    torch.manual_seed(0)
    excitation = Excitation(MEL)
    mel = torch.randn(1, 5, 20)
    assert torch.equal(excitation(mel), excitation(mel, excitation.pitch(mel)))


def test_smoothing_keeps_a_slope_and_removes_a_ripple():
    smoothing = cepstral_smoothing(80, 20)
    j = torch.arange(80)
    slow, fast = torch.cos(math.pi / 80 * (j + 0.5) * 19), torch.cos(math.pi / 80 * (j + 0.5) * 20)
    torch.testing.assert_close(smoothing @ slow, slow, atol=1e-5, rtol=0)
    torch.testing.assert_close(smoothing @ fast, torch.zeros(80), atol=1e-5, rtol=0)


def test_an_envelope_gives_the_mels_level_and_undoes_it():
    """A flat mel of log 3 is a gain of 3."""
    envelope = MelEnvelope(MEL)
    wave = torch.randn(1, 320, generator=torch.Generator().manual_seed(0))
    mel = torch.full((1, 5, 20), math.log(3.0))
    torch.testing.assert_close(envelope(wave, mel), 3 * wave, atol=1e-4, rtol=0)
    torch.testing.assert_close(envelope(wave, mel, undo=True), wave / 3, atol=1e-4, rtol=0)


def test_an_envelope_colours():
    """What a rising mel does to white noise: the upper half of the spectrum gains what the mel says, about."""
    settings = MelSettings(sample_rate=8000, n_fft=256, hop_length=64, n_mels=40, f_max=4000.0)
    slope = torch.linspace(-2, 2, 40)
    wave = torch.randn(1, 64 * 400, generator=torch.Generator().manual_seed(0))
    made = MelEnvelope(settings)(wave, slope[None, :, None].expand(1, 40, 400))
    power = torch.fft.rfft(made[0]).abs().square()
    eighth = len(power) // 8
    assert 0.5 * math.log(power[-eighth:].mean() / power[:eighth].mean()) == pytest.approx(3.2, abs=0.5)


def test_pulse_train_is_the_sum_of_its_harmonics():
    f0 = torch.full((1, 4), 5000.0)
    made = pulse_train(f0, hop_length=256, sample_rate=22050)
    phase = 2 * math.pi * 5000.0 / 22050 * torch.arange(1, 1025, dtype=torch.float64)
    expected = torch.cos(phase) + torch.cos(2 * phase)
    torch.testing.assert_close(made[0], expected.float(), atol=1e-3, rtol=0)


def test_pulse_train_has_the_requested_pitch():
    made = pulse_train(torch.full((1, 60), 210.0), 256, 22050)[0].numpy()
    np.testing.assert_allclose(fundamental_frequency(made / 100, 22050, 256)[4:-4], 210, rtol=0.005)


def test_source_filter_sounds_at_the_pitch_it_is_driven_with():
    torch.manual_seed(0)
    vocoder = SourceFilter(HEART_MEL, SourceFilterDimensions(**VOCODER)).eval()
    mel = torch.full((1, HEART_MEL.n_mels, 60), -3.0)
    # Untrained, the noise is about as loud as the pulses: silence it to measure the pitch.
    n_bins = HEART_MEL.n_fft // 2 + 1
    vocoder.head.bias.data[n_bins : 2 * n_bins] = -20
    wave = vocoder(mel, np.random.default_rng(0), f0=torch.full((1, 60), 150.0))[0].detach().numpy()
    np.testing.assert_allclose(fundamental_frequency(wave, 22050, 256)[6:-6], 150, rtol=0.01)


def test_interpolation_gives_straight_lines():
    made = interpolate(torch.tensor([[0.0, 4.0, 2.0], [1.0, 1.0, 5.0]]), 4)
    assert made.tolist() == [[0, 1, 2, 3, 4, 3.5, 3, 2.5], [1, 1, 1, 1, 1, 2, 3, 4]]


def test_sample_gains_are_lines_of_log_gains_through_the_frames():
    """Two frames of four samples with two steps each; of the third frame only the first step counts."""
    gains = sample_gains(torch.tensor([[[0.0, 1.0], [2.0, 0.0], [-2.0, 9.0]]]), 4)
    torch.testing.assert_close(gains.log(), torch.tensor([[0, 0.5, 1, 1.5, 2, 1, 0, -1]]))


ENVELOPED = replace(SIZES, envelope_steps=4)


def with_envelope(source, log_gains):
    """The network with constant log gains [2 * envelope_steps] within frames."""
    enveloped = SourceFilter(source.mel, ENVELOPED)
    missing, unexpected = enveloped.load_state_dict(source.state_dict(), strict=False)
    assert (sorted(missing), unexpected) == (["envelope.bias", "envelope.weight"], [])
    # The bound is that of a hyperbolic tangent.
    enveloped.envelope.bias.data = 3 * torch.atanh(torch.tensor(log_gains) / 3)
    return enveloped


@torch.no_grad()
def test_gains_within_frames_begin_at_1(conditions):
    mel, f0, phase = conditions
    source = SourceFilter(GUIDE_MEL, SIZES)
    assert "envelope.weight" not in source.state_dict()
    enveloped = SourceFilter(GUIDE_MEL, ENVELOPED)
    enveloped.load_state_dict(source.state_dict(), strict=False)
    spoken, expected = (each(mel, np.random.default_rng(0), f0, phase) for each in (enveloped, source))
    assert torch.equal(spoken, expected)


@torch.no_grad()
def test_constant_gains_within_frames_scale_pulses_and_noise(conditions):
    mel, f0, phase = conditions
    source = SourceFilter(GUIDE_MEL, SIZES)
    doubled = with_envelope(source, [math.log(2)] * 4 + [-math.log(4)] * 4)
    pulses = source.harmonics(mel, f0, phase)
    torch.testing.assert_close(doubled.harmonics(mel, f0, phase), 2 * pulses)
    noise = source(mel, np.random.default_rng(0), f0, phase) - pulses
    expected = 2 * pulses + noise / 4
    torch.testing.assert_close(doubled(mel, np.random.default_rng(0), f0, phase), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_gains_apply_to_the_sources_before_their_transform(conditions):
    mel, f0, _ = conditions
    uneven = with_envelope(SourceFilter(GUIDE_MEL, SIZES), [2.0, 1.0, -1.0, -2.5, 0.5, 0.0, 0.0, -0.5])
    shaping = uneven.shaping(mel, f0)
    logs = torch.tensor([2.0, 1.5, 1.0, 0.0, -1.0, -1.75, -2.5, -0.25])
    torch.testing.assert_close(shaping.pulse_gain.log(), logs.repeat(30).expand(2, 240), atol=1e-5, rtol=1e-5)
    noise = torch.randn(2, 240)
    expected = shaping.noise_filter * stft(noise * shaping.noise_gain, 64, 8) * (4 / 64)
    torch.testing.assert_close(uneven.noise_spectrum(shaping, noise), expected)


def test_log_gains_within_frames_are_bounded(conditions):
    mel, f0, _ = conditions
    network = SourceFilter(GUIDE_MEL, ENVELOPED)
    network.envelope.bias.data[:] = torch.tensor([100.0, -100.0]).repeat_interleave(4)
    shaping = network.shaping(mel, f0)
    torch.testing.assert_close(shaping.pulse_gain, torch.full((2, 240), math.exp(3)))
    torch.testing.assert_close(shaping.noise_gain, torch.full((2, 240), math.exp(-3)))


@pytest.mark.parametrize("n_steps", [3, -2, 16])
def test_steps_that_do_not_divide_a_hop_are_refused(n_steps):
    with pytest.raises(TtsError, match=rf"envelope_steps, {n_steps}, must divide 8"):
        SourceFilter(GUIDE_MEL, replace(SIZES, envelope_steps=n_steps))


def test_pitch_from_mel_stays_in_four_octaves():
    torch.manual_seed(0)
    pitch = PitchFromMel(80)
    pitch.out.weight.data.mul_(1000)
    f0 = pitch(torch.randn(1, 80, 30, generator=torch.Generator().manual_seed(1)) - 4)
    assert 45 - 1e-3 <= f0.min() < f0.max() <= 720 + 1e-3


GUIDE_MEL = MelSettings(n_fft=64, hop_length=8, n_mels=5)


@pytest.fixture
def conditions():
    """A mel, its pitch and the phase at the start."""
    torch.manual_seed(0)
    return torch.randn(2, 5, 30), torch.full((2, 30), 300.0), torch.tensor([[0.25], [0.5]])


@torch.no_grad()
def test_harmonics_are_the_speech_without_its_noise(conditions):
    mel, f0, phase = conditions
    source = SourceFilter(GUIDE_MEL, SIZES)
    spoken = [source(mel, np.random.default_rng(seed), f0, phase) for seed in range(400)]
    rest = (torch.stack(spoken).mean(0) - source.harmonics(mel, f0, phase)).square().mean()
    # The mean of 400 draws has a twentieth of their deviation left.
    assert rest < 2 / 400 * torch.stack(spoken).var(0).mean()


@torch.no_grad()
@pytest.mark.parametrize("sizes", [SIZES, ENVELOPED], ids=["plain", "gains within frames"])
def test_a_guide_gives_pulses_and_whitened_harmonics(conditions, sizes):
    mel, f0, phase = conditions
    guide = Guide(GUIDE_MEL, sizes, level=2.0)
    if sizes.envelope_steps:
        torch.nn.init.normal_(guide.source.envelope.weight)
    channels = guide(mel, f0, phase)
    assert channels.shape == (2, guide.n_channels, 240)
    assert torch.equal(channels[:, :3], excitation_channels(f0, GUIDE_MEL, phase))
    white = MelEnvelope(GUIDE_MEL)(guide.source.harmonics(mel, f0, phase), mel, undo=True)
    torch.testing.assert_close(channels[:, 3], 2 * white)
    assert torch.equal(guide(mel), guide(mel, guide.pitch(mel)))
