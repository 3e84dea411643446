import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_corpus import write_tiny_corpus
from tts.models import tacotron2
from tts.training.data import PreparedCorpus
from tts.training.tacotron2 import (
    ECHOES,
    Tacotron2Trainer,
    attention_loss,
    guidance_loss,
    shown_alignment,
    stop_loss,
)
from tts.voice.load import load_acoustic_model
from tts.voice.manifest import load_manifest


def test_the_attention_is_drawn_to_the_symbol_that_sounds():
    durations = torch.tensor([[2, 1, 0], [1, 0, 1]])
    right = torch.tensor([[[1, 0, 0], [1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 1], [0, 1, 0]]]).float()
    assert float(attention_loss(right, durations)) == pytest.approx(0, abs=1e-4)
    even = torch.full((2, 3, 3), 1 / 3)
    assert float(attention_loss(even, durations)) == pytest.approx(np.log(3), abs=1e-3)


def test_the_attention_is_guided_along_the_diagonal():
    """Equation 9: 1 - exp(-(n/N - t/T)² / (2 · 0.2²)), here a symbol of four away, over two real frames of three."""
    diagonal = torch.eye(4)[None]
    lengths = torch.tensor([4])
    assert float(guidance_loss(diagonal, lengths, lengths)) == 0
    beside = torch.zeros(1, 3, 4)
    beside[0, 0, 1] = beside[0, 1, 3] = beside[0, 2, 0] = 1
    expected = 1 - math.exp(-(0.25**2) / (2 * 0.2**2))
    assert float(guidance_loss(beside, lengths, torch.tensor([2]))) == pytest.approx(expected)


def test_the_stop_is_the_last_frame():
    lengths = torch.tensor([2, 3])
    right = torch.tensor([[-20.0, 20.0, 20.0], [-20.0, -20.0, 20.0]])
    assert float(stop_loss(right, lengths)) == pytest.approx(0, abs=1e-6)
    # Three frames that go on weigh one each, two that stop weigh five; padding nothing.
    undecided = torch.zeros(2, 3)
    assert float(stop_loss(undecided, lengths)) == pytest.approx(np.log(2))
    assert float(stop_loss(-right, lengths)) == pytest.approx(20, rel=1e-3)


def test_clips_of_unknown_durations_are_guided(make_run, tmp_path):
    corpus = write_tiny_corpus(tmp_path / "plain", durations=False)
    found = make_run("tacotron2", corpus=corpus).trainer.train_step()
    assert set(found) == {"before", "mel", "stop", "guidance", "total"}
    assert set(make_run("tacotron2", "known").trainer.train_step()) == {"before", "mel", "stop", "attention", "total"}


def test_another_models_mels_may_be_learned(make_run, tmp_path):
    folder = write_tiny_corpus(tmp_path / "prepared")
    np.save(folder / "mels-flat.npy", np.full_like(np.load(folder / "mels.npy"), -3))
    run = make_run("tacotron2", corpus=folder)
    settings = replace(run.trainer.settings, mels="mels-flat.npy")
    given = (run.trainer.network.dimensions, settings, run.trainer.schedule, run.folder, run.trainer.fabric)
    trainer = Tacotron2Trainer(PreparedCorpus(folder), *given)
    assert torch.unique(trainer.batch(np.random.default_rng(0)).mel).tolist() == [-3]
    # It begins at their mean.
    assert torch.unique(trainer.network.decoder.to_frame.bias).tolist() == [-3]


def test_a_voice_has_the_statistics_of_batch_norms(make_run):
    """They are no parameters."""
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


def test_the_shown_alignment_is_at_the_symbol_that_sounds():
    first, second = shown_alignment(torch.tensor([[2, 0, 1], [1, 2, 0]]), 4)
    assert first.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert second.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]


@pytest.fixture
def told(monkeypatch):
    """The echoes of each call of `forward_shown`, in turn."""
    calls = []

    def forward_shown(*given, echoes):
        calls.append(echoes)
        return tacotron2.forward_with_alignment(*given, echoes=echoes)

    monkeypatch.setattr("tts.training.tacotron2.forward_shown", forward_shown)
    return calls


def trained(run, **settings):
    """The losses of every step, under these settings."""
    run.trainer.settings = replace(run.trainer.settings, **settings)
    return [run.trainer.train_step() for _ in range(run.trainer.schedule.steps)]


def test_the_attention_is_shown_then_hears_its_echo_too_then_is_alone(make_run, told):
    losses = trained(make_run("tacotron2", steps=6), shown_steps=2, echoed_steps=3)
    assert told == [0, 0, 0, ECHOES, 0]
    assert all(set(found) == {"before", "mel", "stop", "attention", "total"} for found in losses)


def test_clips_of_unknown_durations_cannot_be_shown(make_run, told, tmp_path):
    corpus = write_tiny_corpus(tmp_path / "plain", durations=False)
    trained(make_run("tacotron2", corpus=corpus, steps=1), shown_steps=1)
    assert told == []


def test_what_is_shown_is_learned(make_run):
    losses = trained(make_run("tacotron2", steps=60, learning_rate=1e-2, warmup_steps=1), shown_steps=60)
    assert float(losses[-1]["attention"]) < 0.5 * float(losses[0]["attention"])
    assert float(losses[-1]["before"]) < 0.7 * float(losses[0]["before"])
