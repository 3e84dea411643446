import numpy as np
import torch

from tests.tiny_corpus import DURATIONS, PHONEMES, write_tiny_corpus
from tts.training.acoustic import collate, spoken_sample, symbol_energy
from tts.training.acoustic_mels import write_acoustic_mels
from tts.training.data import PreparedCorpus


def test_symbol_energy_is_a_mean_over_its_frames():
    mel = torch.log(torch.tensor([[3.0, 4.0], [6.0, 8.0], [1e-3, 1e-3]]))
    energy = symbol_energy(mel, torch.tensor([2, 0, 1]))
    floor = np.log(np.sqrt(2) * 1e-3)
    np.testing.assert_allclose(energy, [(np.log(5) + np.log(10)) / 2, floor, floor], rtol=1e-5)


def test_collate_pads_a_batch(tiny_corpus):
    corpus = PreparedCorpus(tiny_corpus)
    batch = collate(corpus, corpus.items[:2])
    assert batch.ids.shape == batch.durations.shape == batch.energy.shape == (2, len(PHONEMES) + 2)
    assert batch.mel.shape[2] == batch.log_f0.shape[1] == int(batch.frame_lengths.max())
    assert batch.item_ids == ["clip-0", "clip-1"]


def test_unknown_durations_are_nothing_where_that_is_allowed(tmp_path):
    corpus = PreparedCorpus(write_tiny_corpus(tmp_path, durations=False))
    batch = collate(corpus, corpus.items[:2], unknown_durations=True)
    assert batch.durations.shape == batch.ids.shape
    assert int(batch.durations.sum()) == 0
    assert batch.frame_lengths.tolist() == [sum(DURATIONS)] * 2


def test_acoustic_mels_lie_where_the_recordings_do(make_run, tmp_path):
    trainer = make_run("fastspeech2").trainer
    network, corpus = trainer.network.eval(), trainer.corpus
    write_acoustic_mels(corpus, network, tmp_path / "mels.npy")
    made = np.load(tmp_path / "mels.npy")
    assert made.shape == corpus.mels.shape
    batch = collate(corpus, corpus.items[3:4])
    expected = network(batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy).mel[0].T
    np.testing.assert_allclose(made[corpus.items[3].frames], expected.detach(), atol=0.01)


def test_what_is_spoken_can_be_heard_and_seen_once_there_is_something(make_run):
    corpus = make_run("fastspeech2").trainer.corpus
    nothing = spoken_sample(corpus, corpus.items[0], torch.zeros(80, 0))
    assert (list(nothing.mels), nothing.audio) == (["recorded"], {})
    spoken = spoken_sample(corpus, corpus.items[0], torch.from_numpy(nothing.mels["recorded"]))
    assert spoken.audio["spoken"].shape == (sum(DURATIONS) * corpus.hop_length,)
    assert 0.1 < abs(spoken.audio["spoken"]).max() <= 1
