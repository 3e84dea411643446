import copy

import pytest
import torch
from torch import nn

from tts.kernels.kept import Kept


@pytest.fixture
def made():
    """Asks for a thing made of a layer's weights, and tells whether it was made anew."""
    kept, n_made = Kept(), [0]

    def is_new(layer, *settings):
        before = n_made[0]

        def make():
            n_made[0] += 1
            return float(layer.weight.detach().sum())

        assert kept.made(make, list(layer.parameters()), *settings) == pytest.approx(float(layer.weight.detach().sum()))
        return n_made[0] > before

    is_new.kept = kept
    return is_new


def test_it_is_kept_until_weights_or_settings_change(made):
    layer = nn.Linear(3, 2)
    assert made(layer)
    assert not made(layer)
    assert made(layer, "int8")
    with torch.no_grad():
        layer.bias.add_(1)
    assert made(layer, "int8")
    layer.load_state_dict(nn.Linear(3, 2).state_dict())
    assert made(layer, "int8")
    layer.double()
    assert made(layer, "int8")
    layer.weight = nn.Parameter(layer.weight.detach().clone())
    assert made(layer, "int8")
    assert not made(layer, "int8")


def test_a_copy_keeps_nothing(made):
    layer = nn.Linear(3, 2)
    made(layer)
    made.kept = copy.deepcopy(made.kept)
    assert made.kept._thing is None
