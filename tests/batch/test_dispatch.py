""" """

from __future__ import annotations

from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.batch.fakes import job
from tts.batch.dispatch import MOST_CHARACTERS, MOST_LOSSES, dispatch, plan_batches
from tts.batch.folders import FolderFullError
from tts.batch.jobs import BatchResult
from tts.batch.workers import BATCHES_IN_FLIGHT, WorkerLostError, Workers


def lengths(batches):
    return [[len(job.text) for job in batch] for batch in batches]


def test_texts_of_about_one_length_are_together_and_the_longest_come_first():
    jobs = [job(line, "a" * length) for line, length in enumerate([3, 90, 1, 70, 2, 80, 85, 4], 1)]
    assert lengths(plan_batches(jobs, 4, n_workers=1, window=8)) == [[90, 85], [80, 70], [4, 3], [2, 1]]
    assert lengths(plan_batches(jobs * 4, 8, n_workers=1))[0] == [90] * 4 + [85] * 4


def test_every_worker_gets_batches_out_of_few_lines():
    assert lengths(plan_batches([job(line) for line in range(9)], 8, n_workers=2)) == [[6, 6]] * 4 + [[6]]


def test_a_batch_has_one_voice_and_one_pair_of_networks():
    jobs = [job(1), job(2, voice="other"), job(3, vocoder="griffinlim"), job(4), job(5, vocoder="griffinlim")] * 8
    for batch in plan_batches(jobs, 8, n_workers=1):
        assert len({(job.voice, job.options.vocoder) for job in batch}) == 1


def test_long_texts_do_not_pile_up_in_a_batch():
    jobs = [job(line, "a" * 1500) for line in range(32)]
    assert {len(batch) for batch in plan_batches(jobs, 8, n_workers=1)} == {2}
    assert lengths(plan_batches([job(1, "a" * (MOST_CHARACTERS + 1))], 8, n_workers=1)) == [[MOST_CHARACTERS + 1]]


def test_no_more_is_read_than_the_window():
    read = []

    def endless():
        for line in range(10_000):
            read.append(line)
            yield job(line)

    next(plan_batches(endless(), 8, n_workers=2, window=100))
    assert len(read) == 100


@given(st.lists(st.integers(1, 3000), max_size=60), st.integers(1, 9), st.integers(1, 3), st.integers(1, 20))
def test_every_job_is_in_one_batch(sizes, batch_size, n_workers, window):
    jobs = [job(line, "a" * size) for line, size in enumerate(sizes)]
    batches = list(plan_batches(jobs, batch_size, n_workers, window))
    assert sorted(job.line for batch in batches for job in batch) == list(range(len(jobs)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)


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
            future.set_result([BatchResult(job.id, job.line, job.key, job.file) for job in jobs])
        return future

    def replace(self, worker):
        self.replaced.append(worker)

    def close(self):
        pass


def test_every_row_comes_back():
    batches = [[job(1), job(2)], [job(3)], [job(4), job(5)], [job(6)], [job(7)]]
    assert sorted(row.line for row in dispatch(Told(), batches)) == [1, 2, 3, 4, 5, 6, 7]


def test_no_batch_is_nothing_to_do():
    assert list(dispatch(Told(), [])) == []


def test_each_worker_has_as_many_batches_as_it_takes_and_no_more_are_asked_for():
    asked = []

    def batches():
        for line in range(20):
            asked.append(line)
            yield [job(line)]

    next(dispatch(workers := Told(3), batches()))
    assert len(asked) == len(workers.submitted) == 3 * BATCHES_IN_FLIGHT
    assert [worker for worker, _ in workers.submitted] == [0, 1, 2] * BATCHES_IN_FLIGHT


def test_what_kills_workers_is_found_and_the_others_are_spoken():
    batches = [[job(1), job(2, "kill"), job(3)], [job(4)], [job(5)]]
    workers = Told()
    rows = {row.line: row for row in dispatch(workers, batches)}
    assert sorted(rows) == [1, 2, 3, 4, 5]
    assert {line for line, row in rows.items() if row.error} == {2}
    assert rows[2].error == "3 workers died while they synthesized it."
    assert len(workers.replaced) == 3
    # A suspect is alone with its worker.
    assert [lines for _, lines in workers.submitted if 2 in lines] == [[1, 2, 3], [2], [2]]


def test_where_all_workers_die_it_ends():
    batches = [[job(line, "kill")] for line in range(100)]
    with pytest.raises(Exception, match=f"{MOST_LOSSES} workers died in a row") as raised:
        list(dispatch(Told(), batches))
    assert type(raised.value).__name__ == "TtsError"


def test_a_full_disk_ends_it():
    with pytest.raises(FolderFullError, match=r"The disk is full\."):
        list(dispatch(Told(), [[job(1)], [job(2, "full")]]))
