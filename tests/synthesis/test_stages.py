import numpy as np
import pytest
import torch

from tests.tiny_voice import MEL
from tts.audio.mel import mel_conversion
from tts.audio.mel_settings import MelSettings
from tts.errors import UsageError
from tts.models.base import Vocoder
from tts.models.denoiser import Denoiser
from tts.models.griffinlim import GriffinLim
from tts.models.torch_network import TorchVocoder
from tts.synthesis.two_stage import VoiceVocoder


class Echo(Vocoder):
    """Sounds as what the first mel says, one sample after the other, and hums."""

    mel = None

    def __init__(self, mel):
        self.mel = mel

    def __call__(self, mel, generator, f0=None, streams=1):
        return np.repeat(mel[:, 0], self.mel.hop_length, axis=1)

    def hum(self):
        return np.ones((1, 88 * self.mel.hop_length), np.float32)


def generator():
    return np.random.default_rng(0)


def a_mel(n_frames=6):
    return generator().standard_normal((1, 80, n_frames), np.float32)


def test_the_same_mel_is_passed_on_as_it_is():
    mel = a_mel()
    vocoder = VoiceVocoder("echo", Echo(MEL), MEL)
    assert vocoder.warnings(0) == ()
    assert np.array_equal(vocoder(mel, generator()), np.repeat(mel[:, 0], 256, axis=1))


def test_another_mel_is_converted_with_a_warning():
    other = MelSettings(f_max=7600.0, log="10")
    mel = a_mel() - 3
    vocoder = VoiceVocoder("echo", Echo(other), MEL)
    warning = "echo needs another mel than this voice makes; it was converted, which costs quality"
    assert (vocoder.warnings(0), vocoder.warnings(1)) == ((warning,), ())
    expected = mel_conversion(MEL, other)(torch.tensor(mel)).numpy()
    assert np.array_equal(vocoder(mel, generator()), np.repeat(expected[:, 0], 256, axis=1))


def test_a_mel_that_cannot_be_converted_is_refused():
    with pytest.raises(UsageError, match=r"echo does not fit this voice: it makes 16000 samples a second .* 22050\."):
        VoiceVocoder("echo", Echo(MelSettings(sample_rate=16000)), MEL)


def test_as_much_noise_is_removed_as_requested():
    mel = a_mel()
    echo = Echo(MEL)
    denoiser = Denoiser(torch.tensor(echo.hum()), MEL.n_fft)
    quiet = VoiceVocoder("echo", echo, MEL)(mel, generator(), denoise=0.4)
    assert np.array_equal(quiet, denoiser(torch.tensor(echo(mel, generator())), 0.4).numpy())


def test_a_mel_shorter_than_a_window_is_spoken_too():
    vocoder = VoiceVocoder("griffinlim", TorchVocoder(GriffinLim(MEL, n_iterations=2)), MEL)
    assert vocoder(a_mel(1) - 3, generator()).shape == (1, MEL.hop_length)
    mel = a_mel(2)
    assert np.array_equal(VoiceVocoder("echo", Echo(MEL), MEL)(mel, generator()), np.repeat(mel[:, 0], 256, axis=1))
