"""FastSpeech 2 and Tacotron 2: batches, mels of a corpus, and the ways of teacher forcing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_corpus import DURATIONS, PHONEMES, write_tiny_corpus
from tts.models import tacotron2
from tts.training.acoustic import (
    ECHOES,
    Tacotron2Trainer,
    collate,
    length_loss,
    shown_alignment,
    symbol_energy,
    write_acoustic_mels,
)
from tts.training.data import PreparedCorpus
from tts.voice.load import load_acoustic_model
from tts.voice.manifest import load_manifest


def test_symbol_energy_is_a_mean_over_its_frames():
    mel = torch.log(torch.tensor([[3.0, 4.0], [6.0, 8.0], [1e-3, 1e-3]]))
    energy = symbol_energy(mel, torch.tensor([2, 0, 1]))
    floor = np.log(np.sqrt(2) * 1e-3)
    np.testing.assert_allclose(energy, [(np.log(5) + np.log(10)) / 2, floor, floor], rtol=1e-5)


def test_the_length_loss_is_the_relative_error_of_each_total():
    log_durations = torch.log1p(torch.tensor([[3.0, 6.0, 9.0], [8.0, 4.0, 50.0]]))
    durations = torch.tensor([[4, 6, 10], [8, 8, 0]])
    mask = torch.tensor([[1.0, 1, 1], [1, 1, 0]])
    # 18 instead of 20 frames, and 12 instead of 16.
    assert float(length_loss(log_durations, durations, mask)) == pytest.approx((0.1 + 0.25) / 2)


def test_collate_pads_a_batch(tiny_corpus):
    corpus = PreparedCorpus(tiny_corpus)
    batch = collate(corpus, corpus.items[:2])
    assert batch.ids.shape == batch.durations.shape == batch.energy.shape == (2, len(PHONEMES) + 2)
    assert batch.mel.shape[2] == batch.log_f0.shape[1] == int(batch.frame_lengths.max())
    assert batch.item_ids == ["clip-0", "clip-1"]


def test_unknown_durations_are_zeros_if_they_are_allowed(tmp_path):
    corpus = PreparedCorpus(write_tiny_corpus(tmp_path, durations=False))
    batch = collate(corpus, corpus.items[:2], unknown_durations=True)
    assert batch.durations.shape == batch.ids.shape
    assert int(batch.durations.sum()) == 0
    assert batch.frame_lengths.tolist() == [sum(DURATIONS)] * 2


def test_acoustic_mels_are_aligned_with_the_recordings(make_run, tmp_path):
    trainer = make_run("fastspeech2").trainer
    network, corpus = trainer.network.eval(), trainer.corpus
    write_acoustic_mels(corpus, network, tmp_path / "mels.npy")
    written = np.load(tmp_path / "mels.npy")
    assert written.shape == corpus.mels.shape
    batch = collate(corpus, corpus.items[3:4])
    expected = network(batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy).mel[0].T
    np.testing.assert_allclose(written[corpus.items[3].frames], expected.detach(), atol=0.01)


def test_samples_have_audio_and_mel_of_a_network_that_generates_frames(make_run):
    trainer = make_run("fastspeech2").trainer
    corpus = trainer.corpus
    nothing = trainer.spoken_samples(corpus.items[0], torch.zeros(80, 0))
    assert (list(nothing.mels), nothing.audio) == (["recorded"], {})
    spoken = trainer.spoken_samples(corpus.items[0], torch.from_numpy(nothing.mels["recorded"]))
    assert spoken.audio["spoken"].shape == (sum(DURATIONS) * corpus.hop_length,)
    assert 0.1 < abs(spoken.audio["spoken"]).max() <= 1


def test_clips_of_unknown_durations_are_guided(make_run, tmp_path):
    corpus = write_tiny_corpus(tmp_path / "plain", durations=False)
    found = make_run("tacotron2", corpus=corpus).trainer.train_step()
    assert set(found) == {"before", "mel", "stop", "guidance", "total"}
    assert set(make_run("tacotron2", "known").trainer.train_step()) == {"before", "mel", "stop", "attention", "total"}


def test_the_mels_of_another_model_may_be_the_target(make_run, tmp_path):
    folder = write_tiny_corpus(tmp_path / "prepared")
    np.save(folder / "mels-flat.npy", np.full_like(np.load(folder / "mels.npy"), -3))
    run = make_run("tacotron2", corpus=folder)
    settings = replace(run.trainer.settings, mels="mels-flat.npy")
    given = (run.trainer.network.dimensions, settings, run.trainer.schedule, run.folder, run.trainer.fabric)
    trainer = Tacotron2Trainer(PreparedCorpus(folder), *given)
    assert torch.unique(trainer.batch(np.random.default_rng(0)).mel).tolist() == [-3]
    # The first output is their mean.
    assert torch.unique(trainer.network.decoder.to_frame.bias).tolist() == [-3]


def test_a_voice_has_the_statistics_of_batch_norms(make_run):
    """They are buffers, not parameters."""
    run = make_run("tacotron2", steps=2)
    run.train()
    loaded = load_acoustic_model(load_manifest(run.folder), torch.device("cpu"))
    variance = loaded.state_dict()["encoder.layers.0.norm.running_var"]
    own = run.trainer.network.state_dict()["encoder.layers.0.norm.running_var"]
    assert torch.equal(variance, own.half().float())
    assert not torch.equal(variance, torch.ones_like(variance))


def test_samples_show_the_attention(make_run):
    trainer = make_run("tacotron2").trainer
    with trainer.averaged():
        samples = trainer.samples()
    n_symbols = len(trainer.corpus.items[0].phonemes) + 2
    assert samples.alignments["true frames before"].shape == (trainer.corpus.items[0].n_frames, n_symbols)
    assert samples.alignments["spoken"].shape[1] == n_symbols


def test_the_shown_alignment_is_1_at_the_symbol_of_each_frame():
    first, second = shown_alignment(torch.tensor([[2, 0, 1], [1, 2, 0]]), 4)
    assert first.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert second.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]


@pytest.fixture
def echoes(monkeypatch):
    """The argument `echoes` of each call of `forward_with_alignment`."""
    calls = []

    def forward_with_alignment(*given, echoes):
        calls.append(echoes)
        return tacotron2.forward_with_alignment(*given, echoes=echoes)

    monkeypatch.setattr("tts.training.acoustic.forward_with_alignment", forward_with_alignment)
    return calls


def trained(run, **settings):
    """Return the losses of every step, with these settings."""
    run.trainer.settings = replace(run.trainer.settings, **settings)
    return [run.trainer.train_step() for _ in range(run.trainer.schedule.steps)]


def test_steps_are_shown_then_echoed_in_turns_then_frame_by_frame(make_run, echoes):
    losses = trained(make_run("tacotron2", steps=6), shown_steps=2, echoed_steps=3)
    assert echoes == [0, 0, 0, ECHOES, 0]
    assert all(set(found) == {"before", "mel", "stop", "attention", "total"} for found in losses)


def test_clips_of_unknown_durations_are_computed_frame_by_frame(make_run, echoes, tmp_path):
    corpus = write_tiny_corpus(tmp_path / "plain", durations=False)
    trained(make_run("tacotron2", corpus=corpus, steps=1), shown_steps=1)
    assert echoes == []


def test_shown_steps_lower_the_losses(make_run):
    losses = trained(make_run("tacotron2", steps=60, learning_rate=1e-2, warmup_steps=1), shown_steps=60)
    assert float(losses[-1]["attention"]) < 0.5 * float(losses[0]["attention"])
    assert float(losses[-1]["before"]) < 0.7 * float(losses[0]["before"])
