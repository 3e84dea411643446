"""Preparing a corpus."""

import json

import numpy as np
import pytest
import soundfile
import torch

from tests.tiny_voice import MEL
from tts.models.fastspeech2 import round_durations
from tts.training.data import PreparedCorpus
from tts.training.features import frame_durations
from tts.training.prepare import prepare

PHONEMES = "həlˈoʊ."


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Six clips of a second, buzzing at different pitches, and their packed features."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for i in range(6):
        t = np.arange(24000) / 24000
        wave = sum(0.1 / k * np.sin(2 * np.pi * (150 + 20 * i) * k * t) for k in range(1, 6))
        soundfile.write(folder / f"{i}.flac", wave, 24000)
        durations = [8, *[4] * (len(PHONEMES) - 1), 6, 2]
        split = "val" if i == 5 else "train"
        row = {"id": str(i), "file": f"{i}.flac", "split": split, "text": "Hello.", "phonemes": PHONEMES}
        rows.append(row | {"durations": durations, "samples": 24000})
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    prepare(folder, folder / "prepared", MEL, jobs=1)
    return folder / "prepared"


def test_boundaries_become_frames():
    assert frame_durations([1, 1, 1, 1], 6).tolist() == [2, 1, 1, 2]
    assert frame_durations([10, 0, 30], 4).tolist() == [1, 0, 3]
    assert round_durations(torch.tensor([[1.5, 1.5, 1.5, 1.5]])).sum() == 6


def test_prepared_features_line_up(prepared):
    corpus = PreparedCorpus(prepared)
    item = corpus.items[2]
    n_frames = 22050 // 256
    assert (item.n_frames, sum(item.durations), len(item.durations)) == (n_frames, n_frames, len(PHONEMES) + 2)
    assert corpus.mel_of(item.frames).shape == (80, n_frames)
    assert corpus.wave(item.frames).shape == (n_frames * 256,)
    np.testing.assert_allclose(corpus.f0[item.frames][4:-4], 190, rtol=0.01)
    assert [clip.id for clip in corpus.split("val")] == ["5"]
