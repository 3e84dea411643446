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

from tests.tiny_corpus import recipe_text, tiny_recipe, write_tiny_corpus
from tests.training.recordings import write_ljspeech
from tts.cli.app import command
from tts.cli.train import TrainingLines, training_progress
from tts.training.data import PreparedCorpus
from tts.training.folder import load_state, read_log
from tts.training.run import Speed, TrainingRun, start_fabric
from tts.training.trainer import build_trainer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the commands run: a prepared corpus and tiny recipes."""
    write_tiny_corpus(tmp_path / "prepared")
    for network in ("fastspeech2", "vocos"):
        (tmp_path / f"{network}-tiny.toml").write_text(recipe_text(network, steps=30), "utf-8")
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
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

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
        (
            ["--recipe", "fastspeach2"],
            "There is no recipe 'fastspeach2'; did you mean fastspeech2 or fastspeech2-speakers?",
        ),
        (["--recipe", "vocos"], "The recipe vocos trains a vocoder: say tts train vocoder."),
        (["--set", "shedule.steps=1"], "There is no table 'shedule' in a recipe; did you mean schedule?"),
        (["--set", "schedule.step=1"], "There is no schedule.step; did you mean steps?"),
        (["--set", "settings.batchsize=1"], "There is no settings.batchsize; did you mean batch_size?"),
        (["--set", "options.n_symbols=1"], "options.n_symbols follows from the corpus: leave it out of the recipe."),
        (["--set", "schedule.steps=many"], "schedule.steps must be a whole number, not 'many'."),
        (["--set", "steps"], "An override is like schedule.steps=2000, not 'steps'."),
        (["--precision", "16"], "There is no precision '16'; choose 32 or bf16."),
        (["--device", "gpu"], "There is no device 'gpu'; choose auto, cpu, cuda or cuda:N."),
        (
            ["--warm-start", "x", "--resume-from", "y"],
            "--warm-start begins a new training, --resume-from continues one",
        ),
    ],
)
def test_what_cannot_be_right_is_refused(tts_here, folder, arguments, sentence):
    code, _, error = tts_here("train", "acoustic", "prepared", "-o", "run", *arguments)
    assert (code, sentence in error) == (2, True), error
    assert not (folder / "run").exists()


def test_a_folder_that_is_no_run_is_not_touched(tts_here, folder):
    code, _, error = tts_here("train", "acoustic", "prepared", "-o", folder)
    assert code == 2
    assert "exists and is not a run" in error


@pytest.fixture
def plain(folder):
    """A prepared corpus without durations, and a tiny recipe to learn them."""
    (folder / "align-tiny.toml").write_text(recipe_text("aligner", steps=3), "utf-8")
    return write_tiny_corpus(folder / "plain", durations=False)


def test_unknown_durations_are_learned_first(tts_here, folder, plain, monkeypatch):
    monkeypatch.setattr("tts.cli.train.ALIGNMENT_RECIPE", "align-tiny.toml")
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
    assert "continuing from step 3" in tts_here(*align, "--steps", "4")[2]
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
    monkeypatch.setattr("tts.extras.is_installed", lambda module: module in ("torch", "numba"))
    code, _, error = tts_here("train", "acoustic", "prepared", "-o", "run")
    assert code == 1
    assert "pip install 'utter-tts[train]'" in error


def test_a_run_speaks_and_goes_on_with_other_steps_but_not_with_another_recipe(tts_here, folder):
    train = ("train", "acoustic", "prepared", "-o", "run", "--recipe", "fastspeech2-tiny.toml", "--device", "cpu")
    code, out, error = tts_here(*train, "--set", "schedule.steps=3")
    assert (code, out) == (0, "")
    assert "step 3 of 3, loss" in error
    assert "run is trained to step 3; the best state is that of step 3" in error
    # The durations that such a network predicts may all be nothing; that it is loaded is what counts here.
    assert tts_here("voices", "info", "run", "--json")[0] == 0

    code, _, error = tts_here(*train, "--set", "schedule.steps=5")
    assert code == 0
    assert "continuing from step 3" in error
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
    assert (code, "continuing from step" in error) == (0, True), error
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
    # Only the first of them prints.
    assert error.count("is trained to step 1") == 1

    recipe = tiny_recipe("vocos", steps=1, log_every=1, validate_every=20)
    trainer = build_trainer(recipe, PreparedCorpus(folder / "prepared"), folder / "single", start_fabric("cpu"))
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


@pytest.fixture
def source(tmp_path):
    return write_ljspeech(tmp_path / "mine", 8)


def test_prepare(tts, source, tmp_path):
    command = ("train", "prepare", source, "-o", tmp_path / "out", "--licence", "CC0-1.0", "--name", "me")
    done = tts(*command, "--jobs", "1")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"8 of 8 clips, 0.00 hours: train 6, val 1, test 1" in done.stderr
    written = json.loads((tmp_path / "out" / "dataset.json").read_text("utf-8"))
    assert (written["name"], written["licence"], written["n_items"]) == ("me", "CC0-1.0", 8)
    assert written["mel"]["sample_rate"] == 22050

    again = tts(*command, "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout) == json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert b"is already prepared; --force prepares it again" in again.stderr


def test_what_is_dropped_is_reported(tts, source, tmp_path):
    (source / "wavs" / "clip-03.wav").unlink()
    done = tts("train", "prepare", source, "-o", tmp_path / "out", "--jobs", "1")
    assert done.returncode == 0
    assert b"dropped 1: missing file (there is no recording)" in done.stderr
    assert b"dropped.jsonl" in done.stderr


def test_quiet_says_nothing(tts, source, tmp_path):
    done = tts("train", "prepare", source, "-o", tmp_path / "out", "--jobs", "1", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere", "-o", "out"], 2, b"There is no folder nowhere."),
        (["mine"], 2, b"--output"),
        (["mine", "-o", "out", "--jobs", "-1"], 2, b"--jobs must be 1 or more, not -1."),
        (["mine", "-o", "out", "--layout", "libri"], 2, b"There is no layout 'libri'"),
        (["mine", "-o", "out", "--name", "a/b"], 2, b"No voice can be called 'a/b'"),
        (["mine", "-o", "out", "--max-seconds", "0.2"], 2, b"--min-seconds must be below --max-seconds"),
        (["mine", "-o", "out", "--no-trin"], 2, b"did you mean --no-trim"),
        (["mine", "-o", "out", "--min-seconds", "5"], 1, b"None of the 8 clips can be used (too short 8)"),
        (["mine", "-o", "out", "--language", "xx", "--jobs", "1"], 1, b"espeak-ng does not speak the language 'xx'"),
    ],
)
def test_data_that_cannot_be_prepared_is_refused(tts, source, arguments, code, sentence):
    done = tts("train", "prepare", *arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert sentence in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_line_now_and_then_has_loss_speed_and_time_left(capsys):
    lines = TrainingLines(100)
    for step in range(1, 101):
        # The speed is unknown after the first step.
        lines.step(step, torch.tensor(0.5), 2.0 if step > 1 else 0.0)
    lines.figures(100, {"validation_mel": 0.25, "validation_focus": 0.75})
    assert capsys.readouterr().err.splitlines() == [
        "tts: step 2 of 100, loss 0.5, 2 steps/s, 0:00:49 left",
        "tts: step 100 of 100, loss 0.5, 2 steps/s",
        "tts: step 100: validation_mel 0.25, validation_focus 0.75",
    ]


def test_a_bar_is_drawn_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with training_progress(0, 10, quiet=False) as bar:
        bar.step(4, torch.tensor(0.5), 2.0)
        bar.figures(4, {"validation_mel": 0.25})
    printed = capsys.readouterr().err
    assert "4/10" in printed
    assert "step 4: validation_mel 0.25" in printed


def test_quiet_prints_nothing(capsys):
    with training_progress(0, 10, quiet=True) as silence:
        silence.step(10, torch.tensor(0.5), 2.0)
        silence.figures(10, {"validation_mel": 0.25})
    assert capsys.readouterr().err == ""


def test_pauses_do_not_count_as_slow_steps(monkeypatch):
    times = iter([0.0, 0.5, 1000.0, 1000.5])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    speed = Speed()
    assert (speed.after_step(), speed.after_step()) == (0.0, 2.0)
    speed.pause()
    assert (speed.after_step(), speed.after_step()) == (2.0, 2.0)


def test_a_voice_of_several_speakers_from_a_data_set_to_speech(tts_here, folder):
    """With few steps of tiny networks: prepare, learn durations, train, speak, evaluate."""
    source = write_ljspeech(folder / "mine", 16)
    lines = [f"clip-{i:02d}|{'anna' if i % 2 else 'ben'}|Hello there." for i in range(16)]
    (source / "metadata.csv").write_text("\n".join(["id|speaker|text", *lines]), "utf-8")
    _, _, said = tts_here("train", "prepare", "mine", "-o", "out", "--jobs", "1")
    assert [line.split() for line in said.splitlines() if line.strip().startswith(("ben", "anna"))] == [
        ["ben", "8", "0.1", "153", "-22.3"],
        ["anna", "8", "0.1", "158", "-22.3"],
    ]
    tables = "\n".join(recipe_text("fastspeech2", steps=2).splitlines()[3:])
    (folder / "several.toml").write_text(f'base = "fastspeech2-speakers"\n{tables}\n', "utf-8")
    assert tts_here("train", "align", "out", "-o", "align", "--recipe", "align", "--steps", "2", "--quiet")[0] == 0
    command = ("train", "acoustic", "out", "--recipe", "several.toml", "-o", "ac", "--device", "cpu", "--quiet")
    assert tts_here(*command)[0] == 0
    assert tts_here(*command)[0] == 0
    say = ("say", "Hello.", "--voice", "ac", "--vocoder", "griffinlim")
    for name in ("ben", "anna", "ben:1,anna:2"):
        assert tts_here(*say, "--speaker", name, "-o", f"{name[-6:]}.wav")[0] == 0
    code, _, error = tts_here(*say, "--speaker", "carl", "-o", "carl.wav")
    assert (code, "The voice ac has no speaker 'carl'; there are: anna, ben." in error) == (2, True)
    assert tts_here("train", "mels", "out", "--voice", "ac", "-o", "ac")[0] == 0
    vocoder = ("train", "vocoder", "out", "--recipe", "vocos-tiny.toml", "-o", "voc", "--set", "schedule.steps=1")
    assert tts_here(*vocoder)[0] == 0
    code, _, error = tts_here("train", "acoustic", "prepared", "--recipe", "fastspeech2-speakers", "-o", "no")
    assert code == 2
    assert "This recipe trains a voice of several speakers, and prepared has clips without speakers" in error
