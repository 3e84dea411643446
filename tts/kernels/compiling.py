"""Kernels are compiled when a machine first needs them, which takes some seconds: whoever waits may be told."""

from __future__ import annotations

from collections.abc import Callable

_tell: Callable[[], None] | None = None


def when_compiling(tell: Callable[[], None] | None) -> None:
    """Call `tell` when something must be compiled, the first time in this process only; None: nobody wants to know."""
    global _tell
    _tell = tell


def compiling() -> None:
    """A kernel is about to be compiled."""
    tell = _tell
    when_compiling(None)
    if tell is not None:
        tell()
