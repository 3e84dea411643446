"""Which device and runtime compute a network, and what is refused; ONNX Runtime works without PyTorch."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from safetensors.torch import load_file, save_file

from tts.errors import TtsError, UsageError
from tts.models.torch_network import TorchAcoustic, TorchVocoder
from tts.options import SynthesisOptions
from tts.synthesis.voice import load_voice
from tts.voice import load
from tts.voice.export import export_graphs
from tts.voice.load import (
    Computing,
    choose_computing,
    choose_device,
    load_acoustic_model,
    load_acoustic_stage,
    load_onnx_acoustic,
    load_onnx_vocoder,
    load_vocoder,
    load_vocoder_stage,
    may_have_cuda,
    read_weights,
    runtime_of,
)
from tts.voice.manifest import file_sha256, load_manifest, mel_settings, write_manifest


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:99"])
def test_a_device_that_is_not_here_is_refused(name):
    with pytest.raises(UsageError, match="device"):
        choose_device(name)


def test_a_driver_is_a_sign_of_cuda_unless_its_devices_are_hidden(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(load, "_DRIVER_SIGNS", (str(tmp_path / "nvidiactl"),))
    monkeypatch.setattr(sys, "platform", "linux")
    assert not may_have_cuda()
    (tmp_path / "nvidiactl").touch()
    assert may_have_cuda()
    for hidden in ("", "-1", " "):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not may_have_cuda()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert may_have_cuda()


def test_without_a_driver_auto_is_the_cpu_and_torch_is_not_imported():
    code = "import sys; from tts.voice.load import choose_device; print(choose_device('auto'), 'torch' in sys.modules)"
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout == "cpu False\n"


@pytest.fixture
def manifest(pulse_voice, monkeypatch):
    """The pulse voice as if its networks but Griffin-Lim had graphs, and ONNX Runtime were here to load them."""
    monkeypatch.setattr(load, "load_onnx_acoustic", lambda manifest, component: component.network)
    monkeypatch.setattr(load, "load_onnx_vocoder", lambda manifest, component, mel: (component.network, mel.hop_length))
    monkeypatch.setattr(load, "has_onnx_runtime", lambda: True)
    manifest = load_manifest(pulse_voice)
    acoustics, vocoders = (
        {name: replace(part, graph=f"{name}.onnx") if part.file else part for name, part in parts.items()}
        for parts in (manifest.acoustics, manifest.vocoders)
    )
    return replace(manifest, acoustics=acoustics, vocoders=vocoders)


def test_what_has_a_graph_is_computed_by_onnx_runtime(manifest):
    assert load_acoustic_stage(manifest, "fastspeech2", Computing()) == "fastspeech2"
    assert load_vocoder_stage(manifest, "vocos", Computing()) == ("vocos", 256)
    assert isinstance(load_vocoder_stage(manifest, "griffinlim", Computing()), TorchVocoder)


@pytest.mark.parametrize("requested", [Computing(runtime="torch"), Computing(precision="bfloat16")])
def test_pytorch_computes_what_is_requested_of_it(manifest, requested):
    assert runtime_of("acoustic model fastspeech2", manifest.acoustics["fastspeech2"], requested) == "torch"
    manifest = load_manifest(manifest.folder)
    assert isinstance(load_acoustic_stage(manifest, "fastspeech2", requested), TorchAcoustic)


def test_without_onnx_runtime_pytorch_computes(manifest, monkeypatch):
    monkeypatch.setattr(load, "has_onnx_runtime", lambda: False)
    assert runtime_of("vocoder vocos", manifest.vocoders["vocos"], Computing()) == "torch"
    with pytest.raises(UsageError, match="ONNX Runtime is not installed"):
        choose_computing("cpu", "onnx")


def test_what_has_no_graph_is_refused_where_onnx_runtime_is_requested(manifest):
    with pytest.raises(UsageError, match="The vocoder griffinlim has no graph for ONNX Runtime"):
        load_vocoder_stage(manifest, "griffinlim", Computing(runtime="onnx"))


@pytest.mark.parametrize(
    ("requested", "refusal"),
    [
        ({"runtime": "tensorflow"}, r"no runtime 'tensorflow'; say auto, torch or onnx\."),
        ({"precision": "float16"}, r"no precision 'float16'; say float32, bfloat16 or int8\."),
        ({"runtime": "onnx", "precision": "int8"}, "computes in float32, not in int8"),
        ({"runtime": "onnx", "device": "cuda"}, "on the CPU here, not on cuda"),
    ],
)
def test_what_cannot_be_is_refused(requested, refusal, monkeypatch):
    monkeypatch.setattr(load, "has_onnx_runtime", lambda: True)
    with pytest.raises(UsageError, match=refusal):
        choose_computing(**requested)


def test_the_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("TTS_RUNTIME", "torch")
    assert choose_computing("cpu").runtime == "torch"
    assert choose_computing("cpu", "auto").runtime == "auto"


def test_a_precision_that_no_network_has_is_refused(pulse_voice):
    voice = load_voice(str(pulse_voice), device="cpu", precision="int8")
    with pytest.raises(UsageError, match="supports int8: fastspeech2 supports float32; vocos supports float32"):
        voice.prepare(SynthesisOptions())


def test_a_network_gets_the_precision_that_it_has(pulse_voice, monkeypatch):
    from tts.models.vocos import Vocos

    monkeypatch.setattr(Vocos, "precisions", ("float32", "bfloat16"))
    voice = load_voice(str(pulse_voice), device="cpu", precision="bfloat16")
    stages = voice.prepare(SynthesisOptions())
    assert stages.vocoder.precisions == ("float32", "bfloat16")
    assert stages.vocoder._vocoder._vocoder.precision == "bfloat16"
    assert stages.acoustic._model.precision == "float32"
    assert stages.runtimes == "PyTorch"


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


SPEAK = """
import sys
from pathlib import Path
import numpy as np
from tts.voice.load import Computing, load_acoustic_stage, load_vocoder_stage
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
def exported_copy(exported, tmp_path):
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
def test_a_damaged_file_is_refused_when_the_voice_is_loaded(exported_copy, file):
    path = exported_copy / file
    path.write_bytes(path.read_bytes()[:-8])
    manifest = load_manifest(exported_copy)
    with pytest.raises(TtsError, match=rf"voice random cannot be used: .*{file} is damaged"):
        load_onnx_acoustic(manifest, manifest.acoustics["fastspeech2"])


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("fastspeech2.onnx", r"The graph of random's fastspeech2 does not fit"),
        ("fastspeech2.safetensors", r"does not hold weights that ONNX Runtime can use"),
    ],
)
def test_a_file_of_something_else_is_refused_when_it_speaks(exported_copy, file, said):
    (exported_copy / file).write_bytes(b"\x08" * 100)
    vouch(exported_copy)
    with pytest.raises(TtsError, match=said):
        speak(exported_copy)


