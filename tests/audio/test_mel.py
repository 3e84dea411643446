import librosa
import numpy as np
import pytest
import torch

from tts.audio.mel import analysis_window, hann_window, inverse_stft, mel_filters, mel_spectrogram, stft
from tts.audio.mel_settings import LOG_FLOOR, MelSettings
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


@pytest.mark.parametrize("changes", [{"log": "2"}, {"window": "flat"}])
def test_words_without_meaning_are_refused(changes):
    with pytest.raises(TtsError, match="no mel of the logarithm"):
        MelSettings(**changes)


def test_silence_is_the_floor():
    made = mel_spectrogram(torch.zeros(1, 2048), MelSettings())
    assert torch.equal(made, torch.full_like(made, float(np.log(np.float32(LOG_FLOOR)))))


def test_inverse_gives_the_samples_back():
    samples = torch.randn(2, 4096, generator=torch.Generator().manual_seed(0))
    back = inverse_stft(stft(samples, 1024, 256), 1024, 256, 4096)
    torch.testing.assert_close(back, samples, atol=1e-5, rtol=0)
