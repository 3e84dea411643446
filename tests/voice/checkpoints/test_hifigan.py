"""HiFi-GAN of three sources becomes a network that computes what its own code does."""

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
        ({}, {"upsample_rates": [8, 8, 4]}, "do not fit"),
    ],
)
def test_a_hifigan_that_needs_its_config_says_so(changes, config, message):
    with pytest.raises(TtsError, match=message):
        hifigan.convert(CheckpointWeights(hifigan_state(**HIFIGAN, **changes)), {}, config)
