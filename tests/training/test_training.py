"""Preparing a corpus, and both trainers on it: they learn, and a run continued is the run uninterrupted."""

import json
from functools import partial

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from tests.tiny_voice import MEL
from tts.models.fastspeech2 import FastSpeech2Dimensions, whole_frames
from tts.models.vocos import VocosDimensions
from tts.training import acoustic, tacotron2
from tts.training.acoustic import AcousticSettings, AcousticTrainer, collate, symbol_energy
from tts.training.acoustic_mels import write_acoustic_mels
from tts.training.data import PreparedCorpus
from tts.training.loop import Schedule
from tts.training.prepare import frame_durations, prepare
from tts.training.tacotron2 import Tacotron2Settings, Tacotron2Trainer, attention_loss, stop_loss
from tts.training.vocoder import VocoderSettings, VocoderTrainer
from tts.voice.networks import ACOUSTIC_MODELS

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
    assert whole_frames(torch.tensor([[1.5, 1.5, 1.5, 1.5]])).sum() == 6


def test_prepared_features_line_up(prepared):
    corpus = PreparedCorpus(prepared)
    item = corpus.items[2]
    n_frames = 22050 // 256
    assert (item.n_frames, sum(item.durations), len(item.durations)) == (n_frames, n_frames, len(PHONEMES) + 2)
    assert corpus.mel_of(item.frames).shape == (80, n_frames)
    assert corpus.wave(item.frames).shape == (n_frames * 256,)
    np.testing.assert_allclose(corpus.f0[item.frames][4:-4], 190, rtol=0.01)
    assert [clip.id for clip in corpus.split("val")] == ["5"]


def test_symbol_energy_is_a_mean_over_its_frames():
    mel = torch.log(torch.tensor([[3.0, 4.0], [6.0, 8.0], [1e-3, 1e-3]]))
    energy = symbol_energy(mel, torch.tensor([2, 0, 1]))
    floor = np.log(np.sqrt(2) * 1e-3)
    np.testing.assert_allclose(energy, [(np.log(5) + np.log(10)) / 2, floor, floor], rtol=1e-5)


def test_collate_pads_a_batch(prepared):
    corpus = PreparedCorpus(prepared)
    batch = collate(corpus, corpus.items[:2])
    assert batch.ids.shape == batch.durations.shape == batch.energy.shape == (2, len(PHONEMES) + 2)
    assert batch.mel.shape[2] == batch.log_f0.shape[1] == int(batch.frame_lengths.max())


@pytest.fixture
def small_networks(monkeypatch):
    small = {"channels": 16, "encoder_hidden": 16, "decoder_hidden": 16, "predictor_channels": 16}
    small |= {"n_encoder_blocks": 1, "n_decoder_blocks": 1}
    monkeypatch.setattr(acoustic, "FastSpeech2Dimensions", partial(FastSpeech2Dimensions, **small))
    monkeypatch.setattr(tacotron2, "SMALL", dict.fromkeys(tacotron2.SMALL, 16))


def acoustic_trainer(prepared, run, schedule):
    run.mkdir(exist_ok=True)
    corpus = PreparedCorpus(prepared)
    return AcousticTrainer(corpus, AcousticSettings(batch_size=2, critic_frames=32), schedule, run)


def vocoder_trainer(prepared, run, schedule):
    run.mkdir(exist_ok=True)
    settings = VocoderSettings("source_filter", VocosDimensions(16, 16, 1), batch_size=2, segment_frames=16)
    return VocoderTrainer(PreparedCorpus(prepared), settings, schedule, MEL, run)


def tacotron2_trainer(prepared, run, schedule):
    run.mkdir(exist_ok=True)
    return Tacotron2Trainer(PreparedCorpus(prepared), Tacotron2Settings(batch_size=2), schedule, run)


@pytest.mark.usefixtures("small_networks")
@pytest.mark.parametrize("make", [acoustic_trainer, vocoder_trainer, tacotron2_trainer])
def test_a_run_continued_is_the_run_uninterrupted(prepared, tmp_path, make):
    schedule = Schedule(steps=6, learning_rate=1e-3, adversarial_from=3)
    whole = make(prepared, tmp_path / "whole", schedule)
    whole.train()

    stopped = make(prepared, tmp_path / "stopped", schedule)
    for batch in stopped.batches():
        stopped.train_step(batch)
        if stopped.step == 4:
            break
    stopped.save()
    continued = make(prepared, tmp_path / "stopped", schedule)
    assert continued.restore(tmp_path / "stopped" / "state.pt")
    continued.train()

    assert continued.step == whole.step == 6
    for name, weight in whole.average.weights.items():
        torch.testing.assert_close(continued.average.weights[name], weight, rtol=0, atol=0)


