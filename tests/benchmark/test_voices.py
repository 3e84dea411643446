import time

import pytest
import torch

from tts.benchmark.measuring import measure
from tts.benchmark.networks import computing_on
from tts.benchmark.presets import VoiceRequest
from tts.benchmark.voices import STAGES, Script, bench_voice, load_requested
from tts.errors import TtsError
from tts.options import SynthesisOptions

LINES = ["One two. Three.", "Four."]


@pytest.fixture
def speaker(random_voice):
    return load_requested(VoiceRequest(str(random_voice), SynthesisOptions(), "cpu"), time.perf_counter())


def test_the_stages_speak_what_the_voice_speaks(speaker):
    script = Script(speaker, LINES)
    assert [piece.text for piece in script.pieces] == ["One two.", "Three.", "Four."]
    frontend, acoustic, vocoder, whole = script.workloads()
    assert [work.stage for work in (frontend, acoustic, vocoder, whole)] == list(STAGES)
    assert [work.name for work in (acoustic, vocoder)] == ["fastspeech2", "source_filter"]
    n_frames = sum(piece.mel.shape[1] for piece in script.pieces)
    assert script.seconds == pytest.approx(n_frames * 256 / 22050)
    # The acoustic model's edges are cut afterwards.
    assert acoustic.run(0.0).seconds >= script.seconds
    made = vocoder.run(script.seconds)
    assert made.output.shape == (256 * n_frames,)
    assert made.seconds == pytest.approx(script.seconds)
    assert script.first_audio_seconds == []
    whole.run(0.0)
    assert len(script.first_audio_seconds) == len(LINES)


def test_a_slow_vocoder_speaks_only_the_beginning(speaker):
    vocoder = Script(speaker, LINES).workloads()[2]
    made = vocoder.run(10 * 256 / 22050)
    assert made.output.shape == (10 * 256,)
    assert made.seconds == pytest.approx(10 * 256 / 22050)


def test_both_paths_agree(speaker):
    measured = [measure(work, 1) for work in Script(speaker, LINES).workloads()[1:3]]
    assert [one.difference.largest < 1e-4 for one in measured] == [True, True]


def test_a_report_has_the_stages_and_the_whole(speaker):
    counted = []
    report = bench_voice(speaker, LINES, repeat=2, on_run=lambda: counted.append(1))
    assert len(counted) == 2 * len(STAGES)
    assert [row.measured.workload.stage for row in report.rows] == list(STAGES)
    frontend, acoustic, vocoder, whole = (row.measured for row in report.rows)
    reference = [frontend.fast.rtfs, acoustic.reference.rtfs, vocoder.reference.rtfs]
    assert whole.reference.rtfs == pytest.approx([sum(run) for run in zip(*reference, strict=True)])
    facts = report.voice
    assert (facts.voice, facts.networks) == ("random", ("fastspeech2", "source_filter"))
    assert (facts.lines, facts.characters, facts.cold_start) == (2, 20, None)
    assert 0 < facts.first_audio_ms.low <= facts.first_audio_ms.median
    assert facts.load_seconds > 0
    assert facts.peak_mb > 10
    assert facts.runtimes == "PyTorch"
    assert [row.runtime for row in report.rows] == [None, "torch", "torch", None]
    assert [row.precision for row in report.rows] == [None, "float32", "float32", None]
    assert report.limits is None


def test_a_line_with_nothing_to_speak_is_refused(speaker):
    with pytest.raises(TtsError, match="nothing to speak"):
        Script(speaker, ["…"])


def test_stages_are_timed_as_the_voice_runs_them(speaker):
    """With as many of PyTorch's threads."""
    script = Script(speaker, LINES)
    threads = []
    acoustic = speaker.stages.acoustic
    speak_all = acoustic.speak_all
    acoustic.speak_all = lambda requests: (threads.append(torch.get_num_threads()), speak_all(requests))[1]
    with computing_on(2):
        script.workloads()[1].run(0.0)
    assert set(threads) == {1}


def test_the_reference_is_pytorch_in_float32(random_voice):
    asked = VoiceRequest(str(random_voice), SynthesisOptions(acoustic="tacotron2", vocoder="griffinlim"), "cpu")
    plain = load_requested(asked, time.perf_counter()).plain_stages()
    assert plain.runtimes == "PyTorch"
    assert plain.vocoder.name == "griffinlim"
