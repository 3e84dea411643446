import numpy as np
import pytest
from onnx import TensorProto

from tests.tiny_kokoro import HOP, write_kokoro
from tts.models.base import SpeechRequest
from tts.voice.load import Computing, load_end_to_end_stage
from tts.voice.onnx_voices import OnnxSource, make_onnx_voice

IDS = [0, 8, 2, 5, 0]
# One step of a 16-bit file.
DITHER = 2**-15


@pytest.fixture
def network(request, tmp_path):
    """The network of a tiny voice, made with the options of the test."""
    folder = tmp_path / "voice"
    folder.mkdir()
    graph = write_kokoro(tmp_path / "source", **getattr(request, "param", {}))
    source = OnnxSource(graph, graph.name, graph.name, "", lambda name: None)
    return load_end_to_end_stage(make_onnx_voice(source, folder, "tiny"), Computing())


def spoken(network, ids=IDS, speed=1.0, speakers=(), seed=0):
    wave = network.speak(SpeechRequest(ids, speed, np.random.default_rng(seed), speakers))
    return wave.durations.tolist(), np.concatenate(list(wave.chunks))


FORMS = [
    {},
    {"tokens": "input_ids"},
    {"speed": TensorProto.INT32},
    {"durations_output": True},
    {"tokens": "input_ids", "speed": TensorProto.INT64, "durations_output": True},
]


@pytest.mark.parametrize("network", FORMS, indirect=True)
def test_every_symbol_lasts_as_long_as_its_samples_in_the_style_for_their_number(network):
    durations, samples = spoken(network)
    # The style of the first speaker for three phonemes is 1003.
    assert durations == [1, 4, 1, 2, 1]
    expected = np.repeat(np.array(IDS) * 1003.0, np.array(durations) * HOP)
    np.testing.assert_allclose(samples, expected, atol=DITHER, rtol=1e-6)
    assert samples.dtype == np.float32


@pytest.mark.parametrize("network", FORMS, indirect=True)
def test_speed_divides_the_durations_also_where_a_graph_declares_whole_numbers(network):
    assert spoken(network, [0, 12, 0], speed=1.5)[0] == [1, 4, 1]
    assert spoken(network, [0, 12, 0], speed=0.5)[0] == [1, 12, 1]
    assert network.controls == {"speed"}


def test_a_blend_is_the_weighted_mean_of_the_styles(network):
    assert network.can_blend
    levels = {speakers: spoken(network, speakers=speakers)[1][HOP] / IDS[1] for speakers in (
        (), ((1, 1.0),), ((0, 0.25), (1, 0.75)))}  # fmt: skip
    assert list(levels.values()) == pytest.approx([1003, 2003, 1753])


def test_the_style_is_chosen_by_the_number_of_phonemes_from_none_to_510(network):
    assert network.max_symbols == 512
    assert spoken(network, [0, 0])[1].tolist() == pytest.approx([0.0] * (2 * HOP), abs=DITHER)
    for n in (1, 2, 510):
        assert spoken(network, [0, *[1] * n, 0])[1][HOP] == pytest.approx(1000 + n)


@pytest.mark.parametrize("network", [{"random": "RandomNormalLike"}, {"random": "RandomUniformLike"}], indirect=True)
def test_random_numbers_of_the_graph_come_from_the_generator(network):
    durations, samples = spoken(network, seed=1)
    noise = samples - np.repeat(np.array(IDS) * 1003.0, np.array(durations) * HOP)
    np.testing.assert_array_equal(samples, spoken(network, seed=1)[1])
    assert (samples != spoken(network, seed=2)[1]).mean() > 0.9
    assert 0.2 < noise.std() < 1.1


def test_durations_and_samples_are_at_24_khz_in_frames_of_600(network):
    assert (network.sample_rate, network.hop_length, network.runtime) == (24_000, 600, "onnx")


def test_a_pause_is_no_digital_silence_and_the_same_from_the_same_seed(network):
    first, again, other = (spoken(network, [0, 0], seed=seed)[1] * 2**15 for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    # Of a triangular distribution, a quarter is rounded to other values than 0.
    assert (np.rint(first) != 0).mean() == pytest.approx(0.25, abs=0.05)
    assert np.abs(first).max() < 1


def test_marks_are_a_frame_earlier_where_the_first_pad_is_longer(network):
    # The pads of this network are symbols of any other id, too.
    assert spoken(network, [9, 8, 4])[0] == [3, 4, 3]
    assert spoken(network, [0, 8, 4])[0] == [1, 4, 2]
