import pytest
import torch

from tests.tiny_voice import MEL
from tts.audio.mel import MelSettings
from tts.audio.mel_conversion import mel_conversion
from tts.errors import UsageError
from tts.models.denoiser import Denoiser
from tts.models.griffinlim import GriffinLim
from tts.models.vocoder import Vocoder
from tts.synthesis.vocoding import Vocoding


class Echo(Vocoder):
    """Sounds as what the first mel says, one sample after the other, and hums."""

    def forward(self, mel, generator=None, f0=None):
        return mel[:, 0].repeat_interleave(self.mel.hop_length, dim=1)

    def hum(self, n_frames=88):
        return torch.ones(1, n_frames * self.mel.hop_length)


def generator():
    return torch.Generator().manual_seed(0)


def test_the_same_mel_is_passed_on_as_it_is():
    mel = torch.randn(1, 80, 6)
    vocoding = Vocoding("echo", Echo(MEL), MEL)
    assert vocoding.warnings(0) == ()
    assert torch.equal(vocoding(mel, generator()), mel[:, 0].repeat_interleave(256, dim=1))


def test_another_mel_is_converted_and_told():
    other = MelSettings(f_max=7600.0, log="10")
    mel = torch.randn(1, 80, 6) - 3
    vocoding = Vocoding("echo", Echo(other), MEL)
    told = "echo hears another mel than this voice speaks; it was converted, which costs quality"
    assert (vocoding.warnings(0), vocoding.warnings(1)) == ((told,), ())
    expected = mel_conversion(MEL, other)(mel)
    assert torch.equal(vocoding(mel, generator()), expected[:, 0].repeat_interleave(256, dim=1))


def test_a_mel_that_cannot_be_converted_is_refused():
    with pytest.raises(UsageError, match=r"echo does not fit this voice: it makes 16000 samples a second .* 22050\."):
        Vocoding("echo", Echo(MelSettings(sample_rate=16000)), MEL)


def test_the_hum_is_taken_off_by_as_much_as_asked():
    mel = torch.randn(1, 80, 6)
    echo = Echo(MEL)
    quiet = Vocoding("echo", echo, MEL)(mel, generator(), denoise=0.4)
    assert torch.equal(quiet, Denoiser(echo)(echo(mel), 0.4))


def test_a_mel_shorter_than_a_window_is_spoken_too():
    vocoding = Vocoding("griffinlim", GriffinLim(MEL, n_iterations=2), MEL)
    assert vocoding(torch.randn(1, 80, 1) - 3, generator()).shape == (1, MEL.hop_length)
    mel = torch.randn(1, 80, 2)
    assert torch.equal(Vocoding("echo", Echo(MEL), MEL)(mel, generator()), mel[:, 0].repeat_interleave(256, dim=1))
