"""The files of `tts say --timings`, held against the samples that are written beside them."""

import json
import re

import numpy as np
import pytest
import soundfile

from tests.tiny_piper import write_tiny_piper
from tests.tiny_voice import FRAMES_PER_SYMBOL, MEL
from tts.cli.outputs import MelPlot
from tts.synthesis.timing import TimedSentence

SYMBOL_SAMPLES = FRAMES_PER_SYMBOL * MEL.hop_length
RATE = 22050


def seconds_of(clock):
    hours, minutes, seconds = clock.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def cue_times(srt):
    return [tuple(map(seconds_of, pair)) for pair in re.findall(r"([\d:,]+) --> ([\d:,]+)", srt)]


@pytest.mark.parametrize("more", [(), ("--speed", "0.5"), ("--sample-rate", "44100", "--loudness", "-23")])
def test_sentences_begin_where_the_samples_before_them_end(tts, tmp_path, more):
    lengths = [3, 17, 5, 41, 8, 2, 29, 11]
    lines = "\n".join("a" * length for length in lengths)
    silence = ("--sentence-silence", "0.1234")
    tts("say", "--input", "phonemes", "-o", "a.wav", "--timings", "a.json", *silence, *more, stdin=lines.encode())
    factor = 2 if "0.5" in more else 1
    expected, samples = [], 0
    for length in lengths:
        samples += round(0.1234 * RATE) if samples else 0
        expected.append((samples + factor * SYMBOL_SAMPLES) / RATE)
        samples += factor * (length + 2) * SYMBOL_SAMPLES
    document = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [sentence["start"] for sentence in document["sentences"]] == pytest.approx(expected, abs=1e-6)
    assert document["seconds"] == pytest.approx(samples / RATE, abs=1e-6)
    info = soundfile.info(tmp_path / "a.wav")
    assert info.frames / info.samplerate == pytest.approx(samples / RATE, abs=1e-4)


def test_the_last_cue_ends_with_the_audio(here, tmp_path):
    here("say", "Hello there. " * 60, "-o", "a.wav", "--timings", "a.srt", "--sample-rate", "16000")
    cues = cue_times((tmp_path / "a.srt").read_text("utf-8"))
    info = soundfile.info(tmp_path / "a.wav")
    assert len(cues) == 60
    assert cues[-1][1] == pytest.approx(info.frames / info.samplerate, abs=0.002)


def test_words_are_as_written_however_they_are_spoken(here, tmp_path):
    here("say", "It costs $3.50, Dr. Lee.", "-o", "a.wav", "--timings", "a.json")
    (sentence,) = json.loads((tmp_path / "a.json").read_text("utf-8"))["sentences"]
    words = {word["text"]: word for word in sentence["words"]}
    assert list(words) == ["It", "costs", "$3.50", "Dr.", "Lee"]
    assert words["$3.50"]["phonemes"].startswith("θɹˈiː dˈɑːlɚz")
    assert words["It"]["start"] == sentence["start"]
    spoken = words["$3.50"]["end"] - words["$3.50"]["start"]
    assert spoken == pytest.approx(len(words["$3.50"]["phonemes"]) * SYMBOL_SAMPLES / RATE, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "begin"), [("a.vtt", "WEBVTT\n"), ("a.lrc", "[length:00:"), ("a.TextGrid", 'File type = "ooTextFile"\n')]
)
def test_the_suffix_is_the_format(here, tmp_path, name, begin):
    assert here("say", "Hello there.", "-o", "a.wav", "--timings", name).returncode == 0
    content = (tmp_path / name).read_text("utf-8")
    assert content.startswith(begin)
    assert "Hello there." in content


def test_a_picture_has_words_that_look_like_formulas_or_are_in_other_scripts(here, tmp_path):
    done = here("say", "From $5 to $6, 你好 she said.", "-o", "a.wav", "--plot", "a.png")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Glyph" not in done.stderr
    assert (tmp_path / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_without_a_mel_of_the_network_the_picture_is_that_of_the_audio(tmp_path):
    from matplotlib.image import imread

    plot = MelPlot(16000, 0.0)
    for number, hertz in enumerate((400, 4000)):
        plot.add(TimedSentence("", "", number, number + 1, (), (), number + 1), np.zeros((0, 0), np.float32))
        tone = np.sin(2 * np.pi * hertz / 16000 * np.arange(16000)).astype(np.float32)
        # A sentence may come in chunks.
        plot.add_audio(tone[:5000])
        plot.add_audio(tone[5000:])
    plot.save(tmp_path / "a.png")
    green = imread(tmp_path / "a.png")[:, :, 1]
    # The highest value of a mel is yellow: the lower tone is nearer to the bottom.
    picture = green[50:300]
    low, high = (int(picture[:, column].argmax()) for column in (200, 450))
    assert low > high + 50


def test_a_voice_of_one_network_is_drawn(tts, tmp_path):
    graph = write_tiny_piper(tmp_path / "source")
    tts.environment["TTS_VOICES_DIR"] = str(tmp_path / "voices")
    assert tts("voices", "install", graph, "--yes").returncode == 0
    done = tts("say", "Hello there. Hello.", "--voice", "tiny", "-o", "a.wav", "--plot", "a.png")
    assert (done.returncode, done.stdout) == (0, b"")
    assert (tmp_path / "a.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
