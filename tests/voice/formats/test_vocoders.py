"""Vocoders in foreign layouts become networks that compute what their own code does."""

import sys

import pytest
import tomli_w
import torch

from tests.foreign_checkpoints import hifigan_state, nvidia_waveglow_state, wavenet_state
from tts.audio.mel import normalised
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.waveglow import WaveGlowDimensions
from tts.voice.formats import hifigan, waveglow_nvidia, wavenet_r9y9
from tts.voice.formats.weights import ForeignWeights, fold_weight_norm
from tts.voice.networks import VOCODERS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

WAVEGLOW = {"n_mels": 4, "n_flows": 5, "n_early_every": 2, "n_layers": 2, "channels": 6}
HIFIGAN = {"n_mels": 4, "channels": 32}


def built(converted):
    made = VOCODERS[converted.network](MelSettings(**converted.mel), converted.options)
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


def test_a_hifigan_without_a_highest_frequency_hears_all():
    config = {"sampling_rate": 24000, "fmin": 0, "fmax": None, "num_mels": 4}
    converted = hifigan.convert(ForeignWeights(hifigan_state(**HIFIGAN)), {}, config)
    assert (converted.mel["sample_rate"], converted.mel["f_max"]) == (24000, 12000)


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


WAVENET = {"n_mels": 4, "layers": 4, "residual_channels": 6, "gate_channels": 8, "skip_channels": 5}
HYPERPARAMETERS = {
    "layers": 4, "stacks": 2, "input_type": "raw", "output_distribution": "Logistic", "quantize_channels": 65536,
    "log_scale_min": -16.0, "preprocess": "preemphasis", "global_gain_scale": 0.55, "sample_rate": 22050,
    "fft_size": 1024, "hop_size": 256, "num_mels": 4, "fmin": 125, "fmax": 7600,
}  # fmt: skip
OLDER_HYPERPARAMETERS = {
    "layers": 4, "stacks": 2, "input_type": "raw", "quantize_channels": 65536, "log_scale_min": -32.2,
    "sample_rate": 22050, "fft_size": 1024, "hop_size": 256, "num_mels": 4, "fmin": 125, "fmax": 7600,
    "min_level_db": -100, "ref_level_db": 20, "rescaling": True, "freq_axis_kernel_size": 3,
}  # fmt: skip


@pytest.mark.parametrize("weight_norm", [True, False])
@pytest.mark.parametrize(
    ("changes", "told", "output"),
    [
        ({}, {}, "logistics"),
        ({"n_outputs": 2}, {"output_distribution": "Normal"}, "gaussian"),
        ({"n_inputs": 256, "n_outputs": 256}, {"input_type": "mulaw-quantize", "quantize_channels": 256}, "mulaw"),
    ],
)
def test_wavenets_of_three_kinds(weight_norm, changes, told, output):
    state = wavenet_state(**WAVENET, **changes, context_frames=1, kernel_size=2, weight_norm=weight_norm)
    weights = ForeignWeights(state)
    assert wavenet_r9y9.matches(weights, {})
    converted = wavenet_r9y9.convert(weights, {}, HYPERPARAMETERS | told)
    network = built(converted)
    d = network.dimensions
    assert (converted.layout, d.output, d.context_frames, d.kernel_size) == ("r9y9 WaveNet", output, 1, 2)
    assert d.upsample_scales == [4, 4, 4, 4]
    assert (d.preemphasis, d.gain, d.running_skips) == (0.85, 0.55, False)
    assert network.mel == MelSettings(
        n_mels=4, f_min=125.0, f_max=7600.0, log="10", floor=1e-10, unknown_statistics=True
    )
    torch.testing.assert_close(network.out.weight, fold_weight_norm(state)["last_conv_layers.3.weight"])


