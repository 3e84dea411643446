"""Signals that end the process: at any moment, nothing half written and the right exit code.

Python handles a signal between two of its instructions. If that is inside of a callback that a C library made, the
exception cannot leave the callback and is lost: `deferred` makes signals wait until the library has returned. If it is
between the creation of a temporary file and the block that removes it, the file would stay: `remove_at_end` records
it before it exists. If compiled code does not return to Python for long, no handler runs: then a thread ends the
process.

The command line installs the handlers (`handle_signals`). In a program that uses this package as a library, signals do
what the program says; only `deferred` has an effect there.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

# What a terminal, a user or the system sends to end a process; each is 128 + its number as an exit code.
_ENDING = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM")
    if hasattr(signal, name)
)
# Python gets this long to handle a signal before the process is ended without it.
_PATIENCE_SECONDS = 0.6
# An exception that was lost is raised again after this time.
_AGAIN_SECONDS = 0.02
# For this long after a signal, further ones have no effect.
_REMOVAL_SECONDS = 2.0

Handler = Callable[[int, FrameType | None], None]

_unfinished: set[Path] = set()
_received: tuple[int, float] | None = None
"""The last ending signal, and when it was received (monotonic)."""


@contextmanager
def deferred() -> Iterator[None]:
    """Signals with a handler in Python wait until the end of the block; only the main thread handles signals.

    For calls of C libraries that call back, and for steps that belong together.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def wait(number: int, frame: FrameType | None) -> None:
        received.append(number)

    handlers = {number: handler for number in _ENDING if callable(handler := signal.getsignal(number))}
    try:
        for number in handlers:
            signal.signal(number, wait)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(received):
            signal.raise_signal(number)


@contextmanager
def starting_process() -> Iterator[None]:
    """Signals wait until the end of the block: the new process cannot start without what this one still sends it.

    An interrupt does not reach the new process before `accept_interrupts`: it would end with a traceback. Others end it
    silently.
    """
    # Windows has no masks. In this process another thread could still receive the signal and pass it on.
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    with deferred():
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def accept_interrupts() -> None:
    """In a process started in `starting_process`: interrupts are received from now on, also one that waited."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def remove_at_end(path: Path) -> Iterator[None]:
    """A temporary file or folder: if it is still there at the end of the block, or of the process, it is removed.

    The block may create it, and rename it when it is complete.
    """
    _unfinished.add(path)
    try:
        yield
    finally:
        _remove(path)
        _unfinished.discard(path)


def handle_signals() -> None:
    """Let ending signals raise: KeyboardInterrupt for SIGINT, SystemExit with 128 + its number for the others.

    Signals that are ignored (nohup, a job of a shell in the background) stay ignored. For the main thread only.
    """
    seen = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        global _received
        seen.set()
        now = time.monotonic()
        # Another signal, of an impatient user, must not interrupt the removal of what is half written.
        if _received is None or now - _received[1] > _REMOVAL_SECONDS:
            _received = number, now
            raise_received()

    handled = [number for number in _ENDING if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)]
    for number in handled:
        signal.signal(number, end)
    sys.unraisablehook = _raise_again
    if hasattr(os, "fork"):  # On Windows, a pipe cannot receive signals.
        received, sent = os.pipe()
        os.set_blocking(sent, False)
        signal.set_wakeup_fd(sent, warn_on_full_buffer=False)
        # The pipe is for the signals of this process alone.
        os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
        threading.Thread(target=_watch, args=(received, end, seen), daemon=True).start()


def raise_received() -> None:
    """Raise for the signal that was received, if there is one.

    Its exception is lost if it was raised where Python ignores exceptions, in the finalizer of an object. So nothing
    becomes complete without this being called first.
    """
    if _received is not None:
        number, _ = _received
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def _raise_again(unraisable: sys.UnraisableHookArgs) -> None:
    """What Python does with an exception that cannot leave a finalizer or a callback: here, send the signal again."""
    global _received
    if _received is None or not isinstance(unraisable.exc_value, (KeyboardInterrupt, SystemExit)):
        sys.__unraisablehook__(unraisable)
        return
    number, _ = _received
    # So long ago that the next one is not taken for an impatient user's.
    _received = number, -_REMOVAL_SECONDS
    threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number)).start()


def exit_code_of_signal() -> int | None:
    """The exit code of the signal that was received; None if there was none."""
    return None if _received is None else 128 + _received[0]


def end_after_signal(code: object) -> None:
    """At the end of the process: ignore further signals, and if one was received, end with this exit code now.

    Not by the interpreter's own way, on which libraries that were interrupted while they were loaded may crash.
    """
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    _remove_unfinished()
    if _received is not None:
        with suppress(BaseException):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):
                stream.flush()
        os._exit(code if isinstance(code, int) else 1)


def _watch(received: int, end: Handler, seen: threading.Event) -> None:
    """End the process if a signal has come for which Python, busy in compiled code, does not call `end`."""
    while number := os.read(received, 1):
        # Training has handlers of its own, and some steps must not be divided.
        if signal.getsignal(number[0]) is end and not seen.wait(_PATIENCE_SECONDS):
            _remove_unfinished()
            os._exit(128 + number[0])


def _remove_unfinished() -> None:
    while _unfinished:
        with suppress(KeyError):
            _remove(_unfinished.pop())


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
