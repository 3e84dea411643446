"""Checks pass good speech and name the fault of every other clip; features are those of the recording."""

import numpy as np
import pytest
import soundfile
import torch

from tests.tiny_voice import MEL
from tests.training.recordings import SAMPLE_RATE, TEXT, buzz
from tts.errors import UsageError
from tts.models.fastspeech2 import round_durations
from tts.text.frontend import EspeakFrontend
from tts.training.data import frame_energy
from tts.training.features import (
    MARGIN_SECONDS,
    FeatureSettings,
    Limits,
    UnfitError,
    check_clipping,
    check_length,
    check_loudness,
    check_pace,
    check_phonemes,
    check_sample_rate,
    clip_features,
    clip_phonemes,
    clipped_share,
    frame_durations,
    read_recording,
    trimmed,
)
from tts.training.layouts import Clip


def fault(check, *arguments):
    with pytest.raises(UnfitError) as caught:
        check(*arguments)
    return caught.value.fault.reason, caught.value.fault.detail


def test_the_sample_rate_must_reach_the_highest_mel():
    check_sample_rate(16000, MEL)
    assert fault(check_sample_rate, 15999, MEL) == ("low sample rate", "15999 Hz, and the mel needs 16000 Hz")


def test_clipping_is_runs_at_full_scale():
    sine = np.sin(2 * np.pi * 100 * np.arange(24000) / 24000)
    assert clipped_share(np.array([0, 1, 1, 0, -1, -1, -1, 0, 1, 1, 1, 1.2])) == pytest.approx(7 / 12)
    # A sine that just fits is not clipped, one amplified by a tenth is.
    check_clipping(sine[:, None])
    clipped = np.stack([0.1 * sine, (1.1 * sine).clip(-1, 1)], 1)
    assert fault(check_clipping, clipped) == ("clipped", "27.50 % of the samples lie in runs at full scale")


def test_quiet_clips_are_silent():
    wave = buzz(150).astype(np.float32)
    assert check_loudness(wave, SAMPLE_RATE) == pytest.approx(-22, abs=3)
    assert fault(check_loudness, wave * 1e-3, SAMPLE_RATE)[0] == "silent"
    assert fault(check_loudness, np.zeros(9999, np.float32), SAMPLE_RATE) == ("silent", "-200 LUFS")


def test_length_limits_are_inclusive():
    check_length(0.3, Limits())
    check_length(20.0, Limits())
    assert fault(check_length, 0.29, Limits()) == ("too short", "0.29 s")
    assert fault(check_length, 20.01, Limits()) == ("too long", "20.01 s")


@pytest.mark.parametrize("limits", [(0.0, 9.0), (2.0, 1.0), (1.0, 1000.0), (float("nan"), 3.0)])
def test_impossible_limits_are_refused(limits):
    with pytest.raises(UsageError, match="--min-seconds must be below --max-seconds"):
        Limits(*limits)


def test_phonemes_must_contain_a_speech_sound():
    assert check_phonemes("həlˈoʊ, wˈɜːld!") == 9
    assert fault(check_phonemes, "ˈː ?!") == ("unspeakable", "its phonemes are 'ˈː ?!'")
    assert fault(check_phonemes, "a_b$")[0] == "unspeakable"


@pytest.mark.parametrize(("sounds", "seconds"), [(1, 1.4), (12, 1.0), (30, 1.0), (18, 10.0)])
def test_possible_paces_pass(sounds, seconds):
    check_pace(sounds, seconds)


@pytest.mark.parametrize(("sounds", "seconds"), [(31, 1.0), (17, 10.0)])
def test_impossible_paces_are_refused(sounds, seconds):
    assert fault(check_pace, sounds, seconds) == ("wrong pace", f"{sounds} sounds in {seconds:.2f} s")


SETTINGS = FeatureSettings(MEL)


def clip_fault(clip, settings=SETTINGS):
    return fault(clip_features, clip, settings)


def record(folder, samples, name="a.wav", sample_rate=SAMPLE_RATE, text=TEXT):
    path = folder / name
    soundfile.write(path, samples, sample_rate, **({"format": "OGG", "subtype": "OPUS"} if "opus" in name else {}))
    return Clip("a", path, text)


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


