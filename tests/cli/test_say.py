import json
import os
import signal
import subprocess
import sys
import time
import wave

import numpy as np
import pytest
import soundfile

from tests.tiny_voice import FRAMES_PER_SYMBOL, MEL

# "həlˈoʊ" between a begin and an end symbol.
HELLO_SAMPLES = 8 * FRAMES_PER_SYMBOL * MEL.hop_length
PHONEMES = ("--input", "phonemes", "həlˈoʊ")


def said(done):
    """The message of a failed command: one sentence, no traceback."""
    message = done.stderr.decode()
    assert message.startswith("tts: ")
    assert message.count("\n") == 1
    assert done.stdout == b""
    return message


def test_writes_a_wav_and_says_nothing(tts, tmp_path):
    done = tts("say", *PHONEMES, "-o", "hello.wav")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    with wave.open(str(tmp_path / "hello.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22050, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    # The pulse voice: 0.8 at the first frame's centre, two thirds at all others.
    expected = np.zeros(HELLO_SAMPLES, np.int16)
    expected[:: MEL.hop_length] = round(2 / 3 * 32768)
    expected[0] = round(0.8 * 32768)
    assert np.abs(samples.astype(int) - expected).max() <= 1


def test_json_reports_exactly_the_contract(tts):
    done = tts("say", *PHONEMES, "-o", "hello.flac", "--json")
    report = json.loads(done.stdout)
    assert list(report) == [
        *("file", "seconds", "rtf", "first_audio_ms", "voice", "acoustic"),
        *("vocoder", "device", "sample_rate", "warnings"),
    ]
    assert report["file"] == "hello.flac"
    assert report["seconds"] == pytest.approx(HELLO_SAMPLES / 22050, abs=1e-5)
    assert (report["voice"], report["acoustic"], report["vocoder"]) == ("pulse", "fastspeech2", "vocos")
    assert report["device"] == "cpu"
    assert report["warnings"] == []


def test_standard_input_to_standard_output(tts, tmp_path):
    piped = tts("say", "-o", "-", stdin=b"Read me.\n")
    assert piped.returncode == 0
    tts("say", "Read me.", "-o", "file.wav")
    file = (tmp_path / "file.wav").read_bytes()
    # A pipe cannot be rewound to fill in the sizes; the samples are the same.
    assert piped.stdout[:4] == b"RIFF"
    assert piped.stdout[44:] == file[44:]


def test_same_seed_same_bytes(tts, tmp_path):
    for name, seed in (("a.wav", "1"), ("b.wav", "1"), ("c.wav", "2")):
        assert tts("say", "Hello.", "-o", name, "--seed", seed, "--voice", "random").returncode == 0
    first, again, other = ((tmp_path / name).read_bytes() for name in ("a.wav", "b.wav", "c.wav"))
    assert first == again != other


def test_threads_change_at_most_one_step(tts, tmp_path):
    for threads in ("1", "2"):
        arguments = ("The same on one thread or two.", "-o", f"{threads}.wav", "--voice", "random")
        assert tts("say", *arguments, OMP_NUM_THREADS=threads).returncode == 0
    one, two = (soundfile.read(tmp_path / f"{n}.wav", dtype="int16")[0].astype(int) for n in (1, 2))
    assert np.abs(one - two).max() <= 1


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3", "raw"])
def test_the_suffix_picks_the_format(here, tmp_path, suffix):
    assert here("say", "Hello there.", "-o", f"a.{suffix}").returncode == 0
    path = tmp_path / f"a.{suffix}"
    if suffix == "raw":
        assert path.stat().st_size % 2 == 0
    else:
        kinds = {"wav": "WAV", "flac": "FLAC", "ogg": "OGG", "opus": "OGG", "mp3": "MP3"}
        assert soundfile.info(path).format == kinds[suffix]


def test_sample_rate_is_changed(here, tmp_path):
    here("say", *PHONEMES, "-o", "a.wav", "--sample-rate", "44100")
    info = soundfile.info(tmp_path / "a.wav")
    assert info.samplerate == 44100
    assert info.frames == pytest.approx(2 * HELLO_SAMPLES, abs=2)


def test_timings_are_written_beside(here, tmp_path):
    here("say", "Hello. Hello.", "-o", "a.wav", "--timings", "a.srt")
    cues = (tmp_path / "a.srt").read_text("utf-8").split("\n\n")
    assert [cue.strip().split("\n")[-1] for cue in cues if cue.strip()] == ["Hello.", "Hello."]


def test_unknown_symbols_are_named_once_each(here):
    done = here("say", "--input", "phonemes", "a界i\na界u", "-o", "a.wav", "--json")
    assert json.loads(done.stdout)["warnings"] == ["symbols this voice does not know were left out: 界"]
    assert done.stderr.decode().count("界") == 1


def test_a_plot_is_a_picture(here, tmp_path):
    assert here("say", *PHONEMES, "-o", "a.wav", "--plot", "a.png").returncode == 0
    assert (tmp_path / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_volume_is_in_decibels(here, tmp_path):
    here("say", *PHONEMES, "-o", "usual.wav")
    here("say", *PHONEMES, "-o", "quiet.wav", "--volume", "-20")
    usual, quiet = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("usual", "quiet"))
    np.testing.assert_allclose(quiet, usual / 10, atol=1e-4)


def test_clipping_is_a_warning(here):
    done = here("say", *PHONEMES, "-o", "a.wav", "--volume", "12")
    assert done.returncode == 0
    assert "too loud" in done.stderr.decode()


def test_a_lexicon_changes_a_word(here, tmp_path):
    (tmp_path / "words.txt").write_text("hello\t/aaa/\n", "utf-8")
    done = here("say", "hello", "-o", "a.wav", "--lexicon", "words.txt", "--json")
    seconds = (3 + 2) * FRAMES_PER_SYMBOL * MEL.hop_length / 22050
    assert json.loads(done.stdout)["seconds"] == pytest.approx(seconds, abs=1e-5)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in player is a shell script")
def test_without_a_file_the_text_is_played(tts, tmp_path):
    player = tmp_path / "aplay"
    player.write_text("#!/bin/sh\ncat > played.raw\n", "utf-8")
    player.chmod(0o755)
    done = tts("say", *PHONEMES, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "played.raw").stat().st_size == 2 * HELLO_SAMPLES


@pytest.mark.skipif(os.name == "nt", reason="PATH names no players there")
def test_without_a_player_a_file_is_requested(tts, tmp_path):
    done = tts("say", *PHONEMES, PATH=str(tmp_path))
    assert done.returncode == 1
    assert "-o FILE" in said(done)


def test_debug_shows_the_traceback(tts):
    done = tts("say", "?!", "-o", "a.wav", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("", "-o", "a.wav"), 2, "no text to speak"),
        ((" \n\t ", "-o", "a.wav"), 2, "no text to speak"),
        (("...", "-o", "a.wav"), 1, "nothing to speak"),
        (("Hi.", "--voice", "pulze", "-o", "a.wav"), 2, "did you mean pulse?"),
        (("Hi.", "--vocoder", "griflim", "-o", "a.wav"), 2, "did you mean griffinlim?"),
        (
            ("Hi.", "--acoustic", "tacotron2", "-o", "a.wav"),
            2,
            "no acoustic model 'tacotron2'; there are: fastspeech2.",
        ),
        (("Hi.", "--voice", "random", "--acoustic", "tacotron", "-o", "a.wav"), 2, "did you mean tacotron2?"),
        (("Hi.", "--voice", "random", "--acoustic", "tacotron2", "--pitch", "2", "-o", "a.wav"), 2, "over its pitch"),
        (("Hi.", "-o", "missing/a.wav"), 1, "does not exist"),
        (("Hi.", "-o", "."), 1, "is a folder"),
        (("Hi.", "-o", "a.xyz"), 2, "no audio format"),
        (("Hi.", "-o", "a.wav", "--format", "flac"), 2, "make them agree"),
        (("Hi.", "--sped", "2", "-o", "a.wav"), 2, "did you mean --speed"),
        (("Hi.", "--speed", "9", "-o", "a.wav"), 2, "speed must lie between 0.25 and 4"),
        (("Hi.", "--speed", "fast", "-o", "a.wav"), 2, "--speed"),
        (("Hi.", "--device", "cuda:7", "-o", "a.wav"), 2, "cuda:7"),
        (("Hi.", "--device", "tpu", "-o", "a.wav"), 2, "tpu"),
        (("Hi.", "--runtime", "tensorflow", "-o", "a.wav"), 2, "no runtime 'tensorflow'; say auto, torch or onnx"),
        (("Hi.", "--runtime", "onnx", "-o", "a.wav"), 2, "ONNX Runtime"),
        (("Hi.", "--precision", "float8", "-o", "a.wav"), 2, "no precision 'float8'"),
        (("Hi.", "--precision", "int8", "-o", "a.wav"), 2, "supports int8: fastspeech2 supports float32"),
        (("Hi.", "--threads", "0", "-o", "a.wav"), 2, "threads"),
        (("Hi.", "--streams", "3", "-o", "a.wav"), 2, "vocos speaks in one stream"),
        (("Hi.", "-o", "-", "--json"), 2, "--json"),
        (("Hi.", "-o", "a.wav", "--lexicon", "none.txt"), 1, "none.txt"),
        (("Hi.", "-o", "a.wav", "--timings", "a.doc"), 2, ".doc"),
    ],
)
def test_refusals_are_one_sentence_and_leave_no_file(here, tmp_path, arguments, code, words):
    done = here("say", *arguments)
    assert done.returncode == code
    assert words in said(done)
    assert list(tmp_path.iterdir()) == []


