"""The embedded voice: whole, small, and it does what it is asked."""

import numpy as np
import pytest
import torch

from tts import SynthesisOptions, load_voice
from tts.audio.mel import mel_spectrogram
from tts.audio.mel_settings import MelSettings
from tts.audio.pitch import fundamental_frequency
from tts.text.symbols import ENGLISH_IPA
from tts.voice.manifest import verify_files
from tts.voice.store import embedded_folder, find_voice

TEXT = "The old lighthouse stands alone above the bay."


@pytest.fixture(scope="module")
def heart():
    return load_voice("heart", device="cpu")


def semitones_up(samples, usual):
    """The median difference over the frames where both are voiced."""
    f0, usual_f0 = (fundamental_frequency(each, 22050, 256) for each in (samples, usual))
    both = (f0 > 0) & (usual_f0 > 0)
    return np.median(12 * np.log2(f0[both] / usual_f0[both]))


def test_its_files_are_whole_and_small():
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


@pytest.mark.parametrize("vocoder", ["waveglow", "wavenet", "griffinlim"])
def test_every_vocoder_says_the_same(heart, vocoder):
    """In level and spectrum, frame by frame; the wrong words, or noise, are some 2 apart."""
    usual, other = (heart.say("Hello world.", SynthesisOptions(vocoder=v)).samples for v in (None, vocoder))
    waves = torch.from_numpy(np.stack([usual, other]))
    mels = mel_spectrogram(waves, MelSettings())
    assert (mels[0] - mels[1]).abs().mean() < 0.8


def test_a_sentence_sounds_the_same_whatever_came_before(heart):
    alone = heart.say(TEXT).samples
    heart.say("Something else came first.")
    np.testing.assert_array_equal(heart.say(TEXT).samples, alone)
