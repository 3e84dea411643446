"""Trainers: a step lowers the loss, refuses what is not finite, and validation changes nothing."""

import numpy as np
import pytest
import torch

from tts.errors import TtsError, UsageError
from tts.training.trainer import TRAINERS, trainer_class

NETWORKS = ["fastspeech2", "tacotron2", "vocos", "source_filter"]


@pytest.mark.parametrize("network", NETWORKS)
def test_training_lowers_the_mel_loss(make_run, network):
    trainer = make_run(network, steps=60, learning_rate=5e-3, warmup_steps=1).trainer
    losses = [float(trainer.train_step()["mel"]) for _ in range(60)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


def test_validation_leaves_the_network_unchanged(make_run):
    trainer = make_run("tacotron2").trainer
    trainer.train_step()
    before = {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()}
    with trainer.averaged():
        assert not trainer.network.training
        assert torch.equal(trainer.network.embedding.weight, trainer.average.weights["embedding.weight"])
        trainer.validate()
    assert trainer.network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in trainer.network.state_dict().items())


@pytest.mark.parametrize("part", ["loss", "gradient"])
def test_a_loss_or_gradient_that_is_not_finite_leaves_the_weights_unchanged(make_run, monkeypatch, part):
    run = make_run("vocos", steps=3)
    run.trainer.train_step()
    losses = run.trainer.losses

    def broken(batch, adversarial):
        found = losses(batch, adversarial)
        bad = found["total"] * float("nan") if part == "loss" else (found["total"] * 0).sqrt()
        return {**found, "total": bad}

    monkeypatch.setattr(run.trainer, "losses", broken)
    before = {name: tensor.clone() for name, tensor in run.trainer.network.state_dict().items()}
    with pytest.raises(TtsError, match=rf"The {part} is not a number at step 2, whose clips are clip-\d(, clip-\d)?:"):
        run.train()
    assert all(torch.equal(before[name], tensor) for name, tensor in run.trainer.network.state_dict().items())


def test_an_unknown_network_is_refused():
    with pytest.raises(UsageError, match=r"There is no trainer for the network 'tacotron'; did you mean tacotron2\?"):
        trainer_class("tacotron")
    assert "tacotron2" in TRAINERS
