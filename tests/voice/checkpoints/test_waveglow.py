"""NVIDIA's WaveGlow becomes a network that computes what its own code does."""

import sys
import types

import pytest
import torch
from torch import nn

from tests.public_checkpoints import built_vocoder, nvidia_waveglow_state
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.waveglow import WaveGlowDimensions
from tts.voice.checkpoints import waveglow
from tts.voice.checkpoints.reading import convert
from tts.voice.checkpoints.weights import CheckpointWeights, fold_weight_norm

WAVEGLOW = {"n_mels": 4, "n_flows": 5, "n_early_every": 2, "n_layers": 2, "channels": 6}


@pytest.mark.parametrize("weight_norm", [True, False])
def test_waveglow_sizes_and_mel_are_found(weight_norm):
    state = nvidia_waveglow_state(**WAVEGLOW, weight_norm=weight_norm)
    weights = CheckpointWeights(state)
    assert waveglow.matches(weights, {})
    converted = waveglow.convert(weights, {}, {"data_config": {"sampling_rate": 16000, "mel_fmax": 7000.0}})
    network = built_vocoder(converted)
    assert network.dimensions == WaveGlowDimensions(n_flows=5, n_early_every=2, n_layers=2, channels=6)
    assert network.mel == MelSettings(sample_rate=16000, f_max=7000.0, n_mels=4)
    assert converted.dropped == ()
    torch.testing.assert_close(network.flows[3].mix.weight, state["convinv.3.conv.weight"])


@torch.no_grad()
def test_waveglow_with_a_conditioning_per_layer_is_the_same_network():
    state = fold_weight_norm(nvidia_waveglow_state(**WAVEGLOW))
    older = {name: tensor for name, tensor in state.items() if "cond_layer" not in name}
    for k in range(5):
        for part in ("weight", "bias"):
            first, second = state[f"WN.{k}.cond_layer.{part}"].chunk(2)
            older |= {f"WN.{k}.cond_layers.0.{part}": first, f"WN.{k}.cond_layers.1.{part}": second}
    assert older.keys() == nvidia_waveglow_state(**WAVEGLOW, weight_norm=False, cond_layer_each=True).keys()
    new, old = (built_vocoder(waveglow.convert(CheckpointWeights(s), {}, None)) for s in (state, older))
    mel, noise = torch.randn(1, 4, 3), new.noise(1, 3)
    assert torch.equal(new.infer(mel, noise, 1.0), old.infer(mel, noise, 1.0))


def test_waveglow_of_channels_that_no_rule_gives_is_refused():
    state = nvidia_waveglow_state(**WAVEGLOW)
    state["convinv.4.conv.weight"] = torch.eye(6)[:, :, None]
    with pytest.raises(TtsError, match=r"\[8, 8, 6, 6, 6\] channels"):
        waveglow.convert(CheckpointWeights(state), {}, None)


def test_waveglow_cut_short_is_refused():
    state = nvidia_waveglow_state(**WAVEGLOW)
    del state["WN.2.start.bias"]
    with pytest.raises(TtsError, match=r"lacks the weights 'WN\.2\.start\.bias'"):
        waveglow.convert(CheckpointWeights(state), {}, None)


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
        saved = {"model": module_of(glow.WaveGlow, state), "iteration": 7, "optimizer": {"state": {}}}
        torch.save(saved, path, _use_new_zipfile_serialization=is_zip)
    assert "glow" not in sys.modules
    converted = convert(path)
    expected = waveglow.convert(CheckpointWeights(state), {}, None)
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
