"""`tts train prepare` as it is typed."""

import json

import pytest

from tests.training.recordings import write_ljspeech


@pytest.fixture
def source(tmp_path):
    return write_ljspeech(tmp_path / "mine", 8)


def test_prepare(tts, source, tmp_path):
    command = ("train", "prepare", source, "-o", tmp_path / "out", "--licence", "CC0-1.0", "--name", "me")
    done = tts(*command, "--jobs", "1")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"8 of 8 clips, 0.00 hours: train 6, val 1, test 1" in done.stderr
    told = json.loads((tmp_path / "out" / "dataset.json").read_text("utf-8"))
    assert (told["name"], told["licence"], told["n_items"]) == ("me", "CC0-1.0", 8)
    assert told["mel"]["sample_rate"] == 22050

    again = tts(*command, "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout) == json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert b"is already prepared; --force does it anew" in again.stderr


def test_what_is_dropped_is_told(tts, source, tmp_path):
    (source / "wavs" / "clip-03.wav").unlink()
    done = tts("train", "prepare", source, "-o", tmp_path / "out", "--jobs", "1")
    assert done.returncode == 0
    assert b"dropped 1: missing file (there is no recording)" in done.stderr
    assert b"dropped.jsonl" in done.stderr


def test_quiet_says_nothing(tts, source, tmp_path):
    done = tts("train", "prepare", source, "-o", tmp_path / "out", "--jobs", "1", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere", "-o", "out"], 2, b"There is no folder nowhere."),
        (["mine"], 2, b"--output"),
        (["mine", "-o", "out", "--jobs", "-1"], 2, b"--jobs must be 1 or more, not -1."),
        (["mine", "-o", "out", "--layout", "vctk"], 2, b"There is no layout 'vctk'"),
        (["mine", "-o", "out", "--name", "a/b"], 2, b"No voice can be called 'a/b'"),
        (["mine", "-o", "out", "--max-seconds", "0.2"], 2, b"--min-seconds must be below --max-seconds"),
        (["mine", "-o", "out", "--no-trin"], 2, b"did you mean --no-trim"),
        (["mine", "-o", "out", "--min-seconds", "5"], 1, b"None of the 8 clips can be used (too short 8)"),
        (["mine", "-o", "out", "--language", "xx", "--jobs", "1"], 1, b"espeak-ng does not speak the language 'xx'"),
    ],
)
def test_refusals(tts, source, arguments, code, sentence):
    done = tts("train", "prepare", *arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert sentence in done.stderr
    assert b"Traceback" not in done.stderr
