"""Loading a graph in the background, and refusing files that do not fit."""

import threading

import numpy as np
import pytest

from tests.onnx.test_fastspeech2 import arrays, fastspeech2
from tts.errors import TtsError
from tts.onnx.fastspeech2 import OnnxFastSpeech2
from tts.onnx.session import Session


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
    network, complete = fastspeech2()
    broken = Session("the test", lambda: (graph(complete), weights(arrays(network))))
    with pytest.raises(TtsError, match=r"The graph of the test (does not fit|cannot speak)"):
        OnnxFastSpeech2(broken).speak([3], speed=1.0, pitch=0.0, energy=1.0, generator=np.random.default_rng(0))


def test_waiting_ends_when_the_graph_is_ready_or_raises():
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
