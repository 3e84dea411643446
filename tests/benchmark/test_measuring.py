from dataclasses import replace

import numpy as np
import pytest

from tts.benchmark import measuring
from tts.benchmark.measuring import Made, Spread, Workload, measure
from tts.kernels.choice import is_reference_only


class Clock:
    """Time that goes on only where somebody works."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(measuring, "time", clock)
    return clock


def workload(clock, *, seconds=10.0, scalable=True, reference_offset=0.25):
    """A vocoder whose reference takes 8 s for a second of audio and whose fast path takes 2 s; 3 s more at first."""
    calls = []

    def run(asked):
        made = asked if scalable else seconds
        first = 3.0 if is_reference_only() not in [plain for plain, _ in calls] else 0.0
        calls.append((is_reference_only(), asked))
        clock.now += (8.0 if is_reference_only() else 2.0) * made + first
        output = np.linspace(0, 1, round(100 * made), dtype=np.float32)
        return Made(output + np.float32(reference_offset * is_reference_only()), made)

    return Workload("it", "vocoder", run, run, seconds, scalable), calls


def test_both_paths_run_in_turns_each_on_what_it_can_make_in_the_time(clock):
    work, calls = workload(clock)
    pairs = []
    measured = measure(work, 2, on_run=lambda: pairs.append(len(calls)))
    # Three first runs of each tell how slow it is; then pairs; at last the fast one makes as much as the slow one did.
    slow, fast = (True, pytest.approx(0.625)), (False, pytest.approx(2.5))
    first = [(True, 0.05), (True, 0.05), slow, (False, 0.05), (False, 0.05), fast]
    assert calls == [*first, slow, fast, slow, fast, (False, pytest.approx(0.625))]
    assert pairs == [8, 10]
    assert measured.reference.audio_seconds == pytest.approx(0.625)
    assert measured.fast.audio_seconds == pytest.approx(2.5)
    assert measured.reference.rtfs == pytest.approx([8, 8])
    assert measured.fast.rtfs == pytest.approx([2, 2])
    assert (measured.reference.first_seconds, measured.fast.first_seconds) == pytest.approx((3.4, 3.1))
    assert measured.speedup.median == pytest.approx(4)
    assert measured.difference.largest == pytest.approx(0.25)
    assert measured.difference.reference_peak == pytest.approx(1.25)
    assert measured.fast.peak_mb > 0


def test_no_run_makes_more_than_was_asked_for(clock):
    work, calls = workload(clock, seconds=0.5)
    measured = measure(work, 1)
    assert measured.reference.audio_seconds == measured.fast.audio_seconds == 0.5
    assert calls[-2:] == [(True, 0.5), (False, 0.5)]


def test_what_cannot_be_cut_is_run_whole(clock):
    work, calls = workload(clock, scalable=False)
    measured = measure(work, 1)
    assert len(calls) == 4
    assert measured.reference.rtfs == pytest.approx([8])
    assert measured.difference.largest == pytest.approx(0.25)


def test_without_another_way_there_is_nothing_to_compare(clock):
    work, calls = workload(clock)
    measured = measure(replace(work, plain=None), 1)
    assert (measured.reference, measured.difference, measured.speedup) == (None, None, None)
    assert {plain for plain, _ in calls} == {False}


def test_outputs_of_different_lengths_have_no_difference(clock):
    work, _ = workload(clock, scalable=False)
    measured = measure(replace(work, plain=lambda asked: Made(np.zeros(3, np.float32), 1.0)), 1)
    assert measured.difference is None
    assert measured.reference is not None


def test_a_spread_is_the_median_and_the_ends():
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
