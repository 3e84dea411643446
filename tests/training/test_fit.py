"""Runs: they learn, and a run continued is the run uninterrupted."""

import json
import os
import signal
import threading

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tts.errors import TtsError
from tts.training.fit import Best, stop_requests
from tts.training.records import read_log
from tts.training.state import load_state
from tts.voice.load import load_acoustic_model, load_vocoder
from tts.voice.manifest import load_manifest, verify_files

NETWORKS = ["fastspeech2", "tacotron2", "vocos", "source_filter"]
EVERY_NETWORK = [*NETWORKS, "waveglow", "lapped_waveglow", "wavenet", "hifigan"]


def without_time(line):
    return {key: value for key, value in line.items() if key != "steps_per_second"}


@pytest.mark.parametrize("network", EVERY_NETWORK)
def test_a_run_continued_is_the_run_uninterrupted(make_run, monkeypatch, network):
    schedule = {"steps": 6, "adversarial_from": 2, "validate_every": 3, "sample_every": 0}
    whole = make_run(network, "whole", **schedule)
    whole.train()

    stopped = make_run(network, "stopped", **schedule)
    step = stopped.trainer.train_step

    def train_step():
        losses = step()
        if stopped.trainer.step == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return losses

    monkeypatch.setattr(stopped.trainer, "train_step", train_step)
    with pytest.raises(KeyboardInterrupt):
        stopped.train()
    assert load_state(stopped.folder / "last.pt")["step"] == 4

    continued = make_run(network, "stopped", **schedule)
    assert continued.resume()
    continued.train()

    logs = [[without_time(line) for line in read_log(run.folder)] for run in (whole, continued)]
    assert logs[0] == logs[1]
    assert continued.best == whole.best
    for name, weight in whole.trainer.average.weights.items():
        assert torch.equal(continued.trainer.average.weights[name], weight)


@pytest.mark.parametrize("network", NETWORKS)
def test_training_lowers_the_mel_loss(make_run, network):
    trainer = make_run(network, steps=60, learning_rate=5e-3, warmup_steps=1).trainer
    losses = [float(trainer.train_step()["mel"]) for _ in range(60)]
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])


@pytest.mark.parametrize("network", EVERY_NETWORK)
def test_the_folder_of_a_run_is_a_voice(make_run, network):
    run = make_run(network, steps=2, sample_every=0)
    run.train()
    manifest = load_manifest(run.folder)
    assert verify_files(manifest) == []
    assert (manifest.name, manifest.licence, manifest.description) == ("run", "CC0-1.0", "tiny, trained on buzz.")
    if run.trainer.kind == "acoustic":
        loaded = load_acoustic_model(manifest, torch.device("cpu"))
        assert (manifest.default_vocoder, manifest.speaks) == ("griffinlim", True)
    else:
        # Who speaks need not know which kind of WaveGlow it is.
        called = "waveglow" if network == "lapped_waveglow" else network
        loaded = load_vocoder(manifest, called, torch.device("cpu"))
        assert (manifest.default_vocoder, manifest.speaks) == (called, False)
    for name, weight in run.trainer.average.weights.items():
        assert torch.equal(loaded.state_dict()[name], weight.half().float() if weight.is_floating_point() else weight)


def test_a_voice_that_a_kill_left_half_written_is_whole_again(make_run):
    run = make_run("vocos", steps=2)
    run.train()
    (run.folder / "vocoder.safetensors").write_bytes(b"other weights")
    make_run("vocos", steps=2).resume()
    assert verify_files(load_manifest(run.folder)) == []


def test_there_is_nothing_to_go_on_from_in_a_new_run(make_run):
    assert not make_run("vocos").resume()


def test_the_best_state_is_that_of_the_lowest_figure(make_run, monkeypatch):
    run = make_run("vocos", steps=4, validate_every=1)
    figures = iter([3.0, 1.0, 2.0, float("nan")])
    monkeypatch.setattr(run.trainer, "validate", lambda: {"distance": next(figures)})
    run.train()
    assert run.best == Best(1.0, 2, adversarial=False)
    assert load_state(run.folder / "best.pt")["step"] == 2
    assert load_state(run.folder / "last.pt")["step"] == 4
    voice = load_file(run.folder / "vocoder.safetensors")["head.bias"]
    assert torch.equal(voice, load_state(run.folder / "best.pt")["average"]["head.bias"].half())


def test_figures_begin_anew_with_critics():
    assert Best(2.0, 9, adversarial=True).beats(Best(1.0, 3, adversarial=False))
    assert not Best(0.5, 9, adversarial=False).beats(Best(1.0, 3, adversarial=True))


def test_validation_leaves_the_network_as_it_was(make_run):
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
def test_what_is_not_a_number_stops_before_weights_are_touched(make_run, monkeypatch, part):
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


def test_lines_of_steps_that_were_lost_are_forgotten(make_run):
    run = make_run("vocos", steps=2)
    run.train()
    log = run.folder / "log.jsonl"
    log.write_text(log.read_text("utf-8") + json.dumps({"step": 3, "total": 1.0}) + '\n{"step": 4, "to', "utf-8")
    longer = make_run("vocos", steps=3)
    assert longer.resume()
    longer.train()
    assert [line["step"] for line in read_log(run.folder) if "total" in line] == [1, 2, 3]
    assert all(line.get("total") != 1.0 for line in read_log(run.folder))


def test_a_second_request_to_stop_ends_at_once():
    with stop_requests() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_signals_are_left_alone_in_other_threads():
    found = []

    def work():
        with stop_requests() as asked:
            found.append(asked.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