def test_invalid_utf8_on_standard_input_is_refused(tts):
    done = tts("say", "-o", "a.wav", stdin=b"caf\xe9 au lait")
    assert done.returncode == 1
    assert "byte 3" in said(done)


def test_a_damaged_voice_is_refused(tts, tmp_path, pulse_voice):
    voice = tmp_path / "voice"
    voice.mkdir()
    for file in pulse_voice.iterdir():
        (voice / file.name).write_bytes(file.read_bytes())
    weights = voice / "fastspeech2.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    done = tts("say", "Hi.", "--voice", voice, "-o", "a.wav")
    assert done.returncode == 1
    assert "is damaged" in said(done)
    assert not (tmp_path / "a.wav").exists()


def test_an_existing_file_survives_a_failure(tts, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"precious")
    assert tts("say", "?!", "-o", "a.wav").returncode == 1
    assert (tmp_path / "a.wav").read_bytes() == b"precious"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_interrupting_leaves_no_partial_file(tts, tmp_path):
    command = [sys.executable, "-m", "tts", "say", "-", "-o", "long.wav"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path, env=tts.environment)
    child.stdin.write(b"This is a sentence. " * 20_000)
    child.stdin.close()
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".tts-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=60) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_closed_pipe_downstream_ends_quietly(tts):
    command = f"{sys.executable} -m tts say - -o - | head -c 100 > /dev/null"
    done = subprocess.run(
        command, shell=True, input=b"This is a sentence. " * 500, capture_output=True, env=tts.environment, timeout=120
    )
    assert done.stderr == b""


