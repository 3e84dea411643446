"""The contract of acoustic models and vocoders, whatever computes them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tts.audio.mel_settings import MelSettings
from tts.models.base import AcousticModel, MelRequest, SpokenMel, Vocoder, WaveRequest, similar_lengths


class Ramp(AcousticModel):
    """A frame per symbol; the mel holds the ids and the controls."""

    runtime = "test"
    controls = frozenset()

    def speak(self, ids, *, speed, pitch, energy, generator):
        mel = np.float32([ids, [speed] * len(ids), [pitch] * len(ids), [energy] * len(ids)])
        return SpokenMel(mel, np.ones(len(ids), np.int64))


class Echo(Vocoder):
    """The first mel band, each value over a hop of two samples, plus the pitch and the number of streams."""

    runtime = "test"
    mel = MelSettings(n_fft=8, hop_length=2, n_mels=1)

    def __call__(self, mel, generator, f0=None, streams=1):
        return np.repeat(mel[:, 0] + (0 if f0 is None else f0) + 100 * streams, 2, axis=1)


def test_several_utterances_are_spoken_one_by_one_unless_a_model_does_better():
    requests = [MelRequest([1, 2], 1.5, 2.0, 0.5, None), MelRequest([3], 1.0, 0.0, 1.0, None)]
    first, second = Ramp().speak_all(requests)
    assert first.mel.tolist() == [[1, 2], [1.5, 1.5], [2, 2], [0.5, 0.5]]
    assert second.mel.tolist() == [[3], [1], [0], [1]]
    mel, f0 = np.float32([[5, 6]]), np.float32([10, 20])
    spoken = Echo().speak_all([WaveRequest(mel, None), WaveRequest(mel, None, f0, 2)])
    assert [samples.tolist() for samples in spoken] == [[105, 105, 106, 106], [215, 215, 226, 226]]


def test_what_a_model_need_not_implement():
    assert Ramp().precisions == Echo().precisions == ("float32",)
    assert Ramp().wait() is None
    assert not Echo().foldable
    assert Echo().hum() is None
    mel = np.ones((1, 1, 3), np.float32)
    assert [segment.tolist() for segment in Echo().segments(mel, None)] == [[[101] * 6]]


def test_the_contract_and_onnx_runtime_need_no_pytorch():
    modules = "tts.models.base, tts.onnx.fastspeech2, tts.onnx.source_filter"
    code = f"import sys, {modules}; print({{'torch', 'onnx'}} & {{*sys.modules}})"
    root = Path(__file__).parents[2]
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("lengths", "max_size", "groups"),
    [
        ([], 4, []),
        ([7], 4, [[0]]),
        ([3, 9, 5], 4, [[1, 2, 0]]),
        ([3, 9, 5, 9, 1], 2, [[1], [3, 2], [0, 4]]),
        ([1, 2, 3, 4, 5, 6], 4, [[5, 4, 3], [2, 1, 0]]),
    ],
)
def test_similar_lengths_are_grouped_the_longest_first(lengths, max_size, groups):
    assert similar_lengths(lengths, max_size) == groups
