import math

import librosa
import numpy as np
import pytest
import torch

from tts.audio.mel import (
    analysis_window,
    bin_magnitudes,
    hann_window,
    inverse_stft,
    magnitudes,
    mel_conversion,
    mel_filters,
    mel_spectrogram,
    normalised,
    numpy_inverse_stft,
    numpy_mel_spectrogram,
    numpy_stft,
    overlap_add,
    stft,
)
from tts.audio.mel_settings import LOG_FLOOR, MelSettings, conversion_problem
from tts.errors import TtsError


@pytest.mark.parametrize(
    "settings", [MelSettings(), MelSettings(24000, 2048, 300, 100, 50.0, 12000.0)], ids=["tacotron2", "other"]
)
def test_filters_are_librosas(settings):
    expected = librosa.filters.mel(
        sr=settings.sample_rate, n_fft=settings.n_fft, n_mels=settings.n_mels, fmin=settings.f_min, fmax=settings.f_max
    )
    np.testing.assert_allclose(mel_filters(settings), expected, atol=1e-8)


def test_mel_spectrogram_is_librosas():
    settings = MelSettings()
    samples = np.random.default_rng(0).normal(0, 0.1, 5000).astype(np.float32)
    magnitude = np.abs(librosa.stft(samples, n_fft=1024, hop_length=256, pad_mode="reflect"))
    expected = np.log(np.maximum(mel_filters(settings) @ magnitude, LOG_FLOOR))
    made = mel_spectrogram(torch.from_numpy(samples)[None], settings)[0].numpy()
    assert made.shape == (80, 1 + 5000 // 256)
    np.testing.assert_allclose(made, expected, atol=1e-3)


def noise(n_samples):
    return np.random.default_rng(0).normal(0, 0.1, n_samples)


@pytest.mark.parametrize("settings", [MelSettings(), MelSettings(sample_rate=16000, n_mels=40)])
def test_the_mel_without_pytorch_is_the_same(settings):
    samples = noise(5000)
    expected = mel_spectrogram(torch.as_tensor(samples)[None], settings)[0].numpy()
    found = numpy_mel_spectrogram(np.asarray(samples, np.float32), settings)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_r9y9s_mel_is_librosas_in_base_ten():
    settings = MelSettings(f_min=125.0, f_max=7600.0, log="10", floor=1e-10)
    magnitude = np.abs(librosa.stft(noise(5000), n_fft=1024, hop_length=256, pad_mode="reflect"))
    expected = np.log10(np.maximum(mel_filters(settings) @ magnitude, 1e-10))
    made = mel_spectrogram(torch.from_numpy(noise(5000))[None], settings)[0].numpy()
    np.testing.assert_allclose(made, expected, atol=1e-6)


def test_hifigans_mel_frame_by_frame():
    settings = MelSettings(lead=128, epsilon=1e-9)
    padded = np.pad(noise(2048), 384, mode="reflect")
    frames = np.stack([padded[256 * t : 256 * t + 1024] for t in range(8)], axis=1)
    spectrum = np.fft.rfft(frames * hann_window(1024, dtype=torch.float64).numpy()[:, None], axis=0)
    expected = np.log(np.maximum(mel_filters(settings) @ np.sqrt(np.abs(spectrum) ** 2 + 1e-9), 1e-5))
    made = mel_spectrogram(torch.from_numpy(noise(2048))[None], settings)[0].numpy()
    assert made.shape == (80, 8)
    np.testing.assert_allclose(made, expected, atol=1e-9)


def test_the_half_sine_overlaps_to_one():
    window = analysis_window(MelSettings(window="half_sine"), torch.zeros((), dtype=torch.float64))
    torch.testing.assert_close(window.view(4, 256).square().sum(0), torch.ones(256, dtype=torch.float64))
    torch.testing.assert_close(window, window.flip(0))


def test_silence_is_the_floor():
    made = mel_spectrogram(torch.zeros(1, 2048), MelSettings())
    assert torch.equal(made, torch.full_like(made, float(np.log(np.float32(LOG_FLOOR)))))


def test_inverse_gives_the_samples_back():
    samples = torch.randn(2, 4096, generator=torch.Generator().manual_seed(0))
    back = inverse_stft(stft(samples, 1024, 256), 1024, 256, 4096)
    torch.testing.assert_close(back, samples, atol=1e-5, rtol=0)


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


def test_hifigan_accepts_the_mel_of_tacotron():
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


def test_frames_are_moved_to_where_the_vocoder_expects_them():
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


SIZES = [(1024, 256, 40), (64, 16, 5), (100, 30, 7), (64, 40, 6)]


@pytest.mark.parametrize(("n_fft", "hop_length", "n_hops"), SIZES)
def test_the_spectrum_is_the_same(n_fft, hop_length, n_hops):
    samples = np.random.default_rng(0).standard_normal(n_hops * hop_length, dtype=np.float32)
    expected = stft(torch.from_numpy(samples)[None], n_fft, hop_length)[0].T.numpy()
    made = numpy_stft(samples, n_fft, hop_length)
    assert made.dtype == np.complex64
    np.testing.assert_allclose(made, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("n_fft", "hop_length", "n_hops"), SIZES)
def test_the_samples_are_the_same(n_fft, hop_length, n_hops):
    random = np.random.default_rng(0)
    spectrum = random.standard_normal((n_hops + 1, n_fft // 2 + 1, 2), dtype=np.float32).view(np.complex64)[..., 0]
    length = n_hops * hop_length
    expected = inverse_stft(torch.from_numpy(spectrum.T.copy())[None], n_fft, hop_length, length)[0].numpy()
    made = numpy_inverse_stft(spectrum, n_fft, hop_length, length)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, atol=1e-5, rtol=1e-4)


def test_frames_are_added_where_they_overlap():
    frames = np.array([[1, 2, 3], [10, 20, 30]], np.float32)
    assert overlap_add(frames, 2).tolist()[:5] == [1, 2, 13, 20, 30]
    assert overlap_add(frames, 3).tolist() == [1, 2, 3, 10, 20, 30]
