"""The phase of recordings is found from wave and F0, and pulses are aligned with theirs."""

import math

import numpy as np
import pytest
import torch

from tts.audio.mel import stft
from tts.audio.mel_settings import MelSettings
from tts.models.source_filter import SourceFilter, SourceFilterDimensions, cycles, pulse_train
from tts.training.data import Segments
from tts.training.targets import aligned_phase, best_path, phase_offset, pulse_shift

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


MEL = MelSettings()


def spectrum_of_pulses(f0, lead):
    """lead in cycles, [B, 1] or [B, n]."""
    return stft(pulse_train(f0, HOP, SAMPLE_RATE, lead), MEL.n_fft, HOP)


def test_the_best_path_is_the_best_of_all():
    torch.manual_seed(0)
    scores, moves = torch.randn(3, 5, 4), torch.randn(4, 4)
    paths = torch.cartesian_prod(*[torch.arange(4)] * 5)
    sums = torch.stack([scores[:, t, paths[:, t]] for t in range(5)]).sum(0) + moves[paths[:, :-1], paths[:, 1:]].sum(1)
    assert torch.equal(best_path(scores, moves), paths[sums.argmax(1)])


@pytest.mark.parametrize("lead", [0.0, 0.12, -0.2])
def test_a_known_shift_of_pulses_is_found(lead):
    f0 = torch.stack([torch.full((40,), 200.0), torch.linspace(150.0, 250.0, 40)])
    recorded, generated = (spectrum_of_pulses(f0, torch.tensor([[each]])) for each in (lead, 0.0))
    # Phases count, not levels: a recording has another filter and another level.
    recorded = recorded * torch.linspace(3.0, 0.1, 513)[None, :, None]
    shift = pulse_shift(generated, recorded, f0, torch.ones(2, 40, dtype=torch.bool), MEL)
    assert shift.shape == (2, 40)
    # The grid has steps of 0.01, and large shifts cost a little.
    torch.testing.assert_close(shift, torch.full((2, 40), lead), atol=0.0101, rtol=0)


def test_a_shift_that_moves_is_followed_and_unvoiced_frames_lie_between():
    f0 = torch.full((1, 60), 220.0)
    lead = torch.linspace(-0.1, 0.1, 60)
    recorded, generated = (
        spectrum_of_pulses(f0, each.repeat_interleave(HOP)[None]) for each in (lead, torch.zeros(60))
    )
    voiced = torch.ones(1, 60, dtype=torch.bool)
    voiced[:, 25:35] = False
    noise = torch.randn(513, 10, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    recorded[:, :, 25:35] = 30 * noise
    shift = pulse_shift(generated, recorded, f0, voiced, MEL)[0]
    torch.testing.assert_close(shift[2:25], lead[2:25], atol=0.02, rtol=0)
    torch.testing.assert_close(shift[35:58], lead[35:58], atol=0.02, rtol=0)
    assert shift[24] <= shift[25:35].min()
    assert shift[25:35].max() <= shift[35]
    assert (shift.diff() >= 0).all()


@torch.no_grad()
def test_pulses_are_aligned_with_those_of_a_recording_whose_fundamental_leads():
    """All harmonics but the first lie on pulses that lead by 0.3 cycles, the first a twelfth of a period later."""
    torch.manual_seed(0)
    network = SourceFilter(MEL, SourceFilterDimensions(8, 16, 1))
    f0 = glide()
    phase = cycles(f0, HOP, SAMPLE_RATE)[0] + 0.3
    angle = 2 * math.pi * phase
    wave = torch.cos(angle - 2 * math.pi / 12) + sum(torch.cos(k * angle) for k in range(2, 18))
    voiced = torch.ones_like(f0, dtype=torch.bool)
    segments = Segments(0.02 * wave.float(), torch.full((1, 80, N_FRAMES), -3.0), f0, voiced, ["a"])
    shaping = network.shaping(segments.mel, f0)
    aligned = aligned_phase(network, shaping, f0, segments, stft(segments.wave, MEL.n_fft, HOP))
    assert (aligned.shape, aligned.dtype) == (segments.wave.shape, torch.float64)
    assert distance(aligned[0], torch.tensor(0.3))[INNER].abs().max() < 0.02
    assert (
        distance(phase_offset(segments.wave, f0, voiced, SAMPLE_RATE)[0], torch.tensor(0.3))[INNER].abs().min() > 0.07
    )
