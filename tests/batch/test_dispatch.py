from __future__ import annotations

from concurrent.futures import Future

import pytest

from tests.batch.jobs import job
from tts.batch.dispatch import MOST_LOSSES, dispatched
from tts.batch.folder import FolderFullError
from tts.batch.job import Row
from tts.batch.workers import BATCHES_AT_A_TIME, WorkerLostError, Workers


class Told(Workers):
    """Workers that answer at once, one after the other; a text with "kill" in it kills them, "full" fills the disk."""

    def __init__(self, count=2):
        self._count = count
        self.submitted = []
        self.replaced = []

    @property
    def count(self):
        return self._count

    def submit(self, worker, jobs):
        future = Future()
        self.submitted.append((worker, [job.line for job in jobs]))
        texts = " ".join(job.text for job in jobs)
        if "kill" in texts:
            future.set_exception(WorkerLostError("A worker died."))
        elif "full" in texts:
            future.set_exception(FolderFullError("The disk is full."))
        else:
            future.set_result([Row(job.id, job.line, job.key, job.file) for job in jobs])
        return future

    def replace(self, worker):
        self.replaced.append(worker)

    def close(self):
        pass


def test_every_row_comes_back():
    batches = [[job(1), job(2)], [job(3)], [job(4), job(5)], [job(6)], [job(7)]]
    assert sorted(row.line for row in dispatched(Told(), batches)) == [1, 2, 3, 4, 5, 6, 7]


def test_no_batch_is_nothing_to_do():
    assert list(dispatched(Told(), [])) == []


def test_each_worker_has_as_many_batches_as_it_takes_and_no_more_are_asked_for():
    asked = []

    def batches():
        for line in range(20):
            asked.append(line)
            yield [job(line)]

    next(dispatched(workers := Told(3), batches()))
    assert len(asked) == len(workers.submitted) == 3 * BATCHES_AT_A_TIME
    assert [worker for worker, _ in workers.submitted] == [0, 1, 2] * BATCHES_AT_A_TIME


def test_what_kills_workers_is_found_and_the_others_are_spoken():
    batches = [[job(1), job(2, "kill"), job(3)], [job(4)], [job(5)]]
    workers = Told()
    rows = {row.line: row for row in dispatched(workers, batches)}
    assert sorted(rows) == [1, 2, 3, 4, 5]
    assert {line for line, row in rows.items() if row.error} == {2}
    assert rows[2].error == "3 workers died while they spoke it."
    assert len(workers.replaced) == 3
    # A suspect is alone with its worker.
    assert [lines for _, lines in workers.submitted if 2 in lines] == [[1, 2, 3], [2], [2]]


def test_where_all_workers_die_it_ends():
    batches = [[job(line, "kill")] for line in range(100)]
    with pytest.raises(Exception, match=f"{MOST_LOSSES} workers died one after the other") as raised:
        list(dispatched(Told(), batches))
    assert type(raised.value).__name__ == "TtsError"


def test_a_full_disk_ends_it():
    with pytest.raises(FolderFullError, match=r"The disk is full\."):
        list(dispatched(Told(), [[job(1)], [job(2, "full")]]))
