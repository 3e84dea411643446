"""Training runs: resumed runs equal uninterrupted ones, folders of runs are voices, and warm starts."""

import json
import os
import signal
import threading

import pytest
import torch
from safetensors.torch import load_file

from tests.tiny_corpus import write_tiny_corpus
from tts.errors import TtsError, UsageError
from tts.text.symbols import ENGLISH_IPA
from tts.training.folder import load_state, read_log
from tts.training.run import Best, rows_by_name, stop_requests, warm_start
from tts.voice.load import load_acoustic_model, load_vocoder
from tts.voice.manifest import load_manifest, verify_files

NETWORKS = ["fastspeech2", "tacotron2", "vocos", "source_filter"]
EVERY_NETWORK = [*NETWORKS, "waveglow", "lapped_waveglow", "wavenet", "hifigan"]


def without_time(line):
    return {key: value for key, value in line.items() if key != "steps_per_second"}


@pytest.mark.parametrize("network", EVERY_NETWORK)
def test_a_resumed_run_equals_an_uninterrupted_one(make_run, monkeypatch, network):
    schedule = {"steps": 6, "adversarial_from": 2, "validate_every": 3, "sample_every": 0}
    uninterrupted = make_run(network, "uninterrupted", **schedule)
    uninterrupted.train()

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

    resumed = make_run(network, "stopped", **schedule)
    assert resumed.resume()
    resumed.train()

    logs = [[without_time(line) for line in read_log(run.folder)] for run in (uninterrupted, resumed)]
    assert logs[0] == logs[1]
    assert resumed.best == uninterrupted.best
    for name, weight in uninterrupted.trainer.average.weights.items():
        assert torch.equal(resumed.trainer.average.weights[name], weight)


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
        # In a voice, both kinds of WaveGlow have the same name.
        name = "waveglow" if network == "lapped_waveglow" else network
        loaded = load_vocoder(manifest, name, torch.device("cpu"))
        assert (manifest.default_vocoder, manifest.speaks) == (name, False)
    for name, weight in run.trainer.average.weights.items():
        assert torch.equal(loaded.state_dict()[name], weight.half().float() if weight.is_floating_point() else weight)


def test_resuming_repairs_a_voice_that_was_half_written(make_run):
    run = make_run("vocos", steps=2)
    run.train()
    (run.folder / "vocoder.safetensors").write_bytes(b"other weights")
    make_run("vocos", steps=2).resume()
    assert verify_files(load_manifest(run.folder)) == []


def test_states_have_the_keys_by_which_older_runs_resume(make_run):
    run = make_run("vocos", steps=1)
    run.train()
    parts = {"network", "critic", "optimizer", "critic_optimizer"}
    assert load_state(run.folder / "last.pt").keys() == parts | {
        "format",
        "recipe",
        "symbols",
        "step",
        "average",
        "best",
    }
    assert make_run("aligner", "aligner").state().keys() >= parts | {"gaussians"}


def test_a_new_run_does_not_resume(make_run):
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


def test_the_best_figure_is_counted_anew_with_critics():
    assert Best(2.0, 9, adversarial=True).beats(Best(1.0, 3, adversarial=False))
    assert not Best(0.5, 9, adversarial=False).beats(Best(1.0, 3, adversarial=True))


def test_log_lines_of_lost_steps_are_removed(make_run):
    run = make_run("vocos", steps=2)
    run.train()
    log = run.folder / "log.jsonl"
    log.write_text(log.read_text("utf-8") + json.dumps({"step": 3, "total": 1.0}) + '\n{"step": 4, "to', "utf-8")
    longer = make_run("vocos", steps=3)
    assert longer.resume()
    longer.train()
    assert [line["step"] for line in read_log(run.folder) if "total" in line] == [1, 2, 3]
    assert all(line.get("total") != 1.0 for line in read_log(run.folder))


