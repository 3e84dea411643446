"""Long speech comes in stretches, which are what one go would have given."""

import numpy as np
import pytest
import torch

from tests.tiny_voice import MEL, VOCODER
from tts.models import onnx_source_filter
from tts.models.onnx_session import Session
from tts.models.onnx_source_filter import OnnxSourceFilter, stretch_frames, whole_frames
from tts.models.source_filter import SourceFilter
from tts.models.source_filter_graph import source_filter_graph
from tts.models.vocos import VocosDimensions


@pytest.fixture(scope="module")
def vocoder():
    torch.manual_seed(0)
    network = SourceFilter(MEL, VocosDimensions(**VOCODER)).eval().requires_grad_(False)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    graph = source_filter_graph(MEL, network.dimensions, {name: array.shape for name, array in weights.items()})
    return OnnxSourceFilter(MEL, Session("the test", lambda: (graph, weights)), n_blocks=VOCODER["n_blocks"])


@pytest.mark.parametrize("told", [False, True], ids=["heard pitch", "told pitch"])
def test_stretches_are_what_one_go_gives(vocoder, told, monkeypatch):
    random = np.random.default_rng(1)
    mel = random.normal(-5, 2, (2, MEL.n_mels, 100)).astype(np.float32)
    f0 = random.uniform(90, 300, (2, 100)).astype(np.float32) if told else None
    (whole,) = vocoder.stretches(mel, np.random.default_rng(2), f0)
    monkeypatch.setattr(onnx_source_filter, "FIRST_FRAMES", 9)
    monkeypatch.setattr(onnx_source_filter, "GROWTH", 2)
    parts = list(vocoder.stretches(mel, np.random.default_rng(2), f0))
    assert [part.shape[1] // MEL.hop_length for part in parts] == [9, 18, 36, 37]
    difference = np.concatenate(parts, axis=1) - whole
    # The phase sums the pitch, whose last digits differ where it is heard; -50 dB.
    tolerance = 1e-5 if told else 3e-3
    assert np.sqrt(np.mean(difference**2)) < tolerance * np.sqrt(np.mean(whole**2))
    np.testing.assert_array_equal(vocoder(mel, np.random.default_rng(2), f0), whole)


@pytest.mark.parametrize(
    ("n_frames", "lengths"), [(1, [1]), (192, [192]), (193, [96, 97]), (1000, [96, 904]), (1700, [96, 768, 836])]
)
def test_the_first_is_short_and_none_is_tiny(n_frames, lengths):
    frames = list(stretch_frames(n_frames))
    assert [len(each) for each in frames] == lengths
    assert [i for each in frames for i in each] == list(range(n_frames))


def test_a_whole_utterance_is_one_part_unless_it_takes_much_memory(vocoder, monkeypatch):
    assert [list(part) for part in whole_frames(7)] == [list(range(7))]
    mel = np.random.default_rng(1).normal(-5, 2, (1, MEL.n_mels, 100)).astype(np.float32)
    whole = vocoder(mel, np.random.default_rng(2))
    monkeypatch.setattr(onnx_source_filter, "MOST_FRAMES", 34)
    assert [len(part) for part in whole_frames(100)] == [33, 33, 34]
    parts = vocoder(mel, np.random.default_rng(2))
    assert parts.shape == whole.shape
    assert np.sqrt(np.mean((parts - whole) ** 2)) < 3e-3 * np.sqrt(np.mean(whole**2))
