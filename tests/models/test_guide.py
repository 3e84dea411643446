from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.models.test_wavenet import TINY
from tts.audio.mel_settings import MelSettings
from tts.models import wavenet_steps
from tts.models.excitation import MelEnvelope, driving
from tts.models.guide import Guide
from tts.models.source_filter import SourceFilter
from tts.models.vocos import VocosDimensions
from tts.models.wavenet import WaveNet

MEL = MelSettings(n_fft=64, hop_length=8, n_mels=5)
SIZES = VocosDimensions(channels=6, hidden=8, n_blocks=1)


@pytest.fixture
def heard():
    torch.manual_seed(0)
    return torch.randn(2, 5, 30), torch.full((2, 30), 300.0), torch.tensor([[0.25], [0.5]])


@torch.no_grad()
def test_harmonics_are_the_speech_without_its_noise(heard):
    mel, f0, phase = heard
    source = SourceFilter(MEL, SIZES)
    spoken = [source(mel, np.random.default_rng(seed), f0, phase) for seed in range(400)]
    rest = (torch.stack(spoken).mean(0) - source.harmonics(mel, f0, phase)).square().mean()
    # The mean of 400 draws has a twentieth of their deviation left.
    assert rest < 2 / 400 * torch.stack(spoken).var(0).mean()


@torch.no_grad()
def test_a_guide_gives_pulses_and_whitened_harmonics(heard):
    mel, f0, phase = heard
    guide = Guide(MEL, SIZES, level=2.0)
    channels = guide(mel, f0, phase)
    assert channels.shape == (2, guide.n_channels, 240)
    assert torch.equal(channels[:, :3], driving(f0, MEL, phase))
    white = MelEnvelope(MEL)(guide.source.harmonics(mel, f0, phase), mel, undo=True)
    torch.testing.assert_close(channels[:, 3], 2 * white)
    assert torch.equal(guide(mel), guide(mel, guide.pitch(mel)))


@torch.no_grad()
def test_a_guided_network_says_one_sample_after_the_other_what_it_would_predict(heard):
    dimensions = replace(TINY, guide_blocks=1, guide_channels=6, guide_hidden=8, shaping=True, preemphasis=0.0)
    network = WaveNet(MEL, dimensions).eval()
    mel, _, _ = heard
    pulses = network.excitation(mel)
    padded = torch.nn.functional.pad(mel, (1, 1), mode="replicate")
    numbers = network.distribution.random_numbers(240, 2, np.random.default_rng(1))
    made = network.generate(padded, numbers, pulses)
    torch.testing.assert_close(made, wavenet_steps.generate(network, network.condition(padded, pulses), numbers))
    before = torch.cat([network.first_input(2)[:, None], made[:, :-1]], dim=1)
    predicted = network.predict(before, padded, pulses).transpose(1, 2)
    drawn = torch.stack([network.distribution.sample(predicted[:, t], [n[t] for n in numbers]) for t in range(240)], 1)
    torch.testing.assert_close(drawn, made, atol=1e-4, rtol=0)
    assert network(mel).shape == (2, 240)
