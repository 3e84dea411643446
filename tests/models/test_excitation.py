import math

import pytest
import torch

from tts.audio.mel_settings import MelSettings
from tts.models.excitation import Excitation, MelEnvelope, cepstral_smoothing, cycles, dirichlet_kernel, pulse_train

MEL = MelSettings(sample_rate=8000, n_fft=64, hop_length=16, n_mels=5)


def test_phase_is_the_sum_of_the_pitch():
    f0 = torch.tensor([[100.0, 200.0, 200.0]])
    phase, f0_samples = cycles(f0, 4, 1000)
    expected = torch.tensor([[100.0, 125, 150, 175, *[200] * 8]], dtype=torch.float64)
    torch.testing.assert_close(f0_samples, expected)
    torch.testing.assert_close(phase, torch.cumsum(expected / 1000, 1))


def test_the_phase_begins_where_it_is_told_and_moves_as_it_is_told():
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


def test_there_is_a_pulse_a_period_and_it_is_where_the_phase_is_whole():
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
    # 40 and 16 harmonics over whole periods; the topmost, at half the sample rate, has twice the power of the others.
    torch.testing.assert_close(pulses.square().mean(1), torch.tensor([41 / 40, 17 / 16]), atol=1e-3, rtol=0)
    phase, _ = cycles(f0, 16, 8000, torch.tensor([[0.25], [0.0]]))
    torch.testing.assert_close(cos, torch.cos(2 * math.pi * phase).float(), atol=1e-5, rtol=0)
    torch.testing.assert_close(sin, torch.sin(2 * math.pi * phase).float(), atol=1e-5, rtol=0)


@torch.no_grad()
def test_an_excitation_without_a_pitch_hears_it_in_the_mel():
    torch.manual_seed(0)
    excitation = Excitation(MEL)
    mel = torch.randn(1, 5, 20)
    assert torch.equal(excitation(mel), excitation(mel, excitation.pitch(mel)))


def test_smoothing_keeps_a_slope_and_takes_a_ripple():
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
