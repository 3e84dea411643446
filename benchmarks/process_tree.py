"""The memory of a process and of all that it started, as Linux counts it."""

from __future__ import annotations

import os
from pathlib import Path

_PROCESSES = Path("/proc")
MB = 1e6


def process_tree(pid: int) -> list[int]:
    """A process and its living descendants."""
    children: dict[int, list[int]] = {}
    for folder in _PROCESSES.glob("[0-9]*"):
        if (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def memory_mb(pids: list[int]) -> float:
    """What these processes hold together in MB, what several of them share counted once (PSS).

    Raises:
        SystemExit: this system does not tell.
    """
    if not Path(f"/proc/{os.getpid()}/smaps_rollup").exists():
        raise SystemExit("Only Linux tells what several processes share: run this there.")
    return sum(_proportional_kib(pid) for pid in pids) * 1024 / MB


def _parent(folder: Path) -> int | None:
    try:
        # The name in brackets may hold anything, blanks and brackets too.
        return int((folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError):  # it has just ended
        return None


def _proportional_kib(pid: int) -> int:
    try:
        lines = (_PROCESSES / str(pid) / "smaps_rollup").read_text("ascii", "replace").splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
