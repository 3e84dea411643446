"""The source-filter vocoder on ONNX Runtime computes what the PyTorch network computes, in one part or in segments."""

import numpy as np
import pytest
import torch

from tests.models.rounding import rms, rounding_bound
from tests.tiny_voice import MEL, VOCODER
from tts.audio.mel_settings import MelSettings
from tts.models import source_filter as in_torch
from tts.models.source_filter import SourceFilter, SourceFilterDimensions
from tts.models.torch_network import TorchVocoder
from tts.onnx import source_filter as on_onnx
from tts.onnx.session import Session
from tts.onnx.source_filter import OnnxSourceFilter, equal_parts, growing_parts, source_filter_graph

SMALL_MEL = MelSettings(sample_rate=16000, n_fft=400, hop_length=160, n_mels=20)
WITH_AND_WITHOUT_PITCH = pytest.mark.parametrize("with_f0", [False, True], ids=["predicted pitch", "given pitch"])


def arrays(network):
    return {name: tensor.numpy() for name, tensor in network.state_dict().items()}


def source_filter(mel, envelope_steps=0):
    """A random network and its graph."""
    torch.manual_seed(0)
    sizes = SourceFilterDimensions(**VOCODER, envelope_steps=envelope_steps)
    network = SourceFilter(mel, sizes).eval().requires_grad_(False)
    if envelope_steps:
        torch.nn.init.normal_(network.envelope.weight, std=0.3)
    shapes = {name: array.shape for name, array in arrays(network).items()}
    return network, source_filter_graph(mel, network.dimensions, shapes)


def vocoder_of(network, graph):
    session = Session("the test", lambda: (graph, arrays(network)))
    return OnnxSourceFilter(network.mel, session, n_blocks=VOCODER["n_blocks"])


@pytest.fixture(scope="module", params=[0, 4], ids=["plain", "gains within frames"])
def network_and_graph(request):
    return source_filter(MEL, request.param)


@pytest.mark.parametrize("envelope_steps", [0, 4, 16], ids=["plain", "4 gains a frame", "16 gains a frame"])
@pytest.mark.parametrize("mel", [MEL, SMALL_MEL], ids=["heart's mel", "a smaller mel"])
@WITH_AND_WITHOUT_PITCH
def test_the_samples_are_pytorchs(mel, with_f0, envelope_steps):
    network, graph = source_filter(mel, envelope_steps)
    random = np.random.default_rng(3)
    mels = random.normal(-5, 2, (2, mel.n_mels, 30)).astype(np.float32)
    f0 = random.uniform(80, 300, (2, 30)).astype(np.float32) if with_f0 else None

    def speak(vocoder):
        return vocoder(mels, np.random.default_rng(4), f0)

    ours, theirs = speak(vocoder_of(network, graph)), speak(TorchVocoder(network))
    assert ours.dtype == np.float32
    assert ours.shape == (2, 30 * mel.hop_length)
    assert np.abs(theirs).max() > 0.01
    bound = rounding_bound(network, lambda network: speak(TorchVocoder(network)))
    np.testing.assert_allclose(ours, theirs, atol=bound, rtol=0)


@WITH_AND_WITHOUT_PITCH
def test_segments_are_the_samples_of_one_part(network_and_graph, with_f0, monkeypatch):
    vocoder = vocoder_of(*network_and_graph)
    random = np.random.default_rng(1)
    mel = random.normal(-5, 2, (2, MEL.n_mels, 100)).astype(np.float32)
    f0 = random.uniform(90, 300, (2, 100)).astype(np.float32) if with_f0 else None
    (in_one,) = vocoder.segments(mel, np.random.default_rng(2), f0)
    monkeypatch.setattr(on_onnx, "FIRST_FRAMES", 9)
    monkeypatch.setattr(on_onnx, "GROWTH", 2)
    parts = list(vocoder.segments(mel, np.random.default_rng(2), f0))
    assert [part.shape[1] // MEL.hop_length for part in parts] == [9, 18, 36, 37]
    # The phase sums the pitch: where the pitch is predicted, its last digits differ.
    bound = rounding_bound(
        network_and_graph[0], lambda network: TorchVocoder(network)(mel, np.random.default_rng(2), f0), rms
    )
    assert rms(np.concatenate(parts, axis=1) - in_one) < bound < 1e-2 * rms(in_one)
    np.testing.assert_array_equal(vocoder(mel, np.random.default_rng(2), f0), in_one)


@pytest.mark.parametrize(
    ("n_frames", "lengths"), [(1, [1]), (192, [192]), (193, [96, 97]), (1000, [96, 904]), (1700, [96, 768, 836])]
)
def test_the_first_is_short_and_none_is_tiny(n_frames, lengths):
    frames = list(growing_parts(n_frames))
    assert [len(each) for each in frames] == lengths
    assert [i for each in frames for i in each] == list(range(n_frames))


def test_an_utterance_is_one_part_unless_it_needs_much_memory(network_and_graph, monkeypatch):
    vocoder = vocoder_of(*network_and_graph)
    assert [list(part) for part in equal_parts(7)] == [list(range(7))]
    mel = np.random.default_rng(1).normal(-5, 2, (1, MEL.n_mels, 100)).astype(np.float32)
    in_one = vocoder(mel, np.random.default_rng(2))
    monkeypatch.setattr(on_onnx, "MAX_FRAMES", 34)
    assert [len(part) for part in equal_parts(100)] == [33, 33, 34]
    parts = vocoder(mel, np.random.default_rng(2))
    assert parts.shape == in_one.shape
    bound = rounding_bound(
        network_and_graph[0], lambda network: TorchVocoder(network)(mel, np.random.default_rng(2)), rms
    )
    assert rms(parts - in_one) < bound < 1e-2 * rms(in_one)


def test_the_pulses_are_the_same():
    f0 = np.random.default_rng(0).uniform(60, 500, 200).astype(np.float32)
    expected = in_torch.pulse_train(torch.from_numpy(f0)[None], 256, 22050)[0].numpy()
    made = on_onnx.pulse_train(f0, 256, 22050)
    assert made.dtype == np.float32
    # A pulse has a height of up to 180; the sines of both are correct to a few units in the last place, 1e-6 of it.
    np.testing.assert_allclose(made, expected, atol=1e-4, rtol=1e-5)


def test_the_gains_are_the_same():
    log_gains = np.random.default_rng(0).uniform(-3, 3, (12, 4)).astype(np.float32)
    expected = in_torch.sample_gains(torch.from_numpy(log_gains)[None], 256)[0].numpy()
    made = on_onnx.sample_gains(log_gains, 256)
    assert made.dtype == np.float32
    # A line between log gains of up to 3 rounds to a few units of 2e-7, and so does its exponential.
    np.testing.assert_allclose(made, expected, rtol=2e-6)


def test_the_kernel_is_the_same_where_the_phase_is_an_integer():
    phase = np.array([0, 1, 2.5, -1, 1e-6, 3 - 1e-6, 0.25])
    n_harmonics = np.full(7, 9, np.float32)
    expected = in_torch.dirichlet_kernel(torch.from_numpy(phase), torch.from_numpy(n_harmonics)).numpy()
    made = on_onnx.dirichlet_kernel(phase, n_harmonics)
    assert made.tolist()[:2] == [9, 9]
    np.testing.assert_allclose(made, expected, atol=1e-5, rtol=0)
