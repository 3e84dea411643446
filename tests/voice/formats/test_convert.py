from __future__ import annotations

import json

import pytest
import torch

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.vocos import Vocos, VocosDimensions
from tts.voice.formats import Converted, convert

SIZES = {"channels": 8, "hidden": 16, "n_blocks": 1}
MEL = {"n_mels": 80}


class Toy:
    """A layout whose tensors have our names behind `toy.`."""

    def __init__(self, options=None):
        self.options = SIZES if options is None else options
        self.given = None

    def matches(self, weights, extras):
        return "toy.head.bias" in weights

    def convert(self, weights, extras, hyperparameters):
        self.given = (extras, hyperparameters)
        taken = weights.take_all("toy.")
        return Converted("a toy", "vocoder", "vocos", self.options, taken, MEL, dropped=weights.finish())


class Never:
    def matches(self, weights, extras):
        return False

    def convert(self, weights, extras, hyperparameters):
        raise AssertionError("it does not match")


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    network = Vocos(MelSettings(), VocosDimensions(**SIZES))
    state = {f"module.toy.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "toy.pt")
    return tmp_path / "toy.pt"


def test_a_checkpoint_is_converted_by_the_first_layout_that_matches(checkpoint):
    toy = Toy()
    converted = convert(checkpoint, layouts=[Never(), toy, Never()])
    assert (converted.network, converted.dropped) == ("vocos", ())
    assert toy.given == ({"epoch": 3}, None)
    torch.manual_seed(0)
    expected = Vocos(MelSettings(), VocosDimensions(**SIZES)).state_dict()
    assert all(torch.equal(converted.weights[name], expected[name]) for name in expected)


def test_the_hyperparameters_lie_beside_the_checkpoint_or_are_named(checkpoint, tmp_path):
    (tmp_path / "config.json").write_text('{"layers": 12}')
    toy = Toy()
    convert(checkpoint, layouts=[toy])
    assert toy.given[1] == {"layers": 12}
    checkpoint.with_suffix(".json").write_text('{"layers": 24}')
    (tmp_path / "other.json").write_text('{"layers": 30}')
    toy = Toy()
    convert(checkpoint, layouts=[toy])
    assert toy.given[1] == {"layers": 24}
    convert(checkpoint, tmp_path / "other.json", layouts=[toy])
    assert toy.given[1] == {"layers": 30}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("layers: 24", "are not JSON"),
        ("[" * 100_000, "are not JSON"),
        ("\xff", "are not JSON"),
        ("[1]", "must be one JSON object"),
        (json.dumps({"x": "y" * 2**20}), "must be one JSON object"),
    ],
)
def test_wrong_hyperparameters_are_refused(checkpoint, tmp_path, text, sentence):
    path = tmp_path / "hparams.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(TtsError, match=sentence):
        convert(checkpoint, path, layouts=[Toy()])


def test_named_hyperparameters_must_exist(checkpoint, tmp_path):
    with pytest.raises(TtsError, match="cannot be read: No such file"):
        convert(checkpoint, tmp_path / "absent.json", layouts=[Toy()])


def test_an_unknown_layout_is_named_by_its_first_tensors(checkpoint):
    with pytest.raises(TtsError, match=r"no known layout \(it holds 'toy\..*' and \d+ more\): known are NVIDIA's"):
        convert(checkpoint, layouts=[Never()])


@pytest.mark.parametrize("options", [{**SIZES, "hidden": 32}, {**SIZES, "n_blocks": 2}, {**SIZES, "unknown": 1}])
def test_what_does_not_fit_its_network_is_refused(checkpoint, options):
    with pytest.raises(TtsError, match=r"looks like a toy, but does not fit it \("):
        convert(checkpoint, layouts=[Toy(options)])


def test_the_layouts_that_ship_are_used_by_default(checkpoint):
    with pytest.raises(TtsError, match="no known layout"):
        convert(checkpoint)
