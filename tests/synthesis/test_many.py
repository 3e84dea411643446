"""Texts that are spoken together are each the same as on their own."""

import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tiny_voice import FRAMES_PER_SYMBOL, MEL
from tts.errors import TtsError, UsageError
from tts.models.base import AcousticModel, SpokenMel
from tts.models.source_filter import SourceFilter, SourceFilterDimensions
from tts.models.torch_network import TorchVocoder
from tts.models.wavenet import WaveNet, WaveNetDimensions
from tts.options import SynthesisOptions
from tts.synthesis.two_stage import VoiceVocoder
from tts.synthesis.voice import load_voice
from tts.voice.export import export_graphs
from tts.voice.manifest import load_manifest

TEXTS = (
    "Hello there. How are you? I am well.",
    "A.",
    "One two three four five six seven eight nine ten, and then it went on for a while.",
    "Well, well.",
    "Again. And again.",
)
TINY_WAVENET = WaveNetDimensions(
    n_outputs=6,
    n_layers=4,
    n_stacks=2,
    residual_channels=4,
    gate_channels=6,
    skip_channels=5,
    pulses=True,
    shaping=True,
)


@pytest.fixture(scope="module")
def voice(voices_folder):
    """The random voice, of whose sentences Tacotron 2 speaks none at the first take; and a tiny WaveNet."""
    loaded = load_voice(str(voices_folder / "random"), device="cpu")
    torch.manual_seed(0)
    for name, network in (
        ("wavenet", WaveNet(MEL, TINY_WAVENET)),
        ("other", SourceFilter(MEL, SourceFilterDimensions(channels=4, hidden=4, n_blocks=1))),
    ):
        loaded._vocoders[name] = VoiceVocoder(name, TorchVocoder(network.eval().requires_grad_(False)), MEL)
    return loaded


def said(voice, text, options):
    """What `stream` gives: the samples, and the warnings."""
    pieces = list(voice.stream(text, options))
    warnings = tuple(dict.fromkeys(warning for piece in pieces for warning in piece.warnings))
    return np.concatenate([piece.audio.samples for piece in pieces]), warnings


def assert_said(voice, texts, options):
    made = voice.speak_all([voice.read(text, each) for text, each in zip(texts, options, strict=True)])
    assert len(made) == len(texts)
    for utterance, text, each in zip(made, texts, options, strict=True):
        samples, warnings = said(voice, text, each)
        np.testing.assert_array_equal(utterance.audio.samples, samples)
        assert utterance.audio.sample_rate == 22050
        assert utterance.warnings == warnings


@pytest.mark.parametrize("vocoder", ["source_filter", "waveglow", "griffinlim", "wavenet"])
@pytest.mark.parametrize("acoustic", ["fastspeech2", "tacotron2"])
def test_each_is_the_same_as_on_its_own(voice, acoustic, vocoder):
    options = SynthesisOptions(acoustic=acoustic, vocoder=vocoder)
    # WaveNet is slow.
    texts = TEXTS if vocoder != "wavenet" else TEXTS[1:4]
    assert_said(voice, texts, [replace(options, seed=seed) for seed in range(len(texts))])


def test_neither_order_nor_company_changes_a_sample(voice):
    options = SynthesisOptions(acoustic="tacotron2", vocoder="source_filter", seed=5)
    scripts = [voice.read(text, options) for text in TEXTS]
    together = voice.speak_all(scripts)
    backwards = voice.speak_all(scripts[::-1])[::-1]
    few = [*voice.speak_all(scripts[:2]), *voice.speak_all(scripts[2:])]
    for one, *others in zip(together, backwards, few, strict=True):
        assert one.warnings
        for other in others:
            np.testing.assert_array_equal(one.audio.samples, other.audio.samples)
            assert one.warnings == other.warnings


def test_each_has_its_own_options(voice):
    usual = SynthesisOptions()
    options = [
        replace(usual, acoustic="tacotron2", speed=1.25, vocoder="griffinlim"),
        replace(usual, pitch=3.0, energy=1.5, sentence_silence=0.5, volume=-3.0),
        replace(usual, vocoder="waveglow", denoise=0.5),
        replace(usual, loudness=-28.0, seed=3),
        replace(usual, vocoder="wavenet", input="phonemes", streams=2, speed=4.0),
        replace(usual, vocoder="other", pitch=-2.0),
    ]
    assert_said(voice, [*TEXTS[:4], "həlˈoʊ\nʌ界", TEXTS[4]], options)


def test_scripts_travel(voice):
    script = voice.read(TEXTS[0], SynthesisOptions(seed=2))
    (here,), (there,) = (voice.speak_all([each]) for each in (script, pickle.loads(pickle.dumps(script))))
    np.testing.assert_array_equal(here.audio.samples, there.audio.samples)


