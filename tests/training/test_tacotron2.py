import math

import numpy as np
import pytest
import torch

from tests.tiny_corpus import write_tiny_corpus
from tts.training.tacotron2 import attention_loss, guidance_loss, stop_loss
from tts.voice.manifest import load_manifest
from tts.voice.networks import load_acoustic_model


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
