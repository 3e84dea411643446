"""NVIDIA published its WaveGlows as whole pickled modules, of older code than its repository has."""

import sys
import types

import pytest
import torch
from torch import nn

from tests.foreign_checkpoints import nvidia_waveglow_state
from tts.voice.formats import convert
from tts.voice.formats.waveglow_nvidia import convert as convert_state
from tts.voice.formats.weights import ForeignWeights

SIZES = {"n_flows": 5, "n_layers": 2, "channels": 8, "cond_layer_each": True}


@pytest.mark.filterwarnings("ignore:Couldn.t retrieve source")
@pytest.mark.parametrize("is_zip", [True, False])
def test_is_read_without_its_code(tmp_path, monkeypatch, is_zip):
    state = nvidia_waveglow_state(**SIZES)
    path = tmp_path / "waveglow.pt"
    with monkeypatch.context() as patch:
        glow = types.ModuleType("glow")
        glow.WaveGlow = type("WaveGlow", (nn.Module,), {"__module__": "glow"})
        patch.setitem(sys.modules, "glow", glow)
        whole = {"model": module_of(glow.WaveGlow, state), "iteration": 7, "optimizer": {"state": {}}}
        torch.save(whole, path, _use_new_zipfile_serialization=is_zip)
    assert "glow" not in sys.modules
    converted = convert(path)
    expected = convert_state(ForeignWeights(state), {}, None)
    assert converted.options == expected.options
    assert all(torch.equal(converted.weights[name], tensor) for name, tensor in expected.weights.items())


def module_of(kind, state):
    """Modules of `kind` inside each other, so that the names of their parameters are those of a state."""
    root = kind()
    for name, tensor in state.items():
        *parents, leaf = name.split(".")
        module = root
        for parent in parents:
            if parent not in module._modules:
                module.add_module(parent, kind())
            module = module._modules[parent]
        module.register_parameter(leaf, nn.Parameter(tensor))
    return root
