"""Vocoders in foreign layouts become networks that compute what their own code does."""

import pytest
import torch

from tests.foreign_checkpoints import hifigan_state, nvidia_waveglow_state
from tts.audio.mel import MelSettings
from tts.errors import TtsError
from tts.models.hifigan import HiFiGAN, HiFiGANDimensions
from tts.models.waveglow import WaveGlow, WaveGlowDimensions
from tts.voice.formats import hifigan, waveglow_nvidia
from tts.voice.formats.weights import ForeignWeights, fold_weight_norm

WAVEGLOW = {"n_mels": 4, "n_flows": 5, "n_early_every": 2, "n_layers": 2, "channels": 6}
HIFIGAN = {"n_mels": 4, "channels": 32}


def built(converted):
    network, dimensions = {"waveglow": (WaveGlow, WaveGlowDimensions), "hifigan": (HiFiGAN, HiFiGANDimensions)}[
        converted.network
    ]
    made = network(MelSettings(**converted.mel), dimensions(**converted.options))
    made.load_state_dict(converted.weights)
    return made.eval()


@pytest.mark.parametrize("weight_norm", [True, False])
def test_waveglow_sizes_and_mel_are_found(weight_norm):
    state = nvidia_waveglow_state(**WAVEGLOW, weight_norm=weight_norm)
    weights = ForeignWeights(state)
    assert waveglow_nvidia.matches(weights, {})
    converted = waveglow_nvidia.convert(weights, {}, {"data_config": {"sampling_rate": 16000, "mel_fmax": 7000.0}})
    network = built(converted)
    assert network.dimensions == WaveGlowDimensions(n_flows=5, n_early_every=2, n_layers=2, channels=6)
    assert network.mel == MelSettings(sample_rate=16000, f_max=7000.0, n_mels=4)
    assert converted.dropped == ()
    torch.testing.assert_close(network.flows[3].mix.weight, state["convinv.3.conv.weight"])


@torch.no_grad()
def test_waveglow_with_a_conditioning_a_layer_is_the_same_network():
    state = fold_weight_norm(nvidia_waveglow_state(**WAVEGLOW))
    older = {name: tensor for name, tensor in state.items() if "cond_layer" not in name}
    for k in range(5):
        for part in ("weight", "bias"):
            first, second = state[f"WN.{k}.cond_layer.{part}"].chunk(2)
            older |= {f"WN.{k}.cond_layers.0.{part}": first, f"WN.{k}.cond_layers.1.{part}": second}
    assert older.keys() == nvidia_waveglow_state(**WAVEGLOW, weight_norm=False, cond_layer_each=True).keys()
    new, old = (built(waveglow_nvidia.convert(ForeignWeights(s), {}, None)) for s in (state, older))
    mel, noise = torch.randn(1, 4, 3), new.noise(1, 3)
    assert torch.equal(new.infer(mel, noise, 1.0), old.infer(mel, noise, 1.0))


def test_waveglow_of_channels_that_no_rule_gives_is_refused():
    state = nvidia_waveglow_state(**WAVEGLOW)
    state["convinv.4.conv.weight"] = torch.eye(6)[:, :, None]
    with pytest.raises(TtsError, match=r"\[8, 8, 6, 6, 6\] channels"):
        waveglow_nvidia.convert(ForeignWeights(state), {}, None)


def test_waveglow_cut_short_is_refused():
    state = nvidia_waveglow_state(**WAVEGLOW)
    del state["WN.2.start.bias"]
    with pytest.raises(TtsError, match=r"lacks the weights 'WN\.2\.start\.bias'"):
        waveglow_nvidia.convert(ForeignWeights(state), {}, None)


@pytest.mark.parametrize(
    ("changes", "dilations"),
    [
        ({}, [[1, 3, 5]] * 3),
        (
            {
                "upsample_kernel_sizes": (16, 16, 8),
                "block_kernel_sizes": (3, 5, 7),
                "n_dilations": 2,
                "two_convolutions": False,
            },
            [[1, 2], [2, 6], [3, 12]],
        ),
    ],
    ids=["V1", "V3"],
)
def test_published_hifigans_need_no_config(changes, dilations):
    converted = hifigan.convert(ForeignWeights(hifigan_state(**HIFIGAN, **changes)), {}, None)
    assert converted.options["block_dilations"] == dilations
    assert converted.options["upsample_rates"] == [k // 2 for k in converted.options["upsample_kernel_sizes"]]
    assert converted.mel == {
        "sample_rate": 22050, "n_fft": 1024, "hop_length": 256, "n_mels": 4, "f_min": 0.0, "f_max": 8000.0,
        "lead": 128, "epsilon": 1e-9,
    }  # fmt: skip
    assert built(converted)(torch.zeros(1, 4, 2)).shape == (1, 512)


@torch.no_grad()
def test_speechbrains_hifigan_reflects_and_repeats_the_edges():
    state = hifigan_state(**HIFIGAN, speechbrain=True)
    weights = ForeignWeights(state)
    assert hifigan.matches(weights, {})
    converted = hifigan.convert(weights, {}, None)
    network = built(converted)
    assert (network.dimensions.padding_mode, network.dimensions.edge_frames) == ("reflect", 5)
    assert network.mel == MelSettings(n_mels=4)
    torch.testing.assert_close(network.before.weight, fold_weight_norm(state)["conv_pre.conv.weight"])


def test_nvidias_hifigan_brings_its_config_in_the_checkpoint():
    state = hifigan_state(**HIFIGAN, upsample_kernel_sizes=(11, 8))
    extras = {
        "config": {"upsample_rates": [5, 4], "resblock_dilation_sizes": [[1, 2, 4]] * 3},
        "train_setup": {"sampling_rate": 44100, "filter_length": 512, "mel_fmin": 20.0, "mel_fmax": 20000.0},
    }
    network = built(hifigan.convert(ForeignWeights(state), extras, None))
    assert network.dimensions.upsample_rates == [5, 4]
    assert network.dimensions.block_dilations == [[1, 2, 4]] * 3
    assert network.mel == MelSettings(44100, 512, 20, 4, 20.0, 20000.0, lead=10, epsilon=1e-9)


@pytest.mark.parametrize(
    ("changes", "config", "message"),
    [
        ({"upsample_kernel_sizes": (8, 8)}, None, "How fast .* config.json"),
        ({"block_kernel_sizes": (3, 9)}, None, "dilations .* config.json"),
        ({"n_dilations": 2}, None, "dilations .* config.json"),
        ({}, {"upsample_rates": [8, 8, 4]}, "do not fit"),
    ],
)
def test_a_hifigan_that_needs_its_config_asks_for_it(changes, config, message):
    with pytest.raises(TtsError, match=message):
        hifigan.convert(ForeignWeights(hifigan_state(**HIFIGAN, **changes)), {}, config)
