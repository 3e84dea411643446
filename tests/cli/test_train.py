"""`tts train` as people use it: refusals, runs that are stopped or killed, and what one training hands to another."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny_corpus import RECIPES, tiny_recipe, write_tiny_corpus
from tts.cli.app import command
from tts.training.data import PreparedCorpus
from tts.training.folder import load_state, read_log
from tts.training.run import TrainingRun, start_fabric
from tts.training.trainer import build_trainer


def toml(network, **schedule):
    kind, options, settings = RECIPES[network]
    tables = {"options": options, "settings": settings, "schedule": {"log_every": 1, "validate_every": 20, **schedule}}
    lines = ['description = "tiny"', f'kind = "{kind}"', f'network = "{network}"']
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the commands run: a prepared corpus and tiny recipes."""
    write_tiny_corpus(tmp_path / "prepared")
    for network in ("fastspeech2", "vocos"):
        (tmp_path / f"{network}-tiny.toml").write_text(toml(network, steps=30), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TTS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path / "voices"))
    return tmp_path


@pytest.fixture
def tts_here(capsys):
    """The command line in this process: exit code, standard output and error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            command().main([*map(str, arguments)], prog_name="tts")
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


def start(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    process = [sys.executable, "-m", "tts", "train", *map(str, arguments)]
    return subprocess.Popen(process, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def finish(process):
    error = process.communicate(timeout=300)[1]
    return process.returncode, error


def wait_for_lines(log, n):
    end = time.monotonic() + 200
    while not (log.exists() and log.read_text("utf-8").count("\n") >= n):
        assert time.monotonic() < end
        time.sleep(0.02)


def losses(run):
    return [{key: value for key, value in line.items() if key != "steps_per_second"} for line in read_log(run)]


def test_recipes_are_listed(tts_here):
    code, out, _ = tts_here("train", "recipes", "--json")
    listed = {recipe["name"]: recipe for recipe in json.loads(out)}
    assert code == 0
    assert {"fastspeech2", "tacotron2", "tacotron2-small", "vocos", "source-filter"} <= listed.keys()
    assert listed["tacotron2-small"]["network"] == "tacotron2"
    assert "FastSpeech 2" in tts_here("train", "recipes")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--recipe", "fastspeach2"], "There is no recipe 'fastspeach2'; did you mean fastspeech2?"),
        (["--recipe", "vocos"], "vocos trains a vocoder: say tts train vocoder."),
        (["--set", "shedule.steps=1"], "There is no table 'shedule' in a recipe; did you mean schedule?"),
        (["--set", "schedule.step=1"], "There is no schedule.step; did you mean steps?"),
        (["--set", "settings.batchsize=1"], "There is no settings.batchsize; did you mean batch_size?"),
        (["--set", "options.n_symbols=1"], "options.n_symbols follows from the corpus: leave it out of the recipe."),
        (["--set", "schedule.steps=many"], "schedule.steps must be a whole number, not 'many'."),
        (["--set", "steps"], "An override is like schedule.steps=2000, not 'steps'."),
        (["--precision", "16"], "There is no precision '16'; choose 32 or bf16."),
        (["--device", "gpu"], "There is no device 'gpu'; choose auto, cpu, cuda or cuda:N."),
        (["--warm-start", "x", "--resume-from", "y"], "--warm-start begins anew, --resume-from goes on: give one"),
    ],
)
def test_what_cannot_be_right_is_refused(tts_here, folder, arguments, sentence):
    code, _, error = tts_here("train", "acoustic", "prepared", "-o", "run", *arguments)
    assert (code, sentence in error) == (2, True), error
    assert not (folder / "run").exists()


def test_a_folder_that_is_no_run_is_left_alone(tts_here, folder):
    code, _, error = tts_here("train", "acoustic", "prepared", "-o", folder)
    assert code == 2
    assert "exists and is not a run" in error


@pytest.fixture
def plain(folder):
    """A prepared corpus without durations, and a tiny recipe to learn them."""
    (folder / "align-tiny.toml").write_text(toml("aligner", steps=3), "utf-8")
    return write_tiny_corpus(folder / "plain", durations=False)


def test_unknown_durations_are_learned_first(tts_here, folder, plain, monkeypatch):
    monkeypatch.setattr("tts.cli.train_align.RECIPE", "align-tiny.toml")
    train = ("train", "acoustic", "plain", "-o", "run", "--recipe", "fastspeech2-tiny.toml", "--device", "cpu")
    code, out, error = tts_here(*train, "--set", "schedule.steps=2")
    assert (code, out) == (0, "")
    assert "plain has durations now, learned in run-align" in error
    assert "run is trained to step 2" in error
    learned = PreparedCorpus(plain)
    assert learned.dataset.durations == "learned"
    assert all(sum(item.known_durations) == item.n_frames for item in learned.items)
    # Learned once: nothing is left to learn.
    assert "learned" not in tts_here(*train, "--set", "schedule.steps=3")[2]


def test_durations_are_learned_and_a_run_goes_on(tts_here, folder, plain):
    align = ("train", "align", "plain", "-o", "run", "--recipe", "align-tiny.toml", "--device", "cpu")
    code, out, error = tts_here(*align)
    assert (code, out) == (0, "")
    assert "step 3 of 3, loss" in error
    assert "plain has durations now, learned in run" in error
    assert "going on from step 3" in tts_here(*align, "--steps", "4")[2]
    assert [line["step"] for line in read_log(folder / "run") if "total" in line] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["prepared", "-o", "run"], "prepared has durations that came with the recordings: there is nothing to learn."),
        (["plain", "-o", "run", "--recipe", "fastspeech2-tiny.toml"], "fastspeech2-tiny does not learn durations"),
        (["plain", "-o", "run", "--set", "settings.prior=1"], "There is no settings.prior; did you mean prior_width?"),
        (["plain", "-o", "."], "exists and is not a run"),
    ],
)
def test_what_cannot_be_aligned_is_refused(tts_here, folder, plain, arguments, sentence):
    code, _, error = tts_here("train", "align", *arguments)
    assert (code, sentence in error) == (2, True), error
    assert not (folder / "run").exists()


def test_without_the_packages_for_training_the_extra_is_named(tts_here, folder, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, error = tts_here("train", "acoustic", "prepared", "-o", "run")
    assert code == 1
    assert "pip install 'utter-tts[train]'" in error


def test_a_run_speaks_and_goes_on_with_other_steps_but_not_with_another_recipe(tts_here, folder):
    train = ("train", "acoustic", "prepared", "-o", "run", "--recipe", "fastspeech2-tiny.toml", "--device", "cpu")
    code, out, error = tts_here(*train, "--set", "schedule.steps=3")
    assert (code, out) == (0, "")
    assert "step 3 of 3, loss" in error
    assert "run is trained to step 3; the best of it is that of step 3" in error
    # The durations that such a network predicts may all be nothing; that it is loaded is what counts here.
    assert tts_here("voices", "info", "run", "--json")[0] == 0

    code, _, error = tts_here(*train, "--set", "schedule.steps=5")
    assert code == 0
    assert "going on from step 3" in error
    assert [line["step"] for line in read_log(folder / "run") if "total" in line] == [1, 2, 3, 4, 5]

    code, _, error = tts_here(*train, "--set", "settings.batch_size=3", "--set", "schedule.steps=2")
    assert code == 2
    assert "the run of another recipe: settings.batch_size was 2 and would be 3;" in error

    code, _, error = tts_here(*train, "--set", "schedule.steps=2")
    assert code == 0
    assert "run is trained to step 5" in error


def test_a_killed_run_goes_on_with_the_losses_of_an_uninterrupted_one(folder):
    arguments = ("vocoder", "prepared", "--recipe", "vocos-tiny.toml", "--device", "cpu", "--set", "schedule.steps=40")
    arguments = (*arguments, "--set", "schedule.adversarial_from=5", "--set", "schedule.save_every_seconds=0.2")
    whole, killed = start(folder, *arguments, "-o", "whole"), start(folder, *arguments, "-o", "killed")
    wait_for_lines(folder / "killed" / "log.jsonl", 15)
    os.kill(killed.pid, signal.SIGKILL)
    finish(killed)
    assert len(losses(folder / "killed")) < 40
    code, error = finish(start(folder, *arguments, "-o", "killed"))
    assert (code, "going on from step" in error) == (0, True), error
    assert finish(whole)[0] == 0
    assert losses(folder / "killed") == losses(folder / "whole")


def test_an_interrupt_keeps_the_state(folder):
    arguments = ("--recipe", "vocos-tiny.toml", "--set", "schedule.steps=5000")
    run = start(folder, "vocoder", "prepared", "-o", "run", *arguments)
    wait_for_lines(folder / "run" / "log.jsonl", 3)
    run.send_signal(signal.SIGINT)
    code, error = finish(run)
    assert code == 130, error
    assert load_state(folder / "run" / "last.pt")["step"] == losses(folder / "run")[-1]["step"]
    assert not list((folder / "run").glob(".tts-*"))


def test_two_processes_descend_along_the_mean_of_their_gradients(folder):
    one_step = ("--set", "schedule.steps=1", "--device", "cpu", "--devices", "2")
    code, error = finish(start(folder, "vocoder", "prepared", "--recipe", "vocos-tiny.toml", "-o", "run", *one_step))
    assert code == 0, error
    # Only the first of them tells.
    assert error.count("is trained to step 1") == 1

    recipe = tiny_recipe("vocos", steps=1, log_every=1, validate_every=20)
    trainer = build_trainer(recipe, PreparedCorpus(folder / "prepared"), folder / "alone", start_fabric("cpu"))
    trainer.optimizer.param_groups[0]["lr"] = trainer.schedule.rate(0)
    totals = []
    for rank in range(2):
        batch = trainer.batch(np.random.default_rng((trainer.schedule.seed, 0, rank)))
        torch.manual_seed(trainer.schedule.seed)
        totals.append(trainer.losses(batch, adversarial=False)["total"])
    trainer.descend(trainer.optimizer, (totals[0] + totals[1]) / 2, trainer.network)
    # After one step, the first moments are a tenth of the gradient.
    trained = load_state(folder / "run" / "last.pt")["optimizer"]["state"]
    for i, moments in trainer.optimizer.state_dict()["state"].items():
        torch.testing.assert_close(trained[i]["exp_avg"], moments["exp_avg"], rtol=1e-3, atol=1e-7)
    assert losses(folder / "run")[0]["total"] == pytest.approx(float(totals[0].detach()), rel=1e-5)


def test_a_state_is_carried_elsewhere(tts_here, folder):
    train = ("train", "vocoder", "prepared", "--recipe", "vocos-tiny.toml", "--device", "cpu")
    assert tts_here(*train, "-o", "here", "--set", "schedule.steps=4")[0] == 0
    assert tts_here("train", "export-state", "here", "-o", "carried.pt")[0] == 0
    assert (folder / "carried.pt").stat().st_size < 0.6 * (folder / "here" / "last.pt").stat().st_size

    elsewhere = ("-o", "there", "--resume-from", "carried.pt")
    assert tts_here(*train, *elsewhere, "--set", "schedule.steps=6")[0] == 0
    assert [line["step"] for line in losses(folder / "there") if "total" in line] == [5, 6]

    code, _, error = tts_here(*train, "-o", "other", "--resume-from", "carried.pt", "--set", "options.channels=8")
    assert code == 2
    assert "options.channels was 16 and would be 8" in error


def test_mels_for_a_vocoder(tts_here, folder):
    recipe = tiny_recipe("fastspeech2", steps=1)
    run = TrainingRun(
        build_trainer(recipe, PreparedCorpus(folder / "prepared"), folder / "ac", start_fabric("cpu")), recipe
    )
    run.folder.mkdir()
    run.train()
    code, _, error = tts_here("train", "mels", "prepared", "--voice", "ac", "-o", "ac")
    assert code == 0, error
    assert "--set settings.mels=mels-ac.npy" in error
    train = ("train", "vocoder", "prepared", "--recipe", "vocos-tiny.toml", "-o", "voc", "--set", "schedule.steps=2")
    assert tts_here(*train, "--set", 'settings.mels=["mels.npy", "mels-ac.npy"]')[0] == 0
    code, _, error = tts_here("train", "vocoder", "prepared", "-o", "v", "--set", "settings.mels=mels-x.npy")
    assert code == 2
    assert "has no mels-x.npy: make it with tts train mels" in error
