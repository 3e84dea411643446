"""Copy and full synthesis with the tiny voice in which every symbol has four frames."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_prepared import FRAMES_PER_SYMBOL, N_FRAMES, TEXT, write_prepared
from tests.tiny_voice import ACOUSTIC, MEL, VOCODER, write_voice
from tests.tiny_voice import FRAMES_PER_SYMBOL as SPOKEN_FRAMES
from tts.errors import UsageError
from tts.evaluation.evaluator import Evaluator
from tts.evaluation.listening import Impression, Listeners
from tts.evaluation.metrics import WordErrors
from tts.evaluation.scores import System
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.vocos import Vocos, VocosDimensions
from tts.options import SynthesisOptions
from tts.synthesis.voice import load_voice
from tts.training.data import PreparedCorpus, load_dataset, read_rows
from tts.voice.manifest import Speaker, load_manifest, write_manifest

FRAME_MS = 1000 * MEL.hop_length / MEL.sample_rate


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return PreparedCorpus(write_prepared(tmp_path_factory.mktemp("evaluator") / "prepared"))


@pytest.fixture
def voice(pulse_voice):
    return load_voice(str(pulse_voice), device="cpu")


def evaluator(corpus, voice, *vocoders, listeners=None):
    options = [SynthesisOptions(vocoder=name) for name in vocoders or (None,)]
    return Evaluator(corpus, voice, options, listeners or Listeners(None, "en-us", mos=False))


def test_the_recording_comes_first_then_copies_then_full_synthesis(corpus, voice):
    item = evaluator(corpus, voice, "vocos", "griffinlim").evaluate(corpus.items[0])
    copies = [System("copy", "vocos"), System("copy", "griffinlim")]
    full = [System("full", "vocos"), System("full", "griffinlim")]
    assert [row.system for row in item.scored.rows] == [System("recording"), *copies, *full]
    assert (item.id, item.text) == ("first", TEXT)


def test_the_scores_of_the_recording_and_of_the_voice(corpus, voice):
    recording, copy, full = evaluator(corpus, voice).evaluate(corpus.items[0]).utterances
    assert set(recording.scored.scores.document().values()) == {None}
    np.testing.assert_array_equal(recording.audio.samples, corpus.wave(corpus.items[0].frames).numpy())
    assert len(copy.audio.samples) == N_FRAMES * MEL.hop_length
    assert copy.scored.scores.duration_ms is None
    assert copy.scored.scores.length_ratio is None
    assert full.scored.scores.duration_ms == pytest.approx((FRAMES_PER_SYMBOL - SPOKEN_FRAMES) * FRAME_MS)
    assert full.scored.scores.rtf > 0
    np.testing.assert_array_equal(full.audio.samples, voice.say(TEXT).samples)
    assert len(full.aligned_f0) == recording.features.n_frames


def test_griffin_lim_gives_back_the_pitch_of_a_tone(corpus, voice):
    rows = evaluator(corpus, voice, "griffinlim", "vocos").evaluate(corpus.items[1]).scored.rows
    copy, pulses = rows[1].scores, rows[2].scores
    assert copy.f0_cents < 20
    assert copy.voicing_error < 0.1
    assert copy.mcd < pulses.mcd
    assert copy.lsd < pulses.lsd


def test_the_same_twice_is_the_same_but_for_the_time_it_took(corpus, voice):
    first, second = (evaluator(corpus, voice, "griffinlim").evaluate(corpus.items[0]).scored for _ in range(2))
    for one, other in zip(first.rows, second.rows, strict=True):
        assert replace(one.scores, rtf=None) == replace(other.scores, rtf=None)


def test_unknown_durations_have_no_error(tmp_path, voice):
    corpus = PreparedCorpus(write_prepared(tmp_path / "prepared", durations=False))
    full = evaluator(corpus, voice).evaluate(corpus.items[0]).utterances[-1].scored.scores
    assert full.duration_ms is None
    assert full.mcd > 0


def test_listeners_hear_every_system(corpus, voice):
    class Deaf:
        def listen(self, audio, text):
            return Impression("what", WordErrors(2, 2), 1.5)

    rows = evaluator(corpus, voice, listeners=Deaf()).evaluate(corpus.items[0]).scored.rows
    assert [(row.transcript, row.scores.wer, row.scores.mos) for row in rows] == [("what", 1.0, 1.5)] * 3


def test_the_setup_names_what_was_evaluated(corpus, voice):
    setup = evaluator(corpus, voice).setup("test")
    assert (setup.dataset, setup.split, setup.voice, setup.acoustic) == ("tiny", "test", "pulse", "fastspeech2")


def test_recordings_of_another_rate_are_refused(tmp_path, voice):
    corpus = PreparedCorpus(write_prepared(tmp_path / "prepared", sample_rate=16000))
    with pytest.raises(UsageError, match=r"16000 Hz, and the voice pulse speaks at 22050 Hz"):
        evaluator(corpus, voice)


@pytest.fixture
def spoken(tmp_path):
    """The corpus with a speaker per clip, and a voice of two speakers."""
    folder = write_prepared(tmp_path / "prepared")
    rows = [row | {"speaker": name} for row, name in zip(read_rows(folder / "items.jsonl"), "aba", strict=True)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    dataset = replace(load_dataset(folder), speakers=(Speaker("a"), Speaker("b")))
    (folder / "dataset.json").write_text(dataset.to_json(), "utf-8")
    torch.manual_seed(0)
    network = FastSpeech2(FastSpeech2Dimensions(**ACOUSTIC, n_speakers=2))
    network.duration_predictor.out.bias.data.fill_(1.6)
    manifest = load_manifest(write_voice(tmp_path, "two", network, {"vocos": Vocos(MEL, VocosDimensions(**VOCODER))}))
    part = manifest.acoustics["fastspeech2"]
    part = replace(part, options={**part.options, "n_speakers": 2})

    def named(*names):
        listed = replace(manifest, acoustics={"fastspeech2": part}, speakers=tuple(map(Speaker, names)))
        write_manifest(listed)
        return load_voice(str(manifest.folder), device="cpu")

    return PreparedCorpus(folder), named


def test_a_voice_speaks_as_the_one_who_recorded_an_item(spoken):
    corpus, named = spoken
    voice = named("b", "a")
    for item in corpus.items[:2]:
        full = evaluator(corpus, voice).evaluate(item).utterances[-1]
        expected = voice.say(TEXT, SynthesisOptions(speaker=item.speaker)).samples
        np.testing.assert_array_equal(full.audio.samples, expected)
    assert not np.array_equal(*(voice.say(TEXT, SynthesisOptions(speaker=name)).samples for name in "ab"))


def test_a_requested_speaker_speaks_all_items(spoken):
    corpus, named = spoken
    voice = named("x", "y")
    chosen = Evaluator(corpus, voice, [SynthesisOptions(speaker="y")], Listeners(None, "en-us", mos=False))
    full = chosen.evaluate(corpus.items[0]).utterances[-1]
    np.testing.assert_array_equal(full.audio.samples, voice.say(TEXT, SynthesisOptions(speaker="y")).samples)


def test_speakers_that_the_voice_lacks_are_refused(spoken):
    corpus, named = spoken
    with pytest.raises(UsageError, match=r"two has no speaker 'b', who speaks in .*: choose one of its speakers with"):
        evaluator(corpus, named("a", "x"))
