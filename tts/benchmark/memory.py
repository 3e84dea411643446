"""The most memory that this process, or another, has held."""

from __future__ import annotations

import sys
from pathlib import Path

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
# What Linux understands as: the peak so far does not count.
_FORGET_PEAK = "5"
MB = 1e6


def forget_peak() -> bool:
    """Let the peak begin anew from what is held now; False where the system cannot (all but Linux)."""
    try:
        _CLEAR.write_text(_FORGET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def peak_mb() -> float:
    """The most memory in MB held since `forget_peak`, or since the process began where that cannot be told apart."""
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / MB
    return _whole_peak_mb()


def resident_mb(ru_maxrss: int) -> float:
    """A `ru_maxrss` in MB: the systems count it in different units."""
    return ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB


def _whole_peak_mb() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    return resident_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
