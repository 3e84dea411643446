"""The manifest of a run whose files go to a remote folder: written here, and copied there now and then.

A store has no files that grow. The copy lets another machine go on with the run.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from tts.batch.manifest import MANIFEST_NAME
from tts.batch.remote_folder import RETRY_SECONDS, RemoteFolder
from tts.errors import TtsError
from tts.files import atomic_write

PUSH_SECONDS = 60.0
# A long manifest, or a slow network: at least so many times as long as a copy takes, nothing is copied.
_REST = 20


def local_manifest(folder: RemoteFolder) -> Path:
    """Where the manifest of a remote folder is kept here by default: named like it, in the working folder."""
    return Path(f"{folder.name}.{MANIFEST_NAME}")


def fetch_manifest(folder: RemoteFolder, path: Path) -> bool:
    """Where there is no manifest at `path`, fetch the remote one; whether one was fetched.

    Raises:
        TtsError: the store does not answer, or `path` cannot be written.
    """
    if path.exists():
        return False
    with tempfile.TemporaryDirectory(prefix="tts-") as place:
        copy = Path(place) / MANIFEST_NAME
        if not folder.get(MANIFEST_NAME, copy):
            return False
        with atomic_write(path) as file:
            shutil.copyfile(copy, file)
    return True


def push_manifest(folder: RemoteFolder, path: Path, patience: tuple[float, ...] = RETRY_SECONDS) -> None:
    """Copy the manifest at `path` to the remote folder, as it is at this moment.

    Raises:
        FolderFullError: it is not taken there.
    """
    with tempfile.TemporaryDirectory(prefix="tts-") as place:
        # A file that grows while it is sent confuses some stores.
        snapshot = Path(place) / MANIFEST_NAME
        shutil.copyfile(path, snapshot)
        folder.put(snapshot, MANIFEST_NAME, patience)


@contextmanager
def copied_manifest(folder: RemoteFolder, path: Path, warn: Callable[[str], None]) -> Iterator[None]:
    """While the block lasts, copy the manifest at `path` to the folder about once a minute, and at its end.

    The first copy, at once, shows whether the folder can be written at all. A later one that fails is told to `warn`.

    Raises:
        FolderFullError: the first copy, or after a run that went well the last one, is not taken.
    """
    push_manifest(folder, path, patience=())
    ended = Event()
    copier = Thread(target=_copy_now_and_then, args=(folder, path, warn, ended), daemon=True)
    copier.start()
    try:
        yield
    except BaseException:
        _stop(copier, ended)
        # What ended the run is what its user must hear of, and soon.
        _push_or_warn(folder, path, warn)
        raise
    _stop(copier, ended)
    push_manifest(folder, path)


def _copy_now_and_then(folder: RemoteFolder, path: Path, warn: Callable[[str], None], ended: Event) -> None:
    pause = PUSH_SECONDS
    while not ended.wait(pause):
        started = time.monotonic()
        _push_or_warn(folder, path, warn)
        pause = max(PUSH_SECONDS, _REST * (time.monotonic() - started))


def _push_or_warn(folder: RemoteFolder, path: Path, warn: Callable[[str], None]) -> None:
    try:
        push_manifest(folder, path, patience=())
    except (TtsError, OSError) as error:
        warn(f"the manifest was not copied: {error}")


def _stop(copier: Thread, ended: Event) -> None:
    ended.set()
    copier.join()
