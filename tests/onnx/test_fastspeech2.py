"""The graph of FastSpeech 2 computes what the PyTorch network computes, of every size."""

import numpy as np
import pytest
import torch

from tests.models.rounding import rounding_bound
from tests.tiny_voice import ACOUSTIC
from tts.errors import TtsError
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.torch_network import TorchAcoustic
from tts.onnx.fastspeech2 import OnnxFastSpeech2, fastspeech2_graph
from tts.onnx.session import Session

CONTROLS = [(1.0, 0.0, 1.0), (1.7, 3.0, 0.5), (0.6, -5.0, 1.8)]


def arrays(network):
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


def fastspeech2(**changes):
    """A random network and its graph."""
    torch.manual_seed(0)
    network = FastSpeech2(FastSpeech2Dimensions(**(ACOUSTIC | changes))).eval().requires_grad_(False)
    network.duration_predictor.out.bias.fill_(1.6)
    shapes = {name: array.shape for name, array in arrays(network).items()}
    return network, fastspeech2_graph(network.dimensions, shapes)


def on_onnx(network, graph):
    return OnnxFastSpeech2(Session("the test", lambda: (graph, arrays(network))))


@pytest.mark.parametrize(("speed", "pitch", "energy"), CONTROLS)
@pytest.mark.parametrize("changes", [{}, {"n_postnet_layers": 3}, {"encoder_kernel_size": 9, "n_decoder_blocks": 2}])
def test_the_mel_is_pytorchs(changes, speed, pitch, energy):
    network, graph = fastspeech2(**changes)
    ids = np.random.default_rng(1).integers(0, ACOUSTIC["n_symbols"], 30).tolist()
    random = np.random.default_rng(2)

    def speak(model):
        return model.speak(ids, speed=speed, pitch=pitch, energy=energy, generator=random)

    ours, theirs = speak(on_onnx(network, graph)), speak(TorchAcoustic(network))
    assert ours.durations.tolist() == theirs.durations.tolist()
    assert ours.durations.sum() == ours.mel.shape[1] > 50
    mel_bound = rounding_bound(network, lambda network: speak(TorchAcoustic(network)).mel)
    np.testing.assert_allclose(ours.mel, theirs.mel, atol=mel_bound, rtol=0)
    log_f0_bound = rounding_bound(network, lambda network: np.log(speak(TorchAcoustic(network)).f0))
    np.testing.assert_allclose(np.log(ours.f0), np.log(theirs.f0), atol=log_f0_bound, rtol=0)
    # Nothing was random.
    assert random.random() == np.random.default_rng(2).random()


@pytest.mark.parametrize("speed", [each[0] for each in CONTROLS])
def test_rounding_does_not_decide_the_durations(speed):
    """The boundaries of the test above are nowhere halfway between frames."""
    network, _ = fastspeech2()
    ids = np.random.default_rng(1).integers(0, ACOUSTIC["n_symbols"], 30)
    log_durations = network.double()(torch.from_numpy(ids)[None], torch.tensor([30])).log_durations[0]
    boundaries = torch.cumsum(torch.expm1(log_durations) / speed, 0)
    assert ((boundaries % 1) - 0.5).abs().min() > 1e-3


def test_one_symbol_can_be_spoken():
    spoken = on_onnx(*fastspeech2()).speak([3], speed=1.0, pitch=0.0, energy=1.0, generator=np.random.default_rng(0))
    assert spoken.durations.tolist() == [spoken.mel.shape[1]]


def test_a_symbol_that_is_not_there_is_refused_in_a_sentence():
    with pytest.raises(TtsError, match="The graph of the test cannot speak this"):
        on_onnx(*fastspeech2()).speak([999], speed=1.0, pitch=0.0, energy=1.0, generator=np.random.default_rng(0))
