"""What a system's refusal to write means for a run: one file that failed, or the end of all writing."""

from __future__ import annotations

import errno
from pathlib import Path

from tts.batch.folder import FolderFullError
from tts.errors import TtsError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
# Read-only since an error, unplugged, or a share whose server is gone.
_NAMES_OF_GONE = ("EROFS", "EIO", "ENODEV", "ENXIO", "ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN")
_GONE = {getattr(errno, name) for name in _NAMES_OF_GONE if hasattr(errno, name)}


def write_failure(path: Path, error: BaseException) -> TtsError:
    """What to raise when `path` cannot be written: FolderFullError where nothing else beside it could be either.

    `error` is an OSError, or what was raised from one.
    """
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno in _FULL:
        return no_room(path.parent)
    if isinstance(cause, OSError) and cause.errno in _GONE:
        return no_disk(path.parent, cause.strerror)
    if isinstance(error, TtsError):
        return error
    return TtsError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.")


def no_room(folder: Path) -> FolderFullError:
    advice = "make some, then run the command again, which goes on from here"
    return FolderFullError(f"There is no room left in {folder}: {advice}.")


def no_disk(folder: Path, reason: str | None) -> FolderFullError:
    told = f" ({reason})" if reason else ""
    advice = "see to its disk, then run the command again, which goes on from here"
    return FolderFullError(f"Nothing more can be written in {folder}{told}: {advice}.")
