from itertools import pairwise

import numpy as np
import pytest
import torch

from tts.models.alignment import (
    FINISHED_FRAMES,
    STUCK_FRAMES,
    AlignmentWatch,
    alignment_failure,
    best_path,
    monotonic_durations,
)

N_SYMBOLS = 30


def attention(path, n_symbols=N_SYMBOLS, strength=0.9):
    """Weights [T, symbols] that follow a path, with the rest spread evenly."""
    weights = torch.full((len(path), n_symbols), (1 - strength) / n_symbols)
    weights[torch.arange(len(path)), torch.tensor(path)] += strength
    return weights


def steady(n_frames_each=4):
    return [symbol for symbol in range(N_SYMBOLS) for _ in range(n_frames_each)]


def test_a_steady_attention_is_fine():
    assert alignment_failure(attention(steady()), stopped=True) is None


def test_silent_letters_and_unheard_marks_at_the_end_are_fine():
    path = [symbol for symbol in steady() if symbol not in (10, 11, 12, 28, 29)]
    assert alignment_failure(attention(path), stopped=True) is None


@pytest.mark.parametrize(
    ("path", "stopped", "failure"),
    [
        (steady(), False, "never came to the end"),
        (steady()[:60], True, "stopped before the end"),
        (steady(1), True, "stopped before the end"),
        ([symbol for symbol in steady() if not 8 <= symbol < 20], True, "skipped a part"),
        (steady()[:80] + steady()[20:], True, "went back"),
    ],
)
def test_each_failure_is_named(path, stopped, failure):
    assert failure in alignment_failure(attention(path), stopped=stopped)


def test_an_attention_without_focus_is_named():
    assert "spread" in alignment_failure(attention(steady(), strength=0.2), stopped=True)


def frames_until_over(path, most_frames=10_000):
    watch = AlignmentWatch(N_SYMBOLS, most_frames)
    for n_frames, weights in enumerate(attention(path), 1):
        if watch.is_over(weights):
            return n_frames, watch.has_finished
    return None


def test_the_watch_lets_a_steady_attention_be():
    assert frames_until_over(steady(8)) is None


def test_the_watch_ends_what_is_stuck_even_between_two_symbols():
    stuck = [5, 6] * STUCK_FRAMES
    n_frames, has_finished = frames_until_over(steady()[:20] + stuck)
    assert not has_finished
    assert n_frames <= 20 + STUCK_FRAMES + 3


def test_the_watch_takes_staying_at_the_end_for_the_end():
    n_frames, has_finished = frames_until_over(steady() + [N_SYMBOLS - 1] * 1000)
    assert has_finished
    assert n_frames <= len(steady()) + FINISHED_FRAMES


def test_the_watch_ends_what_takes_too_many_frames():
    assert frames_until_over(steady(8), most_frames=33) == (33, False)


def test_the_best_path_never_goes_back():
    weights = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.6, 0.4, 0.0], [0.0, 0.1, 0.9]], np.float32)
    # The third frame by itself is symbol 0, which after a 1 would be going back; and 0 0 0 2 is worth less.
    assert best_path(weights).tolist() == [0, 1, 1, 2]


def test_the_best_path_is_the_best_of_all():
    weights = np.random.default_rng(0).random((5, 3)).astype(np.float32)
    paths = [p for p in np.ndindex(*[3] * 5) if all(a <= b for a, b in pairwise(p))]
    best = max(paths, key=lambda p: np.log(weights[np.arange(5), list(p)]).sum())
    assert best_path(weights).tolist() == list(best)


def test_durations_add_up_to_the_frames_asked_for():
    frames = torch.arange(0, 4 * N_SYMBOLS, 2)
    durations = monotonic_durations(attention(steady()), frames)
    assert durations.tolist() == [2] * N_SYMBOLS
