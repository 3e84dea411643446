import math

import numpy as np
import torch

from tests.tiny_voice import MEL
from tts.audio.mel import mel_spectrogram
from tts.models.griffinlim import GriffinLim


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
