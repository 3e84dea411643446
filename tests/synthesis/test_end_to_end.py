import numpy as np
import pytest

from tts.models.base import EndToEnd, SpokenWave
from tts.options import SynthesisOptions
from tts.synthesis.end_to_end import EndToEndStages, in_parts, joined, quietest, spliced
from tts.synthesis.sentences import ProsodySpan, Sentence
from tts.text.passage import Prosody
from tts.text.reading import Reading
from tts.text.symbols import ENGLISH_IPA, Encoded

HOP, RATE = 100, 1000


class Steps(EndToEnd):
    """Each symbol lasts four frames at the normal rate, and sounds as its id; a comma and a space are silent."""

    runtime = "onnx"
    sample_rate, hop_length = RATE, HOP
    controls = frozenset({"speed", "noise_scale"})

    def __init__(self, max_symbols=None):
        self.max_symbols = max_symbols
        self.requests = []

    def speak(self, request):
        self.requests.append(request)
        durations = np.full(len(request.ids), round(4 / request.speed))
        silent = ENGLISH_IPA.encode(", ").ids[1:-1]
        values = [0 if id in silent else id for id in request.ids]
        samples = np.repeat(values, durations * HOP).astype(np.float32)
        return SpokenWave(durations, iter(np.split(samples, 2)))


def sentence(phonemes, **prosody):
    return Sentence(phonemes, Reading(phonemes), ENGLISH_IPA.encode(phonemes), 0, **prosody)


def test_a_sentence_comes_in_chunks_with_the_durations_of_its_symbols():
    network = Steps()
    spoken = EndToEndStages(network, ((2, 1.0),)).speak(sentence("ab"), SynthesisOptions(speed=2, noise_scale=0.5))
    assert spoken.symbols == ["", "a", "b", ""]
    assert spoken.places == [-1, 0, 1, -1]
    assert spoken.durations.tolist() == [2, 2, 2, 2]
    assert spoken.seconds == 0.8
    first, second = spoken.chunks
    assert len(first) == len(second) == 4 * HOP
    (request,) = network.requests
    assert (request.speed, request.speakers, request.noise_scale, request.noise_w) == (2, ((2, 1.0),), 0.5, None)


def test_a_word_with_its_own_speed_is_joined_from_another_take():
    slow = (ProsodySpan(Prosody(speed=0.5), 1, 2),)
    spoken = EndToEndStages(Steps()).speak(sentence("abe", prosody=slow), SynthesisOptions())
    assert spoken.durations.tolist() == [4, 4, 8, 4, 4]
    (samples,) = spoken.chunks
    ids = ENGLISH_IPA.encode("abe").ids
    assert len(samples) == 24 * HOP
    # Beside the crossfades, of 5 samples here, each symbol sounds as itself.
    for id, start, frames in zip(ids, (0, 4, 8, 16, 20), (4, 4, 8, 4, 4), strict=True):
        assert np.allclose(samples[start * HOP + 3 : (start + frames) * HOP - 3], id)


def test_silence_between_clauses_is_inserted_in_the_pause():
    spoken = EndToEndStages(Steps()).speak(sentence("a, b"), SynthesisOptions(clause_silence=0.3))
    assert spoken.durations.tolist() == [4, 4, 7, 4, 4, 4]
    (samples,) = spoken.chunks
    a, b = ENGLISH_IPA.encode("ab").ids[1:3]
    assert len(samples) == 27 * HOP
    assert np.all(samples[4 * HOP : 8 * HOP] == a)
    assert np.all(samples[8 * HOP : 19 * HOP] == 0)
    assert np.all(samples[19 * HOP : 23 * HOP] == b)


def test_a_long_sentence_is_spoken_in_parts_without_losing_a_symbol():
    network = Steps(max_symbols=12)
    spoken = EndToEndStages(network).speak(sentence("abe ab, eab abea"), SynthesisOptions())
    assert [len(request.ids) for request in network.requests] == [10, 10]
    assert "".join(spoken.symbols) == "abe ab, eab abea"
    assert [place for place in spoken.places if place >= 0] == list(range(16))


@pytest.mark.parametrize(
    ("phonemes", "parts"),
    [
        ("ab ab", ["ab ab"]),
        ("aaaaa bbb, e aaaa", ["aaaaa bbb, ", "e aaaa"]),
        ("aa, bbbbbbb eee", ["aa, bbbbbbb ", "eee"]),
        ("aaaaaaaaaaaaaaa", ["aaaaaaaaaaaa", "aaa"]),
    ],
)
def test_parts_end_at_clauses_or_spaces(phonemes, parts):
    assert ["".join(part.symbols) for part in in_parts(ENGLISH_IPA.encode(phonemes), 14)] == parts


def test_symbols_without_markers_are_divided_too():
    encoded = Encoded(list(range(6)), list("ab abe"), (), list(range(6)))
    assert [part.ids for part in in_parts(encoded, 4)] == [[0, 1, 2], [3, 4, 5]]


def test_the_silence_at_the_markers_between_two_parts_is_a_pause_within_a_sentence():
    def wave(durations, loud):
        frames = np.repeat(np.array(loud, np.float32), durations)
        return SpokenWave(np.array(durations), iter([np.repeat(frames, 10)]))

    parts = [wave([4, 2, 7], [0, 1, 0.001]), wave([6, 3, 1, 5], [0, 1, 0, 0])]
    whole = joined(parts, [[True, True], [True, True]], 10, 4.0)
    assert whole.durations.tolist() == [4, 2, 2, 2, 3, 1, 5]
    samples = np.concatenate(list(whole.chunks))
    np.testing.assert_array_equal(samples[::10] > 0.5, [*[0] * 4, *[1] * 2, *[0] * 4, *[1] * 3, *[0] * 6])


def test_sound_at_a_marker_and_silence_of_symbols_are_not_cut_out():
    def waves():
        return [
            SpokenWave(np.array([2, 9]), iter([np.ones(110, np.float32)])),
            SpokenWave(np.array([9, 2]), iter([np.zeros(110, np.float32)])),
        ]

    assert joined(waves(), [[True, True], [False, True]], 10, 2.0).durations.tolist() == [2, 9, 9, 2]
    assert joined(waves(), [[True, True], [True, True]], 10, 2.0).durations.tolist() == [2, 9, 0, 2]


def test_a_join_fades_from_one_take_into_the_other():
    durations = np.array([2, 2])
    low, high = np.zeros(40, np.float32), np.ones(40, np.float32)
    (samples,) = spliced([((durations, low), 1), ((durations, high), 1)], 10, 4).chunks
    assert samples[16:24].tolist() == pytest.approx([0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])
    assert len(samples) == 40


def test_the_quietest_moment_is_found():
    samples = np.ones(100, np.float32)
    samples[60:70] = 0
    assert quietest(samples, 20, 100, 10) == 65
    assert quietest(samples, 20, 26, 10) == 23
