"""The embedded voice: complete, small, and obeys its options."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tts import SynthesisOptions, load_voice
from tts.audio.mel import mel_spectrogram
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fundamental_frequency
from tts.text.symbols import ENGLISH_IPA
from tts.voice.manifest import embedded_folder, verify_files
from tts.voice.store import find_voice

TEXT = "The old lighthouse stands alone above the bay."


@pytest.fixture(scope="module")
def heart():
    return load_voice("heart", device="cpu")


def semitones_up(samples, usual):
    """The median difference over the frames where both are voiced."""
    f0, usual_f0 = (fundamental_frequency(each, 22050, 256) for each in (samples, usual))
    both = (f0 > 0) & (usual_f0 > 0)
    return np.median(12 * np.log2(f0[both] / usual_f0[both]))


def test_its_files_are_complete_and_small():
    manifest = find_voice("heart")
    assert verify_files(manifest) == []
    assert manifest.frontend.symbols == ENGLISH_IPA.symbols
    assert sum(path.stat().st_size for path in embedded_folder().rglob("*") if path.is_file()) < 40e6


def test_speaks_at_a_natural_pace_and_level(heart):
    audio = heart.say(TEXT)
    assert 2.0 < audio.seconds < 4.5
    assert 0.02 < np.sqrt(np.mean(audio.samples**2)) < 0.3
    assert np.abs(audio.samples).max() < 1.0


@pytest.mark.parametrize("pitch", [-4.0, 4.0, 8.0])
def test_pitch_is_in_semitones(heart, pitch):
    usual, shifted = (heart.say(TEXT, SynthesisOptions(pitch=p)).samples for p in (0.0, pitch))
    assert len(usual) == len(shifted)
    assert semitones_up(shifted, usual) == pytest.approx(pitch, abs=0.5)


def test_speed_is_a_factor(heart):
    usual, faster = (heart.say(TEXT, SynthesisOptions(speed=s)).seconds for s in (1.0, 1.5))
    # The silence before the first sound is cut to the same length.
    assert (usual - 0.12) / (faster - 0.12) == pytest.approx(1.5, rel=0.05)


def test_energy_makes_it_louder(heart):
    quiet, loud = (heart.say(TEXT, SynthesisOptions(energy=e)).samples for e in (0.7, 1.4))
    assert np.sqrt(np.mean(loud**2)) > 1.2 * np.sqrt(np.mean(quiet**2))


def test_its_graphs_say_what_pytorch_says():
    said = {}
    for runtime in ("torch", "onnx"):
        voice = load_voice("heart", device="cpu", runtime=runtime)
        first, *rest = voice.stream(TEXT)
        samples = np.concatenate([piece.audio.samples for piece in (first, *rest)])
        said[runtime] = replace(first, audio=replace(first.audio, samples=samples))
    ours, theirs = said["onnx"], said["torch"]
    np.testing.assert_allclose(ours.mel, theirs.mel, atol=1e-4, rtol=0)
    assert ours.marks == theirs.marks
    difference = ours.audio.samples - theirs.audio.samples
    assert np.abs(difference).max() < 3e-3
    assert np.sqrt(np.mean(difference**2)) < 2e-3 * np.sqrt(np.mean(theirs.audio.samples**2))


@pytest.mark.parametrize("vocoder", ["waveglow", "wavenet", "griffinlim"])
def test_every_vocoder_says_the_same(heart, vocoder):
    """In level and spectrum, frame by frame; the wrong words, or noise, are some 2 apart."""
    usual, other = (heart.say("Hello world.", SynthesisOptions(vocoder=v)).samples for v in (None, vocoder))
    waves = torch.from_numpy(np.stack([usual, other]))
    mels = mel_spectrogram(waves, MelSettings())
    assert (mels[0] - mels[1]).abs().mean() < 0.8


def test_both_acoustic_models_say_the_same(heart):
    """At much the same pace, in level and spectrum; other words would be some 2 apart at every frame."""
    usual, other = (heart.say(TEXT, SynthesisOptions(acoustic=a)).samples for a in (None, "tacotron2"))
    assert 0.7 < len(other) / len(usual) < 1.4
    spectra = [mel_spectrogram(torch.from_numpy(samples[None]), MelSettings()).mean(-1) for samples in (usual, other)]
    assert (spectra[0] - spectra[1]).abs().mean() < 0.8


def test_a_sentence_sounds_the_same_whatever_came_before(heart):
    first = heart.say(TEXT).samples
    heart.say("Something else came first.")
    np.testing.assert_array_equal(heart.say(TEXT).samples, first)


def test_what_is_spoken_together_is_what_it_is_by_itself(heart):
    """To the bit; and to a step of 16 bits what `say` gives, which splits a sentence to start sooner."""
    texts = [
        "Yes.",
        f"{TEXT} Who lives there?",
        "One small boat came home late that night, and nobody had waited for it.",
    ]
    scripts = [heart.read(text, SynthesisOptions(pitch=pitch)) for pitch, text in enumerate(texts)]
    together, backwards = heart.speak_all(scripts), heart.speak_all(scripts[::-1])[::-1]
    for script, text, *made in zip(scripts, texts, together, backwards, strict=True):
        (single,) = heart.speak_all([script])
        for utterance in made:
            np.testing.assert_array_equal(utterance.audio.samples, single.audio.samples)
        said = heart.say(text, script.options)
        np.testing.assert_allclose(single.audio.samples, said.samples, atol=2**-15, rtol=0)
    assert any(piece.goes_on for text in texts for piece in heart.stream(text))


def test_wavenet_speaks_together_what_it_speaks_by_itself(heart):
    options = SynthesisOptions(vocoder="wavenet", speed=2.0)
    texts = ("Yes.", "No. Not now.", "Go on.")
    made = heart.speak_all([heart.read(text, replace(options, seed=seed)) for seed, text in enumerate(texts)])
    for seed, (text, utterance) in enumerate(zip(texts, made, strict=True)):
        np.testing.assert_array_equal(utterance.audio.samples, heart.say(text, replace(options, seed=seed)).samples)
