"""What holds for every vocoder network."""

import numpy as np
import pytest
import torch

from tests.tiny_voice import MEL, VOCODER, WAVEGLOW
from tts.models.griffinlim import GriffinLim
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.source_filter import SourceFilter, SourceFilterDimensions
from tts.models.vocos import Vocos, VocosDimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions

VOCODERS = {
    "griffinlim": lambda: GriffinLim(MEL, n_iterations=3),
    "vocos": lambda: Vocos(MEL, VocosDimensions(**VOCODER)),
    "source_filter": lambda: SourceFilter(MEL, SourceFilterDimensions(**VOCODER)),
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
