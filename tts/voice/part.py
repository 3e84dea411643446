"""What has arrived of a download: the bytes, and what must be known to go on from there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from tts.errors import TtsError
from tts.files import write_text

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Identity:
    """Which file the bytes are of: its address, the server's strong validator (for If-Range), its length in bytes."""

    url: str
    validator: str | None
    length: int | None


class PartFile:
    """`destination`.part and, beside it, `destination`.part.json; both are kept when a transfer stops.

    The hash runs along with the bytes. Use as a context manager.
    """

    def __init__(self, destination: Path) -> None:
        self.destination = destination
        self.path = destination.with_name(f"{destination.name}.part")
        self._notes = destination.with_name(f"{destination.name}.part.json")
        self.identity: Identity | None = None
        self.length = 0
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None

    def __enter__(self) -> PartFile:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: what was written is in the file also when the process is killed.
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._read_again()
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        self._file.close()
        # Nothing to go on from is nothing to keep.
        if not self.length:
            self.path.unlink(missing_ok=True)
            self._notes.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def is_complete(self) -> bool:
        """Whether all bytes that the server spoke of are here."""
        return self.identity is not None and self.identity.length == self.length

    def restart(self, identity: Identity | None) -> None:
        """Forget all bytes; from now on they are of `identity`."""
        assert self._file is not None
        # The bytes go before the notes change: no moment has notes of one file and bytes of another.
        self._file.truncate(0)
        self.length, self._digest, self.identity = 0, hashlib.sha256(), identity
        if identity is None:
            self._notes.unlink(missing_ok=True)
            return
        try:
            write_text(self._notes, json.dumps(asdict(identity)))
        except OSError as error:
            raise _unwritable(self._notes, error) from error

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            TtsError: the disk is full, or cannot be written; what came before stays.
        """
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            try:
                written = self._file.write(rest)
            except OSError as error:
                raise _unwritable(self.path, error) from error
            self._digest.update(rest[:written])
            self.length += written
            rest = rest[written:]

    def finish(self) -> Path:
        """Turn the whole file into `destination`, on the disk to stay."""
        assert self._file is not None
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self.path, self.destination)
        self._notes.unlink(missing_ok=True)
        return self.destination

    def discard(self) -> None:
        """Remove what is here."""
        assert self._file is not None
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def _read_again(self) -> None:
        """Take up what an earlier process left."""
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                self._digest.update(block)
                self.length += len(block)
        # Notes that are missing or cut are no notes: the transfer starts over.
        with suppress(OSError, ValueError, TypeError):
            self.identity = Identity(**json.loads(self._notes.read_text("utf-8")))
        known = None if self.identity is None else self.identity.length
        if self.length and (self.identity is None or (known is not None and self.length > known)):
            self.restart(None)


def _unwritable(path: Path, error: OSError) -> TtsError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TtsError(
            f"The disk of {path.parent} is full: make room and run the command again, it goes on where it stopped."
        )
    return TtsError(f"{path} cannot be written: {error.strerror}.")
