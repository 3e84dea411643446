import numpy as np
import pytest

from tts.audio.pitch import fill_unvoiced, fundamental_frequency


def buzz(f0, seconds=0.5, sample_rate=22050):
    t = np.arange(int(seconds * sample_rate)) / sample_rate
    return sum(np.sin(2 * np.pi * f0 * k * t) / k for k in range(1, 9)).astype(np.float32) * 0.1


@pytest.mark.parametrize("f0", [90.0, 180.0, 331.0])
def test_finds_the_pitch_of_a_buzz(f0):
    found = fundamental_frequency(buzz(f0), 22050, 256)
    assert len(found) == 1 + 11025 // 256
    np.testing.assert_allclose(found[4:-4], f0, rtol=0.005)


def test_noise_and_silence_are_unvoiced():
    noise = np.random.default_rng(0).normal(0, 0.1, 11025).astype(np.float32)
    assert (fundamental_frequency(noise, 22050, 256) > 0).mean() < 0.1
    assert not fundamental_frequency(np.zeros(4096, np.float32), 22050, 256).any()


def test_gaps_are_filled_in_log_frequency():
    filled = fill_unvoiced(np.array([0, 100, 0, 400, 0], np.float32))
    np.testing.assert_allclose(filled, [100, 100, 200, 400, 400], rtol=1e-6)
