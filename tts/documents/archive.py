"""Files inside a zip archive, in bounded memory whatever the archive says of itself."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from types import TracebackType

from tts.errors import TtsError

_MOST_FILES = 20_000
_LARGEST_FILE = 16 << 20
_LARGEST_WHOLE = 128 << 20


class Archive:
    """An open archive; a context manager.

    Raises:
        TtsError: it cannot be read, or is no archive.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise TtsError(f"{path} cannot be read: {error.strerror or error}.") from error
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OverflowError) as error:
            raise TtsError(f"{path.name} is broken: it is no whole archive, as an EPUB must be.") from error
        if len(self._zip.namelist()) > _MOST_FILES:
            self._zip.close()
            raise TtsError(f"{path.name} holds more than {_MOST_FILES:,} files, which no book does.")
        self._left = _LARGEST_WHOLE

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """A file's bytes.

        Raises:
            TtsError: it is not there, broken, encrypted or larger than any file of a book.
        """
        try:
            # What comes out is counted, not what the archive says will come.
            with self._zip.open(name) as file:
                content = file.read(min(_LARGEST_FILE, self._left) + 1)
        except KeyError as error:
            raise TtsError(f"{self._name} is broken: {name} is missing.") from error
        except RuntimeError as error:
            raise TtsError(f"{self._name} is encrypted: only books that are not can be read.") from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, ImportError) as error:
            raise TtsError(f"{self._name} is broken: {name} cannot be unpacked.") from error
        self._left -= len(content)
        if len(content) > _LARGEST_FILE or self._left < 0:
            raise TtsError(f"{self._name} unpacks to more than any book has: nothing of it was read.")
        return content
