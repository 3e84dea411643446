"""What speaks the utterances, one batch after the other: workers on this machine, or on many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType

from tts.batch.job import Job, Row
from tts.errors import TtsError

# A worker reads the next batch's texts and writes the last one's files while it computes.
BATCHES_AT_A_TIME = 2


class WorkerLostError(TtsError):
    """A worker is gone: killed, out of memory, or its machine with it."""


class Workers(ABC):
    """Some workers, numbered from 0; each takes up to `BATCHES_AT_A_TIME` batches at a time."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many there are."""

    @abstractmethod
    def submit(self, worker: int, jobs: Sequence[Job]) -> Future[list[Row]]:
        """Have a worker speak a batch: in the end a row a job, in their order.

        A job that fails has its error in its row. The future raises WorkerLostError when the worker is gone, and
        another TtsError when nothing more can be done at all: FolderFullError, or voices that cannot be read.
        """

    @abstractmethod
    def replace(self, worker: int) -> None:
        """Have a new worker in the place of a lost one.

        Raises:
            TtsError: none can be had.
        """

    @abstractmethod
    def close(self) -> None:
        """End them all; what they are at is lost, and leaves no half file."""

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
