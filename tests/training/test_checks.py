"""Each check lets good speech pass and names what is wrong with the rest."""

import numpy as np
import pytest

from tests.tiny_voice import MEL
from tests.training.recordings import SAMPLE_RATE, buzz
from tts.errors import UsageError
from tts.training import checks
from tts.training.checks import Limits, UnfitError


def fault(check, *arguments):
    with pytest.raises(UnfitError) as caught:
        check(*arguments)
    return caught.value.fault.reason, caught.value.fault.detail


def test_the_sample_rate_must_reach_the_highest_mel():
    checks.check_sample_rate(16000, MEL)
    assert fault(checks.check_sample_rate, 15999, MEL) == ("low sample rate", "15999 Hz, and the mel needs 16000 Hz")


def test_clipping_is_runs_at_full_scale():
    sine = np.sin(2 * np.pi * 100 * np.arange(24000) / 24000)
    assert checks.clipped_share(np.array([0, 1, 1, 0, -1, -1, -1, 0, 1, 1, 1, 1.2])) == pytest.approx(7 / 12)
    # A sine that just fits is whole, one that is turned up by a tenth and cut off is not.
    checks.check_clipping(sine[:, None])
    clipped = np.stack([0.1 * sine, (1.1 * sine).clip(-1, 1)], 1)
    assert fault(checks.check_clipping, clipped) == ("clipped", "27.50 % of the samples lie in runs at full scale")


def test_what_cannot_be_heard_is_silent():
    wave = buzz(150).astype(np.float32)
    assert checks.check_loudness(wave, SAMPLE_RATE) == pytest.approx(-22, abs=3)
    assert fault(checks.check_loudness, wave * 1e-3, SAMPLE_RATE)[0] == "silent"
    assert fault(checks.check_loudness, np.zeros(9999, np.float32), SAMPLE_RATE) == ("silent", "-200 LUFS")


def test_length():
    checks.check_length(0.3, Limits())
    checks.check_length(20.0, Limits())
    assert fault(checks.check_length, 0.29, Limits()) == ("too short", "0.29 s")
    assert fault(checks.check_length, 20.01, Limits()) == ("too long", "20.01 s")


@pytest.mark.parametrize("limits", [(0.0, 9.0), (2.0, 1.0), (1.0, 1000.0), (float("nan"), 3.0)])
def test_limits_that_cannot_be(limits):
    with pytest.raises(UsageError, match="--min-seconds is below --max-seconds"):
        Limits(*limits)


def test_phonemes_must_sound():
    assert checks.check_phonemes("həlˈoʊ, wˈɜːld!") == 9
    assert fault(checks.check_phonemes, "ˈː ?!") == ("unspeakable", "its phonemes are 'ˈː ?!'")
    assert fault(checks.check_phonemes, "a_b$")[0] == "unspeakable"


@pytest.mark.parametrize(("sounds", "seconds"), [(1, 1.4), (12, 1.0), (30, 1.0), (18, 10.0)])
def test_a_pace_that_can_be(sounds, seconds):
    checks.check_pace(sounds, seconds)


@pytest.mark.parametrize(("sounds", "seconds"), [(31, 1.0), (17, 10.0)])
def test_a_pace_that_cannot_be(sounds, seconds):
    assert fault(checks.check_pace, sounds, seconds) == ("wrong pace", f"{sounds} sounds in {seconds:.2f} s")