def test_silence_at_the_ends_is_trimmed_to_a_margin():
    noise = 1e-4 * np.random.default_rng(0).normal(size=3 * SAMPLE_RATE)
    noise[SAMPLE_RATE : 2 * SAMPLE_RATE] += buzz(150)
    kept = trimmed(noise.astype(np.float32), SAMPLE_RATE)
    assert len(kept) / SAMPLE_RATE == pytest.approx(1 + 2 * MARGIN_SECONDS, abs=0.06)
    assert np.abs(kept[: int(0.09 * SAMPLE_RATE)]).max() < 1e-3
    silence = np.zeros(SAMPLE_RATE, np.float32)
    assert len(trimmed(silence, SAMPLE_RATE)) == SAMPLE_RATE


def test_clips_with_durations_and_untrimmed_clips_keep_their_length(tmp_path):
    clip = record(tmp_path, np.concatenate([np.zeros(SAMPLE_RATE), buzz(150)]))
    frames = {
        "trimmed": len(clip_features(clip, SETTINGS).f0),
        "untrimmed": len(clip_features(clip, FeatureSettings(MEL, trim=False)).f0),
    }
    assert frames == {"trimmed": pytest.approx(1.12 * 86, abs=3), "untrimmed": 2 * 22050 // 256}
    timed = Clip("a", clip.file, TEXT, "hə", [2, 1, 1, 0])
    assert clip_features(timed, SETTINGS).notes["durations"] == [86, 43, 43, 0]


def test_phonemes_are_those_of_each_sentence_by_itself():
    text = 'Dr. Smith paid $5. "Why?" she sang... \n\n...\n\n3 of them!'
    frontend = EspeakFrontend("en-us")
    said = [p for p in map(frontend.phonemize, frontend.sentences(text)) if frontend.speakable(p)]
    assert len(said) == 3
    assert clip_phonemes(Clip("a", None, text), "en-us") == " ".join(said)
    assert clip_phonemes(Clip("a", None, text, phonemes="hə"), "en-us") == "hə"


def test_faults_of_files(tmp_path):
    assert clip_fault(Clip("a", None, TEXT))[1] == "no audio file is named a"
    assert clip_fault(Clip("a", tmp_path / "b.wav", TEXT))[1] == "there is no b.wav"
    (tmp_path / "c.wav").write_bytes(b"no audio")
    assert clip_fault(Clip("a", tmp_path / "c.wav", TEXT))[0] == "unreadable file"
    assert clip_fault(record(tmp_path, np.zeros(0)))[0] == "too short"
    assert clip_fault(record(tmp_path, buzz(150, 1, 8000), sample_rate=8000))[0] == "low sample rate"
    assert clip_fault(record(tmp_path, (30 * buzz(150)).clip(-1, 1)))[0] == "clipped"
    assert clip_fault(record(tmp_path, 1e-4 * buzz(150)))[0] == "silent"
    assert clip_fault(record(tmp_path, buzz(150, 3)), FeatureSettings(MEL, limits=Limits(1, 2)))[0] == "too long"
    far_too_long = clip_fault(record(tmp_path, buzz(150, 13)), FeatureSettings(MEL, limits=Limits(1, 2)))
    assert far_too_long == ("too long", "13.00 s")
    infinite = np.full(SAMPLE_RATE, np.nan, np.float32)
    soundfile.write(tmp_path / "nan.wav", infinite, SAMPLE_RATE, subtype="FLOAT")
    assert clip_fault(Clip("a", tmp_path / "nan.wav", TEXT))[1] == "it has samples that are not numbers"


def test_faults_of_texts(tmp_path):
    wave = buzz(150)
    assert clip_fault(record(tmp_path, wave, text=" "))[0] == "no text"
    assert clip_fault(record(tmp_path, wave, text="?!"))[0] == "unspeakable"
    assert clip_fault(record(tmp_path, wave, text="Hello there. " * 9))[0] == "wrong pace"
    assert clip_fault(record(tmp_path, buzz(150, 15), text=TEXT))[0] == "wrong pace"


def test_boundaries_are_rounded_to_frames():
    assert frame_durations([1, 1, 1, 1], 6).tolist() == [2, 1, 1, 2]
    assert frame_durations([10, 0, 30], 4).tolist() == [1, 0, 3]
    assert round_durations(torch.tensor([[1.5, 1.5, 1.5, 1.5]])).sum() == 6
