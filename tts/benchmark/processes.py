"""Whole processes, cold: `tts say` beside `import torch`, which is what any speech program on PyTorch begins with."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tts.benchmark.memory import resident_mb
from tts.benchmark.texts import HELLO
from tts.errors import TtsError


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
        start = time.perf_counter()
        child = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, "PYTHONPATH": path}
        )
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        seconds = time.perf_counter() - start
        # Or Popen would warn of a child that nobody waited for.
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            raise TtsError(_failure(command, errors.read().decode(errors="replace")))
    return Process(seconds, resident_mb(usage.ru_maxrss))


def _failure(command: Sequence[str], said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    last = lines[-1].removeprefix("tts: ") if lines else "it said nothing"
    return f"The process {' '.join(command[1:4])} … failed: {last}"
