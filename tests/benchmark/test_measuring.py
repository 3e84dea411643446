import os
import signal
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from tts.benchmark import measuring
from tts.benchmark.measuring import (
    Process,
    RunOutput,
    Spread,
    Workload,
    measure,
    measure_cold_start,
    peak_mb,
    reset_peak,
    resident_mb,
    run_process,
)
from tts.errors import TtsError
from tts.kernels.execution import is_reference_only


class Clock:
    """Time that passes only in the workload."""

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
    """A vocoder whose reference needs 8 s for a second of audio and whose fast path needs 2 s; 3 s more at first."""
    calls = []

    def run(wanted):
        made = wanted if scalable else seconds
        first = 3.0 if is_reference_only() not in [plain for plain, _ in calls] else 0.0
        calls.append((is_reference_only(), wanted))
        clock.now += (8.0 if is_reference_only() else 2.0) * made + first
        output = np.linspace(0, 1, round(100 * made), dtype=np.float32)
        return RunOutput(output + np.float32(reference_offset * is_reference_only()), made)

    return Workload("it", "vocoder", run, run, seconds, scalable), calls


def test_both_paths_run_in_turns_each_on_what_it_can_make_in_the_time(clock):
    work, calls = workload(clock)
    pairs = []
    measured = measure(work, 2, on_run=lambda: pairs.append(len(calls)))
    # Three first runs of each show how slow it is; then pairs; at last the fast one makes as much as the slow one did.
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


def test_no_run_computes_more_than_requested(clock):
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
    measured = measure(replace(work, plain=lambda wanted: RunOutput(np.zeros(3, np.float32), 1.0)), 1)
    assert measured.difference is None
    assert measured.reference is not None


def test_a_spread_is_the_median_and_the_ends():
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_a_peak_is_seen_and_on_linux_forgotten():
    before = peak_mb()
    held = np.ones(25_000_000)
    during = peak_mb()
    assert during >= before
    del held
    if reset_peak():
        assert peak_mb() < during - 100
    else:
        assert not sys.platform.startswith("linux")


def test_where_no_peak_can_be_forgotten_it_is_the_whole_process(monkeypatch, tmp_path):
    monkeypatch.setattr(measuring, "_CLEAR", tmp_path / "nowhere" / "clear_refs")
    monkeypatch.setattr(measuring, "_STATUS", tmp_path / "status")
    assert not reset_peak()
    assert peak_mb() > 10


@pytest.mark.parametrize(("platform", "mb"), [("linux", 102.4), ("darwin", 0.1)])
def test_units(monkeypatch, platform, mb):
    monkeypatch.setattr(sys, "platform", platform)
    assert resident_mb(100_000) == pytest.approx(mb)


def test_a_process_has_its_time_and_its_memory():
    code = "import time; held = bytearray(60_000_000); time.sleep(0.2)"
    took = run_process([sys.executable, "-c", code])
    assert 0.2 < took.seconds < 20
    assert 60 < took.peak_mb < 120


def test_this_package_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert run_process([sys.executable, "-c", "import tts"]).seconds > 0


def test_a_process_that_fails_says_why():
    with pytest.raises(TtsError, match=r"The process -m tts say … failed: Invalid value for '--speed'"):
        run_process([sys.executable, "-m", "tts", "say", "--speed", "none", "Hello."])
    with pytest.raises(TtsError, match="failed: it printed no message"):
        run_process([sys.executable, "-c", "raise SystemExit(3)"])


def test_a_system_that_does_not_report_processes_is_refused(monkeypatch):
    monkeypatch.delattr(os, "wait4")
    with pytest.raises(TtsError, match="omit --cold"):
        run_process([sys.executable, "-c", "pass"])


def test_an_interrupted_wait_leaves_no_process(tmp_path):
    beats = tmp_path / "beats"
    code = f"import time\nwhile True: open({str(beats)!r}, 'a').write('.'); time.sleep(0.02)"

    def interrupt():
        while not beats.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run_process([sys.executable, "-c", code])
    time.sleep(0.1)
    size = beats.stat().st_size
    time.sleep(0.3)
    assert beats.stat().st_size == size


def test_both_kinds_take_turns(monkeypatch):
    ran, counted = [], []

    def run(command):
        ran.append(command[1:4])
        return Process(float(len(ran)), 100.0)

    monkeypatch.setattr(measuring, "run_process", run)
    cold = measure_cold_start(["--voice", "pulse"], 2, lambda: counted.append(1))
    assert ran == [["-c", "import torch"], ["-m", "tts", "say"]] * 2
    assert len(counted) == 4
    assert [process.seconds for process in cold.import_torch] == [1, 3]
    assert [process.seconds for process in cold.hello] == [2, 4]
