"""Prepared data as training reads it: damaged folders are refused, optional files are replaced."""

import json

import numpy as np
import pytest

from tests.tiny_corpus import write_tiny_corpus
from tests.tiny_voice import MEL
from tts.errors import TtsError
from tts.text.symbols import ENGLISH_IPA
from tts.training.acoustic import collate
from tts.training.data import Dataset, Item, PreparedCorpus, frame_energy, load_dataset, spread_over_speakers
from tts.voice.manifest import Speaker


@pytest.fixture
def folder(tmp_path):
    """Two clips of three and two frames, without durations."""
    random = np.random.default_rng(0)
    np.save(tmp_path / "waves.npy", random.integers(-99, 99, 5 * MEL.hop_length, np.int16))
    np.save(tmp_path / "mels.npy", random.normal(size=(5, MEL.n_mels)).astype(np.float16))
    np.save(tmp_path / "f0.npy", np.array([0, 100, 0, 200, 0], np.float32))
    items = [
        {"id": "a", "split": "train", "text": "A", "phonemes": "ɐ", "durations": None, "first_frame": 0, "n_frames": 3},
        {"id": "b", "split": "val", "text": "I", "phonemes": "aɪ", "durations": None, "first_frame": 3, "n_frames": 2},
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items), "utf-8")
    dataset = Dataset("tiny", "en-us", "CC0-1.0", "made", "espeak", ENGLISH_IPA.symbols, MEL, None, 2, 5, 0.06)
    (tmp_path / "dataset.json").write_text(dataset.to_json(), "utf-8")
    return tmp_path


def change(folder, **values):
    content = json.loads((folder / "dataset.json").read_text("utf-8"))
    (folder / "dataset.json").write_text(json.dumps(content | values), "utf-8")


def test_a_folder_is_read_as_it_was_written(folder):
    corpus = PreparedCorpus(folder)
    assert corpus.mel == MEL
    assert corpus.symbols == ENGLISH_IPA
    assert corpus.dataset.durations is None
    assert [item.id for item in corpus.split("val")] == ["b"]
    np.testing.assert_allclose(corpus.filled_f0, [100, 100, 100, 200, 200], rtol=1e-6)
    assert load_dataset(folder).to_json() == (folder / "dataset.json").read_text("utf-8")


def test_energy_is_computed_where_its_file_is_missing(folder):
    corpus = PreparedCorpus(folder)
    mels = np.load(folder / "mels.npy").astype(np.float64)
    np.testing.assert_allclose(corpus.energy, np.log(np.sqrt((np.exp(mels) ** 2).sum(1))), rtol=1e-5)
    np.save(folder / "energy.npy", np.arange(5, dtype=np.float32))
    np.testing.assert_array_equal(PreparedCorpus(folder).energy, np.arange(5))


def test_energy_does_not_depend_on_the_order_in_memory():
    mels = np.random.default_rng(0).normal(size=(99, 80)).astype(np.float16)
    np.testing.assert_array_equal(frame_energy(mels), frame_energy(np.asfortranarray(mels)))


def test_the_energy_of_the_loudest_and_of_silence_is_finite():
    mels = np.stack([np.full(80, 60000), np.full(80, -11.5)]).astype(np.float16)
    np.testing.assert_allclose(frame_energy(mels), mels[:, 0].astype(np.float32) + np.log(80) / 2, rtol=1e-6)


def test_required_durations_that_are_unknown_raise_an_error(folder):
    corpus = PreparedCorpus(folder)
    with pytest.raises(TtsError, match="The clip a has no durations: learn them with tts train align"):
        collate(corpus, corpus.items)


def test_a_folder_without_dataset_json_is_refused(folder):
    (folder / "dataset.json").unlink()
    with pytest.raises(TtsError, match=r"not a prepared data set \(it has no dataset.json\)"):
        PreparedCorpus(folder)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"format": 2}, "was prepared in format 2, not 1"),
        ({"mel": {"hops": 3}}, "cannot be read"),
        ({"symbols": ["a"]}, "cannot be read"),
        ({"surplus": 1}, "cannot be read"),
        ({"n_frames": 6}, "waves.npy does not fit its dataset.json"),
    ],
)
def test_an_inconsistent_folder_is_refused(folder, values, sentence):
    change(folder, **values)
    with pytest.raises(TtsError, match=sentence):
        PreparedCorpus(folder)


def test_clips_know_their_speakers(tmp_path):
    corpus = PreparedCorpus(write_tiny_corpus(tmp_path, speakers=("ben", "anna")))
    assert corpus.dataset.speakers == (Speaker("ben"), Speaker("anna"))
    assert corpus.n_speakers == 2
    assert [corpus.speaker_of(item) for item in corpus.items] == [0, 1, 0, 1, 0, 1]


def test_without_names_there_is_one_speaker(tmp_path):
    corpus = PreparedCorpus(write_tiny_corpus(tmp_path))
    assert (corpus.n_speakers, {corpus.speaker_of(item) for item in corpus.items}) == (1, {0})


@pytest.mark.parametrize("speaker", ["carl", ""])
def test_a_speaker_who_is_not_listed_is_refused(tmp_path, speaker):
    folder = write_tiny_corpus(tmp_path, speakers=("anna", "ben"))
    lines = (folder / "items.jsonl").read_text("utf-8")
    (folder / "items.jsonl").write_text(lines.replace('"anna"', f'"{speaker}"', 1), "utf-8")
    with pytest.raises(TtsError, match=f"clips of the speaker '{speaker}', whom dataset.json does not list"):
        PreparedCorpus(folder)


def test_clips_are_chosen_evenly_of_all_speakers():
    items = [Item(str(i), "val", "", "", None, 0, 1, name) for i, name in enumerate("aaaabbc")]
    assert [item.id for item in spread_over_speakers(items, 4)] == ["0", "1", "4", "6"]
    assert spread_over_speakers(items, 9) == items
    assert spread_over_speakers(items[:4], 2) == items[:2]
