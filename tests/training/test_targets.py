"""The phase of recordings is found from wave and F0."""

import math

import numpy as np
import pytest
import torch

from tts.models.source_filter import cycles, pulse_train
from tts.training.targets import phase_offset

SAMPLE_RATE, HOP = 22050, 256
N_FRAMES = 80


def vowel(f0, start):
    """Return a voice whose fundamental is cos(2 π phase), with louder harmonics of other phases, and that phase [n]."""
    phase = cycles(f0, HOP, SAMPLE_RATE)[0][0] + start
    gains = {1: 0.1, 2: 0.3, 3: 0.2, 4: 0.05, 7: 0.1}
    wave = sum(g * torch.cos(2 * math.pi * (k * phase + 0.17 * (k - 1))) for k, g in gains.items())
    return wave.float()[None], phase


def distance(found, phase):
    """Return the distance in cycles, at most half a cycle."""
    return torch.remainder(found - phase + 0.5, 1) - 0.5


def glide():
    return torch.linspace(180.0, 230.0, N_FRAMES)[None]


# Without the first and last frames, whose windows reach over the ends: they have the nearest offset.
INNER = slice(3 * HOP, -4 * HOP)


@pytest.mark.parametrize("start", [0.0, 0.3, 0.9])
def test_a_known_phase_is_found(start):
    f0 = glide()
    wave, _ = vowel(f0, start)
    offset = phase_offset(wave, f0, torch.ones_like(f0, dtype=torch.bool), SAMPLE_RATE)
    assert offset.shape == wave.shape
    assert distance(offset[0], torch.tensor(start)).abs().max() < 0.01


def test_a_wrong_pitch_is_corrected():
    """The sum of an F0 that is 1.5 % too high is off by two and a half periods at the end; the pulses are not."""
    f0 = glide()
    wave, phase = vowel(f0, 0.2)
    wrong = 1.015 * f0
    offset = phase_offset(wave, wrong, torch.ones_like(f0, dtype=torch.bool), SAMPLE_RATE)
    assert (offset[0, -1] - offset[0, 0]).item() == pytest.approx(-2.74, abs=0.1)
    corrected, _ = cycles(wrong, HOP, SAMPLE_RATE, offset)
    assert distance(corrected[0], phase)[INNER].abs().max() < 0.02
    drifting, _ = cycles(wrong, HOP, SAMPLE_RATE)
    assert distance(drifting[0], phase)[INNER].abs().max() > 0.49


def test_pulses_fall_where_the_fundamental_is_highest():
    f0 = glide()
    wave, phase = vowel(f0, 0.4)
    offset = phase_offset(wave, 0.99 * f0, torch.ones_like(f0, dtype=torch.bool), SAMPLE_RATE)
    pulses = pulse_train(0.99 * f0, HOP, SAMPLE_RATE, offset)[0, INNER]
    at_pulses = phase[INNER][pulses > 0.8 * pulses.amax()]
    assert len(at_pulses) > 50
    assert distance(at_pulses, torch.tensor(0.0)).abs().max() < 0.03


def test_unvoiced_frames_are_interpolated_linearly():
    f0 = glide()
    wave, _ = vowel(f0, 0.0)
    wave[:, 30 * HOP :] = vowel(f0, 0.3)[0][:, 30 * HOP :]
    voiced = torch.ones_like(f0, dtype=torch.bool)
    voiced[:, 20:41] = False
    wave[:, 20 * HOP : 40 * HOP] = torch.rand(20 * HOP, generator=torch.Generator().manual_seed(0))
    offset = phase_offset(wave, f0, voiced, SAMPLE_RATE)[0]
    assert offset[10 * HOP].item() == pytest.approx(0.0, abs=0.01)
    assert offset[60 * HOP].item() == pytest.approx(0.3, abs=0.01)
    assert offset[30 * HOP].item() == pytest.approx(0.15, abs=0.05)
    between = offset[20 * HOP : 41 * HOP].diff()
    torch.testing.assert_close(between, between.mean().expand_as(between), atol=1e-9, rtol=0)


def test_a_batch_gives_the_results_of_its_items_and_0_for_silence():
    f0 = glide().expand(3, -1)
    wave = torch.cat([vowel(f0[:1], 0.1)[0], vowel(f0[:1], 0.6)[0], torch.zeros(1, N_FRAMES * HOP)])
    voiced = torch.tensor([[True], [True], [False]]).expand(3, N_FRAMES)
    offset = phase_offset(wave, f0, voiced, SAMPLE_RATE)
    single = phase_offset(wave[1:2], f0[1:2], voiced[1:2], SAMPLE_RATE)
    torch.testing.assert_close(offset[1:2], single)
    np.testing.assert_array_equal(offset[2], 0)
