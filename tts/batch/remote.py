"""A remote output folder for a run: an address that fsspec knows (s3://bucket/folder, gs://…, sftp://…).

Credentials are not given here: every machine that writes gets them as its store's package does, from the environment
(AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, FSSPEC_S3_ANON=true, …), from files in the user's
home, or from the permissions of the machine.

The manifest of such a run is written on this machine and copied to the folder regularly, since a store cannot append to
a file. With the copy another machine can resume the run.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tts.audio.audio import Audio
from tts.audio.writer import AudioWriter, format_of
from tts.batch.folders import FolderFullError, LocalFolder, OutputFolder, prepare_folder, write_failure
from tts.batch.manifest import MANIFEST_NAME
from tts.errors import TtsError, UsageError
from tts.files import atomic_write, is_temporary

RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0)
"""Waits before retries: a network failure of a moment must not end a night's run."""
PUSH_SECONDS = 60.0
"""Between two copies of the manifest."""

# An object appears complete or not at all there; in other stores a file gets a temporary name and is renamed.
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "tos", "hf", "memory"}
# Retrying does not help against these.
_PERMANENT_ERRORS = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)
# With a long manifest or a slow network, as many times the duration of a copy passes before the next.
_PUSH_REST_FACTOR = 20


def open_output(path_or_address: str) -> LocalFolder | RemoteFolder:
    """The output folder at a path or an address, ready for writing; created if it is missing.

    Raises:
        TtsError: it cannot be written, or a package for it is missing.
        UsageError: it cannot be an output.
    """
    if not is_address(path_or_address):
        return LocalFolder(prepare_folder(Path(path_or_address).absolute()))
    if path_or_address.lower().startswith("file://"):
        parts = urlsplit(path_or_address)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise UsageError(
                f"{path_or_address} is not a folder of this machine; write file:///FOLDER, or only its path."
            )
        return LocalFolder(prepare_folder(Path(url2pathname(parts.path))))
    folder = RemoteFolder(path_or_address)
    folder.prepare()
    return folder


def is_address(path_or_address: str) -> bool:
    """Whether an output is named by an address, not by a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", path_or_address) is not None


class RemoteFolder(OutputFolder):
    """A folder at `address`. A file that it does not accept after retries ends the run, which can be resumed."""

    def __init__(self, address: str) -> None:
        scheme, separator, rest = address.partition("://")
        self.address = f"{scheme}{separator}{rest.rstrip('/')}"
        self._sizes: sqlite3.Connection | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteFolder, (self.address,)

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rpartition("/")[2]

    @property
    def shown(self) -> str:
        """The address for messages, without a password."""
        return re.sub(r"://[^/@]*@", "://", self.address)

    def prepare(self) -> None:
        """Check that the store is known, and create the folder in stores that have folders.

        Raises:
            UsageError: the kind of address is unknown, or it names no folder.
            TtsError: the package for it is missing, or the store does not answer.
        """
        if not self.name:
            raise UsageError(f"{self.shown} names no folder; write it as {self.shown}FOLDER.")
        files, root = self._open()
        if not _puts_atomically(files):
            try:
                files.makedirs(root, exist_ok=True)
            except Exception as error:
                raise self._failure("created", error) from error

    def write(self, name: str, audio: Audio, sample_rate: int | None) -> int:
        return self.write_pieces(name, (audio,), sample_rate)

    def write_pieces(self, name: str, pieces: Iterable[Audio], sample_rate: int | None) -> int:
        with self._uploading(name) as file:
            with AudioWriter(file, format_of(file), sample_rate) as writer:
                for piece in pieces:
                    writer.write(piece)
            return file.stat().st_size

    def write_text(self, name: str, text: str) -> None:
        with self._uploading(name) as file:
            file.write_bytes(text.encode("utf-8"))

    @contextmanager
    def _uploading(self, name: str) -> Iterator[Path]:
        """A temporary file to write to, which is then uploaded; raises like `write`."""
        with tempfile.TemporaryDirectory(prefix="tts-") as folder:
            file = Path(folder) / name
            try:
                yield file
            except (TtsError, OSError) as error:
                raise write_failure(file, error) from error
            self.put(file, name)

    def put(self, file: Path, name: str, waits: tuple[float, ...] = RETRY_SECONDS) -> None:
        """Upload a file atomically; if it fails, retry after each of the `waits` in seconds.

        Raises:
            FolderFullError: it is not accepted; another file would not be either, since all are of one kind.
        """
        remaining_waits = iter(waits)
        while True:
            try:
                files, root = self._open()
                target = f"{root}/{name}"
                if _puts_atomically(files):
                    files.put_file(str(file), target)
                    break
                temporary = f"{root}/.tts-{os.urandom(6).hex()}{file.suffix}"
                try:
                    files.put_file(str(file), temporary)
                    try:
                        files.mv(temporary, target)
                    except OSError:
                        # Some stores only rename to a name that is free.
                        files.rm_file(target)
                        files.mv(temporary, target)
                except BaseException:
                    with suppress(Exception):
                        files.rm_file(temporary)
                    raise
                break
            except TtsError:
                raise
            # Stores raise whatever their packages raise, not only OSError.
            except Exception as error:
                wait = next(remaining_waits, None)
                if wait is None or not isinstance(error, OSError) or isinstance(error, _PERMANENT_ERRORS):
                    raise self._failure("written", error) from error
                time.sleep(wait)
        if self._sizes is not None:
            self._sizes.execute("INSERT OR REPLACE INTO sizes VALUES (?, ?)", (name, file.stat().st_size))

    def get(self, name: str, file: Path) -> bool:
        """Download a file to a local path; whether it exists.

        Raises:
            TtsError: the store does not answer.
        """
        files, root = self._open()
        try:
            files.invalidate_cache()
            files.get_file(f"{root}/{name}", str(file))
        except FileNotFoundError:
            return False
        except Exception as error:
            raise self._failure("read", error) from error
        return True

    def size(self, name: str) -> int | None:
        """See `OutputFolder.size`; for files of other machines, as of the first call.

        The folder is listed once: a request for each of a hundred thousand files would need an hour.
        """
        if self._sizes is None:
            # In a temporary file when it grows: a million names are too many for memory.
            sizes = sqlite3.connect("", check_same_thread=False)
            sizes.execute("CREATE TABLE sizes (name TEXT PRIMARY KEY, size INTEGER)")
            entries = ((_last_part(entry), entry["size"]) for entry in self._list() if entry["type"] == "file")
            sizes.executemany("INSERT OR REPLACE INTO sizes VALUES (?, ?)", entries)
            self._sizes = sizes
        row = self._sizes.execute("SELECT size FROM sizes WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def sweep(self) -> None:
        files, _ = self._open()
        if _puts_atomically(files):
            return
        for entry in self._list():
            if is_temporary(_last_part(entry)):
                with suppress(OSError):
                    files.rm_file(entry["name"])

    def _open(self) -> tuple[Any, str]:
        """The store and the path of the folder in it; fsspec caches a connection for each thread."""
        protocol = self.address.partition("://")[0]
        try:
            import fsspec
        except ModuleNotFoundError as error:
            raise TtsError(
                f"{self.shown} needs a package that is not installed: pip install 'utter-tts[cluster]'"
            ) from error
        try:
            files, root = fsspec.core.url_to_fs(self.address)
        except ImportError as error:
            package = getattr(error.__cause__, "name", None) or f"the package for {protocol}"
            raise TtsError(
                f"{protocol}:// needs a package that is not installed: pip install {package.partition('.')[0]}"
            ) from error
        except ValueError as error:
            raise UsageError(f"{self.shown} cannot be an output: {_reason(error)}.") from error
        except Exception as error:
            raise self._failure("reached", error) from error
        return files, root.rstrip("/")

    def _list(self) -> list[dict[str, Any]]:
        files, root = self._open()
        try:
            files.invalidate_cache()
            entries: list[dict[str, Any]] = files.ls(root, detail=True)
        except FileNotFoundError:
            return []
        except Exception as error:
            raise self._failure("read", error) from error
        finally:
            files.invalidate_cache()
        return entries

    def _failure(self, action: str, error: Exception) -> FolderFullError:
        failure = f"{self.shown} cannot be {action} ({_reason(error)})"
        return FolderFullError(f"{failure}: correct this, then run the command again to resume.")


def _puts_atomically(files: Any) -> bool:
    protocols = (files.protocol,) if isinstance(files.protocol, str) else files.protocol
    return not _OBJECT_STORES.isdisjoint(protocols)


def _last_part(entry: dict[str, Any]) -> str:
    name: str = entry["name"]
    return name.rstrip("/").rpartition("/")[2]


def _reason(error: Exception) -> str:
    lines = str(getattr(error, "strerror", None) or error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")


def local_manifest(folder: RemoteFolder) -> Path:
    """Default path of the local manifest of a remote folder: the folder's name, in the working folder."""
    return Path(f"{folder.name}.{MANIFEST_NAME}")


