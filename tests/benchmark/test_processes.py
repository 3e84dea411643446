import os
import signal
import sys
import threading
import time

import pytest

from tts.benchmark import processes
from tts.benchmark.processes import Process, measure_cold_start, run_process
from tts.errors import TtsError


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
    with pytest.raises(TtsError, match="failed: it said nothing"):
        run_process([sys.executable, "-c", "raise SystemExit(3)"])


def test_where_nobody_tells_what_a_process_took_it_is_refused(monkeypatch):
    monkeypatch.delattr(os, "wait4")
    with pytest.raises(TtsError, match="leave --cold out"):
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
    heard = beats.stat().st_size
    time.sleep(0.3)
    assert beats.stat().st_size == heard


def test_both_kinds_take_turns(monkeypatch):
    ran, counted = [], []

    def run(command):
        ran.append(command[1:4])
        return Process(float(len(ran)), 100.0)

    monkeypatch.setattr(processes, "run_process", run)
    cold = measure_cold_start(["--voice", "pulse"], 2, lambda: counted.append(1))
    assert ran == [["-c", "import torch"], ["-m", "tts", "say"]] * 2
    assert len(counted) == 4
    assert [process.seconds for process in cold.import_torch] == [1, 3]
    assert [process.seconds for process in cold.hello] == [2, 4]
