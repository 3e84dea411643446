from dataclasses import asdict

import pytest
import torch

from tests.public_checkpoints import nvidia_tacotron2, tacotron2_state, torchaudio_tacotron2
from tts.errors import TtsError
from tts.models.tacotron2 import Tacotron2, Tacotron2Dimensions
from tts.voice.checkpoints import tacotron2
from tts.voice.checkpoints.weights import CheckpointWeights

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
    weights = CheckpointWeights(tensors)
    assert tacotron2.matches(weights, {})
    return tacotron2.convert(weights, {}, None)


@pytest.mark.parametrize("wrapped", [True, False])
def test_sizes_and_weights_are_read_from_the_checkpoint(wrapped):
    tensors = tacotron2_state(SMALL, wrapped=wrapped, seed=1)
    converted = convert(tensors)
    assert converted.layout == ("NVIDIA Tacotron 2" if wrapped else "TorchAudio Tacotron 2")
    dimensions = Tacotron2Dimensions(**converted.options)
    assert dimensions == SMALL
    network = Tacotron2(dimensions)
    network.load_state_dict(converted.weights)
    assert all(name.endswith("num_batches_tracked") for name in converted.dropped)
    suffix = ".linear_layer.weight" if wrapped else ".weight"
    torch.testing.assert_close(network.decoder.attention.energy.weight, tensors[f"decoder.attention_layer.v{suffix}"])


def test_both_layouts_hold_the_same_network():
    one, other = (convert(tacotron2_state(SMALL, wrapped=wrapped, seed=2)) for wrapped in (True, False))
    assert asdict(Tacotron2Dimensions(**one.options)) == asdict(Tacotron2Dimensions(**other.options))
    torch.testing.assert_close(one.weights, other.weights)


def test_a_missing_weight_is_named():
    tensors = nvidia_tacotron2(SMALL)["state_dict"]
    del tensors["decoder.gate_layer.linear_layer.bias"]
    del tensors["decoder.gate_layer.linear_layer.weight"]
    with pytest.raises(TtsError, match=r"lacks the weights 'decoder\.gate_layer\.'"):
        convert(tensors)


def test_a_weight_too_many_is_named():
    tensors = torchaudio_tacotron2(SMALL) | {"decoder.speaker.weight": torch.zeros(2, 2)}
    with pytest.raises(TtsError, match=r"does not have \('decoder\.speaker\.weight'\)"):
        convert(tensors)
