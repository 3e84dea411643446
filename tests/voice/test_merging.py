from dataclasses import replace

import pytest
import torch

from tests.tiny_runs import acoustic_run, vocoder_run
from tts.errors import TtsError, UsageError
from tts.voice.manifest import Component, load_manifest, verify_files, write_manifest
from tts.voice.merging import merge
from tts.voice.networks import load_acoustic_model, load_vocoder

CPU = torch.device("cpu")
HEAD = {"name": "mine", "description": "My own.", "licence": "CC0-1.0", "version": "2"}


@pytest.fixture
def runs(random_voice, tmp_path):
    """Run folders by the name of their network."""
    folders = {
        name: acoustic_run(tmp_path / f"run-{name}", random_voice, name) for name in ("fastspeech2", "tacotron2")
    }
    return folders | {
        name: vocoder_run(tmp_path / f"run-{name}", random_voice, name) for name in ("source_filter", "waveglow")
    }


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def merged(runs, folder, *names, head=HEAD, told=None):
    return merge([load_manifest(runs[name]) for name in names], head, folder, ([] if told is None else told).append)


def changed(run, **fields):
    write_manifest(replace(load_manifest(run), **fields))


def same_weights(first, second):
    ours, theirs = first.state_dict(), second.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_runs_become_one_voice(runs, folder):
    voice = merged(runs, folder, "waveglow", "tacotron2", "source_filter", "fastspeech2")
    assert (list(voice.acoustics), voice.default_acoustic) == (["tacotron2", "fastspeech2"], "tacotron2")
    assert list(voice.vocoders) == ["waveglow", "source_filter", "griffinlim"]
    assert voice.default_vocoder == "waveglow"
    assert (voice.name, voice.description, voice.licence, voice.version) == ("mine", "My own.", "CC0-1.0", "2")
    assert (voice.language, voice.sample_rate) == ("en-us", 22050)
    assert {path.name for path in folder.iterdir()} == {
        "voice.toml",
        *(f"{name}.safetensors" for name in ("waveglow", "tacotron2", "source_filter", "fastspeech2")),
    }
    assert load_manifest(folder) == voice
    assert verify_files(voice) == []


def test_its_networks_are_those_of_the_runs(runs, folder, random_voice):
    voice, source = merged(runs, folder, *runs), load_manifest(random_voice)
    for name in voice.acoustics:
        assert same_weights(load_acoustic_model(voice, CPU, name), load_acoustic_model(source, CPU, name))
    for name in ("source_filter", "waveglow"):
        assert same_weights(load_vocoder(voice, name, CPU), load_vocoder(source, name, CPU))
    assert voice.vocoders["griffinlim"].options == {"n_iterations": 2}


def test_where_weights_come_from_is_noted_where_it_differs(runs, folder):
    changed(runs["waveglow"], licence="MIT")
    voice = merged(runs, folder, "fastspeech2", "waveglow")
    assert voice.provenance == "Trained as fastspeech2."
    assert voice.acoustics["fastspeech2"].note == ""
    assert voice.vocoders["waveglow"].note == "From random-waveglow: Trained as waveglow; licence: MIT."
    assert voice.vocoders["griffinlim"].note == ""


def test_acoustic_models_alone_speak_through_griffin_lim(runs, folder):
    voice = merged(runs, folder, "tacotron2", "fastspeech2")
    assert (list(voice.vocoders), voice.default_vocoder) == (["griffinlim"], "griffinlim")


def test_vocoders_alone_stay_vocoders(runs, folder):
    package = merged(runs, folder, "source_filter", "waveglow")
    assert not package.speaks
    assert (list(package.vocoders), package.default_vocoder) == (["source_filter", "waveglow"], "source_filter")


def test_a_vocoder_is_added_to_a_voice(runs, folder, pulse_voice):
    voice = merge([load_manifest(pulse_voice), load_manifest(runs["waveglow"])], {}, folder, print)
    assert list(voice.vocoders) == ["vocos", "waveglow", "griffinlim"]
    assert (voice.name, voice.default_vocoder) == ("pulse", "vocos")


def test_other_symbols_are_refused(runs, folder):
    run = load_manifest(runs["tacotron2"])
    symbols = (*run.frontend.symbols[:-1], "ɸ")
    changed(runs["tacotron2"], frontend=replace(run.frontend, symbols=symbols))
    with pytest.raises(UsageError, match=r"run-fastspeech2 and .*run-tacotron2 read different symbols"):
        merged(runs, folder, "fastspeech2", "tacotron2")