@torch.no_grad()
def test_the_wavenet_of_2018():
    state = wavenet_state(**WAVENET, transposed=True, upsample_height=3, upsample_scales=(8, 4, 8))
    converted = wavenet_r9y9.convert(ForeignWeights(state), {}, OLDER_HYPERPARAMETERS)
    network = built(converted)
    d = network.dimensions
    assert (converted.layout, d.upsampling, d.upsample_height) == ("r9y9 WaveNet of 2018", "transposed", 3)
    assert d.upsample_scales == [8, 4, 8]
    assert (d.preemphasis, d.gain, d.running_skips, d.sampling_log_scale_min) == (0.0, 1.0, True, -32.2)
    folded = fold_weight_norm(state)
    torch.testing.assert_close(network.layers[2].condition.bias, folded["conv_layers.2.conv1x1c.bias"])
    torch.testing.assert_close(network.upsample.convs[1].weight, folded["upsample_conv.2.weight"])
    # 20 log10(x) - 20 dB, from -100 dB to 0 dB as 0 to 1.
    decibels = torch.tensor([[-200.0], [-80.0], [-30.0], [20.0], [40.0]])
    normal = normalised(10 ** (decibels / 20), network.mel)
    torch.testing.assert_close(normal[:, 0], torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]))


def test_a_wavenet_with_statistics_knows_its_mel():
    told = HYPERPARAMETERS | {"mel_mean": [1, 2, 3, 4], "mel_deviation": [0.5, 1, 1, 1]}
    converted = wavenet_r9y9.convert(ForeignWeights(wavenet_state(**WAVENET)), {}, told)
    assert converted.mel["mean"] == [1, 2, 3, 4]
    assert not built(converted).mel.unknown_statistics


@pytest.mark.parametrize(
    ("state", "told", "message"),
    [
        ({}, None, r"say where the \.json is"),
        ({}, {"layers": 4}, "lack stacks, input_type"),
        ({}, {**HYPERPARAMETERS, "layers": 8}, "4 layers: the hyperparameters are of another"),
        ({}, {**HYPERPARAMETERS, "input_type": "mulaw"}, "input type 'mulaw' is not known"),
        ({"n_outputs": 6}, {**HYPERPARAMETERS, "output_distribution": "Normal"}, "6 outputs .* 'Normal'"),
        ({}, {**HYPERPARAMETERS, "upsample_params": {"upsample_activation": "ReLU"}}, "activations in its upsampling"),
    ],
)
def test_wavenets_that_are_not_known_are_refused(state, told, message):
    with pytest.raises(TtsError, match=message):
        wavenet_r9y9.convert(ForeignWeights(wavenet_state(**WAVENET, **state)), {}, told)


def test_a_wavenet_of_several_speakers_is_refused():
    state = wavenet_state(**WAVENET) | {"conv_layers.0.conv1x1g.weight": torch.zeros(1)}
    with pytest.raises(TtsError, match="several speakers"):
        wavenet_r9y9.convert(ForeignWeights(state), {}, HYPERPARAMETERS)


@pytest.mark.parametrize(
    ("module", "state"),
    [(waveglow_nvidia, nvidia_waveglow_state(**WAVEGLOW)), (hifigan, hifigan_state(**HIFIGAN)),
     (wavenet_r9y9, wavenet_state(**WAVENET))],
    ids=["waveglow", "hifigan", "wavenet"],
)  # fmt: skip
def test_each_layout_knows_its_own_and_no_other(module, state):
    matching = [m for m in (waveglow_nvidia, hifigan, wavenet_r9y9) if m.matches(ForeignWeights(state), {})]
    assert matching == [module]


@pytest.mark.parametrize("module", [waveglow_nvidia, hifigan, wavenet_r9y9])
def test_converted_values_can_stand_in_a_manifest(module):
    state = {
        waveglow_nvidia: nvidia_waveglow_state(**WAVEGLOW),
        hifigan: hifigan_state(**HIFIGAN),
        wavenet_r9y9: wavenet_state(**WAVENET),
    }[module]
    converted = module.convert(ForeignWeights(state), {}, HYPERPARAMETERS if module is wavenet_r9y9 else None)
    table = {"options": converted.options, "mel": converted.mel}
    assert tomllib.loads(tomli_w.dumps(table)) == table
    assert all(tensor.is_contiguous() for tensor in converted.weights.values())
