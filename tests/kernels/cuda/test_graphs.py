import pytest
import torch

from tts.kernels.cuda.graphs import RecentCache, bucket, replayed


def test_without_a_gpu_the_step_itself_is_called():
    x, y = torch.zeros(2), torch.zeros(2)

    def step():
        y.copy_(2 * x)

    replay = replayed(step, torch.device("cpu"))
    x.fill_(3)
    assert y.tolist() == [0, 0]
    replay()
    assert y.tolist() == [6, 6]


def test_the_keys_used_last_are_cached():
    cache, created = RecentCache(2), []

    def value(key):
        return cache.get(key, lambda: created.append(key) or key)

    assert [value(key) for key in "abaca"] == list("abaca")
    assert created == ["a", "b", "c"]
    # "b" was dropped for "c".
    value("b")
    assert created == ["a", "b", "c", "b"]


@pytest.mark.parametrize(
    ("length", "least", "steps", "expected"),
    [
        (1, 32, 8, 32),
        (32, 32, 8, 32),
        (33, 32, 8, 36),
        (64, 32, 8, 64),
        (65, 32, 8, 72),
        (861, 32, 8, 896),
        (33, 32, 1, 64),
    ],
)
def test_lengths_are_padded_in_steps(length, least, steps, expected):
    assert bucket(length, least, steps) == expected


def test_no_more_than_an_eighth_is_added():
    assert all(n <= bucket(n, 32, 8) <= 1.125 * n for n in range(32, 3000))
