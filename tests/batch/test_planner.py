from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.batch.jobs import job
from tts.batch.planner import MOST_CHARACTERS, planned


def lengths(batches):
    return [[len(job.text) for job in batch] for batch in batches]


def test_texts_of_about_one_length_are_together_and_the_longest_come_first():
    jobs = [job(line, "a" * length) for line, length in enumerate([3, 90, 1, 70, 2, 80, 85, 4], 1)]
    assert lengths(planned(jobs, 4, n_workers=1, window=8)) == [[90, 85], [80, 70], [4, 3], [2, 1]]
    assert lengths(planned(jobs * 4, 8, n_workers=1))[0] == [90] * 4 + [85] * 4


def test_every_worker_gets_batches_out_of_few_lines():
    assert lengths(planned([job(line) for line in range(9)], 8, n_workers=2)) == [[6, 6]] * 4 + [[6]]


def test_a_batch_has_one_voice_and_one_pair_of_networks():
    jobs = [job(1), job(2, voice="other"), job(3, vocoder="griffinlim"), job(4), job(5, vocoder="griffinlim")] * 8
    for batch in planned(jobs, 8, n_workers=1):
        assert len({(job.voice, job.options.vocoder) for job in batch}) == 1


def test_long_texts_do_not_pile_up_in_a_batch():
    jobs = [job(line, "a" * 1500) for line in range(32)]
    assert {len(batch) for batch in planned(jobs, 8, n_workers=1)} == {2}
    assert lengths(planned([job(1, "a" * (MOST_CHARACTERS + 1))], 8, n_workers=1)) == [[MOST_CHARACTERS + 1]]


def test_no_more_is_read_than_the_window():
    read = []

    def endless():
        for line in range(10_000):
            read.append(line)
            yield job(line)

    next(planned(endless(), 8, n_workers=2, window=100))
    assert len(read) == 100


@given(st.lists(st.integers(1, 3000), max_size=60), st.integers(1, 9), st.integers(1, 3), st.integers(1, 20))
def test_every_job_is_in_one_batch(sizes, batch_size, n_workers, window):
    jobs = [job(line, "a" * size) for line, size in enumerate(sizes)]
    batches = list(planned(jobs, batch_size, n_workers, window))
    assert sorted(job.line for batch in batches for job in batch) == list(range(len(jobs)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)
