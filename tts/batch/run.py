"""A run: what is still to be made is made, and every row lands in the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from tts.batch.dispatch import dispatched
from tts.batch.job import Job, Row
from tts.batch.planner import planned

if TYPE_CHECKING:
    from tts.batch.folder import OutputFolder
    from tts.batch.ledger import Ledger
    from tts.batch.manifest import Manifest
    from tts.batch.summary import Summary
    from tts.batch.workers import Workers


@dataclass(frozen=True)
class Pace:
    """How the work is cut, and whether what is there is made again."""

    batch_size: int = 8
    resume: bool = True
    fail_fast: bool = False


class Run:
    """`watch` is called after every row, and with None after what is skipped."""

    def __init__(
        self,
        folder: OutputFolder,
        ledger: Ledger,
        manifest: Manifest,
        pace: Pace,
        summary: Summary,
        watch: Callable[[Summary, Row | None], None],
    ) -> None:
        self._folder, self._ledger, self._manifest = folder, ledger, manifest
        self._pace, self._summary, self._watch = pace, summary, watch

    def __call__(self, lines: Iterable[Job | Row], start_workers: Callable[[], Workers]) -> None:
        """Speak the jobs among the lines, and note those that are none; workers start when there is something to do.

        Raises:
            TtsError: nothing more can be done. What was made stays, and the next run goes on from there.
        """
        jobs = self._to_do(lines)
        try:
            if (first := next(jobs, None)) is not None:
                self._speak(chain([first], jobs), start_workers)
        finally:
            self._folder.sweep()
        # Where it ended early, rows of earlier runs are still good for lines that were not come to.
        if not self._is_over:
            self._manifest.compact(self._ledger.final())

    def _speak(self, jobs: Iterable[Job], start_workers: Callable[[], Workers]) -> None:
        with start_workers() as workers:
            for row in dispatched(workers, planned(jobs, self._pace.batch_size, workers.count)):
                self._land(row)
                if self._is_over:
                    return

    @property
    def _is_over(self) -> bool:
        return self._pace.fail_fast and self._summary.failed > 0

    def _to_do(self, lines: Iterable[Job | Row]) -> Iterator[Job]:
        for line in lines:
            if isinstance(line, Row):
                self._land(line)
            elif self._pace.resume and self._is_made(line):
                self._summary.skip()
                self._watch(self._summary, None)
            else:
                self._outdate(line)
                yield line
            if self._is_over:
                return

    def _is_made(self, job: Job) -> bool:
        known = self._ledger.last(job.id)
        if known is None or known.failed or (known.key, known.file) != (job.key, job.file):
            return False
        return self._folder.size(job.file) == known.size

    def _outdate(self, job: Job) -> None:
        """Take back what the manifest says of the file that is about to be made anew."""
        row = self._ledger.outdated_by(job.file)
        if row is not None:
            self._ledger.recall([(self._manifest.append(row), row)])
            # On the disk before the file is.
            self._manifest.sync()

    def _land(self, row: Row) -> None:
        self._ledger.note(row, self._manifest.append(row))
        self._summary.add(row)
        self._watch(self._summary, row)
