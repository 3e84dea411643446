"""A folder behind an address that fsspec knows (s3://bucket/folder, gs://…, sftp://…) for a run's audio files.

How to sign in is not said here: every machine that writes does it as its store's package does, by the environment
(AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, FSSPEC_S3_ANON=true, …), by files in the user's
home, or by the rights of the machine itself.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tts.audio.audio import Audio
from tts.audio.writer import AudioWriter, format_of
from tts.batch.disk import write_failure
from tts.batch.folder import FolderFullError, OutputFolder
from tts.errors import TtsError, UsageError
from tts.files import is_temporary

# What is put there appears whole or not at all; elsewhere a file is put beside its place and renamed.
_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "oci", "tos", "hf", "memory"}
# A network that is gone for a moment does not end a night's run.
RETRY_SECONDS = (1.0, 5.0, 30.0, 120.0)
# These stay as they are, however long one waits.
_LASTING = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)


def is_address(where: str) -> bool:
    """Whether an output is named by an address, and not by a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", where) is not None


class RemoteFolder(OutputFolder):
    """A folder at `address`; what it does not take after some patience ends the run, which can be gone on with."""

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
        """The address for messages: without a password that may stand in it."""
        return re.sub(r"://[^/@]*@", "://", self.address)

    def prepare(self) -> None:
        """See that the store is known here, and make the folder where stores have such.

        Raises:
            UsageError: there is no such kind of address, or it names no folder.
            TtsError: the package for it is missing, or the store does not answer.
        """
        if not self.name:
            raise UsageError(f"{self.shown} names no folder; write it as {self.shown}FOLDER.")
        files, root = self._opened()
        if not _puts_whole(files):
            try:
                files.makedirs(root, exist_ok=True)
            except Exception as error:
                raise self._failure("made", error) from error

    def write(self, name: str, audio: Audio, sample_rate: int | None) -> int:
        return self.write_pieces(name, (audio,), sample_rate)

    def write_pieces(self, name: str, pieces: Iterable[Audio], sample_rate: int | None) -> int:
        with tempfile.TemporaryDirectory(prefix="tts-") as folder:
            file = Path(folder) / name
            try:
                with AudioWriter(file, format_of(file), sample_rate) as writer:
                    for piece in pieces:
                        writer.write(piece)
            except (TtsError, OSError) as error:
                raise write_failure(file, error) from error
            self.put(file, name)
            return file.stat().st_size

    def put(self, file: Path, name: str, patience: tuple[float, ...] = RETRY_SECONDS) -> None:
        """Put a file there, whole; where it fails, again after each of the seconds of `patience`.

        Raises:
            FolderFullError: it is not taken; nor would another be, for our names and files are all of a kind.
        """
        waits = iter(patience)
        while True:
            try:
                self._put(file, name)
                break
            except TtsError:
                raise
            # Stores fail with whatever their packages raise, not only with OSError.
            except Exception as error:
                wait = next(waits, None)
                if wait is None or not isinstance(error, OSError) or isinstance(error, _LASTING):
                    raise self._failure("written", error) from error
                time.sleep(wait)
        if self._sizes is not None:
            self._sizes.execute("INSERT OR REPLACE INTO sizes VALUES (?, ?)", (name, file.stat().st_size))

    def get(self, name: str, file: Path) -> bool:
        """Fetch a file to a path here; whether there is one.

        Raises:
            TtsError: the store does not answer.
        """
        files, root = self._opened()
        try:
            files.invalidate_cache()
            files.get_file(f"{root}/{name}", str(file))
        except FileNotFoundError:
            return False
        except Exception as error:
            raise self._failure("read", error) from error
        return True

    def size(self, name: str) -> int | None:
        """See `OutputFolder.size`; for files of other machines, as it was when this was first asked.

        The folder is listed once: to ask a store for each of a hundred thousand files takes an hour.
        """
        if self._sizes is None:
            self._sizes = self._listed()
        row = self._sizes.execute("SELECT size FROM sizes WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def sweep(self) -> None:
        files, _ = self._opened()
        if _puts_whole(files):
            return
        for entry in self._entries():
            if is_temporary(_last_part(entry)):
                with suppress(OSError):
                    files.rm_file(entry["name"])

    def _opened(self) -> tuple[Any, str]:
        """The store and the folder's path in it; fsspec keeps a connection for each thread."""
        protocol = self.address.partition("://")[0]
        try:
            import fsspec
        except ModuleNotFoundError as error:
            raise TtsError(
                f"{self.shown} needs a package that is missing; install it with: pip install 'utter-tts[cluster]'"
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

    def _put(self, file: Path, name: str) -> None:
        files, root = self._opened()
        target = f"{root}/{name}"
        if _puts_whole(files):
            files.put_file(str(file), target)
            return
        beside = f"{root}/.tts-{os.urandom(6).hex()}{file.suffix}"
        try:
            files.put_file(str(file), beside)
            _rename(files, beside, target)
        except BaseException:
            with suppress(Exception):
                files.rm_file(beside)
            raise

    def _listed(self) -> sqlite3.Connection:
        # Private, and on the disk when it grows: a million names are too many to hold.
        sizes = sqlite3.connect("", check_same_thread=False)
        sizes.execute("CREATE TABLE sizes (name TEXT PRIMARY KEY, size INTEGER)")
        entries = ((_last_part(entry), entry["size"]) for entry in self._entries() if entry["type"] == "file")
        sizes.executemany("INSERT OR REPLACE INTO sizes VALUES (?, ?)", entries)
        return sizes

    def _entries(self) -> list[dict[str, Any]]:
        files, root = self._opened()
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

    def _failure(self, done: str, error: Exception) -> FolderFullError:
        failed = f"{self.shown} cannot be {done} ({_reason(error)})"
        return FolderFullError(f"{failed}: see to it, then run the command again, which goes on from here.")


def _puts_whole(files: Any) -> bool:
    protocols = (files.protocol,) if isinstance(files.protocol, str) else files.protocol
    return not _OBJECT_STORES.isdisjoint(protocols)


def _rename(files: Any, source: str, target: str) -> None:
    try:
        files.mv(source, target)
    except OSError:
        # Some rename only to a name that is free.
        files.rm_file(target)
        files.mv(source, target)


def _last_part(entry: dict[str, Any]) -> str:
    name: str = entry["name"]
    return name.rstrip("/").rpartition("/")[2]


def _reason(error: Exception) -> str:
    lines = str(getattr(error, "strerror", None) or error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
