"""A folder on this machine, or on a share that is mounted here, for a run's audio files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tts.audio.audio import Audio
from tts.audio.writer import AudioWriter, format_of
from tts.batch.disk import no_disk, write_failure
from tts.batch.folder import OutputFolder
from tts.errors import TtsError
from tts.files import is_temporary


def prepare_folder(path: Path) -> Path:
    """Make a folder, and those that it lies in, where they are missing.

    Raises:
        TtsError: it is a file, or nothing can be written in it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise TtsError(f"{path} is, or lies in, something that is no folder: name another with -o.") from None
    except OSError as error:
        raise TtsError(f"The folder {path} cannot be made: {error.strerror}.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise TtsError(f"The folder {path} is write-protected; name another with -o.")
    return path


@dataclass(frozen=True)
class LocalFolder(OutputFolder):
    """A folder that is there (`prepare_folder`); its files are on the disk when they have their names."""

    path: Path

    def write(self, name: str, audio: Audio, sample_rate: int | None) -> int:
        return self.write_pieces(name, (audio,), sample_rate)

    def write_pieces(self, name: str, pieces: Iterable[Audio], sample_rate: int | None) -> int:
        target = self.path / name
        if target.name != name:
            raise ValueError(f"{name!r} is not the name of a file")
        try:
            with AudioWriter(target, format_of(target), sample_rate, durable=True) as writer:
                for piece in pieces:
                    writer.write(piece)
            return target.stat().st_size
        except (TtsError, OSError) as error:
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise no_disk(self.path, "it is gone or write-protected") from error
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