def test_a_second_signal_interrupts_at_once():
    with stop_requests() as requested:
        os.kill(os.getpid(), signal.SIGINT)
        assert requested.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_other_threads_do_not_handle_signals():
    found = []

    def work():
        with stop_requests() as requested:
            found.append(requested.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


@pytest.fixture
def trained(make_run):
    run = make_run("fastspeech2", "trained", steps=2)
    run.train()
    return run


@pytest.mark.parametrize("what", ["run", "state"])
def test_weights_and_critic_of_a_run_are_copied(make_run, trained, what):
    trainer = make_run("fastspeech2", "new").trainer
    source = trained.folder if what == "run" else trained.folder / "last.pt"
    assert warm_start(trainer, str(source)) == []
    for name, tensor in trained.trainer.average.weights.items():
        assert torch.equal(trainer.network.state_dict()[name], tensor)
        assert torch.equal(trainer.average.weights[name], tensor)
    for name, tensor in trained.trainer.critic.state_dict().items():
        assert torch.equal(trainer.critic.state_dict()[name], tensor)
    assert trainer.step == 0


def test_weights_of_a_voice_are_copied_in_half_precision(make_run, trained):
    for name in ("last.pt", "best.pt"):
        (trained.folder / name).unlink()
    trainer = make_run("fastspeech2", "new").trainer
    assert warm_start(trainer, str(trained.folder)) == []
    for name, tensor in trained.trainer.average.weights.items():
        assert torch.equal(trainer.network.state_dict()[name], tensor.half().float())


def test_rows_of_the_embedding_are_matched_by_symbol(make_run, trained, tmp_path):
    symbols = (*ENGLISH_IPA.symbols[:3], *reversed(ENGLISH_IPA.symbols[3:]), "ø", "y")
    corpus = write_tiny_corpus(tmp_path / "more", symbols=symbols)
    trainer = make_run("fastspeech2", "new", corpus=corpus).trainer
    fresh = trainer.network.embed.weight.detach().clone()
    assert warm_start(trainer, str(trained.folder)) == [
        f"{trained.folder} lacks symbols, which are trained from random values: ø y"
    ]
    given, rows = trained.trainer.average.weights["embed.weight"], trainer.network.embed.weight
    for i, symbol in enumerate(symbols[:-2]):
        assert torch.equal(rows[i], given[ENGLISH_IPA.symbols.index(symbol)])
    assert torch.equal(rows[-2:], fresh[-2:])


def test_rows_follow_their_symbols():
    own, given = torch.zeros(3, 1), torch.tensor([[1.0], [2.0]])
    assert rows_by_name(own, "cab", given, "ab").tolist() == [[0.0], [1.0], [2.0]]


def test_layers_of_another_shape_are_named(make_run, trained, monkeypatch):
    monkeypatch.setitem(__import__("tests.tiny_corpus", fromlist=["x"]).SMALL_FASTSPEECH2, "predictor_channels", 8)
    trainer = make_run("fastspeech2", "new").trainer
    (warning,) = warm_start(trainer, str(trained.folder))
    assert warning.startswith(
        f"not copied from {trained.folder}, but trained from random values: duration_predictor.convs"
    )
    assert torch.equal(trainer.network.to_mel.bias, trained.trainer.average.weights["to_mel.bias"])


def test_a_source_that_does_not_fit_is_refused(make_run, trained):
    trainer = make_run("tacotron2", "new").trainer
    with pytest.raises(TtsError, match=r"Nothing in .* fits a tacotron2 of these dimensions"):
        warm_start(trainer, str(trained.folder))


def test_a_voice_of_another_network_is_refused(make_run, pulse_voice, random_voice):
    with pytest.raises(UsageError, match="pulse has no tacotron2, but fastspeech2"):
        warm_start(make_run("tacotron2").trainer, str(pulse_voice))
    with pytest.raises(UsageError, match="random has no vocos; there are: griffinlim, source_filter, waveglow"):
        warm_start(make_run("vocos").trainer, str(random_voice))


def test_an_unknown_source_is_refused(make_run, tmp_path):
    with pytest.raises(UsageError, match="There is no voice 'haert'; did you mean heart"):
        warm_start(make_run("vocos").trainer, "haert")


def test_a_state_of_other_speakers_is_refused(make_run, tmp_path):
    run = make_run("fastspeech2", corpus=write_tiny_corpus(tmp_path / "one", speakers=("anna", "ben")), steps=1)
    run.train()
    state = load_state(run.folder / "last.pt")
    make_run("fastspeech2", "again", corpus=tmp_path / "one").restore(state)
    other = make_run("fastspeech2", "other", corpus=write_tiny_corpus(tmp_path / "two", speakers=("ben", "anna")))
    with pytest.raises(UsageError, match=r"The state is one of other speakers .*: begin a new run with --warm-start"):
        other.restore(state)
