"""From a recording to features: mono, the mel's rate, no silence at the ends, the phonemes that `say` would speak."""

import numpy as np
import pytest
import soundfile

from tests.tiny_voice import MEL
from tests.training.recordings import SAMPLE_RATE, TEXT, buzz
from tts.text.espeak import EspeakFrontend
from tts.training.checks import Limits, UnfitError
from tts.training.data import frame_energy
from tts.training.features import (
    MARGIN_SECONDS,
    FeatureSettings,
    clip_features,
    read_recording,
    spoken,
    trimmed,
)
from tts.training.layouts import Clip

SETTINGS = FeatureSettings(MEL)


def record(folder, samples, name="a.wav", sample_rate=SAMPLE_RATE, text=TEXT):
    path = folder / name
    soundfile.write(path, samples, sample_rate, **({"format": "OGG", "subtype": "OPUS"} if "opus" in name else {}))
    return Clip("a", path, text)


def fault(clip, settings=SETTINGS):
    with pytest.raises(UnfitError) as caught:
        clip_features(clip, settings)
    return caught.value.fault


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.opus"])
def test_features_of_every_format_line_up(tmp_path, name):
    features = clip_features(record(tmp_path, buzz(150), name), SETTINGS)
    n = 22050 // MEL.hop_length
    assert features.wave.shape == (n * MEL.hop_length,)
    assert features.mel.shape == (n, MEL.n_mels)
    assert (features.wave.dtype, features.mel.dtype, features.f0.dtype) == (np.int16, np.float16, np.float32)
    np.testing.assert_allclose(features.f0[4:-4], 150, rtol=0.01)
    np.testing.assert_array_equal(features.energy, frame_energy(features.mel))
    assert features.notes["durations"] is None


def test_stereo_is_mixed(tmp_path):
    left, right = buzz(150), 0.5 * buzz(200)
    clip = record(tmp_path, np.stack([left, right], 1))
    recording = read_recording(clip, SETTINGS)
    np.testing.assert_allclose(recording.samples, (left + right) / 2, atol=2 / 32768)
    assert (recording.channels, recording.sample_rate) == (2, SAMPLE_RATE)


def test_silence_at_the_ends_is_cut_to_a_margin():
    noise = 1e-4 * np.random.default_rng(0).normal(size=3 * SAMPLE_RATE)
    noise[SAMPLE_RATE : 2 * SAMPLE_RATE] += buzz(150)
    kept = trimmed(noise.astype(np.float32), SAMPLE_RATE)
    assert len(kept) / SAMPLE_RATE == pytest.approx(1 + 2 * MARGIN_SECONDS, abs=0.06)
    assert np.abs(kept[: int(0.09 * SAMPLE_RATE)]).max() < 1e-3
    silence = np.zeros(SAMPLE_RATE, np.float32)
    assert len(trimmed(silence, SAMPLE_RATE)) == SAMPLE_RATE


def test_what_has_durations_or_is_not_to_be_trimmed_keeps_its_length(tmp_path):
    clip = record(tmp_path, np.concatenate([np.zeros(SAMPLE_RATE), buzz(150)]))
    frames = {
        "trimmed": len(clip_features(clip, SETTINGS).f0),
        "whole": len(clip_features(clip, FeatureSettings(MEL, trim=False)).f0),
    }
    assert frames == {"trimmed": pytest.approx(1.12 * 86, abs=3), "whole": 2 * 22050 // 256}
    timed = Clip("a", clip.file, TEXT, "hə", [2, 1, 1, 0])
    assert clip_features(timed, SETTINGS).notes["durations"] == [86, 43, 43, 0]


def test_phonemes_are_those_of_each_sentence_spoken_alone():
    text = 'Dr. Smith paid $5. "Why?" he asked... \n\n...\n\n3 of them!'
    frontend = EspeakFrontend("en-us")
    said = [p for p in map(frontend.phonemize, frontend.sentences(text)) if frontend.speakable(p)]
    assert len(said) == 3
    assert spoken(Clip("a", None, text), "en-us") == " ".join(said)
    assert spoken(Clip("a", None, text, phonemes="hə"), "en-us") == "hə"


def test_faults_of_files(tmp_path):
    assert fault(Clip("a", None, TEXT)).detail == "no audio file is named a"
    assert fault(Clip("a", tmp_path / "b.wav", TEXT)).detail == "there is no b.wav"
    (tmp_path / "c.wav").write_bytes(b"no audio")
    assert fault(Clip("a", tmp_path / "c.wav", TEXT)).reason == "unreadable file"
    assert fault(record(tmp_path, np.zeros(0))).reason == "too short"
    assert fault(record(tmp_path, buzz(150, 1, 8000), sample_rate=8000)).reason == "low sample rate"
    assert fault(record(tmp_path, (30 * buzz(150)).clip(-1, 1))).reason == "clipped"
    assert fault(record(tmp_path, 1e-4 * buzz(150))).reason == "silent"
    assert fault(record(tmp_path, buzz(150, 3)), FeatureSettings(MEL, limits=Limits(1, 2))).reason == "too long"
    far_too_long = fault(record(tmp_path, buzz(150, 13)), FeatureSettings(MEL, limits=Limits(1, 2)))
    assert (far_too_long.reason, far_too_long.detail) == ("too long", "13.00 s")
    infinite = np.full(SAMPLE_RATE, np.nan, np.float32)
    soundfile.write(tmp_path / "nan.wav", infinite, SAMPLE_RATE, subtype="FLOAT")
    assert fault(Clip("a", tmp_path / "nan.wav", TEXT)).detail == "it has samples that are not numbers"


def test_faults_of_texts(tmp_path):
    wave = buzz(150)
    assert fault(record(tmp_path, wave, text=" ")).reason == "no text"
    assert fault(record(tmp_path, wave, text="?!")).reason == "unspeakable"
    assert fault(record(tmp_path, wave, text="Hello there. " * 9)).reason == "wrong pace"
    assert fault(record(tmp_path, buzz(150, 15), text=TEXT)).reason == "wrong pace"
