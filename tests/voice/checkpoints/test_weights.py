import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from tts.errors import TtsError
from tts.voice.checkpoints.weights import CheckpointWeights, fold_weight_norm


def weights(*names):
    return CheckpointWeights({name: torch.zeros(1) for name in names})


def test_what_is_taken_is_gone():
    found = CheckpointWeights({"a": torch.ones(2, 3)})
    assert "a" in found
    assert found.shape("a") == (2, 3)
    assert torch.equal(found.take("a"), torch.ones(2, 3))
    assert found.finish() == ()
    with pytest.raises(TtsError, match="lacks the weights 'a'"):
        found.take("a")


def test_a_prefix_is_taken_completely():
    found = weights("lstm.weight", "lstm.bias", "other")
    assert set(found.take_all("lstm.")) == {"weight", "bias"}
    with pytest.raises(TtsError, match=r"lacks the weights 'lstm\.'"):
        found.take_all("lstm.")


def test_what_is_left_is_named():
    with pytest.raises(TtsError, match=r"\('a', 'b', 'c' and 1 more\)"):
        weights("d", "c", "b", "a").finish()


def test_what_is_dropped_is_returned():
    found = weights("bn.num_batches_tracked", "inverse")
    found.drop(r".*num_batches_tracked|inverse")
    assert found.finish() == ("bn.num_batches_tracked", "inverse")


def test_counts_modules_by_their_numbers():
    assert weights("wn.0.weight", "wn.11.weight", "x.3").count(r"wn\.(\d+)\.") == 12
    assert weights("a").count(r"wn\.(\d+)\.") == 0


def test_half_precision_and_views_become_plain_float32():
    vector = torch.arange(10, dtype=torch.float16)
    taken = CheckpointWeights({"a": vector.as_strided((3, 4), (2, 1))}).take("a")
    assert taken.dtype == torch.float32
    assert taken.is_contiguous()
    assert taken[2].tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize("style", [nn.utils.weight_norm, parametrizations.weight_norm])
@pytest.mark.parametrize("layer", [nn.Conv1d(3, 4, 5), nn.ConvTranspose1d(3, 4, 5), nn.Conv1d(3, 1, 1)])
@pytest.mark.filterwarnings("ignore:.*weight_norm")
def test_folds_weight_norm_of_both_styles(style, layer):
    normed = nn.Sequential(style(copy.deepcopy(layer)))
    with torch.no_grad():
        for parameter in normed.parameters():
            parameter.mul_(1.5)
    normed(torch.zeros(1, 3, 9))  # the old style brings its weight up to date in the forward pass
    expected = normed[0].weight.detach().clone()
    folded = fold_weight_norm(normed.state_dict())
    assert set(folded) == {"0.weight", "0.bias"}
    torch.testing.assert_close(folded["0.weight"], expected)


def test_half_a_weight_norm_pair_is_refused():
    with pytest.raises(TtsError, match=r"lacks the weights 'a\.weight_v'"):
        fold_weight_norm({"a.weight_g": torch.ones(1)})
