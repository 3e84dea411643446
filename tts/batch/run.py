"""A batch from its sentences file to its summary: what is missing is synthesized, and every result is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from typing import BinaryIO

import tts
from tts.batch.dispatch import dispatch, plan_batches
from tts.batch.entry import Entry
from tts.batch.folders import LocalFolder, OutputFolder, exclusive_run
from tts.batch.jobs import MAX_CHARACTERS, BatchJob, BatchResult, JobMaker, KeyMaker
from tts.batch.layouts import read_entries
from tts.batch.ledger import Ledger
from tts.batch.manifest import MANIFEST_NAME, Manifest, Summary, read_results
from tts.batch.remote import RemoteFolder, fetch_manifest, local_manifest, mirrored_manifest, open_output
from tts.batch.settings import BatchRequest, RunSettings
from tts.batch.workers import Workers

Watch = Callable[[Summary, "BatchResult | None"], None]
"""Called after every result, and with None after every utterance that is skipped."""


def run_batch(
    stream: BinaryIO,
    name: str,
    request: BatchRequest,
    start_workers: Callable[[OutputFolder], Workers],
    watch: Watch,
    warn: Callable[[str], None],
) -> Summary:
    """Synthesize the sentences of `stream`, whose file is `name`, like `run_entries`."""
    return run_entries(lambda: read_entries(stream, name, request.layout, warn), request, start_workers, watch, warn)


def run_entries(
    entries: Callable[[], Iterable[Entry]],
    request: BatchRequest,
    start_workers: Callable[[OutputFolder], Workers],
    watch: Watch,
    warn: Callable[[str], None],
    max_characters: int = MAX_CHARACTERS,
) -> Summary:
    """Synthesize entries of at most `max_characters` into a folder, resuming an earlier run.

    Raises:
        UsageError: the request, or the file as a whole, is invalid.
        TtsError: nothing can be written any more, or no worker works.
    """
    with ExitStack() as resources:
        ledger = resources.enter_context(Ledger())
        # Everything that can be refused is refused before anything is written.
        jobs = JobMaker(request.defaults, ledger, KeyMaker(request.setup, tts.__version__), max_characters)
        lines = map(jobs.make, entries())
        folder = open_output(request.output)
        default = folder.path / MANIFEST_NAME if isinstance(folder, LocalFolder) else local_manifest(folder)
        path = request.manifest or default
        # The folder too: runs with manifests of their own would sweep away each other's temporary files.
        for target in sorted({path.absolute(), default.absolute()}):
            resources.enter_context(exclusive_run(target, warn))
        summary = Summary(request.output, str(path))

        if isinstance(folder, RemoteFolder):
            fetch_manifest(folder, path)
        folder.sweep()
        manifest = resources.enter_context(Manifest(path))
        ledger.add_earlier(read_results(path, warn))
        if isinstance(folder, RemoteFolder):
            resources.enter_context(mirrored_manifest(folder, path, warn))
        run = BatchRun(folder, ledger, manifest, request.settings, summary, watch)
        run(lines, lambda: start_workers(folder))
        return summary


class BatchRun:
    """One run over the lines of a sentences file."""

    def __init__(
        self,
        folder: OutputFolder,
        ledger: Ledger,
        manifest: Manifest,
        settings: RunSettings,
        summary: Summary,
        watch: Watch,
    ) -> None:
        self._folder, self._ledger, self._manifest = folder, ledger, manifest
        self._settings, self._summary, self._watch = settings, summary, watch

    def __call__(self, lines: Iterable[BatchJob | BatchResult], start_workers: Callable[[], Workers]) -> None:
        """Synthesize the jobs among the lines and record the results; workers start when there is something to do.

        Raises:
            TtsError: the run cannot go on. Its results stay, and the next run resumes.
        """
        jobs = self._open_jobs(lines)
        try:
            if (first := next(jobs, None)) is not None:
                with start_workers() as workers:
                    batches = plan_batches(chain([first], jobs), self._settings.batch_size, workers.count)
                    for result in dispatch(workers, batches):
                        self._record(result)
                        if self._is_over:
                            break
        finally:
            self._folder.sweep()
        # If it ended early, results of earlier runs are still valid for lines that were not reached.
        if not self._is_over:
            self._manifest.compact(self._ledger.final())

    @property
    def _is_over(self) -> bool:
        return self._settings.fail_fast and self._summary.failed > 0

    def _open_jobs(self, lines: Iterable[BatchJob | BatchResult]) -> Iterator[BatchJob]:
        """The jobs that an earlier run has not finished; everything else is recorded."""
        for line in lines:
            if isinstance(line, BatchResult):
                self._record(line)
            elif self._settings.resume and self._is_finished(line):
                self._summary.skip()
                self._watch(self._summary, None)
            else:
                # The manifest's results for the files that are about to be replaced become invalid.
                for name in line.files:
                    outdated = self._ledger.outdated_by(name)
                    if outdated is not None:
                        self._ledger.add_earlier([(self._manifest.append(outdated), outdated)])
                        # On the disk before the file is.
                        self._manifest.sync()
                yield line
            if self._is_over:
                return

    def _is_finished(self, job: BatchJob) -> bool:
        known = self._ledger.last(job.id)
        if known is None or known.failed or (known.key, known.file) != (job.key, job.file):
            return False
        if job.timings is not None and (known.timings != job.timings or self._folder.size(job.timings) is None):
            return False
        return self._folder.size(job.file) == known.size

    def _record(self, result: BatchResult) -> None:
        self._ledger.add(result, self._manifest.append(result))
        self._summary.add(result)
        self._watch(self._summary, result)
