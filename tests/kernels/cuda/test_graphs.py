import pytest
import torch

from tts.kernels.cuda.graphs import Latest, bucket, replayed


def test_without_a_gpu_the_step_itself_is_called():
    x, y = torch.zeros(2), torch.zeros(2)

    def step():
        y.copy_(2 * x)

    replay = replayed(step, torch.device("cpu"))
    x.fill_(3)
    assert y.tolist() == [0, 0]
    replay()
    assert y.tolist() == [6, 6]


def test_what_was_asked_for_last_is_kept():
    latest, made = Latest(2), []

    def thing(key):
        return latest.of(key, lambda: made.append(key) or key)

    assert [thing(key) for key in "abaca"] == list("abaca")
    assert made == ["a", "b", "c"]
    # "b" had to go for "c".
    thing("b")
    assert made == ["a", "b", "c", "b"]


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
def test_lengths_are_filled_up_in_steps(length, least, steps, expected):
    assert bucket(length, least, steps) == expected


def test_no_more_than_an_eighth_is_added():
    assert all(n <= bucket(n, 32, 8) <= 1.125 * n for n in range(32, 3000))
