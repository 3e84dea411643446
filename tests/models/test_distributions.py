import math

import numpy as np
import pytest
import torch
from torch import distributions as td

from tts.errors import TtsError
from tts.models.distributions import Gaussian, LogisticMixture, MulawClasses

KINDS = [MulawClasses(16), LogisticMixture(12), Gaussian()]


def parameters(distribution, batch=5, seed=0):
    return torch.randn(batch, distribution.n_outputs, generator=torch.Generator().manual_seed(seed))


def test_mulaw_loss_is_cross_entropy():
    p, samples = parameters(KINDS[0]), torch.tensor([0, 3, 15, 8, 8])
    expected = torch.nn.functional.cross_entropy(p, samples, reduction="none")
    torch.testing.assert_close(KINDS[0].loss(p, samples), expected)


def test_gaussian_loss_is_its_density():
    p, samples = parameters(KINDS[2]), torch.linspace(-1, 1, 5)
    expected = -td.Normal(p[:, 0], p[:, 1].exp()).log_prob(samples)
    torch.testing.assert_close(KINDS[2].loss(p, samples), expected)
    narrow = torch.tensor([[0.5, -40.0]])
    assert KINDS[2].loss(narrow, torch.tensor([0.5])).item() == pytest.approx(0.5 * math.log(2 * math.pi) - 16)


def logistic_cdf(x, mean, scale):
    return 1 / (1 + np.exp(-(x - mean) / scale))


@pytest.mark.parametrize("sample", [-1.0, -0.2, 0.0, 0.6, 1.0])
def test_mixture_loss_is_the_mass_of_a_level(sample):
    mixture = LogisticMixture(6, n_levels=256)
    weights, means, scales = np.array([0.3, 0.7]), np.array([-0.4, 0.5]), np.array([0.1, 0.02])
    p = torch.from_numpy(np.concatenate([np.log(weights), means, np.log(scales)]))
    low = 0.0 if sample == -1 else logistic_cdf(sample - 1 / 255, means, scales)
    high = 1.0 if sample == 1 else logistic_cdf(sample + 1 / 255, means, scales)
    expected = -np.log(np.sum(weights * (high - low)))
    assert mixture.loss(p, torch.tensor(sample, dtype=torch.float64)).item() == pytest.approx(expected, rel=1e-6)


def test_the_masses_of_all_levels_add_up_to_one():
    mixture = LogisticMixture(12, n_levels=256)
    p = parameters(mixture, 1).double() - 1
    levels = torch.linspace(-1, 1, 256, dtype=torch.float64)
    total = torch.exp(-mixture.loss(p.expand(256, -1), levels)).sum()
    assert total.item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("distribution", KINDS, ids=lambda d: type(d).__name__)
def test_draws_are_distributed_as_the_loss_says(distribution):
    n = 20000
    p = (parameters(distribution, 1) - 0.7).expand(n, -1)
    numbers = distribution.random_numbers(1, n, np.random.default_rng(1))
    samples = distribution.sample(p, [number[0] for number in numbers])
    if isinstance(distribution, MulawClasses):
        counts = torch.bincount(samples, minlength=16) / n
        torch.testing.assert_close(counts, p[0].softmax(-1), atol=0.01, rtol=0)
        return
    grid = torch.linspace(-1, 1, 2001)[:, None]
    if isinstance(distribution, Gaussian):
        cdf = td.Normal(p[0, 0], p[0, 1].exp()).cdf(grid[:, 0])
    else:
        logits, means, scales = p[0].chunk(3)
        cdf = (logits.softmax(-1) * torch.sigmoid((grid - means) / scales.exp())).sum(-1)
    below = (samples[None] <= grid).float().mean(1)
    # The ends hold what was cut off.
    torch.testing.assert_close(below[:-1], cdf[:-1], atol=0.015, rtol=0)
    assert samples.abs().max() <= 1


@pytest.mark.parametrize("distribution", KINDS, ids=lambda d: type(d).__name__)
def test_numbers_come_from_the_generator_and_are_one_set_a_step(distribution):
    first, again = (distribution.random_numbers(7, 3, np.random.default_rng(5)) for _ in range(2))
    assert all(torch.equal(a, b) and a.shape[:2] == (7, 3) for a, b in zip(first, again, strict=True))


def test_likeliest():
    mixture = torch.tensor([[0.0, 3.0, 0.1, 0.9, -5.0, -5.0]])
    assert LogisticMixture(6).likeliest(mixture).tolist() == [pytest.approx(0.9)]
    assert Gaussian().likeliest(torch.tensor([[1.7, 0.0], [-0.3, 0.0]])).tolist() == [1.0, pytest.approx(-0.3)]
    assert MulawClasses(4).likeliest(torch.tensor([[0.0, 1.0, 3.0, 2.0]])).tolist() == [2]


def test_scales_are_held_up_in_sampling_only_where_asked():
    p, numbers = torch.tensor([[0.0, -30.0]]), [torch.tensor([1.0])]
    assert Gaussian().sample(p, numbers).item() == pytest.approx(math.exp(-30), rel=1e-4)
    assert Gaussian(sampling_log_scale_min=-2.0).sample(p, numbers).item() == pytest.approx(math.exp(-2))


@pytest.mark.parametrize("distribution", [LogisticMixture(3), Gaussian()])
def test_a_cool_draw_lies_as_much_nearer_to_the_mean(distribution):
    numbers = distribution.random_numbers(1, 50, np.random.default_rng(0))
    parameters = torch.tensor([0.0, 0.1, -4.0] if distribution.n_outputs == 3 else [0.1, -4.0]).expand(50, -1)
    warm = distribution.sample(parameters, [n[0] for n in numbers])
    cool = distribution.sample(parameters, [n[0] for n in distribution.cooled(numbers, 0.5)])
    torch.testing.assert_close(cool - 0.1, 0.5 * (warm - 0.1), atol=1e-6, rtol=1e-3)


def test_classes_have_no_temperature():
    numbers = MulawClasses(4).random_numbers(1, 1, None)
    assert MulawClasses(4).cooled(numbers, 1.0) is numbers
    with pytest.raises(TtsError, match="leave it at 1 for mu-law"):
        MulawClasses(4).cooled(numbers, 0.5)