def test_weights_of_another_size_are_refused(exported_copy):
    weights = safetensors.numpy.load_file(exported_copy / "fastspeech2.safetensors")
    safetensors.numpy.save_file(
        weights | {"to_mel.bias": np.zeros(3, np.float32)}, exported_copy / "fastspeech2.safetensors"
    )
    vouch(exported_copy)
    with pytest.raises(TtsError, match="The graph of random's fastspeech2"):
        speak(exported_copy)


def test_a_network_that_cannot_run_here_is_refused(exported):
    manifest = load_manifest(exported)
    part = replace(manifest.vocoders["source_filter"], network="waveglow")
    with pytest.raises(TtsError, match=r"a graph of the network 'waveglow'.*use --runtime torch\."):
        load_onnx_vocoder(manifest, part, mel_settings(manifest))
    with pytest.raises(TtsError, match="a graph of the network 'tacotron2'"):
        load_onnx_acoustic(manifest, replace(part, network="tacotron2"))
    several = replace(manifest.acoustics["fastspeech2"], options={"n_speakers": 2})
    with pytest.raises(TtsError, match="cannot speak with several speakers: use --runtime torch"):
        load_onnx_acoustic(manifest, several)


def test_weights_are_read_as_float32_whatever_they_are_stored_in(tmp_path):
    values = np.array([0.5, -3.25, 6e-8], np.float16)
    safetensors.numpy.save_file({"half": values, "single": np.array([1.1], np.float32)}, tmp_path / "w.safetensors")
    read = read_weights(tmp_path / "w.safetensors")
    assert {array.dtype for array in read.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(read["half"], values.astype(np.float32))
    np.testing.assert_array_equal(read["single"], np.array([1.1], np.float32))


# An installation without the extra [torch]: PyTorch cannot be imported, nor what comes with it.
WITHOUT_TORCH = """
import sys
sys.modules.update(dict.fromkeys(("torch", "torchaudio", "numba")))
from pathlib import Path
from tts.errors import TtsError, UsageError
"""
HEART_WITHOUT_TORCH = """
from tts import SynthesisOptions, load_voice
from tts.voice.load import Computing, load_vocoder_stage

voice = load_voice()
print(voice.device, len(voice.say("Hello.").samples) > 10_000)
for options in ({"vocoder": "waveglow"}, {"vocoder": "griffinlim"}, {"acoustic": "tacotron2"}):
    try:
        voice.say("Hello.", SynthesisOptions(**options))
    except TtsError as error:
        print(error)
"""
STORE_WITHOUT_TORCH = """
from tts.voice.install import InstallRequest, Tools, install, plan_installation
from tts.voice.manifest import load_manifest, verify_files
from tts.voice.package import pack_voice
from tts.voice.store import find_voice, installed_voices

folder, heart = Path(sys.argv[1]), find_voice("heart")
print([voice.name for voice in installed_voices()], verify_files(heart))
pack_voice([heart], folder / "heart.tar", {}, print)
pack_voice([heart], folder / "mine.tar", {"name": "mine"}, print)
print(install(plan_installation(InstallRequest(str(folder / "mine.tar"))), Tools(print)).manifest.name)
checkpoint = folder / "checkpoint.pt"
checkpoint.write_bytes(b"a checkpoint")
for source in ("ljspeech", "https://example.invalid/x.pt", str(checkpoint)):
    try:
        plan_installation(InstallRequest(source))
    except TtsError as error:
        print(error)
"""
COMPUTING_WITHOUT_TORCH = """
from tts.voice import load
from tts.voice.export import export_graphs
from tts.voice.store import find_voice

load.may_have_cuda = lambda: True
print(load.choose_computing())
requests = [{"device": "cuda"}, {"precision": "bfloat16"}, {"runtime": "torch"}]
for call in [lambda request=request: load.choose_computing(**request) for request in requests] + [
    lambda: export_graphs(find_voice("heart"), Path(sys.argv[1]) / "exported", print)
]:
    try:
        call()
    except TtsError as error:
        print(error)
"""
INSTALL = "which is not installed: pip install 'utter-tts[torch]'."


def lines_without_torch(code, folder):
    environment = {**os.environ, "TTS_VOICES_DIR": str(folder / "voices"), "TTS_RUNTIME": ""}
    command = [sys.executable, "-c", WITHOUT_TORCH + code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_pytorch_the_embedded_voice_speaks_and_other_networks_say_what_to_install(tmp_path):
    assert lines_without_torch(HEART_WITHOUT_TORCH, tmp_path) == [
        "cpu True",
        f"WaveGlow needs PyTorch, {INSTALL}",
        f"Griffin-Lim needs PyTorch, {INSTALL}",
        f"Tacotron 2 needs PyTorch, {INSTALL}",
    ]


def test_without_pytorch_voices_are_listed_verified_packed_and_installed(tmp_path):
    assert lines_without_torch(STORE_WITHOUT_TORCH, tmp_path) == [
        "['heart'] []",
        "mine",
        f"Installing ljspeech from a public checkpoint needs PyTorch, {INSTALL}",
        f"Installing x from a public checkpoint needs PyTorch, {INSTALL}",
        f"Installing checkpoint from a public checkpoint needs PyTorch, {INSTALL}",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt", "heart.tar", "mine.tar", "voices"]


def test_without_pytorch_devices_precisions_and_exports_say_what_to_install(tmp_path):
    assert lines_without_torch(COMPUTING_WITHOUT_TORCH, tmp_path) == [
        "Computing(device='cpu', runtime='auto', precision='float32')",
        f"The device cuda needs PyTorch, {INSTALL}",
        f"The precision bfloat16 needs PyTorch, {INSTALL}",
        f"The runtime torch needs PyTorch, {INSTALL}",
        f"Exporting needs PyTorch, {INSTALL}",
    ]
