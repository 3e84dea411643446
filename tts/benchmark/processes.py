"""Whole processes, cold: `tts say` beside `import torch`, which is what any speech program on PyTorch begins with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tts.benchmark.memory import resident_mb
from tts.benchmark.texts import HELLO
from tts.errors import TtsError

# Linux counts what its parent held when a process was started as its own: a parent is needed that holds little.
_LAUNCHER = """
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - start, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Process:
    """What one process took: seconds of wall time, and the most memory it held."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class ColdStart:
    """Processes of both kinds, which took turns."""

    hello: tuple[Process, ...]
    import_torch: tuple[Process, ...]


def measure_cold_start(flags: Sequence[str], repeat: int, on_run: Callable[[], None]) -> ColdStart:
    """`tts say "Hello world."` with these flags and `import torch`, `repeat` times each, in turns.

    Raises:
        TtsError: one of them failed, or this system cannot tell how much memory a process took.
    """
    hello, import_torch = [], []
    with tempfile.TemporaryDirectory() as folder:
        say = [sys.executable, "-m", "tts", "say", HELLO, "--quiet", *flags, "-o", str(Path(folder) / "hello.wav")]
        for _ in range(repeat):
            import_torch.append(run_process([sys.executable, "-c", "import torch"]))
            on_run()
            hello.append(run_process(say))
            on_run()
    return ColdStart(tuple(hello), tuple(import_torch))


def run_process(command: Sequence[str]) -> Process:
    """Run a command to its end, its output unheard.

    Raises:
        TtsError: it failed, or this system cannot tell how much memory a process took.
    """
    if not hasattr(os, "wait4"):
        raise TtsError("This system does not tell what a process took: leave --cold out.")
    # With -m, Python looks for packages where it stands; a child finds this one wherever it was imported from.
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryFile() as errors:
        launcher = [sys.executable, "-S", "-c", _LAUNCHER, *command]
        # A session of its own, so that both can be ended together.
        child = subprocess.Popen(
            launcher,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        try:
            told, _ = child.communicate()
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise
        seconds, peak, code = told.split()
        if int(code):
            errors.seek(0)
            raise TtsError(_failure(command, errors.read().decode(errors="replace")))
    return Process(float(seconds), resident_mb(int(peak)))


def _failure(command: Sequence[str], said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    last = lines[-1].removeprefix("tts: ") if lines else "it said nothing"
    return f"The process {' '.join(command[1:4])} … failed: {last}"
