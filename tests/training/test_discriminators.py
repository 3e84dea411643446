"""Discriminators of waveforms: sizes, scores and features."""

import pytest
import torch
from torch.nn.utils.parametrizations import weight_norm

from tts.training.discriminators import PERIODS, PeriodDiscriminator, ScaleDiscriminator, WaveDiscriminator


def n_weights(network):
    return sum(p.numel() for p in network.parameters())


def test_the_published_sizes():
    """The layers of the paper's appendix, counted by hand: directions, magnitudes (a number an output) and biases."""
    shapes = [(1, 32, 5), (32, 128, 5), (128, 512, 5), (512, 1024, 5), (1024, 1024, 5), (1024, 1, 3)]
    assert n_weights(PeriodDiscriminator(3)) == sum(n_in * n_out * size + 2 * n_out for n_in, n_out, size in shapes)
    shapes = [(1, 128, 15), (32, 128, 41), (8, 256, 41), (16, 512, 41), (32, 1024, 41), (64, 1024, 41)]
    shapes += [(1024, 1024, 5), (1024, 1, 3)]
    expected = sum(n_in * n_out * size + 2 * n_out for n_in, n_out, size in shapes)
    assert n_weights(ScaleDiscriminator(weight_norm)) == expected


def test_a_score_and_features_from_each():
    torch.manual_seed(0)
    scores, features = WaveDiscriminator(32)(torch.randn(2, 1500))
    assert len(scores) == len(features) == 8
    assert [len(each) for each in features] == [6] * 5 + [8] * 3
    assert WaveDiscriminator(32).n_features == 5 * 6 + 3 * 8
    # A period p has ceil(n / p) rows, divided by 3 four times.
    rows = [-(-1500 // p) for p in PERIODS]
    for _ in range(4):
        rows = [-(-r // 3) for r in rows]
    assert [s.shape for s in scores[:5]] == [(2, 1, r, p) for r, p in zip(rows, PERIODS, strict=True)]
    assert [s.shape[2] for s in scores[5:]] == [24, 12, 6]


@torch.no_grad()
@pytest.mark.parametrize("period", PERIODS)
def test_a_period_judges_each_of_its_columns_separately(period):
    torch.manual_seed(0)
    discriminator = PeriodDiscriminator(period, 32)
    wave = torch.randn(1, period * 40)
    changed = wave.clone()
    changed[:, 1::period] += 1
    difference = (discriminator(changed)[0] - discriminator(wave)[0]).abs().amax((0, 1, 2))
    assert torch.nonzero(difference)[:, 0].tolist() == [1]


@torch.no_grad()
def test_the_spectral_norm_of_the_first_scale_is_one():
    torch.manual_seed(0)
    critic = WaveDiscriminator(32)
    for _ in range(30):
        critic(torch.randn(1, 600))
    weight = critic.scales[0].layers[3].weight.flatten(1)
    assert float(torch.linalg.matrix_norm(weight, 2)) == pytest.approx(1, abs=0.01)
