"""Weights of another run or voice at the start of a run."""

import pytest
import torch

from tests.tiny_corpus import write_tiny_corpus
from tts.errors import TtsError, UsageError
from tts.text.symbols import ENGLISH_IPA
from tts.training.warm_start import rows_of_symbols, warm_start


@pytest.fixture
def trained(make_run):
    run = make_run("fastspeech2", "trained", steps=2)
    run.train()
    return run


@pytest.mark.parametrize("what", ["run", "state"])
def test_a_run_is_taken_whole(make_run, trained, what):
    trainer = make_run("fastspeech2", "new").trainer
    source = trained.folder if what == "run" else trained.folder / "last.pt"
    assert warm_start(trainer, str(source)) == []
    for name, tensor in trained.trainer.average.weights.items():
        assert torch.equal(trainer.network.state_dict()[name], tensor)
        assert torch.equal(trainer.average.weights[name], tensor)
    for name, tensor in trained.trainer.critic.state_dict().items():
        assert torch.equal(trainer.critic.state_dict()[name], tensor)
    assert trainer.step == 0


def test_a_voice_is_taken_in_the_precision_it_has(make_run, trained):
    for name in ("last.pt", "best.pt"):
        (trained.folder / name).unlink()
    trainer = make_run("fastspeech2", "new").trainer
    assert warm_start(trainer, str(trained.folder)) == []
    for name, tensor in trained.trainer.average.weights.items():
        assert torch.equal(trainer.network.state_dict()[name], tensor.half().float())


def test_symbols_are_matched_one_by_one(make_run, trained, tmp_path):
    symbols = (*ENGLISH_IPA.symbols[:3], *reversed(ENGLISH_IPA.symbols[3:]), "ø", "y")
    corpus = write_tiny_corpus(tmp_path / "more", symbols=symbols)
    trainer = make_run("fastspeech2", "new", corpus=corpus).trainer
    fresh = trainer.network.embed.weight.detach().clone()
    assert warm_start(trainer, str(trained.folder)) == ["symbols that it does not know start from nothing: ø y"]
    given, rows = trained.trainer.average.weights["embed.weight"], trainer.network.embed.weight
    for i, symbol in enumerate(symbols[:-2]):
        assert torch.equal(rows[i], given[ENGLISH_IPA.symbols.index(symbol)])
    assert torch.equal(rows[-2:], fresh[-2:])


def test_rows_follow_their_symbols():
    own, given = torch.zeros(3, 1), torch.tensor([[1.0], [2.0]])
    assert rows_of_symbols(own, "cab", given, "ab").tolist() == [[0.0], [1.0], [2.0]]


def test_layers_of_another_shape_are_named(make_run, trained, monkeypatch):
    monkeypatch.setitem(__import__("tests.tiny_corpus", fromlist=["x"]).SMALL_FASTSPEECH2, "predictor_channels", 8)
    trainer = make_run("fastspeech2", "new").trainer
    (sentence,) = warm_start(trainer, str(trained.folder))
    assert sentence.startswith(f"not taken from {trained.folder}, and trained from the start: duration_predictor.convs")
    assert torch.equal(trainer.network.to_mel.bias, trained.trainer.average.weights["to_mel.bias"])


def test_where_nothing_fits_it_is_refused(make_run, trained):
    trainer = make_run("tacotron2", "new").trainer
    with pytest.raises(TtsError, match=r"Nothing in .* fits a tacotron2 of these sizes"):
        warm_start(trainer, str(trained.folder))


def test_a_voice_of_another_network_is_refused(make_run, random_voice):
    with pytest.raises(UsageError, match="random has no tacotron2: it is fastspeech2"):
        warm_start(make_run("tacotron2").trainer, str(random_voice))
    with pytest.raises(UsageError, match="random has no vocos; there are: griffinlim, source_filter, waveglow"):
        warm_start(make_run("vocos").trainer, str(random_voice))


def test_what_is_not_there_is_refused(make_run, tmp_path):
    with pytest.raises(UsageError, match="There is no voice 'haert'; did you mean heart"):
        warm_start(make_run("vocos").trainer, "haert")
