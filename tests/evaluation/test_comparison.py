import numpy as np
import pytest

from tests.tiny_prepared import tone
from tests.tiny_voice import MEL
from tts.evaluation.comparison import (
    TimedSymbol,
    compare_durations,
    compare_in_time,
    compare_warped,
    plain_mel,
    speech_features,
    speech_span,
)

HOP = MEL.hop_length
PLAIN = plain_mel(MEL.sample_rate, HOP)


def sentence(f0, edge_frames=20):
    """Two tones with a pause between them, and silence at both ends."""
    edge, pause = np.zeros(edge_frames * HOP, np.float32), np.zeros(8 * HOP, np.float32)
    return np.concatenate([edge, tone(f0, 0.5), pause, tone(1.2 * f0, 0.3), edge])


def test_the_plain_mel_of_the_usual_rate_is_the_usual_one():
    assert plain_mel(22050, 256) == MEL
    assert plain_mel(12000, 128).f_max == 6000


def test_all_of_a_rendering_has_the_same_frames():
    rendering = speech_features(sentence(150), PLAIN)
    n_frames = 1 + len(sentence(150)) // HOP
    assert rendering.log_mel.shape == (80, n_frames)
    assert rendering.cepstra.shape == (n_frames, 13)
    assert rendering.n_frames == n_frames


def test_silence_at_the_edges_is_no_speech():
    span = speech_span(speech_features(sentence(150), PLAIN).log_mel)
    n_frames = 1 + len(sentence(150)) // HOP
    # The windows of two frames on either side reach into the sound.
    assert 17 <= span.start <= 20
    assert n_frames - 21 <= span.stop <= n_frames - 17
    assert speech_span(np.full((80, 9), -11.5, np.float32)) == slice(0, 9)


def test_a_copy_of_itself_is_perfect_and_only_the_spectral_distance_includes_gain():
    recording = speech_features(sentence(150), PLAIN)
    same = compare_in_time(recording, recording).scores
    assert (same.mcd, same.lsd, same.f0_cents, same.voicing_error, same.length_ratio) == (0, 0, 0, 0, None)
    assert same.f0_correlation == pytest.approx(1)
    noise = 0.1 * np.random.default_rng(0).standard_normal(MEL.sample_rate).astype(np.float32)
    louder = compare_in_time(speech_features(noise, PLAIN), speech_features(2 * noise, PLAIN)).scores
    assert louder.lsd == pytest.approx(20 * np.log10(2), abs=1e-4)
    assert louder.mcd == pytest.approx(0, abs=1e-4)


def test_a_copy_a_semitone_higher():
    recording, copy = (speech_features(tone(f0, 1.0), PLAIN) for f0 in (200, 200 * 2 ** (1 / 12)))
    compared = compare_in_time(recording, copy)
    assert compared.scores.f0_cents == pytest.approx(100, abs=2)
    np.testing.assert_array_equal(compared.aligned_f0, copy.f0)


def test_speech_at_half_the_pace_is_the_same_after_warping():
    recording = speech_features(sentence(150), PLAIN)
    slower = recording.at(np.repeat(np.arange(recording.n_frames), 2))
    compared = compare_warped(recording, slower)
    span = speech_span(recording.log_mel)
    assert (compared.scores.mcd, compared.scores.f0_cents, compared.scores.length_ratio) == (0, 0, 2)
    np.testing.assert_array_equal(compared.aligned_f0[span], recording.f0[span])
    assert not compared.aligned_f0[: span.start].any()


def test_edges_of_another_length_change_nothing():
    recording, spoken = (speech_features(sentence(150, edge), PLAIN) for edge in (20, 5))
    compared = compare_warped(recording, spoken).scores
    assert compared.mcd == pytest.approx(0, abs=1e-4)
    assert compared.length_ratio == 1


def symbols(text, seconds):
    return [TimedSymbol(symbol, seconds) for symbol in text]


def test_durations_of_the_same_symbols_without_spaces():
    assert compare_durations(symbols("a b", 0.1), symbols("ab", 0.13)) == pytest.approx(30)


@pytest.mark.parametrize(("recorded", "spoken"), [("ab", "ac"), ("ab", "a"), ("", "")])
def test_other_symbols_have_no_duration_error(recorded, spoken):
    assert compare_durations(symbols(recorded, 0.1), symbols(spoken, 0.1)) is None
