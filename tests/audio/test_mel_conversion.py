import math

import pytest
import torch

from tts.audio.mel import bin_magnitudes, magnitudes, mel_filters, mel_spectrogram, normalised
from tts.audio.mel_conversion import mel_conversion
from tts.audio.mel_settings import MelSettings, conversion_problem
from tts.errors import TtsError

NVIDIA = MelSettings()
R9Y9 = MelSettings(f_min=125.0, f_max=7600.0, log="10", floor=1e-10)
R9Y9_2018 = MelSettings(
    f_min=125.0, f_max=7600.0, log="10", lead=512, window="half_sine", mean=(-4.0,), deviation=(5.0,), limits=(0.0, 1.0)
)


def speech_like(n_samples=22050):
    """Harmonics of a gliding pitch under two resonances, and a little noise."""
    t = torch.arange(n_samples) / 22050
    phase = 2 * math.pi * torch.cumsum(120 + 60 * torch.sin(5 * t), 0) / 22050
    wave = 0.001 * torch.randn(n_samples, generator=torch.Generator().manual_seed(0))
    for k in range(1, 40):
        strength = sum(1 / (1 + ((150 * k - formant) / 300) ** 2) for formant in (500, 1500, 3500))
        wave = wave + 0.1 * strength * torch.sin(k * phase)
    return wave[None]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sample_rate": 16000}, "16000 samples a second and the voice needs 22050"),
        ({"hop_length": 300}, "its frames are 300 samples long and the voice's 256"),
        ({"n_fft": 2048}, "made of 2048 samples and the voice's of 1024"),
        ({"f_max": 11025.0}, "up to 11025 Hz and the voice says nothing above 8000 Hz"),
        ({"log": "10", "unknown_statistics": True}, "statistics that did not come with it"),
    ],
)
def test_what_cannot_be_joined_says_why(changes, reason):
    assert reason in conversion_problem(NVIDIA, MelSettings(**changes))


def test_hifigan_hears_what_tacotron_speaks():
    hifigan = MelSettings(lead=128, epsilon=1e-9)
    assert conversion_problem(NVIDIA, hifigan) is None
    assert mel_conversion(NVIDIA, hifigan) is None
    assert mel_conversion(NVIDIA, NVIDIA) is None


@pytest.mark.parametrize(("target", "decibels"), [(R9Y9, 20), (R9Y9_2018, 100)])
def test_a_converted_mel_is_near_the_true_one(target, decibels):
    wave = speech_like()
    assert conversion_problem(NVIDIA, target) is None
    converted = mel_conversion(NVIDIA, target)(mel_spectrogram(wave, NVIDIA))
    true = mel_spectrogram(wave, target)
    n = true.shape[2] - 3
    error = decibels * (converted[:, :, :n] - true[:, :, :n]).abs().mean()
    assert error < 2.0


def test_frames_are_moved_to_where_the_vocoder_looks_for_them():
    mel = torch.zeros(1, 80, 6)
    mel[:, :, 3] = 3.0
    moved = mel_conversion(NVIDIA, MelSettings(lead=512))(mel)
    assert moved.mean(1)[0].argmax() == 1
    assert moved.shape == mel.shape


def test_normalisation_is_undone():
    settings = MelSettings(n_mels=3, log="10", mean=[1.0, 2.0, 3.0], deviation=[0.5], floor=1e-9)
    magnitude = torch.rand(2, 3, 4) + 0.1
    mel = normalised(magnitude, settings)
    torch.testing.assert_close(mel[0, 1, 2], (magnitude[0, 1, 2].log10() - 2) / 0.5)
    torch.testing.assert_close(magnitudes(mel, settings), magnitude)
    assert settings == MelSettings(n_mels=3, log="10", mean=(1.0, 2.0, 3.0), deviation=(0.5,), floor=1e-9)


def test_unknown_statistics_are_not_guessed():
    with pytest.raises(TtsError, match="statistics"):
        mel_spectrogram(torch.zeros(1, 2048), MelSettings(unknown_statistics=True))


def test_bins_have_the_mels_they_came_from():
    filters = torch.from_numpy(mel_filters(NVIDIA))
    mel = filters @ torch.rand(1, 513, 5)
    bins = bin_magnitudes(mel, filters, n_iterations=200)
    assert bins.min() >= 0
    torch.testing.assert_close(filters @ bins, mel, rtol=0.02, atol=1e-5)


def test_a_lead_moves_the_frames():
    wave = torch.randn(1, 8192, generator=torch.Generator().manual_seed(0))
    usual, later = mel_spectrogram(wave, NVIDIA), mel_spectrogram(wave, MelSettings(lead=512))
    assert (usual.shape[2], later.shape[2]) == (33, 32)
    torch.testing.assert_close(later[:, :, :28], usual[:, :, 2:30])
