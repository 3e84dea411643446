"""HiFi-GAN of three sources becomes a network that computes what its own code does."""

import math

import pytest
import torch

from tests.public_checkpoints import built_vocoder, hifigan_state
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.voice.checkpoints import hifigan
from tts.voice.checkpoints.weights import CheckpointWeights, fold_weight_norm

HIFIGAN = {"n_mels": 4, "channels": 32}


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
    converted = hifigan.convert(CheckpointWeights(hifigan_state(**HIFIGAN, **changes)), {}, None)
    assert converted.options["block_dilations"] == dilations
    assert converted.options["upsample_rates"] == [k // 2 for k in converted.options["upsample_kernel_sizes"]]
    assert converted.mel == {
        "sample_rate": 22050, "n_fft": 1024, "hop_length": 256, "n_mels": 4, "f_min": 0.0, "f_max": 8000.0,
        "lead": 128, "epsilon": 1e-9,
    }  # fmt: skip
    assert built_vocoder(converted)(torch.zeros(1, 4, 2)).shape == (1, 512)


@torch.no_grad()
def test_speechbrains_hifigan_reflects_and_repeats_the_edges():
    state = hifigan_state(**HIFIGAN, speechbrain=True)
    weights = CheckpointWeights(state)
    assert hifigan.matches(weights, {})
    converted = hifigan.convert(weights, {}, None)
    network = built_vocoder(converted)
    assert (network.dimensions.padding_mode, network.dimensions.edge_frames) == ("reflect", 5)
    assert network.mel == MelSettings(n_mels=4)
    torch.testing.assert_close(network.before.weight, fold_weight_norm(state)["conv_pre.conv.weight"])


def test_a_hifigan_without_a_highest_frequency_expects_all():
    config = {"sampling_rate": 24000, "fmin": 0, "fmax": None, "num_mels": 4}
    converted = hifigan.convert(CheckpointWeights(hifigan_state(**HIFIGAN)), {}, config)
    assert (converted.mel["sample_rate"], converted.mel["f_max"]) == (24000, 12000)


def test_nvidias_hifigan_brings_its_config_in_the_checkpoint():
    state = hifigan_state(**HIFIGAN, upsample_kernel_sizes=(11, 8))
    extras = {
        "config": {"upsample_rates": [5, 4], "resblock_dilation_sizes": [[1, 2, 4]] * 3},
        "train_setup": {"sampling_rate": 44100, "filter_length": 512, "mel_fmin": 20.0, "mel_fmax": 20000.0},
    }
    network = built_vocoder(hifigan.convert(CheckpointWeights(state), extras, None))
    assert network.dimensions.upsample_rates == [5, 4]
    assert network.dimensions.block_dilations == [[1, 2, 4]] * 3
    assert network.mel == MelSettings(44100, 512, 20, 4, 20.0, 20000.0, lead=10, epsilon=1e-9)


@pytest.mark.parametrize(
    ("changes", "config", "message"),
    [
        ({"upsample_kernel_sizes": (8, 8)}, None, "upsampling rates .* cannot be read .* config.json"),
        ({"block_kernel_sizes": (3, 9)}, None, "dilations .* config.json"),
        ({"n_dilations": 2}, None, "dilations .* config.json"),
        ({"upsample_kernel_sizes": (8, 8)}, {"lr": 1}, "were read do not give them: name its config.json"),
        ({}, {"upsample_rates": [8, 8, 4]}, "do not fit .*: the hyperparameters that were read belong to another one"),
        ({}, {"upsample_rates": [8, 8, 2, 5]}, r"\(8, 8, 2, 5\) do not fit .* \(16, 16, 4, 4\): the hyperparameters"),
        (
            {},
            {"resblock_dilation_sizes": [[1, 3]] * 3},
            "do not fit this HiFi-GAN, its 3 blocks of 3 layers: the",
        ),
        ({}, {"upsample_rates": "8,8"}, "upsample_rates .* must be a list of positive integers, not '8,8'"),
        ({}, {"upsample_rates": [8, 8, 2, 0]}, "must be a list of positive integers"),
        ({}, {"resblock_dilation_sizes": [1, 3, 5]}, "must be a list of positive integers"),
        ({}, {"sampling_rate": "16k"}, "sampling_rate .* must be a number, not '16k'"),
    ],
)
def test_a_hifigan_that_needs_its_config_says_so(changes, config, message):
    with pytest.raises(TtsError, match=message):
        hifigan.convert(CheckpointWeights(hifigan_state(**HIFIGAN, **changes)), {}, config)


@torch.no_grad()
@pytest.mark.parametrize(
    ("kernel_sizes", "rates"), [((16, 10, 10), [8, 5, 5]), ((16, 11, 5), [5, 4, 4]), ((3, 8), [3, 3])]
)
def test_kernels_that_are_longer_than_their_rates_by_an_odd_number(kernel_sizes, rates):
    """The published code for 16 kHz: each such upsampling adds a sample at the end, and nothing else changes."""
    state = hifigan_state(**HIFIGAN, upsample_kernel_sizes=kernel_sizes)
    config = {"upsample_rates": rates, "sampling_rate": 16000, "hop_size": math.prod(rates), "fmax": 8000}
    network = built_vocoder(hifigan.convert(CheckpointWeights(state), {}, config))
    assert (network.mel.sample_rate, network.mel.hop_length) == (16000, math.prod(rates))
    mel = torch.randn(1, 4, 12)
    samples = network(mel)
    assert samples.shape == (1, 12 * math.prod(rates))

    # As jik876's code computes it, without cutting the end.
    x = network.before(mel)
    for stage, rate, size in zip(network.stages, rates, kernel_sizes, strict=True):
        x = torch.nn.functional.leaky_relu(x, 0.1)
        n = x.shape[2]
        x = stage(x)
        assert x.shape[2] == n * rate + (size - rate) % 2
    expected = torch.tanh(network.after(torch.nn.functional.leaky_relu(x)))[0]
    torch.testing.assert_close(samples, expected[:, : samples.shape[1]])