def test_acoustic_models_of_another_mel_are_refused(runs, folder):
    changed(runs["tacotron2"], mel=load_manifest(runs["tacotron2"]).mel | {"f_max": 7600.0})
    with pytest.raises(UsageError, match="speak different mels"):
        merged(runs, folder, "fastspeech2", "tacotron2")


def test_a_vocoder_of_another_mel_is_noted_or_refused(runs, folder):
    told = []
    changed(runs["source_filter"], mel=load_manifest(runs["source_filter"]).mel | {"f_max": 7600.0})
    voice = merged(runs, folder, "fastspeech2", "source_filter", told=told)
    assert voice.vocoders["source_filter"].mel["f_max"] == 7600.0
    assert load_vocoder(voice, "source_filter", CPU).mel.f_max == 7600.0
    assert told == ["source_filter hears another mel than this voice speaks: it will be converted"]
    changed(runs["waveglow"], mel=load_manifest(runs["waveglow"]).mel | {"f_max": 9000.0})
    with pytest.raises(UsageError, match=r"waveglow of .* does not fit: its mel reaches up to 9000 Hz"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_two_of_one_name_are_refused(runs, folder, random_voice, tmp_path):
    again = acoustic_run(tmp_path / "again", random_voice, "fastspeech2")
    with pytest.raises(UsageError, match=r"run-fastspeech2 and .*again both have acoustic models called fastspeech2"):
        merge([load_manifest(runs["fastspeech2"]), load_manifest(again)], {}, folder, print)


def test_an_acoustic_model_and_a_vocoder_may_share_a_name(runs, folder):
    part = load_manifest(runs["waveglow"]).vocoders["waveglow"]
    changed(runs["waveglow"], vocoders={"FastSpeech2": part}, default_vocoder="FastSpeech2")
    voice = merged(runs, folder, "fastspeech2", "waveglow")
    assert voice.acoustics["fastspeech2"].file == "fastspeech2.safetensors"
    assert voice.vocoders["FastSpeech2"].file == f"FastSpeech2-{part.sha256[:12]}.safetensors"
    assert verify_files(voice) == []


@pytest.mark.parametrize("name", ["../x", "a b", ""])
def test_a_name_that_no_voice_can_have_is_refused(runs, folder, name):
    with pytest.raises(UsageError, match="No voice can be called"):
        merged(runs, folder, "fastspeech2", head={"name": name})


def test_a_network_that_no_file_can_be_called_after_is_refused(runs, folder):
    part = load_manifest(runs["waveglow"]).vocoders["waveglow"]
    changed(runs["waveglow"], vocoders={"../x": part}, default_vocoder="../x")
    with pytest.raises(UsageError, match=r"has a network called '\.\./x': name it like a file"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_a_damaged_run_is_refused(runs, folder):
    (runs["waveglow"] / "vocoder.safetensors").write_bytes(b"cut")
    with pytest.raises(TtsError, match=r"random-waveglow cannot be packed: .* is damaged"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_weights_of_another_network_are_refused(runs, folder):
    run = load_manifest(runs["tacotron2"])
    changed(runs["tacotron2"], acoustics={"tacotron2": replace(run.acoustics["tacotron2"], network="fastspeech2")})
    with pytest.raises(TtsError, match="The voice mine has options its fastspeech2 does not know"):
        merged(runs, folder, "tacotron2")


def test_texts_come_along(runs, folder):
    for name in ("fastspeech2", "waveglow"):
        (runs[name] / "LICENSE.txt").write_text("Terms.")
    merged(runs, folder, "fastspeech2", "waveglow")
    assert (folder / "LICENSE.txt").read_text() == "Terms."
    (runs["waveglow"] / "LICENSE.txt").write_text("Other terms.")
    with pytest.raises(UsageError, match=r"different texts LICENSE\.txt"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_one_griffin_lim_is_kept_and_it_is_the_voices(runs, folder):
    lent = load_manifest(runs["waveglow"])
    changed(runs["waveglow"], vocoders=lent.vocoders | {"griffinlim": Component("griffinlim")})
    voice = merged(runs, folder, "waveglow", "fastspeech2")
    assert voice.vocoders["griffinlim"] == Component("griffinlim", options={"n_iterations": 2})
