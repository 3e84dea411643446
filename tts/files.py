"""Files: atomic writes, which leave a file complete or untouched whatever happens on the way.

An atomic write goes to a temporary file in the destination's folder and renames it at the end. Hashes and locks of
files belong here, too.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tts.errors import TtsError
from tts.interrupts import raise_received, remove_at_end

_TEMPORARY = re.compile(r"\.tts-[0-9a-f]{12}(\.[^.]+)?", re.DOTALL)


@contextmanager
def atomic_write(destination: str | Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write to; it replaces `destination` when the block ends without an exception.

    After an exception the temporary file is removed and `destination` is as before. A symbolic link is followed to its
    file. For something other than a regular file (/dev/null, a named pipe), its own path is yielded. With `durable`
    the content and then the new name are synchronized to disk, so that a power failure cannot lose the file
    afterwards.

    Raises:
        TtsError: the destination cannot be written.
    """
    target = check_destination(destination)
    if is_special(target):
        yield target
        return

    # The suffix is kept because writers choose their format by it; the stem may already be as long as a name can be.
    temporary = target.with_name(_temporary_name(target.suffix))
    with remove_at_end(temporary):
        try:
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            if target.exists():
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
        except OSError as error:
            raise TtsError(f"{target} cannot be written: {error.strerror}.") from error
        yield temporary
        if durable:
            sync(temporary)
        raise_received()
        os.replace(temporary, target)
    if durable:
        sync(target.parent)


def write_text(destination: str | Path, text: str, *, durable: bool = False) -> None:
    """Write a text as UTF-8, atomically; see `atomic_write`."""
    with atomic_write(destination, durable=durable) as path:
        path.write_bytes(text.encode("utf-8"))


def check_destination(destination: str | Path) -> Path:
    """Return the real path of an output file, after checking that it looks writable.

    Raises:
        TtsError: it is a folder, its folder does not exist, or one of them is write-protected.
    """
    target = Path(os.path.realpath(destination))
    if target.is_dir():
        raise TtsError(f"{destination} is a folder; name a file in it.")
    if target.exists():
        if not os.access(target, os.W_OK):
            raise TtsError(f"{destination} is write-protected; choose another file.")
        if is_special(target):
            return target
    check_parent(target)
    return target


def check_parent(target: Path) -> None:
    """Check that a file or folder can be created at `target`.

    Raises:
        TtsError: the parent folder does not exist or is write-protected.
    """
    if not target.parent.is_dir():
        raise TtsError(f"The folder {target.parent} does not exist; make it first, or write elsewhere.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise TtsError(f"The folder {target.parent} is write-protected; write elsewhere.")


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Yield a new hidden folder in the folder of `target`; it is removed at the end unless it was renamed."""
    folder = Path(os.path.realpath(target)).parent / _temporary_name()
    with remove_at_end(folder):
        folder.mkdir()
        yield folder


def is_temporary(name: str) -> bool:
    """Whether `atomic_write` or `folder_beside` uses such names; a killed process may leave one behind."""
    return _TEMPORARY.fullmatch(name) is not None


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk; raises OSError."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot synchronize folders.
        if not is_folder or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def is_special(path: Path) -> bool:
    """Whether `path` exists and is no regular file: a device or a pipe, which must be written in place."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _temporary_name(suffix: str = "") -> str:
    # A long suffix is no format, and names have a limit.
    return f".tts-{os.urandom(6).hex()}{suffix if len(os.fsencode(suffix)) <= 20 else ''}"