def test_nothing_at_all_is_no_utterances(voice):
    assert voice.speak_all([]) == []


def test_reading_loads_no_network_and_speaking_reads_nothing(pulse_voice, monkeypatch):
    voice = load_voice(str(pulse_voice), device="cpu")
    with pytest.raises(TtsError, match="nothing to speak"):
        voice.read("...")
    script = voice.read("Hello. Hello.")
    assert not voice._acoustics
    monkeypatch.setattr(voice, "_frontends", {})
    monkeypatch.setattr(voice, "_frontend_in", None)
    (utterance,) = voice.speak_all([script])
    assert utterance.audio.seconds > 0.2


def test_what_is_not_available_is_refused_at_its_index(voice):
    options = [SynthesisOptions(), SynthesisOptions(vocoder="grifinlim"), SynthesisOptions(streams=3)]
    good, unknown, folded = voice.speak_all([voice.read("Hello.", each) for each in options])
    np.testing.assert_array_equal(good.audio.samples, voice.say("Hello.").samples)
    assert isinstance(unknown, UsageError)
    assert "did you mean griffinlim?" in str(unknown)
    assert "streams are for WaveNet" in str(folded)


class Delicate(AcousticModel):
    """Four frames a symbol, drawn at random; cannot speak what has more than so many symbols."""

    runtime, controls = "torch", frozenset({"speed"})

    def __init__(self, most):
        self.most, self.batches = most, []

    def speak(self, ids, *, speed, pitch, energy, generator):
        if len(ids) > self.most:
            raise TtsError(f"{len(ids)} symbols are too many.")
        durations = np.full(len(ids), FRAMES_PER_SYMBOL)
        return SpokenMel(generator.standard_normal((MEL.n_mels, durations.sum()), np.float32), durations)

    def speak_all(self, requests):
        self.batches.append(len(requests))
        return super().speak_all(requests)


@pytest.mark.parametrize("place", range(5))
def test_one_failure_does_not_affect_the_others(voice, monkeypatch, place):
    stage = Delicate(most=40)
    monkeypatch.setitem(voice._acoustics, "fastspeech2", stage)
    texts = ["Hello.", "How are you?", "Yes.", "No. No."]
    texts.insert(place, TEXTS[2])
    made = voice.speak_all([voice.read(text) for text in texts])
    assert "symbols are too many" in str(made[place])
    # All, then halves, until only the culprit is left.
    assert stage.batches[0] == 6
    assert stage.batches.count(1) <= 4
    for i, (utterance, text) in enumerate(zip(made, texts, strict=True)):
        assert isinstance(utterance, TtsError) == (i == place)
        if i != place:
            np.testing.assert_array_equal(utterance.audio.samples, voice.say(text).samples)


@pytest.fixture(scope="module")
def with_graphs(voices_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("graphs") / "random"
    export_graphs(load_manifest(voices_folder / "random"), folder, print)
    return load_voice(str(folder), device="cpu", runtime="onnx")


def test_on_onnx_runtime_each_is_the_same_as_on_its_own(with_graphs):
    options = SynthesisOptions(sentence_silence=0.1)
    assert with_graphs.prepare(options).runtimes == "ONNX Runtime"
    assert_said(with_graphs, [TEXTS[0], TEXTS[1], *TEXTS[3:]], [replace(options, pitch=pitch) for pitch in range(4)])


def test_on_onnx_runtime_a_long_sentence_is_spoken_whole(with_graphs):
    """`say` gives its first second first, which differs in the last digits of the pitch."""
    script = with_graphs.read(TEXTS[2] + " " + TEXTS[2], SynthesisOptions(speed=0.5))
    together, (single,) = with_graphs.speak_all([script, with_graphs.read("A.")]), with_graphs.speak_all([script])
    np.testing.assert_array_equal(together[0].audio.samples, single.audio.samples)
    pieces = list(with_graphs.stream(TEXTS[2] + " " + TEXTS[2], script.options))
    assert any(piece.goes_on for piece in pieces)
    whole = np.concatenate([piece.audio.samples for piece in pieces])
    difference = single.audio.samples - whole
    assert np.sqrt(np.mean(difference**2)) < 3e-3 * np.sqrt(np.mean(whole**2))


def test_a_text_may_be_read_while_others_are_spoken(voice):
    scripts = [voice.read(text) for text in TEXTS]
    spoken = []
    speaking = threading.Thread(target=lambda: spoken.extend(voice.speak_all(scripts)))
    speaking.start()
    again = [voice.read(text) for text in TEXTS]
    speaking.join()
    assert again == scripts
    for utterance, expected in zip(spoken, voice.speak_all(scripts), strict=True):
        np.testing.assert_array_equal(utterance.audio.samples, expected.audio.samples)
