"""Graphs as files."""

from tests.onnx.test_fastspeech2 import fastspeech2
from tests.onnx.test_source_filter import source_filter
from tests.tiny_voice import MEL


def test_a_graph_is_the_same_every_time_and_holds_no_weights():
    assert fastspeech2()[1] == fastspeech2()[1]
    assert source_filter(MEL)[1] == source_filter(MEL)[1]
    assert len(fastspeech2()[1]) < 30e3
    assert len(fastspeech2(channels=64, encoder_hidden=256)[1]) < 30e3
