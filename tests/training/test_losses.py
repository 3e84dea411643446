"""Losses against values computed by hand, or over all paths one by one."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from tts.models.source_filter import F0_CENTRE_HZ
from tts.training.losses import (
    attention_loss,
    binarisation_loss,
    feature_matching_loss,
    forward_sum_loss,
    guidance_loss,
    path_shares,
    phase_loss,
    pitch_loss,
    stop_loss,
)


def paths(n_frames, n_symbols):
    for cuts in combinations(range(1, n_frames), n_symbols - 1):
        yield np.searchsorted(cuts, np.arange(n_frames), side="right")


def brute_force(log_soft, n_frames, n_symbols):
    """Return the log of the sum over paths, and the share of it through each cell."""
    weights = [(p, float(log_soft[range(n_frames), p].exp().prod())) for p in paths(n_frames, n_symbols)]
    total = sum(w for _, w in weights)
    share = torch.zeros_like(log_soft)
    for path, w in weights:
        share[range(n_frames), path] += w / total
    return np.log(total), share


def test_the_forward_sum_is_the_sum_over_all_paths():
    torch.manual_seed(0)
    n_frames, n_symbols = torch.tensor([7, 4, 5]), torch.tensor([3, 4, 1])
    log_soft = torch.randn(3, 7, 4, dtype=torch.float64).log_softmax(2).requires_grad_()
    loss = forward_sum_loss(log_soft, n_symbols, n_frames)
    (gradient,) = torch.autograd.grad(loss, log_soft)
    share, totals = path_shares(log_soft.detach(), n_symbols, n_frames)
    expected = [brute_force(log_soft.detach()[i], int(n_frames[i]), int(n_symbols[i])) for i in range(3)]
    np.testing.assert_allclose(totals, [total for total, _ in expected], rtol=1e-10)
    assert float(loss.detach()) == pytest.approx(-sum(total for total, _ in expected) / 16, rel=1e-10)
    for i, (_, through) in enumerate(expected):
        torch.testing.assert_close(share[i].exp(), through, atol=1e-12, rtol=1e-10)
        torch.testing.assert_close(gradient[i], -through / 16, atol=1e-12, rtol=1e-10)


def test_the_forward_sum_is_exact_for_weights_below_the_range_of_numbers():
    """Likelihoods of a thousand frames, and -inf in the padding of symbols."""
    log_soft = torch.full((2, 1000, 3), -500.0, dtype=torch.float64)
    log_soft[1, :, 2] = -torch.inf
    log_soft.requires_grad_()
    loss = forward_sum_loss(log_soft, torch.tensor([3, 2]), torch.tensor([1000, 900]))
    loss.backward()
    # 999 * 998 / 2 and 899 paths.
    expected = (1900 * 500 - np.log(999 * 998 / 2) - np.log(899)) / 1900
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-12)
    assert log_soft.grad.isfinite().all()
    # Each step of the recursion rounds sums of up to 13: over 1,000 steps the shares may be off by 1e-12.
    expected_sums = torch.tensor([-1000.0, -900.0], dtype=torch.float64)
    torch.testing.assert_close(log_soft.grad.sum((1, 2)) * 1900, expected_sums, rtol=1e-10, atol=0)
    single = log_soft.detach().float().requires_grad_()
    forward_sum_loss(single, torch.tensor([3, 2]), torch.tensor([1000, 900])).backward()
    assert single.grad.isfinite().all()


def test_binarisation_is_the_cross_entropy_to_the_hard_alignment():
    log_soft = torch.log(torch.tensor([[[0.5, 0.5], [0.2, 0.8], [0.1, 0.9]], [[0.6, 0.4], [0.7, 0.3], [0.5, 0.5]]]))
    expected = -np.log([0.5, 0.8, 0.9, 0.6, 0.3]).mean()
    assert float(binarisation_loss(log_soft, torch.tensor([[1, 2], [1, 1]]))) == pytest.approx(expected, rel=1e-5)


def test_the_attention_loss_is_the_cross_entropy_to_the_symbol_of_each_frame():
    durations = torch.tensor([[2, 1, 0], [1, 0, 1]])
    right = torch.tensor([[[1, 0, 0], [1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 1], [0, 1, 0]]]).float()
    assert float(attention_loss(right, durations)) == pytest.approx(0, abs=1e-4)
    even = torch.full((2, 3, 3), 1 / 3)
    assert float(attention_loss(even, durations)) == pytest.approx(np.log(3), abs=1e-3)


def test_the_guidance_loss_is_the_distance_from_the_diagonal():
    """Equation 9: 1 - exp(-(n/N - t/T)² / (2 · 0.2²)), here a symbol of four away, over two real frames of three."""
    diagonal = torch.eye(4)[None]
    lengths = torch.tensor([4])
    assert float(guidance_loss(diagonal, lengths, lengths)) == 0
    beside = torch.zeros(1, 3, 4)
    beside[0, 0, 1] = beside[0, 1, 3] = beside[0, 2, 0] = 1
    expected = 1 - math.exp(-(0.25**2) / (2 * 0.2**2))
    assert float(guidance_loss(beside, lengths, torch.tensor([2]))) == pytest.approx(expected)


def test_the_stop_loss_has_the_last_frame_as_target():
    lengths = torch.tensor([2, 3])
    right = torch.tensor([[-20.0, 20.0, 20.0], [-20.0, -20.0, 20.0]])
    assert float(stop_loss(right, lengths)) == pytest.approx(0, abs=1e-6)
    # Three frames that continue weigh one each, two that stop weigh five; padding weighs nothing.
    undecided = torch.zeros(2, 3)
    assert float(stop_loss(undecided, lengths)) == pytest.approx(np.log(2))
    assert float(stop_loss(-right, lengths)) == pytest.approx(20, rel=1e-3)


def test_the_pitch_loss_counts_voiced_frames_in_octaves():
    f0 = torch.tensor([[100.0, 100.0, 100.0]])
    octaves = torch.log2(torch.tensor([[200.0, 50.0, 1e6]]) / F0_CENTRE_HZ)
    assert float(pitch_loss(octaves, f0, torch.tensor([[True, True, False]]))) == pytest.approx(1)
    assert float(pitch_loss(octaves, f0, torch.zeros(1, 3, dtype=torch.bool))) == 0


def test_features_are_matched_by_their_distance_or_relative_to_their_magnitude():
    """Two discriminators, of two layers and one: distances 1, 2 and 3 from features of mean magnitude 2, 8 and 1."""
    real = [[torch.tensor([2.0, -2.0]), torch.full((3,), 8.0)], [torch.tensor([-1.0])]]
    fake = [[torch.tensor([3.0, -1.0]), torch.full((3,), 6.0)], [torch.tensor([2.0])]]
    assert float(feature_matching_loss(real, fake)) == pytest.approx((1 + 2 + 3) / 3)
    assert float(feature_matching_loss(real, fake, relative=True)) == pytest.approx((1 / 2 + 2 / 8 + 3) / 3)


def test_the_phase_loss_is_one_minus_the_cosine_weighted_by_the_roots_of_magnitudes():
    """A bin of magnitude 4 that is a third of a period off counts twice as much as one of 1 that is in phase."""
    target = torch.tensor([[[4.0] * 3, [1.0] * 3, [9.0] * 3]], dtype=torch.complex64)
    turned = torch.polar(torch.tensor([5.0, 2.0, 1.0]), torch.tensor([2 * math.pi / 3, 0.0, math.pi]))
    predicted = turned[None, :, None].expand(1, 3, 3)
    both = torch.tensor([[True, True]])
    assert float(phase_loss(predicted, target, both, 2)) == pytest.approx((2 * 1.5 + 0) / 3, rel=1e-4)
    assert float(phase_loss(predicted, target, both, 3)) == pytest.approx((2 * 1.5 + 0 + 3 * 2) / 6, rel=1e-4)
    # The last of the three frames belongs to the second hop.
    half = predicted.clone()
    half[:, :, 0] = target[:, :, 0]
    assert float(phase_loss(half, target, torch.tensor([[True, False]]), 3)) == pytest.approx(0, abs=1e-5)
    assert float(phase_loss(half, target, torch.tensor([[False, True]]), 2)) == pytest.approx(1, rel=1e-4)
    assert float(phase_loss(predicted, target, ~both, 3)) == 0
