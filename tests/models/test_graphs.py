"""Graphs for ONNX Runtime say what the PyTorch networks say, of every size."""

import threading

import numpy as np
import pytest
import torch

from tests.tiny_voice import ACOUSTIC, MEL, VOCODER
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.fastspeech2_graph import fastspeech2_graph
from tts.models.onnx_fastspeech2 import OnnxFastSpeech2
from tts.models.onnx_session import Session
from tts.models.onnx_source_filter import OnnxSourceFilter
from tts.models.source_filter import SourceFilter
from tts.models.source_filter_graph import source_filter_graph
from tts.models.torch_stages import TorchAcoustic, TorchVocoder
from tts.models.vocos import VocosDimensions

CONTROLS = [(1.0, 0.0, 1.0), (1.7, 3.0, 0.5), (0.6, -5.0, 1.8)]
SMALL_MEL = MelSettings(sample_rate=16000, n_fft=400, hop_length=160, n_mels=20)


def arrays(network):
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


def shapes(network):
    return {name: array.shape for name, array in arrays(network).items()}


def fastspeech2(**changes):
    torch.manual_seed(0)
    network = FastSpeech2(FastSpeech2Dimensions(**(ACOUSTIC | changes))).eval().requires_grad_(False)
    network.duration_predictor.out.bias.fill_(1.6)
    return network, fastspeech2_graph(network.dimensions, shapes(network))


def source_filter(mel):
    torch.manual_seed(0)
    network = SourceFilter(mel, VocosDimensions(**VOCODER)).eval().requires_grad_(False)
    return network, source_filter_graph(mel, network.dimensions, shapes(network))


def session(network, graph):
    return Session("the test", lambda: (graph, arrays(network)))


@pytest.mark.parametrize(("speed", "pitch", "energy"), CONTROLS)
@pytest.mark.parametrize("changes", [{}, {"n_postnet_layers": 3}, {"encoder_kernel_size": 9, "n_decoder_blocks": 2}])
def test_the_mel_is_pytorchs(changes, speed, pitch, energy):
    network, graph = fastspeech2(**changes)
    ids = np.random.default_rng(1).integers(0, ACOUSTIC["n_symbols"], 30).tolist()
    random = np.random.default_rng(2)
    ours, theirs = (
        stage.speak(ids, speed=speed, pitch=pitch, energy=energy, generator=random)
        for stage in (OnnxFastSpeech2(session(network, graph)), TorchAcoustic(network))
    )
    assert ours.durations.tolist() == theirs.durations.tolist()
    assert ours.durations.sum() == ours.mel.shape[1] > 50
    np.testing.assert_allclose(ours.mel, theirs.mel, atol=1e-4, rtol=0)
    np.testing.assert_allclose(ours.f0, theirs.f0, rtol=1e-5)
    # Nothing was random.
    assert random.random() == np.random.default_rng(2).random()


def test_one_symbol_can_be_spoken():
    network, graph = fastspeech2()
    spoken = OnnxFastSpeech2(session(network, graph)).speak(
        [3], speed=1.0, pitch=0.0, energy=1.0, generator=np.random.default_rng(0)
    )
    assert spoken.durations.tolist() == [spoken.mel.shape[1]]


@pytest.mark.parametrize("mel", [MEL, SMALL_MEL], ids=["heart's mel", "a smaller mel"])
@pytest.mark.parametrize("told", [False, True], ids=["heard pitch", "told pitch"])
def test_the_samples_are_pytorchs(mel, told):
    network, graph = source_filter(mel)
    random = np.random.default_rng(3)
    mels = random.normal(-5, 2, (2, mel.n_mels, 30)).astype(np.float32)
    f0 = random.uniform(80, 300, (2, 30)).astype(np.float32) if told else None
    ours, theirs = (
        stage(mels, np.random.default_rng(4), f0)
        for stage in (OnnxSourceFilter(mel, session(network, graph)), TorchVocoder(network))
    )
    assert ours.dtype == np.float32
    assert ours.shape == (2, 30 * mel.hop_length)
    assert np.abs(theirs).max() > 0.01
    # The phase is the pitch summed up, and with it the last digits of a pitch that was heard.
    np.testing.assert_allclose(ours, theirs, atol=1e-5 if told else 1e-3, rtol=0)


def test_a_graph_is_the_same_every_time_and_holds_no_weights():
    assert fastspeech2()[1] == fastspeech2()[1]
    assert source_filter(MEL)[1] == source_filter(MEL)[1]
    assert len(fastspeech2()[1]) < 30e3
    assert len(fastspeech2(channels=64, encoder_hidden=256)[1]) < 30e3


@pytest.mark.parametrize(
    ("graph", "weights"),
    [
        (lambda graph: graph[:1000], lambda weights: weights),
        (lambda graph: b"", lambda weights: weights),
        (lambda graph: graph, lambda weights: {}),
        (lambda graph: graph, lambda weights: weights | {"to_mel.bias": np.zeros(3, np.float32)}),
        (lambda graph: graph, lambda weights: weights | {"more": np.zeros(3, np.float32)}),
    ],
    ids=["cut", "empty", "no weights", "wrong shape", "more weights"],
)
def test_what_does_not_fit_is_refused_in_a_sentence(graph, weights):
    network, whole = fastspeech2()
    broken = Session("the test", lambda: (graph(whole), weights(arrays(network))))
    with pytest.raises(TtsError, match=r"The graph of the test (does not fit|cannot speak)"):
        OnnxFastSpeech2(broken).speak([3], speed=1.0, pitch=0.0, energy=1.0, generator=np.random.default_rng(0))


def test_what_waits_is_ready_or_learns_why_not():
    network, graph = fastspeech2()
    opened, go_on = [], threading.Event()

    def read():
        go_on.wait()
        opened.append(True)
        return graph, arrays(network)

    stage = OnnxFastSpeech2(Session("the test", read))
    assert not opened
    go_on.set()
    stage.wait()
    assert opened
    with pytest.raises(TtsError, match="The graph of the test does not fit"):
        OnnxFastSpeech2(Session("the test", lambda: (b"", arrays(network)))).wait()


def test_a_symbol_that_is_not_there_is_refused_in_a_sentence():
    network, graph = fastspeech2()
    with pytest.raises(TtsError, match="The graph of the test cannot speak this"):
        OnnxFastSpeech2(session(network, graph)).speak(
            [999], speed=1.0, pitch=0.0, energy=1.0, generator=np.random.default_rng(0)
        )
