"""Graphs are written only if they compute what PyTorch computes, and atomically."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from tts import SynthesisOptions, extras, load_voice
from tts.errors import TtsError, UsageError
from tts.models.source_filter import F0_CENTRE_HZ
from tts.onnx import fastspeech2
from tts.onnx.fastspeech2 import OnnxFastSpeech2
from tts.onnx.graph_builder import GraphBuilder
from tts.voice.export import export_graphs
from tts.voice.manifest import load_manifest, verify_files


@pytest.fixture
def voice(random_voice, tmp_path):
    return shutil.copytree(random_voice, tmp_path / "random")


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_graphs_are_written_for_what_can_have_one(voice, tmp_path):
    before, reported = content(voice), []
    exported = export_graphs(load_manifest(voice), tmp_path / "exported", reported.append)
    assert content(voice) == before
    assert exported.folder == tmp_path / "exported"
    assert {name: part.graph for name, part in {**exported.acoustics, **exported.vocoders}.items()} == {
        "fastspeech2": "fastspeech2.onnx",
        "tacotron2": None,
        "source_filter": "source_filter.onnx",
        "waveglow": None,
        "griffinlim": None,
    }
    assert verify_files(exported) == []
    assert reported == [
        "PyTorch still computes tacotron2, waveglow, griffinlim: only fastspeech2 and source_filter can be exported"
    ]


def test_into_its_own_folder_and_again(voice):
    export_graphs(load_manifest(voice), voice, print)
    once = content(voice)
    assert {"fastspeech2.onnx", "source_filter.onnx"} <= set(once)
    export_graphs(load_manifest(voice), voice, print)
    assert content(voice) == once


def test_both_engines_compute_the_same(voice):
    export_graphs(load_manifest(voice), voice, print)
    options = SynthesisOptions(input="phonemes", speed=0.9, pitch=1.0, energy=1.2)
    loaded = {runtime: load_voice(str(voice), device="cpu", runtime=runtime) for runtime in ("torch", "auto", "onnx")}
    said = {runtime: each.say("həlˈoʊ wˈɜːld.", options).samples for runtime, each in loaded.items()}
    assert loaded["auto"].prepare(options).runtimes == "ONNX Runtime"
    np.testing.assert_array_equal(said["auto"], said["onnx"])
    # The pulses' phase sums the pitch, whose last digits differ; -50 dB.
    difference = said["onnx"] - said["torch"]
    assert np.sqrt(np.mean(difference**2)) < 3e-3 * np.sqrt(np.mean(said["torch"] ** 2))


@pytest.mark.parametrize("changed", ["pitch_embed", "energy_embed"])
def test_a_graph_that_computes_something_else_is_not_written(voice, tmp_path, monkeypatch, changed):
    binned = fastspeech2._binned

    def other_range(g, name, limits, n_bins, values):
        return binned(g, name, (1.0, 2.0) if name == changed else limits, n_bins, values)

    monkeypatch.setattr(fastspeech2, "_binned", other_range)
    before = content(voice)
    for destination in (voice, tmp_path / "new"):
        with pytest.raises(TtsError, match=r"(is not PyTorch's|other durations).*nothing was written"):
            export_graphs(load_manifest(voice), destination, print)
    assert content(voice) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["random"]


@pytest.mark.parametrize("ignored", [{"pitch": 0.0}, {"energy": 1.0}, {"speed": 1.0}])
def test_controls_are_compared_too(voice, monkeypatch, ignored):
    speak = OnnxFastSpeech2.speak
    monkeypatch.setattr(
        OnnxFastSpeech2, "speak", lambda self, ids, **controls: speak(self, ids, **(controls | ignored))
    )
    with pytest.raises(TtsError, match=r"by its graph is not PyTorch's|other durations"):
        export_graphs(load_manifest(voice), voice, print)


def test_a_vocoder_is_compared_too(voice, monkeypatch):
    constant = GraphBuilder.constant

    def other_centre(self, value, dtype=np.float32):
        is_centre = np.ndim(value) == 0 and value == F0_CENTRE_HZ
        return constant(self, 190.0 if is_centre else value, dtype)

    monkeypatch.setattr(GraphBuilder, "constant", other_centre)
    with pytest.raises(TtsError, match="The speech of the vocoder by its graph is not PyTorch's"):
        export_graphs(load_manifest(voice), voice, print)


def test_a_voice_without_such_networks_is_refused(voice, tmp_path):
    manifest = load_manifest(voice)
    others = replace(
        manifest,
        acoustics={"tacotron2": manifest.acoustics["tacotron2"]},
        vocoders={"griffinlim": manifest.vocoders["griffinlim"]},
    )
    with pytest.raises(UsageError, match=r"no network that can be exported for ONNX Runtime \(tacotron2, griffinlim\)"):
        export_graphs(others, tmp_path / "new", print)


def test_without_the_packages_it_says_what_to_install(voice, monkeypatch):
    monkeypatch.setattr(extras, "is_installed", lambda module: module not in ("onnx", "onnxruntime"))
    with pytest.raises(UsageError, match=r"pip install 'utter-tts\[export\]'"):
        export_graphs(load_manifest(voice), voice, print)


def test_a_damaged_voice_is_not_exported(voice):
    (voice / "source_filter.safetensors").write_bytes(b"cut")
    with pytest.raises(TtsError, match="is damaged"):
        export_graphs(load_manifest(voice), voice, print)
    assert not (voice / "fastspeech2.onnx").exists()
