"""Output files that are whole or not there: written beside their place and renamed at the end."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tts.errors import TtsError

_TEMPORARY = re.compile(r"\.tts-[0-9a-f]{12}(\.[^.]+)?", re.DOTALL)


@contextmanager
def replacing(destination: str | Path, *, durable: bool = False) -> Iterator[Path]:
    """Give a path to write to, which becomes `destination` when the block ends well and is gone when it does not.

    A link is followed to its file. Something that is no plain file (/dev/null, a pipe with a name) is given as it is.
    With `durable` it is on the disk before it has its name, and its name is there when this ends: a power cut does not
    take it away.

    Raises:
        TtsError: nothing can be written there.
    """
    target = check_destination(destination)
    if is_special(target):
        yield target
        return
    temporary = _create_beside(target)
    try:
        yield temporary
        if durable:
            sync(temporary)
        os.replace(temporary, target)
    # Not only exceptions: Ctrl-C leaves nothing behind either.
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync(target.parent)


def write_text(destination: str | Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all."""
    with replacing(destination) as path:
        path.write_bytes(text.encode("utf-8"))


def check_destination(destination: str | Path) -> Path:
    """The real path of an output, refused early where it can be seen that writing will fail.

    Raises:
        TtsError: it is a folder, its folder is missing, or one of them is write-protected.
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
    """Refuse a place beside which nothing can be written.

    Raises:
        TtsError: its folder is missing or write-protected.
    """
    if not target.parent.is_dir():
        raise TtsError(f"The folder {target.parent} does not exist; make it first, or write elsewhere.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise TtsError(f"The folder {target.parent} is write-protected; write elsewhere.")


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """An empty hidden folder beside `target`, gone at the end, after Ctrl-C too, unless it was renamed."""
    folder = Path(os.path.realpath(target)).parent / _temporary_name()
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_temporary(name: str) -> bool:
    """Whether a file or folder of this name is what `replacing` or `folder_beside` left when they were killed."""
    return _TEMPORARY.fullmatch(name) is not None


def sync(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk; raises OSError."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot be asked that of a folder.
        if not is_folder or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def is_special(path: Path) -> bool:
    """Whether there is something at `path` that must be written in place: a device or a pipe."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


def _create_beside(target: Path) -> Path:
    """A new empty file in the same folder, with the rights of the file it will replace, else those of the umask."""
    # The suffix stays: writers choose their format by it. The rest goes: it may be as long as a name can be.
    temporary = target.with_name(_temporary_name(target.suffix))
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        if target.exists():
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise TtsError(f"{target} cannot be written: {error.strerror}.") from error
    return temporary


def _temporary_name(suffix: str = "") -> str:
    return f".tts-{os.urandom(6).hex()}{suffix}"
