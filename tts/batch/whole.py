"""A batch from its sentences file to its summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import tts
from tts.batch.entries import read_entries
from tts.batch.entry import Entry
from tts.batch.folder import OutputFolder
from tts.batch.job import Row, Setup
from tts.batch.jobs import MAX_CHARACTERS, Defaults, JobMaker
from tts.batch.key import KeyMaker
from tts.batch.ledger import Ledger
from tts.batch.local_folder import LocalFolder
from tts.batch.lock import alone
from tts.batch.manifest import MANIFEST_NAME, Manifest, read_rows
from tts.batch.output import output_folder
from tts.batch.remote_folder import RemoteFolder
from tts.batch.remote_manifest import copied_manifest, fetch_manifest, local_manifest
from tts.batch.run import Pace, Run
from tts.batch.summary import Summary
from tts.batch.workers import Workers


@dataclass(frozen=True)
class Request:
    """What is to be made of a sentences file; `output` is a path or an address, `manifest` None the usual place."""

    output: str
    manifest: Path | None
    layout: str
    setup: Setup
    defaults: Defaults
    pace: Pace


def run_batch(
    stream: BinaryIO,
    name: str,
    request: Request,
    start_workers: Callable[[OutputFolder], Workers],
    watch: Callable[[Summary, Row | None], None],
    warn: Callable[[str], None],
) -> Summary:
    """Speak the sentences of `stream`, which `name` names, into a folder, from where an earlier run has come to.

    Raises what `run_entries` does.
    """

    def entries() -> Iterable[Entry]:
        return read_entries(stream, name, request.layout, warn)

    return run_entries(entries, request, start_workers, watch, warn)


def run_entries(
    entries: Callable[[], Iterable[Entry]],
    request: Request,
    start_workers: Callable[[OutputFolder], Workers],
    watch: Callable[[Summary, Row | None], None],
    warn: Callable[[str], None],
    max_characters: int = MAX_CHARACTERS,
) -> Summary:
    """Speak entries into a folder, from where an earlier run has come to; none has more than `max_characters`.

    `watch` is called after every row and, with None, after every utterance that is skipped.

    Raises:
        UsageError: the request, or the file as a whole, cannot be right.
        TtsError: nothing can be written any more, or no worker speaks.
    """
    with ExitStack() as resources:
        ledger = resources.enter_context(Ledger())
        # Whatever can be refused is refused before anything is written.
        jobs = JobMaker(request.defaults, ledger, KeyMaker(request.setup, tts.__version__), max_characters)
        asked = entries()
        folder = output_folder(request.output)
        usual = _usual_manifest(folder)
        path = request.manifest or usual
        # Also the folder: runs with manifests of their own would sweep away each other's files.
        for target in sorted({path.absolute(), usual.absolute()}):
            resources.enter_context(alone(target, warn))
        summary = Summary(request.output, str(path))
        with _opened(path, folder, ledger, warn) as manifest:
            run = Run(folder, ledger, manifest, request.pace, summary, watch)
            run(map(jobs.make, asked), lambda: start_workers(folder))
        return summary


def _usual_manifest(folder: LocalFolder | RemoteFolder) -> Path:
    return folder.path / MANIFEST_NAME if isinstance(folder, LocalFolder) else local_manifest(folder)


@contextmanager
def _opened(
    path: Path, folder: LocalFolder | RemoteFolder, ledger: Ledger, warn: Callable[[str], None]
) -> Iterator[Manifest]:
    """The manifest, whose rows the ledger then knows; a remote folder has a copy of it."""
    with ExitStack() as resources:
        if isinstance(folder, RemoteFolder):
            fetch_manifest(folder, path)
        folder.sweep()
        manifest = resources.enter_context(Manifest(path))
        ledger.recall(read_rows(path, warn))
        if isinstance(folder, RemoteFolder):
            resources.enter_context(copied_manifest(folder, path, warn))
        yield manifest
