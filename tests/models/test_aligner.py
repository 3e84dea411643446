"""The alignment network, its prior, and the best path through what it gives."""

from itertools import combinations, pairwise

import pytest
import torch
from torch.distributions import Beta, Binomial

from tts.models.aligner import Aligner, AlignerDimensions, alignment_prior, hard_alignment, viterbi_durations


def all_durations(n_frames, n_symbols):
    """Every way to divide frames among symbols, each with one or more."""
    for cuts in combinations(range(1, n_frames), n_symbols - 1):
        boundaries = (0, *cuts, n_frames)
        yield [b - a for a, b in pairwise(boundaries)]


def weight(log_weights, durations):
    owner = torch.repeat_interleave(torch.arange(len(durations)), torch.tensor(durations))
    return float(log_weights[torch.arange(len(owner)), owner].sum())


@pytest.mark.parametrize("seed", range(5))
def test_the_best_durations_are_the_best_of_all_in_every_row(seed):
    torch.manual_seed(seed)
    n_frames, n_symbols = torch.tensor([7, 5, 4, 3]), torch.tensor([4, 2, 4, 1])
    log_weights = torch.randn(4, 7, 4)
    found = viterbi_durations(log_weights, n_symbols, n_frames)
    for row, t, s, durations in zip(log_weights, n_frames.tolist(), n_symbols.tolist(), found.tolist(), strict=True):
        best = max(all_durations(t, s), key=lambda d: weight(row, d))
        assert durations == best + [0] * (4 - s)


def test_a_symbol_without_a_sound_still_gets_a_frame():
    log_weights = torch.tensor([[0.0, -9, -9], [0, -9, -9], [-9, -9, 0], [-9, -9, 0]])
    assert viterbi_durations(log_weights[None], torch.tensor([3]), torch.tensor([4])).tolist() in (
        [[1, 1, 2]],
        [[2, 1, 1]],
    )


def test_the_hard_alignment_gives_each_frame_its_symbol():
    hard = hard_alignment(torch.tensor([[2, 0, 1], [1, 1, 0]]), 3)
    assert hard[0].int().tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert hard[1].int().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_the_prior_is_a_binomial_whose_share_is_beta_distributed():
    """Against the mean over shares, by quadrature."""
    n_symbols, n_frames, width = 4, 6, 2.0
    prior = alignment_prior(torch.tensor([n_symbols]), torch.tensor([n_frames]), width)[0].double().exp()
    shares = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    for t in range(n_frames):
        density = Beta((t + 1) / width, torch.tensor((n_frames - t) / width).double()).log_prob(shares).exp()
        for k in range(n_symbols):
            of_k = Binomial(n_symbols - 1, probs=shares).log_prob(torch.tensor(float(k))).exp()
            assert float(prior[t, k]) == pytest.approx(float((density * of_k).mean()), abs=2e-3)


def test_the_prior_of_a_row_does_not_depend_on_its_batch():
    lengths = torch.tensor([3, 7]), torch.tensor([9, 20])
    batch = alignment_prior(*lengths)
    single = alignment_prior(lengths[0][:1], lengths[1][:1])
    # Nine logarithms of the gamma function, rounded in another order; the largest is of n + alpha + beta. Each is
    # correct to a few units in its last place.
    unit = torch.finfo(torch.float32).eps * torch.lgamma(torch.tensor([2.0 + 10, 6.0 + 21]))
    torch.testing.assert_close(batch[0, :9, :3], single[0], atol=9 * float(unit[0]), rtol=0)
    assert batch.isfinite().all()
    torch.testing.assert_close(batch[1].exp().sum(1), torch.ones(20), atol=9 * float(unit[1]), rtol=0)


@pytest.fixture
def aligner():
    torch.manual_seed(0)
    network = Aligner(AlignerDimensions(n_symbols=9, n_mels=6, channels=8, shared_channels=4))
    network.normalise_by(3 + 2 * torch.randn(50, 6))
    return network.eval().double()


def test_each_frame_is_shared_out_among_its_own_symbols(aligner):
    ids = torch.randint(1, 9, (2, 5))
    soft = aligner(ids, torch.tensor([5, 3]), torch.randn(2, 6, 11).double(), torch.tensor([11, 8])).exp()
    torch.testing.assert_close(soft.sum(2), torch.ones(2, 11).double())
    assert soft[1, :, 3:].abs().max() == 0


def test_a_row_of_a_batch_is_what_it_is_on_its_own(aligner):
    ids, mel = torch.randint(1, 9, (2, 5)), torch.randn(2, 6, 11).double()
    batch = aligner(ids, torch.tensor([5, 3]), mel, torch.tensor([11, 8]))
    single = aligner(ids[1:, :3], torch.tensor([3]), mel[1:, :, :8], torch.tensor([8]))
    torch.testing.assert_close(batch[1, :8, :3], single[0])


def test_the_softmax_is_that_of_the_squared_distances(aligner):
    """Section 2.3, with our scale."""
    ids, mel = torch.randint(1, 9, (1, 4)), torch.randn(1, 6, 7).double()
    symbols = aligner.symbol_encoder(aligner.embed(ids).transpose(1, 2), torch.ones(1, 1, 4).double())[0].T
    frames = aligner.mel_encoder((mel - aligner.mel_mean) / aligner.mel_deviation, torch.ones(1, 1, 7).double())[0].T
    distances = torch.cdist(frames, symbols) ** 2
    expected = (-distances * aligner.log_scale.exp() / 2).log_softmax(1)
    torch.testing.assert_close(aligner(ids, torch.tensor([4]), mel, torch.tensor([7]))[0], expected)
