"""Where the audio files of a run go: an output folder on this machine, one run at a time."""

from __future__ import annotations

import errno
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tts.audio.audio import Audio
from tts.audio.writer import AudioWriter, format_of
from tts.errors import TtsError
from tts.files import check_parent, is_temporary, write_text

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
# Read-only after an error, unplugged, or a share whose server does not answer.
_UNAVAILABLE_NAMES = ("EROFS", "EIO", "ENODEV", "ENXIO", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN")
_UNAVAILABLE = {getattr(errno, name) for name in _UNAVAILABLE_NAMES if hasattr(errno, name)}
# What file systems without locks report; network file systems without a lock server do too.
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
# Another run that is just ending is not a conflict.
_LOCK_TIMEOUT_SECONDS = 0.2


class FolderFullError(TtsError):
    """Nothing more can be written there: the disk is full or unavailable."""


def write_failure(path: Path, error: BaseException) -> TtsError:
    """The error to raise when `path` cannot be written: FolderFullError if no other file there could be either.

    `error` is an OSError, or was raised from one.
    """
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno in _FULL:
        return FolderFullError(
            f"There is no space left in {path.parent}: free some, then run the command again to resume."
        )
    if isinstance(cause, OSError) and cause.errno in _UNAVAILABLE:
        return unavailable(path.parent, cause.strerror)
    if isinstance(error, TtsError):
        return error
    return TtsError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.")


def unavailable(folder: Path, reason: str | None) -> FolderFullError:
    """The error for a folder in which nothing can be written any more."""
    shown = f" ({reason})" if reason else ""
    advice = "check its disk, then run the command again to resume"
    return FolderFullError(f"Nothing more can be written in {folder}{shown}: {advice}.")


class OutputFolder(ABC):
    """A folder of complete files; workers receive it by pickle."""

    @abstractmethod
    def write(self, name: str, audio: Audio, sample_rate: int | None) -> int:
        """Write a file atomically, in the format of its suffix, and return its size in bytes.

        After that, a power cut does not lose the file.

        Raises:
            TtsError: it cannot be written.
            FolderFullError: no other file can be written either.
        """

    def write_pieces(self, name: str, pieces: Iterable[Audio], sample_rate: int | None) -> int:
        """The same for audio in pieces that should not be in memory at once."""
        parts = list(pieces)
        samples = np.concatenate([part.samples for part in parts])
        return self.write(name, Audio(samples, parts[0].sample_rate), sample_rate)

    @abstractmethod
    def write_text(self, name: str, text: str) -> None:
        """Write a text in UTF-8 like `write`."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Size of a file in bytes; None: there is no such file."""

    @abstractmethod
    def sweep(self) -> None:
        """Remove the temporary files of runs that were killed; nobody may be writing."""


def prepare_folder(path: Path) -> Path:
    """Create a folder and its parents if they are missing.

    Raises:
        TtsError: it is a file, or nothing can be written in it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise TtsError(f"{path} is not a folder, or lies in something that is not one: name another with -o.") from None
    except OSError as error:
        raise TtsError(f"The folder {path} cannot be created: {error.strerror}.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise TtsError(f"The folder {path} is write-protected; name another with -o.")
    return path


@dataclass(frozen=True)
class LocalFolder(OutputFolder):
    """An existing folder (`prepare_folder`) on this machine or a mounted share.

    A file is on the disk before it gets its name.
    """

    path: Path

    def write(self, name: str, audio: Audio, sample_rate: int | None) -> int:
        return self.write_pieces(name, (audio,), sample_rate)

    def write_pieces(self, name: str, pieces: Iterable[Audio], sample_rate: int | None) -> int:
        with self._writing(name) as target:
            with AudioWriter(target, format_of(target), sample_rate, durable=True) as writer:
                for piece in pieces:
                    writer.write(piece)
            return target.stat().st_size

    def write_text(self, name: str, text: str) -> None:
        with self._writing(name) as target:
            write_text(target, text, durable=True)

    @contextmanager
    def _writing(self, name: str) -> Iterator[Path]:
        """The path of a file while it is written; what goes wrong with it is raised as the folder's errors."""
        target = self.path / name
        if target.name != name:
            raise ValueError(f"{name!r} is not the name of a file")
        try:
            yield target
        except (TtsError, OSError) as error:
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise unavailable(self.path, "it is missing or write-protected") from error
            failure = write_failure(target, error)
            if failure is error:
                raise
            raise failure from error

    def size(self, name: str) -> int | None:
        try:
            return (self.path / name).stat().st_size
        except (OSError, ValueError):
            return None

    def sweep(self) -> None:
        with suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                if not is_temporary(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                elif entry.is_file(follow_symlinks=False):
                    with suppress(OSError):
                        os.unlink(entry.path)


@contextmanager
def exclusive_run(target: Path, warn: Callable[[str], None]) -> Iterator[None]:
    """Lock `target`, a manifest or another path that only one run may write, against all other runs.

    It is a lock of the system on a file of its own, so that it ends with the process in any case. The run that holds
    the lock removes the file; only a killed run leaves one, until the next run ends. Removing a locked file is safe
    because filelock releases a lock on a file that has lost its name. Warns if the file system has no locks.

    Raises:
        TtsError: another run holds the lock, or the folder is missing or write-protected.
    """
    from filelock import FileLock, Timeout

    target = Path(os.path.realpath(target))
    check_parent(target)
    path = target.with_name(f".{target.name}.lock")
    lock = FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(timeout=_LOCK_TIMEOUT_SECONDS)
    except Timeout:
        raise TtsError(
            f"Another run is writing {target}: wait until it has ended, or name another folder with -o."
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise write_failure(path, error) from error
        warn(f"files cannot be locked in {target.parent}: make sure that no other run writes there at the same time")
    try:
        yield
    finally:
        if os.name == "nt":  # where an open file cannot be removed
            lock.release()
        with suppress(OSError):
            path.unlink()
        lock.release()
