from dataclasses import asdict

import pytest
import torch

from tests.foreign_tacotron2 import nvidia_tacotron2, state, torchaudio_tacotron2
from tts.errors import TtsError
from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions
from tts.voice.formats import tacotron2
from tts.voice.formats.weights import ForeignWeights

SMALL = Tacotron2Dimensions(
    n_symbols=148,
    n_mels=5,
    embedding_channels=6,
    encoder_channels=8,
    encoder_kernel_size=3,
    n_encoder_convolutions=2,
    attention_rnn_channels=10,
    decoder_rnn_channels=12,
    prenet_channels=6,
    attention_channels=7,
    location_filters=4,
    location_kernel_size=9,
    postnet_channels=8,
    postnet_kernel_size=7,
    n_postnet_convolutions=3,
)


def convert(tensors):
    weights = ForeignWeights(tensors)
    assert tacotron2.matches(weights, {})
    return tacotron2.convert(weights, {}, None)


@pytest.mark.parametrize("wrapped", [True, False])
def test_sizes_and_weights_are_read_from_the_checkpoint(wrapped):
    foreign = state(SMALL, wrapped=wrapped, seed=1)
    converted = convert(foreign)
    assert converted.layout == ("NVIDIA Tacotron 2" if wrapped else "TorchAudio Tacotron 2")
    dimensions = Tacotron2Dimensions(**converted.options)
    assert dimensions == SMALL
    network = Tacotron2(dimensions)
    network.load_state_dict(converted.weights)
    assert all(name.endswith("num_batches_tracked") for name in converted.dropped)
    suffix = ".linear_layer.weight" if wrapped else ".weight"
    torch.testing.assert_close(network.decoder.attention.energy.weight, foreign[f"decoder.attention_layer.v{suffix}"])


def test_both_layouts_hold_the_same_network():
    one, other = (convert(state(SMALL, wrapped=wrapped, seed=2)) for wrapped in (True, False))
    assert asdict(Tacotron2Dimensions(**one.options)) == asdict(Tacotron2Dimensions(**other.options))
    torch.testing.assert_close(one.weights, other.weights)


def test_a_missing_weight_is_named():
    foreign = nvidia_tacotron2(SMALL)["state_dict"]
    del foreign["decoder.gate_layer.linear_layer.bias"]
    del foreign["decoder.gate_layer.linear_layer.weight"]
    with pytest.raises(TtsError, match=r"lacks the weights 'decoder\.gate_layer\.'"):
        convert(foreign)


def test_a_weight_too_many_is_named():
    foreign = torchaudio_tacotron2(SMALL) | {"decoder.speaker.weight": torch.zeros(2, 2)}
    with pytest.raises(TtsError, match=r"does not have \('decoder\.speaker\.weight'\)"):
        convert(foreign)
