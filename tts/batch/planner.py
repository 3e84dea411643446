"""Which utterances go through the networks together: those of one voice and about one length."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice

from tts.batch.job import Job

# So many lines are looked at together. More would make the lengths in a batch more alike, and take more memory.
WINDOW = 512
# Of a batch together: what is computed for it lies in memory at a time.
MOST_CHARACTERS = 4000
# A worker that is done early can take a batch over: each should have so many in a window.
BATCHES_A_WORKER = 4


def planned(jobs: Iterable[Job], batch_size: int, n_workers: int, window: int = WINDOW) -> Iterator[list[Job]]:
    """The jobs in batches of at most `batch_size`, each of one voice and with the same networks, the longest first."""
    jobs = iter(jobs)
    while seen := list(islice(jobs, window)):
        size = min(batch_size, math.ceil(len(seen) / (BATCHES_A_WORKER * n_workers)))
        # By line where all else is equal: the plan must not depend on how sorting breaks ties.
        seen.sort(key=lambda job: (_networks(job), -len(job.text), job.line))
        batches = list(_cut(seen, size))
        batches.sort(key=lambda batch: (-sum(len(job.text) for job in batch), batch[0].line))
        yield from batches


def _networks(job: Job) -> tuple[str, str, str]:
    return job.voice, job.options.acoustic or "", job.options.vocoder or ""


def _cut(jobs: list[Job], size: int) -> Iterator[list[Job]]:
    batch: list[Job] = []
    characters = 0
    for job in jobs:
        is_full = len(batch) == size or characters + len(job.text) > MOST_CHARACTERS
        if batch and (is_full or _networks(job) != _networks(batch[0])):
            yield batch
            batch, characters = [], 0
        batch.append(job)
        characters += len(job.text)
    if batch:
        yield batch
