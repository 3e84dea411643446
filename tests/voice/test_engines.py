"""Which engine computes a stage; what ONNX Runtime's stages do is not asked here, only whether they are taken."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tts.errors import UsageError
from tts.models.torch_network import TorchAcoustic, TorchVocoder
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.pipeline import load_voice
from tts.voice import computing, engines
from tts.voice.computing import Computing, choose_computing
from tts.voice.engines import load_acoustic_stage, load_vocoder_stage
from tts.voice.manifest import load_manifest


@pytest.fixture
def manifest(pulse_voice, monkeypatch):
    """The pulse voice as if its networks but Griffin-Lim had graphs, and ONNX Runtime were here to load them."""
    fake = SimpleNamespace(
        load_onnx_acoustic=lambda manifest, component: component.network,
        load_onnx_vocoder=lambda manifest, component, mel: (component.network, mel.hop_length),
    )
    monkeypatch.setitem(sys.modules, "tts.voice.onnx_networks", fake)
    monkeypatch.setattr(engines, "has_onnx_runtime", lambda: True)
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


@pytest.mark.parametrize("asked", [Computing(engine="torch"), Computing(precision="bfloat16")])
def test_pytorch_computes_what_is_asked_of_it(manifest, asked):
    assert not engines._by_onnx_runtime("acoustic model fastspeech2", manifest.acoustics["fastspeech2"], asked)
    manifest = load_manifest(manifest.folder)
    assert isinstance(load_acoustic_stage(manifest, "fastspeech2", asked), TorchAcoustic)


def test_without_onnx_runtime_pytorch_computes(manifest, monkeypatch):
    monkeypatch.setattr(engines, "has_onnx_runtime", lambda: False)
    monkeypatch.setattr(computing, "has_onnx_runtime", lambda: False)
    assert not engines._by_onnx_runtime("vocoder vocos", manifest.vocoders["vocos"], Computing())
    with pytest.raises(UsageError, match="ONNX Runtime is not installed"):
        choose_computing("cpu", "onnx")


def test_what_has_no_graph_is_refused_where_onnx_runtime_is_asked_for(manifest):
    with pytest.raises(UsageError, match="The vocoder griffinlim has no graph for ONNX Runtime"):
        load_vocoder_stage(manifest, "griffinlim", Computing(engine="onnx"))


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"engine": "tensorflow"}, r"no engine 'tensorflow'; say auto, torch or onnx\."),
        ({"precision": "float16"}, r"no precision 'float16'; say float32, bfloat16 or int8\."),
        ({"engine": "onnx", "precision": "int8"}, "computes in float32, not in int8"),
        ({"engine": "onnx", "device": "cuda"}, "on the CPU here, not on cuda"),
    ],
)
def test_what_cannot_be_is_refused(asked, refusal, monkeypatch):
    monkeypatch.setattr(computing, "has_onnx_runtime", lambda: True)
    with pytest.raises(UsageError, match=refusal):
        choose_computing(**asked)


def test_the_environment_chooses_where_nothing_is_said(monkeypatch):
    monkeypatch.setenv("TTS_ENGINE", "torch")
    assert choose_computing("cpu").engine == "torch"
    assert choose_computing("cpu", "auto").engine == "auto"


def test_a_precision_that_no_network_has_is_refused(pulse_voice):
    voice = load_voice(str(pulse_voice), device="cpu", precision="int8")
    with pytest.raises(UsageError, match="speaks in int8: fastspeech2 speaks in float32; vocos speaks in float32"):
        voice.prepare(SynthesisOptions())


def test_a_network_takes_the_precision_that_it_has(pulse_voice, monkeypatch):
    from tts.models.vocos import Vocos

    monkeypatch.setattr(Vocos, "precisions", ("float32", "bfloat16"))
    voice = load_voice(str(pulse_voice), device="cpu", precision="bfloat16")
    stages = voice.prepare(SynthesisOptions())
    assert stages.vocoder.precisions == ("float32", "bfloat16")
    assert stages.vocoder._vocoder._vocoder.precision == "bfloat16"
    assert stages.acoustic._model.precision == "float32"
    assert stages.engines == "PyTorch"
