import json
import shutil

import pytest

from tests.cli.conftest import told
from tts.voice.manifest import load_manifest

PHONEMES = ("--input", "phonemes", "həlˈoʊ")


@pytest.fixture
def voice(fresh, random_voice):
    return shutil.copytree(random_voice, fresh.folder / "mine")


def test_a_voice_gets_graphs_and_speaks_with_them(fresh, voice):
    done = fresh("voices", "export", "mine/", "-o", "exported", "--json")
    report = json.loads(done.stdout)
    assert (report["voice"], report["graphs"]) == (
        "random",
        {"fastspeech2": "fastspeech2.onnx", "source_filter": "source_filter.onnx"},
    )
    assert report["sizes"]["fastspeech2.onnx"] == (fresh.folder / "exported" / "fastspeech2.onnx").stat().st_size
    assert b"PyTorch goes on to speak with tacotron2, waveglow, griffinlim" in done.stderr
    assert not (voice / "fastspeech2.onnx").exists()
    for engine in ("onnx", "auto"):
        done = fresh("say", *PHONEMES, "-v", "exported/", "--engine", engine, "-o", f"{engine}.wav")
        assert done.returncode == 0, done.stderr
    assert (fresh.folder / "onnx.wav").read_bytes() == (fresh.folder / "auto.wav").read_bytes()
    assert fresh("voices", "verify", "exported/").returncode == 0


def test_without_an_output_the_voice_itself_gets_them(fresh, voice):
    done = fresh("voices", "export", "mine/")
    assert done.stdout == b""
    assert b"has graphs of fastspeech2 (" in done.stderr
    assert load_manifest(voice).acoustics["fastspeech2"].graph == "fastspeech2.onnx"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("none",), 2, "There is no voice 'none'"),
        (("mine/", "-o", "no/where"), 1, "The folder"),
        ((), 2, "NAME|DIR"),
    ],
)
def test_refusals_leave_nothing(fresh, voice, arguments, code, said):
    before = sorted(fresh.folder.rglob("*"))
    assert said in told(fresh("voices", "export", *arguments), code)
    assert sorted(fresh.folder.rglob("*")) == before
