"""Stages on ONNX Runtime from a voice's files: without PyTorch, and refused in a sentence where they are broken."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tts.errors import TtsError
from tts.voice.exporting import export_graphs
from tts.voice.manifest import file_sha256, load_manifest, mel_settings, write_manifest
from tts.voice.onnx_networks import load_onnx_acoustic, load_onnx_vocoder, read_weights

SPEAK = """
import sys
from pathlib import Path
import numpy as np
from tts.voice.engines import Computing, load_acoustic_stage, load_vocoder_stage
from tts.voice.manifest import load_manifest

manifest = load_manifest(Path(sys.argv[1]))
generator = np.random.default_rng(0)
acoustic = load_acoustic_stage(manifest, "fastspeech2", Computing())
vocoder = load_vocoder_stage(manifest, "source_filter", Computing())
spoken = acoustic.speak([1, 2, 3], speed=1.0, pitch=0.0, energy=1.0, generator=generator)
print(vocoder(spoken.mel[None], generator).shape[1] // 256, "torch" in sys.modules)
"""


@pytest.fixture(scope="module")
def exported(voices_folder, tmp_path_factory):
    """The random voice with graphs."""
    folder = tmp_path_factory.mktemp("exported") / "random"
    export_graphs(load_manifest(voices_folder / "random"), folder, print)
    return folder


@pytest.fixture
def voice(exported, tmp_path):
    """The same, to be changed."""
    return shutil.copytree(exported, tmp_path / "random")


def speak(folder):
    manifest = load_manifest(folder)
    acoustic = load_onnx_acoustic(manifest, manifest.acoustics["fastspeech2"])
    return acoustic.speak([1, 2, 3], speed=1.0, pitch=0.0, energy=1.0, generator=np.random.default_rng(0))


def vouch(folder):
    """Make the manifest vouch for FastSpeech 2's files as they are."""
    manifest = load_manifest(folder)
    part = manifest.acoustics["fastspeech2"]
    digests = file_sha256(folder / part.file), file_sha256(folder / part.graph)
    part = replace(part, sha256=digests[0], graph_sha256=digests[1])
    write_manifest(replace(manifest, acoustics={**manifest.acoustics, "fastspeech2": part}))


def test_a_sentence_is_spoken_without_pytorch(exported):
    command = [sys.executable, "-c", SPEAK, str(exported)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stderr == ""
    assert done.stdout.split() == [str(speak(exported).mel.shape[1]), "False"]


@pytest.mark.parametrize("file", ["fastspeech2.onnx", "fastspeech2.safetensors"])
def test_a_damaged_file_is_refused_when_the_voice_is_loaded(voice, file):
    path = voice / file
    path.write_bytes(path.read_bytes()[:-8])
    manifest = load_manifest(voice)
    with pytest.raises(TtsError, match=rf"voice random cannot be used: .*{file} is damaged"):
        load_onnx_acoustic(manifest, manifest.acoustics["fastspeech2"])


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("fastspeech2.onnx", r"The graph of random's fastspeech2 does not fit"),
        ("fastspeech2.safetensors", r"does not hold weights that ONNX Runtime can take"),
    ],
)
def test_a_file_of_something_else_is_refused_when_it_speaks(voice, file, said):
    (voice / file).write_bytes(b"\x08" * 100)
    vouch(voice)
    with pytest.raises(TtsError, match=said):
        speak(voice)


def test_weights_of_another_size_are_refused(voice):
    weights = load_file(voice / "fastspeech2.safetensors")
    save_file(weights | {"to_mel.bias": np.zeros(3, np.float32)}, voice / "fastspeech2.safetensors")
    vouch(voice)
    with pytest.raises(TtsError, match="The graph of random's fastspeech2"):
        speak(voice)


def test_a_network_that_cannot_run_here_is_refused(exported):
    manifest = load_manifest(exported)
    part = replace(manifest.vocoders["source_filter"], network="waveglow")
    with pytest.raises(TtsError, match=r"a graph of the network 'waveglow'.*say --engine torch\."):
        load_onnx_vocoder(manifest, part, mel_settings(manifest))
    with pytest.raises(TtsError, match="a graph of the network 'tacotron2'"):
        load_onnx_acoustic(manifest, replace(part, network="tacotron2"))


def test_weights_are_read_as_float32_whatever_they_are_stored_in(tmp_path):
    values = np.array([0.5, -3.25, 6e-8], np.float16)
    save_file({"half": values, "single": np.array([1.1], np.float32)}, tmp_path / "w.safetensors")
    read = read_weights(tmp_path / "w.safetensors")
    assert {array.dtype for array in read.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(read["half"], values.astype(np.float32))
    np.testing.assert_array_equal(read["single"], np.array([1.1], np.float32))