def tacotron2_trainer(prepared, run, schedule):
    run.mkdir(exist_ok=True)
    return Tacotron2Trainer(PreparedCorpus(prepared), Tacotron2Settings(batch_size=2), schedule, run)


@pytest.mark.usefixtures("small_networks")
@pytest.mark.parametrize("make", [acoustic_trainer, vocoder_trainer, tacotron2_trainer])
def test_training_lowers_the_mel_loss(prepared, tmp_path, make):
    trainer = make(prepared, tmp_path, Schedule(60, 5e-3, adversarial_from=10**9, warmup_steps=1))
    losses = [float(trainer.train_step(batch)["mel"]) for batch in trainer.batches()]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_there_is_nothing_to_go_on_from_in_a_new_run(prepared, tmp_path):
    schedule = Schedule(steps=1, learning_rate=1e-3, adversarial_from=1)
    assert not vocoder_trainer(prepared, tmp_path, schedule).restore(tmp_path / "state.pt")


def test_the_learning_rate_rises_and_falls():
    schedule = Schedule(steps=100, learning_rate=1.0, adversarial_from=0, warmup_steps=10)
    assert schedule.rate(0) == pytest.approx(0.1)
    assert schedule.rate(50) == pytest.approx(0.51)
    assert schedule.rate(100) == pytest.approx(0.02)


@pytest.mark.usefixtures("small_networks")
def test_acoustic_mels_lie_where_the_recordings_do(prepared, tmp_path):
    trainer = acoustic_trainer(prepared, tmp_path, Schedule(steps=1, learning_rate=1e-3, adversarial_from=10))
    trainer.network.eval()
    corpus = trainer.corpus
    write_acoustic_mels(corpus, trainer.network, tmp_path / "mels.npy")
    made = np.load(tmp_path / "mels.npy")
    assert made.shape == corpus.mels.shape
    batch = collate(corpus, corpus.items[3:4])
    expected = trainer.network(batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy).mel[0].T
    np.testing.assert_allclose(made[corpus.items[3].frames], expected.detach(), atol=0.01)


def test_the_attention_is_drawn_to_the_symbol_that_sounds():
    durations = torch.tensor([[2, 1, 0], [1, 0, 1]])
    right = torch.tensor([[[1, 0, 0], [1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 1], [0, 1, 0]]]).float()
    assert float(attention_loss(right, durations)) == pytest.approx(0, abs=1e-4)
    even = torch.full((2, 3, 3), 1 / 3)
    assert float(attention_loss(even, durations)) == pytest.approx(np.log(3), abs=1e-3)


def test_the_stop_is_the_last_frame():
    lengths = torch.tensor([2, 3])
    right = torch.tensor([[-20.0, 20.0, 20.0], [-20.0, -20.0, 20.0]])
    assert float(stop_loss(right, lengths)) == pytest.approx(0, abs=1e-6)
    # Three frames that go on weigh one each, two that stop weigh five; padding nothing.
    undecided = torch.zeros(2, 3)
    assert float(stop_loss(undecided, lengths)) == pytest.approx(np.log(2))
    assert float(stop_loss(-right, lengths)) == pytest.approx(20, rel=1e-3)


@pytest.mark.usefixtures("small_networks")
def test_a_trained_tacotron2_becomes_a_voice(prepared, tmp_path):
    """With the statistics of its batch norms, which are no parameters."""
    trainer = tacotron2_trainer(prepared, tmp_path / "run", Schedule(steps=2, learning_rate=1e-3, adversarial_from=9))
    trainer.train()
    weights = load_file(tmp_path / "run" / "weights.safetensors")
    name, options = trainer.network_options()
    network = ACOUSTIC_MODELS[name](options)
    network.load_state_dict(weights)
    variance = network.state_dict()["encoder.layers.0.norm.running_var"]
    assert torch.equal(variance, trainer.network.state_dict()["encoder.layers.0.norm.running_var"])
    assert not torch.equal(variance, torch.ones_like(variance))
