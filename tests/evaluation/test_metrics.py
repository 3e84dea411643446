import math

import numpy as np
import pytest

from tts.evaluation.metrics import (
    WordErrors,
    duration_error,
    edit_distance,
    f0_correlation,
    f0_error,
    log_spectral_distance,
    mel_cepstra,
    mel_cepstral_distortion,
    spoken_words,
    voicing_error,
    warping_path,
    word_errors,
)

N_MELS, N_FRAMES = 80, 7
NEPER = 20 / math.log(10)


@pytest.fixture
def log_mel():
    return np.random.default_rng(0).normal(size=(N_MELS, N_FRAMES))


def cosine(order):
    """[n_mels, 1]"""
    return np.cos(np.pi * order * (np.arange(N_MELS) + 0.5) / N_MELS)[:, None]


def distortion(log_mel, other, n_cepstra=13):
    return mel_cepstral_distortion(mel_cepstra(log_mel, n_cepstra), mel_cepstra(other, n_cepstra))


def test_nothing_is_far_from_itself(log_mel):
    f0 = np.array([0.0, 100, 120, 0, 90])
    assert distortion(log_mel, log_mel) == 0
    assert log_spectral_distance(log_mel, log_mel) == 0
    assert f0_error(f0, f0) == 0
    assert f0_correlation(f0, f0) == pytest.approx(1)
    assert voicing_error(f0, f0) == 0
    assert duration_error([0.1, 0.2], [0.1, 0.2]) == 0


@pytest.mark.parametrize("order", [1, 5, 13])
def test_a_ripple_is_its_own_cepstral_coefficient(log_mel, order):
    moved = mel_cepstra(log_mel + 0.3 * cosine(order)) - mel_cepstra(log_mel)
    expected = np.zeros(13)
    expected[order - 1] = 0.3
    np.testing.assert_allclose(moved, np.tile(expected, (N_FRAMES, 1)), atol=1e-12)
    # 10 / ln 10 · sqrt(2 · 0.3²)
    assert distortion(log_mel, log_mel + 0.3 * cosine(order)) == pytest.approx(1.8425, abs=1e-4)


@pytest.mark.parametrize("order", [0, 14, 40])
def test_the_level_and_what_is_finer_than_thirteen_coefficients_are_no_distortion(log_mel, order):
    assert distortion(log_mel, log_mel + 0.3 * cosine(order)) == pytest.approx(0, abs=1e-9)


def test_with_all_coefficients_it_is_the_difference_of_spectra_at_one_level(log_mel):
    other = np.random.default_rng(1).normal(size=log_mel.shape)
    difference = log_mel - other
    difference -= difference.mean(0)
    rms = NEPER * np.sqrt(np.square(difference).mean(0)).mean()
    assert distortion(log_mel, other, N_MELS - 1) == pytest.approx(rms)


def test_ten_times_the_magnitude_is_twenty_decibels(log_mel):
    assert log_spectral_distance(log_mel, log_mel + math.log(10)) == pytest.approx(20)


def test_a_semitone_is_a_hundred_cents_where_both_are_voiced():
    f0 = np.array([0, 100.0, 200, 300, 150])
    other = np.array([90, 100, 200, 300, 0]) * 2 ** (1 / 12)
    assert f0_error(f0, other) == pytest.approx(100)
    assert f0_error(other, f0) == pytest.approx(100)
    assert f0_correlation(f0, other) == pytest.approx(1)
    assert voicing_error(f0, other) == pytest.approx(2 / 5)


def test_the_root_mean_square_of_an_octave_and_nothing():
    assert f0_error(np.array([100.0, 100]), np.array([100.0, 200])) == pytest.approx(1200 / math.sqrt(2))


def test_a_melody_turned_upside_down_correlates_negatively():
    f0 = 200 * 2 ** np.array([0.1, 0.2, -0.3, 0.4])
    assert f0_correlation(f0, 40000 / f0) == pytest.approx(-1)


def test_without_common_voice_or_movement_there_is_no_figure():
    silent, still = np.zeros(3), np.full(3, 123.4)
    assert f0_error(silent, still) is None
    assert f0_correlation(silent, still) is None
    assert f0_correlation(still, np.array([100.0, 110, 120])) is None


def test_durations_in_milliseconds():
    assert duration_error([0.1, 0.2, 0.3], [0.11, 0.18, 0.3]) == pytest.approx(10)


def cheapest(first, second):
    """The cost of the cheapest path, by the definition."""
    distances = np.sqrt(np.square(first[:, None] - second[None]).sum(2))
    costs = np.full((len(first) + 1, len(second) + 1), np.inf)
    costs[0, 0] = 0
    for i, row in enumerate(distances, 1):
        for j, distance in enumerate(row, 1):
            costs[i, j] = distance + min(costs[i - 1, j - 1], costs[i - 1, j], costs[i, j - 1])
    return costs[-1, -1]


@pytest.mark.parametrize("lengths", [(1, 1), (1, 6), (6, 1), (9, 9), (13, 5), (5, 13)])
def test_the_path_is_the_cheapest_one(lengths):
    random = np.random.default_rng(sum(lengths))
    first, second = (random.normal(size=(n, 3)) for n in lengths)
    i, j = warping_path(first, second)
    assert (i[0], j[0], i[-1], j[-1]) == (0, 0, lengths[0] - 1, lengths[1] - 1)
    steps = set(zip(np.diff(i).tolist(), np.diff(j).tolist(), strict=True))
    assert steps <= {(1, 1), (0, 1), (1, 0)}
    assert np.sqrt(np.square(first[i] - second[j]).sum(1)).sum() == pytest.approx(cheapest(first, second))


def test_the_same_frames_are_paired_with_themselves():
    frames = np.arange(12.0).reshape(6, 2)
    i, j = warping_path(frames, frames)
    assert i.tolist() == j.tolist() == [0, 1, 2, 3, 4, 5]


def test_frames_said_slower_are_found_again():
    frames = np.arange(4.0)[:, None]
    i, j = warping_path(frames, frames[[0, 0, 1, 2, 2, 2, 3]])
    assert i.tolist() == [0, 0, 1, 2, 2, 2, 3]
    assert j.tolist() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)],
)
def test_edit_distance(first, second, distance):
    assert edit_distance(first, second) == distance


def test_both_texts_are_compared_as_they_are_spoken():
    assert spoken_words("Dr. Lee's £5, it’s 21-up!") == [
        "doctor",
        "lee's",
        "five",
        "pounds",
        "it's",
        "twenty",
        "one",
        "up",
    ]
    assert word_errors("Twenty-one doctors.", "21 doctors") == WordErrors(0, 3)


def test_errors_are_counted_against_what_was_to_be_said():
    assert word_errors("one two three four", "one too three four five") == WordErrors(2, 4)
    assert WordErrors(2, 4).rate == 0.5
    assert WordErrors(0, 0).rate is None
