"""Workers that are processes of this machine, with one compute thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from threading import Lock, Thread, current_thread, main_thread
from typing import Any

from tts.batch.folder import OutputFolder
from tts.batch.job import Job, Row, Setup
from tts.batch.placing import device_of
from tts.batch.workers import BATCHES_AT_A_TIME, WorkerLostError, Workers
from tts.errors import TtsError

# A fresh interpreter: a forked one would share the locks of threads that it does not have.
_CONTEXT = multiprocessing.get_context("spawn")
# A worker that was told to end has so many seconds.
_PATIENCE = 5.0


class LocalWorkers(Workers):
    """`count` processes; they end when this one does, however it ends."""

    def __init__(self, setup: Setup, folder: OutputFolder, count: int) -> None:
        self._setup, self._folder = setup, folder
        self._processes = [self._started(worker) for worker in range(count)]

    @property
    def count(self) -> int:
        return len(self._processes)

    def submit(self, worker: int, jobs: Sequence[Job]) -> Future[list[Row]]:
        return self._processes[worker].submit(jobs)

    def replace(self, worker: int) -> None:
        self._processes[worker].end()
        self._processes[worker] = self._started(worker)

    def _started(self, worker: int) -> _WorkerProcess:
        return _WorkerProcess(replace(self._setup, device=device_of(worker, self._setup.device)), self._folder)

    def close(self) -> None:
        for process in self._processes:
            process.end()


class _WorkerProcess:
    """One process, and the thread here that hears what it answers."""

    def __init__(self, setup: Setup, folder: OutputFolder) -> None:
        self._here, there = _CONTEXT.Pipe()
        # daemon: where all else fails, Python ends it with this process.
        self._process = _CONTEXT.Process(target=_serve, args=(there, setup, folder), daemon=True)
        try:
            with _deaf_to_interrupts():
                self._process.start()
        except OSError as error:
            raise TtsError(f"No worker can be started: {error.strerror}.") from error
        there.close()
        self._lock = Lock()
        self._waiting: dict[int, Future[list[Row]]] = {}
        self._tickets = 0
        self._is_gone = False
        Thread(target=self._listen, daemon=True).start()

    def submit(self, jobs: Sequence[Job]) -> Future[list[Row]]:
        future: Future[list[Row]] = Future()
        with self._lock:
            self._tickets += 1
            self._waiting[self._tickets] = future
        try:
            self._here.send((self._tickets, list(jobs)))
        except OSError:
            self._lose()
        if self._is_gone:
            self._lose()
        return future

    def end(self) -> None:
        self._process.terminate()
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _listen(self) -> None:
        while True:
            try:
                ticket, answer = self._here.recv()
            except (EOFError, OSError):
                self._is_gone = True
                self._lose()
                return
            with self._lock:
                future = self._waiting.pop(ticket)
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _lose(self) -> None:
        with self._lock:
            lost, self._waiting = self._waiting, {}
        for future in lost.values():
            future.set_exception(WorkerLostError("A worker died."))


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C waits until the end, and never reaches a process started within, which may not yet know to ignore it."""
    if not hasattr(signal, "pthread_sigmask") or current_thread() is not main_thread():  # Windows has no masks
        yield
        return
    from multiprocessing import resource_tracker

    # multiprocessing starts it with the first process, and then lets interrupts through again.
    resource_tracker.ensure_running()
    heard: list[int] = []
    # The mask is what a new process inherits; here another thread would still be interrupted, and pass it on.
    handler = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if heard:
        signal.raise_signal(signal.SIGINT)


def _serve(connection: Connection, setup: Setup, folder: OutputFolder) -> None:
    """The worker's process: batches in, rows out, until the other end is closed."""
    # Ctrl-C reaches every process of the terminal; it is the first one's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from tts.batch.worker import Worker
    from tts.kernels.threads import set_compute_threads

    set_compute_threads(1)
    worker, sending = Worker(setup, folder), Lock()

    def work(ticket: int, jobs: list[Job]) -> None:
        answer: Any
        try:
            answer = worker.make(jobs)
        except TtsError as error:
            answer = error
        except Exception as error:
            # Unanswered, it would be waited for without end.
            answer = TtsError(f"A worker failed ({type(error).__name__}: {error}).")
        # Nobody hears it any more: the end of the connection is about to end this process.
        with sending, suppress(OSError):
            connection.send((ticket, answer))

    threads = ThreadPoolExecutor(BATCHES_AT_A_TIME)
    with suppress(EOFError, OSError):
        while True:
            threads.submit(work, *connection.recv())
    # Not a return, which would wait for what is being spoken.
    os._exit(0)
