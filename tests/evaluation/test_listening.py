"""Whisper and DistillMOS, stood in for by what their packages offer."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from tts.audio.audio import Audio
from tts.errors import TtsError, UsageError
from tts.evaluation.listening import Impression, Listeners, check_whisper
from tts.evaluation.metrics import WordErrors

AUDIO = Audio(np.zeros(22050, np.float32), 22050)


@pytest.fixture
def whisper(monkeypatch):
    """A Whisper that transcribes "hello there" in two segments; returns the list of its calls."""
    calls = []

    class WhisperModel:
        def __init__(self, folder, **options):
            if folder == "broken":
                raise RuntimeError("Unable to open file\nmodel.bin")
            calls.append((folder, options["device"]))

        def transcribe(self, samples, **options):
            calls.append((len(samples), samples.dtype, options["language"]))
            return iter([SimpleNamespace(text=" Hello"), SimpleNamespace(text=" there.")]), None

    module = ModuleType("faster_whisper")
    module.WhisperModel = WhisperModel
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    return calls


@pytest.fixture
def distillmos(tmp_path, monkeypatch):
    """A package that wants torchaudio, prints when it loads, and gives a longer sound a better score."""
    (tmp_path / "distillmos.py").write_text(
        "import torch, torchaudio\n"
        "class ConvTransformerSQAModel(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        print('weights loaded')\n"
        "    def forward(self, samples):\n"
        "        return torch.tensor([[samples.shape[1] / 8000]])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torchaudio", raising=False)
    yield
    sys.modules.pop("distillmos", None)


def test_nobody_listens_by_default():
    assert Listeners(None, "en-us", mos=False).listen(AUDIO, "Hello.") == Impression()


def test_whisper_receives_sixteen_kilohertz_in_the_language_of_the_data(tmp_path, whisper):
    impression = Listeners(tmp_path, "en-us", mos=False).listen(AUDIO, "Hello, here.")
    assert impression == Impression("Hello there.", WordErrors(1, 2), None)
    assert whisper == [(str(tmp_path), "cpu"), (16000, np.float32, "en")]


def test_a_whisper_model_that_cannot_be_loaded_is_a_sentence(whisper):
    with pytest.raises(TtsError, match=r"in broken cannot be loaded \(Unable to open file model.bin\)\.$"):
        Listeners(Path("broken"), "en-us", mos=False)


def test_opinions_need_no_torchaudio_and_print_nothing(distillmos, capsys):
    impression = Listeners(None, "en-us", mos=True).listen(AUDIO, "Hello.")
    assert impression == Impression(None, None, 2.0)
    assert capsys.readouterr().out == ""
    assert "torchaudio" not in sys.modules


def test_a_torchaudio_that_is_loaded_stays(distillmos, monkeypatch):
    loaded = ModuleType("torchaudio")
    monkeypatch.setitem(sys.modules, "torchaudio", loaded)
    Listeners(None, "en-us", mos=True)
    assert sys.modules["torchaudio"] is loaded


def test_a_folder_without_a_model_is_refused(tmp_path):
    (tmp_path / "model.bin").touch()
    with pytest.raises(UsageError, match=r"has no config\.json and no tokenizer\.json"):
        check_whisper(tmp_path)
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).touch()
    check_whisper(tmp_path)


def test_the_threads_of_torch_are_whispers(tmp_path, monkeypatch):
    threads = []
    module = ModuleType("faster_whisper")
    module.WhisperModel = lambda folder, **options: threads.append(options["cpu_threads"])
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    Listeners(tmp_path, "en-us", mos=False)
    assert threads == [torch.get_num_threads()]
