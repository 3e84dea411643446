import numpy as np
import pytest
import torch

from tests.parity.comparison import compare


def test_differences_are_measured_against_what_is_allowed():
    found = compare("x", torch.tensor([1.0, 100.0]), np.array([1.0, 100.005]), rtol=1e-4, atol=0.0)
    assert found.passed
    assert found.share_of_allowed == pytest.approx(0.5, rel=0.01)
    assert found.relative_error == pytest.approx(5e-5, rel=0.01)
    assert not compare("x", [1.001], [1.0]).passed


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ([1, 2], [1, 3]),
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([1.0, float("nan")], [1.0, 2.0]),
        ([1.0, 2.0], [1.0, float("nan")]),
    ],
    ids=["integers", "shapes", "got nan", "expected nan"],
)
def test_some_differences_are_never_allowed(got, expected):
    assert not compare("x", got, expected, rtol=10.0, atol=10.0).passed
