import math

import numpy as np
import pytest
import torch

from tests.tiny_voice import MEL, VOCODER, WAVEGLOW
from tts.audio.mel import mel_spectrogram
from tts.audio.pitch import fundamental_frequency
from tts.models.griffinlim import GriffinLim
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.source_filter import PitchFromMel, SourceFilter, pulse_train
from tts.models.vocos import Vocos, VocosDimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions

VOCODERS = {
    "griffinlim": lambda: GriffinLim(MEL, n_iterations=3),
    "vocos": lambda: Vocos(MEL, VocosDimensions(**VOCODER)),
    "source_filter": lambda: SourceFilter(MEL, VocosDimensions(**VOCODER)),
    "waveglow": lambda: WaveGlow(MEL, WaveGlowDimensions(**WAVEGLOW)),
    "hifigan": lambda: HiFiGAN(MEL, HiFiGANDimensions(8, (8, 8, 4), (16, 16, 8))),
}


@pytest.fixture(params=sorted(VOCODERS))
def vocoder(request):
    torch.manual_seed(0)
    return VOCODERS[request.param]().eval()


def a_mel(batch=1, n_frames=12):
    return torch.randn(batch, MEL.n_mels, n_frames, generator=torch.Generator().manual_seed(1)) - 4


@pytest.mark.parametrize("n_frames", [3, 12])
def test_gives_a_hop_of_samples_a_frame(vocoder, n_frames):
    wave = vocoder(a_mel(2, n_frames), np.random.default_rng(0))
    assert wave.shape == (2, n_frames * MEL.hop_length)
    assert torch.isfinite(wave).all()


def test_same_seed_same_samples(vocoder):
    first, again = (vocoder(a_mel(), np.random.default_rng(7)) for _ in range(2))
    assert torch.equal(first, again)


def test_griffin_lim_finds_a_tone_again():
    t = torch.arange(256 * 40) / MEL.sample_rate
    tone = 0.3 * torch.sin(2 * math.pi * 600 * t)[None]
    mel = mel_spectrogram(tone, MEL)[:, :, :40]
    made = GriffinLim(MEL, n_iterations=30)(mel, np.random.default_rng(0))
    inner = slice(8, 32)
    # 0.35 in log magnitude is 3 dB: the loudest mels of the tone come back at their level.
    loud = mel[0, :, inner] > mel.max() - 2
    difference = (mel_spectrogram(made, MEL)[0, :, :40][:, inner] - mel[0, :, inner]).abs()
    assert difference[loud].max() < 0.35


def test_pulse_train_is_the_sum_of_its_harmonics():
    f0 = torch.full((1, 4), 5000.0)
    made = pulse_train(f0, hop_length=256, sample_rate=22050)
    phase = 2 * math.pi * 5000.0 / 22050 * torch.arange(1, 1025, dtype=torch.float64)
    expected = torch.cos(phase) + torch.cos(2 * phase)
    torch.testing.assert_close(made[0], expected.float(), atol=1e-3, rtol=0)


def test_pulse_train_has_the_pitch_asked_for():
    made = pulse_train(torch.full((1, 60), 210.0), 256, 22050)[0].numpy()
    np.testing.assert_allclose(fundamental_frequency(made / 100, 22050, 256)[4:-4], 210, rtol=0.005)


def test_source_filter_sounds_at_the_pitch_it_is_driven_with():
    torch.manual_seed(0)
    vocoder = SourceFilter(MEL, VocosDimensions(**VOCODER)).eval()
    mel = torch.full((1, MEL.n_mels, 60), -3.0)
    # Untrained, the noise is about as loud as the pulses: silence it to hear the pitch.
    n_bins = MEL.n_fft // 2 + 1
    vocoder.head.bias.data[n_bins : 2 * n_bins] = -20
    wave = vocoder(mel, np.random.default_rng(0), f0=torch.full((1, 60), 150.0))[0].detach().numpy()
    np.testing.assert_allclose(fundamental_frequency(wave, 22050, 256)[6:-6], 150, rtol=0.01)


def test_pitch_from_mel_stays_in_four_octaves():
    torch.manual_seed(0)
    pitch = PitchFromMel(80)
    pitch.out.weight.data.mul_(1000)
    f0 = pitch(a_mel(n_frames=30))
    assert 45 - 1e-3 <= f0.min() < f0.max() <= 720 + 1e-3
