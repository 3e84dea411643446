import json

import pytest

from tests.benchmark.tiny import TINY
from tests.cli.conftest import error_message
from tts.benchmark.presets import PRESETS


@pytest.fixture
def tiny(monkeypatch):
    """The tiny presets beside those that everyone has."""
    for name, preset in TINY.items():
        monkeypatch.setitem(PRESETS, name, preset)


def test_a_voice_as_a_table(tts):
    done = tts("bench", "--text", "Hello.", "--repeat", "1", "--threads", "1", "--plot", "bench.png")
    assert (done.returncode, done.stderr) == (0, b"")
    stages, facts = done.stdout.decode().split("\n\n")
    lines = stages.splitlines()
    assert lines[0].split()[:2] == ["stage", "reference"]
    assert [line.split()[0] for line in lines[1:]] == ["frontend", "fastspeech2", "vocos", "whole"]
    facts_shown = [line.split("  ")[0] for line in facts.splitlines()[1:]]
    assert facts_shown == ["voice", "first audio", "loading", "peak memory", "computed on", "machine"]
    assert (tts.folder / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_voice_as_json_with_cold_processes_and_limits(tts, voices_folder):
    (tts.folder / "lines.txt").write_text("Hello.\n\nGood morning.\n", "utf-8")
    arguments = ["--sentences", "lines.txt", "--repeat", "1", "--cold", "--limits", "--json", "--vocoder", "griffinlim"]
    done = tts("bench", *arguments, "--voice", "random", "--acoustic", "tacotron2")
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    voice = document["voice"]
    assert (voice["voice"], voice["acoustic"], voice["vocoder"]) == ("random", "tacotron2", "griffinlim")
    assert (voice["lines"], voice["characters"]) == (2, 19)
    assert voice["cold_start"]["hello"]["seconds"]["median"] > 0
    assert voice["cold_start"]["import_torch"]["peak_mb"]["median"] > 50
    assert document["limits"]["gflop_per_second"] > 0
    assert document["repeat"] == 1
    assert [row["stage"] for row in document["stages"]] == ["frontend", "acoustic", "vocoder", "whole"]


def test_presets_as_a_table_and_as_json(fresh, tiny):
    arguments = ["--preset", "tiny-wavenet", "--preset", "tiny-tacotron2", "--seconds", "0.1", "--repeat", "1"]
    done = fresh("bench", *arguments, "--batch", "2", "--device", "cpu", "--quiet")
    assert (done.returncode, done.stderr) == (0, b"")
    stages, facts = done.stdout.decode().split("\n\n")
    assert [line.split()[0] for line in stages.splitlines()] == ["stage", "tiny-wavenet", "tiny-tacotron2"]
    assert [line.split("  ")[0] for line in facts.splitlines()[1:]] == ["computed on", "machine"]
    document = json.loads(fresh("bench", *arguments, "--json").stdout)
    assert document["voice"] is None
    assert [row["name"] for row in document["stages"]] == ["tiny-wavenet", "tiny-tacotron2"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--preset", "waveglow-265"], 2, "There is no preset 'waveglow-265'; did you mean waveglow-256"),
        (["--preset", "x"], 2, "There is no preset 'x'; there are waveglow-256, waveglow-512, wavenet-mol,"),
        (["--preset", "tacotron2", "--voice", "pulse"], 2, "--voice is for voices, not for --preset"),
        (["--preset", "tacotron2", "--cold"], 2, "--cold is for voices, not for --preset"),
        (["--seconds", "3"], 2, "--seconds is for networks of random weights: name one with --preset NAME."),
        (["--batch", "3"], 2, "--batch is for networks of random weights: name one with --preset NAME."),
        (["--repeat", "0"], 2, "--repeat must be 1 or more, not 0."),
        (["--threads", "0"], 2, "'--threads'"),
        (["--preset", "tacotron2", "--seconds", "nan"], 2, "--seconds must be above 0 and at most 600, not nan."),
        (["--preset", "tacotron2", "--precision", "int8", "--device", "tpu"], 2, "There is no device 'tpu'"),
        (["--precision", "float16"], 2, "There is no precision 'float16'; say float32, bfloat16 or int8."),
        (["--runtime", "tensor"], 2, "There is no runtime 'tensor'"),
        (["--preset", "tacotron2", "--runtime", "onnx"], 2, "--runtime is for voices, not for --preset"),
        (["--voice", "puls"], 2, "did you mean pulse?"),
        (["--vocoder", "vocoss"], 2, "did you mean vocos?"),
        (["--text", "a", "--sentences", "b"], 2, "There are two texts: give --text or --sentences"),
        (["--sentences", "nowhere.txt"], 1, "nowhere.txt cannot be read"),
        (["--text", "…", "--repeat", "1"], 1, "There is nothing to speak"),
        (["--plot", "bench.pdf"], 2, "A plot is a PNG"),
        (["--plot", "nowhere/bench.png"], 1, "does not exist; make it first"),
    ],
)
def test_what_cannot_be_done_is_refused(here, arguments, code, sentence):
    assert sentence in error_message(here("bench", *arguments), code)


def test_a_file_without_lines_is_refused(tts):
    (tts.folder / "empty.txt").write_text("\n\n", "utf-8")
    assert error_message(tts("bench", "--sentences", "empty.txt"), 2) == "tts: empty.txt has no line to speak."


def test_settings_of_the_other_kind_may_stand(tts, monkeypatch):
    """A voice from the environment is no reason to refuse a preset; the precision that is requested here is."""
    done = tts("bench", "--preset", "hifigan-v3", "--precision", "int8", TTS_VOICE="pulse", TTS_VOCODER="griffinlim")
    assert error_message(done, 2) == "tts: This network speaks in float32, not in int8."


def test_an_interrupt_leaves_no_picture(fresh, tiny, monkeypatch):
    def interrupted(*args, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("tts.benchmark.networks.bench_networks", interrupted)
    done = fresh("bench", "--preset", "tiny-hifigan", "--plot", "bench.png")
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
    assert not (fresh.folder / "bench.png").exists()
