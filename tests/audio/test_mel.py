import librosa
import numpy as np
import pytest
import torch

from tts.audio.mel import LOG_FLOOR, MelSettings, inverse_stft, mel_filters, mel_spectrogram, stft


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


def test_silence_is_the_floor():
    made = mel_spectrogram(torch.zeros(1, 2048), MelSettings())
    assert torch.equal(made, torch.full_like(made, float(np.log(np.float32(LOG_FLOOR)))))


def test_inverse_gives_the_samples_back():
    samples = torch.randn(2, 4096, generator=torch.Generator().manual_seed(0))
    back = inverse_stft(stft(samples, 1024, 256), 1024, 256, 4096)
    torch.testing.assert_close(back, samples, atol=1e-5, rtol=0)
