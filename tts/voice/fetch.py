"""The files that an installation needs: those of the network downloaded and held against what is known of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.errors import TtsError, UsageError
from tts.voice.catalog import Checkpoint
from tts.voice.landing import Workplace
from tts.voice.names import file_name_in, voice_name_from
from tts.voice.plan import Request
from tts.voice.records import Record, measure, record, recorded

ProgressBar = Callable[[str], AbstractContextManager[Callable[[int, int | None], None]]]
"""A file's name → a context manager around what is called with the bytes so far and the whole length."""


@dataclass(frozen=True)
class Fetched:
    """A file on this machine; `address` says where it came from, without what may be secret."""

    address: str
    path: Path
    sha256: str
    size: int


class Fetcher:
    """Gets files one after the other, and remembers what has to be recorded and cleared away at the end."""

    def __init__(
        self,
        request: Request,
        place: Workplace,
        tell: Callable[[str], None],
        bar: ProgressBar,
        download_options: dict[str, Any] | None = None,
    ) -> None:
        self._request, self._place, self._tell, self._bar = request, place, tell, bar
        self._download_options = download_options or {}
        self._to_record: dict[str, Record] = {}
        self._downloads: list[Path] = []
        self.fetched: list[Fetched] = []

    def fetch(self, url: str, known: Checkpoint | None = None, sha256: str | None = None) -> Fetched:
        """Download a file, or take what an interrupted run left whole.

        It is checked against `sha256`, the published hash, or the one recorded when it came the first time.

        Raises:
            TtsError: it cannot be had, or is not what it should be.
        """
        from tts.voice.download import shown

        published = (known.sha256 if known else None) or (sha256.lower() if sha256 else None)
        before = None if published else recorded(self._place.records, url)
        trusted = None if before is None or self._request.force else before.sha256
        path = self._place.downloads / _file_name(url)
        content = self._content(url, path, known.size if known else None, published or trusted, trusted is not None)
        if before is not None and before != content:
            self._tell(f"{shown(url)} has changed since it was first installed; --force accepts it")
        if not published:
            self._to_record[url] = content
        self._downloads.append(path)
        return self._done(Fetched(shown(url), path, content.sha256, content.size))

    def take(self, path: Path) -> Fetched:
        """Use a file or folder of this machine.

        Raises:
            UsageError: a hash is asked of a folder.
            TtsError: the file is not what it should be.
        """
        if path.is_dir():
            if self._request.sha256 is not None:
                raise UsageError(f"{path} is a folder: --sha256 is for a file.")
            return self._done(Fetched(path.name, path, "", 0))
        content = measure(path)
        asked = self._request.sha256
        if asked is not None and asked.lower() != content.sha256:
            raise TtsError(f"{path} is not the file it should be: its sha256 is {content.sha256}.")
        return self._done(Fetched(path.name, path, content.sha256, content.size))

    def reject(self, file: Fetched) -> None:
        """Do not keep a downloaded file that turned out to be of no use."""
        if file.path in self._downloads:
            file.path.unlink(missing_ok=True)

    def record_and_clear(self) -> None:
        """After all went well: remember the hashes, remove the downloads."""
        for url, content in self._to_record.items():
            record(self._place.records, url, content)
        for path in self._downloads:
            path.unlink(missing_ok=True)

    def _content(self, url: str, path: Path, size: int | None, sha256: str | None, is_recorded: bool) -> Record:
        from tts.voice.download import WrongFileError, download, shown

        # Whole, but not yet installed when an earlier run was stopped.
        if path.is_file() and not self._request.force:
            left = measure(path)
            if sha256 in (None, left.sha256):
                return left
        try:
            with self._bar(file_name_in(url)) as progress:
                options = {"mirror": self._request.mirror, "progress": progress, **self._download_options}
                done = download(url, path, size=size, sha256=sha256, **options)
        except WrongFileError as error:
            if not is_recorded:
                raise
            raise TtsError(
                f"{shown(url)} is not the file that was first installed from there (sha256 {str(sha256)[:16]}…): "
                "--force accepts the new one."
            ) from error
        return Record(done.sha256, done.size)

    def _done(self, file: Fetched) -> Fetched:
        self.fetched.append(file)
        return file


def _file_name(url: str) -> str:
    """A name that no other address has, and that says what it is."""
    return f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{voice_name_from(file_name_in(url))}"
