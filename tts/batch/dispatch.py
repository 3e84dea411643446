"""Batches to workers and rows back, however many workers are lost on the way."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from tts.batch.job import Job, Row
from tts.batch.workers import BATCHES_AT_A_TIME, WorkerLostError, Workers
from tts.errors import TtsError

# An utterance with which so many workers died is the reason.
MOST_DEATHS = 3
# So many workers lost in a row, and nothing spoken in between: none will ever speak.
MOST_LOSSES = 10


@dataclass(frozen=True)
class _Flight:
    """A batch that a worker has. One that may have killed its worker (`is_suspect`) is alone with the next."""

    worker: int
    jobs: Sequence[Job]
    is_suspect: bool = False


def dispatched(workers: Workers, batches: Iterable[Sequence[Job]]) -> Iterator[Row]:
    """Have the batches spoken: the row of every job, as each batch ends.

    A batch of a lost worker is spoken again by another, one job at a time, so that what killed the worker is found.

    Raises:
        TtsError: nothing more can be done: as a worker says, or because all of them die.
    """
    dispatcher = _Dispatcher(workers, iter(batches))
    while dispatcher.start():
        yield from dispatcher.wait()


class _Dispatcher:
    def __init__(self, workers: Workers, batches: Iterator[Sequence[Job]]) -> None:
        self._workers, self._batches = workers, batches
        self._flights: dict[Future[list[Row]], _Flight] = {}
        self._suspects: deque[Job] = deque()
        self._deaths: Counter[str] = Counter()
        self._losses = 0

    def start(self) -> bool:
        """Give every worker as much as it takes; whether any has something to do."""
        # In turns, so that the last batches of all do not end up with one worker.
        for _ in range(BATCHES_AT_A_TIME):
            for worker in range(self._workers.count):
                flight = self._next(worker)
                if flight is not None:
                    self._flights[self._workers.submit(worker, flight.jobs)] = flight
        return bool(self._flights)

    def _next(self, worker: int) -> _Flight | None:
        here = [flight for flight in self._flights.values() if flight.worker == worker]
        if self._suspects and not here:
            return _Flight(worker, [self._suspects.popleft()], is_suspect=True)
        if len(here) >= BATCHES_AT_A_TIME or any(flight.is_suspect for flight in here):
            return None
        batch = next(self._batches, None)
        return None if batch is None else _Flight(worker, batch)

    def wait(self) -> Iterator[Row]:
        """The rows of the batches that end next."""
        ended = wait(self._flights, return_when=FIRST_COMPLETED).done
        lost: dict[int, list[_Flight]] = {}
        for future in ended:
            flight = self._flights.pop(future)
            try:
                rows = future.result()
            except WorkerLostError:
                lost.setdefault(flight.worker, []).append(flight)
                continue
            self._losses = 0
            for row in rows:
                self._deaths.pop(row.id, None)
            yield from rows
        for worker, flights in lost.items():
            yield from self._replace(worker, flights)

    def _replace(self, worker: int, flights: list[_Flight]) -> Iterator[Row]:
        # What else the worker had is lost with it.
        for future in [future for future, flight in self._flights.items() if flight.worker == worker]:
            flights.append(self._flights.pop(future))
        self._losses += 1
        if self._losses >= MOST_LOSSES:
            raise TtsError(f"{self._losses} workers died one after the other: is there too little memory for them?")
        for flight in flights:
            for job in flight.jobs:
                self._deaths[job.id] += 1
                if flight.is_suspect and self._deaths[job.id] >= MOST_DEATHS:
                    why = f"{self._deaths.pop(job.id)} workers died while they spoke it"
                    yield Row(job.id, job.line, job.key, error=f"{why}.")
                else:
                    self._suspects.append(job)
        self._workers.replace(worker)
