import hashlib
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from tts.errors import TtsError
from tts.voice.manifest import load_manifest
from tts.voice.networks import load_acoustic_model, load_vocoder

CPU = torch.device("cpu")


@pytest.fixture
def voice(pulse_voice, tmp_path):
    return shutil.copytree(pulse_voice, tmp_path / "pulse")


def replace_weights(voice, file, content):
    """Put other weights in place and make the manifest vouch for them."""
    path = voice / file
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(content) if isinstance(content, bytes) else save_file(content, path)
    new = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = voice / "voice.toml"
    manifest.write_text(manifest.read_text("utf-8").replace(old, new), "utf-8")


def test_half_precision_files_become_float32_networks(voice):
    weights = load_file(voice / "vocos.safetensors")
    replace_weights(voice, "vocos.safetensors", {name: tensor.half() for name, tensor in weights.items()})
    vocoder = load_vocoder(load_manifest(voice), "vocos", CPU)
    assert {p.dtype for p in vocoder.parameters()} == {torch.float32}
    assert not vocoder.training


def test_a_damaged_file_is_refused(voice):
    path = voice / "fastspeech2.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(TtsError, match=r"voice pulse cannot be used: .* is damaged"):
        load_acoustic_model(load_manifest(voice), CPU)


def test_weights_of_the_wrong_shape_are_refused(voice):
    weights = load_file(voice / "vocos.safetensors")
    replace_weights(voice, "vocos.safetensors", weights | {"head.bias": torch.zeros(3)})
    with pytest.raises(TtsError, match=r"does not hold the weights of its vocos .*head\.bias"):
        load_vocoder(load_manifest(voice), "vocos", CPU)


def test_an_acoustic_model_is_chosen_by_name(random_voice):
    manifest = load_manifest(random_voice)
    assert type(load_acoustic_model(manifest, CPU, "tacotron2")).__name__ == "Tacotron2"
    assert type(load_acoustic_model(manifest, CPU)).__name__ == "FastSpeech2"


@pytest.mark.parametrize("line", ['loudness = "loud"', 'log = "2"'])
def test_a_mel_that_is_not_known_is_refused(voice, line):
    manifest = voice / "voice.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("[mel]", f"[mel]\n{line}"), "utf-8")
    with pytest.raises(TtsError, match="mel"):
        load_vocoder(load_manifest(voice), "vocos", CPU)


@pytest.mark.parametrize("extra", [True, False], ids=["unknown key", "missing key"])
def test_every_key_must_fit(voice, extra):
    weights = load_file(voice / "vocos.safetensors")
    changed = weights | {"more": torch.zeros(1)} if extra else {k: v for k, v in weights.items() if k != "head.bias"}
    replace_weights(voice, "vocos.safetensors", changed)
    with pytest.raises(TtsError, match="more" if extra else r"head\.bias"):
        load_vocoder(load_manifest(voice), "vocos", CPU)


def test_a_file_that_is_no_safetensors_is_refused(voice):
    replace_weights(voice, "vocos.safetensors", b"\xff" * 64)
    with pytest.raises(TtsError, match="does not hold the weights"):
        load_vocoder(load_manifest(voice), "vocos", CPU)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('network = "vocos"', 'network = "future"', "needs the network 'future'"),
        ("n_blocks = 1 }", "n_blocks = 1, n_heads = 2 }", "options its vocos does not know"),
    ],
)
def test_a_network_of_another_version_is_refused(voice, old, new, said):
    manifest = voice / "voice.toml"
    manifest.write_text(manifest.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(TtsError, match=said):
        load_vocoder(load_manifest(voice), "vocos", CPU)