def fetch_manifest(folder: RemoteFolder, path: Path) -> bool:
    """Download the remote manifest if there is none at `path`; whether one was downloaded.

    Raises:
        TtsError: the store does not answer, or `path` cannot be written.
    """
    if path.exists():
        return False
    with tempfile.TemporaryDirectory(prefix="tts-") as temporary:
        copy = Path(temporary) / MANIFEST_NAME
        if not folder.get(MANIFEST_NAME, copy):
            return False
        with atomic_write(path) as file:
            shutil.copyfile(copy, file)
    return True


def push_manifest(folder: RemoteFolder, path: Path, waits: tuple[float, ...] = RETRY_SECONDS) -> None:
    """Upload the manifest at `path` to the remote folder, as it is at this moment.

    Raises:
        FolderFullError: it is not accepted.
    """
    with tempfile.TemporaryDirectory(prefix="tts-") as temporary:
        # A file that grows during the upload confuses some stores.
        snapshot = Path(temporary) / MANIFEST_NAME
        shutil.copyfile(path, snapshot)
        folder.put(snapshot, MANIFEST_NAME, waits)


@contextmanager
def mirrored_manifest(folder: RemoteFolder, path: Path, warn: Callable[[str], None]) -> Iterator[None]:
    """Upload the manifest at `path` about once a minute while the block runs, and at its end.

    The first upload, at once, shows whether the folder can be written at all. A later one that fails is a warning.

    Raises:
        FolderFullError: the first upload fails, or the last one after a successful run.
    """

    def push_or_warn() -> None:
        try:
            push_manifest(folder, path, waits=())
        except (TtsError, OSError) as error:
            warn(f"the manifest was not copied: {error}")

    def push_regularly() -> None:
        pause = PUSH_SECONDS
        while not ended.wait(pause):
            started = time.monotonic()
            push_or_warn()
            pause = max(PUSH_SECONDS, _PUSH_REST_FACTOR * (time.monotonic() - started))

    push_manifest(folder, path, waits=())
    ended = Event()
    thread = Thread(target=push_regularly, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        ended.set()
        thread.join()
        # The user must see the error that ended the run, and soon: no retries.
        push_or_warn()
        raise
    ended.set()
    thread.join()
    push_manifest(folder, path)
