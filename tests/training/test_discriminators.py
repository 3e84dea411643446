"""Discriminators of spectrograms and waveforms: what they see, their sizes, scores and features."""

import math

import pytest
import torch
from torch.nn.utils.parametrizations import weight_norm

from tts.training.discriminators import (
    PERIODS,
    MultiResolutionDiscriminator,
    PeriodDiscriminator,
    ScaleDiscriminator,
    SpectrogramDiscriminator,
    WaveDiscriminator,
)


def n_weights(network):
    return sum(p.numel() for p in network.parameters())


@torch.no_grad()
def test_a_band_is_the_lowest_bins():
    torch.manual_seed(0)
    half = SpectrogramDiscriminator(band=0.5)
    full = SpectrogramDiscriminator()
    full.load_state_dict(half.state_dict())
    magnitude = torch.rand(1, 129, 20) + 0.1
    expected, features = full(magnitude[:, :64])
    changed = torch.cat([magnitude[:, :64], magnitude[:, 64:] + 1], dim=1)
    scores, found = half(changed)
    assert torch.equal(scores, expected)
    assert all(torch.equal(a, b) for a, b in zip(found, features, strict=True))


@torch.no_grad()
def test_standardised_log_magnitudes():
    """A log magnitude of -2.5 becomes 0, of 0 becomes 1: what a plain critic sees of exp(0) and exp(1)."""
    torch.manual_seed(0)
    standardised = SpectrogramDiscriminator(standardised=True)
    plain = SpectrogramDiscriminator()
    plain.load_state_dict(standardised.state_dict())
    seen = torch.randn(2, 65, 12)
    torch.testing.assert_close(standardised(torch.exp(2.5 * seen - 2.5))[0], plain(seen.exp())[0], atol=1e-5, rtol=1e-5)
    assert math.isclose(
        float(standardised(torch.ones(1, 65, 12))[0].sum()),
        float(plain(torch.full((1, 65, 12), math.e))[0].sum()),
        rel_tol=1e-5,
    )


@torch.no_grad()
def test_each_resolution_has_its_band_and_only_the_chosen_judge():
    torch.manual_seed(0)
    critics = MultiResolutionDiscriminator((0.5, 1.0, 0.25), standardised=True)
    assert [(each.band, each.standardised) for each in critics.discriminators] == [
        (0.5, True),
        (1.0, True),
        (0.25, True),
    ]
    spectrograms = [torch.rand(1, n + 1, 16) + 0.1 for n in (256, 128, 64)]
    scores, features = critics(spectrograms, [2, 0])
    assert [len(each) for each in features] == [5, 5]
    for score, i in zip(scores, (2, 0), strict=True):
        assert torch.equal(score, critics.discriminators[i](spectrograms[i])[0])


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
