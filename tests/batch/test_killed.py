"""A batch that is killed at random moments, again and again, ends with the files of one that nobody disturbed.

What runs here by default is short; for more, the embedded voice again:

    BATCH_KILLS=10 BATCH_LINES=400 python -m pytest -s tests/batch/test_killed.py
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
import wave

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import Tts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells which processes a run has left alive")

KILLS, LINES = int(os.environ.get("BATCH_KILLS", 3)), int(os.environ.get("BATCH_LINES", 40))
SEED = int(os.environ.get("BATCH_SEED", 6))
WAYS = ("the command", "a worker", "all of them at once")
MARK = "BATCH_TEST_RUN"


class Run:
    """`tts batch` with two workers and small batches, in a process group of its own; `processes` are all it started."""

    def __init__(self, tts, out):
        self.manifest = out / "manifest.jsonl"
        mark = uuid.uuid4().hex
        self._mark = f"{MARK}={mark}".encode()
        command = [sys.executable, "-m", "tts", "batch", "lines.txt", "-o", str(out), "--jobs", "2"]
        self._errors = tts.folder / f"{mark}.txt"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*command, "--batch-size", "2"],
                cwd=tts.folder,
                env={**tts.environment, MARK: mark},
                stderr=errors,
                start_new_session=True,
            )

    def processes(self):
        """Those that live, by the mark in their environment, which a dead one no longer has."""
        found = []
        for folder in os.scandir("/proc"):
            if folder.name.isdigit() and self._mark in content(f"/proc/{folder.name}/environ"):
                found.append(int(folder.name))
        return found

    def worker(self):
        """One of those that hold a voice, which is what takes memory; None as long as there is nobody."""
        return max((pid for pid in self.processes() if pid != self.process.pid), key=held, default=None)

    def wait_for_rows(self, n):
        deadline = time.monotonic() + 120
        while content(self.manifest).count(b"\n") < n:
            assert self.process.poll() is None, f"it ended by itself: {self.message()}"
            assert time.monotonic() < deadline, f"no {n} rows: {self.message()}"
            time.sleep(0.001)

    def wait(self):
        """Its exit code, once everything that it started is gone."""
        code = self.process.wait(timeout=300)
        deadline = time.monotonic() + 15
        while alive := self.processes():
            assert time.monotonic() < deadline, f"left alive: {alive}"
            time.sleep(0.02)
        return code

    def message(self):
        return self._errors.read_text("utf-8")


def content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def held(pid):
    """Bytes of memory; 0 where it has ended."""
    return int((content(f"/proc/{pid}/statm").split() or [0, 0])[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(autouse=True)
def interruptible():
    """Behind a shell's `&` interrupts are ignored, and whoever is started there would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def tts(tmp_path):
    """The command line with the embedded voice, and sentences for it of many lengths."""
    tts = Tts(tmp_path / "voices", tmp_path)
    tts.environment |= {"TTS_VOICE": "heart", "OMP_NUM_THREADS": "1"}
    draws = random.Random(1)
    words = ["seven", "small", "boats", "went", "slowly", "down", "the", "river", "under", "an", "old", "bridge"]
    texts = (" ".join(draws.choices(words, k=draws.randint(2, 6))) for _ in range(LINES))
    lines = [f"{name(i)}|{text.capitalize()}, number {i}.\n" for i, text in enumerate(texts)]
    (tmp_path / "lines.txt").write_text("".join(lines), "utf-8")
    return tts


def name(i):
    return f"sentence-{i:04d}"


def rows(out):
    """The rows that are whole."""
    return [json.loads(line) for line in content(out / "manifest.jsonl").splitlines(True) if line.endswith(b"\n")]


def stamps(out):
    """What tells, for each file that has its row, whether it is written again."""
    files = [out / row["file"] for row in rows(out) if row["error"] is None]
    return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in files}


