"""Jobs in batches of like length, batches to workers and results back, however many workers are lost on the way."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice

from tts.batch.jobs import BatchJob, BatchResult
from tts.batch.workers import BATCHES_IN_FLIGHT, WorkerLostError, Workers
from tts.errors import TtsError

WINDOW = 512
"""Lines that are planned together. More would make the lengths in a batch more alike, and need more memory."""
MOST_CHARACTERS = 4000
"""Of a batch: what is computed for it is in memory at once."""
BATCHES_PER_WORKER = 4
"""In a window, at least, so that a worker that is done early can help another."""
MOST_DEATHS = 3
"""An utterance with which as many workers died is considered the cause."""
MOST_LOSSES = 10
"""After as many losses in a row, with no result between them, no worker is expected to work."""


def plan_batches(
    jobs: Iterable[BatchJob], batch_size: int, n_workers: int, window: int = WINDOW
) -> Iterator[list[BatchJob]]:
    """The jobs in batches of at most `batch_size`, each of one voice and the same networks, the longest first."""
    jobs = iter(jobs)
    while planned := list(islice(jobs, window)):
        size = min(batch_size, math.ceil(len(planned) / (BATCHES_PER_WORKER * n_workers)))
        # By line in the end: the plan must not depend on the order in which jobs arrive.
        planned.sort(key=lambda job: (_networks(job), -len(job.text), job.line))
        batches: list[list[BatchJob]] = []
        characters = 0
        for job in planned:
            batch = batches[-1] if batches else []
            is_full = len(batch) == size or characters + len(job.text) > MOST_CHARACTERS
            if not batch or is_full or _networks(job) != _networks(batch[0]):
                batches.append([])
                characters = 0
            batches[-1].append(job)
            characters += len(job.text)
        batches.sort(key=lambda batch: (-sum(len(job.text) for job in batch), batch[0].line))
        yield from batches


def _networks(job: BatchJob) -> tuple[str, str, str, str]:
    options = job.options
    return job.voice, options.acoustic or "", options.vocoder or "", options.speaker or ""


def dispatch(workers: Workers, batches: Iterable[Sequence[BatchJob]]) -> Iterator[BatchResult]:
    """Have workers synthesize the batches; the results of each batch when it ends.

    The jobs of a lost worker are repeated by another one, one job at a time, so that the job that killed it is found.

    Raises:
        TtsError: the run cannot go on: a worker says so, or all of them die.
    """
    dispatcher = _Dispatcher(workers, iter(batches))
    while dispatcher.start():
        yield from dispatcher.wait()


@dataclass(frozen=True)
class _Flight:
    """A batch that a worker has. One that may have killed its worker (`is_suspect`) runs without another beside it."""

    worker: int
    jobs: Sequence[BatchJob]
    is_suspect: bool = False


class _Dispatcher:
    def __init__(self, workers: Workers, batches: Iterator[Sequence[BatchJob]]) -> None:
        self._workers, self._batches = workers, batches
        self._flights: dict[Future[list[BatchResult]], _Flight] = {}
        self._suspects: deque[BatchJob] = deque()
        self._deaths: Counter[str] = Counter()
        self._n_losses = 0

    def start(self) -> bool:
        """Give every worker as many batches as it accepts; whether any has something to do."""
        # One each in turns, so that the last batches are not all with one worker.
        for _ in range(BATCHES_IN_FLIGHT):
            for worker in range(self._workers.count):
                flight = self._next_flight(worker)
                if flight is not None:
                    self._flights[self._workers.submit(worker, flight.jobs)] = flight
        return bool(self._flights)

    def _next_flight(self, worker: int) -> _Flight | None:
        present = [flight for flight in self._flights.values() if flight.worker == worker]
        if self._suspects and not present:
            return _Flight(worker, [self._suspects.popleft()], is_suspect=True)
        if len(present) >= BATCHES_IN_FLIGHT or any(flight.is_suspect for flight in present):
            return None
        batch = next(self._batches, None)
        return None if batch is None else _Flight(worker, batch)

    def wait(self) -> Iterator[BatchResult]:
        """The results of the batches that end next."""
        ended = wait(self._flights, return_when=FIRST_COMPLETED).done
        lost: dict[int, list[_Flight]] = {}
        for future in ended:
            flight = self._flights.pop(future)
            try:
                results = future.result()
            except WorkerLostError:
                lost.setdefault(flight.worker, []).append(flight)
                continue
            self._n_losses = 0
            for result in results:
                self._deaths.pop(result.id, None)
            yield from results
        for worker, flights in lost.items():
            yield from self._replace(worker, flights)

    def _replace(self, worker: int, flights: list[_Flight]) -> Iterator[BatchResult]:
        # The worker's other batches are lost with it.
        for future in [future for future, flight in self._flights.items() if flight.worker == worker]:
            flights.append(self._flights.pop(future))
        self._n_losses += 1
        if self._n_losses >= MOST_LOSSES:
            raise TtsError(f"{self._n_losses} workers died in a row: is there enough memory for them?")
        for flight in flights:
            for job in flight.jobs:
                self._deaths[job.id] += 1
                if flight.is_suspect and self._deaths[job.id] >= MOST_DEATHS:
                    n_deaths = self._deaths.pop(job.id)
                    error = f"{n_deaths} workers died while they synthesized it."
                    yield BatchResult(job.id, job.line, job.key, error=error)
                else:
                    self._suspects.append(job)
        self._workers.replace(worker)
