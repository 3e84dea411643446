"""r9y9's WaveNet, of both layouts, becomes a network that computes what its own code does."""

import pytest
import torch

from tests.public_checkpoints import built_vocoder, wavenet_state
from tts.audio.mel import normalised
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.voice.checkpoints import wavenet
from tts.voice.checkpoints.weights import CheckpointWeights, fold_weight_norm

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
    ("changes", "given", "output"),
    [
        ({}, {}, "logistics"),
        ({"n_outputs": 2}, {"output_distribution": "Normal"}, "gaussian"),
        ({"n_inputs": 256, "n_outputs": 256}, {"input_type": "mulaw-quantize", "quantize_channels": 256}, "mulaw"),
    ],
)
def test_wavenets_of_three_kinds(weight_norm, changes, given, output):
    state = wavenet_state(**WAVENET, **changes, context_frames=1, kernel_size=2, weight_norm=weight_norm)
    weights = CheckpointWeights(state)
    assert wavenet.matches(weights, {})
    converted = wavenet.convert(weights, {}, HYPERPARAMETERS | given)
    network = built_vocoder(converted)
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
    converted = wavenet.convert(CheckpointWeights(state), {}, OLDER_HYPERPARAMETERS)
    network = built_vocoder(converted)
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
    given = HYPERPARAMETERS | {"mel_mean": [1, 2, 3, 4], "mel_deviation": [0.5, 1, 1, 1]}
    converted = wavenet.convert(CheckpointWeights(wavenet_state(**WAVENET)), {}, given)
    assert converted.mel["mean"] == [1, 2, 3, 4]
    assert not built_vocoder(converted).mel.unknown_statistics


@pytest.mark.parametrize(
    ("state", "given", "message"),
    [
        ({}, None, r"name the \.json file"),
        ({}, {"layers": 4}, "lack stacks, input_type"),
        ({}, {**HYPERPARAMETERS, "layers": 8}, "4 layers: the hyperparameters are of another"),
        ({}, {**HYPERPARAMETERS, "input_type": "mulaw"}, "input type 'mulaw' is not supported"),
        ({"n_outputs": 6}, {**HYPERPARAMETERS, "output_distribution": "Normal"}, "6 outputs .* 'Normal'"),
        ({}, {**HYPERPARAMETERS, "upsample_params": {"upsample_activation": "ReLU"}}, "activations in its upsampling"),
    ],
)
def test_wavenets_that_are_not_supported_are_refused(state, given, message):
    with pytest.raises(TtsError, match=message):
        wavenet.convert(CheckpointWeights(wavenet_state(**WAVENET, **state)), {}, given)


def test_a_wavenet_of_several_speakers_is_refused():
    state = wavenet_state(**WAVENET) | {"conv_layers.0.conv1x1g.weight": torch.zeros(1)}
    with pytest.raises(TtsError, match="several speakers"):
        wavenet.convert(CheckpointWeights(state), {}, HYPERPARAMETERS)