def test_settings_flag_then_environment_then_file(here, tmp_path):
    (tmp_path / "config.toml").write_text("speed = 0.5\n", "utf-8")

    def seconds(*arguments):
        return json.loads(here("say", *PHONEMES, "-o", "a.wav", "--json", *arguments).stdout)["seconds"]

    assert seconds() == pytest.approx(2 * HELLO_SAMPLES / 22050, abs=1e-3)
    assert seconds("--speed", "1") == pytest.approx(HELLO_SAMPLES / 22050, abs=1e-3)
    spoken = here("say", "Hi.", "-o", "a.wav", "--json", TTS_VOCODER="griffinlim")
    assert json.loads(spoken.stdout)["vocoder"] == "griffinlim"


def test_silences_may_stand_in_the_file(here, tmp_path):
    def seconds():
        report = json.loads(here("say", "One, two.\n\nThree.", "-o", "a.wav", "--json").stdout)
        return report["seconds"]

    usual = seconds()
    (tmp_path / "config.toml").write_text("paragraph-silence = 1.6\nclause-silence = 0.5\n", "utf-8")
    assert seconds() == pytest.approx(usual + 1.0 + 0.5, abs=MEL.hop_length / 22050)


def test_the_acoustic_model_by_flag_environment_and_file(here, tmp_path):
    def acoustic(*arguments, **environment):
        arguments = ("say", "Hi.", "--voice", "random", "-o", "a.wav", "--json", *arguments)
        return json.loads(here(*arguments, **environment).stdout)["acoustic"]

    assert acoustic() == "fastspeech2"
    assert acoustic("--acoustic", "tacotron2") == "tacotron2"
    (tmp_path / "config.toml").write_text('acoustic = "tacotron2"\n', "utf-8")
    assert acoustic() == "tacotron2"
    assert acoustic(TTS_ACOUSTIC="fastspeech2") == "fastspeech2"


def test_an_unknown_setting_is_named(here, tmp_path):
    (tmp_path / "config.toml").write_text("sped = 2\n", "utf-8")
    done = here("say", "Hi.", "-o", "a.wav")
    assert done.returncode == 1
    assert "did you mean speed" in said(done)
