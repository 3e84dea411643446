"""The Fourier transforms in NumPy are those of `tts.audio.mel`."""

import numpy as np
import pytest
import torch

from tts.audio import mel, spectra

SIZES = [(1024, 256, 40), (64, 16, 5), (100, 30, 7), (64, 40, 6)]


@pytest.mark.parametrize(("n_fft", "hop_length", "n_hops"), SIZES)
def test_the_spectrum_is_the_same(n_fft, hop_length, n_hops):
    samples = np.random.default_rng(0).standard_normal(n_hops * hop_length, dtype=np.float32)
    expected = mel.stft(torch.from_numpy(samples)[None], n_fft, hop_length)[0].T.numpy()
    made = spectra.stft(samples, n_fft, hop_length)
    assert made.dtype == np.complex64
    np.testing.assert_allclose(made, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("n_fft", "hop_length", "n_hops"), SIZES)
def test_the_samples_are_the_same(n_fft, hop_length, n_hops):
    random = np.random.default_rng(0)
    spectrum = random.standard_normal((n_hops + 1, n_fft // 2 + 1, 2), dtype=np.float32).view(np.complex64)[..., 0]
    length = n_hops * hop_length
    expected = mel.inverse_stft(torch.from_numpy(spectrum.T.copy())[None], n_fft, hop_length, length)[0].numpy()
    made = spectra.inverse_stft(spectrum, n_fft, hop_length, length)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, atol=1e-5, rtol=1e-4)


def test_frames_are_added_where_they_overlap():
    frames = np.array([[1, 2, 3], [10, 20, 30]], np.float32)
    assert spectra.overlap_add(frames, 2).tolist()[:5] == [1, 2, 13, 20, 30]
    assert spectra.overlap_add(frames, 3).tolist() == [1, 2, 3, 10, 20, 30]
