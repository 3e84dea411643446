"""Workers: what synthesizes batches, one after the other. Here as processes of this machine, with one thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.resource_tracker import ensure_running
from threading import Lock, Thread
from types import TracebackType
from typing import Any

from tts.batch.folders import OutputFolder
from tts.batch.jobs import BatchJob, BatchResult
from tts.batch.settings import WorkerSetup
from tts.errors import TtsError
from tts.interrupts import accept_interrupts, starting_process
from tts.kernels.execution import compute_threads
from tts.voice.load import choose_device

BATCHES_IN_FLIGHT = 2
"""At a worker: it reads the next batch's texts and writes the last one's files while it computes."""

# A new interpreter: a forked process would inherit locks of threads that it does not have.
_CONTEXT = multiprocessing.get_context("spawn")
_TERMINATION_SECONDS = 5.0


class WorkerLostError(TtsError):
    """A worker is gone: killed, out of memory, or its machine with it."""


class Workers(ABC):
    """Workers, numbered from 0; each accepts up to `BATCHES_IN_FLIGHT` batches at a time."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of workers."""

    @abstractmethod
    def submit(self, worker: int, jobs: Sequence[BatchJob]) -> Future[list[BatchResult]]:
        """Have a worker synthesize a batch: one result for each job, in their order.

        A job that fails has its error in its result. The future raises WorkerLostError when the worker is gone, and
        another TtsError when the run cannot go on: FolderFullError, or voices that cannot be read.
        """

    @abstractmethod
    def replace(self, worker: int) -> None:
        """Start a new worker in place of a lost one.

        Raises:
            TtsError: that is not possible.
        """

    @abstractmethod
    def close(self) -> None:
        """End all workers; their current batches are lost, and leave no incomplete file."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def default_worker_count(device: str) -> int:
    """Workers for `device` on this machine: one per GPU if GPUs compute, else one per core.

    Raises:
        UsageError: there is no such device.
    """
    if choose_device(device) == "cpu":
        return compute_threads()
    return _gpu_count() if device in ("auto", "cuda") else 1


def worker_device(worker: int, device: str) -> str:
    """The device of worker number `worker`: GPUs are assigned in turns unless one was named.

    Raises:
        UsageError: there is no such device.
    """
    chosen = choose_device(device)
    return f"cuda:{worker % _gpu_count()}" if chosen != "cpu" and device in ("auto", "cuda") else chosen


def _gpu_count() -> int:
    import torch

    return torch.cuda.device_count()


class LocalWorkers(Workers):
    """`count` processes; they end with this one, in any case."""

    def __init__(self, setup: WorkerSetup, folder: OutputFolder, count: int) -> None:
        self._setup, self._folder = setup, folder
        self._processes = [self._start(worker) for worker in range(count)]

    @property
    def count(self) -> int:
        return len(self._processes)

    def submit(self, worker: int, jobs: Sequence[BatchJob]) -> Future[list[BatchResult]]:
        return self._processes[worker].submit(jobs)

    def replace(self, worker: int) -> None:
        self._processes[worker].end()
        self._processes[worker] = self._start(worker)

    def _start(self, worker: int) -> _WorkerProcess:
        return _WorkerProcess(replace(self._setup, device=worker_device(worker, self._setup.device)), self._folder)

    def close(self) -> None:
        for process in self._processes:
            process.end()


class _WorkerProcess:
    """One process, and the thread here that receives its answers."""

    def __init__(self, setup: WorkerSetup, folder: OutputFolder) -> None:
        self._connection, remote_end = _CONTEXT.Pipe()
        # daemon: as a last resort Python ends it with this process.
        self._process = _CONTEXT.Process(target=_serve, args=(remote_end, setup, folder), daemon=True)
        try:
            # It is started with the first process otherwise, and then unblocks signals.
            ensure_running()
            with starting_process():
                self._process.start()
        except OSError as error:
            raise TtsError(f"No worker can be started: {error.strerror}.") from error
        remote_end.close()
        self._lock = Lock()
        self._pending: dict[int, Future[list[BatchResult]]] = {}
        self._n_submitted = 0
        self._is_gone = False
        Thread(target=self._receive, daemon=True).start()

    def submit(self, jobs: Sequence[BatchJob]) -> Future[list[BatchResult]]:
        future: Future[list[BatchResult]] = Future()
        with self._lock:
            self._n_submitted += 1
            self._pending[self._n_submitted] = future
        try:
            self._connection.send((self._n_submitted, list(jobs)))
        except OSError:
            self._fail_pending()
        if self._is_gone:
            self._fail_pending()
        return future

    def end(self) -> None:
        self._process.terminate()
        self._process.join(_TERMINATION_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _receive(self) -> None:
        while True:
            try:
                number, answer = self._connection.recv()
            except (EOFError, OSError):
                self._is_gone = True
                self._fail_pending()
                return
            with self._lock:
                future = self._pending.pop(number)
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _fail_pending(self) -> None:
        with self._lock:
            lost, self._pending = self._pending, {}
        for future in lost.values():
            future.set_exception(WorkerLostError("A worker died."))


def _serve(connection: Connection, setup: WorkerSetup, folder: OutputFolder) -> None:
    """Main function of a worker's process: batches in, results out, until the other end is closed."""
    # Ctrl-C reaches every process of the terminal; only the first one handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    accept_interrupts()
    from tts.batch.worker import Worker
    from tts.kernels.execution import set_compute_threads

    set_compute_threads(1)
    worker, sending = Worker(setup, folder), Lock()

    def work(number: int, jobs: list[BatchJob]) -> None:
        answer: Any
        try:
            answer = worker.make(jobs)
        except TtsError as error:
            answer = error
        except Exception as error:
            # Without an answer the run would wait forever.
            answer = TtsError(f"A worker failed ({type(error).__name__}: {error}).")
        # An OSError means that nobody listens; the end of the connection is about to end this process.
        with sending, suppress(OSError):
            connection.send((number, answer))

    threads = ThreadPoolExecutor(BATCHES_IN_FLIGHT)
    with suppress(EOFError, OSError):
        while True:
            threads.submit(work, *connection.recv())
    # Not a return, which would wait for the current batches.
    os._exit(0)
