"""One run at a time into a folder and a manifest.

The lock is the system's, on a file that is there for it alone: it ends with the process, however that ends. The run
that holds it takes the file away, so that only a killed run leaves one, until the next has ended. To take away what is
locked is safe because whoever locks a file that has no name any more lets go of it again (filelock does so).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tts.batch.disk import write_failure
from tts.errors import TtsError
from tts.files import check_parent

# What file systems say that know no locks; those of networks do where their lock server is missing.
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
# Another run that ends this moment is not in the way.
_PATIENCE_SECONDS = 0.2


@contextmanager
def alone(target: Path, warn: Callable[[str], None]) -> Iterator[None]:
    """Hold `target`, a manifest or what else one run only may write, against all other runs.

    Where the file system knows no locks, `warn` is told so.

    Raises:
        TtsError: another run holds it, or its folder is missing or write-protected.
    """
    from filelock import FileLock, Timeout

    target = Path(os.path.realpath(target))
    check_parent(target)
    path = target.with_name(f".{target.name}.lock")
    lock = FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except Timeout:
        raise TtsError(
            f"Another run is writing {target}: wait until it has ended, or name another folder with -o."
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise write_failure(path, error) from error
        warn(f"files cannot be locked in {target.parent}: see to it that no other run writes there meanwhile")
    try:
        yield
    finally:
        _let_go(path, lock.release)


def _let_go(path: Path, release: Callable[[], None]) -> None:
    if os.name == "nt":  # where an open file cannot be removed
        release()
    with suppress(OSError):
        path.unlink()
    release()