def samples(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(int)


def check_files(out, whole):
    """Every file that is there is whole, and what it is in a run that nobody disturbed."""
    for file in out.glob("[!.]*.wav"):
        if file.read_bytes() != (whole / file.name).read_bytes():
            ours, expected = samples(file), samples(whole / file.name)
            assert ours.shape == expected.shape, file.name
            assert np.abs(ours - expected).max() <= 1, file.name


def check_ended(out, whole):
    """All is there, once, and nothing else."""
    names = [name(i) for i in range(LINES)]
    assert sorted(path.name for path in out.iterdir()) == ["manifest.jsonl", *(f"{each}.wav" for each in names)]
    last = rows(out)
    assert [(row["id"], row["line"], row["error"]) for row in last] == [(names[i], i + 1, None) for i in range(LINES)]
    assert [(out / row["file"]).stat().st_size for row in last] == [row["size"] for row in last]
    check_files(out, whole)


def test_killed_again_and_again_it_ends_with_the_files_of_an_undisturbed_run(tts, tmp_path):
    draws = random.Random(SEED)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    undisturbed = Run(tts, whole)
    assert undisturbed.wait() == 0, undisturbed.message()
    check_ended(whole, whole)

    kept, run = {}, None
    for number in range(KILLS):
        run = run or Run(tts, killed)
        # Somewhere in this kill's part of the file, at any moment between two files.
        run.wait_for_rows(round(0.85 * LINES * (number + draws.random()) / KILLS))
        time.sleep(draws.uniform(0, 0.15))
        assert run.process.poll() is None, f"too late to kill it: {run.message()}"
        way = WAYS[number % len(WAYS)]
        print(f"kill {number + 1} of {KILLS}: {way}, {len(rows(killed))} rows of {LINES} written")
        if way == "a worker":
            os.kill(run.worker(), signal.SIGKILL)
            continue
        (os.kill if way == "the command" else os.killpg)(run.process.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        check_files(killed, whole)
        kept |= stamps(killed)
        run = None

    # Once more where the manifest gets its last form: before, within or after, as it comes.
    run = run or Run(tts, killed)
    run.wait_for_rows(LINES)
    run.process.kill()
    run.wait()
    kept |= stamps(killed)
    last = Run(tts, killed)
    assert last.wait() == 0, last.message()
    check_ended(killed, whole)
    # What had landed when the run was killed is not made again.
    assert stamps(killed) == stamps(killed) | kept


def test_a_run_goes_on_without_a_worker_that_was_killed(tts, tmp_path):
    run = Run(tts, tmp_path / "out")
    run.wait_for_rows(LINES // 6)
    os.kill(run.worker(), signal.SIGKILL)
    assert run.wait() == 0, run.message()
    assert "Traceback" not in run.message()
    check_ended(tmp_path / "out", tmp_path / "out")


def test_an_interrupt_while_workers_start_is_heard_once(tts, tmp_path):
    run = Run(tts, tmp_path / "out")
    # A worker that is an interpreter by now, and not much more.
    deadline = time.monotonic() + 60
    while not (worker := run.worker()) or held(worker) < 16e6:
        assert time.monotonic() < deadline, run.message()
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.wait() == 130, run.message()
    assert run.message() == ""


def test_an_interrupt_leaves_whole_files_and_the_next_run_goes_on(tts, tmp_path):
    out = tmp_path / "out"
    run = Run(tts, out)
    run.wait_for_rows(LINES // 6)
    # As a terminal does it: everybody in the group hears Ctrl-C.
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.wait() == 130, run.message()
    assert "Traceback" not in run.message()
    kept = stamps(out)
    assert LINES // 6 <= len(kept) < LINES
    files = {path.name: path for path in out.iterdir()}
    # A worker may have written a file whose result the interrupt overtook: it is complete, too.
    del files["manifest.jsonl"]
    assert files.keys() >= kept.keys()
    assert all(name.startswith("sentence-") and soundfile.info(path).frames > 0 for name, path in files.items())
    again = Run(tts, out)
    assert again.wait() == 0, again.message()
    check_ended(out, out)
    assert stamps(out) == stamps(out) | kept
